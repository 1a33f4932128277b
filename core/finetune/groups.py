"""Class Y, bias B, domain G and split of every image as small integers; group counts; splits.

A *group* is a pair (Y, B). Everything here is NumPy, so that a page may call it in the server
process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.contracts.study import Split
from core.errors import InputError
from core.finetune.study_images import StudyImages

TRAIN, VALID, TEST, UNUSED = 0, 1, 2, 3
SPLITS = tuple(Split)  # by code
NO_BIAS = "any"  # the one bias value of a data set without bias labels

Shares = tuple[float, float, float]  # of train, valid and test


@dataclass(frozen=True)
class StudyLabels:
    """Every image's labels as codes, in the row order of the images.

    ``y`` and ``b`` (n,) index ``classes`` and ``biases``, -1 where unknown; ``synthetic`` (n,)
    bool; ``split`` (n,) is TRAIN, VALID, TEST or UNUSED; ``version`` (n,) indexes ``versions``
    (dataset ids of synthetic sets), -1 for real images; ``path`` (n,) decides the order of draws;
    ``notes`` say what was left out, in plain words.
    """

    classes: tuple[str, ...]
    biases: tuple[str, ...]
    versions: tuple[int, ...]
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
        """The group code y · |B| + b of every image, -1 where class or bias is unknown: (n,)."""
        return np.where((self.y >= 0) & (self.b >= 0), self.y * len(self.biases) + self.b, -1)

    def group_parts(self, code: int) -> tuple[str, str]:
        """Class and bias value of a group."""
        y, b = divmod(int(code), len(self.biases))
        return self.classes[y], self.biases[b]

    def group_name(self, code: int) -> str:
        """A group in words, for example ``7 · red`` (the class alone where there is one bias
        value).
        """
        klass, bias = self.group_parts(code)
        return klass if len(self.biases) == 1 else f"{klass} · {bias}"

    def version_id(self, version: int) -> int | None:
        """Dataset id of a version; None for -1 (no synthetic images)."""
        return None if version < 0 else self.versions[version]

    def rows(self, *, synthetic: bool, split: int, version: int | None = None) -> np.ndarray:
        """Row numbers of usable images (class known; bias too, unless synthetic), by path."""
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
    images: StudyImages,
    *,
    split: Shares = (0.6, 0.2, 0.2),
    synthetic_split: Shares = (0.8, 0.0, 0.2),
    seed: int = 0,
) -> StudyLabels:
    """Labels of images as codes.

    Classes and bias values are those of the real images, in name order. Images without a class,
    real images without a bias (where others have one) and synthetic images whose class or bias no
    real image has are left out, and ``notes`` says so. Where a domain has no split, one is drawn by
    ``seed`` within each group; where real images have train and test only, a quarter of each
    training group becomes valid. Raises :class:`InputError` when there is no real or no synthetic
    image, or a domain has no class labels.
    """
    _need_labels(images)
    synthetic, real = images.synthetic, ~images.synthetic
    bias = _bias_values(images)
    classes, biases = _names(images.klass[real]), _names(bias[real])
    y, b = _codes(images.klass, classes), _codes(bias, biases)
    has_bias = any(value is not None for value in bias[synthetic])
    usable = (y >= 0) & ((b >= 0) | (synthetic & (not has_bias)))
    versions = tuple(int(one) for one in dict.fromkeys(images.dataset_id[synthetic].tolist()))
    version = np.full(len(y), -1, dtype=np.int64)
    for place, dataset_id in enumerate(versions):
        version[synthetic & (images.dataset_id == dataset_id)] = place
    cell = np.where(usable, y * len(biases) + np.maximum(b, 0), -1)
    notes = _left_out(images, y, b, has_bias)
    codes = np.full(len(y), UNUSED, dtype=np.int8)
    for part, shares in ((real, split), (synthetic, synthetic_split)):
        rows = np.flatnonzero(part & usable)
        codes[rows], more = _split_codes(images, rows, cell, version, shares, seed)
        notes += more
    return StudyLabels(
        classes=classes,
        biases=biases,
        versions=versions,
        y=y,
        b=b,
        synthetic=synthetic,
        split=codes,
        version=version,
        path=images.path,
        synthetic_has_bias=has_bias,
        notes=tuple(notes),
    )


def draw_split(
    cell: np.ndarray, path: np.ndarray, content: np.ndarray, shares: Shares, seed: int
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


def bias_ratio(labels: StudyLabels) -> float:
    """Share of real training images whose bias is their class's most frequent one, 0 to 1.

    1/|B| when every class meets every bias value equally often; 0.99 in a "99 % biased" set. NaN
    without images.
    """
    counts = labels.counts(synthetic=False, split=TRAIN).reshape(
        len(labels.classes), len(labels.biases)
    )
    return float(counts.max(axis=1).sum() / counts.sum()) if counts.sum() else float("nan")


def _need_labels(images: StudyImages) -> None:
    synthetic = images.synthetic
    if not synthetic.any() or synthetic.all():
        domain = "synthetic" if not synthetic.any() else "real"
        raise InputError(
            f"There are no {domain} images",
            "Choose one real dataset and at least one synthetic version.",
        )
    has_real = any(value is not None for value in images.klass[~synthetic])
    has_synthetic = any(value is not None for value in images.klass[synthetic])
    remedy = (
        "Give a path pattern such as {class}/{bias}/* or a table with the columns path, class, "
        "bias."
    )
    if not has_real and not has_synthetic:
        raise InputError("No image has a class label", remedy)
    if not has_real or not has_synthetic:
        domain, other = ("synthetic", "real") if has_real else ("real", "synthetic")
        raise InputError(
            f"Only the {other} images have class labels, the {domain} images have none", remedy
        )


def _bias_values(images: StudyImages) -> np.ndarray:
    """Bias values (n,); where real images have none, one for all: a group is then a class."""
    values = set(images.bias[~images.synthetic]) - {None}
    if not values or values == {NO_BIAS}:
        return np.full(len(images), NO_BIAS, dtype=object)
    return images.bias


def _names(values: np.ndarray) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value is not None}))


def _codes(values: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    codes = {name: code for code, name in enumerate(names)}
    return np.array([codes.get(value, -1) for value in values], dtype=np.int64)


def _split_codes(
    images: StudyImages,
    rows: np.ndarray,
    cell: np.ndarray,
    version: np.ndarray,
    shares: Shares,
    seed: int,
) -> tuple[np.ndarray, list[str]]:
    """Split codes of one domain's usable ``rows``, given or drawn, and what to say about them.

    ``cell`` (n,) and ``version`` (n,) of all images. A draw is made within each cell, version by
    version.
    """
    by_name = {str(name): code for code, name in enumerate(SPLITS)}
    codes = np.array([by_name.get(name, UNUSED) for name in images.split[rows]], dtype=np.int8)

    def draw(members: np.ndarray, shares: Shares) -> np.ndarray:
        at = rows[members]
        return draw_split(cell[at], images.path[at], images.content_id[at], shares, seed)

    if (codes == UNUSED).all():
        for owner in np.unique(version[rows]):
            members = np.flatnonzero(version[rows] == owner)
            codes[members] = draw(members, shares)
        return codes, []
    real = not images.synthetic[rows].any()
    notes: list[str] = []
    _count(
        notes,
        int(np.sum(codes == UNUSED)),
        f"{'real' if real else 'synthetic'} images have no split",
    )
    if real and (codes == TRAIN).any() and not (codes == VALID).any():
        members = np.flatnonzero(codes == TRAIN)
        codes[members] = draw(members, (0.75, 0.25, 0.0))
        notes.append(
            "The real images have no validation split: a quarter of each training group serves as "
            "one."
        )
    return codes, notes


def _left_out(images: StudyImages, y: np.ndarray, b: np.ndarray, has_bias: bool) -> list[str]:
    """How many images serve for nothing, and why."""
    synthetic, real = images.synthetic, ~images.synthetic
    labelled = np.array([value is not None for value in images.klass], dtype=bool)
    unknown = synthetic & labelled & (y < 0)
    without_bias = synthetic & (y >= 0) & (b < 0) & has_bias
    counts: Iterable[tuple[np.ndarray, str]] = (
        (real & (y < 0), "real images have no class"),
        (real & (y >= 0) & (b < 0), "real images have no bias label"),
        (unknown, "synthetic images have a class that no real image has"),
        (synthetic & (y < 0) & ~unknown, "synthetic images have no class"),
        (without_bias, "synthetic images have no bias label, or one that no real image has"),
    )
    notes: list[str] = []
    for members, what in counts:
        _count(notes, int(members.sum()), what)
    return notes


def _count(notes: list[str], n: int, what: str) -> None:
    if n:
        notes.append(f"{n:,} {what}: left out.")
