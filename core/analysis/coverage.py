"""The coverage score: how far each real image is from what a version shows, with the renderer's look taken out.

A renderer's look shifts every image, and that must not drown what is missing. So each side's mean is removed
(each version by itself), both are reduced together by principal components, each real image's cosine distance to its nearest
synthetic images is taken, and that is averaged over the image's nearest real neighbours: one odd photograph is not a gap,
a neighbourhood that is far from everything rendered is. Done for each pair of views (how the real and how the synthetic
images were shown to the encoder) and joined. ``docs/coverage.md`` has what was tried.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA

from core.analysis.neighbors import Floats, Ints, graph, nearest


@dataclass(frozen=True)
class Views:
    """One dataset's vectors by view, rows in one order.

    ``plain`` float32 (n, d): the images as they are; ``simplified`` float32 (n, d) or None: few colours, no texture.
    """

    plain: Floats
    simplified: Floats | None = None

    def __len__(self) -> int:
        return len(self.plain)

    def take(self, rows: np.ndarray) -> Views:
        """The same views of some of the images."""
        return Views(self.plain[rows], None if self.simplified is None else self.simplified[rows])


def removed(sides: Sequence[np.ndarray], components: int, *, seed: int = 0) -> list[Floats]:
    """Each side's vectors without its look: its own mean removed, all reduced together.

    ``sides`` are float32 (n_i, d); returned are float32 (n_i, min(components, …)). The principal components are those of
    all sides together, so the versions of one comparison share one space.
    """
    centred = [np.asarray(side, np.float32) - np.asarray(side, np.float32).mean(axis=0) for side in sides]
    everything = np.vstack(centred)
    components = min(components, *everything.shape)
    if not np.ptp(everything, axis=0).any():
        return [side[:, :components] for side in centred]
    basis = PCA(components, random_state=seed).fit(everything)
    return [basis.transform(side).astype(np.float32) for side in centred]


def smooth(values: np.ndarray, neighbors: Ints) -> Floats:
    """The mean of each image's value and those of its neighbours: ``values`` (n,), ``neighbors`` int64 (n, k) with the
    image itself among them."""
    return values[neighbors].mean(axis=1).astype(np.float32)


def shift_free_distance(real: np.ndarray, synthetic: np.ndarray, *, k: int = 1, seed: int = 0) -> Floats:
    """Mean cosine distance (n,) of each real image to its ``k`` nearest synthetic ones, in a space from :func:`removed`."""
    _, distances = nearest(real, synthetic, k, seed=seed)
    return distances.mean(axis=1)


def coverage_score(real: np.ndarray, synthetic: np.ndarray, *, components: int = 48, smoothing: int = 20, k: int = 1,
                   seed: int = 0) -> Floats:
    """The coverage score (n,) of one pair of views; larger means less covered.

    ``real`` float32 (n, d), ``synthetic`` float32 (m, d).
    """
    free, rendered = removed([real, synthetic], components, seed=seed)
    around = graph(free, smoothing + 1, seed=seed).indices
    return smooth(shift_free_distance(free, rendered, k=k, seed=seed), around)
