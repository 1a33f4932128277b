"""The parameters of a study as widgets: names, help and choices come from the dataclass; presets
fill them in.
"""

from __future__ import annotations

from dataclasses import Field, asdict, fields
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.study import (
    LEARNING_RATES,
    MIXTURE_NAMES,
    OBJECTIVE_NAMES,
    PRESETS,
    preset,
)
from core.contracts.study import StudySpec as StudyParameters
from core.contracts.study import study_spec as from_spec
from core.errors import GapscopeError, InputError
from pages.parts.shared import errors, style

KEY = "study_of_"  # before a field's name: its widget's key
DEFAULT = "The paper's four, on fixed features"
PRESET_NAMES = {
    DEFAULT: "",
    "Quick look": "quick",
    "The paper's, ResNet-50": "paper-resnet50",
    "The paper's, ViT-B/32": "paper-vit-b32",
}
NAMES = {
    "mixtures": "Mixtures",
    "objectives": "Objectives",
    "trainable": "Trained",
    "backbone": "Backbone",
    "seeds": "Seeds",
    "learning_rates": "Learning rates",
    "epochs": "Epochs",
    "patience": "Patience",
    "batch_size": "Batch size",
    "weight_decay": "Weight decay",
    "hidden": "Hidden width",
    "select": "Selected by",
    "freeze_batchnorm": "Freeze batch norm",
    "groupdro_step": "GroupDRO step",
    "dfr_refits": "DFR refits",
    "dfr_strengths": "DFR strengths",
    "synthetic_budget": "Synthetic budget",
    "split": "Split of real images",
    "synthetic_split": "Split of synthetic images",
    "split_seed": "Seed of the splits",
    "budget_seconds": "Time budget, s",
    "resolution": "Resolution",
    "severities": "Corruption severities",
    "feature_map": "Feature maps",
    "saliency_masks": "Masks for each saliency map",
}
MAIN = ("seeds", "learning_rates", "epochs", "select", "budget_seconds")
ELSEWHERE = ("device", "weights", "saliency", "mixtures", "objectives", "trainable", "backbone")
CHOICE_NAMES = {
    **MIXTURE_NAMES,
    **OBJECTIVE_NAMES,
    "head": "head",
    "stage": "last stage",
    "all": "everything",
    "worst": "worst",
    "balanced": "balanced",
    "none": "None",
}
FIELDS: dict[str, Field[Any]] = {item.name: item for item in fields(StudyParameters)}


def parameters(ws: Workspace) -> tuple[StudyParameters | None, bool]:
    """Draw the parameters; what they say (None where they cannot be used, and why is shown), and
    whether a download is allowed.
    """
    for name, value in asdict(StudyParameters()).items():
        st.session_state.setdefault(KEY + name, _shown(name, value))
    known = {one: key for one, key in PRESET_NAMES.items() if not key or key in PRESETS}
    st.pills(
        "Start from",
        list(known),
        key="study_preset",
        on_change=_fill,
        persist_state="session",
        help="Fills in everything below. Change what you like afterwards.",
    )
    _widget("mixtures")
    _widget("objectives")
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        _widget("trainable")
    with right:
        _backbone(ws)
    allow = _readiness(ws, st.session_state[KEY + "backbone"])
    for column, name in zip(st.columns([1, 1.3, 1, 1.3, 1]), MAIN, strict=True):
        with column:
            _widget(name)
    rest = [name for name in FIELDS if name not in (*MAIN, *ELSEWHERE)]
    with st.expander("More parameters", type="compact"):
        for start in range(0, len(rest), 4):
            for column, name in zip(
                st.columns(4, vertical_alignment="bottom"), rest[start : start + 4], strict=False
            ):
                with column:
                    _widget(name)
    try:
        return from_spec(
            {name: _read(name) for name in FIELDS if name not in ("device", "weights", "saliency")}
        ), allow
    except GapscopeError as error:
        errors.box(error)
        return None, allow


