"""``clip:<architecture>/<pretrained>``: CLIP and its kin by open_clip, with the text tower for
concepts and classes.

The image vectors are the projected ones, comparable with text vectors by cosine. The text tower
stays on the CPU in f32: it reads a few dozen phrases.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import open_clip
import torch
from open_clip.constants import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
from open_clip.pretrained import download_pretrained
from torch import Tensor, nn

from core.encoders.base import RESAMPLE, Encoder, Transform
from core.encoders.weights import downloading, file_hash, fitting
from core.errors import InputError


class ImageTower(nn.Module):
    """The vision half of a CLIP: images (n, 3, s, s) → projected vectors (n, d)."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = visual

    def forward(self, images: Tensor) -> Tensor:
        vectors = self.visual(images)
        return vectors[0] if isinstance(vectors, tuple) else vectors  # CoCa adds its tokens


def load(
    architecture: str, pretrained: str, path: Path | None, *, random_weights: bool = False
) -> Encoder:
    """The encoder; ``path`` None downloads. Raises InputError for an unknown pretrained tag or
    weights that do not fit.
    """
    config = open_clip.get_pretrained_cfg(architecture, pretrained)
    if not config:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "none"
        raise InputError(
            f"{architecture} has no weights called {pretrained!r}",
            f"open_clip knows for it: {tags}.",
        )
    encoder_id = f"clip:{architecture}/{pretrained}"
    model = open_clip.create_model(
        architecture,
        pretrained=None,
        pretrained_text=False,
        pretrained_image=False,
        force_quick_gelu=bool(config.get("quick_gelu")),
    ).eval()
    digest = "random"
    if not random_weights:
        if path is None:
            with downloading(encoder_id):
                path = Path(download_pretrained(config))
        with fitting(path, encoder_id):
            open_clip.load_checkpoint(model, str(path), weights_only=True)
        digest = file_hash(path)
    size = model.visual.image_size
    size = size if isinstance(size, int) else size[0]
    transform = Transform(
        size=size,
        resize=size,
        mean=tuple(config.get("mean") or OPENAI_DATASET_MEAN),
        std=tuple(config.get("std") or OPENAI_DATASET_STD),
        resample=RESAMPLE.get(config.get("interpolation"), RESAMPLE["bicubic"]),
        squash=config.get("resize_mode") == "squash",
    )
    tower = ImageTower(model.visual)
    with torch.inference_mode():
        dim = tower(torch.zeros(1, 3, size, size)).shape[1]
    text_config = open_clip.get_model_config(architecture)["text_cfg"]
    local_words = "hf_tokenizer_name" not in text_config  # others would have to be downloaded
    text = _TextTower(model, architecture) if local_words else None
    convolutional = architecture.startswith(("RN", "convnext"))
    return Encoder(
        encoder_id, tower, dim, transform, digest, convolutional=convolutional, text=text
    )


class _TextTower:
    """Phrases → vectors (n, d)."""

    def __init__(self, model: Any, architecture: str) -> None:
        self._model = model
        self._tokenize = open_clip.get_tokenizer(architecture)

    def __call__(self, phrases: Sequence[str]) -> Tensor:
        return self._model.encode_text(self._tokenize(list(phrases)))
