"""The parameters of a study as widgets: help, range and choices come from its spec; presets fill
them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import streamlit as st

from core import Workspace
from core.contracts.specs import Parameter
from core.contracts.specs import parameters as declared
from core.contracts.study import (
    LEARNING_RATES,
    MIXTURE_NAMES,
    OBJECTIVE_NAMES,
    PRESETS,
    StudySpec,
    Trainable,
    preset,
    study_spec,
)
from core.errors import GapscopeError, InputError
from pages.parts.shared import encoder_choice, errors, style

KEY = "study_of_"  # before a parameter's name: its widget's key
DEFAULT = "The paper's four, on fixed features"
PRESET_NAMES = {
    DEFAULT: "",
    "Quick look": "quick",
    "The paper's, ResNet-50": "paper-resnet50",
    "The paper's, ViT-B/32": "paper-vit-b32",
}
NAMES = {
    "trainable": "Trained",
    "select": "Selected by",
    "freeze_batchnorm": "Freeze batch norm",
    "groupdro_step": "GroupDRO step",
    "dfr_refits": "DFR refits",
    "dfr_strengths": "DFR strengths",
    "hidden": "Hidden width",
    "split": "Split of real images",
    "synthetic_split": "Split of synthetic images",
    "split_seed": "Seed of the splits",
    "budget_seconds": "Time budget, s",
    "severities": "Corruption severities",
    "feature_map": "Feature maps",
    "saliency_masks": "Masks for each saliency map",
}  # where a name with spaces for underscores does not say it
MAIN = ("seeds", "learning_rates", "epochs", "select", "budget_seconds")
OWN_PLACE = ("mixtures", "objectives", "trainable", "backbone")
NOT_ASKED = ("device", "weights", "saliency")  # the workspace's, and chosen with pictures
SEVERITIES = tuple(range(6))
CHOICE_NAMES: dict[str, str] = {
    **MIXTURE_NAMES,
    **OBJECTIVE_NAMES,
    Trainable.HEAD: "head",
    Trainable.STAGE: "last stage",
    Trainable.ALL: "everything",
    "worst": "worst group",
    "balanced": "mean of groups",
}
PARAMETERS: dict[str, Parameter] = {one.name: one for one in declared(StudySpec)}


def parameters(ws: Workspace) -> tuple[StudySpec | None, bool]:
    """Draw the parameters; what they say (None where they cannot be used, and why is shown), and
    whether a download is allowed.
    """
    for name, value in asdict(StudySpec()).items():
        if name in PARAMETERS:
            st.session_state.setdefault(KEY + name, _shown(name, value))
    st.pills(
        "Start from",
        [name for name, key in PRESET_NAMES.items() if not key or key in PRESETS],
        key="study_preset",
        on_change=_fill,
        persist_state="session",
        help="Fills in everything below. Change what you like afterwards.",
    )
    _widget("mixtures")
    _backbone(ws)
    allow = _download(ws, st.session_state[KEY + "backbone"])
    rest = [name for name in PARAMETERS if name not in (*MAIN, *OWN_PLACE, *NOT_ASKED)]
    with st.expander("Everything else: objectives, seeds, training", icon=":material/tune:"):
        _widget("objectives")
        _widget("trainable")
        for names in (MAIN, *(rest[start : start + 4] for start in range(0, len(rest), 4))):
            places = st.columns(max(len(names), 4), vertical_alignment="bottom")
            for column, name in zip(places, names, strict=False):
                with column:
                    _widget(name)
    try:
        values = {name: _read(name) for name in PARAMETERS if name not in NOT_ASKED}
        return study_spec(values), allow
    except GapscopeError as error:
        errors.box(error)
        return None, allow


def use(values: Mapping[str, Any]) -> None:
    """Fill the form with a study's parameters. For callbacks: before the widgets are drawn."""
    for name, value in values.items():
        if name in PARAMETERS:
            st.session_state[KEY + name] = _shown(name, value)


