"""What is said of a judgement: the words for a tier, a group and a version. Pages, reports, the
command line and the gate say the same because they all come here; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.contracts.comparison import GroupRow, VersionRow
from core.contracts.formatting import number, percent
from core.contracts.words import DecidedBy, Tier

TIERS = (Tier.ABSENT, Tier.THIN, Tier.CANNOT_TELL, Tier.COVERED)
"""The order of the screen and of reports."""

GAP_TIERS = (Tier.ABSENT, Tier.THIN)
"""What is a gap."""

LABEL: dict[Tier, str] = {
    Tier.ABSENT: "Absent",
    Tier.THIN: "Thin",
    Tier.CANNOT_TELL: "Cannot tell",
    Tier.COVERED: "Covered",
}
MEANING: dict[Tier, str] = {
    Tier.ABSENT: "nothing like it is rendered",
    Tier.THIN: "it is rendered, but far less often than it is photographed",
    Tier.CANNOT_TELL: "neither a gap nor covered can be said of it, for the reason given",
    Tier.COVERED: "it is rendered",
}
UNJUDGED = "cannot be judged"
BY_LABELS = "absent by their labels"  # of the real images, in a version that cannot be judged

MUCH_DOUBT = 1 / 3
"""Share of the real images in groups of which it cannot be told, above which it is always said: a
third, so that "nothing absent" speaks of most of the images where it stands alone."""


# --- of a group -----------------------------------------------------------------------------------


def is_gap(group: GroupRow) -> bool:
    """Whether a group is absent or thin."""
    return group.tier in GAP_TIERS


def group_name(group: GroupRow) -> str:
    """What a group is called in a heading."""
    if group.name:
        return group.name
    if group.value is not None:
        return group.value if group.column == "class" else f"{group.column} {group.value}"
    return f"Group {group.cluster}"


def rendered_words(group: GroupRow) -> str:
    """How many synthetic images there are of a group, beside what would match; empty where that is
    not known. Of an absent cluster the images that come nearest are not of its kind.
    """
    if group.rendered is None:
        return ""
    many = number(group.rendered)
    if group.decided_by == DecidedBy.COUNTS:
        here = f"{many} rendered"
    elif group.tier == Tier.ABSENT:
        return f"{many} synthetic {_images(group.rendered)} nearest to it, too far to show it"
    else:
        here = f"{many} synthetic images look most like it"
    return here if group.expected is None else f"{here}, about {number(group.expected)} would match"


def sureness(group: GroupRow) -> str:
    """How sure an absent group is; empty where that is not known."""
    if group.tier != Tier.ABSENT or group.q is None:
        return ""
    return f"of groups said absent this surely, {percent(group.q)} are expected to be wrong"


# --- of groups ------------------------------------------------------------------------------------


def tally(groups: Iterable[GroupRow]) -> dict[Tier, int]:
    """How many groups are of each tier, in the order of :data:`TIERS`."""
    tiers = [group.tier for group in groups]
    return {tier: tiers.count(tier) for tier in TIERS}


def groups_sentence(groups: Iterable[GroupRow]) -> str:
    """The groups counted: "2 groups absent, 1 thin, 3 cannot tell"."""
    counts = tally(groups)
    parts = [f"{number(counts[tier])} {tier}" for tier in GAP_TIERS if counts[tier]]
    if parts:
        first, _, tier = parts[0].partition(" ")
        parts[0] = f"{first} group{'' if first == '1' else 's'} {tier}"
    else:
        parts = ["no group absent or thin"]
    if counts[Tier.CANNOT_TELL]:
        parts.append(f"{number(counts[Tier.CANNOT_TELL])} {Tier.CANNOT_TELL}")
    return ", ".join(parts)


# --- of a version ---------------------------------------------------------------------------------


def absent_words(version: VersionRow) -> str:
    """The heading's number: the absent share, or that the version cannot be judged."""
    return f"{percent(version.absent_rate)} absent" if version.judged else UNJUDGED


def version_sentence(version: VersionRow) -> str:
    """What is said of a version: its verdict, or why it cannot be judged."""
    if version.judged:
        return version.verdict
    return unjudged_sentence(version.version, version.obstacle)


def unjudged_sentence(version: str, obstacle: str | None) -> str:
    """That a version cannot be judged, and why."""
    return f"Version {version} {UNJUDGED}: {obstacle or 'no reason was recorded.'}"


def doubt_sentence(cannot_tell: int, real_images: int) -> str:
    """That of much of the real images it cannot be told; empty where it is little."""
    if not real_images or cannot_tell <= MUCH_DOUBT * real_images:
        return ""
    share = percent(cannot_tell / real_images)
    return f"{share} of the real images are in groups of which it cannot be told"


def _images(count: float) -> str:
    return "image comes" if round(count) == 1 else "images come"
