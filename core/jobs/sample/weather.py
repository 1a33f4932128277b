"""Light and weather: turns a canvas' layers into the picture that a camera would see.

Each :class:`Mode` is one row of numbers. Real pictures vary around that row and have texture, soft
shadows and soft clouds; rendered ones take the row as it is and shade flatly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from core.jobs.sample.canvas import HEIGHT, WIDTH, Floats, Layers

Tone = tuple[float, float, float]


@dataclass(frozen=True)
class Mode:
    """One kind of light and weather. Colours are in 0..1."""

    name: str
    light: str
    """``bright`` or ``dim``: the lighting attribute in the path, and the bias of the fine-tune."""
    sky_top: Tone
    sky_low: Tone
    cloud: Tone
    clouds: int
    tint: Tone
    """The light on everything that no shadow reaches."""
    sun: float
    """How much of that light a shadow takes away; 0 means that there is no sun to cast one."""
    sun_slant: float = 0.3
    fog: float = 0.0
    fog_tone: Tone = (0.8, 0.82, 0.84)
    lamps: float = 0.0
    wet: bool = False
    snow: bool = False
    stars: bool = False


MODES: dict[str, Mode] = {
    mode.name: mode
    for mode in (
        Mode("clear", "bright", (0.24, 0.52, 0.86), (0.72, 0.87, 0.97), (1.0, 1.0, 1.0), 5,
             (1.0, 0.98, 0.93), 0.55),
        Mode("dusk", "dim", (0.30, 0.24, 0.48), (0.99, 0.62, 0.32), (0.93, 0.46, 0.42), 5,
             (0.80, 0.54, 0.46), 0.5, sun_slant=0.9, fog=0.12, fog_tone=(0.95, 0.60, 0.42),
             lamps=0.35),
        Mode("fog", "bright", (0.80, 0.82, 0.84), (0.86, 0.87, 0.87), (0.86, 0.87, 0.88), 0,
             (0.84, 0.86, 0.88), 0.0, fog=2.6, fog_tone=(0.83, 0.85, 0.86)),
        Mode("night", "dim", (0.015, 0.025, 0.085), (0.06, 0.085, 0.19), (0.06, 0.07, 0.13), 3,
             (0.17, 0.20, 0.36), 0.0, fog=0.05, fog_tone=(0.05, 0.06, 0.13), lamps=1.0, stars=True),
        Mode("rain", "dim", (0.36, 0.41, 0.48), (0.56, 0.61, 0.66), (0.32, 0.35, 0.41), 8,
             (0.55, 0.60, 0.66), 0.0, fog=0.55, fog_tone=(0.54, 0.58, 0.62), lamps=0.2, wet=True),
        Mode("snow", "bright", (0.40, 0.58, 0.86), (0.84, 0.89, 0.97), (0.95, 0.96, 0.99), 5,
             (0.86, 0.92, 1.02), 0.0, fog=0.12, fog_tone=(0.84, 0.89, 0.97), snow=True),
    )
}  # fmt: skip


def paint(
    layers: Layers, mode: Mode, ground: float, rng: np.random.Generator, *, real: bool
) -> Floats:
    """The picture under a mode.

    Parameters ---------- layers: what was drawn. ground: the row (0..239) where wheels and feet
    touch the ground; a wet road mirrors what is above it. real: with texture, soft edges of light
    and variation from picture to picture.

    Returns float32 (240, 320, 3), 0..1, and above 1 where a lamp shines into the camera.
    """
    vary = (
        (lambda spread: float(rng.uniform(1 - spread, 1 + spread)))
        if real
        else (lambda spread: 1.0)
    )
    sky = _sky(layers, mode, rng, real=real)
    albedo = layers.albedo
    if real:
        albedo = albedo * (1 + 0.09 * (_texture(rng) - 0.5)[..., None])
        albedo = albedo * (1 + 0.22 * (_drift(rng) - 0.5)[..., None])
    shadow = _blur(layers.shadow, 1.8) if real else layers.shadow
    lit = 1 - shadow * (mode.sun if mode.sun > 0 else 0.3)
    light = _tone(mode.tint) * vary(0.08) * lit[..., None]
    if mode.lamps > 0:
        light = light + _blur(layers.lamp, 7.0 if real else 4.0) * np.float32(
            0.85 * mode.lamps * vary(0.15)
        )
    picture = albedo * light
    picture += (sky - picture) * layers.sky[..., None]
    if mode.fog > 0:
        clear = np.exp(-mode.fog * vary(0.2) * layers.depth**1.4)[..., None]
        picture = picture * clear + _tone(mode.fog_tone) * (1 - clear)
    if mode.lamps > 0:
        strength = np.float32(min(1.0, mode.lamps * 1.6))
        picture += strength * (
            layers.glow * 0.95 + 0.7 * _blur(layers.glow, 2.5) + 1.1 * _blur(layers.glow, 9.0)
        )
    if mode.wet:
        picture = _mirror_in_road(picture, ground)
        picture = _overlay(picture, _rain(rng, real=real), (0.82, 0.86, 0.9), 0.42)
    if mode.snow:
        for size, count in ((0.9, 150), (1.7, 75), (3.0, 26)):
            picture = _overlay(
                picture,
                _flakes(rng, size, round(count * vary(0.3)), real=real),
                (1.0, 1.0, 1.0),
                0.92,
            )
    return picture.astype(np.float32, copy=False)


def _sky(layers: Layers, mode: Mode, rng: np.random.Generator, *, real: bool) -> Floats:
    """A gradient from zenith to horizon, stars, the sun's glow and clouds: (240, 320, 3)."""
    low, top = (_tone(tone) for tone in (mode.sky_low, mode.sky_top))
    height = np.clip(1 - np.arange(HEIGHT, dtype=np.float32) / 130, 0, 1)
    if not real:
        height = np.floor(height * 6) / 6
    gradient = (low + (top - low) * height[:, None])[:, None, :]
    sky = np.broadcast_to(gradient, (HEIGHT, WIDTH, 3)).copy()
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    if mode.stars:
        moon_x, moon_y = float(rng.uniform(30, 290)), float(rng.uniform(22, 55))
        for x, y, value in rng.uniform(0, 1, (70, 3)):
            sky[int(y * 110), int(x * (WIDTH - 1))] += 0.25 + 0.6 * value**2
        away = np.hypot(columns - moon_x, rows - moon_y)
        sky += (np.clip(14.5 - away, 0, 1) * 0.85 + 0.12 * np.exp(-away / 22))[..., None] * _tone(
            (1, 0.97, 0.86)
        )
    elif mode.sun > 0 and mode.sun_slant > 0.5:
        sun_x, sun_y = float(rng.uniform(40, 280)), float(rng.uniform(70, 105))
        away = np.hypot(columns - sun_x, rows - sun_y)
        sky += (np.clip(15 - away, 0, 1) * 0.35)[..., None] * _tone((1, 0.9, 0.6))
        if real:
            sky += (0.4 * np.exp(-away / 45))[..., None] * _tone((1.0, 0.72, 0.3))
    cover = _blur(layers.cloud, 3.5) if real else layers.cloud
    return (sky + (_tone(mode.cloud) - sky) * (cover * 0.8)[..., None]).astype(
        np.float32, copy=False
    )


