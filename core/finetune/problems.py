"""What the user should know of the images and labels before a study starts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts.study import MIXTURE_NAMES, Mixture, StudySpec
from core.finetune import mixtures
from core.finetune.groups import SPLITS, TEST, TRAIN, VALID, StudyLabels

NEEDS_BIAS = (Mixture.USB, Mixture.ASB, Mixture.FFR_BIASED)
NEEDS_EVERY_GROUP = {Mixture.ASB, Mixture.FFR, Mixture.SYNTHETIC, Mixture.REVERSED}
NAMED = 5  # names in one sentence


@dataclass(frozen=True)
class Problem:
    """Something the user should know before the job starts. ``fatal`` problems stop it."""

    what: str
    remedy: str = ""
    fatal: bool = False


def problems(labels: StudyLabels, spec: StudySpec) -> list[Problem]:
    """What is wrong with the labels, or missing, for this study; the gravest first."""
    if len(labels.classes) < 2:
        return [
            Problem(
                f"There is only one class ({', '.join(labels.classes) or 'none'})",
                "A test needs at least two classes: check the labels.",
                fatal=True,
            )
        ]
    known: list[Problem] = []
    if len(labels.biases) < 2:
        known.append(
            Problem(
                "There is one bias value only, so a group is a class and worst-group accuracy is "
                "per class",
                "Give bias labels to see groups within a class.",
            )
        )
    known += _of_real(labels)
    chosen = set(spec.mixtures)
    if chosen <= {Mixture.NONE} or _fatal(known):
        return known
    if not labels.synthetic_has_bias:
        known.append(_without_bias(chosen))
    known += _of_synthetic(labels, chosen)
    if not _fatal(known) and not spec.synthetic_budget and mixtures.usb_need(labels) == 0:
        known.append(
            Problem(
                "All real groups have the same size, so USB needs no synthetic image",
                "Thin the groups to a bias ratio, or set a synthetic budget.",
                fatal=True,
            )
        )
    return known


def _of_real(labels: StudyLabels) -> list[Problem]:
    known: list[Problem] = []
    for split in (TRAIN, VALID, TEST):
        counts = labels.counts(synthetic=False, split=split)
        if counts.sum() == 0:
            what = f"There are no real {SPLITS[split]} images"
            known.append(Problem(what, "Check the split labels.", fatal=True))
        elif split == TRAIN:
            by_class = counts.reshape(len(labels.classes), -1).sum(axis=1)
            lacking = [labels.classes[y] for y in np.flatnonzero(by_class == 0)]
            if lacking:
                what = f"No real training image of {_some(lacking)}"
                known.append(Problem(what, "Check the split labels.", fatal=True))
        elif empty := _empty_groups(labels, counts):
            use = "choosing the learning rate" if split == VALID else "worst-group accuracy"
            known.append(
                Problem(f"No real {SPLITS[split]} image of {_some(empty)}: left out of {use}")
            )
    return known


def _without_bias(chosen: set[Mixture]) -> Problem:
    needy = [MIXTURE_NAMES[name] for name in NEEDS_BIAS if name in chosen]
    if not needy:
        return Problem("The synthetic images have no bias labels: their balance cannot be checked")
    return Problem(
        f"The synthetic images have no bias labels, which {' and '.join(needy)} need",
        "Give bias labels, or choose none and ffr.",
        fatal=True,
    )


def _of_synthetic(labels: StudyLabels, chosen: set[Mixture]) -> list[Problem]:
    known: list[Problem] = []
    several = len(labels.versions) > 1
    for code, dataset_id in enumerate(labels.versions):
        where = f" in {dataset_id}" if several else ""
        rows = labels.rows(synthetic=True, split=TRAIN, version=code)
        present = set(labels.y[rows].tolist())
        lacking = [name for y, name in enumerate(labels.classes) if y not in present]
        if lacking:
            known.append(
                Problem(
                    f"There is no synthetic training image of {_some(lacking)}{where}",
                    "Render some, or leave that class out.",
                    fatal=True,
                )
            )
        elif labels.synthetic_has_bias and chosen & NEEDS_EVERY_GROUP:
            counts = labels.counts(synthetic=True, split=TRAIN, version=code)
            if empty := _empty_groups(labels, counts):
                known.append(
                    Problem(
                        f"There is no synthetic training image of {_some(empty)}{where}, so no "
                        "balanced set can be drawn",
                        "Render some, or choose none and usb.",
                        fatal=True,
                    )
                )
    return known


def _empty_groups(labels: StudyLabels, counts: np.ndarray) -> list[str]:
    return [labels.group_name(code) for code in mixtures.crosses(labels) if counts[code] == 0]


def _fatal(known: list[Problem]) -> bool:
    return any(problem.fatal for problem in known)


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:NAMED])
    return shown if len(names) <= NAMED else f"{shown} and {len(names) - NAMED} more"
