"""What stands in the sample's places: clouds, roads, houses, trees, lamps, drifts, containers."""

from __future__ import annotations

import numpy as np

from core.jobs.sample import objects
from core.jobs.sample.canvas import HEIGHT, WIDTH, Canvas, Colour, mix, rounded, shade
from core.jobs.sample.weather import Mode

WHITE: Colour = (240, 245, 251)
LAMP: Colour = (255, 214, 140)
WINDOW_GLOW: tuple[Colour, ...] = (
    (255, 208, 120),
    (255, 226, 160),
    (250, 188, 96),
    (190, 214, 255),
)
WALLS: tuple[Colour, ...] = (
    (196, 120, 92), (222, 196, 160), (168, 176, 186), (140, 98, 84),
    (206, 168, 120), (118, 134, 152), (226, 214, 196),
)  # fmt: skip
CONTAINERS: tuple[Colour, ...] = (
    (196, 62, 48),
    (38, 104, 158),
    (58, 132, 84),
    (228, 146, 44),
    (120, 126, 134),
)
FOLIAGE: tuple[Colour, ...] = ((62, 128, 58), (84, 146, 62), (48, 110, 66), (110, 150, 60))


def clouds(canvas: Canvas, mode: Mode, rng: np.random.Generator) -> None:
    for _ in range(mode.clouds):
        x, y = float(rng.uniform(-20, WIDTH + 20)), float(rng.uniform(10, 88))
        size = float(rng.uniform(9, 20))
        for _ in range(5):
            canvas.cloud(
                x + float(rng.uniform(-2, 2)) * size,
                y + float(rng.uniform(-0.3, 0.25)) * size,
                size * float(rng.uniform(0.8, 1.5)),
                size * float(rng.uniform(0.3, 0.6)),
                int(rng.integers(170, 255)),
            )


def road(
    canvas: Canvas,
    top: float,
    mode: Mode,
    rng: np.random.Generator,
    tone: Colour,
    real: bool,
    marked: bool = True,
) -> None:
    """The ground in front, nearer towards the bottom."""
    base = mix(tone, WHITE, 0.9) if mode.snow else shade(tone, 0.72 if mode.wet else 1.0)
    edges = np.linspace(top, HEIGHT, 13)
    for step in range(12):
        grey = shade(base, 0.95 + 0.01 * step)
        canvas.box(
            0, float(edges[step]), WIDTH, float(edges[step + 1]), grey, round(100 - 6 * step)
        )
    if mode.snow:
        for y in (top + 26, top + 41):
            canvas.box(0, y, WIDTH, y + 5, (196, 206, 218), 60)
    elif marked:
        middle, offset = top + 16, int(rng.integers(0, 50))
        for x in range(-offset, WIDTH, 50):
            canvas.polygon(
                [(x, middle), (x + 26, middle), (x + 24, middle + 3.5), (x - 2, middle + 3.5)],
                (232, 230, 220),
                80,
            )
    if real and not mode.snow:
        for _ in range(int(rng.integers(2, 6))):
            patch = (float(rng.uniform(0, WIDTH)), float(rng.uniform(top + 8, HEIGHT)))
            canvas.disc(
                *patch, float(rng.uniform(8, 30)), float(rng.uniform(1.5, 4)), shade(base, 0.88), 60
            )
        crack = [
            (float(x), float(rng.uniform(top + 20, HEIGHT)))
            for x in np.sort(rng.uniform(0, WIDTH, 4))
        ]
        canvas.line(crack, 0.8, shade(base, 0.7), 60)


