"""What is said of two versions: the lists of real images between them, each with its name and
meaning in the order of the screen and of reports, and how a group's tier changed.
"""

from __future__ import annotations

from enum import StrEnum

from core.contracts.formatting import number
from core.contracts.words import Tier


class ChangeList(StrEnum):
    """A list of real images whose coverage changed from one version to another. What is
    ``regressed`` is among the ``opened``.
    """

    CLOSED = "closed"
    OPEN = "open"
    OPENED = "opened"
    REGRESSED = "regressed"


LISTS = tuple(ChangeList)
WORDS: dict[ChangeList, str] = {
    ChangeList.CLOSED: "Closed",
    ChangeList.OPEN: "Still open",
    ChangeList.OPENED: "New",
    ChangeList.REGRESSED: "Regressed",
}
MEANING: dict[ChangeList, str] = {
    ChangeList.CLOSED: "clearly better covered than before",
    ChangeList.OPEN: "absent from the new version, not clearly changed or not enough",
    ChangeList.OPENED: "clearly worse covered than before",
    ChangeList.REGRESSED: "closed by an earlier version, open again now",
}


def tier_words(before: Tier, after: Tier) -> str:
    """How a group's tier changed: "was absent, now covered", "still thin"."""
    told = {
        tier: "it cannot be told" if tier == Tier.CANNOT_TELL else str(tier.value) for tier in Tier
    }
    if before == after:
        return f"still {told[after]}" if after != Tier.CANNOT_TELL else f"{told[after]}, as before"
    was = "could not be told" if before == Tier.CANNOT_TELL else f"was {told[before]}"
    return f"{was}, now {told[after]}"


def group_words(before: Tier, after: Tier, closed: int, opened: int, size: int) -> str:
    """What happened to a group of ``size`` real images: "67 of 80 closed; was absent, now
    covered".
    """
    counts = []
    if closed:
        counts.append(f"{number(closed)} of {number(size)} closed")
    if opened:
        counts.append(f"{number(opened)} of {number(size)} clearly worse covered")
    return "; ".join([*counts, tier_words(before, after)])
