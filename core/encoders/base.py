"""What an encoder is: pixels in, one vector per image out.

An :class:`Encoder` holds a network (``module``: normalised images (n, 3, s, s) → vectors (n, d))
and says how an image has to be prepared for it (:class:`Transform`). Preparing happens on decoding
threads and yields bytes; bytes become normalised numbers on the device, which costs a quarter of
the memory traffic. Vectors are the network's raw output, not normalised: comparisons do that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from scipy.special import softmax
from torch import Tensor, nn

from core.errors import InputError

# as timm and open_clip name them
RESAMPLE = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Transform:
    """How an image becomes what a network was trained on.

    The shorter side becomes ``resize`` pixels, the middle ``size`` × ``size`` is kept; with
    ``squash`` the whole image is brought to ``size`` × ``size`` instead and nothing is cut off.
    Then (value / 255 − ``mean``) / ``std`` per channel.
    """

    size: int
    resize: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resample: Image.Resampling = Image.Resampling.BICUBIC
    squash: bool = False

    def pixels(self, image: Image.Image, *, whole: bool = False) -> np.ndarray:
        """An RGB image as uint8 (3, size, size): a view of (size, size, 3) in memory, which is
        "channels last". ``whole``: squashed, whatever the network was trained on.
        """
        if self.squash or whole:
            box, target = None, (self.size, self.size)
        else:
            # Cropping before resizing: only the pixels that are kept are computed.
            side = min(image.size) * self.size / self.resize
            left, top = (image.width - side) / 2, (image.height - side) / 2
            box, target = (left, top, left + side, top + side), (self.size, self.size)
        if image.size != target or box not in (None, (0, 0, *target)):
            image = image.resize(target, self.resample, box=box, reducing_gap=3.0)
        return np.asarray(image).transpose(2, 0, 1)


@dataclass(frozen=True)
class Head:
    """A linear classifier on an encoder's vectors: scores = vectors @ ``weight``.T + ``bias``.

    ``weight`` float32 (classes, d), ``bias`` float32 (classes,), ``names`` one per class.
    """

    weight: np.ndarray
    bias: np.ndarray
    names: tuple[str, ...]

    @classmethod
    def of(cls, layer: nn.Linear, names: tuple[str, ...]) -> Head:
        """A network's last layer as a head (a copy)."""
        weight = layer.weight.detach().numpy().copy()
        if layer.bias is None:
            return cls(weight, np.zeros(len(names), np.float32), names)
        return cls(weight, layer.bias.detach().numpy().copy(), names)

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Softmax of the scores: (n, d) → float32 (n, classes)."""
        return softmax(vectors.astype(np.float32) @ self.weight.T + self.bias, axis=1)


@dataclass(eq=False)
class Encoder:
    """Images to vectors. Made by :func:`core.encoders.registry.load`.

    ``id``: as the user names it. ``module``: the network, normalised float images (n, 3, s, s) →
    (n, d). ``dim``: length d of a vector. ``weights_hash``: SHA-256 of the weights file ("random"
    without one). ``convolutional``: whether it is laid out channels last. ``classifier``: over its
    vectors. ``text``: for CLIP, phrases → float32 (n, d), comparable with image vectors by cosine.
    ``device``, ``dtype``: where the network is and what it computes in, changed by :meth:`to`.
    """

    id: str
    module: nn.Module
    dim: int
    transform: Transform
    weights_hash: str
    convolutional: bool = field(default=True, kw_only=True)
    classifier: Head | None = field(default=None, kw_only=True)
    text: Callable[[Sequence[str]], Tensor] | None = field(default=None, kw_only=True)
    device: torch.device = field(default=torch.device("cpu"), init=False)
    dtype: torch.dtype = field(default=torch.float32, init=False)

    def __post_init__(self) -> None:
        self.module = self.module.eval().requires_grad_(False)

    @property
    def input_size(self) -> int:
        """Width and height in pixels of what the network sees."""
        return self.transform.size

    def prepare(self, image: Image.Image, *, whole: bool = False) -> np.ndarray:
        """An RGB image as uint8 (3, s, s): its central square, or with ``whole`` all of it,
        squashed. Runs on decoding threads; touches neither the device nor the network.
        """
        return self.transform.pixels(image, whole=whole)

    def normalise(self, batch: Tensor) -> Tensor:
        """uint8 (n, 3, s, s) on any device → what ``module`` expects, on the encoder's device and
        in its precision.
        """
        batch = batch.to(self.device, non_blocking=True).float()
        mean = torch.tensor(self.transform.mean, device=self.device).view(3, 1, 1)
        std = torch.tensor(self.transform.std, device=self.device).view(3, 1, 1)
        batch = batch.sub_(mean * 255).div_(std * 255).to(self.dtype)
        layout = torch.channels_last if self.convolutional else torch.contiguous_format
        return batch.contiguous(memory_format=layout)

    def encode(self, batch: Tensor) -> Tensor:
        """uint8 (n, 3, s, s) → float32 (n, d) on the encoder's device."""
        with torch.inference_mode():
            return self.module(self.normalise(batch)).float()

    def to(self, device: torch.device, dtype: torch.dtype = torch.float32) -> Encoder:
        """Move and cast the network (for good: bf16 loses bits that casting back does not return).
        Returns itself.

        Convolutional networks are laid out channels last, which doubles their speed on CPUs and
        helps on GPUs.
        """
        layout = torch.channels_last if self.convolutional else torch.contiguous_format
        self.module = self.module.to(device, dtype).to(memory_format=layout)
        self.device, self.dtype = device, dtype
        return self

    def head(self) -> Head | None:
        """The network's own classifier over its vectors, if it has one."""
        return self.classifier

    @property
    def has_text(self) -> bool:
        """Whether :meth:`encode_text` works."""
        return self.text is not None

    def encode_text(self, phrases: Sequence[str]) -> np.ndarray:
        """Phrases → float32 (n, d), comparable with image vectors by cosine. Raises InputError
        without a text tower.
        """
        if self.text is None:
            raise InputError(
                f"The encoder {self.id} knows no words",
                "Concepts and zero-shot classes need a clip:… encoder.",
            )
        with torch.inference_mode():
            return self.text(phrases).float().cpu().numpy()
