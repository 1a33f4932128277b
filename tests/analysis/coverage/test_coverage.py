"""Coverage on data with a known answer: injected gaps are listed, nothing is listed where nothing
is missing.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.analysis.coverage import confidence
from core.analysis.coverage.assess import assess
from core.analysis.coverage.clusters import grouped
from core.analysis.coverage.evidence import Neighborhoods, evidence, witnesses
from core.analysis.coverage.judgement import Assessment
from core.analysis.coverage.score import distance_ratio, neighborhoods
from core.analysis.vectors.alignment import Views, domain_aligned
from core.analysis.vectors.neighbors import unit
from core.contracts.compare_spec import CompareParameters
from core.contracts.words import Tier
from core.errors import InputError

KINDS = 6
QUICK = CompareParameters(reruns=0)


def _domain(kinds: list[int], each: int, look: float, seed: int) -> tuple[Views, np.ndarray]:
    """Images of several kinds in a look of its own: a shared place for each kind, a shift for the
    domain, noise.
    """
    places = np.random.default_rng(99).normal(size=(KINDS, 40)) * 2
    shift = np.random.default_rng(7).normal(size=40) * look
    rng = np.random.default_rng(seed)
    truth = np.repeat(kinds, each)
    plain = places[truth] + shift + rng.normal(size=(len(truth), 40))
    return Views(
        plain.astype(np.float32), (plain + 0.3 * rng.normal(size=plain.shape)).astype(np.float32)
    ), truth


@lru_cache
def _assessed(without: int) -> tuple[Assessment, np.ndarray]:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain([kind for kind in range(KINDS) if kind != without], 40, 5, 2)
    return assess(real, [synthetic], seed=0, parameters=QUICK), truth


def test_a_kind_that_is_not_rendered_is_listed_and_only_that() -> None:
    found, truth = _assessed(3)
    version = found.versions[0]
    assert np.array_equal(version.absent, truth == 3)
    assert roc_auc_score(truth == 3, version.score) > 0.99
    assert set(version.rank[truth == 3]) == set(range(1, 41))
    assert version.summary.absent == 40
    assert version.summary.absent_rate == 40 / 240
    # a q-value for what is said absent, none for what is not
    assert version.q[truth == 3].max() < 0.1 and np.isnan(version.q[truth != 3]).all()


def test_the_gap_stands_beside_its_numbers() -> None:
    found, _ = _assessed(3)
    gap = max(found.versions[0].clusters, key=lambda one: one.score)
    assert gap.size == gap.absent == 40
    assert (found.real_cluster == gap.cluster).sum() == 40
    assert gap.low <= gap.rendered <= gap.high < gap.expected * 1.5
    assert sum(one.rendered for one in found.versions[0].clusters) == 200


def test_nothing_is_listed_when_nothing_is_missing() -> None:
    version = _assessed(-1)[0].versions[0]
    assert not version.absent.any()
    assert version.summary.baseline_rate == 0
    assert version.summary.verdict == "All 6 groups of 240 real images are covered."
    assert version.summary.injected == version.summary.recovered == 6
    assert version.summary.judged and version.summary.false_alarm_share == 0


def test_the_domain_shift_alone_changes_nothing() -> None:
    real, _ = _domain(list(range(KINDS)), 30, 0, 1)
    near, far = (_domain([0, 1, 2, 4, 5], 30, look, 2)[0] for look in (0, 50))
    first, second = (assess(real, [side], parameters=QUICK).versions[0] for side in (near, far))
    assert np.array_equal(first.absent, second.absent)
    np.testing.assert_allclose(first.score, second.score, atol=0.05)


def test_the_same_seed_gives_the_same_bits() -> None:
    real, _ = _domain(list(range(KINDS)), 20, 0, 1)
    synthetic, _ = _domain([0, 1, 2], 20, 5, 2)
    first, second = (
        assess(real, [synthetic], seed=4, parameters=CompareParameters(reruns=2)).versions[0]
        for _ in range(2)
    )
    assert np.array_equal(first.score, second.score)
    assert first.clusters == second.clusters
    assert first.summary == second.summary


def test_a_version_is_judged_the_same_whatever_stands_beside_it() -> None:
    real, _ = _domain(list(range(KINDS)), 30, 0, 1)
    one, other = _domain([0, 1, 2, 4, 5], 30, 5, 2)[0], _domain([0, 1], 30, 50, 3)[0]
    alone, beside = (
        assess(real, versions, parameters=QUICK).versions[0] for versions in ([one], [one, other])
    )
    assert alone.clusters == beside.clusters and alone.summary == beside.summary
    assert np.array_equal(alone.score, beside.score)


def test_what_came_back_falls_in_the_ranking() -> None:
    real, truth = _domain(list(range(KINDS)), 30, 0, 1)
    before, after = _domain([0, 1, 2, 4], 30, 5, 2)[0], _domain([0, 1, 2, 3, 4], 30, 5, 3)[0]
    found = assess(real, [before, after], parameters=QUICK)
    fall = found.versions[0].score - found.versions[1].score
    assert roc_auc_score(truth == 3, fall) > 0.95
    assert found.versions[0].absent[truth == 3].all()
    assert not found.versions[1].absent[truth == 3].any()


def test_a_gap_is_found_again_in_reruns() -> None:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain([0, 1, 2, 4, 5], 40, 5, 2)
    found = assess(real, [synthetic], parameters=CompareParameters(reruns=4))
    stability = {one.cluster: one.stability for one in found.versions[0].clusters}
    home = int(np.bincount(found.real_cluster[truth == 3]).argmax())
    assert stability[home] >= 0.75
    assert max(value for cluster, value in stability.items() if cluster != home) <= 0.5


@pytest.mark.parametrize(("reals", "rendered"), [(1, 30), (2, 1), (12, 12), (60, 10), (15, 60)])
def test_small_sets_get_a_ranking_without_a_number_that_is_not_one(
    reals: int, rendered: int
) -> None:
    real, synthetic = (
        _domain(list(range(KINDS)), 10, 0, 1)[0],
        _domain(list(range(KINDS)), 10, 5, 2)[0],
    )
    version = assess(
        real.take(np.arange(reals)), [synthetic.take(np.arange(rendered))], parameters=QUICK
    ).versions[0]
    assert sorted(version.rank) == list(range(1, reals + 1))
    assert np.isfinite(version.score).all()
    assert version.nearest.shape == (reals, 5)
    assert version.nearest.max() < rendered


def test_one_group_cannot_be_judged() -> None:
    real, synthetic = _domain([0], 60, 0, 1)[0], _domain([0], 60, 5, 2)[0]
    version = assess(real, [synthetic], parameters=QUICK).versions[0]
    assert not version.absent.any() and not version.summary.judged
    assert {one.tier for one in version.clusters} == {Tier.CANNOT_TELL}
    assert version.summary.verdict.startswith("This version cannot be judged: the real images form")
    assert version.clusters[0].reason == version.summary.obstacle


def test_thirty_images_of_one_kind_cannot_be_judged() -> None:
    """They are no version of which anything could be covered: 0 % absent would be a lie."""
    real, _ = _domain(list(range(KINDS)), 40, 0, 1)
    version = assess(real, [_domain([2], 30, 5, 2)[0]], parameters=QUICK).versions[0]
    assert not version.summary.judged and set(version.tier) == {Tier.CANNOT_TELL}
    assert "30 synthetic images are too few for 6 groups" in version.summary.obstacle


def test_identical_vectors_on_either_side_give_finite_scores() -> None:
    real, _ = _domain(list(range(KINDS)), 10, 0, 1)
    same = Views(np.ones((20, 40), np.float32))
    for first, second in ((real, same), (same, real), (same, same)):
        version = assess(Views(first.plain), [Views(second.plain)], parameters=QUICK).versions[0]
        assert np.isfinite(version.score).all()
        assert not version.absent.all()


def test_vectors_that_are_not_numbers_and_empty_sides_are_refused() -> None:
    real, _ = _domain([0, 1], 10, 0, 1)
    broken = real.plain.copy()
    broken[3, 3] = np.nan
    with pytest.raises(InputError, match="synthetic images"):
        assess(real, [Views(broken)])
    with pytest.raises(InputError, match="only 0"):
        assess(real, [Views(np.zeros((0, 40), np.float32))])


def test_plain_vectors_alone_are_enough() -> None:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain([0, 1, 2, 4, 5], 40, 5, 2)
    found = assess(Views(real.plain), [Views(synthetic.plain)], parameters=QUICK)
    assert found.versions[0].summary.view == "plain"
    assert np.array_equal(found.versions[0].absent, truth == 3)


def test_alignment_leaves_both_sides_around_zero() -> None:
    real, synthetic = _domain([0, 1], 20, 0, 1)[0], _domain([0, 1], 20, 9, 2)[0]
    sides = domain_aligned([real.plain, synthetic.plain], 10)
    for side in sides:
        assert side.shape == (40, 10)
        np.testing.assert_allclose(side.mean(axis=0), 0, atol=1e-4)


def test_the_distance_ratio_equals_its_definition() -> None:
    rng = np.random.default_rng(0)
    real, synthetic = (
        rng.normal(size=(9, 5)).astype(np.float32),
        rng.normal(size=(50, 5)).astype(np.float32),
    )
    near = np.array([[i, (i + 1) % 9] for i in range(9)])
    each = 1 - unit(real) @ unit(synthetic).T
    together = np.sort((each + each[(np.arange(9) + 1) % 9]) / 2, axis=1)
    found = distance_ratio(neighborhoods(real, near), synthetic, k=2, ordinary=0.2)
    np.testing.assert_allclose(found, together[:, :2].mean(axis=1) / together[:, 10], rtol=1e-4)


def test_injecting_a_gap_moves_its_cluster_most() -> None:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain(list(range(KINDS)), 40, 5, 2)
    space = domain_aligned([real.plain, synthetic.plain], 20)
    near = np.array([np.flatnonzero(truth == kind) for kind in truth])[:, :11]
    seen = evidence(space[0], space[1], truth, Neighborhoods(near, near))
    assert (seen.injected > seen.distance + 0.3).all()


def test_a_version_is_taken_apart_into_the_groups_it_shows() -> None:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain([0, 0, 0, *range(1, KINDS - 1)], 40, 5, 2)  # none of the last kind
    space = domain_aligned([real.plain, synthetic.plain], 20)
    near = np.array([np.flatnonzero(truth == kind) for kind in truth])[:, :11]
    heard = witnesses(space[0], space[1], truth, Neighborhoods(near, near))
    assert heard.share[-1] < 0.01 and heard.share[0] > 2 * heard.share[1:-1].max()
    assert heard.share.mean() == pytest.approx(1, abs=0.01)  # kinds of equal size
    assert (heard.separation < 0.6).all()


def test_a_large_cluster_that_holds_two_kinds_is_split_and_a_plain_one_is_not() -> None:
    draw = np.random.default_rng(0)
    corners = [(0, 0), (2.2, 0), (30, 0), (0, 30), (30, 30)]
    sizes = [60, 60, 40, 40, 40]
    layout = np.vstack(
        [draw.normal(size=(n, 2)) * 0.3 + one for one, n in zip(corners, sizes, strict=True)]
    )
    labels = grouped(layout, 12, 0)
    assert len(np.unique(labels)) == 5 and len(np.unique(labels[:60])) == 1
    one_blob = draw.normal(size=(200, 2))
    assert np.bincount(grouped(np.vstack([one_blob, layout[120:]]), 40, 0)).max() >= 200


def test_intervals_on_numbers_worked_out_by_hand() -> None:
    low, high = confidence.wilson(5, 10)
    assert (round(low, 4), round(high, 4)) == (0.2366, 0.7634)
    assert confidence.wilson(0, 0) == (0.0, 1.0)


def test_every_parameter_says_what_it_does() -> None:
    from dataclasses import fields

    for each in fields(CompareParameters):
        if each.name == "framing":  # a choice, no number
            continue
        more = "More phrases" if isinstance(each.default, tuple) else "Larger values"
        assert more in each.metadata["help"], each.name


def test_near_identical_frames_count_once() -> None:
    real, truth = _domain(list(range(KINDS)), 40, 0, 1)
    synthetic, _ = _domain([0, 1, 2, 4, 5], 40, 5, 2)
    single = assess(real, [synthetic], parameters=QUICK)
    # every third image is a clip of five frames
    rows = np.repeat(np.arange(240), np.where(np.arange(240) % 3 == 0, 5, 1))
    found = assess(
        real.take(rows), [synthetic], parameters=QUICK, units=[rows, np.arange(len(synthetic))]
    )
    assert np.array_equal(found.real_cluster, single.real_cluster[rows])
    assert np.array_equal(found.versions[0].absent, truth[rows] == 3)
    assert found.versions[0].summary.absent_rate == single.versions[0].summary.absent_rate
    assert sum(one.size for one in found.versions[0].clusters) == len(rows)
    assert sorted(found.versions[0].rank) == list(range(1, len(rows) + 1))