def use(values: dict[str, Any]) -> None:
    """Fill the form with a study's parameters. For callbacks: before the widgets are drawn."""
    for name, value in values.items():
        if name in FIELDS:
            st.session_state[KEY + name] = _shown(name, value)


def _fill() -> None:
    chosen = PRESET_NAMES.get(st.session_state.get("study_preset") or DEFAULT, "")
    use(asdict(preset(chosen) if chosen else StudyParameters()))


def _widget(name: str) -> None:
    item = FIELDS[name]
    choices = item.metadata["choices"]
    told: dict[str, Any] = {
        "label": NAMES.get(name, name),
        "help": style.escape(item.metadata["help"]),
        "key": KEY + name,
        "persist_state": "session",
    }
    if name == "severities":
        st.pills(**told, options=list(range(6)), selection_mode="multi")
    elif choices and isinstance(item.default, tuple):
        st.pills(**told, options=list(choices), selection_mode="multi", format_func=_choice)
    elif choices:
        st.segmented_control(**told, options=list(choices), format_func=_choice, required=True)
    elif isinstance(item.default, bool):
        st.toggle(**told)
    elif isinstance(item.default, int):
        st.number_input(**told, step=1, min_value=0)
    else:
        st.text_input(**told, placeholder=_placeholder(name))


def _choice(value: str) -> str:
    told = CHOICE_NAMES.get(value, value)
    return told[:1].upper() + told[1:]


def _placeholder(name: str) -> str:
    if name != "learning_rates":
        return ""
    return ", ".join(f"{rate:g}" for rate in LEARNING_RATES[st.session_state[KEY + "trainable"]])


def _shown(name: str, value: Any) -> Any:
    """A parameter's value as its widget holds it: lists for pills, text for other tuples and for
    fractions.
    """
    if FIELDS[name].metadata["choices"] or name == "severities":
        return list(value) if isinstance(value, (list, tuple)) else value
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else value


def _read(name: str) -> Any:
    """A widget's value as the parameter's. Raises :class:`InputError` for text that is no number."""
    value, default = st.session_state[KEY + name], FIELDS[name].default
    if not isinstance(value, str) or isinstance(default, str):
        return value
    whole = name in ("seeds",)
    try:
        found = [int(part) if whole else float(part) for part in value.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(
            f"{NAMES[name]}: {value!r} is not a list of {'whole ' if whole else ''}numbers",
            f"Write for example {_shown(name, default) or '0.001, 0.01'}.",
        ) from error
    if isinstance(default, tuple):
        return found
    return found[0] if found else default


def _backbone(ws: Workspace) -> None:
    infos = {info.id: info for info in ws.encoders()}
    ids = sorted(infos, key=lambda one: not infos[one].ready)
    chosen = st.session_state[KEY + "backbone"]
    if chosen not in infos:
        ids.append(chosen)

    def name(encoder_id: str) -> str:
        info = infos.get(encoder_id)
        return (
            encoder_id
            if info is None
            else f"{encoder_id} · {info.title}{'' if info.ready else ' · not on this machine'}"
        )

    st.selectbox(
        NAMES["backbone"],
        ids,
        format_func=name,
        key=KEY + "backbone",
        accept_new_options=True,
        persist_state="session",
        help=style.escape(FIELDS["backbone"].metadata["help"]) + " Any `timm:` model can be typed.",
    )


def _readiness(ws: Workspace, encoder: str) -> bool:
    """Whether the user allows a download of the backbone's weights; says what is needed where they
    are not here.
    """
    info = next((info for info in ws.encoders() if info.id == encoder), None)
    if info is None or info.ready:
        return False
    size = f" ({info.size_mb:,.0f} MB, licence {info.licence})" if info.size_mb else ""
    st.markdown(
        f"**The weights of {style.escape(info.id)} are not on this machine**{style.escape(size)}. {style.escape(info.how)}"
    )
    return st.checkbox(
        "Download the weights now",
        key="study_download",
        help="The only thing here that calls the network.",
    )
