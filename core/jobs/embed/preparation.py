"""One image on its way to the device: read, compared with the scan, decoded, shown in views and
measured.

All of this happens on decoding threads, ahead of the device.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from core.analysis.explain.attributes import photometric
from core.contracts.framings import SHOWN
from core.contracts.words import View
from core.encoders.base import Encoder
from core.images.content import content_id
from core.images.decode import UnavailableImage, UnreadableImage, decode, reason
from core.images.framing import cropped
from core.images.thumbnails import thumbnail
from core.images.views import SIDE, simplified

CHANGED = "The file changed since the scan"

S = TypeVar("S")
T = TypeVar("T")


@dataclass
class PreparedImage:
    """What was made of one image: ``pixels`` uint8 (3, s, s) by view; or why there is nothing:
    ``error`` where its content is broken, ``skipped`` where another time may do better.
    """

    pixels: dict[View, np.ndarray] = field(default_factory=dict)
    thumbnail: bytes | None = None
    attributes: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    skipped: str | None = None

    @property
    def usable(self) -> bool:
        """Whether it has pixels."""
        return self.error is None and self.skipped is None


@dataclass(frozen=True)
class Preparation:
    """What is made of each image. ``thumbnails``: also a thumbnail and the attributes."""

    encoder: Encoder
    views: tuple[View, ...]
    thumbnails: bool = True

    def prepare(self, file: Path, expected: str) -> PreparedImage:
        """Everything for one file whose content should be ``expected`` (a content id).

        The bytes that are decoded are the bytes that are hashed, so that no vector is stored under
        another content. Never raises for what is wrong with the file.
        """
        data = b""
        try:
            data = file.read_bytes()
            if content_id(data) != expected:
                return PreparedImage(skipped=CHANGED)
            return self._prepared(decode(data, shortest=self._shortest))
        except UnavailableImage as error:
            return PreparedImage(skipped=error.reason)
        except UnreadableImage as error:
            return PreparedImage(error=error.reason)
        except (OSError, MemoryError) as error:
            return PreparedImage(skipped=reason(error, data[:16], len(data)))

    @property
    def _shortest(self) -> int:
        """Pixels that an image's shorter side must keep: as many for a tile as for a whole."""
        grids = (SHOWN[view].tile for view in self.views)
        cells = max((max(tile.columns, tile.rows) for tile in grids if tile), default=1)
        return cells * max(self.encoder.transform.resize, SIDE)

    def _prepared(self, image: Image.Image) -> PreparedImage:
        return PreparedImage(
            pixels={view: self._pixels(image, view) for view in self.views},
            thumbnail=thumbnail(image) if self.thumbnails else None,
            attributes=photometric(np.asarray(image)) if self.thumbnails else {},
        )

    def _pixels(self, image: Image.Image, view: View) -> np.ndarray:
        """What a view shows of the image, uint8 (3, s, s)."""
        shown = SHOWN[view]
        part = image if shown.tile is None else cropped(image, shown.tile)
        part = simplified(part) if shown.simplified else part
        return self.encoder.prepare(part, whole=shown.tile is not None)


def in_order(
    pool: ThreadPoolExecutor, work: Callable[[S], T], items: Iterable[S], ahead: int
) -> Iterator[T]:
    """``work`` of each item, in order, on the pool's threads; never more than ``ahead`` results
    wait.
    """
    coming = iter(items)
    waiting: deque[Future[T]] = deque(pool.submit(work, item) for item in islice(coming, ahead))
    while waiting:
        result = waiting.popleft().result()
        waiting.extend(pool.submit(work, item) for item in islice(coming, 1))
        yield result
