"""The places of the sample's pictures: a street, a country road, a warehouse yard; each with one
thing in front.

The same places and things are drawn for real and rendered pictures; a real place is also untidy
(litter, cracks, wires, weathered paint).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.jobs.sample import objects, scenery
from core.jobs.sample.canvas import HEIGHT, WIDTH, Canvas, Layers, mix, rounded, shade
from core.jobs.sample.weather import Mode


@dataclass(frozen=True)
class Scene:
    """Layers, and the row where wheels and feet touch the ground."""

    layers: Layers
    ground: float


def draw(kind: str, mode: Mode, rng: np.random.Generator, *, real: bool) -> Scene:
    """Draw a thing of class ``kind`` in a random place under a mode."""
    canvas = Canvas()
    scenery.clouds(canvas, mode, rng)
    place = _PLACES[int(rng.integers(len(_PLACES)))]
    horizon = float(rng.uniform(128, 138))
    place(canvas, horizon, mode, rng, real)
    if mode.snow:
        scenery.drifts(canvas, horizon, mode, rng)
    if mode.stars:
        scenery.festoons(canvas, rng)
    low, high = objects.METRES[kind]
    ground = float(rng.uniform(200, 214))
    x = float(rng.uniform(0.36, 0.64)) * WIDTH
    metre = float(rng.uniform(low, high))
    canvas.light_disc(x + float(rng.uniform(-24, 24)), ground - 20, 86, 54, (214, 178, 124))
    objects.CLASSES[kind](canvas, x, ground, metre, mode, rng)
    return Scene(canvas.layers(mirrored=bool(rng.random() < 0.5)), ground)


def _street(
    canvas: Canvas, horizon: float, mode: Mode, rng: np.random.Generator, real: bool
) -> None:
    skyline = mix((128, 140, 160), (206, 214, 224), 0.5 if mode.snow else 0.15)
    x = -10.0
    while x < WIDTH:
        width = float(rng.uniform(18, 40))
        canvas.box(x, horizon - rng.uniform(38, 88), x + width, horizon + 8, skyline, 200)
        x += width + float(rng.uniform(0, 6))
    x = float(rng.uniform(-60, -10))
    while x < WIDTH:
        width = float(rng.uniform(52, 92))
        scenery.house(canvas, x, horizon, width, float(rng.uniform(52, 104)), mode, rng)
        x += width + float(rng.choice([0, 0, 12]))
    pavement = scenery.WHITE if mode.snow else (178, 174, 166)
    canvas.box(0, horizon, WIDTH, horizon + 22, pavement, 120)
    canvas.box(0, horizon + 20, WIDTH, horizon + 24, shade(pavement, 0.8), 110)
    scenery.road(canvas, horizon + 24, mode, rng, (86, 88, 94), real)
    for x in np.arange(float(rng.uniform(10, 60)), WIDTH, float(rng.uniform(75, 110))):
        scenery.tree(canvas, float(x), horizon + 18, float(rng.uniform(46, 66)), mode, rng, 105)
    scenery.lamp_post(canvas, float(rng.uniform(30, 290)), horizon + 22, 92, mode)
    if real:
        for _ in range(int(rng.integers(1, 4))):
            scenery.bin(canvas, float(rng.uniform(0, WIDTH)), horizon + 21, rng)
        for _ in range(2):
            sag = float(rng.uniform(20, 70))
            canvas.line([(0, sag), (160, sag + 12), (WIDTH, sag - 4)], 0.7, (60, 60, 66), 130)


def _country(
    canvas: Canvas, horizon: float, mode: Mode, rng: np.random.Generator, real: bool
) -> None:
    across = np.linspace(0, WIDTH, 41)
    for layer, depth in enumerate((215, 180, 150)):
        wave = np.zeros_like(across)
        for _ in range(3):
            height, length, start = (
                float(rng.uniform(*span)) for span in ((3, 11), (22, 70), (0, 6))
            )
            wave += height * np.sin(across / length + start)
        top = horizon - 26 + 14 * layer + wave
        green = mix((110, 142, 128), scenery.FOLIAGE[int(rng.integers(4))], 0.25 + 0.3 * layer)
        field = mix(green, scenery.WHITE, 0.82 + 0.06 * layer) if mode.snow else green
        canvas.polygon(
            [*zip(across.tolist(), top.tolist(), strict=True), (WIDTH, HEIGHT), (0, HEIGHT)],
            field,
            depth,
        )
    meadow = (
        scenery.WHITE
        if mode.snow
        else mix((130, 168, 76), (196, 178, 92), float(rng.uniform(0, 0.8)))
    )
    canvas.box(0, horizon + 4, WIDTH, HEIGHT, meadow, 125)
    if rng.random() < 0.7:
        scenery.house(
            canvas,
            float(rng.uniform(0, 240)),
            horizon + 8,
            float(rng.uniform(38, 56)),
            28,
            mode,
            rng,
            gable=True,
        )
    for _ in range(int(rng.integers(4, 8))):
        size = float(rng.uniform(34, 74))
        scenery.tree(
            canvas, float(rng.uniform(-10, WIDTH + 10)), horizon + size * 0.25, size, mode, rng, 120
        )
    scenery.road(canvas, horizon + 34, mode, rng, (104, 100, 98), real)
    post = (132, 104, 78)
    fence = horizon + 32
    for x in range(int(rng.integers(0, 20)), WIDTH, 24):
        canvas.box(x, fence - 15, x + 3, fence + 1, post, 100)
        if mode.snow:
            canvas.disc(x + 1.5, fence - 15, 3, 2.4, scenery.WHITE, 100)
    canvas.box(0, fence - 11, WIDTH, fence - 9, post, 100)
    canvas.box(0, fence - 5.5, WIDTH, fence - 3.5, post, 100)
    scenery.lamp_post(canvas, float(rng.uniform(40, 280)), horizon + 34, 84, mode)


def _yard(canvas: Canvas, horizon: float, mode: Mode, rng: np.random.Generator, real: bool) -> None:
    hall = mix((150, 164, 178), scenery.WALLS[int(rng.integers(7))], 0.25)
    left = float(rng.uniform(-40, 50))
    right = left + float(rng.uniform(190, 250))
    roof = horizon - float(rng.uniform(50, 66))
    canvas.box(
        0,
        horizon - 18,
        WIDTH,
        horizon + 6,
        mix((122, 140, 120), scenery.WHITE, 0.75 if mode.snow else 0.1),
        190,
    )
    canvas.box(left, roof, right, horizon + 8, hall, 145)
    for x in np.arange(left + 5, right, 7):
        canvas.box(float(x), roof + 8, float(x) + 1, horizon + 8, shade(hall, 0.9), 145)
    canvas.box(left - 3, roof, right + 3, roof + 9, shade(hall, 0.66), 144)
    if mode.snow:
        ridge = rounded(
            [(left - 4, roof + 2), (left, roof - 7), (right, roof - 7), (right + 4, roof + 2)]
        )
        canvas.polygon(ridge, scenery.WHITE, 143)
    for x in np.arange(left + 16, right - 34, 44):
        door = float(x)
        glow = (150, 118, 66) if rng.random() < 0.4 else (0, 0, 0)
        canvas.box(
            door,
            horizon - 22,
            door + 28,
            horizon + 8,
            mix((232, 232, 226), (90, 96, 104), 0.25),
            142,
            glow,
        )
        for slat in range(4):
            canvas.box(
                door,
                horizon - 16 + 7 * slat,
                door + 28,
                horizon - 15 + 7 * slat,
                (150, 152, 154),
                142,
            )
        canvas.box(door - 2, horizon - 25, door + 30, horizon - 22, (222, 172, 40), 142)
        canvas.disc(door + 14, horizon - 30, 2.5, 2, (250, 240, 210), 141, scenery.LAMP)
        canvas.light(
            [
                (door + 10, horizon - 30),
                (door + 18, horizon - 30),
                (door + 36, horizon + 30),
                (door - 8, horizon + 30),
            ],
            shade(scenery.LAMP, 0.7),
        )
    scenery.road(canvas, horizon + 8, mode, rng, (140, 138, 134), real, marked=False)
    paint = (226, 186, 52)
    for x in range(-60, WIDTH, 62):
        if not mode.snow:
            canvas.polygon(
                [
                    (x + 40, horizon + 14),
                    (x + 43, horizon + 14),
                    (x + 24, horizon + 46),
                    (x + 19, horizon + 46),
                ],
                paint,
                90,
            )
    stack = float(rng.uniform(-30, 20)) if rng.random() < 0.5 else float(rng.uniform(220, 260))
    for level in range(int(rng.integers(1, 4))):
        scenery.container(
            canvas, stack + float(rng.uniform(-4, 4)), horizon + 16 - 24 * level, mode, rng
        )
    scenery.lamp_post(canvas, float(rng.uniform(60, 260)), horizon + 20, 104, mode)
    if real:
        for _ in range(int(rng.integers(1, 5))):
            pallet = float(rng.uniform(0, WIDTH))
            for plank in range(3):
                y = horizon + 22 - plank * 3
                canvas.box(pallet, y, pallet + 18, y + 2, (176, 136, 88), 95)


_PLACES: tuple[Callable[[Canvas, float, Mode, np.random.Generator, bool], None], ...] = (
    _street,
    _country,
    _yard,
)
