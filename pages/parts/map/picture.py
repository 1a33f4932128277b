"""What the map shows of a comparison, made ready for the browser. Coordinates are kept from run to
run; the rest is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts.map import component, labels
from pages.parts.map.choices import COLOURINGS, SPACES, Choices, MapSpace, Whose
from pages.parts.map.colouring import Colouring
from pages.parts.map.component import Drawing
from pages.parts.map.media import MediaFile
from pages.parts.map.selected import Ground, Selected
from pages.parts.shared import cards
from pages.parts.shared.read import Key, Points, Scene


@dataclass(frozen=True, eq=False)
class Picture:
    """A scene under some choices. ``passing``: bool (n,), what the filters leave; ``hidden``: what
    the legend leaves out of that, by label.
    """

    scene: Scene
    choices: Choices
    passing: np.ndarray
    colours: Colouring
    hidden: tuple[str, ...]

    @property
    def space(self) -> MapSpace:
        """The map that is chosen."""
        return SPACES[self.choices.space]

    @property
    def shown(self) -> np.ndarray:
        """Which points can be seen; bool (n,)."""
        return self.passing & self.colours.left_in(self.hidden)

    @property
    def view(self) -> str:
        """What the points' places depend on, as a name."""
        alone = self.scene.version_id if self.space.whose == Whose.VERSION else ""
        return f"{self.scene.key} {self.choices.space} {alone}"

    @property
    def ground(self) -> Ground:
        """What gestures on it are made on."""
        flat, deep = places(self.scene, self.space)
        return Ground(self.scene.key, flat, deep, self.shown)

    def drawing(self, selected: Selected) -> Drawing:
        """All that the component needs, for a map that fills the window."""
        scene, shown, columns = self.scene, self.shown, self.space.deep
        chosen = np.zeros(len(shown), bool)
        chosen[selected.rows] = True
        deep = columns is not None and scene.points.known(columns[0])
        return Drawing(
            view=self.view,
            title=f"Map of {scene.comparison.record.name}, {self.choices.space.lower()}, by "
            f"{COLOURINGS[self.choices.colouring].lower()}",
            flat=_coordinates(scene.points, scene.key, self.space.flat),
            deep=_coordinates(scene.points, scene.key, columns) if deep and columns else None,
            real=scene.points.real,
            absent=scene.on_points.absent,
            shown=shown,
            selected=chosen,
            colours=self.colours,
            by=self.choices.colouring,
            hidden=self.hidden,
            labels=labels.of(scene, self.choices.space),
            serial=selected.serial,
            cards=cards.address(scene),
            share=1,
        )


def places(scene: Scene, space: MapSpace) -> tuple[np.ndarray, np.ndarray | None]:
    """Coordinates (n, 2) and (n, 3) as the browser has them: float32, NaN where there is none."""
    flat = _places(scene.points, scene.key, space.flat)
    if space.deep is None or not scene.points.known(space.deep[0]):
        return flat, None
    return flat, _places(scene.points, scene.key, space.deep)


@st.cache_resource(show_spinner=False, max_entries=12)
def _places(_points: Points, key: Key, columns: Sequence[str]) -> np.ndarray:
    return _points.place(columns).astype(np.float32)


@st.cache_resource(show_spinner=False, max_entries=12)
def _coordinates(_points: Points, key: Key, columns: Sequence[str]) -> MediaFile:
    return component.coordinates(_places(_points, key, columns))
