"""The check: ten borderline groups for a quick yes or no, each with real images beside the nearest
synthetic ones. What the judgement says of a group is not shown, so that it does not lead the eye.
"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import PurePosixPath

import numpy as np
import streamlit as st

from core.workspace.marks import Question
from pages.parts.gaps.marks import PLAIN
from pages.parts.shared import detail, gallery, marks
from pages.parts.shared.plots import REAL
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape, number

EXAMPLES = 6  # pairs shown of each group


class Reply(StrEnum):
    """What a user answers."""

    YES = "Yes, covered"
    NO = "No, not covered"


def show(scene: Scene) -> None:
    """The questions, and what the answers say of the list."""
    marks.show_error()
    questions = scene.ws.marks.questions(scene.comparison, scene.version_id)
    if not questions:
        st.info(
            "There is no group to ask about: those that labels do not decide are marked, or "
            "clearly covered."
        )
        return
    answered = sum(question.answer is not None for question in questions)
    st.markdown(
        f"**Does version {escape(scene.version.version)} cover these groups?** Each real image "
        f"stands beside the nearest synthetic one. {answered} of {len(questions)} answered."
    )
    st.caption(
        f"{escape(PLAIN)} These are the groups the judgement is least sure of, so the list as a "
        "whole is likely better than what is measured here."
    )
    precision = marks.of(scene).precision
    if precision is not None:
        st.info(escape(precision.sentence), icon=":material/straighten:")
    opened = None
    for place, question in enumerate(questions, start=1):
        with st.container(border=True):
            opened = _question(scene, place, question) or opened
    asked = (question.paths for question in questions if opened in question.paths)
    detail.show_real(scene, opened, list(next(asked, ())))


def _question(scene: Scene, place: int, question: Question) -> str | None:
    """One group with its examples and the answer; the path of the image that was clicked."""
    group, answer = question.group, question.answer
    st.markdown(
        f"#### {place}. {escape(group.name or group.group_id)} "
        f":gray[· {number(group.size)} real images]"
    )
    paths = set(question.paths)
    rows = np.array([row for row, path in enumerate(scene.coverage.path) if path in paths], int)
    key = f"check_{scene.comparison.id}_{scene.version_id}_{group.group_id}"
    opened = gallery.grow(
        scene.ws, _spread(rows), partial(_pair, scene), key=f"{key}_pairs", step=EXAMPLES
    )
    st.session_state[key] = answer and (Reply.YES if answer.covered else Reply.NO)
    st.segmented_control(
        "Is this covered?",
        tuple(Reply),
        key=key,
        disabled=scene.ws.read_only,
        help=marks.READ_ONLY if scene.ws.read_only else "Press again to take it back.",
        on_change=partial(_put, scene, group.group_id, key),
    )
    if answer is not None:
        st.caption(f"{marks.answer_words(answer).capitalize()}.")
    return opened


def _pair(scene: Scene, row: int) -> gallery.Tile:
    """A real image beside the nearest synthetic one, without what the judgement says of it."""
    coverage, version = scene.coverage, scene.version
    return gallery.Tile(
        coverage.path[row],
        (
            gallery.Shown(coverage.content_id[row], "real", REAL),
            gallery.Shown(
                coverage.nearest_id[row],
                f"nearest in {version.version}",
                scene.points.colours[version.label],
            ),
        ),
        PurePosixPath(coverage.path[row]).name,
    )


def _put(scene: Scene, group_id: str, key: str) -> None:
    reply = st.session_state[key]
    covered = None if reply is None else reply == Reply.YES
    marks.attempt(
        lambda: scene.ws.marks.answer(scene.comparison, scene.version_id, group_id, covered)
    )


def _spread(rows: np.ndarray) -> list[int]:
    """Examples from the whole group, not only its most absent images."""
    if len(rows) <= EXAMPLES:
        return [int(row) for row in rows]
    places = np.linspace(0, len(rows) - 1, EXAMPLES).round().astype(int)
    return [int(row) for row in rows[places]]
