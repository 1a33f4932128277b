"""What the detail view looks at: a list of images, the place in it, and the neighbours that were
opened from there. Kept in the browser session while the dialog is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import streamlit as st

from core.contracts.search import FoundImage

_STATE = "detail_looking"  # session state


@dataclass(frozen=True)
class Looking:
    """``within``: the list that the dialog was opened from; ``at``: the place in it; ``trail``:
    the neighbours opened one from the other, the last one is shown; ``beside``: the image that is
    kept beside it.
    """

    within: Sequence[FoundImage]
    at: int
    trail: tuple[FoundImage, ...] = ()
    beside: FoundImage | None = None

    @property
    def shown(self) -> FoundImage:
        """The image that is looked at."""
        return self.trail[-1] if self.trail else self.within[self.at]

    @property
    def came_from(self) -> FoundImage | None:
        """Where "Back" leads; None where no neighbour was opened."""
        if not self.trail:
            return None
        return self.trail[-2] if len(self.trail) > 1 else self.within[self.at]

    @property
    def pictures(self) -> tuple[FoundImage, ...]:
        """What is drawn: the image, with the one that is kept beside it in front."""
        beside = self.beside
        if beside is None or beside.content_id == self.shown.content_id:
            return (self.shown,)
        return (beside, self.shown)

    def stepped(self, step: int) -> Looking:
        """The next (1) or previous (−1) image of the list, not beyond its ends."""
        at = min(len(self.within) - 1, max(0, self.at + step))
        return replace(self, at=at, trail=())

    def opened(self, image: FoundImage) -> Looking:
        """A neighbour of what is shown. One that is on the way back already: back to there."""
        contents = [one.content_id for one in (self.within[self.at], *self.trail)]
        if image.content_id in contents:
            return replace(self, trail=self.trail[: contents.index(image.content_id)])
        return replace(self, trail=(*self.trail, image))

    def back(self) -> Looking:
        """One neighbour back."""
        return replace(self, trail=self.trail[:-1])

    def kept_beside(self, image: FoundImage | None) -> Looking:
        """With another image kept beside it, or none."""
        return replace(self, beside=image)


def begin(within: Sequence[FoundImage], at: int) -> None:
    """Look at one image of a list. What was kept beside stays there."""
    before = now()
    st.session_state[_STATE] = Looking(within, at, beside=before.beside if before else None)


def now() -> Looking | None:
    """What this browser session looks at."""
    return st.session_state.get(_STATE)


def go(to: Looking) -> None:
    """Look at something else."""
    st.session_state[_STATE] = to


def file_name(image: FoundImage) -> str:
    """The name of an image's file, without its folders."""
    return PurePosixPath(image.path).name
