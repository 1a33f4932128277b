"""The four things the sample's pictures are about: a car, a truck, a cyclist, a pedestrian.

All are drawn from the side, looking right, with feet or wheels at a point of the ground; a picture
that should show them looking left is mirrored as a whole. Shapes are given in metres (x to the
right, y upwards).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from core.jobs.sample.canvas import Canvas, Colour, Point, rounded, shade
from core.jobs.sample.weather import Mode

DEPTH = 40
PAINTS: tuple[Colour, ...] = (
    (196, 40, 42), (32, 92, 176), (236, 236, 232), (58, 62, 70), (240, 178, 40),
    (46, 132, 94), (158, 166, 176), (224, 106, 36), (110, 58, 128), (60, 160, 186),
)  # fmt: skip
_CLOTHES: tuple[Colour, ...] = (
    (200, 52, 60), (42, 86, 150), (238, 196, 60), (66, 72, 84),
    (60, 140, 96), (232, 228, 218), (150, 70, 140), (226, 120, 50),
)  # fmt: skip
_SKIN: tuple[Colour, ...] = ((244, 208, 178), (224, 172, 132), (176, 122, 84), (116, 76, 52))
_GLASS: Colour = (72, 92, 112)
_TYRE: Colour = (28, 28, 32)
_SNOW: Colour = (246, 249, 253)
_HEADLIGHT: Colour = (255, 240, 196)
_TAILLIGHT: Colour = (230, 30, 26)


class _Pen:
    """Draws shapes given in metres around a point of the ground."""

    def __init__(self, canvas: Canvas, x: float, ground: float, metre: float) -> None:
        self.canvas, self.x, self.ground, self.metre = canvas, x, ground, metre

    def at(self, x: float, y: float) -> Point:
        return (self.x + x * self.metre, self.ground - y * self.metre)

    def shape(
        self, points: Sequence[Point], colour: Colour, *, smooth: int = 0, glow: Colour = (0, 0, 0)
    ) -> None:
        placed = [self.at(x, y) for x, y in points]
        self.canvas.polygon(rounded(placed, smooth) if smooth else placed, colour, DEPTH, glow)

    def box(
        self, x0: float, y0: float, x1: float, y1: float, colour: Colour, glow: Colour = (0, 0, 0)
    ) -> None:
        self.canvas.box(*self.at(x0, y0), *self.at(x1, y1), colour, DEPTH, glow)

    def disc(
        self, x: float, y: float, rx: float, ry: float, colour: Colour, glow: Colour = (0, 0, 0)
    ) -> None:
        self.canvas.disc(*self.at(x, y), rx * self.metre, ry * self.metre, colour, DEPTH, glow)

    def line(self, points: Sequence[Point], width: float, colour: Colour) -> None:
        self.canvas.line([self.at(x, y) for x, y in points], width * self.metre, colour, DEPTH)

    def wheel(self, x: float, radius: float) -> None:
        self.disc(x, radius, radius, radius, _TYRE)
        self.disc(x, radius, radius * 0.6, radius * 0.6, (176, 180, 186))
        self.disc(x, radius, radius * 0.22, radius * 0.22, (92, 96, 104))

    def shadow(self, half_length: float, height: float, mode: Mode) -> None:
        """A dark contact with the ground, and a cast shadow where the sun shines."""
        self.canvas.shadow_disc(
            self.x, self.ground + 0.04 * self.metre, half_length * self.metre, 0.13 * self.metre
        )
        if mode.sun > 0:
            slant = mode.sun_slant * height
            corners = (
                (-half_length, 0.0),
                (half_length, 0.0),
                (half_length * 0.9 - slant, -0.34 * height),
                (-half_length * 0.9 - slant, -0.34 * height),
            )
            self.canvas.shadow([self.at(x, y) for x, y in corners], 225)

    def headlight(self, x: float, y: float, radius: float, reach: float) -> None:
        """A lamp that shines to the right, and the ground that it lights."""
        self.disc(x, y, radius * 0.7, radius, (250, 250, 240), _HEADLIGHT)
        beam = ((x, y + 0.05), (x + reach, y + 0.45), (x + reach, -0.5), (x, y - 0.2))
        self.canvas.light([self.at(px, py) for px, py in beam], (255, 238, 190))


def car(
    canvas: Canvas, x: float, ground: float, metre: float, mode: Mode, rng: np.random.Generator
) -> None:
    """A passenger car: saloon, hatchback or off-roader."""
    pen = _Pen(canvas, x, ground, metre)
    paint = _pick(rng, PAINTS)
    kind = int(rng.integers(3))
    lift = (0.0, 0.04, 0.22)[kind]
    top = 1.42 + lift
    rear = ((-1.35, 0.98), (-2.0, 0.98), (-2.02, 1.02 + lift))[kind]
    roof_rear = (-0.8, -1.62, -1.78)[kind]
    pen.shadow(2.25, top, mode)
    body = [
        (-2.2, 0.28),
        (-2.22, 0.8),
        (-2.1, 0.96 + lift),
        rear,
        (roof_rear, top),
        (0.45, top + 0.02),
        (1.12, 1.0 + lift),
        (2.0, 0.86 + lift),
        (2.24, 0.66),
        (2.24, 0.28),
    ]
    pen.shape(body, paint, smooth=2)
    pen.shape([(-2.2, 0.28), (-2.2, 0.5), (2.23, 0.5), (2.23, 0.28)], shade(paint, 0.72), smooth=1)
    sill = 1.0 + lift
    glass_rear = roof_rear + (-0.3 if kind == 0 else -0.12)
    pen.shape(
        [(glass_rear, sill), (roof_rear + 0.08, top - 0.09), (-0.12, top - 0.08), (-0.12, sill)],
        _GLASS,
    )
    pen.shape([(-0.02, sill), (-0.02, top - 0.08), (0.42, top - 0.08), (0.98, sill)], _GLASS)
    pen.shape([(0.1, sill), (0.3, top - 0.08), (0.42, top - 0.08), (0.3, sill)], shade(_GLASS, 1.5))
    pen.line([(-0.07, sill), (-0.07, 0.42)], 0.025, shade(paint, 0.6))
    pen.line([(-0.5, 0.86), (-0.3, 0.86)], 0.04, shade(paint, 0.6))
    pen.line([(-2.0, 0.94 + lift * 0.5), (2.0, 0.82 + lift * 0.5)], 0.03, shade(paint, 1.28))
    for axle in (-1.36, 1.38):
        pen.disc(axle, 0.37, 0.43, 0.43, (20, 20, 24))
        pen.wheel(axle, 0.34)
    pen.disc(-2.15, 0.78, 0.09, 0.12, (190, 30, 28), _TAILLIGHT)
    pen.headlight(2.12, 0.7, 0.13, 3.4)
    if mode.snow:
        cap = [
            (roof_rear - 0.1, top - 0.02),
            (roof_rear, top + 0.13),
            (0.4, top + 0.15),
            (0.6, top - 0.03),
        ]
        pen.shape(cap, _SNOW, smooth=2)
        pen.shape(
            [(1.1, sill - 0.03), (1.25, sill + 0.1), (2.0, 0.95 + lift), (2.1, 0.84 + lift)],
            _SNOW,
            smooth=2,
        )


def truck(
    canvas: Canvas, x: float, ground: float, metre: float, mode: Mode, rng: np.random.Generator
) -> None:
    """A delivery truck with a box body."""
    pen = _Pen(canvas, x, ground, metre)
    paint, cab = _pick(rng, PAINTS), _pick(rng, PAINTS)
    load = _pick(rng, ((238, 238, 234), (214, 220, 226), shade(paint, 1.1), (240, 226, 196)))
    height = float(rng.uniform(2.7, 3.2))
    pen.shadow(3.3, height, mode)
    pen.box(-3.2, 0.5, 2.8, 0.78, (48, 50, 56))
    pen.box(-3.3, 0.75, 1.12, height, load)
    pen.box(-3.3, 0.75, 1.12, 0.9, shade(load, 0.7))
    if rng.random() < 0.5:
        pen.box(-3.3, height * 0.52, 1.12, height * 0.62, paint)
    else:
        pen.disc(-1.1, height * 0.6, 0.62, 0.42, paint)
        pen.disc(-1.1, height * 0.6, 0.36, 0.22, load)
    for rib in np.linspace(-2.75, 0.6, 5):
        pen.line([(float(rib), 0.95), (float(rib), height - 0.05)], 0.025, shade(load, 0.9))
    pen.shape(
        [(1.2, 0.5), (1.2, 2.4), (2.1, 2.45), (2.72, 1.6), (2.95, 1.4), (2.98, 0.5)], cab, smooth=2
    )
    pen.shape([(1.62, 1.5), (1.62, 2.2), (2.1, 2.24), (2.6, 1.5)], _GLASS, smooth=1)
    pen.line([(1.5, 2.2), (1.5, 0.8)], 0.03, shade(cab, 0.62))
    pen.box(1.62, 1.22, 1.9, 1.28, shade(cab, 0.55))
    pen.box(2.5, 0.5, 3.02, 0.72, (60, 62, 70))
    for axle in (-2.55, -1.6, 2.02):
        pen.disc(axle, 0.5, 0.56, 0.56, (22, 22, 26))
        pen.wheel(axle, 0.46)
    pen.box(-3.36, 0.85, -3.26, 1.15, (190, 30, 28), _TAILLIGHT)
    pen.headlight(2.88, 0.92, 0.13, 3.4)
    if mode.snow:
        pen.shape(
            [
                (-3.35, height - 0.02),
                (-3.3, height + 0.2),
                (1.1, height + 0.2),
                (1.17, height - 0.02),
            ],
            _SNOW,
            smooth=2,
        )
        pen.shape([(1.2, 2.36), (1.25, 2.58), (2.05, 2.58), (2.2, 2.33)], _SNOW, smooth=2)


def cyclist(
    canvas: Canvas, x: float, ground: float, metre: float, mode: Mode, rng: np.random.Generator
) -> None:
    """A cyclist with a helmet."""
    pen = _Pen(canvas, x, ground, metre)
    frame, shirt, helmet = _pick(rng, PAINTS), _pick(rng, _CLOTHES), _pick(rng, PAINTS)
    trousers, skin = _pick(rng, ((44, 50, 66), (70, 74, 84), (36, 60, 92))), _pick(rng, _SKIN)
    turn = float(rng.uniform(0, 2 * np.pi))
    pen.shadow(0.95, 1.7, mode)
    for hub in (-0.54, 0.54):
        pen.canvas.shadow_disc(*pen.at(hub, 0.0), 0.2 * metre, 0.05 * metre)
        _ring(pen, hub, 0.35)
    near, far = ((0.17 * np.cos(turn + a), 0.3 + 0.17 * np.sin(turn + a)) for a in (0.0, np.pi))
    _limb(pen, (-0.2, 0.98), (float(far[0]), float(far[1])), 0.14, shade(trousers, 0.7))
    pedals, seat, head_tube = (0.0, 0.32), (-0.2, 0.86), (0.4, 0.84)
    for one, other in (
        ((-0.54, 0.35), pedals),
        (pedals, seat),
        (seat, head_tube),
        (pedals, head_tube),
        ((-0.54, 0.35), (-0.17, 0.78)),
        (head_tube, (0.54, 0.35)),
    ):
        pen.line([one, other], 0.06, frame)
    pen.line([head_tube, (0.38, 1.0), (0.52, 1.02)], 0.05, (40, 42, 48))
    pen.line([(-0.32, 0.9), (-0.1, 0.9)], 0.08, (36, 36, 40))
    _limb(pen, (-0.2, 0.98), (float(near[0]), float(near[1])), 0.15, trousers)
    pen.line([(-0.2, 1.0), (0.18, 1.45)], 0.3, shirt)
    pen.line([(0.16, 1.42), (0.32, 1.16), (0.5, 1.05)], 0.1, shade(shirt, 0.85))
    pen.disc(0.53, 1.05, 0.06, 0.06, skin)
    pen.disc(0.3, 1.68, 0.13, 0.15, skin)
    pen.shape([(0.12, 1.7), (0.14, 1.86), (0.34, 1.9), (0.48, 1.76), (0.46, 1.7)], helmet, smooth=1)
    if rng.random() < 0.4:
        pen.shape(
            [(-0.3, 1.1), (-0.32, 1.45), (-0.02, 1.52), (-0.1, 1.16)],
            _pick(rng, _CLOTHES),
            smooth=1,
        )
    pen.disc(-0.34, 0.78, 0.05, 0.05, (190, 30, 28), _TAILLIGHT)
    pen.headlight(0.5, 0.9, 0.06, 2.0)
    if mode.snow:
        pen.shape([(-0.14, 1.32), (0.0, 1.56), (0.24, 1.6), (0.1, 1.46)], _SNOW, smooth=1)


def pedestrian(
    canvas: Canvas, x: float, ground: float, metre: float, mode: Mode, rng: np.random.Generator
) -> None:
    """A walking person; with an umbrella in the rain, with a woollen hat in the snow."""
    pen = _Pen(canvas, x, ground, metre)
    coat, trousers = (
        _pick(rng, _CLOTHES),
        _pick(rng, ((44, 50, 66), (82, 70, 60), (36, 60, 92), (60, 60, 64))),
    )
    skin, hair = (
        _pick(rng, _SKIN),
        _pick(rng, ((44, 32, 26), (96, 64, 36), (190, 150, 90), (26, 24, 26))),
    )
    stride = float(rng.uniform(0.12, 0.32)) * (1 if rng.random() < 0.5 else -1)
    long_coat = rng.random() < 0.4
    pen.shadow(0.42, 1.7, mode)
    _limb(pen, (-0.02, 0.86), (-stride, 0.06), 0.15, shade(trousers, 0.72), bend=0.02)
    pen.line([(-stride - 0.02, 0.05), (-stride + 0.14, 0.05)], 0.09, (34, 30, 30))
    pen.line([(-0.02, 1.34), (-stride * 0.7, 0.9)], 0.11, shade(coat, 0.7))
    _limb(pen, (0.02, 0.86), (stride, 0.06), 0.16, trousers, bend=0.05)
    pen.line([(stride - 0.02, 0.05), (stride + 0.14, 0.05)], 0.09, (34, 30, 30))
    hem = 0.56 if long_coat else 0.82
    pen.shape(
        [(-0.2, hem), (-0.2, 1.3), (-0.12, 1.45), (0.12, 1.45), (0.2, 1.3), (0.22, hem)],
        coat,
        smooth=1,
    )
    if rng.random() < 0.4:
        pen.shape(
            [(-0.4, 0.92), (-0.4, 1.36), (-0.16, 1.4), (-0.16, 0.9)], _pick(rng, _CLOTHES), smooth=1
        )
    pen.box(-0.05, 1.4, 0.06, 1.52, skin)
    pen.disc(0.02, 1.62, 0.13, 0.16, skin)
    pen.shape(
        [(-0.14, 1.52), (-0.14, 1.76), (0.03, 1.82), (0.15, 1.72), (0.0, 1.68), (-0.04, 1.52)],
        hair,
        smooth=1,
    )
    if mode.wet:
        cover = _pick(rng, _CLOTHES)
        pen.line([(0.0, 1.3), (0.22, 1.2), (0.24, 1.42)], 0.11, shade(coat, 0.85))
        pen.line([(0.24, 1.3), (0.2, 2.2)], 0.035, (50, 50, 54))
        arc = np.linspace(0, np.pi, 13)
        dome = [(0.2 + 0.68 * float(np.cos(a)), 1.92 + 0.36 * float(np.sin(a))) for a in arc]
        pen.shape(dome, cover)
        pen.shape(
            [(0.02, 1.92), (0.12, 2.24), (0.2, 2.28), (0.28, 2.24), (0.38, 1.92)], shade(cover, 1.2)
        )
        return
    pen.line(
        [(0.02, 1.34), (stride * 0.8, 1.08), (stride * 0.9 + 0.06, 0.86)], 0.12, shade(coat, 0.86)
    )
    pen.disc(stride * 0.9 + 0.07, 0.82, 0.05, 0.06, skin)
    if mode.snow:
        hat = _pick(rng, _CLOTHES)
        pen.shape([(-0.15, 1.68), (-0.12, 1.86), (0.12, 1.86), (0.17, 1.7)], hat, smooth=1)
        pen.disc(0.0, 1.9, 0.06, 0.06, _SNOW)
        pen.line([(-0.12, 1.46), (0.14, 1.46)], 0.09, shade(hat, 0.85))


CLASSES: dict[str, Callable[[Canvas, float, float, float, Mode, np.random.Generator], None]] = {
    "car": car,
    "cyclist": cyclist,
    "pedestrian": pedestrian,
    "truck": truck,
}
"""Class name → function that draws it at (x, ground), with ``metre`` pixels to a metre."""

METRES: dict[str, tuple[float, float]] = {
    "car": (22.0, 28.0),
    "cyclist": (34.0, 42.0),
    "pedestrian": (37.0, 45.0),
    "truck": (17.5, 21.5),
}
"""Pixels to a metre, lowest and highest: people stand nearer than trucks do."""


def _limb(
    pen: _Pen, start: Point, end: Point, width: float, colour: Colour, bend: float = 0.16
) -> None:
    """A leg with a knee that points forwards."""
    knee = ((start[0] + end[0]) / 2 + bend, (start[1] + end[1]) / 2 + bend * 0.4)
    pen.line([start, knee, end], width, colour)


def _ring(pen: _Pen, hub: float, radius: float) -> None:
    """A bicycle wheel: a thin tyre and spokes, with what is behind it shining through."""
    turns = np.linspace(0, 2 * np.pi, 25)
    rim = [(hub + radius * float(np.cos(a)), radius + radius * float(np.sin(a))) for a in turns]
    pen.line(rim, 0.05, _TYRE)
    for a in turns[:12:3]:
        across = (radius * float(np.cos(a)), radius * float(np.sin(a)))
        pen.line(
            [(hub - across[0], radius - across[1]), (hub + across[0], radius + across[1])],
            0.015,
            (150, 152, 158),
        )


def _pick(rng: np.random.Generator, choices: Sequence[Colour]) -> Colour:
    return choices[int(rng.integers(len(choices)))]
