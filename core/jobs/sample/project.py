"""The sample project: drawn street scenes in six kinds of light and weather, with a known answer.

**Its "real" images are drawn stand-ins, not photographs.** They are drawings of the same scenes as
the rendered ones, with texture, clutter, soft light and a simulated camera (framing, blur,
vignette, exposure, colour cast, noise, JPEG). The rendered ones are clean and flat. What the sample
is good for is that the answer is known:

======  ===============================  ===================  =============================
folder  modes                            absent in it         compared with the one before
======  ===============================  ===================  =============================
real    clear dusk fog night rain snow   –                    –
1.0     clear dusk fog rain              night, snow          –
1.1     clear dusk fog night rain        snow                 closes night, opens nothing
======  ===============================  ===================  =============================

Paths are ``{class}/{light}/{mode}-{number}``: the class is what stands in front (car, cyclist,
pedestrian, truck); the light is ``bright`` (clear, fog, snow) or ``dim`` (dusk, night, rain) and is
the *bias* of the fine-tune. In the real folder cars and pedestrians are mostly in bright light,
cyclists and trucks mostly in dim light; in the rendered ones every class has as many pictures in
every mode as the others. 1.1 repeats the pictures of 1.0 byte for byte.

Drawing uses Pillow and NumPy only; the same seed gives the same bytes.
"""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from core.errors import InputError, StorageFull
from core.jobs.sample import camera, scenes
from core.jobs.sample.objects import CLASSES
from core.jobs.sample.weather import MODES, paint

LABELS = "{class}/{bias}/*"
"""The path pattern that gives class and bias for all three folders."""
IMAGES_PER_MODE = 64
"""Real images of one mode."""
RENDERED_SHARE: dict[str, float] = {"bright": 9 / 8, "dim": 6 / 8}
"""Light → rendered images of a mode, for each real one. So 1.1, with two bright and three dim
modes, has as many images of each class in bright as in dim light, and just enough of them for the
fine-tune's mixtures.
"""
VERSIONS: dict[str, tuple[str, ...]] = {
    "1.0": ("clear", "dusk", "fog", "rain"),
    "1.1": ("clear", "dusk", "fog", "rain", "night"),
}
"""Version → the modes that it renders."""
FAVOURED: dict[str, str] = {
    "car": "bright",
    "cyclist": "dim",
    "pedestrian": "bright",
    "truck": "dim",
}
"""Class → the light in which most of its real images are."""
BIAS = 0.75
"""Share of the real images that show their class in its favoured light."""

_EDITION = 1
_RECORD = "sample.json"


@dataclass(frozen=True)
class SampleProject:
    """Where the sample project lies, and its known answer."""

    real: Path
    versions: dict[str, Path]
    """Version name → folder, in order."""
    labels: str
    """The path pattern for class and bias."""
    missing: dict[str, tuple[str, ...]]
    """Version name → the modes of the real images that it does not cover."""
    readme: Path


def write_sample(
    folder: Path,
    *,
    seed: int = 0,
    images_per_mode: int = IMAGES_PER_MODE,
    progress: Callable[[int, int], None] | None = None,
) -> SampleProject:
    """Write the sample project into a folder, and say what is in it.

    Images that are there already are kept, so a second call returns at once and an interrupted one
    is continued.

    Parameters ---------- folder: made where it does not exist; else empty, or holding the same
    sample. seed: another seed draws other pictures with the same answer. images_per_mode: real
    images of each of the six modes; a multiple of 16, so that all groups come out even. progress:
    called with (images there, images in all) as files are finished.

    Raises ------ InputError: the folder cannot be written, or holds something else;
    ``images_per_mode`` is no multiple of 16. StorageFull: the disk is full; what was written is
    kept.
    """
    if images_per_mode < 16 or images_per_mode % 16:
        raise InputError(
            f"A sample cannot have {images_per_mode} images per mode",
            "Ask for 16, 32, 48, 64 or so.",
        )
    folder = Path(folder)
    sample = SampleProject(
        real=folder / "real",
        versions={version: folder / "renders" / version for version in VERSIONS},
        labels=LABELS,
        missing={
            version: tuple(mode for mode in MODES if mode not in held)
            for version, held in VERSIONS.items()
        },
        readme=folder / "README.txt",
    )
    pictures = list(_plan(seed, images_per_mode))
    total = sum(len(picture.files) for picture in pictures)
    done = 0
    try:
        _claim(folder, {"edition": _EDITION, "seed": seed, "images_per_mode": images_per_mode})
        _write(sample.readme, _readme(images_per_mode).encode())
        with ThreadPoolExecutor(max(1, min(8, os.cpu_count() or 1))) as pool:
            for count in pool.map(lambda picture: _make(folder, picture), pictures):
                done += count
                if progress is not None:
                    progress(done, total)
    except OSError as error:
        raise _in_words(error, folder) from error
    return sample


def mode_of(path: str) -> str:
    """The mode of a sample image, from its path: ``car/dim/night-0003.jpg`` → ``night``."""
    return PurePosixPath(path).name.split("-")[0]


@dataclass(frozen=True)
class _Picture:
    """One picture to draw, and the files (relative to the sample's folder) that hold it."""

    kind: str
    mode: str
    real: bool
    random: tuple[int, ...]
    files: tuple[str, ...]


