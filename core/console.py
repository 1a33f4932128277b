"""What the command line prints: tables and lines for people; files are for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from core.contracts.formatting import MISSING
from core.contracts.judgement_words import GAP_TIERS, UNJUDGED, unjudged_sentence

GAPS = 5  # of each version

out = Console(soft_wrap=True)


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
    out.print(
        f"{real['images']} real images, {real['unreadable']} unreadable, "
        f"encoder {result['encoder']}"
    )
    out.print(table)
    for name, version in result["versions"].items():
        said = version["verdict"] or ""
        if not version["judged"]:
            said = unjudged_sentence(name, version["obstacle"])
        out.print(f"{name}: {said}", markup=False, highlight=False)
        groups = [group for group in version["groups"] if group["same_as"] is None]
        gaps = [group for group in groups if group["tier"] in GAP_TIERS]
        for group in gaps[:GAPS]:
            words = (group["tier"], f"{group['size']} real images", group["name"])
            why = " ".join(text for text in (group["reason"], group["explanation"]) if text)
            out.print(f"  {', '.join(words)}. {why}", markup=False, highlight=False)
        if len(gaps) > GAPS:
            out.print(f"  and {len(gaps) - GAPS} more: see --json or --brief")


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


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list | tuple):
        return " ".join(plain(part) for part in value)
    return f"{value:,}" if isinstance(value, int) else str(value)
