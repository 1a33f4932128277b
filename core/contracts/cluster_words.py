"""What clusters are called: by what is in them, and never by a number that another map has too.

The clusters of real images that are judged have names of their own; a cluster of a map is called
after the judged one that most of its real images are of.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

Name = TypeVar("Name", int, str)

NONE = "in no cluster"
MIXED = "mixed images"
MOST = 0.5  # share of a cluster's images above which a name stands for all of it


@dataclass
class ClusterContent:
    """What a cluster holds: its images, how many of them are real, and how often the judged
    clusters, the labels' classes and what the images look like occur.
    """

    images: int = 0
    real: int = 0
    judged: Counter[int] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)


def judged_names(
    contents: Mapping[int, ClusterContent], known: Mapping[int, str]
) -> dict[int, str]:
    """Names of the judged clusters: what their explanation calls them (``known``), else by
    content, else their number.
    """
    names = {
        cluster: known.get(cluster) or _by_content(content) or f"Group {cluster}"
        for cluster, content in contents.items()
        if cluster >= 0
    }
    return told_apart(names, contents)


def map_names(contents: Mapping[int, ClusterContent], judged: Mapping[int, str]) -> dict[int, str]:
    """Names of a map's clusters: the judged cluster that most of their real images are of, else
    by content.
    """
    names = {}
    for cluster, content in contents.items():
        if cluster < 0:
            continue
        most = _most(content.judged, content.real)
        name = judged.get(most) if most is not None and most >= 0 else None
        name = name or _by_content(content) or MIXED
        names[cluster] = name if content.real else f"{name}, synthetic images only"
    return told_apart(names, contents)


def told_apart(names: Mapping[int, str], contents: Mapping[int, ClusterContent]) -> dict[int, str]:
    """The names with a number behind one that a larger cluster has: squares by day, by night."""
    seen: Counter[str] = Counter()
    told = {-1: NONE}
    for cluster in sorted(names, key=lambda one: (-contents[one].images, one)):
        seen[names[cluster]] += 1
        place = seen[names[cluster]]
        told[cluster] = names[cluster] if place == 1 else f"{names[cluster]} ({place})"
    return told


def _by_content(content: ClusterContent) -> str | None:
    """The user's labels come before what a network says."""
    return _most(content.classes, content.images) or _most(content.looks, content.images)


def _most(counts: Mapping[Name, int], of: int) -> Name | None:
    """What more than half of so many images are."""
    for name, count in counts.items():
        if count > MOST * of:
            return name
    return None
