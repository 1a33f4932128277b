"""Which neighbourhoods of real images changed beyond chance: the cluster-mass test (Bullmore et al.
1999; Maris and Oostenveld 2007).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from core.analysis.types import Bools, Floats, Ints

# Deviations from which an image belongs to a changed neighbourhood: broad ones and sharp ones. 1.5
# alone called chance a change in 4 of 20 cases (docs/research/versions.md).
LEVELS = (2.0, 3.0, 4.0)
RISK = 0.025  # of calling chance a change, for one direction
REACH = 5  # real neighbours through which a neighbourhood hangs together
CORE = 0.4  # a member's least deviation, of the median in its neighbourhood: keeps the rim out
RIM = 1.5  # least deviation of an image that is taken in because most of its neighbours are changed


def changed_neighborhoods(deviation: Floats, chance: Floats, large: Bools, around: Ints) -> Bools:
    """Which real images (n,) belong to a neighbourhood that changed upwards beyond chance.

    ``deviation`` (n,) in standard deviations of chance, ``chance`` (draws, n) the same of redealt
    versions; ``large`` bool (n,): changes large enough to count; ``around`` (n, k): each image's
    nearest real images, itself first.
    """
    shown = np.where(large, deviation, 0)
    found = np.zeros(len(deviation), bool)
    for level in LEVELS:
        labels, masses = _masses(shown, level, around)
        if not len(masses):
            continue
        by_chance = np.array([_masses(draw, level, around)[1].max(initial=0) for draw in chance])
        least = np.quantile(by_chance, 1 - RISK / len(LEVELS), method="higher")
        for label in np.flatnonzero(masses > least):
            members = labels == label
            found |= members & (shown > CORE * np.median(shown[members]))
    while found.any():
        rim = ~found & large & (deviation > RIM) & (found[around[:, 1:]].mean(axis=1) >= 0.5)
        if not rim.any():
            break
        found |= rim
    return found


def half_width(values: Floats) -> float:
    """Standard deviation of the bulk of ``values``: from the shortest interval that holds half of
    them (a normal's is 1.349).
    """
    ordered = np.sort(values)
    half = max(len(ordered) // 2, 1)
    return (
        float(np.min(ordered[half:] - ordered[: len(ordered) - half])) / 1.349
        if len(ordered) > half
        else 0.0
    )


def _masses(deviation: Floats, level: float, around: Ints) -> tuple[Ints, Floats]:
    """Neighbourhoods of connected images above ``level``: each image's label (−1: none) and each
    neighbourhood's sum."""
    above = deviation > level
    rows = np.flatnonzero(above)
    labels = np.full(len(deviation), -1, np.int64)
    if not len(rows):
        return labels, np.zeros(0, np.float32)
    place = np.cumsum(above) - 1
    reach = around[rows, 1 : REACH + 1]
    tied = above[reach]
    edges = csr_matrix(
        (np.ones(int(tied.sum()), np.int8), (np.nonzero(tied)[0], place[reach[tied]])),
        (len(rows), len(rows)),
    )
    count, labels[rows] = connected_components(edges, directed=False)
    return labels, np.bincount(labels[rows], deviation[rows], count).astype(np.float32)
