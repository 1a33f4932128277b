"""Explanations: a gap with a known cause is named by it, and one without a cause says so."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.analysis.explain.attributes import ATTRIBUTES, photometric
from core.analysis.explain.gaps import GapEvidence, degree, explain_gap
from core.analysis.explain.tags import Tagged, tag_images

GAP, COVERED = np.arange(60), np.arange(60, 460)
NAMES = ("gazelle", "cheetah", "llama", "car", "bus")


def attributes(**shifts: float) -> dict[str, np.ndarray]:
    """Columns of noise; in the gap, the named ones are shifted by so many standard deviations."""
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(0.5, 0.1, 460) for name in ATTRIBUTES}
    for name, shift in shifts.items():
        columns[name][GAP] += 0.1 * shift
    return columns


def tagged(gap: list[list[int]], covered: list[int]) -> Tagged:
    classes = np.array(
        [*(gap[number % len(gap)] for number in range(60)), *(covered for _ in range(400))]
    )
    return Tagged(
        classes, np.full(classes.shape, 0.3, np.float32), NAMES, np.zeros((460, 0), np.float32), {}
    )


def test_a_missing_class_is_the_name():
    found = explain_gap(
        GAP,
        COVERED,
        classes=["giraffe"] * 58 + ["dog"] * 2 + ["dog"] * 397 + ["giraffe"] * 3,
        attributes=attributes(brightness=0.9),
        tagged=tagged([[0, 1], [0, 2]], [3, 4]),
    )
    assert found.name == "giraffe"
    assert "58 of 60 are class giraffe (of the covered images 3 of 400)" in found.reason
    assert "gazelle (100%), " in found.reason
    assert "clearly brighter (d = +" in found.reason and found.evidence.attributes[
        0
    ].d == pytest.approx(0.9, abs=0.3)


def test_a_class_that_is_covered_elsewhere_is_named_with_what_sets_it_apart():
    classes = ["dog"] * 60 + ["dog"] * 150 + ["cat"] * 250
    assert (
        explain_gap(GAP, COVERED, classes=classes, attributes=attributes(brightness=-1.5)).name
        == "dog, darker"
    )
    biases = ["night"] * 55 + ["day"] * 405
    found = explain_gap(GAP, COVERED, classes=classes, biases=biases)
    assert found.name == "dog, night"
    assert "55 of 60 have bias night" in found.reason


def test_two_classes_are_both_named():
    found = explain_gap(GAP, COVERED, classes=["tram"] * 35 + ["bus"] * 25 + ["car"] * 400)
    assert found.name == "tram and bus"


def test_without_labels_tags_are_a_likeness_not_a_claim():
    found = explain_gap(GAP, COVERED, tagged=tagged([[0, 1], [1, 2], [2, 0], [3, 4]], [3, 4]))
    assert set(found.name.removeprefix("like ").split(" / ")) == {"cheetah", "gazelle", "llama"}
    assert found.name.startswith("like ")
    assert found.evidence.labels == ()
    found = explain_gap(GAP, COVERED, tagged=tagged([[0, 1]], [3, 4]))
    assert found.name in ("gazelle", "cheetah")  # nearly all of them: a name


def test_concepts_name_what_labels_and_tags_do_not():
    rng = np.random.default_rng(1)
    scores = rng.normal(0.2, 0.02, (460, 2))
    scores[GAP, 1] += 0.04
    found = explain_gap(GAP, COVERED, concepts=(("fog", "at night"), scores))
    assert (
        found.name == "at night"
        and 'fits "at night" very clearly better (d = ' in found.reason.lower()
    )


def test_attributes_alone_still_name_it():
    found = explain_gap(GAP, COVERED, attributes=attributes(sharpness=-1.2, noise=0.7))
    assert found.name == "images that are less sharp"
    assert "less sharp (d = -" in found.reason and "noisier (d = +" in found.reason


def test_nothing_in_common_is_said():
    rng = np.random.default_rng(2)
    mistaken = 0
    for _ in range(20):
        columns = {name: rng.normal(size=460) for name in ATTRIBUTES}
        found = explain_gap(
            GAP, COVERED, attributes=columns, classes=rng.choice(["a", "b", "c"], 460).tolist()
        )
        mistaken += found.name != "nothing in common found"
    assert mistaken <= 1
    assert "look at them" in explain_gap(GAP, COVERED, attributes=attributes()).reason


@pytest.mark.parametrize(
    ("gap", "covered"), [(np.arange(3), COVERED), (GAP, np.arange(0)), (np.arange(0), np.arange(0))]
)
def test_few_images_are_not_compared(gap, covered):
    found = explain_gap(
        gap,
        covered,
        attributes=attributes(brightness=3),
        tagged=tagged([[0, 1]], [3, 4]),
        classes=["a"] * 460,
    )
    assert found.reason.startswith("Too few images") and found.evidence == GapEvidence()


def test_every_source_leaves_its_evidence():
    evidence = explain_gap(
        GAP,
        COVERED,
        classes=["giraffe"] * 60 + ["dog"] * 400,
        attributes=attributes(noise=1),
        tagged=tagged([[0, 1]], [3, 4]),
    ).evidence
    label = evidence.labels[0]
    assert (label.kind, label.name, label.share, label.covered) == ("class", "giraffe", 1, 0)
    assert evidence.attributes[0].words == "noisier"
    assert evidence.concepts == ()
    tag = evidence.tags[0]
    assert tag.share == 1 and tag.share_covered == 0 and 0 < tag.low < tag.lift


def test_giraffes_among_photographs_are_named_with_and_without_labels():
    """PACS photographs with giraffes as the gap: no ImageNet class is a giraffe."""
    data = (
        Path(os.environ.get("GAPSCOPE_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
        / "pacs"
        / "photo"
    )
    if not data.is_dir():
        pytest.skip("needs the PACS photographs (GAPSCOPE_TEST_DATA)")
    import torch

    from core.encoders import lite

    encoder = lite.load()
    files = [
        file
        for folder in sorted(data.iterdir())
        for file in sorted(folder.iterdir())[: 24 if folder.name == "giraffe" else 12]
    ]
    images = [Image.open(file).convert("RGB") for file in files]
    with torch.inference_mode():
        vectors = torch.cat(
            [
                encoder.encode(
                    torch.from_numpy(
                        np.stack([encoder.prepare(image) for image in images[start : start + 16]])
                    )
                )
                for start in range(0, len(images), 16)
            ]
        ).numpy()
    classes = np.array([file.parent.name for file in files])
    measured = [photometric(np.asarray(image)) for image in images]
    columns = {name: np.array([values[name] for values in measured]) for name in ATTRIBUTES}
    head = encoder.head()
    seen = tag_images(vectors, head.weight, head.bias, head.names)
    gap, covered = np.flatnonzero(classes == "giraffe"), np.flatnonzero(classes != "giraffe")

    labelled = explain_gap(gap, covered, tagged=seen, attributes=columns, classes=classes.tolist())
    assert labelled.name == "giraffe"
    unlabelled = explain_gap(gap, covered, tagged=seen, attributes=columns)
    assert unlabelled.name.startswith("animals like ")
    assert {"gazelle", "cheetah", "leopard", "llama", "zebra"} & {
        tag.name for tag in unlabelled.evidence.tags
    }


@pytest.mark.parametrize(
    ("d", "words"), [(0.5, "somewhat"), (-0.9, "clearly"), (1.2, "very clearly")]
)
def test_an_effect_is_told_in_a_word_with_its_size_behind(d: float, words: str) -> None:
    assert degree(d) == words
