"""The render brief: one page for whoever renders, "render more of this", made from a comparison's
gaps.

For each gap of the newest version: its name, why it is one, how many real images it holds and how
many synthetic ones are there, a few examples, and what is nearest today. As Markdown (paths of the
examples) and as HTML (the pictures themselves).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
from jinja2 import Environment, FileSystemLoader

from core.reports.source import ComparisonLike, WorkspaceLike

GAPS = 8  # on one page
EXAMPLES = 4  # of each
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


@dataclass(frozen=True)
class Example:
    """A real image and the synthetic image nearest to it: paths, and thumbnails as data URIs
    (empty: none).
    """

    path: str
    nearest: str
    picture: str
    nearest_picture: str
    distance: float | None


@dataclass(frozen=True)
class Want:
    """One thing to render more of."""

    name: str
    reason: str
    absent: int
    size: int
    n_synthetic: float | None
    expected: float | None
    stability: float | None
    hints: Sequence[str]
    examples: Sequence[Example]

    @property
    def short_by(self) -> int | None:
        """How many synthetic images fewer than expected there are; None where that is not known or
        there are enough.
        """
        if self.expected is None or self.n_synthetic is None or self.expected <= self.n_synthetic:
            return None
        return round(self.expected - self.n_synthetic)


@dataclass(frozen=True)
class Brief:
    """The page's content. ``trusted`` False: the list cannot be trusted, only the order."""

    title: str
    version: str
    real: str
    images: int
    absent: int
    encoder: str
    trusted: bool
    verdict: str
    self_test: str
    wants: Sequence[Want]
    left: int

    @property
    def nothing(self) -> str:
        """What to say where there is no group to render more of."""
        if self.absent:
            return (
                f"{self.absent:,} real images are absent one by one: no group of them stands out."
            )
        return "There is nothing to render more of: no real image is absent."


def brief(ws: WorkspaceLike, comparison: ComparisonLike, version: str | int | None = None) -> Brief:
    """What to render more of, for one version (the newest unless named)."""
    dataset = _version(comparison, version)
    summary: dict[str, Any] = next(
        (row for row in comparison.summary().to_pylist() if row["version_id"] == dataset.id), {}
    )
    trusted = summary.get("absolute") is not False
    gaps = [gap for gap in comparison.gaps(dataset.id).to_pylist() if gap["absent"] or not trusted]
    chosen = gaps[:GAPS]
    members = {
        gap["cluster"]: _examples(comparison, dataset.id, gap["cluster"], trusted) for gap in chosen
    }
    ids = [
        row[name]
        for rows in members.values()
        for row in rows
        for name in ("content_id", "nearest_id")
        if row[name]
    ]
    pictures = {
        key: data_uri(webp)
        for key, webp in ws.datasets.thumbnails(list(dict.fromkeys(ids))).items()
    }
    wants = [
        Want(
            gap["name"] or f"Group {gap['cluster']}",
            gap["reason"] or "",
            gap["absent"] or 0,
            gap["size"],
            gap["n_synthetic"],
            gap["expected"],
            gap["stability"],
            _hints(gap),
            [
                Example(
                    row["path"],
                    row["nearest_path"] or "",
                    pictures.get(row["content_id"], ""),
                    pictures.get(row["nearest_id"], ""),
                    row["distance"],
                )
                for row in members[gap["cluster"]]
            ],
        )
        for gap in chosen
    ]
    return Brief(
        comparison.record.name,
        str(dataset.version),
        comparison.real.label,
        comparison.real.images,
        summary.get("absent") or 0,
        comparison.record.encoder,
        trusted,
        ended(summary.get("verdict")),
        self_test_sentence(summary),
        wants,
        len(gaps) - len(chosen),
    )


