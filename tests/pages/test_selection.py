"""Selections on the map: the polygon's points, their composition, and which points are drawn."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.workspace.selection import composition, inside_box, inside_polygon, plot_sample

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
    assert (plain == inside_box(cloud, [4, 0], [0, 4]))[clear].all()


def test_composition_says_what_a_selection_is_made_of() -> None:
    real = np.array([True] * 89 + [False] * 4841)
    versions = [None] * 89 + ["1.0"] * 4000 + ["1.1"] * 841
    found = composition(real, versions, np.array([7] * 4900 + [-1] * 30))
    assert found.sentence == "4,930 images: 89 real, 4,841 synthetic"
    assert found.by_version == (("1.0", 4000), ("1.1", 841))
    assert found.by_cluster == ((7, 4900), (-1, 30))
    assert (
        composition(real[:1], versions[:1], np.array([0])).sentence
        == "1 image: 1 real, 0 synthetic"
    )
    assert composition(real[:0], [], np.array([], int)).total == 0


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
