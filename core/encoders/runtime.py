"""How an encoder is run: on which device, in which precision, how many images at once.

Precision is measured, not assumed: bf16 is several times faster than f32 on some processors and
five times slower on others. Vectors in a lower precision must keep a cosine of 0.999 to those in
f32.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from core.encoders.base import Encoder
from core.errors import InputError

DTYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
CANDIDATES = {"cpu": ("bf16",), "cuda": ("bf16", "f16"), "mps": ("f16",)}
BATCH = {"cpu": 32, "cuda": 256, "mps": 64}
MIN_COSINE = 0.999
MIN_GAIN = (
    1.2  # a lower precision must be this much faster, so that noise in the timing does not decide
)
FOLDED_COSINE = 0.99999  # what folding batch norms may cost
SAMPLE = {"cpu": 8, "cuda": 128, "mps": 32}  # images in a timed batch


@dataclass(frozen=True)
class Precision:
    """The precision an encoder runs in. ``rates``: images per second by precision; ``cosines``: the
    lowest cosine to the f32 vectors by precision; ``why``: one sentence for the log.
    """

    name: str
    rates: dict[str, float]
    cosines: dict[str, float]
    why: str

    @property
    def dtype(self) -> torch.dtype:
        """As torch calls it."""
        return DTYPES[self.name]


def choose_device(setting: str = "auto") -> torch.device:
    """``auto`` → CUDA, else MPS, else CPU; anything else must be there. Raises InputError."""
    if setting == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(setting)
    except RuntimeError as error:
        raise InputError(
            f"{setting!r} is not a device", "Use auto, cpu, cuda, cuda:1 or mps."
        ) from error
    present = {
        "cpu": True,
        "cuda": torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count(),
        "mps": torch.backends.mps.is_available(),
    }
    if not present.get(device.type, False):
        raise InputError(
            f"This machine has no device {setting!r}", "Set GAPSCOPE_DEVICE to auto or cpu."
        )
    return device


def device_name(device: torch.device) -> str:
    """The device in words: ``NVIDIA H200``, ``Apple GPU``, ``CPU (2 threads)``."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return "Apple GPU" if device.type == "mps" else f"CPU ({threads} thread{'s' * (threads != 1)})"


def choose_precision(
    encoder: Encoder, batch: Tensor, device: torch.device, *, wanted: str = "auto"
) -> Precision:
    """Time a batch in each precision the device may like, and leave ``encoder`` on ``device`` in
    the best one.

    ``batch``: uint8 (n, 3, s, s), a few prepared images. ``wanted`` other than ``auto`` is taken
    without timing. Raises InputError for an unknown precision and for weights that give vectors
    that are not finite.
    """
    if wanted != "auto":
        if wanted not in DTYPES:
            raise InputError(f"{wanted!r} is not a precision", f"Use auto, {', '.join(DTYPES)}.")
        encoder.to(device, DTYPES[wanted])
        check_finite(encoder, encoder.encode(batch[:1]))
        return Precision(wanted, {}, {}, f"{wanted} was asked for")
    encoder.to(device)
    truth, best_rate = _timed(encoder, batch)
    check_finite(encoder, truth)
    chosen, module = "f32", encoder.module
    rates, cosines = {"f32": best_rate}, {"f32": 1.0}
    for name in CANDIDATES[device.type]:
        trial = copy.copy(encoder)
        trial.module = copy.deepcopy(encoder.module)
        try:
            vectors, rates[name] = _timed(trial.to(device, DTYPES[name]), batch)
        except RuntimeError:  # an operation that this device does not have in this precision
            continue
        cosine = torch.nn.functional.cosine_similarity(truth, vectors, dim=1).min().item()
        cosines[name] = cosine if np.isfinite(cosine) else -1.0
        if cosines[name] >= MIN_COSINE and rates[name] >= max(best_rate, MIN_GAIN * rates["f32"]):
            chosen, module, best_rate = name, trial.module, rates[name]
    encoder.module, encoder.dtype = module, DTYPES[chosen]
    measured = ", ".join(
        f"{name} {rates[name]:.0f} images/s (cosine {cosines[name]:.5f})" for name in cosines
    )
    return Precision(
        chosen, rates, cosines, f"{chosen} is the fastest that keeps the vectors: {measured}"
    )


