"""Which cheap number predicts training value: worst-group accuracy of several versions beside their
other numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of one number with worst-group accuracy over ``n`` versions, and
    its sentence.

    ``rho`` is None with fewer than three versions or where all are tied.
    """

    name: str
    rho: float | None
    n: int
    sentence: str


def rank_correlation(
    name: str, values: dict[str, float], worst: dict[str, float]
) -> RankCorrelation:
    """How the versions' ranks by ``values`` agree with their ranks by ``worst``-group accuracy.

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
    numbers, accuracies = [values[one] for one in shared], [worst[one] for one in shared]
    if len(set(numbers)) == 1 or len(set(accuracies)) == 1:
        return RankCorrelation(name, None, n, f"{name}: all {n} versions are tied.")
    rho = float(stats.spearmanr(numbers, accuracies).statistic)
    word = "rises" if rho > 0 else "falls"
    # with 5 versions, chance alone reaches |rho| = 0.9 in 8 % of cases (exact distribution)
    care = "; with so few versions chance alone often gives this" if n < 6 else ""
    return RankCorrelation(
        name,
        rho,
        n,
        f"{name}: worst-group accuracy {word} with it, rank correlation {rho:+.2f} over {n} "
        f"versions{care}.",
    )
