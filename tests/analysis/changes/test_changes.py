"""What changed between versions: known answers on drawn clusters of vectors, chance left alone, and
which cluster moved a metric.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.analysis.changes import attribution
from core.analysis.changes.between import (
    Change,
    VersionImages,
    changes_between,
    coverage_change,
    pairs,
    states,
)
from core.analysis.changes.nearness import mutual_nearest
from core.analysis.changes.net import net_change
from core.analysis.metrics.frechet import frechet
from core.analysis.metrics.kernel import kid as metric_kid
from core.analysis.vectors.alignment import Views
from core.contracts.words import MetricScope, State, Tier, Verdict
from core.jobs.compare.rows import contribution_rows
from core.reports import contributions

KINDS, EACH, DIM = 6, 40, 24


def drawn(
    seed: int, kinds: list[int], each: int, *, look: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors (n, d) around one centre a kind, moved by a look that all share; and their kinds."""
    centres = np.random.default_rng(0).normal(size=(KINDS, DIM))
    rng = np.random.default_rng([seed, each])
    labels = np.repeat(kinds, each)
    return (centres[labels] + rng.normal(0, 0.45, (len(labels), DIM)) + look).astype(
        np.float32
    ), labels


def names(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number}" for number in range(count)]


@pytest.fixture(scope="module")
def real() -> tuple[Views, np.ndarray]:
    vectors, kinds = drawn(1, list(range(KINDS)), EACH)
    return Views(vectors), kinds


@pytest.fixture(scope="module")
def rendered() -> tuple[np.ndarray, np.ndarray]:
    return drawn(2, list(range(KINDS)), 60, look=2.0)