def _tone(tone: Tone) -> Floats:
    return np.asarray(tone, dtype=np.float32)


def _mirror_in_road(picture: Floats, ground: float) -> Floats:
    """A wet road shows what stands on it upside down, blurred."""
    contact = int(ground)
    rows = np.arange(contact, HEIGHT)
    mirrored = _blur(picture[np.maximum(0, 2 * contact - rows - 1)], 1.6)
    fade = np.linspace(0.5, 0.3, rows.size, dtype=np.float32)[:, None, None]
    wet = picture.copy()
    wet[contact:] = wet[contact:] * (1 - fade) * 0.9 + mirrored * fade
    return wet


def _rain(rng: np.random.Generator, *, real: bool) -> Floats:
    """Slanted streaks: (240, 320) in 0..1."""
    image = Image.new("L", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(image)
    slant = float(rng.uniform(0.1, 0.3))
    for x, y, length in rng.uniform((0, -20, 7), (WIDTH + 40, HEIGHT, 17), (170, 3)):
        pen.line(
            [(x, y), (x - slant * length, y + length)], fill=int(rng.integers(110, 230)), width=1
        )
    cover = np.asarray(image, dtype=np.float32) / np.float32(255)
    return _blur(cover, 0.6) if real else cover


def _flakes(rng: np.random.Generator, size: float, count: int, *, real: bool) -> Floats:
    """Falling snow of one size: (240, 320) in 0..1."""
    image = Image.new("L", (WIDTH * 2, HEIGHT * 2))
    pen = ImageDraw.Draw(image)
    for x, y, scale in rng.uniform((0, 0, 0.7), (WIDTH * 2, HEIGHT * 2, 1.3), (count, 3)):
        radius = size * scale * 1.6
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    cover = np.asarray(image.reduce(2), dtype=np.float32) / np.float32(255)
    return _blur(cover, size * 0.35) if real else cover


def _overlay(picture: Floats, cover: Floats, tone: Tone, strength: float) -> Floats:
    share = (cover * np.float32(strength))[..., None]
    return picture * (1 - share) + _tone(tone) * share


def _blur(layer: Floats, radius: float) -> Floats:
    """Gaussian blur of a (h, w) or (h, w, 3) layer, in eight bits, at half size where the radius
    allows.
    """
    image = Image.fromarray(np.clip(layer * 255, 0, 255).astype(np.uint8))
    if radius >= 3:
        small = image.reduce(2).filter(ImageFilter.GaussianBlur(radius / 2))
        image = small.resize(image.size, Image.Resampling.BILINEAR)
    else:
        image = image.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, dtype=np.float32) * np.float32(1 / 255)


@lru_cache(maxsize=2)
def _noise(side: int, octaves: tuple[int, ...]) -> Floats:
    """A tile of smooth noise in 0..1, the same in every run: random grids of several sizes,
    stretched and added.
    """
    rng = np.random.default_rng(20240)
    total = np.zeros((side, side), dtype=np.float32)
    for cells in octaves:
        grid = Image.fromarray(rng.uniform(0, 255, (cells, cells)).astype(np.float32))
        total += np.asarray(grid.resize((side, side), Image.Resampling.BICUBIC)) / np.float32(
            255 * len(octaves)
        )
    low, high = np.quantile(total, [0.01, 0.99])
    return np.clip((total - low) / (high - low), 0, 1).astype(np.float32)


def _cut(tile: Floats, rng: np.random.Generator) -> Floats:
    top, left = int(rng.integers(tile.shape[0] - HEIGHT)), int(rng.integers(tile.shape[1] - WIDTH))
    return tile[top : top + HEIGHT, left : left + WIDTH]


def _texture(rng: np.random.Generator) -> Floats:
    """The grain of surfaces."""
    return _cut(_noise(640, (40, 110, 240, 640)), rng)


def _drift(rng: np.random.Generator) -> Floats:
    """Light that varies slowly over a picture."""
    return _cut(_noise(641, (4, 8)), rng)
