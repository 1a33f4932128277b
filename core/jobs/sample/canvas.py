"""Flat layers to draw a scene on: colour, depth, shadow, lamplight, glow and cloud.

Scenes are drawn once, as flat shapes in pixels of a 320 x 240 picture (y downwards), on layers
twice as large that are averaged down at the end, which smooths the edges. How light and weather
turn the layers into a picture is :mod:`core.jobs.sample.weather`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240
SKY = 255
"""The depth of the sky; the camera's own depth is 0."""
_OVERSAMPLING = 2

Colour = tuple[int, int, int]
Point = tuple[float, float]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layers:
    """What a canvas holds, as float32 in 0..1: (240, 320, 3) for the colours, (240, 320) for the
    rest.
    """

    albedo: Floats
    depth: Floats
    sky: Floats
    shadow: Floats
    lamp: Floats
    glow: Floats
    cloud: Floats


class Canvas:
    """Draws shapes on all layers at once; a shape hides what was drawn there before, its glow and
    its shadow too.
    """

    def __init__(self) -> None:
        size = (WIDTH * _OVERSAMPLING, HEIGHT * _OVERSAMPLING)
        self._albedo = Image.new("RGB", size)
        self._depth = Image.new("L", size, SKY)
        self._shadow = Image.new("L", size)
        self._lamp = Image.new("RGB", size)
        self._glow = Image.new("RGB", size)
        self._cloud = Image.new("L", size)
        self._draw = {
            name: ImageDraw.Draw(getattr(self, f"_{name}"))
            for name in ("albedo", "depth", "shadow", "lamp", "glow", "cloud")
        }

    def polygon(
        self, points: Sequence[Point], colour: Colour, depth: int, glow: Colour = (0, 0, 0)
    ) -> None:
        """Fill a polygon."""
        scaled = _scale(points)
        for name, fill in _fills(colour, depth, glow):
            self._draw[name].polygon(scaled, fill=fill)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: Colour,
        depth: int,
        glow: Colour = (0, 0, 0),
    ) -> None:
        """Fill an upright rectangle; its corners may come in any order."""
        left, right, top, bottom = min(x0, x1), max(x0, x1), min(y0, y1), max(y0, y1)
        corners = [
            left * _OVERSAMPLING,
            top * _OVERSAMPLING,
            right * _OVERSAMPLING - 1,
            bottom * _OVERSAMPLING - 1,
        ]
        if corners[2] < corners[0] or corners[3] < corners[1]:
            return
        for name, fill in _fills(colour, depth, glow):
            self._draw[name].rectangle(corners, fill=fill)

    def disc(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        depth: int,
        glow: Colour = (0, 0, 0),
    ) -> None:
        """Fill an ellipse with half axes ``rx`` and ``ry``."""
        for name, fill in _fills(colour, depth, glow):
            self._draw[name].ellipse(_around(x, y, rx, ry), fill=fill)

    def line(self, points: Sequence[Point], width: float, colour: Colour, depth: int) -> None:
        """Draw a line of the given width with round joints and ends."""
        scaled, thick = _scale(points), max(1, round(width * _OVERSAMPLING))
        for name, fill in _fills(colour, depth, (0, 0, 0)):
            self._draw[name].line(scaled, fill=fill, width=thick, joint="curve")
            if thick > 2:
                for x, y in (points[0], points[-1]):
                    self._draw[name].ellipse(_around(x, y, width / 2, width / 2), fill=fill)

    def shadow(self, points: Sequence[Point], strength: int = 255) -> None:
        """Cast a shadow; ``strength`` of 255 takes all of the direct light."""
        self._draw["shadow"].polygon(_scale(points), fill=strength)

    def shadow_disc(self, x: float, y: float, rx: float, ry: float, strength: int = 255) -> None:
        """Cast an elliptic shadow."""
        self._draw["shadow"].ellipse(_around(x, y, rx, ry), fill=strength)

    def light(self, points: Sequence[Point], colour: Colour) -> None:
        """Light up what lies in a polygon, when the lamps are on."""
        self._draw["lamp"].polygon(_scale(points), fill=colour)

    def light_disc(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """Light up what lies in an ellipse, when the lamps are on."""
        self._draw["lamp"].ellipse(_around(x, y, rx, ry), fill=colour)

    def cloud(self, x: float, y: float, rx: float, ry: float, strength: int = 255) -> None:
        """Add an elliptic puff of cloud to the sky."""
        self._draw["cloud"].ellipse(_around(x, y, rx, ry), fill=strength)

    def layers(self, *, mirrored: bool) -> Layers:
        """The layers at 320 x 240, left and right exchanged when ``mirrored``."""

        def array(image: Image.Image) -> Floats:
            values = np.asarray(image.reduce(_OVERSAMPLING), dtype=np.float32) * np.float32(1 / 255)
            return np.ascontiguousarray(values[:, ::-1]) if mirrored else values

        sky = self._depth.point([0] * SKY + [255])
        return Layers(
            albedo=array(self._albedo),
            depth=array(self._depth),
            sky=array(sky),
            shadow=array(self._shadow),
            lamp=array(self._lamp),
            glow=array(self._glow),
            cloud=array(self._cloud),
        )


def rounded(points: Sequence[Point], times: int = 2) -> list[Point]:
    """Cut a polygon's corners ``times`` times (Chaikin, 1974)."""
    corners = np.asarray(points, dtype=np.float64)
    for _ in range(times):
        following = np.roll(corners, -1, axis=0)
        corners = np.stack(
            [0.78 * corners + 0.22 * following, 0.22 * corners + 0.78 * following], axis=1
        ).reshape(-1, 2)
    return [(float(x), float(y)) for x, y in corners]


def shade(colour: Colour, factor: float) -> Colour:
    """A colour made darker (factor < 1) or lighter (factor > 1)."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour)
    return (red, green, blue)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between two: ``share`` of 0 gives the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def _fills(colour: Colour, depth: int, glow: Colour) -> tuple[tuple[str, Colour | int], ...]:
    return (("albedo", colour), ("depth", depth), ("glow", glow), ("shadow", 0))


def _scale(points: Sequence[Point]) -> list[Point]:
    return [(x * _OVERSAMPLING, y * _OVERSAMPLING) for x, y in points]


def _around(x: float, y: float, rx: float, ry: float) -> list[float]:
    rx, ry = abs(rx), abs(ry)
    return [
        (x - rx) * _OVERSAMPLING,
        (y - ry) * _OVERSAMPLING,
        (x + rx) * _OVERSAMPLING,
        (y + ry) * _OVERSAMPLING,
    ]
