"""The groups of real images on the Gaps page: a card for each, with its reason, its numbers, and
its images beside what is nearest to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import streamlit as st

from core.contracts.comparison import GroupRow
from core.contracts.judgement_words import is_gap
from core.contracts.words import DecidedBy, Tier
from pages.parts.gaps import tiers
from pages.parts.gaps.gap_list import Order
from pages.parts.shared import gallery, marks
from pages.parts.shared.plots import TIERS
from pages.parts.shared.read import Scene
from pages.parts.shared.style import figure, figures, number, percent

CARDS, PAIRS = 8, 8  # groups shown at first, and pairs in each


@dataclass(frozen=True, eq=False)
class Group:
    """A group of real images and those of its images that are listed, as rows of the coverage."""

    gap: GroupRow
    rows: np.ndarray


def show(scene: Scene, shown: list[Group], name: str) -> str | None:
    """A card for each group, of the list called ``name``; the path of the image that was
    clicked.
    """
    key = f"cards_{name}_{scene.version_id}"
    count = gallery.growing(key, len(shown), CARDS)
    opened = None
    for group in shown[:count]:
        with st.container(border=True):
            _describe(group)
            marks.group_choices(scene, group.gap.group_id)
            opened = pairs(scene, group.rows, f"gap_{group.gap.group_id}", PAIRS) or opened
    gallery.more(key, count, len(shown), CARDS)
    return opened


def groups(scene: Scene, rows: np.ndarray, order: Order) -> list[Group]:
    """The groups that the ``rows`` of the coverage belong to."""
    group_ids = scene.coverage.group_id[rows]
    made = [
        Group(gap, rows[group_ids == gap.group_id])
        for gap in scene.gaps
        if (group_ids == gap.group_id).any()
    ]
    if order == Order.SIZE:
        return sorted(made, key=lambda one: -len(one.rows))
    return made


def expected_words(gap: GroupRow) -> str:
    """``95 %: 0.0 to 3.8; expected 48.0``: the interval of the synthetic images in a group, and how
    many would be there if the version had the real images' shares.
    """
    parts = []
    if gap.low is not None and gap.high is not None:
        parts.append(f"95 %: {gap.low:.1f} to {gap.high:.1f}")
    if gap.expected is not None:
        parts.append(f"expected {gap.expected:.1f}")
    return "; ".join(parts)


def rendered_label(gap: GroupRow) -> str:
    """What the number of a group's synthetic images is: of an absent cluster they are only the
    nearest ones, not of its kind.
    """
    if gap.decided_by == DecidedBy.COUNTS:
        return "rendered"
    if gap.tier == Tier.ABSENT:
        return "synthetic images nearest to it, too far to show it"
    return "synthetic images look most like it"


def pairs(scene: Scene, rows: np.ndarray, key: str, step: int) -> str | None:
    """Real images, each beside the nearest synthetic one; the path of the one that was clicked."""
    key = f"{key}_{scene.comparison.id}_{scene.version_id}"
    return gallery.grow(scene.ws, rows.tolist(), partial(_pair, scene), key=key, step=step)


def _describe(group: Group) -> None:
    """A group's name, its tier with the reason, what it holds, and its numbers."""
    gap = group.gap
    tiers.heading(gap)
    parts = [
        figure(
            "real images in this group",
            number(gap.own),
            f"{number(gap.absent)} listed as absent" if gap.absent else "",
            "gs-small gs-gap" if is_gap(gap) else "gs-small",
        )
    ]
    if gap.rendered is not None:
        parts.append(
            figure(rendered_label(gap), number(gap.rendered), expected_words(gap), "gs-small")
        )
    if gap.probability is not None:
        parts.append(figure("probability absent", percent(gap.probability), "", "gs-small"))
    if gap.stability is not None:
        parts.append(figure("of re-runs say absent", percent(gap.stability), "", "gs-small"))
    if gap.score is not None:
        parts.append(figure("gap score", f"{gap.score:.2f}", "", "gs-small"))
    figures(*parts)


def _pair(scene: Scene, row: int) -> gallery.Tile:
    coverage, version = scene.coverage, scene.version
    colour = scene.points.colours[version.label]
    return gallery.Tile(
        coverage.path[row],
        (
            gallery.Shown(coverage.content_id[row], "real", TIERS[Tier(coverage.tier[row])]),
            gallery.Shown(coverage.nearest_id[row], f"nearest in {version.version}", colour),
        ),
        PurePosixPath(coverage.path[row]).name,
        f"rank {coverage.rank[row]:,} · gap score {coverage.score[row]:.2f} · "
        f"distance {coverage.distance[row]:.3f}{marks.note(scene, coverage.path[row])}",
    )
