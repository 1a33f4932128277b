"""Concepts: lists as people write them, and scores that say which phrase fits a gap better."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.explain.concepts import (
    DEFAULT_CONCEPTS,
    TEMPLATES,
    concept_scores,
    parse_concepts,
    text_vectors,
    zero_shot,
)
from core.errors import InputError


def test_a_list_as_people_write_it():
    found = parse_concepts("# light\nat night\n\n   wet   road \nAt Night\n#rain\nfog\r\nfog\n")
    assert found.phrases == ("at night", "wet road", "fog")
    assert found.notes == (
        'Line 5 repeats line 2 ("At Night") and is left out.',
        'Line 8 repeats line 7 ("fog") and is left out.',
    )


def test_the_default_list_is_clean():
    found = parse_concepts("\n".join(DEFAULT_CONCEPTS))
    assert len(found.phrases) >= 30 and found.notes == ()
    assert {
        "at night",
        "rain",
        "wet road",
        "fog",
        "snow",
        "low sun",
        "motion blur",
        "partly hidden",
        "crowded",
        "close up",
    } <= set(found.phrases)


@pytest.mark.parametrize("text", ["", "\n \n\t\n", "# only a comment"])
def test_an_empty_list_says_what_to_write(text):
    with pytest.raises(InputError, match=r"no phrase.*one phrase a line"):
        parse_concepts(text)


def test_too_long_and_too_many_are_refused():
    with pytest.raises(InputError, match=r"Line 2 .* 120 characters"):
        parse_concepts("fog\n" + "x" * 120)
    with pytest.raises(InputError, match="201 phrases"):
        parse_concepts("\n".join(f"phrase {number}" for number in range(201)))


def test_templates_are_averaged():
    def encode(prompts):
        assert prompts[: len(TEMPLATES)] == [template.format("fog") for template in TEMPLATES]
        return np.random.default_rng(0).normal(size=(len(prompts), 8))

    raw = encode([template.format("fog") for template in TEMPLATES] + ["x"] * len(TEMPLATES))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    mean = unit[: len(TEMPLATES)].mean(0)
    found = text_vectors(["fog", "snow"], encode)
    assert found.shape == (2, 8)
    assert found[0] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_an_encoder_without_words_is_told_so():
    with pytest.raises(InputError, match=r"lite0 knows no words.*clip:"):
        text_vectors(["fog"], None, encoder="lite0")
    with pytest.raises(InputError, match="4 dimensions, text vectors 8"):
        concept_scores(np.ones((2, 4)), np.ones((1, 8)))


def test_zero_shot_is_the_softmax_of_cosines():
    images = np.array([[2.0, 0], [0, 3], [1, 1]])
    texts = np.array([[1.0, 0], [0, 1]])
    likeliest, confidence = zero_shot(images, texts, scale=10)
    assert likeliest.tolist()[:2] == [0, 1]
    assert confidence[0] == pytest.approx(1 / (1 + np.exp(-10)))
    assert confidence[2] == pytest.approx(0.5)