def help_of(name: str) -> str:
    """A parameter's help text, safe as Markdown."""
    return style.escape(PARAMETERS[name].help)


def _fill() -> None:
    chosen = PRESET_NAMES.get(st.session_state.get("study_preset") or DEFAULT, "")
    use(asdict(preset(chosen) if chosen else StudySpec()))


def _widget(name: str) -> None:
    """One parameter; the kind of widget follows from its default, range and choices."""
    parameter = PARAMETERS[name]
    key, label, help_text = KEY + name, _label(name), help_of(name)
    several = isinstance(parameter.default, tuple)
    if name == "severities" or (parameter.choices and several):
        st.pills(
            label,
            list(parameter.choices or SEVERITIES),
            selection_mode="multi",
            format_func=_choice,
            key=key,
            help=help_text,
            persist_state="session",
        )
    elif parameter.choices:
        st.segmented_control(
            label,
            list(parameter.choices),
            format_func=_choice,
            required=True,
            key=key,
            help=help_text,
            persist_state="session",
        )
    elif isinstance(parameter.default, bool):
        st.toggle(label, key=key, help=help_text, persist_state="session")
    elif isinstance(parameter.default, int):
        low = 0 if parameter.low is None else int(parameter.low)
        st.number_input(
            label, step=1, min_value=low, key=key, help=help_text, persist_state="session"
        )
    else:
        st.text_input(
            label,
            key=key,
            help=help_text,
            placeholder=_placeholder(name),
            persist_state="session",
        )


def _label(name: str) -> str:
    words = NAMES.get(name, name.replace("_", " "))
    return words[:1].upper() + words[1:]


def _choice(value: object) -> str:
    words = CHOICE_NAMES.get(str(value), str(value))
    return words[:1].upper() + words[1:]


def _placeholder(name: str) -> str:
    if name != "learning_rates":
        return ""
    return ", ".join(f"{rate:g}" for rate in LEARNING_RATES[st.session_state[KEY + "trainable"]])


def _shown(name: str, value: Any) -> Any:
    """A parameter's value as its widget holds it: lists for pills, text for other tuples and for
    fractions.
    """
    if PARAMETERS[name].choices or name == "severities":
        return list(value) if isinstance(value, (list, tuple)) else value
    if isinstance(value, (list, tuple)):
        return ", ".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else value


def _read(name: str) -> Any:
    """A widget's value as the parameter's. Raises :class:`InputError` for what is no number."""
    value, default = st.session_state[KEY + name], PARAMETERS[name].default
    if not isinstance(value, str) or isinstance(default, str):
        return value
    whole = isinstance(default, tuple) and bool(default) and isinstance(default[0], int)
    try:
        numbers = [int(part) if whole else float(part) for part in value.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(
            f"{_label(name)}: {value!r} is not a list of {'whole ' if whole else ''}numbers",
            f"Write for example {_shown(name, default) or '0.001, 0.01'}.",
        ) from error
    if isinstance(default, tuple):
        return numbers
    return numbers[0] if numbers else default


def _backbone(ws: Workspace) -> None:
    infos = {info.id: info for info in ws.encoders()}
    ids = encoder_choice.ready_first(infos)
    chosen = st.session_state[KEY + "backbone"]
    if chosen not in infos:
        ids.append(chosen)
    st.selectbox(
        _label("backbone"),
        ids,
        format_func=lambda one: encoder_choice.name(one, infos.get(one)),
        key=KEY + "backbone",
        accept_new_options=True,
        persist_state="session",
        help=f"{help_of('backbone')} {encoder_choice.ANY}",
    )


def _download(ws: Workspace, encoder: str) -> bool:
    """Whether the user allows a download of the backbone's weights; says what is needed where they
    are not here.
    """
    info = encoder_choice.info(ws, encoder)
    return info is not None and encoder_choice.download(info, key="study_download")
