"""What a comparison hands out: the report, the brief, tables, lists for other tools, and a folder
of the absent images.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core import Workspace
from core.workspace import Comparison
from pages.parts.shared import choose, errors
from pages.parts.shared.style import escape, slug

MOST_FOLDERS = 1000  # folders of one name that are written side by side


@dataclass(frozen=True)
class Download:
    """One button: its label, what makes the file, the end of the file's name, its media type, and
    what it is.
    """

    label: str
    make: Callable[[], str | bytes]
    ending: str
    mime: str
    meaning: str


def show(ws: Workspace, comparison: Comparison) -> None:
    """The buttons, in three rows."""
    exports, name = ws.exports, slug(comparison.record.name)
    st.markdown("#### To read")
    _buttons(
        name,
        Download(
            "HTML report",
            lambda: exports.report_html(comparison),
            ".html",
            "text/html",
            "One file that opens offline.",
        ),
        Download(
            "Render brief, HTML",
            lambda: exports.brief_html(comparison),
            "-brief.html",
            "text/html",
            "One page: what to render, and how much.",
        ),
        Download(
            "Render brief, Markdown",
            lambda: exports.brief_markdown(comparison),
            "-brief.md",
            "text/markdown",
            "The same as text.",
        ),
        Download(
            "Render brief, JSON",
            lambda: exports.brief_json(comparison),
            "-brief.json",
            "application/json",
            "The same for the renderer's own scripts.",
        ),
    )
    st.markdown("#### Tables")
    _buttons(
        name,
        Download(
            "Absent images, CSV",
            lambda: exports.absent_csv(comparison),
            "-absent.csv",
            "text/csv",
            "Every version's absent images. Safe to open in a spreadsheet.",
        ),
        Download(
            "Every table, CSV",
            lambda: exports.tables_zip(comparison, "csv"),
            "-csv.zip",
            "application/zip",
            "A ZIP file.",
        ),
        Download(
            "Every table, Parquet",
            lambda: exports.tables_zip(comparison, "parquet"),
            "-parquet.zip",
            "application/zip",
            "A ZIP file.",
        ),
    )
    _for_other_tools(ws, comparison, name)


def _for_other_tools(ws: Workspace, comparison: Comparison, name: str) -> None:
    st.markdown("#### For other tools")
    version_id = choose.version(comparison)
    version = next(one.version for one in comparison.versions if one.id == version_id)
    part = slug(version)
    _buttons(
        f"{name}-{part}",
        Download(
            "FiftyOne",
            lambda: ws.exports.fiftyone_zip(comparison, version_id),
            "-fiftyone.zip",
            "application/zip",
            "Unpack it and import it as a FiftyOneImageClassificationDataset; it points to your "
            "files.",
        ),
        Download(
            "COCO image list",
            lambda: ws.exports.coco_json(comparison, version_id),
            "-coco.json",
            "application/json",
            "The absent images of this version.",
        ),
    )
    _folder(ws, comparison, version_id, part)


def _buttons(name: str, *downloads: Download) -> None:
    with st.container(horizontal=True):
        for one in downloads:
            st.download_button(
                one.label,
                data=one.make,
                file_name=name + one.ending,
                mime=one.mime,
                help=one.meaning,
                key=f"export_{one.label}",
                on_click="ignore",
                icon=":material/download:",
            )


def _folder(ws: Workspace, comparison: Comparison, version_id: int, part: str) -> None:
    """Write the absent images into a new folder on this machine, beside the workspace."""
    target = ws.path.parent / "exports" / f"absent-{comparison.id}-{part}"
    copies = st.toggle("Copy the files instead of linking to them", key="export_copies")
    if not st.button(
        "Write a folder of the absent images",
        icon=":material/folder:",
        key="export_folder",
        help=str(target),
    ):
        return
    with errors.shown():
        written = ws.exports.write_absent_folder(
            comparison, version_id, _new_folder(target), copies=copies
        )
        st.success(
            f"{written.images:,} images and manifest.csv are in {escape(written.folder)}",
            icon=":material/check_circle:",
        )
        if written.missing:
            st.warning(
                f"{len(written.missing):,} files are not there any more, for example "
                f"{escape(written.missing[0][0])}."
            )


def _new_folder(target: Path) -> Path:
    """``target``, or the first of ``target-2``, ``target-3`` … that is not there."""
    others = (target.with_name(f"{target.name}-{number}") for number in range(2, MOST_FOLDERS))
    return next(path for path in (target, *others) if not path.exists())
