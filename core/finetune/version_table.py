"""Which cheap number predicts training value: worst accuracy of several versions beside their other
numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of one number with worst accuracy over ``n`` versions, and its
    sentence.

    ``rho`` is None with fewer than three versions or where all are tied.
    """

    name: str
    rho: float | None
    n: int
    sentence: str


def rank_correlation(
    name: str, values: dict[str, float], worst: dict[str, float]
) -> RankCorrelation:
    """How the versions' ranks by ``values`` agree with their ranks by ``worst`` accuracy.

    Both map a version's id to its number; versions without both are left out.
    """
    shared = [version for version in values if version in worst and math.isfinite(values[version])]
    n = len(shared)
    if n < 3:
        return RankCorrelation(
            name,
            None,
            n,
            f"{name}: {n} versions are too few for a rank correlation (3 are needed).",
        )
    mine, theirs = [values[version] for version in shared], [worst[version] for version in shared]
    if len(set(mine)) == 1 or len(set(theirs)) == 1:
        return RankCorrelation(name, None, n, f"{name}: all {n} versions are tied.")
    rho = float(stats.spearmanr(mine, theirs).statistic)
    word = "rises" if rho > 0 else "falls"
    care = "; with so few versions chance alone often gives this" if n < 6 else ""
    return RankCorrelation(
        name,
        rho,
        n,
        f"{name}: worst accuracy {word} with it, rank correlation {rho:+.2f} over {n} versions{care}.",
    )