def house(
    canvas: Canvas,
    x: float,
    foot: float,
    width: float,
    height: float,
    mode: Mode,
    rng: np.random.Generator,
    gable: bool = False,
) -> None:
    wall = WALLS[int(rng.integers(len(WALLS)))]
    top = foot - height
    canvas.box(x, top, x + width, foot, wall, 148)
    canvas.box(x + width * 0.86, top, x + width, foot, shade(wall, 0.86), 148)
    roof = (126, 62, 50) if gable or rng.random() < 0.4 else shade(wall, 0.6)
    if gable:
        eaves = [(x - 4, top + 2), (x + width / 2, top - 20), (x + width + 4, top + 2)]
        canvas.polygon(eaves, WHITE if mode.snow else roof, 147)
    else:
        canvas.box(x - 1.5, top - 5, x + width + 1.5, top + 1, roof, 147)
        if mode.snow:
            canvas.polygon(
                rounded(
                    [
                        (x - 2, top - 3),
                        (x, top - 11),
                        (x + width, top - 11),
                        (x + width + 2, top - 3),
                    ]
                ),
                WHITE,
                146,
            )
    columns = max(2, int(width // 15))
    gap = width / columns
    shop = not gable and rng.random() < 0.6
    for row in range(max(1, int((height - (16 if shop else 4)) // 17))):
        for column in range(columns):
            left, upper = x + gap * (column + 0.5) - 3.6, top + 6 + 17 * row
            glow = (0, 0, 0)
            if rng.random() < 0.45:
                glow = shade(WINDOW_GLOW[int(rng.integers(4))], float(rng.uniform(0.55, 0.95)))
            canvas.box(left - 1, upper - 1, left + 8.2, upper + 11, shade(wall, 1.16), 148)
            canvas.box(left, upper, left + 7.2, upper + 10, (82, 100, 120), 148, glow)
            if mode.snow:
                canvas.box(left - 1.5, upper + 9.5, left + 8.7, upper + 12, WHITE, 148)
    if shop:
        awning = objects.PAINTS[int(rng.integers(len(objects.PAINTS)))]
        canvas.box(x + 4, foot - 14, x + width - 4, foot - 1, (70, 88, 104), 147, (128, 104, 68))
        canvas.box(x + 2, foot - 18, x + width - 2, foot - 13, awning, 146)
        canvas.light_disc(x + width / 2, foot + 6, width * 0.45, 9, (200, 160, 100))
        if mode.snow:
            canvas.box(x + 2, foot - 20, x + width - 2, foot - 17.5, WHITE, 146)


def tree(
    canvas: Canvas,
    x: float,
    foot: float,
    height: float,
    mode: Mode,
    rng: np.random.Generator,
    depth: int,
) -> None:
    trunk = (98, 74, 56)
    canvas.shadow_disc(x - 3, foot, height * 0.24, 2.2)
    if mode.snow:
        canvas.box(x - 1.5, foot - height * 0.25, x + 1.5, foot, trunk, depth)
        for tier in range(3):
            base, half = foot - height * (0.16 + 0.26 * tier), height * (0.27 - 0.065 * tier)
            tip = base - height * 0.36
            canvas.polygon([(x - half, base), (x, tip), (x + half, base)], (58, 96, 84), depth)
            canvas.polygon(
                [
                    (x - half * 0.72, base - height * 0.09),
                    (x, tip - 1),
                    (x + half * 0.72, base - height * 0.09),
                    (x + half * 0.3, base - height * 0.12),
                    (x, base - height * 0.05),
                    (x - half * 0.3, base - height * 0.12),
                ],
                WHITE,
                depth,
            )
        return
    leaf = FOLIAGE[int(rng.integers(len(FOLIAGE)))]
    canvas.box(x - 2, foot - height * 0.5, x + 2, foot, trunk, depth)
    for dx, dy, radius, tone in (
        (-0.16, 0.58, 0.2, 0.82),
        (0.17, 0.6, 0.2, 0.86),
        (0.0, 0.74, 0.24, 1.0),
        (0.06, 0.82, 0.13, 1.16),
    ):
        wobble = float(rng.uniform(0.9, 1.12))
        canvas.disc(
            x + dx * height,
            foot - dy * height,
            radius * height * wobble,
            radius * height * 0.92,
            shade(leaf, tone),
            depth,
        )


def lamp_post(canvas: Canvas, x: float, foot: float, height: float, mode: Mode) -> None:
    post = (74, 80, 88)
    canvas.box(x - 1.3, foot - height, x + 1.3, foot, post, 96)
    canvas.line([(x, foot - height), (x + 16, foot - height - 3)], 2, post, 96)
    canvas.box(x + 12, foot - height - 4, x + 23, foot - height - 1, (220, 220, 210), 95, LAMP)
    if mode.snow:
        canvas.disc(x + 17, foot - height - 5, 6.5, 2.4, WHITE, 95)
    canvas.light(
        [(x + 14, foot - height), (x + 21, foot - height), (x + 95, HEIGHT), (x - 60, HEIGHT)],
        (150, 122, 78),
    )
    canvas.light_disc(x + 17, foot + 34, 96, 34, (255, 208, 132))


def festoons(canvas: Canvas, rng: np.random.Generator) -> None:
    """Strings of coloured bulbs across the picture."""
    bulbs: tuple[Colour, ...] = (
        (255, 90, 70),
        (255, 200, 80),
        (110, 230, 120),
        (90, 170, 255),
        (255, 120, 220),
    )
    for _ in range(2):
        left, right = float(rng.uniform(36, 104)), float(rng.uniform(36, 104))
        sag = float(rng.uniform(18, 36))
        for step in range(25):
            along = (step + 0.5) / 25
            y = left + (right - left) * along + 4 * sag * along * (1 - along)
            bulb = bulbs[int(rng.integers(len(bulbs)))]
            canvas.disc(along * WIDTH, y, 2.6, 3.2, bulb, 90, bulb)


def drifts(canvas: Canvas, horizon: float, mode: Mode, rng: np.random.Generator) -> None:
    """Heaps of snow along the road, a snowman among them, and deep snow in the foreground."""
    for x in np.arange(float(rng.uniform(-20, 10)), WIDTH + 20, 34):
        canvas.disc(
            float(x),
            horizon + 38,
            float(rng.uniform(18, 32)),
            float(rng.uniform(6, 12)),
            WHITE,
            80,
        )
        canvas.disc(float(x) + 4, horizon + 43, 24, 5, (206, 219, 238), 79)
    for x in (
        rng.uniform(-10, 60),
        rng.uniform(60, 130),
        rng.uniform(190, 260),
        rng.uniform(260, 330),
    ):
        if rng.random() < 0.75:
            tree(canvas, float(x), horizon + 44, float(rng.uniform(82, 124)), mode, rng, 78)
    x, foot, big = (
        float(rng.choice([rng.uniform(24, 90), rng.uniform(230, 296)])),
        horizon + 52,
        1.4,
    )
    for y, radius in ((10 * big, 12 * big), (27 * big, 8.5 * big), (39 * big, 6 * big)):
        canvas.disc(x, foot - y, radius, radius * 0.94, (222, 230, 242), 70)
        canvas.disc(
            x - radius * 0.16,
            foot - y - radius * 0.06,
            radius * 0.8,
            radius * 0.84,
            (252, 253, 255),
            70,
        )
    canvas.polygon(
        [(x + big * dx, foot - big * y) for dx, y in ((1, 40), (10, 38), (1, 37.5))],
        (236, 120, 36),
        69,
    )
    for dx, y in ((-2, 41), (2.5, 41), (0, 30), (0, 25)):
        canvas.disc(x + big * dx, foot - big * y, 0.9 * big, 0.9 * big, (40, 40, 46), 69)
    canvas.box(x - 7 * big, foot - 45.5 * big, x + 7 * big, foot - 43.5 * big, (44, 46, 54), 69)
    canvas.box(x - 4.5 * big, foot - 53 * big, x + 4.5 * big, foot - 44 * big, (44, 46, 54), 69)
    canvas.box(x - 5.5 * big, foot - 35 * big, x + 5.5 * big, foot - 32.5 * big, (204, 48, 52), 69)
    for side in (-1, 1):
        canvas.line(
            [(x + side * 6 * big, foot - 28 * big), (x + side * 18 * big, foot - 37 * big)],
            1.6,
            (98, 74, 56),
            69,
        )


def container(canvas: Canvas, x: float, foot: float, mode: Mode, rng: np.random.Generator) -> None:
    tone = CONTAINERS[int(rng.integers(len(CONTAINERS)))]
    canvas.box(x, foot - 24, x + 84, foot, tone, 100)
    for rib in range(2, 84, 6):
        canvas.box(x + rib, foot - 22, x + rib + 2, foot - 2, shade(tone, 0.84), 100)
    canvas.box(x, foot - 24, x + 84, foot - 22, shade(tone, 0.7), 100)
    if mode.snow:
        canvas.box(x - 1, foot - 27, x + 85, foot - 23.5, WHITE, 100)


def bin(canvas: Canvas, x: float, foot: float, rng: np.random.Generator) -> None:
    tone = CONTAINERS[int(rng.integers(len(CONTAINERS)))]
    canvas.box(x, foot - 15, x + 10, foot, shade(tone, 0.75), 100)
    canvas.box(x - 1, foot - 17, x + 11, foot - 14, shade(tone, 0.55), 100)
