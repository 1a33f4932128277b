"""What a mixture would do is one sentence with the user's own counts."""

from __future__ import annotations

import pytest

from core.contracts.study import MIXTURES, Mixture
from core.workspace.studies import MixtureCounts
from pages.parts.studies.plan_preview import mixture_sentence


def counts(mixture: Mixture, *, synthetic: int = 600, wanted: int = 600) -> MixtureCounts:
    return MixtureCounts(mixture, 2, 1200, synthetic, wanted, wanted - synthetic, "")


@pytest.mark.parametrize("mixture", [one for one in MIXTURES if one != Mixture.NONE])
def test_every_mixture_is_told_in_one_sentence_with_its_counts(mixture: Mixture) -> None:
    sentence = mixture_sentence(counts(mixture))
    assert "600 synthetic" in sentence and sentence.count(".") == 1 and "{" not in sentence
    if mixture != Mixture.SYNTHETIC:
        assert "1,200 real images" in sentence


def test_real_images_alone_are_the_yardstick() -> None:
    sentence = mixture_sentence(counts(Mixture.NONE, synthetic=0, wanted=0))
    assert sentence.startswith("trains on your 1,200 real images alone")


def test_a_mixture_that_lacks_images_says_how_many() -> None:
    sentence = mixture_sentence(counts(Mixture.FFR, synthetic=400))
    assert sentence.endswith("600 were wanted: there are 200 too few.")
