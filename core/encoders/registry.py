"""Which encoders there are, which are ready on this machine, and how to load one.

Ids: ``lite0``; ``pyramid:1`` … ``pyramid:5``; ``clip:<architecture>/<pretrained>`` (open_clip);
``timm:<name>`` (any timm model); ``fpn:P2`` … ``fpn:P5``, ``fpn:pool`` (torchvision). The server
process lists encoders on every page, so this file imports no torch: what is known of an encoder is
its family's word and what lies in the caches. Only :func:`load` and :func:`load_head` import
networks. Nothing here calls the network unless ``allow_download`` is set.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.encoders.families import FAMILIES
from core.encoders.family import EncoderInfo, Family
from core.errors import EncoderNotReady, InputError
from core.settings import Settings
from core.settings import settings as environment

if TYPE_CHECKING:
    from core.encoders.base import Encoder, Head

DEFAULT_CLIP = "clip:ViT-B-32/laion2b_s34b_b79k"
AUTO = (DEFAULT_CLIP, "clip:ViT-B-32/openai", "lite0")  # the first that is ready


def list_encoders(settings: Settings | None = None) -> list[EncoderInfo]:
    """The encoders worth choosing from, family by family. Cheap; imports no torch."""
    settings = settings or environment()
    return [family.info(one, settings) for family in FAMILIES for one in family.listed]


def resolve(encoder_id: str, settings: Settings | None = None) -> str:
    """The full id: ``auto`` is CLIP ViT-B/32 where its weights are ready, else ``lite0``;
    ``clip:ViT-B-32`` gets the default weights of that architecture. Raises InputError for an id
    that does not exist.
    """
    if encoder_id == "auto":
        return next((one for one in AUTO if info(one, settings).ready), AUTO[-1])
    for family in FAMILIES:
        full = family.full_id(encoder_id)
        if family.owns(full):
            return full
    raise _unknown(encoder_id)


def info(encoder_id: str, settings: Settings | None = None) -> EncoderInfo:
    """What is known about one encoder, listed or not. Raises InputError for an id that does not
    exist.
    """
    return _family(encoder_id).info(encoder_id, settings or environment())


def require_ready(encoder_id: str, settings: Settings | None = None) -> None:
    """Raises :class:`EncoderNotReady`, with what to do, where weights are not on this machine."""
    about = info(resolve(encoder_id, settings), settings)
    if not about.ready:
        raise EncoderNotReady(f"The weights of {about.id} are not on this machine", about.how)


def knows_words(encoder_id: str) -> bool:
    """Whether phrases can be compared with an encoder's vectors. Raises InputError for an id that
    does not exist.
    """
    return _family(encoder_id).knows_words


def has_head(encoder_id: str) -> bool:
    """Whether there may be a classifier over an encoder's vectors. Raises InputError for an id that
    does not exist.
    """
    return _family(encoder_id).has_head


def load(
    encoder_id: str,
    *,
    allow_download: bool = False,
    settings: Settings | None = None,
    random_weights: bool = False,
) -> Encoder:
    """The encoder, on the CPU in f32. Imports torch.

    ``random_weights`` gives an untrained network of the same make, always with the same numbers:
    for measuring speed. Raises InputError for an unknown id or a broken weights file,
    EncoderNotReady where weights are absent and ``allow_download`` is off, or the download failed.
    """
    settings = settings or environment()
    encoder_id = resolve(encoder_id, settings)
    family, path = _family(encoder_id), None
    if not random_weights:
        if not allow_download:
            require_ready(encoder_id, settings)
        path = family.file(encoder_id, settings)
    with _same_numbers():
        return family.load(encoder_id, path, random_weights=random_weights)


def load_head(encoder_id: str, settings: Settings | None = None) -> Head | None:
    """The classifier over an encoder's stored vectors, or None where the encoder has none. Imports
    torch.

    Raises EncoderNotReady where the weights are absent.
    """
    settings = settings or environment()
    encoder_id = resolve(encoder_id, settings)
    family = _family(encoder_id)
    if not family.has_head:
        return None
    require_ready(encoder_id, settings)
    with _same_numbers():
        return family.head(encoder_id, family.file(encoder_id, settings))


@contextmanager
def _same_numbers() -> Iterator[None]:
    """Untrained layers always get the same numbers, and the caller's random state is left alone."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def _family(encoder_id: str) -> Family:
    """The family of a full id. Raises InputError for an id that does not exist."""
    for family in FAMILIES:
        if family.owns(encoder_id):
            return family
    raise _unknown(encoder_id)


def _unknown(encoder_id: str) -> InputError:
    """The error for an id that no family owns, with the nearest that exist."""
    ids = ["auto", *(one for family in FAMILIES for one in family.listed)]
    prefix, _, name = encoder_id.partition(":")
    if name:
        ids += [one for family in FAMILIES if family.prefix == prefix for one in family.others()]
    near = difflib.get_close_matches(encoder_id, dict.fromkeys(ids), n=3, cutoff=0.5)
    remedy = f"Encoders are: {', '.join(family.form for family in FAMILIES)}."
    if near:
        remedy = f"Did you mean {' or '.join(near)}?"
    return InputError(f"There is no encoder {encoder_id!r}", remedy)
