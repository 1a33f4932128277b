"""What the command line prints: tables and lines for people; files are for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from core.contracts.encoder_trial import EncoderTrialRow
from core.contracts.encoder_trial_words import TRIAL_COLUMNS, trial_cells, trial_sentence
from core.contracts.formatting import MISSING, in_sequences
from core.contracts.judgement_words import BY_LABELS, GAP_TIERS, UNJUDGED, unjudged_sentence
from core.contracts.words import Framing

if TYPE_CHECKING:
    from core.workspace.marks import MarkEntry

GAPS = 5  # of each version

out = Console(soft_wrap=True)


def print_scan(summary: Mapping[str, Any]) -> None:
    for name, value in summary.items():
        if name == "labels":  # a line for each column
            for column, counts in value.items():
                _print_line(column, counts)
        elif name == "left_out":
            for column, why in value.items():
                _print_line(column, f"left out: {why}")
        elif name != "groups" or any(group["bias"] for group in value):
            _print_line(name, value)


def _print_line(name: str, value: Any) -> None:
    out.print(f"[bold]{escape(f'{name:<12}')}[/] {escape(plain(value))}", highlight=False)


def print_comparison(result: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("version", "images", "absent", "share", "thin", "cannot tell", "real vs real"):
        table.add_column(column, justify="left" if column == "version" else "right")
    for name, version in result["versions"].items():
        judged = version["judged"]
        table.add_row(
            name,
            str(version["images"]),
            str(len(version["absent"])) if judged else MISSING,
            _percent(version["absent_rate"]) if judged else UNJUDGED,
            str(version["thin"]) if judged else MISSING,
            str(version["cannot_tell"]),
            _percent(version["floor_rate"]),
        )
    real = result["real"]
    framing = "" if result["framing"] == Framing.CENTRE else f", {result['framing']}"
    out.print(
        f"{real['images']} real images{in_sequences(real['images'], real['units'])}, "
        f"{real['unreadable']} unreadable, "
        f"encoder {result['encoder']}{framing}"
    )
    out.print(table)
    for name, version in result["versions"].items():
        said = version["verdict"] or ""
        if not version["judged"]:
            counted = f" {len(version['absent'])} real images are {BY_LABELS}."
            said = unjudged_sentence(name, version["obstacle"])
            said += counted if version["absent"] else ""
        out.print(f"{name}: {said}", markup=False, highlight=False)
        groups = [group for group in version["groups"] if group["same_as"] is None]
        gaps = [group for group in groups if group["tier"] in GAP_TIERS]
        for group in gaps[:GAPS]:
            words = (group["tier"], f"{group['size']} real images", group["name"])
            why = " ".join(text for text in (group["reason"], group["explanation"]) if text)
            out.print(f"  {', '.join(words)}. {why}", markup=False, highlight=False)
        if len(gaps) > GAPS:
            out.print(f"  and {len(gaps) - GAPS} more: see --json or --brief")


def print_encoder_trial(rows: Sequence[EncoderTrialRow], chosen: str) -> None:
    """The encoders of a trial, the best first, and which one ``auto`` is for these images."""
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(TRIAL_COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*trial_cells(row))
    first = rows[0]
    out.print(
        f"{first.real_images} real and {first.synthetic_images} synthetic images, {first.groups} "
        f"gaps injected, {'one a class' if first.by_class else 'one a cluster'}"
    )
    out.print(table)
    out.print(f"{trial_sentence(rows)} auto is {chosen} for these images.", markup=False)


def print_study(result: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False)
    wanted = (
        "mixture",
        "objective",
        "worst_mean",
        "worst_sd",
        "balanced_mean",
        "balanced_sd",
        "seeds",
    )
    names = [key for key in wanted if result["summary"] and key in result["summary"][0]]
    for name in names:
        table.add_column(name, justify="right" if name not in ("mixture", "objective") else "left")
    for row in result["summary"]:
        cells = (row[name] for name in names)
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells))
    out.print(table)
    for sentence in result["verdict"].get("sentences", []):
        out.print(sentence, markup=False)


def print_marks(entries: Sequence[MarkEntry]) -> None:
    if not entries:
        out.print("Nothing is marked in this workspace.")
    for entry in entries:
        single = entry.paths[0] if len(entry.paths) == 1 else "single images"
        parts = [
            f"{entry.real}: {entry.group or single}: {entry.mark}",
            f"{len(entry.paths)} images",
        ]
        if entry.version:
            was = f", {entry.tier} then" if entry.tier else ""
            parts.append(f"looking at {entry.version}{was}")
        if entry.checked:
            parts.append("answer, held back" if entry.held_back else "answer")
        parts.append(f"{entry.created_at:%Y-%m-%d %H:%M}")
        out.print(" · ".join(parts), markup=False, highlight=False)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(plain(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
