"""What an encoder is: pixels in, one vector per image out.

An :class:`Encoder` holds a network (``module``: normalised images (n, 3, s, s) → vectors (n, d))
and says how an image has to be prepared for it (:class:`Transform`). Preparing happens on decoding
threads and yields bytes; bytes become normalised numbers on the device, which costs a quarter of
the memory traffic. Vectors are the network's raw output, not normalised: comparisons do that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from core.errors import InputError


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

    def pixels(self, image: Image.Image) -> np.ndarray:
        """An RGB image as uint8 (3, size, size): a view of (size, size, 3) in memory, which is
        "channels last".
        """
        if self.squash:
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

    def probabilities(self, vectors: np.ndarray) -> np.ndarray:
        """Softmax of the scores: (n, d) → float32 (n, classes)."""
        scores = vectors.astype(np.float32) @ self.weight.T + self.bias
        scores -= scores.max(axis=1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=1, keepdims=True)
        return scores


class Encoder:
    """Images to vectors. Made by :func:`core.encoders.registry.load`.

    ``id``: as the user names it. ``dim``: length d of a vector. ``module``: the network, normalised
    float images (n, 3, s, s) → (n, d). ``weights_hash``: SHA-256 of the weights file ("random"
    without one). ``text``: for CLIP, phrases → float32 (n, d), comparable with image vectors by
    cosine.
    """

    def __init__(
        self,
        id: str,
        module: nn.Module,
        dim: int,
        transform: Transform,
        weights_hash: str,
        *,
        convolutional: bool = True,
        head: Head | None = None,
        text: Callable[[Sequence[str]], Tensor] | None = None,
    ) -> None:
        self.id = id
        self.module = module.eval().requires_grad_(False)
        self.dim = dim
        self.transform = transform
        self.weights_hash = weights_hash
        self.convolutional = convolutional
        self.device = torch.device("cpu")
        self.dtype = torch.float32
        self._head = head
        self._text = text

    @property
    def input_size(self) -> int:
        """Width and height in pixels of what the network sees."""
        return self.transform.size

    def prepare(self, image: Image.Image) -> np.ndarray:
        """An RGB image as uint8 (3, s, s). Runs on decoding threads; touches neither the device nor
        the network.
        """
        return self.transform.pixels(image)

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
        return self._head

    @property
    def has_text(self) -> bool:
        """Whether :meth:`encode_text` works."""
        return self._text is not None

    def encode_text(self, phrases: Sequence[str]) -> np.ndarray:
        """Phrases → float32 (n, d), comparable with image vectors by cosine. Raises InputError
        without a text tower.
        """
        if self._text is None:
            raise InputError(
                f"The encoder {self.id} knows no words",
                "Concepts and zero-shot classes need a clip:… encoder.",
            )
        with torch.inference_mode():
            return self._text(phrases).float().cpu().numpy()
