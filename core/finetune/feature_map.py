"""Learned features of real and synthetic test images: a picture in two dimensions and a number for
how they mix.

The paper's Figure 5: after FFR, real and synthetic images of a class lie together; after USB and
ASB, apart.
"""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

MOST = 400  # images of each domain on a map: t-SNE takes seconds, and a screen shows no more
NEIGHBORS = 15  # as UMAP's default for the project's other maps


def matched_rows(
    groups: np.ndarray, synthetic: np.ndarray, seed: int, most: int = MOST
) -> np.ndarray:
    """Positions of as many real as synthetic images in every group, at most ``most`` of each
    domain.

    Groups of equal weight, so that a difference between the domains is a difference of look, not of
    contents.
    """
    rng = np.random.default_rng(seed)
    shared = np.intersect1d(groups[~synthetic], groups[synthetic])
    each = max(1, most // max(1, len(shared)))
    chosen = []
    for code in shared:
        sides = [np.flatnonzero((groups == code) & (synthetic == made)) for made in (False, True)]
        size = min(each, *(len(side) for side in sides))
        chosen += [rng.permutation(side)[:size] for side in sides]
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, dtype=np.int64)


def mixing_score(features: np.ndarray, synthetic: np.ndarray, k: int = NEIGHBORS) -> float | None:
    """How well two domains mix in (n, d) features: 1 = a neighbour is as likely from the other
    domain as chance would have it, 0 = neighbours are always of the own domain.

    The mean share of other-domain images among the k nearest, divided by the share that chance
    gives. None where a domain is absent.
    """
    n, made = len(synthetic), int(synthetic.sum())
    if made == 0 or made == n or n < 3:
        return None
    k = min(k, n - 1)
    near = (
        NearestNeighbors(n_neighbors=k + 1)
        .fit(features)
        .kneighbors(features, return_distance=False)
    )
    others = np.array([[j for j in row if j != i][:k] for i, row in enumerate(near)])
    crossed = (synthetic[others] != synthetic[:, None]).mean(axis=1)
    chance = np.where(synthetic, n - made, made) / (n - 1)
    return float(np.mean(crossed / chance))


def layout(features: np.ndarray, seed: int) -> np.ndarray:
    """t-SNE of (n, d) features in two dimensions, (n, 2), the same for the same seed."""
    n = len(features)
    if n < 4:
        return np.zeros((n, 2))
    reduced = PCA(min(50, n - 1, features.shape[1]), random_state=seed).fit_transform(features)
    perplexity = min(30.0, (n - 1) / 3)
    return TSNE(
        2, perplexity=perplexity, init="pca", random_state=seed, max_iter=500
    ).fit_transform(reduced)
