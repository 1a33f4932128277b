"""An encoder whose batch norms were re-estimated for one set of images.

A network's batch norms hold means and variances of the photographs it was trained on; cartoons or
renderings have others. Re-estimating them for each set of images takes much of a look away that a
mere shift of all vectors leaves (AdaBN: Li, Wang, Shi, Hou, Liu 2018). The early ones are kept:
they see edges and colours, which hardly belong to a look's content.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

import numpy as np
import torch
from torch import Tensor, nn

from core.encoders.base import Encoder
from core.errors import InputError

KEPT_SHARE = 0.2  # of the batch norms, the first ones: lite0's stem and first two blocks (9 of 49)
BATCH = 84  # images whose statistics are taken together: twelve of each of seven classes


def late_norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    """The batch norms of a network that are re-estimated, in its order; none where it has none."""
    norms = [one for one in module.modules() if isinstance(one, nn.BatchNorm2d)]
    return norms[int(KEPT_SHARE * len(norms)) :]


def random_batches(count: int, seed: int) -> list[np.ndarray]:
    """``count`` images in random batches of about 84, as rows: every image in one of them."""
    order = np.random.default_rng(seed).permutation(count)
    return np.array_split(order, max(1, round(count / BATCH)))


def adapted(encoder: Encoder, batches: Iterable[Tensor]) -> Encoder:
    """The same encoder with the late batch norms' statistics of these images; ``encoder`` stays as
    it is.

    ``batches``: uint8 (n, 3, s, s), mixed at random (:func:`random_batches`); each counts alike.
    Raises :class:`~core.errors.InputError` for an encoder without batch norms (or whose batch norms
    were folded into its convolutions already) and where there is no batch of two images.
    """
    fresh = copy.copy(encoder)
    fresh.module = copy.deepcopy(encoder.module)
    norms = late_norms(fresh.module)
    if not norms:
        raise InputError(
            f"{encoder.id} has no batch norms to re-estimate, or they are folded already",
            "Choose a convolutional encoder such as lite0, or go without the rendered classes.",
        )
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    seen = 0
    with torch.no_grad():
        for batch in batches:
            if len(batch) > 1:
                fresh.module(fresh.normalise(batch))
                seen += len(batch)
    if not seen:
        raise InputError(
            "There are too few images to re-estimate batch norms from", "Two or more are needed."
        )
    fresh.module.eval()
    return fresh
