"""Domain alignment: vectors of several datasets in one space, with each domain's shift taken out.

A renderer's look shifts every image, and that must not drown what is missing. So each dataset's
mean is removed (each version by itself) and all are reduced together by principal components.
``docs/coverage.md`` says what that reaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from core.analysis.types import Floats

COMPONENTS = 48
"""Principal components of a domain-aligned space. 32 to 128 gave AUROCs within 0.01 of each other
on one removed class (docs/research/coverage.md).
"""


@dataclass(frozen=True)
class Views:
    """One dataset's vectors by view, rows in one order.

    ``plain`` float32 (n, d): the images as they are; ``simplified`` float32 (n, d) or None: few
    colours, no texture.
    """

    plain: Floats
    simplified: Floats | None = None

    def __len__(self) -> int:
        return len(self.plain)

    def take(self, rows: np.ndarray) -> Views:
        """The same views of some of the images."""
        return Views(self.plain[rows], None if self.simplified is None else self.simplified[rows])


def domain_aligned(
    datasets: Sequence[np.ndarray], components: int = COMPONENTS, *, seed: int = 0
) -> list[Floats]:
    """Each dataset's vectors without its domain shift: its own mean removed, all reduced together.

    ``datasets`` are float32 (n_i, d); returned are float32 (n_i, min(components, …)). The principal
    components are those of all datasets together, so the versions of one comparison share one
    space.
    """
    return reduced([centred(vectors) for vectors in datasets], components, seed=seed)


def centred(vectors: np.ndarray) -> Floats:
    """Vectors float32 (n, d) with their mean taken off."""
    vectors = np.asarray(vectors, np.float32)
    return np.asarray(vectors - vectors.mean(axis=0), np.float32)


def reduced(
    centred_sets: Sequence[Floats], components: int = COMPONENTS, *, seed: int = 0
) -> list[Floats]:
    """Centred sets of vectors float32 (n_i, d) in the leading principal components of all together,
    float32 (n_i, min(components, …)).
    """
    everything = np.vstack(centred_sets)
    components = min(components, *everything.shape)
    if not np.ptp(everything, axis=0).any():
        return [vectors[:, :components] for vectors in centred_sets]
    basis = PCA(components, random_state=seed).fit(everything)
    return [basis.transform(vectors).astype(np.float32) for vectors in centred_sets]


def aligned_views(
    datasets: Sequence[Views],
    components: int = COMPONENTS,
    *,
    seed: int = 0,
    weights: np.ndarray | None = None,
) -> tuple[str, list[Floats]]:
    """The domain-aligned vectors of every dataset, and what they are called: ``joined``, both views
    of an image side by side, each scaled to the same mean square before reducing; or ``plain``
    where that is all there is.

    ``weights`` (n,): what each image of the first dataset counts for in its mean; None: all alike.
    """
    plain = [views.plain for views in datasets]
    simplified = [views.simplified for views in datasets if views.simplified is not None]
    if len(simplified) < len(datasets):
        return "plain", reduced(_centred(plain, weights), components, seed=seed)
    both = zip(_scaled(plain, weights), _scaled(simplified, weights), strict=True)
    return "joined", reduced([np.hstack(pair) for pair in both], components, seed=seed)


def _centred(datasets: Sequence[np.ndarray], weights: np.ndarray | None) -> list[Floats]:
    first, *others = datasets
    if weights is None:
        return [centred(vectors) for vectors in datasets]
    mean = np.average(np.asarray(first, np.float32), axis=0, weights=weights)
    return [np.asarray(first - mean, np.float32), *map(centred, others)]


def _scaled(datasets: Sequence[np.ndarray], weights: np.ndarray | None) -> list[Floats]:
    """Each dataset's mean removed, and all divided by one number so that their mean square length
    is 1.
    """
    sets = _centred(datasets, weights)
    squares = sum(float((vectors.astype(np.float64) ** 2).sum()) for vectors in sets)
    mean_square = squares / sum(map(len, sets))
    return [vectors / np.float32(np.sqrt(mean_square) or 1.0) for vectors in sets]
