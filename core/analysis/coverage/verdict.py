"""What is said of a version as a whole, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.analysis.coverage.tiers import Told
from core.contracts.words import Tier


def verdict_sentence(told: Sequence[Told], size: np.ndarray, obstacle: str | None) -> str:
    """One sentence from the groups' tiers and their ``size`` (C,), or why there is none."""
    if obstacle is not None:
        return f"This version cannot be judged: {obstacle[0].lower()}{obstacle[1:]}"
    images = {
        tier: int(sum(n for one, n in zip(told, size, strict=True) if one.tier == tier))
        for tier in Tier
    }
    groups = {tier: sum(one.tier == tier for one in told) for tier in Tier}
    total = int(size.sum())
    parts = []
    if groups[Tier.ABSENT]:
        parts.append(
            f"{images[Tier.ABSENT]:,} of {total:,} real images are absent, in "
            f"{_groups(groups[Tier.ABSENT])}"
        )
    if groups[Tier.THIN]:
        parts.append(f"{images[Tier.THIN]:,} are thin, in {_groups(groups[Tier.THIN])}")
    if groups[Tier.CANNOT_TELL]:
        parts.append(
            f"of {images[Tier.CANNOT_TELL]:,}, in {_groups(groups[Tier.CANNOT_TELL])}, it cannot "
            "be told"
        )
    if not parts:
        return f"All {_groups(len(told))} of {total:,} real images are covered."
    if not groups[Tier.ABSENT]:
        parts.insert(0, f"none of {_groups(len(told))} of {total:,} real images is said absent")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _groups(count: int) -> str:
    return f"{count} group{'s' if count != 1 else ''}"
