"""The readings of the Gaps page, each drawn as what it is: the judgement group by group, what lies
outside the maps' synthetic clusters, the ranking, single images, surplus renders.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.contracts.words import Tier
from pages.parts.gaps import cards, marks, surplus
from pages.parts.gaps.cards import Group
from pages.parts.gaps.gap_list import Choices, Listing, rows_of
from pages.parts.shared import detail
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

RANKED = 24  # pairs of a list of single images shown at first
FIRST = (Tier.ABSENT, Tier.THIN)  # tiers of which the judgement's first groups are


def show(scene: Scene, choices: Choices) -> None:
    """Draw the reading that was chosen, and the image that was clicked."""
    if choices.listing == Listing.SURPLUS:
        surplus.show(scene)
        return
    rows = rows_of(scene, choices)
    if choices.listing == Listing.JUDGEMENT:
        opened = _judgement(scene, cards.groups(scene, rows, choices.order), choices)
    elif not len(rows):
        st.info(_nothing(choices), icon=":material/info:")
        return
    elif choices.listing == Listing.OUTSIDE:
        opened = cards.show(scene, cards.groups(scene, rows, choices.order), "outside")
    else:
        opened = cards.pairs(scene, rows, choices.listing.name.lower(), RANKED)
    if opened is not None:
        detail.show_real(scene, opened, _list_of(scene, rows, opened, choices))


def _list_of(scene: Scene, rows: np.ndarray, path: str, choices: Choices) -> list[str]:
    """The paths of the list that an image was clicked in: its group's, where they are in groups."""
    paths, groups = scene.coverage.path[rows], scene.coverage.group_id[rows]
    if choices.listing in (Listing.JUDGEMENT, Listing.OUTSIDE):
        paths = paths[np.isin(groups, groups[paths == path])]
    return paths.tolist()


def by_tier(scene: Scene, groups: list[Group]) -> tuple[list[Group], list[Group], list[Group]]:
    """Absent groups and after them thin ones; those of which it cannot be told; covered ones: as
    the engineer's marks have it, where they are respected.
    """
    tiers = {group.gap.group_id: marks.tier(scene, group.gap) for group in groups}
    first = [group for tier in FIRST for group in groups if tiers[group.gap.group_id] == tier]
    unknown, covered = (
        [group for group in groups if tiers[group.gap.group_id] == tier]
        for tier in (Tier.CANNOT_TELL, Tier.COVERED)
    )
    return first, unknown, covered


def _judgement(scene: Scene, groups: list[Group], choices: Choices) -> str | None:
    first, unknown, covered = by_tier(scene, groups)
    name = escape(scene.version.version)
    if not first:
        of = " with these classes" if choices.classes else ""
        words = f"No group{of} is said to be absent from {name}."
        if unknown or (scene.summary is not None and not scene.summary.judged):
            st.info(words, icon=":material/help:")
        else:
            st.success(words, icon=":material/check_circle:")
    opened = cards.show(scene, first, "first")
    if unknown:
        st.markdown(f"##### Cannot tell :gray[· {len(unknown):,} groups]")
        opened = cards.show(scene, unknown, "unknown") or opened
    if covered:
        words = f"Show the {len(covered):,} covered groups"
        if st.toggle(words, key="gaps_covered", persist_state="session"):
            opened = cards.show(scene, covered, "covered") or opened
    return opened


def _nothing(choices: Choices) -> str:
    if choices.listing == Listing.SINGLES:
        return (
            "No single real image stands out: none is both far from the other real images and "
            "farther from every synthetic image than a covered image ever is."
        )
    if choices.listing == Listing.OUTSIDE:
        return "Every real image is in a cluster that holds synthetic images of this version."
    return "No real image of these classes."
