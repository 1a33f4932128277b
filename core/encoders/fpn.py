"""``fpn:P2`` … ``fpn:P5``, ``fpn:pool``: what a COCO detector sees at each scale of its feature
pyramid.

The backbone of torchvision's Faster R-CNN ResNet-50 FPN (v1, COCO weights; Lin et al. 2017). Each
level (1/4 to 1/64 of the input) is averaged over the image: 256 numbers. The detector is built for
images of any shape; here the whole image is brought to 512 × 512, so that nothing is cut off and
images can go through in batches.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d

from core.encoders.base import Encoder, Transform
from core.encoders.published import FPN_DIM, FPN_FILE, FPN_LEVELS
from core.encoders.weights import downloading, file_hash, fitting, read_state, torch_cache

TRANSFORM = Transform(
    size=512, resize=512, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), squash=True
)


class Level(nn.Module):
    """One level of a feature pyramid, averaged over the image: (n, 3, s, s) → (n, 256)."""

    def __init__(self, backbone: nn.Module, level: str) -> None:
        super().__init__()
        self.backbone = backbone
        # torchvision calls P2 "0"
        self.key = "pool" if level == "pool" else str(FPN_LEVELS.index(level))

    def forward(self, images: Tensor) -> Tensor:
        return self.backbone(images)[self.key].mean(dim=(2, 3))


def load(level: str, path: Path | None, *, random_weights: bool = False) -> Encoder:
    """One level; ``path`` None downloads. Raises InputError for weights that do not fit."""
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d, trainable_layers=0
    )
    digest = "random"
    if not random_weights:
        path = path or _download(level)
        state = read_state(path)
        with fitting(path, f"fpn:{level}"):
            backbone.load_state_dict(_without_prefix(state, "backbone."))
        for module in backbone.modules():  # as torchvision does for these weights
            if isinstance(module, FrozenBatchNorm2d):
                module.eps = 0.0
        digest = file_hash(path)
    return Encoder(f"fpn:{level}", Level(backbone, level), FPN_DIM, TRANSFORM, digest)


def _without_prefix(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix``, named by the rest."""
    return {
        name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)
    }


def _download(level: str) -> Path:
    with downloading(f"fpn:{level}"):
        torch.hub.load_state_dict_from_url(
            FasterRCNN_ResNet50_FPN_Weights.COCO_V1.url,
            map_location="cpu",
            weights_only=True,
            check_hash=True,
        )
    return torch_cache() / FPN_FILE
