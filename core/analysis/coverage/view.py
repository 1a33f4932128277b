"""Ways of looking at a comparison's images, the evidence that each gives, and which one is chosen.

``joined``: both views of an image side by side, against its two nearest synthetic images. ``joined
and simplified``: the mean of what is found in that space and in the simplified one, each against
the nearest image: better where the domain shift is large. ``plain`` where there is no simplified
view.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.analysis.coverage.evidence import Evidence, Neighborhoods, combined, evidence
from core.analysis.types import Ints
from core.analysis.vectors.alignment import Views, aligned_views, domain_aligned
from core.analysis.vectors.neighbors import graph
from core.contracts.compare_spec import CompareParameters

PREFERRED = "joined"
# how much less crowded another way must be to be chosen instead (benchmarks/injected_gaps.py)
PREFERENCE = 0.1


def evidence_by_view(
    real: Views,
    versions: Sequence[Views],
    labels: Ints,
    parameters: CompareParameters,
    seed: int,
) -> dict[str, list[Evidence]]:
    """The evidence about every version, by way of looking.

    ``labels`` int64 (n,): the real images' clusters. The real images' neighbours are those of the
    plain view throughout.
    """
    around = _neighborhoods(real, parameters, seed)
    spaces = aligned_views([real, *versions], seed=seed)

    def look(view: str, k: int) -> list[Evidence]:
        first, *others = spaces[view]
        return [
            evidence(first, other, labels, around, nearest_images=k, seed=seed) for other in others
        ]

    if "plain" in spaces:
        return {"plain": look("plain", 2)}
    both = zip(look("joined", 1), look("simplified", 1), strict=True)
    return {
        "joined": look("joined", 2),
        "joined and simplified": [combined(parts, labels) for parts in both],
    }


def chosen_view(evidence_of: Mapping[str, Sequence[Evidence]]) -> str:
    """One way of looking for the whole comparison, so that scores can be compared: the one where
    injected gaps stand out most.
    """
    crowding = {
        view: float(np.mean([one.crowding for one in found]))
        - (PREFERENCE if view == PREFERRED else 0)
        for view, found in evidence_of.items()
    }
    return min(crowding, key=lambda view: (crowding[view], view))


def _neighborhoods(real: Views, parameters: CompareParameters, seed: int) -> Neighborhoods:
    own = domain_aligned([real.plain], seed=seed)[0]
    most = max(parameters.neighborhood, parameters.smoothing)
    indices = graph(own, most + 1, seed=seed).indices
    return Neighborhoods(
        indices[:, : parameters.neighborhood + 1], indices[:, : parameters.smoothing + 1]
    )
