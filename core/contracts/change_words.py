"""The lists of real images between two versions: what each is called and means, in the order of the
screen and of reports.
"""

from __future__ import annotations

from enum import StrEnum


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
    ChangeList.OPEN: "on the new version's list, not clearly changed or not enough",
    ChangeList.OPENED: "clearly worse covered than before",
    ChangeList.REGRESSED: "closed by an earlier version, open again now",
}
