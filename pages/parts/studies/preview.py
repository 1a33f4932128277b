"""What a study would do, before anything is trained: groups, synthetic images used, bias numbers,
problems.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.contracts.study import StudySpec as StudyParameters
from core.finetune.plan import StudyPlan as Plan
from pages.parts.shared import errors, style
from pages.parts.shared.style import escape, figure, html, number, percent
from pages.parts.studies import read as study_read

TALL = 24  # groups before the table gets a scroll bar
RED = "color:var(--gs-bad);font-weight:600"


def draw(plan: Plan, asked: StudyParameters, versions: Mapping[str, str]) -> None:
    """Draw the plan. ``versions``: labels by version id."""
    for problem in plan.problems:
        (st.error if problem.fatal else st.warning)(
            errors.sentence(problem.what, problem.remedy),
            icon=":material/error:" if problem.fatal else ":material/info:",
        )
    rows = [vars(row) for row in plan.groups]
    known = [row for row in rows if row["exists"]]
    empty = sum(row["empty"] for row in known)
    style.figures(
        figure("groups (class and bias)", number(len(known)), "", "gs-small"),
        figure(
            "bias ratio",
            f"{100 * plan.bias_ratio:.1f} %",
            "in the largest bias of their class",
            "gs-small",
        ),
        figure(
            "synthetic images for every mixture",
            number(plan.budget) if plan.budget else "–",
            "",
            "gs-small",
        ),
        figure(
            "groups without a real training image",
            number(empty),
            "",
            "gs-small gs-gap" if empty else "gs-small",
        ),
        figure("trials", number(plan.trials), "", "gs-small"),
    )
    if plan.excluded:
        st.caption(
            f"Left out of worst accuracy, since no real test image has them: {escape(', '.join(plan.excluded))}."
        )
    version_id = None
    if len(versions) > 1:
        version_id = st.segmented_control(
            "What the mixtures would use of",
            list(versions),
            format_func=lambda one: versions.get(one, ""),
            default=next(iter(versions)),
            required=True,
            key="study_uses",
        )
    elif versions:
        version_id = next(iter(versions))
    _groups(plan, known, version_id)
    _mixtures(plan, version_id)
    _bias(plan, version_id)


def _groups(plan: Plan, known: list[dict[str, Any]], version_id: str | None) -> None:
    """One row a group: its real and synthetic images, and what each mixture would draw. Nothing
    there is red.
    """
    used: dict[str, dict[tuple[str, str | None], int]] = {}
    for row in map(vars, plan.uses):
        if study_read.same(row["version_id"], version_id):
            used.setdefault(row["mixture"], {})[row["class_"], row["bias"]] = row["synthetic"]
    heads = [
        "Class",
        "Bias",
        "Real: train",
        "valid",
        "test",
        "Synthetic: train",
        "test",
        *(f"{study_read.mixture(name)} uses" for name in used),
    ]
    cells = [f"<span class='gs-label'>{html(name)}</span>" for name in heads]
    for row in known:
        cells += [f"<span>{html(row['class_'])}</span>", f"<span>{html(row['bias'])}</span>"]
        cells += [_count(row[name]) for name in ("real_train", "real_valid", "real_test")]
        cells += [
            _count(row[name], always=plan.labels.synthetic_has_bias)
            for name in ("synthetic_train", "synthetic_test")
        ]
        for counts in used.values():
            drawn = counts.get((row["class_"], row["bias"]), counts.get((row["class_"], None)))
            cells.append(f"<span>{number(drawn)}</span>")
    tall = "max-height:34rem;overflow:auto;" if len(known) > TALL else "overflow-x:auto;"
    st.html(
        f"<div style='{tall}'><div class='gs gs-table' style='grid-template-columns:repeat({len(heads)},auto)'>{''.join(cells)}</div></div>"
    )
    if used and not plan.labels.synthetic_has_bias:
        st.caption(
            "The synthetic images have no bias labels: what a mixture uses is said for the whole class, and the balance "
            "over bias values cannot be checked."
        )


def _count(value: int, *, always: bool = True) -> str:
    if value == 0 and always:
        return f"<span style='{RED}'>0</span>"
    return f"<span>{number(value)}</span>"


def _mixtures(plan: Plan, version_id: str | None) -> None:
    rows = [
        row
        for row in map(vars, plan.mixtures)
        if row["version_id"] is None or study_read.same(row["version_id"], version_id)
    ]
    if not rows:
        return
    st.markdown("**Images in training**")
    style.table(
        {
            "Mixture": [study_read.mixture(row["mixture"]) for row in rows],
            "Real": [number(row["n_real"]) for row in rows],
            "Synthetic": [number(row["n_synthetic"]) for row in rows],
            "Wanted": [number(row["wanted"]) for row in rows],
            "Too few by": [
                number(row["shortfall"]) if row["shortfall"] > 0 else "" for row in rows
            ],
        }
    )


def _bias(plan: Plan, version_id: str | None) -> None:
    rows = [
        row
        for row in map(vars, plan.bias)
        if row["version_id"] is None or study_read.same(row["version_id"], version_id)
    ]
    if not rows:
        return
    st.markdown(
        "**What the bias tells about the class**, in each training stage",
        help="Mutual information in bits. USB and ASB trade bias to B for bias to (B, G): a model can still learn the bias "
        "where it can tell real images from synthetic ones. FFR keeps the two apart.",
    )
    bias_table(rows)


def bias_table(rows: list[dict[str, Any]]) -> None:
    """Bias numbers by mixture and stage, with their sentence."""

    def bits(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    style.table(
        {
            "Mixture": [study_read.mixture(row["mixture"]) for row in rows],
            "Stage": [row["stage"] for row in rows],
            "Images": [number(row["images"]) for row in rows],
            "Bits by B": [bits(row["by_bias"]) for row in rows],
            "Bits by (B, G)": [bits(row["by_bias_domain"]) for row in rows],
            "Share of the class": [
                percent(row["by_bias_domain"] / row["entropy"]) if row["entropy"] else "–"
                for row in rows
            ],
            "In words": [row["sentence"] for row in rows],
        }
    )
