"""The space in which a version is judged: the real images and that version alone, domain-aligned.

Both views of an image stand side by side where there are two. No other version takes part, so what
is said of a version does not depend on which others stand in the comparison.
"""

from __future__ import annotations

import numpy as np

from core.analysis.coverage.evidence import Neighborhoods
from core.analysis.vectors.alignment import Views, aligned_views, domain_aligned
from core.analysis.vectors.neighbors import graph
from core.contracts.compare_spec import CompareParameters


def neighbourhoods(real: Views, parameters: CompareParameters, seed: int) -> Neighborhoods:
    """Each real image's neighbours among the real images (of the plain view)."""
    own = domain_aligned([real.plain], seed=seed)[0]
    most = max(parameters.neighborhood, parameters.smoothing)
    indices = graph(own, most + 1, seed=seed).indices
    return Neighborhoods(
        indices[:, : parameters.neighborhood + 1], indices[:, : parameters.smoothing + 1]
    )


def together(
    real: Views, version: Views, seed: int, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The real images (n, d) and the version's (m, d) in their space; ``weights`` (n,): what each
    real image counts for in their mean.
    """
    _, (one, other) = aligned_views([real, version], seed=seed, weights=weights)
    return one, other


def view_name(real: Views, version: Views) -> str:
    """What the space is called: ``joined`` of both views, or ``plain``."""
    return "plain" if real.simplified is None or version.simplified is None else "joined"