def judged(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Recall and precision."""
    return (found & truth).sum() / truth.sum(), (found & truth).sum() / max(found.sum(), 1)


def test_a_kind_that_comes_back_is_closed_and_nothing_else(real, rendered) -> None:
    photos, kinds = real
    vectors, labels = rendered
    contents = np.array(names("r", len(vectors)))
    without = ~np.isin(labels, (2, 5))
    found = coverage_change(
        photos, Views(vectors[without]), Views(vectors), contents[without], contents
    )
    recall, precision = judged(found.closed, np.isin(kinds, (2, 5)))
    assert recall >= 0.95 and precision >= 0.95
    assert not found.opened.any() and found.shift == 0 and found.paired == 1


def test_the_other_way_round_it_opened(real, rendered) -> None:
    photos, kinds = real
    vectors, labels = rendered
    contents = np.array(names("r", len(vectors)))
    without = labels != 3
    found = coverage_change(
        photos, Views(vectors), Views(vectors[without]), contents, contents[without]
    )
    recall, precision = judged(found.opened, kinds == 3)
    assert recall >= 0.95 and precision >= 0.95 and not found.closed.any()


def test_versions_rendered_anew_in_another_look_are_judged_too(real) -> None:
    photos, kinds = real
    old, _ = drawn(3, [0, 1, 3, 4, 5], 60, look=2.0)
    new, _ = drawn(4, list(range(KINDS)), 60, look=-1.5)
    found = coverage_change(
        photos, Views(old), Views(new), names("a", len(old)), names("b", len(new))
    )
    recall, precision = judged(found.closed, kinds == 2)
    assert recall >= 0.9 and precision >= 0.9 and not found.opened.any() and found.paired == 0


def test_a_shuffled_copy_changes_nothing_at_all(real, rendered) -> None:
    photos, _ = real
    vectors, _ = rendered
    contents = np.array(names("r", len(vectors)))
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(vectors))
        found = coverage_change(
            photos, Views(vectors), Views(vectors[order]), contents, contents[order], seed=seed
        )
        assert not found.change.any() and not found.closed.any() and not found.opened.any()


def test_random_halves_and_random_losses_give_no_clear_difference(real, rendered) -> None:
    photos, _ = real
    vectors, _ = rendered
    contents = np.array(names("r", len(vectors)))
    mistaken = 0
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(len(vectors))
        first, second = order[: len(order) // 2], order[len(order) // 2 :]
        kept = order[: int(0.9 * len(order))]
        for a, b in ((first, second), (kept, order)):
            found = coverage_change(
                photos,
                Views(vectors[a]),
                Views(vectors[b]),
                contents[a],
                contents[b],
                seed=seed,
                draws=120,
            )
            mistaken += (
                net_change(int(found.closed.sum()), int(found.opened.sum()), len(photos)).word
                != Verdict.UNCLEAR
            )
    assert mistaken <= 2  # of 40


def test_the_same_inputs_and_seed_give_the_same_answer(real, rendered) -> None:
    photos, _ = real
    vectors, _ = rendered
    contents = np.array(names("r", len(vectors)))
    one, two = (
        coverage_change(
            photos,
            Views(vectors[:200]),
            Views(vectors[100:]),
            contents[:200],
            contents[100:],
            seed=4,
            draws=40,
        )
        for _ in range(2)
    )
    assert (
        (one.change == two.change).all()
        and (one.deviation == two.deviation).all()
        and (one.closed == two.closed).all()
    )


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiny_versions_are_judged_without_a_stumble(real, count: int) -> None:
    photos, _ = real
    vectors, _ = drawn(5, [0], count)
    more, _ = drawn(6, [0, 1], 4)
    found = coverage_change(
        photos, Views(vectors), Views(more), names("a", count), names("b", 8), draws=20
    )
    assert np.isfinite(found.change).all() and np.isfinite(found.deviation).all()


def test_both_views_count() -> None:
    photos, kinds = drawn(1, list(range(KINDS)), EACH)
    vectors, labels = drawn(2, list(range(KINDS)), 60)
    contents = np.array(names("r", len(vectors)))
    without = labels != 0
    flat = np.zeros_like
    seen = coverage_change(
        Views(flat(photos), photos),
        Views(flat(vectors)[without], vectors[without]),
        Views(flat(vectors), vectors),
        contents[without],
        contents,
    )
    assert judged(seen.closed, kinds == 0)[0] >= 0.9  # what only the simplified view shows is seen


def test_a_version_of_one_kind_covers_nothing_better_than_one_of_all(real) -> None:
    """The later version is small and of one kind: taken by itself its middle would be that of
    everything, and its kind would seem to have come nearer.
    """
    photos, kinds = real
    every, _ = drawn(3, list(range(KINDS)), 60, look=2.0)
    one, _ = drawn(4, [0], 30, look=2.0)
    contents = names("a", len(every)), names("b", len(one))
    lost = coverage_change(photos, Views(every), Views(one), *contents)
    assert not lost.closed.any()
    moved = lost.change + lost.shift
    assert moved[kinds != 0].max() < -0.2 and abs(np.median(moved[kinds == 0])) < 0.1
    gained = coverage_change(photos, Views(one), Views(every), *contents[::-1])
    assert not gained.opened.any() and np.median(gained.change[kinds != 0]) > 0.2


def test_a_subset_of_one_kind_has_lost_the_others(real, rendered) -> None:
    photos, kinds = real
    vectors, labels = rendered
    contents = np.array(names("r", len(vectors)))
    kept = np.flatnonzero(labels == 0)[:30]
    found = coverage_change(photos, Views(vectors), Views(vectors[kept]), contents, contents[kept])
    tiers = np.full(len(kinds), Tier.COVERED, object)
    lost = states(found, tiers, np.where(kinds == 0, Tier.COVERED, Tier.ABSENT))
    assert set(lost[kinds != 0]) == {State.OPENED} and set(lost[kinds == 0]) == {State.COVERED}


def test_mutual_neighbours_are_found_under_another_look() -> None:
    first, kinds = drawn(3, list(range(KINDS)), 60, look=2.0)
    second, others = drawn(4, [0, 1], 30, look=1.5)
    one, two = mutual_nearest(first, second, np.random.default_rng(0))
    assert len(one) >= 10 and (kinds[one] == others[two]).all()


CHANGED = Change(
    change=np.array([0.3, 0.3, -0.3, -0.3, 0.3, -0.3, 0.0, 0.3]),
    deviation=np.zeros(8),
    closed=np.array([True, True, False, False, False, False, False, True]),
    opened=np.array([False, False, True, True, False, False, False, False]),
    shift=0.0,
    paired=1.0,
)
A, C, T, X = Tier.ABSENT, Tier.COVERED, Tier.THIN, Tier.CANNOT_TELL


def told(before: list[Tier], after: list[Tier]) -> list[str]:
    return states(CHANGED, np.array(before, object), np.array(after, object)).tolist()


def test_states_follow_the_change_and_what_is_judged_of_both_versions() -> None:
    # clearly better twice, clearly worse twice, tiers that turned with the vectors (twice) and
    # without them, and clearly better into a thin group
    assert told([A, A, C, A, A, C, C, A], [C, A, A, A, C, A, A, T]) == [
        "closed",
        "open",
        "opened",
        "open",
        "closed",
        "opened",
        "open",
        "closed",
    ]


def test_what_cannot_be_told_has_not_closed() -> None:
    assert told([A, C, C, X, X, C, A, C], [X, X, X, X, C, X, X, X]) == [
        "covered",
        "covered",
        "opened",
        "opened",
        "covered",
        "covered",
        "covered",
        "covered",
    ]


def test_the_verdict_says_which_way_and_how_sure() -> None:
    better, worse, both, none = (
        net_change(40, 2, 200),
        net_change(1, 30, 200),
        net_change(10, 9, 200),
        net_change(0, 0, 200),
    )
    assert (
        better.word == "better"
        and better.net == pytest.approx(0.19)
        and 0 < better.low < better.net < better.high
    )
    assert worse.word == "worse" and worse.high < 0
    assert both.word == none.word == "no clear difference"
    assert none.high == pytest.approx(
        1 - 0.025 ** (1 / 200)
    )  # nothing seen in 200: the exact bound
    assert "40 of 200" in better.sentence and better.sentence.startswith("Better")
    assert net_change(0, 0, 0).word == "no clear difference"


def test_what_opened_after_it_had_closed_regressed() -> None:
    photos, kinds = drawn(1, list(range(KINDS)), EACH)
    vectors, labels = drawn(2, list(range(KINDS)), 60)
    contents = np.array(names("r", len(vectors)))
    shown = (labels != 4, labels >= 0, labels != 4)  # lacks a kind, has it, lacks it again
    sides = [
        VersionImages(
            Views(vectors[members]),
            contents[members].tolist(),
            np.where((kinds == 4) & (place != 1), Tier.ABSENT, Tier.COVERED),
        )
        for place, members in enumerate(shown)
    ]
    heard = []
    found = changes_between(Views(photos), sides, progress=lambda *step: heard.append(step[1:]))
    assert [(pair.first, pair.second) for pair in found] == [(0, 1), (0, 2), (1, 2)]
    assert heard == [(1, 3), (2, 3), (3, 3)]
    came, same, went = found
    opened = went.states == State.OPENED
    assert np.array_equal(went.regressed, opened) and opened.sum() >= 0.95 * EACH
    assert not came.regressed.any() and not same.regressed.any()
    # the first and the last are the same images
    assert set(same.states) == {State.OPEN, State.COVERED}
    assert not same.change.change.any()


def test_one_version_has_no_changes() -> None:
    photos, _ = drawn(1, [0], 5)
    side = VersionImages(Views(photos), names("a", 5), np.full(5, Tier.COVERED))
    assert changes_between(Views(photos), [side]) == []


def test_many_versions_are_compared_with_their_neighbours() -> None:
    assert pairs(3, 100) == [(0, 1), (0, 2), (1, 2)]
    assert pairs(6, 500_000) == [(0, 1), (0, 5), (1, 2), (2, 3), (3, 4), (4, 5)]


# --- attribution ----------------------------------------------------------------------------------


def test_leaving_a_cluster_out_is_measuring_without_it() -> None:
    photos, kinds = drawn(1, list(range(KINDS)), EACH)
    vectors, labels = drawn(2, list(range(KINDS)), 30, look=0.3)
    found = attribution.leave_one_out(photos, vectors, kinds, labels)
    fd = found["frechet_distance"]
    assert set(fd) == {None, *range(KINDS)}
    assert fd[None] == pytest.approx(frechet(photos, vectors), rel=1e-4)
    assert fd[3] == pytest.approx(frechet(photos[kinds != 3], vectors[labels != 3]), rel=1e-4)
    kid = found["kid"]
    assert kid[None] == pytest.approx(
        metric_kid(photos, vectors).value, rel=1e-4
    )  # the metric of that name
    assert kid[2] == pytest.approx(_kid(photos, vectors, kinds != 2, labels != 2), rel=1e-6)


def _kid(photos: np.ndarray, vectors: np.ndarray, keep: np.ndarray, keep_too: np.ndarray) -> float:
    """The unbiased estimate written out."""
    x, y = photos[keep].astype(np.float64), vectors[keep_too].astype(np.float64)
    kernel = lambda a, b: (a @ b.T / a.shape[1] + 1) ** 3  # noqa: E731
    xx, yy, n, m = kernel(x, x), kernel(y, y), len(x), len(y)
    return (
        (xx.sum() - np.trace(xx)) / (n * (n - 1))
        + (yy.sum() - np.trace(yy)) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )


def test_the_cluster_that_broke_accounts_for_the_change() -> None:
    photos, kinds = drawn(1, list(range(KINDS)), EACH)
    before, labels = drawn(2, list(range(KINDS)), 30)
    after = before.copy()
    after[labels == 4] += 1.5
    first, second = (
        attribution.leave_one_out(photos, side, kinds, labels) for side in (before, after)
    )
    for name in ("frechet_distance", "kid"):
        parts = contributions.contributions(first[name], second[name])
        assert parts[0].cluster == 4 and parts[0].contribution > 0
        assert parts[0].without == pytest.approx(0, abs=1e-6)  # nothing else changed
        assert parts[0].share == pytest.approx(1, rel=1e-3)


def test_attributions_survive_the_metrics_table() -> None:
    photos, kinds = drawn(1, list(range(KINDS)), EACH)
    vectors, labels = drawn(2, list(range(KINDS)), 30)
    found = attribution.leave_one_out(photos, vectors, kinds, labels)
    rows = contribution_rows(7, found, len(photos), len(vectors), 0)
    other = replace(rows[0], scope=MetricScope.ALL, part=None, name="kid", value=1.0)
    assert contributions.from_rows([*rows, other]) == {7: found}
    assert attribution.leave_one_out(photos[:5], vectors, kinds[:5], labels) == {}
    assert contributions.contributions({1: 2.0}, {None: 1.0, 1: 2.0}) == []
