"""Classes that the user types: asking for them, what the names matched, and how far they can be
trusted.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.contracts.typed_classes import TypedAccuracyRow, TypedNameRow
from core.contracts.words import Domain, JobKind, JobStatus
from core.workspace.typed_classes import DomainAccuracy, SeparationAndError, ZeroShot
from pages.parts.shared import errors, joblist
from pages.parts.shared.read import Key, Scene
from pages.parts.shared.style import escape
from pages.parts.shared.works import Work, all_works

AUTO = "auto"
NAMES_HELP = (
    "One name a line. Say in other words what it shows behind an equals sign: "
    "horse = sorrel, zebra."
)
MATCHED = 4  # ImageNet classes of a name that are told
SIGNIFICANT = 0.05  # p-value from which a rank correlation is called one
SIDE = {Domain.REAL: "real", Domain.SYNTHETIC: "synthetic"}


def panel(scene: Scene) -> None:
    """The names, and what is known of their classes; nothing is read while it is closed."""
    box = st.expander("Classes by your own names", key="map_typed_panel", on_change="rerun")
    if not box.open:
        return
    with box:
        found = scene.ws.typed_classes.names(scene.comparison)
        if not scene.ws.read_only:
            _ask(scene, found)
        _running(scene)
        if found:
            _trust(_read(scene, scene.key), scene.version_id)


def _ask(scene: Scene, found: Sequence[TypedNameRow]) -> None:
    typed, comparison = scene.ws.typed_classes, scene.comparison
    lines = [_line(one) for one in found] or typed.known_names()
    text = st.text_area(
        "Class names",
        "\n".join(lines),
        key=f"map_typed_names_{comparison.id}",
        height=150,
        help=NAMES_HELP,
        placeholder="dog\nhorse = sorrel, zebra\ncar",
    )
    usable = typed.encoders(comparison)
    encoder = AUTO
    if len(usable) > 1:
        encoder = st.selectbox("By", usable, key=f"map_typed_encoder_{comparison.id}")
    pressed = st.button(
        "Find these classes",
        key="map_typed_start",
        icon=":material/category:",
        disabled=not usable,
    )
    if not usable:
        st.caption("No encoder that knows classes has seen these images: compare with lite0.")
    if pressed:
        with errors.shown():
            joblist.started(typed.submit(comparison, text.splitlines(), encoder=encoder))
            st.rerun()


def _line(name: TypedNameRow) -> str:
    """A name as it was typed."""
    spoken = " ".join(name.name.replace("_", " ").replace("-", " ").split())
    return name.name if name.words == (spoken,) else f"{name.name} = {', '.join(name.words)}"


def _running(scene: Scene) -> None:
    def works() -> list[Work]:
        return [
            work
            for work in all_works(scene.ws)
            if work.head.kind == JobKind.CLASSES
            and (work.active or work.head.id == joblist.last_started())
            and work.status != JobStatus.DONE
        ]

    def draw() -> None:
        for work in works():
            joblist.panel(scene.ws, work, key="typed")

    shown = works()
    if shown:
        active = any(work.active for work in shown)
        joblist.live(scene.ws, draw, active=active, key="typed_jobs")


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(_scene: Scene, key: Key) -> ZeroShot:
    return _scene.ws.typed_classes.read(_scene.comparison)


def _trust(found: ZeroShot, version_id: int) -> None:
    """What the names matched, how often the class is the label, and separation beside accuracy."""
    if found.unmatched:
        names = ", ".join(escape(name) for name in found.unmatched)
        st.warning(
            f"ImageNet has no class for: **{names}**. No image gets these names; say what they "
            "show in other words, or use a CLIP encoder.",
            icon=":material/search_off:",
        )
    st.caption(escape(by_what(found.names)))
    accuracy = found.by_domain(version_id)
    if accuracy:
        st.markdown("  \n".join(map(accuracy_sentence, accuracy)))
    rows = found.of(version_id)
    st.dataframe(
        [_cells(row, labelled=bool(accuracy)) for row in rows],
        hide_index=True,
        key="map_typed_table",
        column_config={
            name: st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="percent")
            for name in ("Real right", "Synthetic right")
        }
        | {
            "Separation": st.column_config.NumberColumn(
                format="%.2f",
                help="1: its real and synthetic images share no cluster of the map. 0: they mix "
                "fully.",
            )
        },
    )
    for one in found.separation_and_error(version_id):
        st.caption(separation_sentence(one))


def by_what(names: Sequence[TypedNameRow]) -> str:
    """Whose classes they are, and what each name matched."""
    encoder = names[0].encoder
    if names[0].matched is None:
        return (
            f"By {encoder}: the likeliest of these names. Its confidence is among these names only."
        )
    told = []
    for name in names:
        matched = name.matched or ()
        if matched:
            more = f" and {len(matched) - MATCHED} more" if len(matched) > MATCHED else ""
            told.append(f"{name.name} is {', '.join(matched[:MATCHED])}{more}")
    return (
        f"By the ImageNet classes of {encoder}: {'; '.join(told)}. Confidence is the probability "
        "of a name's classes together; below 10 % an image gets no name."
    )


def accuracy_sentence(one: DomainAccuracy) -> str:
    """How often the class is the label in one domain."""
    return (
        f"**{one.accuracy * 100:.0f} %** of {one.n:,} labelled {SIDE[one.domain]} images get their "
        f"label (95 % interval {one.low * 100:.0f} to {one.high * 100:.0f} %)."
    )


def separation_sentence(one: SeparationAndError) -> str:
    """Whether separation predicts error in one domain."""
    side = SIDE[one.domain]
    if one.rho is None or one.p is None:
        return (
            f"Whether separation predicts error of {side} images cannot be said from {one.n} "
            f"{'class' if one.n == 1 else 'classes'}: four that differ are needed."
        )
    if one.p >= SIGNIFICANT:
        says = f"Separation does not clearly predict error of {side} images"
    elif one.rho > 0:
        says = f"Classes more separate are more often wrong among {side} images"
    else:
        says = f"Classes more separate are less often wrong among {side} images"
    return f"{says}: rank correlation {one.rho:+.2f}, n = {one.n} classes, p = {one.p:.2g}."


def _cells(row: TypedAccuracyRow, *, labelled: bool) -> dict[str, str | float | int | None]:
    cells: dict[str, str | float | int | None] = {
        "Class": row.name,
        "Separation": row.separation,
        "Real": row.n_real,
        "Synthetic": row.n_synthetic,
    }
    if labelled:
        cells["Real right"] = _share(row.correct_real, row.labelled_real)
        cells["Synthetic right"] = _share(row.correct_synthetic, row.labelled_synthetic)
    return cells


def _share(count: int, total: int) -> float | None:
    return count / total if total else None
