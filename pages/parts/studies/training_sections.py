"""How training went: curves by epoch, what worse synthetic images cost, and the bias numbers."""

from __future__ import annotations

import streamlit as st

from core.contracts.study_rows import BiasRow, CurveRow, SummaryRow, TrialRow
from pages.parts.studies import figures, plan_preview, words
from pages.parts.studies.study_view import StudyView
from pages.parts.studies.words import BARE

CURVES = {"valid_worst": "Worst group", "valid_balanced": "Mean of groups", "loss": "Loss"}


def corruption(view: StudyView) -> None:
    """Worst-group accuracy as the synthetic images get worse (the paper's Table 4)."""
    rows = [row for row in view.rows(SummaryRow) if row.version_id == view.version_id]
    objective = words.choose_objective(rows, "study_corruption_objective")
    st.plotly_chart(
        figures.severity_lines([row for row in rows if row.objective == objective]),
        key="study_corruption",
        config=BARE,
    )
    st.caption(
        "Pixelated, out of focus and noisy at once; 0 is the synthetic images as they are. Real "
        "images are never corrupted."
    )


def curves(view: StudyView) -> None:
    """The epochs of one trial, one line a learning rate."""
    rows = view.own(view.rows(CurveRow))
    names = list(dict.fromkeys(row.trial for row in rows))
    left, right = st.columns([2, 1.4], vertical_alignment="bottom")
    trial = left.selectbox(
        "Trial",
        names,
        key=f"study_curves_trial-{view.record.id}-{view.version_id}-{view.severity}",
    )
    column = right.segmented_control(
        "Show",
        list(CURVES),
        default="valid_worst",
        required=True,
        key="study_curves_what",
        format_func=CURVES.__getitem__,
    )
    st.plotly_chart(
        figures.curves([row for row in rows if row.trial == trial], column or "valid_worst"),
        key="study_curves",
        config=BARE,
    )
    for row in view.rows(TrialRow):
        if row.trial == trial and row.lr is not None:
            first = f", {row.lr_stage1:g} in stage 1" if row.lr_stage1 is not None else ""
            st.caption(f"Kept: learning rate {row.lr:g}{first}, after {row.epochs} epochs.")


def bias(view: StudyView) -> None:
    """The bias numbers of every mixture's training set."""
    plan_preview.bias_table(words.of_version(view.rows(BiasRow), view.version_id))
    st.caption(
        "Mutual information of the class with the bias B alone, and with B together with "
        "real-or-synthetic (G), in bits."
    )
