"""``pyramid:1`` … ``pyramid:5``: the five stages of lite0, each an encoder: from texture (1) to
objects (5).

The same idea as a feature pyramid network's levels, without a download. Each stage's feature map
(1/2 to 1/32 of the input) is averaged over the image: 16, 24, 40, 112 and 320 numbers.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from core.encoders import lite
from core.encoders.base import Encoder
from core.encoders.published import PYRAMID_DIMS


class Stage(nn.Module):
    """A network up to one of its stages, averaged over the image: (n, 3, s, s) → (n, channels of
    that stage).
    """

    def __init__(self, network: nn.Module, stage: int) -> None:
        super().__init__()
        self.network = network
        self.index = stage - 1

    def forward(self, images: Tensor) -> Tensor:
        network: Any = self.network
        maps = network.forward_intermediates(
            images, indices=[self.index], stop_early=True, intermediates_only=True
        )
        return maps[0].mean(dim=(2, 3))


def load(stage: int, *, random_weights: bool = False) -> Encoder:
    """One stage (1 to 5) of lite0. Raises EncoderNotReady where the weights are not installed."""
    network, digest = lite.classifier(random_weights)
    return Encoder(
        f"pyramid:{stage}", Stage(network, stage), PYRAMID_DIMS[stage - 1], lite.TRANSFORM, digest
    )