def _plan(seed: int, images_per_mode: int) -> Iterator[_Picture]:
    for number, mode in enumerate(MODES):
        light = MODES[mode].light
        for index, kind in enumerate(_biased(light, images_per_mode, number)):
            name = f"{kind}/{light}/{mode}-{index:04}"
            yield _Picture(kind, mode, True, (seed, 0, number, index), (f"real/{name}.jpg",))
        rendered = round(images_per_mode * RENDERED_SHARE[light])
        holders = [version for version, held in VERSIONS.items() if mode in held]
        for index in range(rendered if holders else 0):
            kind = list(CLASSES)[(index + number) % len(CLASSES)]
            name = f"{kind}/{light}/{mode}-{index:04}"
            files = tuple(f"renders/{version}/{name}.png" for version in holders)
            yield _Picture(kind, mode, False, (seed, 1, number, index), files)


def _biased(light: str, count: int, turn: int) -> list[str]:
    """The classes of ``count`` real images under a light: ``BIAS`` of them of the classes that this
    light favours.

    ``turn`` says which class gets the odd image, so that it is not always the same one.
    """
    favoured = [kind for kind in CLASSES if FAVOURED[kind] == light]
    others = [kind for kind in CLASSES if FAVOURED[kind] != light]
    rare = round(count * (1 - BIAS))
    common = [favoured[(turn + i) % len(favoured)] for i in range(count - rare)]
    return common + [others[(turn + i) % len(others)] for i in range(rare)]


def _make(folder: Path, picture: _Picture) -> int:
    """Draw a picture unless its files are there; the number of its files."""
    missing = [folder / name for name in picture.files if not (folder / name).exists()]
    if missing:
        data = _draw(picture)
        for file in missing:
            file.parent.mkdir(parents=True, exist_ok=True)
            _write(file, data)
    return len(picture.files)


def _draw(picture: _Picture) -> bytes:
    """An encoded picture: JPEG of a middling quality for a real one, PNG for a rendered one."""
    rng = np.random.default_rng(picture.random)
    mode = MODES[picture.mode]
    scene = scenes.draw(picture.kind, mode, rng, real=picture.real)
    painted = paint(scene.layers, mode, scene.ground, rng, real=picture.real)
    data = io.BytesIO()
    if picture.real:
        photo = camera.photograph(painted, rng, dim=mode.light == "dim")
        photo.save(data, "JPEG", quality=int(rng.integers(62, 90)))
    else:
        Image.fromarray((np.clip(painted, 0, 1) * 255 + 0.5).astype(np.uint8)).save(
            data, "PNG", compress_level=3
        )
    return data.getvalue()


def _claim(folder: Path, record: dict[str, int]) -> None:
    """Make the folder ours, or see that it is."""
    note = folder / _RECORD
    if note.is_file():
        if note.read_text(encoding="utf-8") != json.dumps(record):
            raise InputError(
                f"{folder} holds a sample that was drawn in another way",
                "Choose an empty folder, or delete that one first.",
            )
        return
    if folder.is_dir() and not all(
        entry.is_dir() for entry in folder.rglob("*")
    ):  # empty folders are no harm
        raise InputError(
            f"{folder} is not empty", "Choose an empty folder for the sample, or a new name."
        )
    folder.mkdir(parents=True, exist_ok=True)
    _write(note, json.dumps(record).encode())


def _write(file: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    partial = file.with_name(f".{file.name}.partial")
    partial.write_bytes(data)
    partial.replace(file)


def _in_words(error: OSError, folder: Path) -> InputError | StorageFull:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull(
            f"the disk is full while writing {folder}", "Free about 60 MB and try again."
        )
    reason = error.strerror or str(error)
    return InputError(
        f"{folder} cannot be written: {reason}", "Choose a folder that you may write to."
    )


def _readme(images_per_mode: int) -> str:
    bright, dim = (round(images_per_mode * share) for share in RENDERED_SHARE.values())
    return f"""Gapscope's sample project
=========================

The images in real/ are NOT photographs. \
They are drawn stand-ins for photographs, made by Gapscope, so that the answer is
known before you look. \
Whatever number you read here says something about Gapscope, nothing about a real renderer.

real/         {6 * images_per_mode} images: \
{images_per_mode} each of clear, dusk, fog, night, rain, snow; camera blur, noise, JPEG
renders/1.0/  {2 * bright + 2 * dim} images: \
{bright} each of clear and fog, {dim} each of dusk and rain; clean and flat
renders/1.1/  {2 * bright + 3 * dim} images: those of 1.0, and {dim} of night

The known answer
----------------
1.0 does not cover      the night and the snow images of real/
1.1 does not cover      the snow images of real/
from 1.0 to 1.1         closed: night. Still open: snow. New: none.

The kind of light and weather stands in each file's name (night-0003.jpg), \
so you can check the list by eye. Gapscope
does not look at names.

For the fine-tune
-----------------
Label pattern           {LABELS}
class                   car, cyclist, pedestrian, truck
bias                    bright (clear, fog, snow) or dim (dusk, night, rain)
In real/, {BIAS:.0%} of the images show cars and pedestrians in bright, \
cyclists and trucks in dim light: a model can cheat by
looking at the light. \
In both renders every class comes equally often in every kind of light. \
Use version 1.1, which has as
much bright as dim light.
"""
