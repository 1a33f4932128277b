"""Whether a version is better than an earlier one, and what happened to each group: read from the
judgement of both and from the images that changed. Pages and reports say what stands here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.analysis.changes.net import NetChange, net_change
from core.contracts.change_words import group_words
from core.contracts.comparison import GroupRow, VersionRow
from core.contracts.formatting import number
from core.contracts.judgement_words import TIERS, group_name, unjudged_sentence
from core.contracts.words import GroupKind, State, Tier, Verdict
from core.store.results import StateCount, TierChange

MUCH_SMALLER = 1 / 3
"""Share of the earlier version's images below which a version that cannot be judged is a loss: what
the earlier one was known to cover is not known to be covered any more."""

RENDERED = (Tier.COVERED, Tier.THIN)


@dataclass(frozen=True)
class PairVerdict:
    """Whether a version is better than an earlier one: in one word, and in a sentence with its
    numbers. ``net`` is what the images that changed say.
    """

    word: Verdict
    sentence: str
    net: NetChange


@dataclass(frozen=True)
class GroupChange:
    """A group of real images in two versions: its tier in each, and how many of its images closed
    and opened. ``reason`` is the later version's.
    """

    group_id: str
    name: str
    size: int
    before: Tier
    after: Tier
    closed: int
    opened: int
    reason: str

    @property
    def words(self) -> str:
        """What happened to it: "67 of 80 closed; was absent, now covered"."""
        return group_words(self.before, self.after, self.closed, self.opened, self.size)

    @property
    def eventful(self) -> bool:
        """Whether there is anything to say of it but that it is covered as before."""
        stayed = self.before == self.after == Tier.COVERED
        return not stayed or self.closed > 0 or self.opened > 0


def pair_verdict(
    before: VersionRow, after: VersionRow, net: NetChange, tiers: Sequence[TierChange]
) -> PairVerdict:
    """Whether ``after`` is better than ``before``.

    *Better* needs that both versions can be judged, and that it stays better when every image that
    was rendered and of which it cannot be told any more is counted as lost. *Worse* also is a
    version that cannot be judged where images that were rendered are absent now (as the counts of
    labels can say), or where it is much smaller than the one before, which could be judged.
    """
    doubtful = _moved(tiers, RENDERED, (Tier.CANNOT_TELL,))
    unjudged = [row for row in (before, after) if not row.judged]
    if not unjudged:
        if net.word == Verdict.BETTER and doubtful:
            cautious = net_change(net.closed, net.opened + doubtful, net.images)
            if cautious.word != Verdict.BETTER:
                return PairVerdict(
                    Verdict.CANNOT_TELL,
                    f"Cannot tell: {number(net.closed)} real images are clearly better covered, "
                    f"but {number(doubtful)} were covered and are now in groups of which it "
                    "cannot be told.",
                    net,
                )
        return PairVerdict(net.word, net.sentence, net)
    why = " ".join(unjudged_sentence(row.version, row.obstacle) for row in unjudged)
    lost = _moved(tiers, RENDERED, (Tier.ABSENT,))
    gained = _moved(tiers, (Tier.ABSENT,), RENDERED)
    smaller = after.images < MUCH_SMALLER * before.images
    sizes = (
        f"{after.version} has {number(after.images)} images where {before.version} had "
        f"{number(before.images)}. "
        if smaller
        else ""
    )
    if net_change(gained, lost, net.images).word == Verdict.WORSE:
        return PairVerdict(
            Verdict.WORSE,
            f"Worse: {sizes}{number(lost)} of {number(net.images)} real images were covered and "
            f"are absent now. {why}",
            net,
        )
    if before.judged and smaller and doubtful:
        return PairVerdict(
            Verdict.WORSE,
            f"Worse: {sizes}{number(doubtful)} of {number(net.images)} real images were covered "
            f"and are not known to be any more. {why}",
            net,
        )
    return PairVerdict(Verdict.CANNOT_TELL, f"Cannot tell: {_lower(why)}", net)


def group_changes(
    before: Sequence[GroupRow], after: Sequence[GroupRow], counts: Sequence[StateCount]
) -> list[GroupChange]:
    """What happened to every group that both versions were judged by: labels first, then clusters,
    what the later version lacks on top.
    """
    earlier = {row.group_id: row for row in before}
    states = _states(counts)
    return [
        GroupChange(
            row.group_id,
            group_name(row),
            row.size,
            earlier[row.group_id].tier,
            row.tier,
            states[row.group_id][State.CLOSED],
            states[row.group_id][State.OPENED],
            row.reason,
        )
        for row in sorted(after, key=_order)
        if row.group_id in earlier
    ]


def _states(counts: Sequence[StateCount]) -> Mapping[str, Counter[State]]:
    """How many images of each group are in which state, by the group's key."""
    found: defaultdict[str, Counter[State]] = defaultdict(Counter)
    for one in counts:
        labels = {"class": one.class_, "bias": one.bias}
        keys = [f"{column}:{value}" for column, value in labels.items() if value is not None]
        for key in (f"{GroupKind.CLUSTER}:{one.cluster}", *keys):
            found[key][one.state] += one.images
    return found


def _order(row: GroupRow) -> tuple[bool, int, int, str]:
    return row.kind == GroupKind.CLUSTER, TIERS.index(row.tier), -row.size, row.group_id


def _moved(tiers: Sequence[TierChange], before: Sequence[Tier], after: Sequence[Tier]) -> int:
    """How many images went from some tiers to others."""
    return sum(one.images for one in tiers if one.before in before and one.after in after)


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
