"""A dataset's images as a list to look through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.contracts.search import FoundImage


class ImageOrder(StrEnum):
    """What a dataset's images are put in order by: the words on screen."""

    PATH = "path"
    CLASS = "class"
    BIAS = "bias attribute"
    SPLIT = "split"
    BYTES = "size of the file"
    WIDTH = "width"
    HEIGHT = "height"
    CHANGED = "time of change"
    BRIGHTNESS = "brightness"
    CONTRAST = "contrast"
    SATURATION = "saturation"
    COLOUR_TEMPERATURE = "colour temperature"
    SHARPNESS = "sharpness"
    NOISE = "noise"
    EDGE_DENSITY = "edge density"
    HIGH_FREQUENCY_POWER = "high-frequency power"
    COLOURFULNESS = "colourfulness"

    @property
    def column(self) -> str:
        """The column of the images or of their attributes."""
        return "mtime_ns" if self == ImageOrder.CHANGED else self.name.lower()

    @property
    def measured(self) -> bool:
        """Whether it is known of embedded images only."""
        return list(ImageOrder).index(self) >= list(ImageOrder).index(ImageOrder.BRIGHTNESS)


@dataclass(frozen=True)
class ListedImage:
    """An image of the list: ``text`` is its value of the order (None: unknown, or the path);
    ``copies``: files of the dataset with its bytes, itself among them.
    """

    dataset_id: int
    path: str
    content_id: str
    text: str | None
    copies: int

    @property
    def image(self) -> FoundImage:
        """The same as a search finds it."""
        return FoundImage(self.dataset_id, self.path, self.content_id)
