"""What is behind a study's verdict: groups, confusion, synthetic test images, curves, features,
saliency, corruption.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core import Workspace
from core.contracts.study_rows import StudyRecord
from pages.parts.shared import gallery
from pages.parts.shared.style import escape, table
from pages.parts.studies import plots as study_plots
from pages.parts.studies import preview as study_preview
from pages.parts.studies import read

Section = Callable[[object, int], None]  # of a version and a severity
BARE = {"displayModeBar": False}
ACROSS = 3  # feature maps in a row


def sections(ws: Workspace, record: StudyRecord) -> dict[str, Section]:
    """The parts this study has something for, by title."""
    found: dict[str, Section] = {}
    have = partial(read.rows, ws, record)
    if have("groups"):
        found["Groups"] = partial(_groups, ws, record)
    if have("confusion"):
        found["Confusion"] = partial(_confusion, ws, record)
    if any(row["synthetic_worst_accuracy"] is not None for row in have("trials")):
        found["Synthetic test images"] = partial(_synthetic, ws, record)
    if have("embedding"):
        found["Learned features"] = partial(_features, ws, record)
    if have("saliency"):
        found["Saliency"] = partial(_saliency, ws, record)
    if len({row["severity"] for row in have("summary")}) > 1:
        found["Corruption"] = partial(_corruption, ws, record)
    if have("curves"):
        found["Curves"] = partial(_curves, ws, record)
    if have("bias"):
        found["Bias"] = partial(_bias, ws, record)
    return found


def _objective(found: read.Rows, key: str) -> str:
    names = read.objectives_of(found)
    if len(names) == 1:
        return names[0]
    return st.segmented_control(
        "Objective",
        names,
        default=names[0],
        format_func=read.objective,
        required=True,
        key=f"{key}-{'-'.join(names)}",
    )


def _mixture(found: read.Rows, key: str) -> str:
    names = read.mixtures_of(found)
    if len(names) == 1:
        return names[0]
    return st.segmented_control(
        "Mixture",
        names,
        default=names[-1],
        format_func=read.mixture,
        required=True,
        key=f"{key}-{'-'.join(names)}",
    )


def _groups(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """Accuracy of every group under every mixture, mean over seeds."""
    found = read.of_version(read.rows(ws, record, "groups"), version_id, severity)
    left, right = st.columns(2)
    with left:
        objective = _objective(found, "study_groups_objective")
    with right:
        domain = st.segmented_control(
            "Held-out images",
            ("real", "synthetic"),
            default="real",
            required=True,
            key="study_groups_domain",
        )
    mine = [row for row in found if row["objective"] == objective and row["domain"] == domain]
    if not mine:
        st.caption("There are no such images in the test part.")
        return
    mixtures = read.mixtures_of(mine)
    groups = list(dict.fromkeys(row["group"] for row in mine))
    cells: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in mine:
        cells[row["group"], row["mixture"]].append(row)
    values = np.full((len(groups), len(mixtures)), np.nan)
    hover = np.full(values.shape, "", dtype=object)
    for down, group in enumerate(groups):
        for across, mixture in enumerate(mixtures):
            rows = cells[group, mixture]
            if rows:
                values[down, across] = read.mean([row["accuracy"] for row in rows])
                seeds = ", ".join(
                    f"{100 * row['accuracy']:.1f} % ({100 * row['low']:.0f} to {100 * row['high']:.0f})"
                    for row in rows
                )
                hover[down, across] = (
                    f"{_plain(group)}, {read.mixture(mixture)}: {seeds} of {rows[0]['n']:,} images, one number a seed"
                )
    sizes = {row["group"]: row["n"] for row in mine}
    st.plotly_chart(
        study_plots.grid(
            values,
            [read.mixture(name) for name in mixtures],
            [f"{_plain(name)} ({sizes[name]:,})" for name in groups],
            hover,
        ),
        key="study_groups",
        config=BARE,
    )
    st.caption(
        "Per cent of each group's test images taken for the right class, mean over seeds; behind each name, its test images."
    )


def _confusion(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """What the images of each group were taken for, under one mixture and objective."""
    found = read.of_version(read.rows(ws, record, "confusion"), version_id, severity)
    left, right = st.columns(2)
    with left:
        objective = _objective(found, "study_confusion_objective")
    mine = [row for row in found if row["objective"] == objective]
    with right:
        mixture = _mixture(mine, "study_confusion_mixture")
    mine = [row for row in mine if row["mixture"] == mixture]
    groups = sorted({(row["class"], row["bias"] or "") for row in mine})
    classes = sorted({row["class"] for row in mine} | {row["predicted"] for row in mine})
    counts = np.zeros((len(groups), len(classes)))
    for row in mine:
        counts[
            groups.index((row["class"], row["bias"] or "")), classes.index(row["predicted"])
        ] += row["n"]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [" · ".join(part for part in group if part) for group in groups]
    hover = np.array(
        [
            [
                f"{_plain(names[down])} taken for {_plain(classes[across])}: {counts[down, across]:,.0f} times over all seeds"
                for across in range(len(classes))
            ]
            for down in range(len(groups))
        ],
        dtype=object,
    )
    st.plotly_chart(
        study_plots.grid(
            np.where(counts > 0, shares, np.nan),
            [_plain(name) for name in classes],
            [_plain(name) for name in names],
            hover,
        ),
        key="study_confusion",
        config=BARE,
    )
    st.caption("Per cent of each group's real test images, by the class they were taken for.")


def _synthetic(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """Accuracy on held-out synthetic images, as in the paper's Table 3."""
    trials = [
        row
        for row in read.of_version(read.rows(ws, record, "trials"), version_id, severity)
        if row["synthetic_worst_accuracy"] is not None
    ]
    keys = [
        (objective, mixture)
        for objective in read.objectives_of(trials)
        for mixture in read.mixtures_of(trials)
    ]
    rows = []
    for objective, mixture in keys:
        mine = [row for row in trials if (row["objective"], row["mixture"]) == (objective, mixture)]
        if mine:
            rows.append(
                [
                    read.objective(objective),
                    read.mixture(mixture),
                    *(
                        read.spread(read.mean(values), read.deviation(values))
                        for values in (
                            [row[name] for row in mine]
                            for name in (
                                "synthetic_worst_accuracy",
                                "synthetic_balanced_accuracy",
                                "worst_accuracy",
                            )
                        )
                    ),
                ]
            )
    names = (
        "Objective",
        "Mixture",
        "Synthetic: worst accuracy",
        "Synthetic: balanced accuracy",
        "Real: worst accuracy",
    )
    table({name: [row[index] for row in rows] for index, name in enumerate(names)})
    st.caption(
        "A model that is right on synthetic images and wrong on real ones has learned the renderer's look (the paper's Table 3)."
    )