def brief_markdown(
    ws: WorkspaceLike, comparison: ComparisonLike, version: str | int | None = None
) -> str:
    """The render brief as Markdown."""
    page = brief(ws, comparison, version)
    lines = [
        f"# Render brief for version {_md(page.version)}",
        "",
        f"{page.absent:,} of {page.images:,} real images ({_md(page.real)}) are absent from version {_md(page.version)}. "
        f"Encoder {_md(page.encoder)}.",
    ]
    lines += (
        ["", _md(text)]
        if (text := " ".join(part for part in (page.verdict, page.self_test) if part))
        else []
    )
    if not page.trusted:
        lines += [
            "",
            "**Only the order can be trusted here, not the counts:** the most absent groups come first.",
        ]
    if not page.wants:
        lines += ["", page.nothing]
    for number, want in enumerate(page.wants, start=1):
        lines += ["", f"## {number}. Render more of this: {_md(want.name)}", ""]
        lines += [f"{_md(want.reason)}", ""] if want.reason else []
        lines += [f"- {part}" for part in _counts(want, page.trusted)]
        lines += [f"- {_md(hint)}" for hint in want.hints]
        lines += ["", "| real image | nearest today | distance |", "|---|---|---|"]
        lines += [
            f"| {_md(one.path)} | {_md(one.nearest)} | {'' if one.distance is None else f'{one.distance:.3f}'} |"
            for one in want.examples
        ]
    if page.left:
        lines += ["", f"{page.left} smaller groups are not on this page."]
    return "\n".join(lines) + "\n"


def brief_html(
    ws: WorkspaceLike, comparison: ComparisonLike, version: str | int | None = None
) -> str:
    """The render brief as one self-contained HTML page."""
    page = brief(ws, comparison, version)
    return templates().get_template("brief.html.j2").render(page=page, counts=_counts)


def templates() -> Environment:
    """The HTML templates, with everything escaped that is not marked as safe."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def data_uri(webp: bytes) -> str:
    """A WebP picture as a data URI."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode()


def ended(text: str | None) -> str:
    """A sentence with its full stop; empty for None."""
    told = (text or "").strip()
    return told if not told or told[-1] in ".!?" else told + "."


def self_test_sentence(summary: Mapping[str, Any]) -> str:
    """What the self-test says of a version's list; empty where there was none, or where the verdict
    tells it already.
    """
    if not summary.get("injected") or "injected" in (summary.get("verdict") or ""):
        return ""
    alarms = summary.get("false_alarm_share")
    rate = "" if alarms is None else f"; false alarms {100 * alarms:.1f} %"
    return f"Of {summary['injected']} gaps injected into this data the list finds {summary.get('recovered') or 0}{rate}."


def _counts(want: Want, trusted: bool) -> list[str]:
    """The numbers of one gap, in words."""
    told = [
        f"{want.absent:,} of {want.size:,} real images of this group are absent"
        if trusted and want.absent
        else f"{want.size:,} real images in this group"
    ]
    if want.n_synthetic is not None:
        one = round(want.n_synthetic) == 1
        there = (
            f"{want.n_synthetic:,.0f} synthetic {'image is' if one else 'images are'} here today"
        )
        told.append(
            there
            if want.expected is None
            else f"{there}, about {want.expected:,.0f} would match the real ones"
        )
    if want.short_by:
        told.append(f"render about {want.short_by:,} more")
    if want.stability is not None:
        told.append(f"found in {100 * want.stability:.0f} % of repeated runs")
    return told


def _hints(gap: Mapping[str, Any]) -> list[str]:
    """What to aim for, from concepts and attributes."""
    concepts = [str(item.get("name")) for item in _list(gap["concepts"])[:3] if item.get("name")]
    looks = [str(item.get("words")) for item in _list(gap["attributes"])[:3] if item.get("words")]
    return ([f"Aim for: {', '.join(concepts)}"] if concepts else []) + (
        [f"They are {', '.join(looks)}"] if looks else []
    )


def _list(text: str | None) -> list[dict[str, Any]]:
    found = json.loads(text) if text else []
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _examples(
    comparison: ComparisonLike, version_id: int, cluster: int, trusted: bool
) -> list[dict[str, Any]]:
    """The most absent images of a gap."""
    table = comparison.coverage(version_id)
    mine = pc.equal(table["cluster"], cluster)
    table = table.filter(pc.and_(mine, table["absent"]) if trusted else mine).slice(0, EXAMPLES)
    return table.select(
        ["path", "content_id", "nearest_path", "nearest_id", "distance"]
    ).to_pylist()


def _version(comparison: ComparisonLike, version: str | int | None) -> Any:
    datasets = list(comparison.versions)
    return next((one for one in datasets if version in (one.id, one.version)), datasets[-1])


def _md(text: object) -> str:
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))
