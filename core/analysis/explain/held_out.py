"""What is said of a group is chosen on one half of its images and measured on the other.

Of many attributes, phrases or tags the one that differs most among some images differs more among
them than it does in truth, and its interval misses the truth: choosing and measuring on the same
images is what does that (Benjamini and Yekutieli 2005). So the images are halved. One half chooses,
the other measures: sizes and 95 % intervals are then those of a question that was asked before
looking. What the second half does not confirm is not said.

No p-value is given. A group is a cluster of the same images' vectors, and a test of "these images
are as the others" is answered by how the group was made (Gao, Bien and Witten 2022). The numbers
describe the images that are in the group; they are no evidence that the group is a kind of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from core.analysis.explain.attributes import effect_size
from core.contracts.comparison import EffectEvidence

CLEAR = 0.5  # effect size (Cohen's d) from which a difference is told
# of chance, for the half that chooses: a screen, so that little is chosen from noise
SCREEN = 0.01


@dataclass(frozen=True)
class Halves:
    """Row numbers of images: those that choose what is said, and those it is measured on."""

    choosing: np.ndarray
    measuring: np.ndarray


def halved(rows: np.ndarray, keys: Sequence[str] | np.ndarray | None = None) -> Halves:
    """The images ``rows`` in two halves, which differ by at most one key.

    ``keys`` (n,): one an image, unrelated to what it shows, such as a hash of its bytes; images
    with one key stay together, so that copies of an image are never on both sides. None: each row
    is an image of its own, drawn by a fixed seed (rows may be in an order that means something).
    """
    if keys is None:
        keys = np.random.default_rng(0).permutation(int(rows.max()) + 1 if len(rows) else 0)
    own = np.asarray(keys)[rows]
    _, place = np.unique(own, return_inverse=True)
    first = place % 2 == 0
    return Halves(rows[first], rows[~first])


def chosen_effects(
    columns: Mapping[str, np.ndarray], group: Halves, others: Halves, *, only_more: bool = False
) -> list[EffectEvidence]:
    """Columns in which ``group`` differs from ``others``, measured on images that did not choose
    them, the strongest first (as the choosing half has it).

    ``columns``: values (n,) by name. Chosen: a Cohen's d of at least :data:`CLEAR` that chance
    gives in one of a hundred columns (Mann-Whitney). Kept: where the interval of the other half
    lies on the same side of 0. ``only_more``: only columns of which the group has more.
    """
    chosen = []
    for name, values in columns.items():
        here, there = values[group.choosing], values[others.choosing]
        effect = effect_size(name, here, there)
        if effect is None or abs(effect.d) < CLEAR or (only_more and effect.d < 0):
            continue
        if _chance(here, there) < SCREEN:
            chosen.append(effect)
    measured = [
        (effect, effect_size(effect.name, columns[effect.name][group.measuring], rest))
        for effect in sorted(chosen, key=lambda effect: -abs(effect.d))
        for rest in (columns[effect.name][others.measuring],)
    ]
    return [
        found
        for effect, found in measured
        if found is not None and (found.low > 0 if effect.d > 0 else found.high < 0)
    ]


def _chance(values: np.ndarray, others: np.ndarray) -> float:
    """Two-sided p-value of Mann and Whitney's test; values that are not finite are left out."""
    kept = (side[np.isfinite(side)] for side in (values, others))
    return float(stats.mannwhitneyu(*kept, alternative="two-sided").pvalue)
