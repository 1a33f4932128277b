"""Which comparison and which version a page looks at: chosen on one page, kept on the next."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from core.contracts.comparison import ComparisonRecord
from core.contracts.framings import framing_of
from core.contracts.words import JobKind, RecordStatus
from core.workspace import Comparison
from pages.parts.shared import address, changed
from pages.parts.shared.read import Scene
from pages.parts.shared.style import escape

COMPARISON = "comparison"  # session state: the comparison's id, also set by pages that link here
VERSION = "version"  # session state: the version's dataset id
LEVELLED = ("pyramid:", "fpn:")  # encoders that are levels of one another
SIDE_BY_SIDE = 6  # versions up to which each is a button; above, they are a list


def scene(ws: Workspace, label: str = "Version") -> Scene | None:
    """The comparison and the version to look at, with their pickers side by side; None, and a hint,
    where there is no comparison.
    """
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    with left:
        chosen = _picked(ws)
    if chosen is None:
        return None
    with right:
        looked_at = version(chosen, label)
    changed.notice(ws, chosen)
    return Scene(ws, chosen, looked_at)


def comparison(ws: Workspace) -> Comparison | None:
    """The comparison to look at, and whether its folders changed since; None, and a hint, where
    there is none.
    """
    chosen = _picked(ws)
    if chosen is not None:
        changed.notice(ws, chosen)
    return chosen


def version(chosen: Comparison, label: str = "Version") -> int:
    """The dataset id of the version to look at: the newest unless another was chosen."""
    names = {dataset.id: str(dataset.version) for dataset in chosen.versions}
    ids = list(names)
    address.keep("version", VERSION, {name: one for one, name in names.items()})
    wanted = st.session_state.get(VERSION)
    # Written at every run, before the picker is drawn: only then does a page's own picker show what
    # was chosen on another page.
    st.session_state[VERSION] = wanted if wanted in names else ids[-1]
    if len(ids) > SIDE_BY_SIDE:
        return st.selectbox(
            label,
            ids,
            format_func=lambda one: names.get(one, ""),
            key=VERSION,
            persist_state="session",
        )
    picked = st.segmented_control(
        label,
        ids,
        format_func=lambda one: names.get(one, ""),
        key=VERSION,
        persist_state="session",
        required=True,
    )
    return picked if picked is not None else ids[-1]


def _picked(ws: Workspace) -> Comparison | None:
    """The comparison to look at, with a picker where there are several; None, and a hint, where
    there is none.

    Comparisons of the same datasets under other levels of the same pyramid are one entry with a
    level picker.
    """
    records = [record for record in ws.comparisons.list() if record.status == RecordStatus.DONE]
    if not records:
        _nothing_yet(ws)
        return None
    if not address.keep("comparison", COMPARISON, {str(one.id): one.id for one in records}):
        st.caption(
            ":material/link_off: The comparison of this link is not in this workspace any more: "
            "another one is shown."
        )
    wanted = st.session_state.get(COMPARISON)
    chosen = next((record for record in records if record.id == wanted), records[0])
    st.session_state[COMPARISON] = chosen.id  # before the picker is drawn: it shows this
    families = _families(records)
    heads = [
        next((record for record in family if record.id == chosen.id), family[0])
        for family in families
    ]
    names = {
        record.id: _title(record, family) for record, family in zip(heads, families, strict=True)
    }
    if len(heads) > 1:
        picked = st.selectbox(
            "Comparison",
            list(names),
            format_func=lambda one: names.get(one, ""),
            key=COMPARISON,
            persist_state="session",
        )
        chosen = next(record for record in heads if record.id == picked)
    else:
        st.markdown(f"**{escape(chosen.name)}** :gray[· {escape(chosen.seen_by)}]")
    family = next(family for family in families if any(record.id == chosen.id for record in family))
    if len(family) > 1:
        _level(chosen, family)
    return ws.comparisons.get(chosen.id)


def _level(chosen: ComparisonRecord, family: list[ComparisonRecord]) -> None:
    """Pick another level of the same pyramid."""
    key = f"level_{family[0].id}"
    names = {record.id: record.encoder.split(":", 1)[1] for record in family}
    st.session_state[key] = chosen.id
    st.segmented_control(
        "Level of the encoder",
        list(names),
        format_func=lambda one: names.get(one, ""),
        required=True,
        key=key,
        on_change=lambda: st.session_state.update({COMPARISON: st.session_state[key]}),
        help="Early levels see texture and edges, late ones objects.",
    )


def _families(records: list[ComparisonRecord]) -> list[list[ComparisonRecord]]:
    """Comparisons by what they compare; only levels of one pyramid share a family. Newest family
    first.
    """
    families: dict[object, list[ComparisonRecord]] = {}
    for record in records:
        kind = next((prefix for prefix in LEVELLED if record.encoder.startswith(prefix)), None)
        key = (
            (kind, framing_of(record.parameters), record.real_id, tuple(record.version_ids))
            if kind
            else record.id
        )
        family = families.setdefault(key, [])
        if all(record.encoder != other.encoder for other in family):  # of one level, the newest
            family.append(record)
    return [sorted(family, key=lambda record: record.encoder) for family in families.values()]


def _title(record: ComparisonRecord, family: list[ComparisonRecord]) -> str:
    encoder = record.seen_by
    if len(family) > 1:  # any level: its name goes, a framing stays
        encoder = encoder.replace(record.encoder, record.encoder.split(":", 1)[0])
    when = f" · {record.finished_at:%d %b %Y %H:%M}" if record.finished_at else ""
    return f"{record.name} · {encoder}{when}"


def _nothing_yet(ws: Workspace) -> None:
    if any(job.kind == JobKind.COMPARE and job.active for job in ws.jobs.list()):
        st.info(
            "A comparison is being made. It appears here when it is done; the Jobs page shows how "
            "far it is.",
            icon=":material/hourglass_top:",
        )
    else:
        st.info(
            "There is no finished comparison yet. Add a real folder and a rendered one on the "
            "Datasets page and compare them, or open the sample project on the Home page.",
            icon=":material/lightbulb:",
        )
