"""The render brief: what to render, how much of it, and what it looks like, for whoever renders.

Only gaps are on it: groups that are absent or thin, each once. The numbers add up: rendered as
asked for, every gap has the share of the version that it has of the real images. Of a version that
cannot be judged it says so first and gives what counts of labels say. As Markdown (paths of the
examples), as HTML (the pictures themselves) and as JSON for the renderer's own scripts.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from core.contracts.comparison import GroupRow, VersionRow
from core.contracts.formatting import number
from core.contracts.judgement_words import (
    group_name,
    groups_sentence,
    is_gap,
    unjudged_sentence,
)
from core.contracts.words import DecidedBy, Tier
from core.reports.count_tables import CountTable, count_tables
from core.reports.members import members
from core.reports.rendering import render, sentence
from core.reports.wants import PICTURED, Want, wants_of
from core.store.results import Comparison

INJECTED = ("injected", "planted")  # in a verdict that tells of injected gaps, then and now


@dataclass(frozen=True)
class Brief:
    """The page's content. ``images``: real ones that were judged; ``size``: the version's today;
    ``obstacle``: why the version cannot be judged, empty where it can; ``counted``: its groups in
    words; ``left_out``: gaps that the engineer's marks take off; ``singles``: real images that are
    odd by themselves.
    """

    title: str
    version: str
    folder: str
    size: int
    real: str
    real_folder: str
    images: int
    encoder: str
    obstacle: str
    counted: str
    verdict: str
    self_test: str
    counts: Sequence[CountTable]
    wants: Sequence[Want]
    cannot_tell: Sequence[GroupRow]
    left_out: int
    singles: int

    @property
    def total(self) -> int:
        """What all gaps cost, in images."""
        return sum(want.wanted for want in self.wants)

    @property
    def order(self) -> str:
        """The whole order in a sentence; empty where there is none."""
        if not self.total:
            return ""
        images = "image" if self.total == 1 else "images"
        return (
            f"Render {number(self.total)} {images} in all: the version then has "
            f"{number(self.size + self.total)} instead of {number(self.size)}, and each gap below "
            "has as large a share of it as of the real images."
        )

    @property
    def judgement(self) -> str:
        """What is said of the version as a whole; empty where nothing is."""
        return " ".join(part for part in (self.verdict, self.self_test) if part)

    @property
    def nothing(self) -> str:
        """What to say where there is no gap on the page."""
        if self.left_out:
            return "There is nothing to render more of: no gap is left that matters."
        if self.obstacle:
            return "Counts of labels show no gap, and nothing else can be told."
        return "There is nothing to render more of: no group is absent or thin."

    @property
    def closing(self) -> list[str]:
        """What is not ordered, in sentences."""
        words = []
        if self.left_out:
            gaps = "gap is" if self.left_out == 1 else "gaps are"
            words.append(f"{number(self.left_out)} {gaps} left out, as you marked them.")
        if self.singles:
            images = "image is" if self.singles == 1 else "images are"
            words.append(
                f"{number(self.singles)} real {images} odd one by one: no group of them stands out."
            )
        return words

    @property
    def pictured(self) -> Sequence[Want]:
        """The gaps with pictures."""
        return self.wants[:PICTURED]

    @property
    def listed(self) -> Sequence[Want]:
        """The further gaps, in words only."""
        return self.wants[PICTURED:]


def brief(
    comparison: Comparison,
    version: str | int | None = None,
    *,
    open_groups: Collection[str] | None = None,
) -> Brief:
    """What to render, for one version (the newest unless named). ``open_groups``: ids of the groups
    that are open gaps by the engineer's marks; None: every absent or thin group.
    """
    dataset = comparison.versions[-1] if version is None else comparison.version(version)
    row = comparison.version_row(dataset.id)
    judged = row is not None and row.judged
    inside = members(comparison, dataset.id)
    groups = inside.once(comparison.group_rows(dataset.id))
    said = [group for group in groups if judged or group.decided_by == DecidedBy.COUNTS]
    gaps = [
        group
        for group in said
        if (is_gap(group) if open_groups is None else group.group_id in open_groups)
    ]
    chosen = {group.group_id for group in gaps}
    size = row.images if row else dataset.images
    return Brief(
        title=comparison.record.name,
        version=str(dataset.version),
        folder=str(dataset.folder),
        size=size,
        real=comparison.real.label,
        real_folder=str(comparison.real.folder),
        images=inside.images,
        encoder=comparison.record.seen_by,
        obstacle=(
            "" if judged else unjudged_sentence(str(dataset.version), row.obstacle if row else None)
        ),
        counted=groups_sentence(said),
        verdict=sentence(row.verdict if row and judged else ""),
        self_test=self_test_sentence(row) if judged else "",
        counts=[table for table in count_tables(comparison, dataset.id) if table.gaps],
        wants=wants_of(comparison, dataset.id, gaps, inside, size),
        cannot_tell=[
            group
            for group in groups
            if group.tier == Tier.CANNOT_TELL and group.group_id not in chosen
        ],
        left_out=sum(is_gap(group) and group.group_id not in chosen for group in said),
        singles=row.singles if row and judged else 0,
    )


def brief_markdown(page: Brief) -> str:
    """The render brief as Markdown."""
    return render("brief.md.j2", page=page)


def brief_html(page: Brief) -> str:
    """The render brief as one self-contained HTML page."""
    return render("brief.html.j2", page=page)


def brief_json(page: Brief) -> str:
    """The render brief as JSON text, for the renderer's own scripts. Paths are relative to the
    folders that it names.
    """
    value = {
        "version": page.version,
        "folder": page.folder,
        "images": page.size,
        "real": {"name": page.real, "folder": page.real_folder, "images": page.images},
        "judged": not page.obstacle,
        "obstacle": page.obstacle or None,
        "gaps": [_gap_json(want) for want in page.wants],
        "total_wanted": page.total,
        "images_after": page.size + page.total,
        "left_out": page.left_out,
        "cannot_tell": [
            {
                "id": group.group_id,
                "name": group_name(group),
                "real": group.size,
                "reason": group.reason,
            }
            for group in page.cannot_tell
        ],
    }
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def self_test_sentence(row: VersionRow | None) -> str:
    """What the injected gaps say of a version's list; empty where there were none, or where the
    verdict tells it already.
    """
    if row is None or not row.injected or any(word in (row.verdict or "") for word in INJECTED):
        return ""
    alarms = row.false_alarm_share
    rate = "" if alarms is None else f"; false alarms {100 * alarms:.1f} %"
    return (
        f"Of {row.injected} gaps injected into this data the list finds {row.recovered or 0}{rate}."
    )


def _gap_json(want: Want) -> dict[str, object]:
    return {
        "id": want.group.group_id,
        "name": want.name,
        "tier": want.group.tier,
        "class": want.class_,
        "labels": want.labels,
        "attributes": {
            name: {end: float(f"{value:.4g}") for end, value in asdict(span).items()}
            for name, span in want.attributes.items()
        },
        "real": want.real,
        "real_counted": want.real - want.shared,
        "rendered": want.rendered,
        "look_alikes": want.look_alikes,
        "wanted": want.wanted,
        "examples": [{"real": one.path, "nearest": one.nearest} for one in want.examples],
        "reason": want.group.reason,
        "explanation": want.group.explanation,
    }
