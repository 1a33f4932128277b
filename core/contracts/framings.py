"""What a framing is made of: which stored views, and where in the frame each of its tiles lies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.contracts.words import Framing, View


@dataclass(frozen=True)
class Tile:
    """The part of a frame that a view shows, a cell of a grid: ``place`` counts by rows from the
    upper left. A grid of one cell is the whole frame.
    """

    columns: int = 1
    rows: int = 1
    place: int = 0

    @property
    def words(self) -> str:
        """Where in the frame it lies, in words: ``upper right``."""
        row, column = divmod(self.place, self.columns)
        across = ("left", "right") if self.columns == 2 else ("left", "middle", "right")
        return f"{('upper', 'lower')[row]} {across[column]}"


@dataclass(frozen=True)
class Shown:
    """What a view shows. ``tile`` None: the central square, the rest is cut off; ``simplified``:
    in few colours and without texture.
    """

    tile: Tile | None
    simplified: bool


_WHOLE = Tile()
_GRIDS = {Framing.TILES_2X2: (2, 2), Framing.TILES_3X2: (3, 2)}


def _tiles(columns: int, rows: int) -> dict[View, Shown]:
    return {
        View(f"tile-{columns}x{rows}-{place + 1}{end}"): Shown(
            Tile(columns, rows, place), bool(end)
        )
        for end in ("", "-simplified")
        for place in range(columns * rows)
    }


SHOWN: dict[View, Shown] = {
    View.PLAIN: Shown(None, False),
    View.SIMPLIFIED: Shown(None, True),
    View.WHOLE: Shown(_WHOLE, False),
    View.WHOLE_SIMPLIFIED: Shown(_WHOLE, True),
    **_tiles(2, 2),
    **_tiles(3, 2),
}
"""What each stored view shows of an image."""

_VIEWS: dict[Framing, tuple[View, ...]] = {
    Framing.CENTRE: (View.PLAIN, View.SIMPLIFIED),
    Framing.WHOLE: (View.WHOLE, View.WHOLE_SIMPLIFIED),
    **{framing: tuple(_tiles(*grid)) for framing, grid in _GRIDS.items()},
}


def views_of(framing: Framing, *, simplified: bool | None = None) -> tuple[View, ...]:
    """The stored views that a framing looks at, tiles in their order, plain ones first;
    ``simplified`` False or True: only the plain or only the simplified ones.
    """
    return tuple(view for view in _VIEWS[framing] if simplified in (None, SHOWN[view].simplified))


def places(framing: Framing) -> tuple[str, ...]:
    """Where each tile of a framing lies, in words; empty where it has no tiles."""
    shown = (SHOWN[view].tile for view in views_of(framing, simplified=False))
    return tuple(tile.words for tile in shown if tile) if framing in _GRIDS else ()


def framing_of(parameters: Mapping[str, Any]) -> Framing:
    """The framing that a comparison's recorded parameters name; ``centre`` where they were
    recorded before there was a choice.
    """
    return Framing(parameters.get("framing", Framing.CENTRE))
