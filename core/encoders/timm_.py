"""``timm:<name>``: any image model of timm, for its pooled features before the classifier.

The trailing underscore keeps this file apart from the library. A model with a linear ImageNet-1k
classifier keeps it as the encoder's head, so its vectors can be turned into tags.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import timm
import timm.data
import torch
from torch import nn

from core.encoders.base import RESAMPLE, Encoder, Head, Transform
from core.encoders.lite import class_names
from core.encoders.published import HUB_FILES
from core.encoders.weights import download_from_hub, file_hash, fitting, read_state
from core.errors import EncoderNotReady, InputError


def load(name: str, path: Path | None, *, random_weights: bool = False) -> Encoder:
    """The encoder; ``path`` None downloads. Raises InputError for an unknown name or weights that
    do not fit.
    """
    encoder_id = f"timm:{name}"
    if not timm.is_model(name):
        near = difflib.get_close_matches(
            name, [*timm.list_models(pretrained=True), *timm.list_models()], n=3
        )
        remedy = (
            f"Did you mean {' or '.join(f'timm:{match}' for match in near)}?"
            if near
            else "See timm.list_models()."
        )
        raise InputError(f"timm has no model {name!r}", remedy)
    network: Any
    digest = "random"
    if random_weights:
        network = timm.create_model(name, pretrained=False)
    else:
        path = path or _download(encoder_id, name)
        # A dictionary of tensors, so that timm converts names and sizes but opens no pickle itself.
        overlay = {"state_dict": read_state(path), "custom_load": False, "source": "timm"}
        with fitting(path, encoder_id):
            network = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)
        digest = file_hash(path)
    network.eval()
    data = timm.data.resolve_data_config({}, model=network)
    size = data["input_size"][1]
    transform = Transform(
        size=size,
        resize=size if data["crop_mode"] == "squash" else max(size, int(size / data["crop_pct"])),
        mean=tuple(data["mean"]),
        std=tuple(data["std"]),
        resample=RESAMPLE.get(data["interpolation"], RESAMPLE["bicubic"]),
        squash=data["crop_mode"] == "squash",
    )
    layer = network.get_classifier()
    network.reset_classifier(0)
    with torch.inference_mode():
        dim = network(torch.zeros(1, *data["input_size"])).shape[1]
    convolutional = any(
        isinstance(module, nn.Conv2d) and module.kernel_size[0] < 8 for module in network.modules()
    )
    head = None if random_weights else _head(layer, dim)
    return Encoder(
        encoder_id, network, dim, transform, digest, convolutional=convolutional, classifier=head
    )


def _head(layer: object, dim: int) -> Head | None:
    """The classifier as an encoder's head, where it is linear over the pooled features and speaks
    ImageNet-1k.
    """
    names = class_names()
    if (
        not isinstance(layer, nn.Linear)
        or layer.out_features != len(names)
        or layer.in_features != dim
    ):
        return None
    return Head.of(layer, names)


def _download(encoder_id: str, name: str) -> Path:
    config = timm.get_pretrained_cfg(name)
    if config is None or not config.hf_hub_id:
        raise EncoderNotReady(
            f"{encoder_id} has no published weights",
            "Choose a name with weights: timm:<name>.<tag>.",
        )
    return download_from_hub(encoder_id, config.hf_hub_id, HUB_FILES)
