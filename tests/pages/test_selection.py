"""Selections on the map: the polygon's points, their composition, and which points are drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.workspace.selection import composition, inside_polygon, plot_sample, seen_through

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)


def test_points_in_a_concave_polygon() -> None:
    """A U shape: inside its arms, not in the opening between them."""
    u_shape = np.array([[0, 0], [6, 0], [6, 6], [4, 6], [4, 2], [2, 2], [2, 6], [0, 6]], float)
    points = np.array([[1, 5], [5, 5], [3, 1], [3, 5], [7, 3], [np.nan, 1]])
    assert inside_polygon(points, u_shape).tolist() == [True, True, True, False, False, False]


def test_a_lasso_that_crosses_itself_leaves_its_doubled_part_out() -> None:
    """A star drawn in one go: its points are inside, its middle is crossed twice."""
    angle = np.arange(5) * 4 * np.pi / 5 + np.pi / 2
    star = np.column_stack([np.cos(angle), np.sin(angle)])
    assert inside_polygon(np.array([[0, 0.8], [0.0, 0.0]]), star).tolist() == [True, False]


def test_fewer_than_three_corners_hold_nothing() -> None:
    assert not inside_polygon(np.zeros((3, 2)), np.array([[0, 0], [1, 1]])).any()
    assert inside_polygon(np.zeros((0, 2)), SQUARE).shape == (0,)


@given(
    st.lists(st.tuples(st.floats(-1, 5), st.floats(-1, 5)), min_size=1, max_size=30),
    st.floats(0, 6.28),
    st.integers(0, 3),
)
def test_turning_map_and_lasso_together_changes_nothing(
    points: list[tuple[float, float]], angle: float, first: int
) -> None:
    """Nor does it matter at which corner the lasso began; points within 1e-6 of the outline may
    fall either way.
    """
    cloud = np.array(points)
    clear = (
        np.min(
            [
                np.abs(cloud[:, 0]),
                np.abs(cloud[:, 0] - 4),
                np.abs(cloud[:, 1]),
                np.abs(cloud[:, 1] - 4),
            ],
            axis=0,
        )
        > 1e-6
    )
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plain = inside_polygon(cloud, SQUARE)
    turned = inside_polygon(cloud @ turn.T, np.roll(SQUARE, first, axis=0) @ turn.T)
    assert (plain == turned)[clear].all()
    assert (plain == ((cloud >= 0) & (cloud <= 4)).all(axis=1))[clear].all()


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=3, max_size=12),
    st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=1, max_size=30),
)
def test_every_point_is_judged_as_by_counting_crossings_one_by_one(
    corners: list[tuple[float, float]], points: list[tuple[float, float]]
) -> None:
    """The same rule as holds() of pages/parts/map/js/polygon.js, corner by corner."""

    def holds(x: float, y: float) -> bool:
        odd = False
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
                odd = not odd
        return odd

    box = np.array(corners)
    near = [
        bool((box.min(axis=0) <= point).all() and (point <= box.max(axis=0)).all())
        for point in points
    ]
    slow = [close and holds(*point) for point, close in zip(points, near, strict=True)]
    assert inside_polygon(np.array(points), box).tolist() == slow


def test_points_in_space_are_seen_in_perspective() -> None:
    """Twice as far away is half as far from the middle; what is behind the eye is nowhere."""
    matrix = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, -1, 0]], float)
    seen = seen_through(np.array([[1, 2, -1], [1, 2, -2], [1, 2, 3]], float), matrix)
    assert seen[:2].tolist() == [[1, 2], [0.5, 1]] and np.isnan(seen[2]).all()
    assert inside_polygon(seen, SQUARE).tolist() == [True, True, False]


def test_composition_says_what_a_selection_is_made_of() -> None:
    group = np.array([0] * 89 + [2] * 4000 + [1] * 841)
    found = composition(group, ("photos", "1.1", "1.0"), np.array([7] * 4900 + [-1] * 30))
    assert found.sentence == "4,930 images: 89 real, 4,841 synthetic"
    assert found.by_version == (("1.0", 4000), ("1.1", 841))
    assert found.by_cluster == ((7, 4900), (-1, 30))
    one = composition(group[:1], ("photos", "1.1"), np.array([0]))
    assert one.sentence == "1 image: 1 real, 0 synthetic" and one.by_version == ()
    assert composition(group[:0], ("photos",), np.array([], int)).total == 0


def test_a_sample_keeps_every_absent_image() -> None:
    keep = np.zeros(10_000, bool)
    keep[::100] = True
    rows = plot_sample(keep, 1000)
    assert len(rows) == 1000 and len(set(rows)) == 1000
    assert set(np.flatnonzero(keep)) <= set(rows)
    assert (plot_sample(keep, 1000) == rows).all()
    assert (
        len(plot_sample(keep, 50)) == 100
    )  # more to keep than the limit: all of them, nothing else
    assert (plot_sample(keep[:20], 50) == np.arange(20)).all()
