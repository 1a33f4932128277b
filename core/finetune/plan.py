"""What a study would do, before anything is trained: groups, synthetic images used, bias numbers,
problems.

:func:`check` is pure NumPy and Arrow, so the page calls it in the server process at every change of
a parameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.errors import InputError
from core.finetune import bias, groups, mixtures
from core.finetune.groups import SPLITS, TEST, TRAIN, VALID, Labels
from core.finetune.parameters import MIXTURE_NAMES, StudyParameters

NEEDS_BIAS = ("usb", "asb", "ffr_biased")


@dataclass(frozen=True)
class Problem:
    """Something the user should know before the job starts. ``fatal`` problems stop it."""

    what: str
    remedy: str
    fatal: bool


@dataclass(frozen=True)
class Plan:
    """Everything the page previews.

    ``groups``: one row a (class, bias): real_train, real_valid, real_test, synthetic_train,
    synthetic_test, empty (no real training image). ``uses``: one row a (mixture, version_id, class,
    bias): synthetic images used. ``mixtures``: one row a (mixture, version_id): n_real,
    n_synthetic, wanted, shortfall, note. ``bias``: one row a (mixture, version_id, stage) with the
    numbers of :mod:`core.finetune.bias`; the real set is mixture ``none``. ``bias_ratio``: see
    :func:`groups.bias_ratio`. ``excluded``: groups without a real test image, by name. ``trials``:
    number of training runs. ``labels`` is kept for the study.
    """

    labels: Labels
    groups: pa.Table
    uses: pa.Table
    mixtures: pa.Table
    bias: pa.Table
    bias_ratio: float
    budget: int
    excluded: tuple[str, ...]
    trials: int
    problems: tuple[Problem, ...]

    def raise_for_errors(self) -> None:
        """Raise :class:`InputError` for the first fatal problem."""
        for problem in self.problems:
            if problem.fatal:
                raise InputError(problem.what, problem.remedy)


def check(table: pa.Table, parameters: StudyParameters) -> Plan:
    """What a study on ``images.parquet`` would do. Raises :class:`InputError` where labels are
    missing altogether; everything else wrong is in ``problems``.
    """
    labels = groups.encode(
        table,
        split=parameters.split,
        synthetic_split=parameters.synthetic_split,
        seed=parameters.split_seed,
    )
    problems = _problems(labels, parameters)
    drawable = not any(problem.fatal for problem in problems)
    budget = parameters.synthetic_budget or (mixtures.usb_need(labels) if drawable else 0)
    uses, summary, numbers, extra = (
        _mixture_tables(labels, parameters, budget) if drawable else ([], [], [], [])
    )
    problems += extra
    problems += [Problem(note, "", fatal=False) for note in labels.notes]
    test = labels.counts(synthetic=False, split=TEST)
    excluded = tuple(
        labels.group_name(code) for code in mixtures.crosses(labels) if test[code] == 0
    )
    return Plan(
        labels,
        _group_table(labels),
        _table(uses, USES),
        _table(summary, SUMMARY),
        _table(numbers, BIAS),
        groups.bias_ratio(labels),
        budget,
        excluded,
        count_trials(labels, parameters),
        tuple(problems),
    )


def count_trials(labels: Labels, parameters: StudyParameters) -> int:
    """Number of trials: each (version, severity, mixture, objective, seed), mixtures without
    synthetic images once.
    """
    return sum(1 for _ in trial_keys(labels, parameters))


@dataclass(frozen=True)
class TrialKey:
    """What tells one trial from another. ``version`` indexes ``labels.versions`` (-1: no synthetic
    images).
    """

    version: int
    severity: int
    mixture: str
    objective: str
    seed: int

    @property
    def name(self) -> str:
        """A file name: ``v00-ffr-erm-0``, or ``real-none-erm-0``; ``…-c3`` with corruption 3."""
        owner = "real" if self.version < 0 else f"v{self.version:02d}"
        return f"{owner}-{self.mixture}-{self.objective}-{self.seed}" + (
            f"-c{self.severity}" if self.severity else ""
        )


def trial_keys(labels: Labels, parameters: StudyParameters) -> list[TrialKey]:
    """All trials in the order they run: seed by seed and objective by objective, so that a study
    that runs out of time has compared all mixtures on what it finished. "Synthetic only" is ERM by
    definition.
    """
    keys = []
    for seed in parameters.seeds:
        for objective in parameters.objectives:
            for mixture in parameters.mixtures:
                if mixture == "none":
                    keys.append(TrialKey(-1, 0, mixture, objective, seed))
                    continue
                if mixture == "synthetic" and objective != "erm":
                    continue
                keys.extend(
                    TrialKey(version, severity, mixture, objective, seed)
                    for version in range(len(labels.versions))
                    for severity in parameters.severities
                )
    return keys


USES = ("mixture", "version_id", "class", "bias", "synthetic")
SUMMARY = ("mixture", "version_id", "n_real", "n_synthetic", "wanted", "shortfall", "note")
BIAS = (
    "mixture",
    "version_id",
    "stage",
    "images",
    "entropy",
    "by_bias",
    "by_bias_domain",
    "sentence",
)
_TYPES = {
    "synthetic": pa.int64(),
    "n_real": pa.int64(),
    "n_synthetic": pa.int64(),
    "wanted": pa.int64(),
    "shortfall": pa.int64(),
    "images": pa.int64(),
    "entropy": pa.float64(),
    "by_bias": pa.float64(),
    "by_bias_domain": pa.float64(),
}


def _table(rows: list[tuple], names: tuple[str, ...]) -> pa.Table:
    schema = pa.schema([(name, _TYPES.get(name, pa.string())) for name in names])
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], schema=schema)


def _group_table(labels: Labels) -> pa.Table:
    known = mixtures.crosses(labels)
    columns: dict[str, list] = {"class": [], "bias": [], "exists": []}
    for code in range(labels.n_groups):
        y, b = divmod(code, len(labels.biases))
        columns["class"].append(labels.classes[y])
        columns["bias"].append(labels.biases[b])
        columns["exists"].append(code in known)
    counted = {
        f"real_{name}": labels.counts(synthetic=False, split=code)
        for code, name in enumerate(SPLITS)
    }
    counted |= {
        f"synthetic_{name}": labels.counts(synthetic=True, split=code)
        for code, name in enumerate(SPLITS)
    }
    return pa.table(
        {
            **columns,
            **{name: pa.array(value, pa.int64()) for name, value in counted.items()},
            "empty": pa.array(counted["real_train"] == 0),
        }
    )


def _mixture_tables(
    labels: Labels, parameters: StudyParameters, budget: int
) -> tuple[list, list, list, list]:
    uses: list[tuple] = []
    summary: list[tuple] = []
    numbers: list[tuple] = []
    problems: list[Problem] = []
    for name in dict.fromkeys(("none", *parameters.mixtures)):
        for version in [-1] if name == "none" else range(len(labels.versions)):
            version_id = None if version < 0 else labels.versions[version]
            built = mixtures.build(labels, name, version, seed=0, budget=budget)
            counts, _ = mixtures.draw_counts(labels, name, version, budget)
            if name in parameters.mixtures:
                n_real = (
                    0 if name == "synthetic" else len(labels.rows(synthetic=False, split=TRAIN))
                )
                note = _shortfall_note(labels, built, counts)
                summary.append(
                    (
                        name,
                        version_id,
                        n_real,
                        built.n_synthetic,
                        built.wanted,
                        built.shortfall,
                        note,
                    )
                )
                if note:
                    problems.append(Problem(f"{MIXTURE_NAMES[name]}: {note}", "", fatal=False))
                uses += [
                    (name, version_id, *_cell(labels, cell), int(number))
                    for cell, number in enumerate(counts)
                    if name != "none"
                ]
            for stage in built.stages:
                counted = mixtures.stage_counts(labels, stage)
                if counted.sum() == 0:
                    numbers.append(
                        (
                            name,
                            version_id,
                            stage.name,
                            len(stage.rows),
                            None,
                            None,
                            None,
                            "The synthetic images have no bias labels: their balance cannot be checked.",
                        )
                    )
                    continue
                found = bias.bias_numbers(counted)
                numbers.append(
                    (
                        name,
                        version_id,
                        stage.name,
                        len(stage.rows),
                        found.entropy,
                        found.by_bias,
                        found.by_bias_domain,
                        found.sentence,
                    )
                )
    got = {row[0]: row[3] for row in summary if row[0] in ("usb", "asb", "ffr")}
    if len(got) > 1 and min(got.values()) < 0.9 * max(got.values()):
        listed = ", ".join(f"{MIXTURE_NAMES[name]} {number:,}" for name, number in got.items())
        problems.append(
            Problem(
                f"The mixtures do not get the same number of synthetic images ({listed})",
                f"Set the synthetic budget to {min(got.values())} for an equal comparison.",
                False,
            )
        )
    return uses, summary, numbers, problems


def _cell(labels: Labels, cell: int) -> tuple[str, str | None]:
    if not labels.synthetic_has_bias:
        return labels.classes[cell], None
    y, b = divmod(cell, len(labels.biases))
    return labels.classes[y], labels.biases[b]


def _shortfall_note(labels: Labels, built: mixtures.Mixture, counts: np.ndarray) -> str:
    if built.shortfall <= 0:
        return ""
    note = f"wants {built.wanted:,} synthetic images and gets {built.n_synthetic:,} ({built.shortfall:,} too few)"
    if (
        built.name in ("asb", "ffr", "synthetic", "reversed")
        and counts.max() > 0
        and labels.synthetic_has_bias
    ):
        version = [stage.rows[labels.synthetic[stage.rows]] for stage in built.stages]
        owner = labels.version[np.concatenate(version)][0]
        have = labels.counts(synthetic=True, split=TRAIN, version=int(owner))[
            mixtures.crosses(labels)
        ]
        fewest = mixtures.crosses(labels)[int(np.argmin(have))]
        note += f"; the balance is limited by {labels.group_name(fewest)} with {have.min():,}"
    return note


def _problems(labels: Labels, parameters: StudyParameters) -> list[Problem]:
    found: list[Problem] = []
    chosen = set(parameters.mixtures)
    if len(labels.classes) < 2:
        found.append(
            Problem(
                f"There is only one class ({', '.join(labels.classes) or 'none'})",
                "A test needs at least two classes: check the labels.",
                True,
            )
        )
        return found
    if len(labels.biases) < 2:
        found.append(
            Problem(
                "There is one bias value only, so a group is a class and worst accuracy is per class",
                "Give bias labels to see groups within a class.",
                False,
            )
        )
    for split in (TRAIN, VALID, TEST):
        counts = labels.counts(synthetic=False, split=split)
        if counts.sum() == 0:
            found.append(
                Problem(
                    f"There are no real {SPLITS[split]} images", "Check the split labels.", True
                )
            )
        elif split == TRAIN:
            lacking = [
                name
                for name, row in zip(
                    labels.classes, counts.reshape(len(labels.classes), -1), strict=True
                )
                if row.sum() == 0
            ]
            if lacking:
                found.append(
                    Problem(
                        f"No real training image of {_some(lacking)}",
                        "Check the split labels.",
                        True,
                    )
                )
        else:
            empty = [
                labels.group_name(code) for code in mixtures.crosses(labels) if counts[code] == 0
            ]
            use = "choosing the learning rate" if split == VALID else "worst accuracy"
            if empty:
                found.append(
                    Problem(
                        f"No real {SPLITS[split]} image of {_some(empty)}: left out of {use}",
                        "",
                        False,
                    )
                )
    if chosen <= {"none"} or any(problem.fatal for problem in found):
        return found
    if not labels.synthetic_has_bias:
        needy = [MIXTURE_NAMES[name] for name in NEEDS_BIAS if name in chosen]
        if needy:
            found.append(
                Problem(
                    f"The synthetic images have no bias labels, which {' and '.join(needy)} need",
                    "Give bias labels, or choose none and ffr.",
                    True,
                )
            )
        else:
            found.append(
                Problem(
                    "The synthetic images have no bias labels: their balance cannot be checked",
                    "",
                    False,
                )
            )
    for code, name in enumerate(labels.versions):
        rows = labels.rows(synthetic=True, split=TRAIN, version=code)
        present = set(labels.y[rows].tolist())
        lacking = [klass for index, klass in enumerate(labels.classes) if index not in present]
        where = f" in {name}" if len(labels.versions) > 1 else ""
        if lacking:
            found.append(
                Problem(
                    f"There is no synthetic training image of {_some(lacking)}{where}",
                    "Render some, or leave that class out.",
                    True,
                )
            )
        elif labels.synthetic_has_bias:
            counts = labels.counts(synthetic=True, split=TRAIN, version=code)
            empty = [
                labels.group_name(cell) for cell in mixtures.crosses(labels) if counts[cell] == 0
            ]
            if empty and chosen & {"asb", "ffr", "synthetic", "reversed"}:
                found.append(
                    Problem(
                        f"There is no synthetic training image of {_some(empty)}{where}, so no balanced "
                        "set can be drawn",
                        "Render some, or choose none and usb.",
                        True,
                    )
                )
    if (
        not any(problem.fatal for problem in found)
        and not parameters.synthetic_budget
        and mixtures.usb_need(labels) == 0
    ):
        found.append(
            Problem(
                "All real groups have the same size, so USB needs no synthetic image",
                "Thin the groups to a bias ratio, or set a synthetic budget.",
                True,
            )
        )
    return found


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
