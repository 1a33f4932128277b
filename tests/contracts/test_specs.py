"""Specs: read from JSON or keyword arguments, checked by name and range, hashed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.contracts.compare_spec import CompareParameters, CompareSpec, SideSpec
from core.contracts.specs import fingerprint, from_json, parameters, to_json
from core.contracts.words import Framing, View
from core.contracts.work import EmbedSpec
from core.errors import InputError

SPEC = CompareSpec(
    "lite0", 0, SideSpec(1, None, "real", "abc"), (SideSpec(2, "1.0", "v00", "def"),)
)


def test_a_spec_survives_json() -> None:
    spec = replace(SPEC, parameters=CompareParameters(injected=4, concepts=("fog",)))
    assert from_json(CompareSpec, to_json(spec)) == spec


def test_an_unknown_parameter_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(InputError, match=r"no parameter 'injcted'.*Did you mean injected"):
        from_json(CompareParameters, {"injcted": 4})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"n_neighbors": 1}, "n_neighbors cannot be 1. It is at least 2"),
        ({"n_neighbors": 1000}, "at most 200"),
    ],
)
def test_a_value_out_of_range_is_refused(values: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        from_json(CompareParameters, values)


def test_a_choice_and_an_enumeration_are_held_to_their_values() -> None:
    with pytest.raises(InputError, match="precision cannot be 'f8'"):
        from_json(EmbedSpec, {"encoder": "lite0", "precision": "f8"})
    with pytest.raises(InputError, match="no view 'sideways'"):
        from_json(EmbedSpec, {"encoder": "lite0", "views": ["sideways"]})
    assert from_json(EmbedSpec, {"encoder": "lite0", "views": ["plain"]}).views == (View.PLAIN,)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(InputError, match="'encoder' is missing"):
        from_json(EmbedSpec, {})


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, seed=1),
        replace(SPEC, encoder="clip:ViT-B-32/openai"),
        replace(SPEC, parameters=CompareParameters(concepts=("fog",))),
        replace(SPEC, parameters=CompareParameters(reruns=3)),
        replace(SPEC, real=replace(SPEC.real, content="changed")),
        replace(SPEC, versions=(replace(SPEC.versions[0], version="1.1"),)),
        replace(SPEC, previous=3),
        replace(SPEC, views=(View.PLAIN,)),
        replace(SPEC, parameters=CompareParameters(framing=Framing.TILES_2X2)),
    ],
)
def test_whatever_can_change_the_result_changes_the_fingerprint(other: CompareSpec) -> None:
    """Concepts once stood outside: asking in other words gave the earlier answer."""
    assert fingerprint(other) != fingerprint(SPEC)


def test_where_weights_lie_and_what_else_is_hashed() -> None:
    assert fingerprint(replace(SPEC, weights="/elsewhere")) == fingerprint(SPEC)
    assert fingerprint(SPEC, 1, "weights") != fingerprint(SPEC, 2, "weights")


def test_every_parameter_has_a_sentence_for_the_screen() -> None:
    told = list(parameters(CompareParameters))
    assert len(told) == 10 and all(one.help.endswith(".") for one in told)
