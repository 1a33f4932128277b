"""What a study would do, before anything is trained: groups, synthetic images used, bias numbers,
problems.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.contracts.study import MIXTURE_SENTENCES
from core.contracts.study_rows import BiasRow
from core.workspace.studies import MixtureCounts, StudyPlan
from pages.parts.shared import errors, style
from pages.parts.shared.style import escape, figure, html, number, percent
from pages.parts.studies import words

TALL = 24  # groups before the table gets a scroll bar
RED = "color:var(--gs-bad);font-weight:600"


def draw(plan: StudyPlan, versions: Mapping[int, str]) -> None:
    """Draw the plan. ``versions``: labels by version id."""
    for problem in plan.problems:
        (st.error if problem.fatal else st.warning)(
            errors.sentence(problem.what, problem.remedy),
            icon=":material/error:" if problem.fatal else ":material/info:",
        )
    _numbers(plan)
    if plan.excluded:
        st.caption(
            "Left out of worst-group accuracy, since no real test image has them: "
            f"{escape(', '.join(plan.excluded))}."
        )
    version_id = next(iter(versions), None)
    if len(versions) > 1:
        version_id = st.segmented_control(
            "What the mixtures would use of",
            list(versions),
            format_func=lambda one: versions.get(one, ""),
            default=version_id,
            required=True,
            key="study_uses",
        )
    _mixtures(plan, version_id)
    with st.expander("Group by group, and what the bias tells", icon=":material/table:"):
        _groups(plan, version_id)
        _bias(plan, version_id)


def mixture_sentence(row: MixtureCounts) -> str:
    """What a mixture does, in counts; and how many synthetic images it lacks."""
    sentence = MIXTURE_SENTENCES[row.mixture].format(
        real=number(row.n_real), synthetic=number(row.n_synthetic)
    )
    if row.shortfall > 0:
        sentence += f" {number(row.wanted)} were wanted: there are {number(row.shortfall)} too few."
    return sentence


def bias_table(rows: Sequence[BiasRow]) -> None:
    """Bias numbers by mixture and stage, with their sentence."""

    def bits(value: float | None) -> str:
        return "–" if value is None else f"{value:.2f}"

    style.table(
        {
            "Mixture": [words.mixture(row.mixture) for row in rows],
            "Stage": [row.stage for row in rows],
            "Images": [number(row.images) for row in rows],
            "Bits by B": [bits(row.by_bias) for row in rows],
            "Bits by (B, G)": [bits(row.by_bias_domain) for row in rows],
            "Share of the class": [_share(row) for row in rows],
            "In words": [row.sentence for row in rows],
        }
    )


def _share(row: BiasRow) -> str:
    """How much of the class the bias and the domain tell together."""
    if not row.entropy or row.by_bias_domain is None:
        return "–"
    return percent(row.by_bias_domain / row.entropy)


def _numbers(plan: StudyPlan) -> None:
    known = [row for row in plan.groups if row.exists]
    empty = sum(row.empty for row in known)
    small = "gs-small"
    style.figures(
        figure("groups (class and bias)", number(len(known)), "", small),
        figure(
            "bias ratio",
            f"{100 * plan.bias_ratio:.1f} %",
            "in the largest bias of their class",
            small,
        ),
        figure(
            "synthetic images for every mixture",
            number(plan.budget) if plan.budget else "–",
            "",
            small,
        ),
        figure(
            "groups without a real training image",
            number(empty),
            "",
            f"{small} gs-gap" if empty else small,
        ),
        figure("trials", number(plan.trials), "", small),
    )


def _groups(plan: StudyPlan, version_id: int | None) -> None:
    """One row a group: its real and synthetic images, and what each mixture would draw. Nothing
    there is red.
    """
    uses: dict[str, dict[tuple[str, str | None], int]] = {}
    for use in plan.uses:
        if use.version_id == version_id:
            uses.setdefault(use.mixture, {})[use.class_, use.bias] = use.synthetic
    heads = ["Class", "Bias", "Real: train", "valid", "test", "Synthetic: train", "test"]
    heads += [f"{words.mixture(name)} uses" for name in uses]
    known = [row for row in plan.groups if row.exists]
    cells = [f"<span class='gs-label'>{html(name)}</span>" for name in heads]
    for row in known:
        cells += [f"<span>{html(row.class_)}</span>", f"<span>{html(row.bias)}</span>"]
        cells += [_count(value) for value in (row.real_train, row.real_valid, row.real_test)]
        cells += [
            _count(value, always=plan.labels.synthetic_has_bias)
            for value in (row.synthetic_train, row.synthetic_test)
        ]
        for counts in uses.values():
            drawn = counts.get((row.class_, row.bias), counts.get((row.class_, None)))
            cells.append(f"<span>{number(drawn)}</span>")
    scroll = "max-height:34rem;overflow:auto;" if len(known) > TALL else "overflow-x:auto;"
    st.html(
        f"<div style='{scroll}'><div class='gs gs-table' "
        f"style='grid-template-columns:repeat({len(heads)},auto)'>{''.join(cells)}</div></div>"
    )
    if uses and not plan.labels.synthetic_has_bias:
        st.caption(
            "The synthetic images have no bias labels: what a mixture uses is said for the whole "
            "class, and the balance over bias values cannot be checked."
        )


def _count(value: int, *, always: bool = True) -> str:
    if value == 0 and always:
        return f"<span style='{RED}'>0</span>"
    return f"<span>{number(value)}</span>"


def _mixtures(plan: StudyPlan, version_id: int | None) -> None:
    """One sentence for each mixture, with the counts of the user's own images."""
    lines = [
        f"- **{words.mixture(row.mixture)}** {escape(mixture_sentence(row))}"
        for row in words.of_version(plan.mixtures, version_id)
    ]
    if lines:
        st.markdown("\n".join(lines))


def _bias(plan: StudyPlan, version_id: int | None) -> None:
    rows = words.of_version(plan.bias, version_id)
    if not rows:
        return
    st.markdown(
        "**What the bias tells about the class**, in each training stage",
        help="Mutual information in bits. USB and ASB trade bias to B for bias to (B, G): a model "
        "can still learn the bias where it can tell real images from synthetic ones. FFR keeps "
        "the two apart.",
    )
    bias_table(rows)
