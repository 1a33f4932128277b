"""Hands the map's JavaScript to the browser: plain modules, served as they lie in ``js/``.

A message carries a loader of a few lines only. The modules are media files; since a media file's
name is made from its content, each ``import … from "./name.js"`` is pointed at the name the module
got. The browser keeps them, and its tools show them file by file.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from pages.parts.map.media import SCRIPT, MediaFile, address, media_file

FOLDER = Path(__file__).parent / "js"
ENTRY = "component.js"
LOADER = "loader.js"
STYLE = "map.css"

_IMPORT = re.compile(r'(from\s+")\./([\w.]+)(")')


def text(name: str) -> str:
    """One file of the folder."""
    return (FOLDER / name).read_text("utf-8")


def entry_address() -> str:
    """The path of the first module; all that it imports are there for the browser, too."""
    paths = [address(file) for file in linked()]
    return paths[-1]


@cache
def linked() -> tuple[MediaFile, ...]:
    """Every module that the first one needs, itself last, with imports that lead to one another."""
    made: dict[str, MediaFile] = {}

    def link(name: str) -> str:
        if name not in made:
            source = _IMPORT.sub(
                lambda found: f"{found[1]}./{link(found[2])}{found[3]}", text(name)
            )
            made[name] = media_file(source.encode(), SCRIPT)
        return address(made[name]).rsplit("/", 1)[1]

    link(ENTRY)
    return tuple(made.values())
