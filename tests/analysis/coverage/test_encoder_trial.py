"""Encoder trials: an encoder that sees the kinds of things beats one that does not, on the same
gaps; two that see the same are not told apart.
"""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.coverage.encoder_trial import Sides, Trial, class_groups, try_encoders
from core.analysis.vectors.alignment import Views
from core.errors import InputError

KINDS, EACH, DIM = 8, 30, 24


def encoder(sees: float, seed: int = 0) -> Sides:
    """Vectors of eight kinds, so many standard deviations apart, under a shift of the renders."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(KINDS, DIM)) * sees
    look = rng.normal(size=DIM)

    def side(shift: np.ndarray | float) -> Views:
        kinds = np.repeat(np.arange(KINDS), EACH)
        vectors = centres[kinds] + rng.normal(size=(len(kinds), DIM)) + shift + 3
        return Views(vectors.astype(np.float32))

    return Sides(side(0.0), side(look))


CLASSES = [f"kind {number}" for number in np.repeat(np.arange(KINDS), EACH)]


@pytest.mark.parametrize("labelled", [True, False])
def test_the_encoder_that_sees_the_kinds_is_clearly_better(labelled: bool) -> None:
    names = CLASSES if labelled else [None] * len(CLASSES)
    (blind, sharp), by_class = try_encoders([encoder(0.25, 1), encoder(3.0, 2)], names)
    assert by_class == labelled
    assert sharp.auroc is not None and sharp.auroc > 0.99 and sharp.recovered >= 6
    assert sharp.clear and sharp.behind is None and not blind.clear
    assert sharp.groups == blind.groups >= sharp.gaps >= 4
    if blind.behind is not None:
        assert blind.behind_low > 0 and blind.auroc < 0.9


def test_two_that_see_the_same_are_not_told_apart_and_the_answer_is_the_same_twice() -> None:
    sides = [encoder(2.0, 3), encoder(2.0, 3)]
    found, _ = try_encoders(sides, CLASSES)
    again, _ = try_encoders(sides, CLASSES)
    assert found == again
    assert not any(trial.clear for trial in found)
    assert found[1].behind == 0 and found[0].auroc == found[1].auroc
    assert isinstance(found[0], Trial) and 0 <= found[0].low <= found[0].auroc <= found[0].high <= 1


def test_classes_are_the_groups_where_they_are_known_and_large_enough() -> None:
    groups = class_groups([*CLASSES[:120], "rare", *[None] * 5])
    assert groups is not None and np.bincount(groups).tolist() == [30, 30, 30, 30, 6]
    assert class_groups([*CLASSES[:120], *[None] * 20]) is None  # too many without
    assert class_groups(CLASSES[:90]) is None  # three gaps tell nothing
    assert class_groups(["one"] * 90) is None
    assert class_groups([None] * 90) is None


def test_one_group_is_refused_in_words() -> None:
    same = Sides(Views(np.ones((90, 4), np.float32)), Views(np.ones((90, 4), np.float32)))
    with pytest.raises(InputError, match=r"are one group.*Take more images"):
        try_encoders([same, same], [None] * 90)
