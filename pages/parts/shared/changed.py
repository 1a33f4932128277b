"""That the folders of the comparison on screen changed since it was made: what did, and a button to
compare again.
"""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.words import JobKind
from core.workspace import Comparison
from pages.parts.shared import errors, joblist, navigation
from pages.parts.shared.read import comparison_key
from pages.parts.shared.style import ago, escape

SECONDS = 30  # for which an answer holds: a page is drawn again at every click


def notice(ws: Workspace, comparison: Comparison) -> None:
    """Say what changed; nothing where nothing did."""
    scans = tuple(str(dataset.scanned_at) for dataset in (comparison.real, *comparison.versions))
    told = _changes(ws, comparison, (*comparison_key(ws, comparison), *scans))
    if not told:
        return
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f":material/sync_problem: **The folders changed since this comparison was made "
            f"{ago(comparison.record.finished_at)}.** What is shown here is of the images as they "
            "were then."
        )
        st.caption(escape(". ".join(told)) + ".")
        if ws.read_only:
            return
        if any(job.kind == JobKind.COMPARE and job.active for job in ws.jobs.list()):
            st.caption("A comparison is being made: the Jobs page shows how far it is.")
        elif st.button("Compare again", icon=":material/replay:", key="compare_again"):
            with errors.shown():
                joblist.started(ws.comparisons.again(comparison.id).job_id)
                navigation.go("jobs")


@st.cache_data(show_spinner=False, ttl=SECONDS, max_entries=32)
def _changes(_ws: Workspace, _comparison: Comparison, key: tuple[str | int, ...]) -> list[str]:
    return [one.sentence for one in _ws.comparisons.changes(_comparison)]
