"""What the assessment says: of each real image, of each cluster, of each version."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.analysis.types import Bools, Floats, Ints
from core.contracts.words import Tier


@dataclass(frozen=True)
class InjectedGap:
    """One gap injected into the user's own data, and what was said of it. ``strength``: the share
    of its kind that was hidden, 0 to 1; ``hidden``: synthetic images hidden for the real images'
    cluster ``injected_cluster`` of ``size`` images; ``auroc``: how well those rank above all
    others; ``tier``: what was said of the cluster then; ``recovered``: whether that is absent or
    thin; ``false_alarm_share``: share of the other images newly listed, 0 to 1.
    """

    view: str
    strength: float
    injected_cluster: int
    seed: int
    size: int
    hidden: int
    auroc: float
    tier: Tier
    recovered: bool
    false_alarm_share: float


@dataclass(frozen=True)
class ClusterJudgement:
    """A cluster of real images as one version covers it. ``tier`` with its ``reason`` in words;
    ``probability`` that it is absent and ``q``, the expected share of false ones among clusters
    said absent this surely, None where it was not told; ``absent``: its images on the list;
    ``rendered``: synthetic images that look most like it, with the 95 % interval ``low`` to
    ``high``; ``expected``: as many as would match its share of the real images; ``score``: its gap
    score; ``stability``: share of re-runs that say absent, None where there was none.
    """

    cluster: int
    size: int
    tier: Tier
    reason: str
    probability: float | None
    q: float | None
    absent: int
    rendered: float
    expected: float
    low: float
    high: float
    score: float
    stability: float | None


@dataclass(frozen=True)
class VersionSummary:
    """A version as a whole: how much is absent, how sure that is, in numbers and in one sentence.

    ``absent_rate`` 0 to 1, with what 95 % of re-runs list between ``low`` and ``high``; ``look``:
    how far the renderer's look is and its ``nearness`` (:mod:`core.analysis.coverage.look`);
    ``baseline_rate``: the share
    listed of one real half against the other; ``recovered`` of ``injected`` gaps found, ``recall``
    their ratio; ``thin`` and ``cannot_tell``: real images in such groups, ``singles`` those odd by
    themselves; ``judged``: whether the version can be judged (False: ``obstacle`` says why, and
    only the ranking is given).
    """

    absent: int
    absent_rate: float
    low: float | None
    high: float | None
    baseline_rate: float | None
    thin: int
    cannot_tell: int
    singles: int
    view: str
    look: float
    nearness: float | None
    injected: int
    recovered: int
    false_alarm_share: float | None
    recall: float | None
    judged: bool
    verdict: str
    obstacle: str | None


@dataclass(frozen=True)
class VersionAssessment:
    """One version's coverage of n real images.

    ``score`` (n,): the gap score of its neighbourhood and of its cluster, larger = less covered,
    looked at in one way for all versions of a comparison; ``distance`` (n,) and ``nearest`` (n, 5):
    cosine distance to, and rows of, the nearest synthetic images as they are; ``tier``
    (n,): a :class:`~core.contracts.words.Tier` each; ``absent`` (the list) and ``single`` (odd by
    itself) bool (n,); ``q`` (n,): that of its group, NaN where it is not absent;
    ``rank`` (n,), 1 = most absent. ``clusters``: one judgement a cluster; ``selftest``: the
    injected gaps.
    """

    score: Floats
    distance: Floats
    nearest: Ints
    tier: np.ndarray
    absent: Bools
    single: Bools
    q: Floats
    rank: Ints
    clusters: tuple[ClusterJudgement, ...]
    summary: VersionSummary
    selftest: tuple[InjectedGap, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """All versions, and the clusters of the real images (n,)."""

    real_cluster: Ints
    versions: tuple[VersionAssessment, ...]
