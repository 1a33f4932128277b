"""Class Y, bias B, domain G and split of every image as small integers; group counts; splits;
thinning.

A *group* is a pair (Y, B). Everything here is NumPy and Arrow, so that a page may call it in the
server process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.errors import InputError

TRAIN, VALID, TEST, UNUSED = 0, 1, 2, 3
SPLITS = ("train", "valid", "test")
_SPLIT_CODES = {
    "train": TRAIN,
    "training": TRAIN,
    "valid": VALID,
    "val": VALID,
    "validation": VALID,
    "dev": VALID,
    "test": TEST,
    "testing": TEST,
}
NO_BIAS = "any"  # the one bias value of a data set without bias labels


@dataclass(frozen=True)
class Labels:
    """Every image's labels as codes, in the row order of ``images.parquet``.

    ``y`` and ``b`` (n,) index ``classes`` and ``biases``, -1 where unknown; ``synthetic`` (n,)
    bool; ``split`` (n,) is TRAIN, VALID, TEST or UNUSED; ``version`` (n,) indexes ``versions``
    (dataset ids of synthetic sets), -1 for real images; ``path`` (n,) decides the order of draws;
    ``notes`` say what was left out, in plain words.
    """

    classes: tuple[str, ...]
    biases: tuple[str, ...]
    versions: tuple[str, ...]
    y: np.ndarray
    b: np.ndarray
    synthetic: np.ndarray
    split: np.ndarray
    version: np.ndarray
    path: np.ndarray
    synthetic_has_bias: bool
    notes: tuple[str, ...] = ()

    @property
    def n_groups(self) -> int:
        """Number of cells of the Y × B table, empty ones included."""
        return len(self.classes) * len(self.biases)

    def group(self) -> np.ndarray:
        """The group code y · |B| + b of every image, -1 where class or bias is unknown. Shape (n,)."""
        return np.where((self.y >= 0) & (self.b >= 0), self.y * len(self.biases) + self.b, -1)

    def group_name(self, code: int) -> str:
        """A group in words, for example ``7 · red`` (the class alone where there is one bias
        value).
        """
        y, b = divmod(int(code), len(self.biases))
        return self.classes[y] if len(self.biases) == 1 else f"{self.classes[y]} · {self.biases[b]}"

    def rows(self, *, synthetic: bool, split: int, version: int | None = None) -> np.ndarray:
        """Row numbers of usable images (class known; bias too, unless synthetic), sorted by path."""
        usable = (self.synthetic == synthetic) & (self.split == split) & (self.y >= 0)
        if not synthetic:
            usable &= self.b >= 0
        elif version is not None:
            usable &= self.version == version
        rows = np.flatnonzero(usable)
        return rows[np.argsort(self.path[rows], kind="stable")]

    def counts(self, *, synthetic: bool, split: int, version: int | None = None) -> np.ndarray:
        """Images in each group, shape (n_groups,)."""
        codes = self.group()[self.rows(synthetic=synthetic, split=split, version=version)]
        return np.bincount(codes[codes >= 0], minlength=self.n_groups)


def encode(
    table: pa.Table,
    *,
    split: tuple[float, float, float] = (0.6, 0.2, 0.2),
    synthetic_split: tuple[float, float, float] = (0.8, 0.0, 0.2),
    seed: int = 0,
) -> Labels:
    """Labels of ``images.parquet`` (columns domain, dataset_id, path, content_id, class, bias,
    split) as codes.

    Classes and bias values are those of the real images, in name order. Images without a class,
    real images without a bias (where others have one) and synthetic images whose class or bias no
    real image has are left out, and ``notes`` says so. Where a domain has no split, one is drawn by
    ``seed`` within each group; where real images have train and test only, a quarter of each
    training group becomes valid. Raises :class:`InputError` when there is no real or no synthetic
    image, or a domain has no class labels.
    """
    synthetic = np.array(
        [value == "synthetic" for value in table["domain"].to_pylist()], dtype=bool
    )
    klass, bias = _strings(table, "class"), _strings(table, "bias")
    notes: list[str] = []
    _need_labels(klass, synthetic)
    real = ~synthetic
    classes = tuple(
        sorted(
            {value for value, keep in zip(klass, real, strict=True) if keep and value is not None}
        )
    )
    if any(bias[row] is not None for row in np.flatnonzero(real)):
        real_bias = bias
    else:  # no bias labels at all: one bias value, so that a group is a class
        real_bias = [NO_BIAS if keep else value for value, keep in zip(bias, real, strict=True)]
    biases = tuple(
        sorted(
            {
                value
                for value, keep in zip(real_bias, real, strict=True)
                if keep and value is not None
            }
        )
    )
    if biases == (NO_BIAS,):
        real_bias = [NO_BIAS] * len(real_bias)
    synthetic_has_bias = any(real_bias[row] is not None for row in np.flatnonzero(synthetic))
    y, b = _codes(klass, classes), _codes(real_bias, biases)
    split_codes = np.full(len(y), UNUSED, dtype=np.int8)
    usable = (y >= 0) & ((b >= 0) | (synthetic & (not synthetic_has_bias)))
    _count(notes, int(np.sum(real & (y < 0))), "real images have no class")
    _count(notes, int(np.sum(real & (y >= 0) & (b < 0))), "real images have no bias label")
    unknown = synthetic & np.array([value is not None for value in klass], dtype=bool) & (y < 0)
    _count(notes, int(np.sum(unknown)), "synthetic images have a class that no real image has")
    _count(notes, int(np.sum(synthetic & (y < 0) & ~unknown)), "synthetic images have no class")
    _count(
        notes,
        int(np.sum(synthetic & (y >= 0) & (b < 0))) if synthetic_has_bias else 0,
        "synthetic images have no bias label, or one that no real image has",
    )
    path = np.array([str(value) for value in table["path"].to_pylist()], dtype=object)
    content = _strings(table, "content_id") if "content_id" in table.column_names else list(path)
    given = [
        _SPLIT_CODES.get(value.lower(), UNUSED) if value else UNUSED
        for value in _strings(table, "split")
    ]
    codes = np.array(given, dtype=np.int8)
    cell = y * len(biases) + np.maximum(b, 0)
    dataset = [str(value) for value in table["dataset_id"].to_pylist()]
    versions = tuple(
        dict.fromkeys(name for name, made in zip(dataset, synthetic, strict=True) if made)
    )
    version = np.array(
        [
            versions.index(name) if made else -1
            for name, made in zip(dataset, synthetic, strict=True)
        ],
        dtype=np.int64,
    )
    for part, shares, name in ((real, split, "real"), (synthetic, synthetic_split, "synthetic")):
        rows = np.flatnonzero(part & usable)
        present = set(codes[rows].tolist()) - {UNUSED}
        if not present:
            for owner in np.unique(version[rows]):
                mine = rows[version[rows] == owner]
                split_codes[mine] = draw_split(
                    cell[mine], path[mine], [content[r] for r in mine], shares, seed
                )
            continue
        split_codes[rows] = codes[rows]
        _count(notes, int(np.sum(codes[rows] == UNUSED)), f"{name} images have no split")
        if name == "real" and VALID not in present and TRAIN in present:
            mine = rows[codes[rows] == TRAIN]
            drawn = draw_split(
                cell[mine], path[mine], [content[r] for r in mine], (0.75, 0.25, 0.0), seed
            )
            split_codes[mine] = drawn
            notes.append(
                "The real images have no validation split: a quarter of each training group serves as one."
            )
    return Labels(
        classes,
        biases,
        versions,
        y,
        b,
        synthetic,
        split_codes,
        version,
        path,
        synthetic_has_bias,
        tuple(notes),
    )


def draw_split(
    cell: np.ndarray,
    path: np.ndarray,
    content: list[str | None],
    shares: tuple[float, float, float],
    seed: int,
) -> np.ndarray:
    """TRAIN, VALID or TEST for each image, drawn by ``seed`` within each cell. All arrays (n,).

    Images with the same bytes go to the same split (the one of the first by path), so that no test
    image has been trained on. The draw depends on the paths and the seed, not on the order of rows.
    """
    order = np.argsort(path, kind="stable")
    first: dict[str, int] = {}
    for row in order:
        first.setdefault(content[row] or str(path[row]), int(row))
    leaders = np.array(sorted(first.values(), key=lambda row: path[row]), dtype=np.int64)
    split = np.zeros(len(path), dtype=np.int8)
    rng = np.random.default_rng(seed)
    for code in np.unique(cell[leaders]):
        members = rng.permutation(leaders[cell[leaders] == code])
        cuts = np.round(np.cumsum(shares)[:2] * len(members)).astype(int)
        split[members[cuts[0] : cuts[1]]] = VALID
        split[members[cuts[1] :]] = TEST
    for row, name in enumerate(content):
        split[row] = split[first[name or str(path[row])]]
    return split


def bias_ratio(labels: Labels) -> float:
    """Share of real training images whose bias is their class's most frequent one, 0 to 1.

    1/|B| when every class meets every bias value equally often; 0.99 in a "99 % biased" set. NaN without images.
    """
    counts = labels.counts(synthetic=False, split=TRAIN).reshape(
        len(labels.classes), len(labels.biases)
    )
    return float(counts.max(axis=1).sum() / counts.sum()) if counts.sum() else float("nan")


def thin(table: pa.Table, ratio: float, seed: int, minimum_valid: int = 10) -> pa.Table:
    """The same table with real images of minority groups removed until each class is ``ratio``
    biased.

    In each class the largest group stays and the others together keep (1 - ratio) / ratio of its
    size, in proportion to what they have; a group already rarer is left alone. Train and valid are
    thinned alike, but in valid every group keeps ``minimum_valid`` images (or all it has); test
    images and synthetic images stay. Which images go is drawn by ``seed`` in path order. The result
    has a ``split`` for every real image. The rule for two groups is the published code's (arXiv
    2308.04553). Raises :class:`InputError`.
    """
    if not 0.5 <= ratio < 1:
        raise InputError(f"A bias ratio of {ratio} cannot be made", "Choose one from 0.5 to 0.999.")
    labels = encode(table, seed=seed)
    group = labels.group()
    keep = np.ones(table.num_rows, dtype=bool)
    rng = np.random.default_rng(seed)
    n_biases = len(labels.biases)
    for split in (TRAIN, VALID):
        rows = labels.rows(synthetic=False, split=split)
        counts = np.bincount(group[rows], minlength=labels.n_groups).reshape(-1, n_biases)
        for y, row_counts in enumerate(counts):
            biggest = int(np.argmax(row_counts))
            others = np.flatnonzero((np.arange(n_biases) != biggest) & (row_counts > 0))
            total = row_counts[others].sum()
            target = row_counts[biggest] * (1 - ratio) / ratio
            if total == 0 or target >= total:
                continue
            wanted = _share_out(row_counts[others], round(target))
            if split == VALID:
                wanted = np.maximum(wanted, np.minimum(minimum_valid, row_counts[others]))
            for b, left in zip(others, wanted, strict=True):
                members = rows[group[rows] == y * n_biases + b]
                keep[rng.permutation(members)[left:]] = False
    names = np.array([*SPLITS, None], dtype=object)
    split_column = pa.array(
        [
            names[code] if not made else given
            for code, made, given in zip(
                labels.split, labels.synthetic, _strings(table, "split"), strict=True
            )
        ],
        pa.string(),
    )
    if "split" in table.column_names:
        table = table.set_column(table.column_names.index("split"), "split", split_column)
    else:
        table = table.append_column("split", split_column)
    return table.filter(pa.array(keep))


def _share_out(weights: np.ndarray, total: int) -> np.ndarray:
    """``total`` whole units in proportion to ``weights``, largest remainders first (ties: first
    come).
    """
    exact = weights / weights.sum() * total
    units = np.floor(exact).astype(int)
    missing = total - int(units.sum())
    units[np.argsort(units - exact, kind="stable")[:missing]] += 1
    return units


def _need_labels(klass: list[str | None], synthetic: np.ndarray) -> None:
    if not synthetic.any() or synthetic.all():
        side = "synthetic" if not synthetic.any() else "real"
        raise InputError(
            f"There are no {side} images",
            "Choose one real dataset and at least one synthetic version.",
        )
    has_real = any(klass[row] is not None for row in np.flatnonzero(~synthetic))
    has_synthetic = any(klass[row] is not None for row in np.flatnonzero(synthetic))
    remedy = "Give a path pattern such as {class}/{bias}/* or a table with the columns path, class, bias."
    if not has_real and not has_synthetic:
        raise InputError("No image has a class label", remedy)
    if not has_real or not has_synthetic:
        side, other = ("synthetic", "real") if has_real else ("real", "synthetic")
        raise InputError(
            f"Only the {other} images have class labels, the {side} images have none", remedy
        )


def _strings(table: pa.Table, name: str) -> list[str | None]:
    if name not in table.column_names:
        return [None] * table.num_rows
    return [
        None if value is None or str(value) == "" else str(value)
        for value in table[name].to_pylist()
    ]


def _codes(values: list[str | None], names: tuple[str, ...]) -> np.ndarray:
    index = {name: code for code, name in enumerate(names)}
    return np.array(
        [index.get(value, -1) if value is not None else -1 for value in values], dtype=np.int64
    )


def _count(notes: list[str], n: int, what: str) -> None:
    if n:
        notes.append(f"{n:,} {what}: left out.")
