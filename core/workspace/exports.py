"""Exports: a comparison as report, brief, lists for other tools, and the numbers over versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from core.contracts.encoder_trial import EncoderTrialRow
from core.reports import (
    absent_folder,
    coco,
    comparison_json,
    contributions,
    encoder_trial,
    fiftyone,
    history,
    html,
    image_folder,
    members,
    pairs,
    related,
    tables,
)
from core.reports import brief as briefs
from core.reports.history import ClusterHistory as ClusterHistory
from core.reports.history import TrendRow as TrendRow
from core.reports.marks import version_marks
from core.reports.pairs import Pair as Pair
from core.store.results import Comparison
from core.workspace.comparisons import Comparisons
from core.workspace.job_queue import Jobs


class Exports:
    """What a workspace hands out. Nothing here is computed from images: it reads what is stored."""

    def __init__(self, comparisons: Comparisons, jobs: Jobs) -> None:
        self._comparisons, self._jobs = comparisons, jobs

    # --- to read ----------------------------------------------------------------------------------

    def report_html(self, comparison: Comparison) -> str:
        """The self-contained HTML report."""
        beside = related.related(comparison, self._spectra(comparison))
        return html.report_html(comparison, beside)

    def brief(self, comparison: Comparison, version: str | int | None = None) -> briefs.Brief:
        """What to render, for one version (the newest unless named)."""
        newest = comparison.versions[-1].id if version is None else version
        marks = version_marks(comparison, newest)
        return briefs.brief(comparison, newest, open_groups=marks.open_groups)

    def brief_markdown(self, comparison: Comparison, version: str | int | None = None) -> str:
        """The render brief as Markdown."""
        return briefs.brief_markdown(self.brief(comparison, version))

    def brief_html(self, comparison: Comparison, version: str | int | None = None) -> str:
        """The render brief as one HTML page."""
        return briefs.brief_html(self.brief(comparison, version))

    def brief_json(self, comparison: Comparison, version: str | int | None = None) -> str:
        """The render brief as JSON text, for the renderer's own scripts."""
        return briefs.brief_json(self.brief(comparison, version))

    def members(self, comparison: Comparison, version: str | int) -> members.Members:
        """The real images of each group of a version, and the groups that are the same twice."""
        return members.members(comparison, version)

    def as_json(self, comparison: Comparison) -> dict[str, Any]:
        """What ``compare --json`` writes."""
        return comparison_json.comparison_json(comparison)

    def encoder_trial_json(self, rows: Sequence[EncoderTrialRow], chosen: str) -> dict[str, Any]:
        """What ``encoders --json`` writes of a trial; ``chosen``: what ``auto`` is there."""
        return encoder_trial.encoder_trial_json(rows, chosen)

    # --- lists for other tools --------------------------------------------------------------------

    def csv_bytes(self, table: pa.Table) -> bytes:
        """A table as CSV, safe for spreadsheets."""
        return tables.csv_bytes(table)

    def absent_csv(self, comparison: Comparison) -> str:
        """The absent images of every version as CSV text."""
        return tables.absent_csv(comparison)

    def surplus_csv(self, comparison: Comparison, version: str | int) -> bytes:
        """The surplus images of a version as CSV, with the names of their groups."""
        return tables.surplus_csv(comparison, version)

    def tables_zip(self, comparison: Comparison, form: str = "csv") -> bytes:
        """Every result table in one ZIP file, as ``csv`` or ``parquet``."""
        return tables.tables_zip(comparison, form)

    def coco_json(self, comparison: Comparison, version: str | int) -> str:
        """The absent images of a version as a COCO image list."""
        return coco.coco_json(comparison, version)

    def fiftyone_zip(self, comparison: Comparison, version: str | int) -> bytes:
        """The real images with labels, as FiftyOne reads them."""
        return fiftyone.fiftyone_zip(comparison, version)

    def write_absent_folder(
        self, comparison: Comparison, version: str | int, target: Path, *, copies: bool = False
    ) -> image_folder.WrittenFolder:
        """Copy (or link) the absent images into a folder, by rank."""
        return absent_folder.write_absent_folder(comparison, version, target, copies=copies)

    # --- over versions ----------------------------------------------------------------------------

    def pairs(self, comparison: Comparison) -> list[pairs.Pair]:
        """Every pair of versions that the comparison judged, with the verdict."""
        return pairs.pairs_of(comparison)

    def trend_rows(self, comparison: Comparison) -> list[history.TrendRow]:
        """Absent share and every metric of all images, by version in order."""
        return history.trend_rows(comparison)

    def comparable_trend(
        self,
        pasts: Sequence[history.Past],
        numbers: Mapping[int, Sequence[history.TrendRow]],
    ) -> list[history.TrendRow]:
        """The rows of several comparisons that may stand in one trend."""
        return history.comparable_trend(pasts, numbers)

    def cluster_rows(self, comparison: Comparison) -> list[history.ClusterHistory]:
        """How each cluster of real images fares in each version."""
        return history.cluster_history(comparison)

    def contributions(
        self, comparison: Comparison, from_id: int, to_id: int
    ) -> dict[str, list[contributions.Contribution]]:
        """By metric: what each cluster contributed to its change between two versions."""
        known = contributions.from_rows(comparison.metric_rows())
        before, after = known.get(from_id, {}), known.get(to_id, {})
        return {
            name: contributions.contributions(before[name], after[name])
            for name in before
            if name in after
        }

    def history(self, comparison: Comparison) -> list[history.Past]:
        """Every finished comparison of the same real images, and what keeps it from being
        compared.
        """
        return history.history(self._comparisons.list(), comparison.record)

    # --- inside -----------------------------------------------------------------------------------

    def _spectra(self, comparison: Comparison) -> Iterator[Path]:
        """Output folders of the spectrum comparisons of the same images, the newest first."""
        jobs = self._jobs
        for job in related.spectrum_jobs(comparison, jobs.list()):
            yield jobs.path(job.id) / "outputs"