def _features(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """Learned features of real and synthetic test images, one map a mixture."""
    found = read.of_version(read.rows(ws, record, "embedding"), version_id)
    mixtures = read.mixtures_of(found)
    by_class = st.toggle("Colour by class", key="study_features_class")
    st.caption(
        "Real test images are dots, synthetic ones crosses. Mixing 1: a neighbour is as likely from the other side as chance would "
        "have it; 0: real and synthetic images lie apart."
    )
    across = 4 if len(mixtures) in (4, 7, 8) else ACROSS
    places = [place for _ in range(-(-len(mixtures) // across)) for place in st.columns(across)]
    for mixture, place in zip(mixtures, places, strict=False):
        points = [row for row in found if row["mixture"] == mixture]
        score = points[0]["mixing"]
        with place:
            told = "" if score is None else f" :gray[· mixing {score:.2f}]"
            st.markdown(f"**{escape(read.mixture(mixture))}**{told}")
            st.plotly_chart(
                study_plots.features(points, by_class), key=f"study_features_{mixture}", config=BARE
            )


def _saliency(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """RISE maps of the chosen images, side by side for the mixtures."""
    found = read.of_version(read.rows(ws, record, "saliency"), version_id)
    images = list(dict.fromkeys((row["row"], row["path"], row["class"]) for row in found))
    contents = _contents(ws, record)
    shared = st.toggle(
        "One scale for all maps of an image",
        key="study_saliency_shared",
        help="On: how sure each model is can be compared, and a flat map stays flat. Off: each map shows its own structure.",
    )
    for number, path, label in images:
        mine = {row["mixture"]: row for row in found if row["row"] == number}
        mixtures = read.mixtures_of(list(mine.values()))
        places = st.columns([1] * (len(mixtures) + 1))
        content = contents.get(path)
        with places[0]:
            st.markdown(f"**{escape(label)}** :gray[{escape(path.rsplit('/', 1)[-1])}]")
            picture = (
                gallery.preview(ws, str(ws.path), content)
                if content
                else "This image is no longer in the workspace."
            )
            if isinstance(picture, bytes):
                st.image(picture, width="stretch")
            else:
                st.caption(escape(picture))
        rows = mine.values()
        for mixture, place in zip(mixtures, places[1:], strict=True):
            row = mine[mixture]
            low, high = (
                (min(min(one["map"]) for one in rows), max(max(one["map"]) for one in rows))
                if shared
                else (min(row["map"]), max(row["map"]))
            )
            with place:
                right = "✓" if row["predicted"] == label else "✗"
                st.markdown(
                    f"**{escape(read.mixture(mixture))}** :gray[{right} {escape(row['predicted'])}]"
                )
                st.plotly_chart(
                    _map_figure(
                        np.array(row["map"]).reshape(row["height"], row["width"]), low, high
                    ),
                    key=f"study_saliency_{number}_{mixture}",
                    config=BARE,
                )
    st.caption(
        "Bright: on what the score of the image's own class rests (RISE); behind each mixture, the class it took the image for."
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def _paths(_ws: Workspace, path: str, real_id: int, scanned: str) -> dict[str, str]:
    images = _ws.datasets.images(_ws.datasets.get(real_id))
    return dict(
        zip(images.column("path").to_pylist(), images.column("content_id").to_pylist(), strict=True)
    )


def _contents(ws: Workspace, record: StudyRecord) -> dict[str, str]:
    """Content ids of the real images by path."""
    real = next((dataset for dataset in ws.datasets.list() if dataset.id == record.real_id), None)
    return {} if real is None else _paths(ws, str(ws.path), real.id, str(real.scanned_at))


def _map_figure(values: np.ndarray, low: float, high: float) -> go.Figure:
    figure = go.Figure(
        go.Heatmap(
            z=values,
            zmin=low,
            zmax=max(high, low + 1e-9),
            colorscale="Cividis",
            showscale=False,
            hovertemplate="%{z:.2f}<extra></extra>",
        )
    )
    figure.update_layout(height=190, margin={"l": 0, "r": 0, "t": 0, "b": 0})
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", scaleanchor="x", constrain="domain")
    return figure


def _corruption(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """Worst accuracy as the synthetic images get worse (the paper's Table 4)."""
    found = [
        row for row in read.rows(ws, record, "summary") if read.same(row["version_id"], version_id)
    ]
    objective = _objective(found, "study_corruption_objective")
    st.plotly_chart(
        study_plots.severity_lines([row for row in found if row["objective"] == objective]),
        key="study_corruption",
        config=BARE,
    )
    st.caption(
        "Pixelated, out of focus and noisy at once; 0 is the synthetic images as they are. Real images are never corrupted."
    )


def _curves(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """The epochs of one trial, one line a learning rate."""
    found = read.of_version(read.rows(ws, record, "curves"), version_id, severity)
    names = list(dict.fromkeys(row["trial"] for row in found))
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    trial = left.selectbox(
        "Trial", names, key=f"study_curves_trial-{record.id}-{version_id}-{severity}"
    )
    what = right.segmented_control(
        "Show",
        ("valid_worst", "valid_balanced", "loss"),
        default="valid_worst",
        required=True,
        key="study_curves_what",
        format_func=lambda one: {
            "valid_worst": "Worst",
            "valid_balanced": "Balanced",
            "loss": "Loss",
        }[one],
    )
    st.plotly_chart(
        study_plots.curves([row for row in found if row["trial"] == trial], what),
        key="study_curves",
        config=BARE,
    )
    record_of = next(
        (row for row in read.rows(ws, record, "trials") if row["trial"] == trial), None
    )
    if record_of is not None and record_of["lr"] is not None:
        first = (
            f", {record_of['lr_stage1']:g} in stage 1" if record_of["lr_stage1"] is not None else ""
        )
        st.caption(
            f"Kept: learning rate {record_of['lr']:g}{first}, after {record_of['epochs']} epochs."
        )


def _bias(ws: Workspace, record: StudyRecord, version_id: object, severity: int) -> None:
    """The bias numbers of every mixture's training set."""
    study_preview.bias_table(read.of_version(read.rows(ws, record, "bias"), version_id))
    st.caption(
        "Mutual information of the class with the bias B alone, and with B together with real-or-synthetic (G), in bits."
    )


def _plain(name: str | None) -> str:
    """A name inside a figure, where ``<`` would begin a tag."""
    return str(name).replace("&", "&amp;").replace("<", "&lt;")
