"""Which synthetic images enter training, and in what order of stages: None, USB, ASB, FFR and the
ablations.

With the same budget of synthetic images for all (what USB needs, arXiv 2308.04553, section 4):

* ``none``        real images.
* ``usb``         real images, and synthetic ones where a group is short of the largest group.
* ``asb``         real images, and a balanced synthetic set.
* ``ffr``         stage 1: the balanced synthetic set; stage 2: real images, on stage 1's network.
* ``synthetic``   stage 1 alone.
* ``reversed``    real images first, then the balanced synthetic set.
* ``ffr_biased``  as ``ffr``, with a synthetic set as biased as the real training set.

Where a group has too few synthetic images the mixture gets fewer, and says how many are missing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts.study import Mixture
from core.finetune.groups import TRAIN, StudyLabels


@dataclass(frozen=True)
class TrainingStage:
    """One training stage: ``rows`` of the images table; ``by_domain``: the objective's groups are
    (Y, B, G); ``plain``: train with ERM whatever the study's objective (stages on synthetic images
    alone).
    """

    name: str
    rows: np.ndarray
    by_domain: bool
    plain: bool


@dataclass(frozen=True)
class StagedMixture:
    """A mixture's stages in order, and its synthetic images: ``wanted``, had, and ``shortfall`` =
    wanted - had.
    """

    name: Mixture
    stages: tuple[TrainingStage, ...]
    wanted: int
    n_synthetic: int

    @property
    def shortfall(self) -> int:
        """Synthetic images that the mixture should have had and could not get."""
        return self.wanted - self.n_synthetic


def crosses(labels: StudyLabels) -> np.ndarray:
    """Group codes that exist: some real image, or some synthetic image of any version, has them.
    Shape (k,).

    A cross that nobody has (landbirds indoors) is no group, so that unequal crosses need no special
    case.
    """
    codes = labels.group()
    usable = (codes >= 0) & (labels.split <= 2)
    return np.unique(codes[usable])


def usb_need(labels: StudyLabels) -> int:
    """Synthetic images that USB needs: Σ over groups of (largest group - group), over real training
    images.
    """
    counts = labels.counts(synthetic=False, split=TRAIN)[crosses(labels)]
    return int((counts.max() - counts).sum())


def draw_counts(
    labels: StudyLabels, name: Mixture, version: int, budget: int = 0
) -> tuple[np.ndarray, int]:
    """How many synthetic images of each cell a mixture draws, and how many it wanted in all.

    Returns counts (n_groups,), or (n_classes,) where the synthetic images have no bias labels, and
    ``wanted``. ``budget`` 0 means what USB needs. A balanced set is strictly balanced: the group
    with the fewest images limits all. USB with a smaller budget raises the shortest groups first.
    """
    budget = budget or usb_need(labels)
    cells = _cells(labels)
    have = _available(labels, version)
    counts = np.zeros_like(have)
    if name == Mixture.NONE:
        return counts, 0
    if name == Mixture.USB:
        real = labels.counts(synthetic=False, split=TRAIN)
        counts[cells] = _fill(real[cells], budget)
        return np.minimum(counts, have), int(counts.sum())
    if name == Mixture.FFR_BIASED:
        counts = _as_biased(labels, budget)
        return np.minimum(counts, have), int(counts.sum())
    each = budget // len(cells)
    counts[cells] = min(each, int(have[cells].min()))
    return counts, each * len(cells)


def build(
    labels: StudyLabels, name: Mixture, version: int, seed: int, budget: int = 0
) -> StagedMixture:
    """The mixture's training rows, drawn by ``seed`` from the images in path order.

    ``version`` indexes ``labels.versions``. The same seed draws the same images whatever the order
    of rows.
    """
    real = labels.rows(synthetic=False, split=TRAIN)
    counts, wanted = draw_counts(labels, name, version, budget)
    drawn = _draw(labels, counts, version, seed)
    on_synthetic = TrainingStage("synthetic", drawn, by_domain=False, plain=True)
    on_real = TrainingStage("real", real, by_domain=False, plain=False)
    on_both = TrainingStage("mixed", np.concatenate([real, drawn]), by_domain=True, plain=False)
    stages = {
        Mixture.NONE: (on_real,),
        Mixture.USB: (on_both,),
        Mixture.ASB: (on_both,),
        Mixture.FFR: (on_synthetic, on_real),
        Mixture.SYNTHETIC: (on_synthetic,),
        Mixture.REVERSED: (on_real, on_synthetic),
        Mixture.FFR_BIASED: (on_synthetic, on_real),
    }[name]
    return StagedMixture(Mixture(name), stages, wanted, len(drawn))


def objective_groups(labels: StudyLabels, stage: TrainingStage) -> np.ndarray:
    """Group code of each row of a stage: (Y, B), or (Y, B, G) where ``by_domain``; dense 0 … k-1
    over the groups that are present, so that an absent group cannot divide by zero. Shape
    (len(stage.rows),).
    """
    codes = labels.group()[stage.rows]
    if stage.by_domain:
        codes = codes * 2 + labels.synthetic[stage.rows]
    return np.unique(codes, return_inverse=True)[1]


def stage_counts(labels: StudyLabels, stage: TrainingStage) -> np.ndarray:
    """Images of a stage in each (class, bias, domain), shape (|Y|, |B|, 2); images without bias are
    not counted.
    """
    codes = labels.group()[stage.rows]
    known = codes >= 0
    cell = codes[known] * 2 + labels.synthetic[stage.rows][known]
    return np.bincount(cell, minlength=labels.n_groups * 2).reshape(
        len(labels.classes), len(labels.biases), 2
    )


def _cells(labels: StudyLabels) -> np.ndarray:
    """Cells a balanced set must fill: groups, or classes where the synthetic images have no bias
    labels.
    """
    return crosses(labels) if labels.synthetic_has_bias else np.arange(len(labels.classes))


def _cell_codes(labels: StudyLabels) -> np.ndarray:
    return labels.group() if labels.synthetic_has_bias else labels.y


def _available(labels: StudyLabels, version: int) -> np.ndarray:
    size = labels.n_groups if labels.synthetic_has_bias else len(labels.classes)
    codes = _cell_codes(labels)[labels.rows(synthetic=True, split=TRAIN, version=version)]
    return np.bincount(codes[codes >= 0], minlength=size)


def _as_biased(labels: StudyLabels, budget: int) -> np.ndarray:
    """Images of each group, (n_groups,), in the real training set's shares within each class."""
    real = labels.counts(synthetic=False, split=TRAIN).astype(float)
    table = real.reshape(len(labels.classes), -1)
    within = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    return np.floor(budget / len(labels.classes) * within + 1e-9).astype(int).reshape(-1)


def _fill(counts: np.ndarray, budget: int) -> np.ndarray:
    """What to add to each of ``counts`` to raise the shortest to one level with ``budget`` images
    in all.
    """
    budget = min(budget, int((counts.max() - counts).sum()))
    level = int(counts.max())
    while level > 0 and np.maximum(level - counts, 0).sum() > budget:
        level -= 1
    added = np.maximum(level - counts, 0)
    left = budget - int(added.sum())
    added[np.flatnonzero(counts + added == level)[:left]] += 1
    return added


def _draw(labels: StudyLabels, counts: np.ndarray, version: int, seed: int) -> np.ndarray:
    rows = labels.rows(synthetic=True, split=TRAIN, version=version)
    codes = _cell_codes(labels)[rows]
    rng = np.random.default_rng(seed)
    parts = [
        np.sort(rng.permutation(np.flatnonzero(codes == cell))[:number])
        for cell, number in enumerate(counts)
    ]
    return rows[np.concatenate(parts)] if parts else rows[:0]