def fold_batch_norm(encoder: Encoder, batch: Tensor) -> bool:
    """Work each batch norm of a trained network into the convolution before it; whether that could
    be done.

    The sums are the same, with one pass over memory less per layer: a tenth of the time of lite0 in
    f32, half of it in bf16 on a CPU. Which norm follows which convolution is read off the order of
    the layers, and that is only a guess for networks of other makes, so the vectors of ``batch``
    (uint8 (n, 3, s, s)) must stay as they were; otherwise the network stays as it was. Not for
    networks that will be trained further.
    """
    trial = copy.copy(encoder)
    trial.module = copy.deepcopy(encoder.module)
    folded = sum(_fold_children(parent) for parent in list(trial.module.modules()))
    if not folded:
        return False
    try:
        cosine = torch.nn.functional.cosine_similarity(
            encoder.encode(batch), trial.encode(batch), dim=1
        )
    except RuntimeError:  # shapes that no longer agree
        return False
    if not (cosine > FOLDED_COSINE).all():
        return False
    encoder.module = trial.module
    return True


def check_finite(encoder: Encoder, vectors: Tensor | np.ndarray) -> None:
    """Raises InputError where vectors (n, d) hold NaN or infinity: the mark of a broken weights
    file.
    """
    if not torch.isfinite(torch.as_tensor(vectors)).all():
        raise InputError(
            f"The weights of {encoder.id} give vectors that are not numbers (NaN or infinity)",
            "The weights file is broken: download it again. Nothing was stored from it.",
        )


class Runner:
    """Runs an encoder in batches that shrink when memory runs out. ``batch``: images at once, 0 for
    the device's usual.
    """

    def __init__(self, encoder: Encoder, batch: int = 0) -> None:
        self.encoder = encoder
        self.batch = batch or BATCH[encoder.device.type]

    def encode(self, images: Tensor) -> Tensor:
        """uint8 (n, 3, s, s), any n → float32 (n, d) on the device. Raises InputError when one
        image is too many.
        """
        done: list[Tensor] = []
        start = 0
        while start < len(images):
            try:
                done.append(self.encoder.encode(images[start : start + self.batch]))
            except RuntimeError as error:
                if not is_out_of_memory(error):
                    raise
                self._shrink(error)
            else:
                start += self.batch
        return torch.cat(done) if len(done) != 1 else done[0]

    def _shrink(self, error: RuntimeError) -> None:
        if self.batch == 1:
            raise InputError(
                f"The device has no memory for one image under {self.encoder.id}",
                "Close other programs on it, take a smaller encoder, or set GAPSCOPE_DEVICE=cpu.",
            ) from error
        self.batch = max(1, self.batch // 2)
        if self.encoder.device.type == "cuda":
            torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device (or the machine) ran out of memory."""
    text = str(error).lower()
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
    )


def _fold_children(parent: nn.Module) -> int:
    """Fold the batch norms among a module's own children; how many."""
    before: nn.Conv2d | None = None
    folded = 0
    for name, child in list(parent.named_children()):
        if isinstance(child, nn.Conv2d):
            before = child
        elif isinstance(child, nn.BatchNorm2d) and before is not None and _foldable(child, before):
            assert (
                child.running_mean is not None and child.running_var is not None
            )  # a trained network has them
            before.weight, before.bias = fuse_conv_bn_weights(
                before.weight,
                before.bias,
                child.running_mean,
                child.running_var,
                child.eps,
                child.weight,
                child.bias,
            )
            setattr(
                parent, name, getattr(child, "act", nn.Identity())
            )  # timm's norms carry their activation
            before, folded = None, folded + 1
        elif not isinstance(child, nn.Identity):
            before = None
    return folded


def _foldable(norm: nn.BatchNorm2d, convolution: nn.Conv2d) -> bool:
    return norm.track_running_stats and norm.num_features == convolution.out_channels


def _timed(encoder: Encoder, batch: Tensor) -> tuple[Tensor, float]:
    """Vectors of a batch, and images per second: the better of two runs after a first that does not
    count.
    """
    vectors = encoder.encode(batch)
    best = float("inf")
    for _ in range(2):
        _wait(encoder.device)
        start = time.perf_counter()
        encoder.encode(batch)
        _wait(encoder.device)
        best = min(best, time.perf_counter() - start)
    return vectors, len(batch) / best


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
