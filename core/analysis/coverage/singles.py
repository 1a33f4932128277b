"""Single images: real photographs that are odd by themselves and that no synthetic image is near.

A group has to hold some images before it can be judged, so one odd photograph among ordinary ones
is part of a covered group. Here it is looked at alone. Candidates are the loneliest fiftieth of the
real images: few real images are near them. All others say how far an ordinary covered image lies
from its nearest synthetic images in this data, domain shift and all: a candidate is listed when at
most one in twenty of them lies as far (a conformal p-value: Vovk, Gammerman, Shafer 2005). So never
more than 2 % of the real images are listed, and of candidates that are as near to synthetic images
as ordinary ones about one in twenty, a thousandth of the real images. An odd photograph is odd for
any renderer: one half of the real images against the other lists nearly all of its candidates.
``benchmarks/surplus.py`` measures both.
"""

from __future__ import annotations

import numpy as np

from core.analysis.types import Bools
from core.analysis.vectors.alignment import Views, aligned_views
from core.analysis.vectors.neighbors import graph, nearest

FEW = 5
"""The real image whose distance says how lonely one is: a kind with up to five photographs is a
matter of single images, a larger one can become a group.
"""
CANDIDATES = 0.02
"""Share of the covered real images, the loneliest ones, that is looked at. A false-discovery rate
over a larger share listed 5 to 9 % of one real half against the other.
"""
NEAREST = 2  # synthetic images whose mean distance is taken, as for the gap score
MOST_P = 0.05  # p-value of a single image
SMALLEST = 100  # covered real images below which two in a hundred are no list


def single_images(real: Views, version: Views, covered: Bools, *, seed: int = 0) -> Bools:
    """Which real images are odd by themselves and not rendered, bool (n,).

    ``covered`` (n,): images of covered groups. All others are told with their group: they are no
    candidates and say nothing of what is ordinary.
    """
    found = np.zeros(len(real), bool)
    judged = np.flatnonzero(covered)
    if len(judged) < SMALLEST or len(version) < NEAREST:
        return found
    _, (real_space, synthetic_space) = aligned_views([real, version], seed=seed)
    lonely = graph(real_space, FEW + 1, seed=seed).distances[judged, -1]
    far = nearest(real_space[judged], synthetic_space, NEAREST, seed=seed)[1].mean(axis=1)
    order = np.argsort(-lonely, kind="stable")
    count = int(CANDIDATES * len(judged))
    candidates, ordinary = order[:count], np.sort(far[order[count:]])
    as_far = len(ordinary) - np.searchsorted(ordinary, far[candidates], side="left")
    p = (1 + as_far) / (1 + len(ordinary))
    found[judged[candidates[p <= MOST_P]]] = True
    return found
