"""Surplus of every version: the analysis asked, and its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.coverage.surplus import Surplus, SurplusGroup, find_surplus
from core.analysis.explain.gaps import GapExplanation, explain_gap
from core.analysis.explain.surplus import reason
from core.analysis.types import OnProgress
from core.contracts.comparison import SurplusGroupRow, SurplusRow
from core.jobs.compare.describe import Described, attributes_of
from core.jobs.compare.sides import Sides


def surplus_of(sides: Sides, seed: int, progress: OnProgress) -> list[Surplus]:
    """The surplus of each version in order."""
    found = []
    for place, version in enumerate(sides.versions):
        progress("surplus", place, len(sides.versions))
        found.append(find_surplus(sides.real.views, version.views, seed=seed))
    progress("surplus", len(found), len(found))
    return found


def surplus_rows(sides: Sides, surplus: Sequence[Surplus]) -> list[SurplusRow]:
    """One row a surplus image, the farthest first."""
    paths, contents = sides.real.paths, sides.real.contents
    rows = []
    for version, found in zip(sides.versions, surplus, strict=True):
        group_of = {
            row: number for number, group in enumerate(found.groups) for row in group.rows.tolist()
        }
        own_paths, own_contents = version.paths, version.contents
        for rank, row in enumerate(found.listed.tolist(), start=1):
            nearest = int(found.nearest[row])
            rows.append(
                SurplusRow(
                    version_id=version.dataset_id,
                    path=own_paths[row],
                    content_id=own_contents[row],
                    score=float(found.score[row]),
                    distance=float(found.distance[row]),
                    nearest_path=paths[nearest],
                    nearest_id=contents[nearest],
                    group=group_of[row],
                    rank=rank,
                )
            )
    return rows


def surplus_group_rows(
    sides: Sides, surplus: Sequence[Surplus], described: Described
) -> list[SurplusGroupRow]:
    """One row a surplus group, each explained by what sets it apart from the version's images that
    are not surplus.
    """
    rows = []
    for place, (version, found) in enumerate(zip(sides.versions, surplus, strict=True)):
        for number, group in enumerate(found.groups):
            explained = _explained(sides, place, found, group, described)
            rows.append(
                SurplusGroupRow(
                    version_id=version.dataset_id,
                    group=number,
                    size=len(group.rows),
                    share=len(group.rows) / len(version),
                    score=group.score,
                    name=explained.name,
                    explanation=reason(explained.evidence),
                )
            )
    return rows


def _explained(
    sides: Sides, place: int, found: Surplus, group: SurplusGroup, described: Described
) -> GapExplanation:
    version = sides.versions[place]
    others = np.setdiff1d(np.arange(len(version)), found.listed)
    return explain_gap(
        group.rows,
        others,
        tagged=described.tagged_versions[place] if described.tagged_versions else None,
        attributes=attributes_of(version),
        classes=version.classes,
        biases=version.biases,
    )
