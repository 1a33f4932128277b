"""A finished comparison, ready to be read: Arrow tables for the Python door, typed rows for code.

Whoever hands a comparison on (pages, reports, the command line) reads rows of the contracts; the
tables keep the columns that scripts know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from core.contracts.catalog import Dataset, ImageRow
from core.contracts.cluster_words import ClusterContent, judged_names, map_names
from core.contracts.comparison import (
    ChangeRow,
    ClusterRow,
    ComparisonRecord,
    GroupRow,
    LabelCountRow,
    LabelledCoverageRow,
    LabelNoteRow,
    MetricRow,
    SurplusGroupRow,
    SurplusRow,
    VersionRow,
)
from core.contracts.derive import read_rows
from core.contracts.judgement_words import group_name
from core.contracts.words import GroupKind, Mark, RecordStatus, Space, State, Tier
from core.errors import InputError
from core.store import comparison_table, dataset_table, embeddings, mark_table, study_table
from core.store.database import Database
from core.store.mark_table import Answer, GroupMark, ImageMark, Looked
from core.store.schema import RESULT_TABLES
from core.store.study_results import Study

CLUSTER_COLUMN = {Space.JOINT: "cluster", Space.ALIGNED: "acluster", Space.REAL: "real_cluster"}
"""Where the points table says which cluster of a space an image is in."""


@dataclass(frozen=True)
class JudgedPair:
    """Two versions by dataset id, and how many real images were judged between them."""

    from_id: int
    to_id: int
    images: int


@dataclass(frozen=True)
class TierChange:
    """How many real images are of one tier in one version and of another in the next."""

    before: Tier
    after: Tier
    images: int


@dataclass(frozen=True)
class StateCount:
    """How many real images of a cluster and of a class and bias (None: unknown) are in a state
    between two versions.
    """

    cluster: int
    class_: str | None
    bias: str | None
    state: State
    images: int


@dataclass(frozen=True)
class ClusterCoverage:
    """A cluster: its real images, the share of them on the list, their mean gap score."""

    cluster: int
    size: int
    absent_share: float
    mean_score: float


class Comparison:
    """Read access to one comparison's results. Nothing is computed here."""

    def __init__(self, db: Database, comparison_id: int) -> None:
        record = comparison_table.comparison(db, comparison_id)
        if record is None:
            raise InputError(
                f"There is no comparison {comparison_id} in this workspace", "Choose another one."
            )
        self._db = db
        self.record: ComparisonRecord = record
        self.id = record.id
        self._cluster_names: dict[Space, dict[int, str]] = {}

    # --- what it is about -------------------------------------------------------------------------

    @property
    def real(self) -> Dataset:
        """The real dataset."""
        return self._dataset(self.record.real_id)

    @property
    def versions(self) -> list[Dataset]:
        """The versions, in the comparison's order."""
        return [self._dataset(version_id) for version_id in self.record.version_ids]

    def version(self, version: str | int) -> Dataset:
        """A version, by its label or dataset id. Raises :class:`InputError` where there is none."""
        versions = self.versions
        for dataset in versions:
            if version in (dataset.version, dataset.id):
                return dataset
        names = ", ".join(str(dataset.version) for dataset in versions)
        raise InputError(f"This comparison has no version {version!r}", f"It has {names}.")

    def version_id(self, version: str | int) -> int:
        """The dataset id of a version, by its label or id."""
        return self.version(version).id

    def units(self) -> dict[int, int]:
        """In how many sequences of near-identical images each dataset's images are, by dataset id;
        a dataset whose images all differ has as many as images. Empty where that is not stored.
        """
        rows = self._db.table(
            """SELECT dataset_id, count(DISTINCT unit) AS units FROM points
               WHERE comparison_id = ? AND unit IS NOT NULL GROUP BY dataset_id""",
            [self.id],
        ).to_pylist()
        return {row["dataset_id"]: row["units"] for row in rows}

    # --- rows -------------------------------------------------------------------------------------

    def version_rows(self) -> list[VersionRow]:
        """What is said of each version as a whole, in the comparison's order."""
        return read_rows(VersionRow, self.summary())

    def version_row(self, version: str | int) -> VersionRow | None:
        """What is said of one version as a whole; None where that is not stored."""
        version_id = self.version_id(version)
        return next((row for row in self.version_rows() if row.version_id == version_id), None)

    def group_rows(self, version: str | int) -> list[GroupRow]:
        """The groups of real images as one version covers them, the most absent first: what labels
        say before what vectors say.
        """
        names = self.cluster_names(Space.REAL)
        return [
            replace(row, name=names.get(row.cluster, row.name))
            if row.kind == GroupKind.CLUSTER and row.cluster is not None
            else row
            for row in read_rows(GroupRow, self.groups(version))
        ]

    def label_count_rows(self, version: str | int) -> list[LabelCountRow]:
        """Real against rendered images of every label that both sides know, for one version."""
        version_id = self.version_id(version)
        rows = read_rows(LabelCountRow, self.label_counts())
        return [row for row in rows if row.version_id == version_id]

    def label_note_rows(self, version: str | int) -> list[LabelNoteRow]:
        """What to know of the labels' columns, for one version."""
        version_id = self.version_id(version)
        rows = read_rows(LabelNoteRow, self.label_notes())
        return [row for row in rows if row.version_id == version_id]

    def coverage_rows(self, version: str | int) -> list[LabelledCoverageRow]:
        """Every real image's coverage by one version, the most absent first."""
        return read_rows(LabelledCoverageRow, self.coverage(version))

    def absent_rows(self, version: str | int) -> list[LabelledCoverageRow]:
        """The real images that a version does not cover, ranked."""
        return read_rows(LabelledCoverageRow, self._coverage(version, "AND c.absent"))

    def example_rows(
        self, version: str | int, each: int, *, absent_only: bool
    ) -> dict[str, list[LabelledCoverageRow]]:
        """The ``each`` most absent real images of every group, by group id. ``absent_only``: of
        those on the list; groups without one are left out.
        """
        condition = "AND c.absent" if absent_only else ""
        table = self._coverage(
            version,
            f"""{condition} QUALIFY row_number()
                OVER (PARTITION BY c.group_id ORDER BY c.rank, c.path) <= {int(each)}""",
        )
        examples: dict[str, list[LabelledCoverageRow]] = {}
        for row in read_rows(LabelledCoverageRow, table):
            examples.setdefault(row.group_id, []).append(row)
        return examples

    def surplus_rows(self, version: str | int) -> list[SurplusRow]:
        """The synthetic images of a version that no real image is near, the farthest first."""
        return read_rows(SurplusRow, self._of_version("surplus", version, "rank"))

    def surplus_group_rows(self, version: str | int) -> list[SurplusGroupRow]:
        """The groups that those are in, the largest first."""
        return read_rows(SurplusGroupRow, self._of_version("surplus_groups", version, '"group"'))

    def cluster_coverage(self, version: str | int) -> list[ClusterCoverage]:
        """How a version covers each cluster of real images (−1: the images of none)."""
        table = self.coverage(version).select(["cluster", "absent", "score"])
        table = table.set_column(1, "absent", pc.cast(table["absent"], pa.float64()))
        grouped = table.group_by("cluster").aggregate(
            [("absent", "count"), ("absent", "mean"), ("score", "mean")]
        )
        columns = (grouped[name].to_pylist() for name in grouped.column_names)
        return [ClusterCoverage(*values) for values in zip(*columns, strict=True)]

    def cluster_rows(self) -> list[ClusterRow]:
        """How many images of each dataset each cluster holds, by space."""
        return read_rows(ClusterRow, self.clusters())

    def cluster_names(self, space: Space) -> dict[int, str]:
        """What the clusters of a space are called, by content; those of a map after the judged
        cluster that most of their real images are of. −1: the images of none.
        """
        if space not in self._cluster_names:
            judged = (
                judged_names(self._contents(Space.REAL), self._explained())
                if space == Space.REAL
                else map_names(self._contents(space), self.cluster_names(Space.REAL))
            )
            self._cluster_names[space] = judged
        return self._cluster_names[space]

    def metric_rows(self) -> list[MetricRow]:
        """Every metric of every scope, by version in order."""
        return read_rows(MetricRow, self.metrics())

    def change_rows(
        self, from_version: str | int | None = None, to_version: str | int | None = None
    ) -> list[ChangeRow]:
        """How each real image's coverage changed between two versions (all pairs if none is
        named).
        """
        return read_rows(ChangeRow, self.changes(from_version, to_version))

    def judged_pairs(self) -> list[JudgedPair]:
        """Every pair of versions between which changes were judged."""
        rows = self._db.rows(
            """SELECT from_id, to_id, count(*) AS images FROM changes
            WHERE comparison_id = ? GROUP BY from_id, to_id ORDER BY from_id, to_id""",
            [self.id],
        )
        return [JudgedPair(**row) for row in rows]

    def changed_rows(self, from_id: int, to_id: int) -> list[ChangeRow]:
        """The real images on some list between two versions: :meth:`change_rows` without those that
        stayed covered.
        """
        table = self._changes(
            "AND c.from_id = ? AND c.to_id = ? AND (c.state <> ? OR c.regressed)",
            [from_id, to_id, State.COVERED],
        )
        return read_rows(ChangeRow, table)

    def tier_changes(self, from_id: int, to_id: int) -> list[TierChange]:
        """The real images by their tier in one version and in another (by dataset id)."""
        rows = self._db.rows(
            """SELECT f.tier AS before, t.tier AS after, count(*) AS images
            FROM coverage f JOIN coverage t
              ON t.comparison_id = f.comparison_id AND t.path = f.path AND t.version_id = ?
            WHERE f.comparison_id = ? AND f.version_id = ? GROUP BY ALL ORDER BY ALL""",
            [to_id, self.id, from_id],
        )
        return [TierChange(Tier(row["before"]), Tier(row["after"]), row["images"]) for row in rows]

    def state_counts(self, from_id: int, to_id: int) -> list[StateCount]:
        """The real images by cluster, class, bias and state between two versions (by dataset
        id).
        """
        rows = self._db.rows(
            """SELECT c.cluster, i.class, i.bias, c.state, count(*) AS images
            FROM changes c LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? AND c.from_id = ? AND c.to_id = ?
            GROUP BY ALL ORDER BY ALL""",
            [self.record.real_id, self.id, from_id, to_id],
        )
        return [
            StateCount(
                row["cluster"], row["class"], row["bias"], State(row["state"]), row["images"]
            )
            for row in rows
        ]

    def image_rows(self) -> list[ImageRow]:
        """Every file of the real dataset's last scan, readable or not, in path order."""
        return read_rows(ImageRow, dataset_table.images(self._db, self.record.real_id))

    # --- the engineer's marks (they change: read anew each time) ----------------------------------

    def looked(self, version: str | int) -> Looked:
        """One version of this comparison, as marks are set and read by."""
        return Looked(self.id, self.version_id(version), self.record.real_id)

    def group_marks(self, version: str | int) -> dict[str, GroupMark]:
        """The marked groups of a version, by group id."""
        return mark_table.group_marks(self._db, self.looked(version))

    def image_marks(self, version: str | int) -> dict[str, ImageMark]:
        """The marked real images by path: by their own mark, else by that of their group."""
        return mark_table.image_marks(self._db, self.looked(version))

    def marks_by_path(self, version: str | int) -> dict[str, Mark]:
        """The same without who said it of what."""
        return {path: one.mark for path, one in self.image_marks(version).items()}

    def answers(self, version: str | int) -> dict[str, Answer]:
        """What the check of borderline groups was told of this version, by group id."""
        return mark_table.answers(self._db, self.looked(version))

    def group_fingerprints(self, version: str | int) -> dict[str, str]:
        """A hash of the contents of each group of a version, by group id."""
        return mark_table.fingerprints(self._db, self.looked(version))

    def group_paths(self, version: str | int, group_ids: Sequence[str]) -> dict[str, list[str]]:
        """The real images of some groups of a version: paths by group id."""
        return mark_table.group_paths(self._db, self.looked(version), group_ids)

    def real_attributes(self) -> pa.Table:
        """The readable real images in path order, with their photometric attributes."""
        return embeddings.images_with_attributes(self._db, self.record.real_id)

    # --- tables of the Python door ----------------------------------------------------------------

    def points(self) -> pa.Table:
        """Every image with its coordinates and clusters: dataset, domain, version, path, x, y, x3,
        …, class, bias.
        """
        return self._db.table(
            """
            SELECT d.name AS dataset, d.domain, d.version, p.* EXCLUDE (comparison_id),
                   i.class, i.bias
            FROM points p JOIN datasets d ON d.id = p.dataset_id
            LEFT JOIN images i ON i.dataset_id = p.dataset_id AND i.path = p.path
            WHERE p.comparison_id = ? ORDER BY d.domain, d.position, p.path""",
            [self.id],
        )

    def coverage(self, version: str | int) -> pa.Table:
        """Every real image's coverage by one version, the most absent first."""
        return self._coverage(version)

    def judgement(self, version: str | int) -> pa.Table:
        """The groups of real images and what is said of each, the likeliest gap first.

        Columns: name, tier, size, rendered, q, reason, expected, kind, column, value, cluster,
        group_id. Of a version that cannot be judged :meth:`version_row` has the ``obstacle``.
        """
        columns = [
            "tier", "size", "rendered", "q", "reason", "expected",
            "kind", "column", "value", "cluster", "group_id",
        ]  # fmt: skip
        names = [group_name(row) for row in self.group_rows(version)]
        table = self.groups(version).select(columns)
        return table.add_column(0, "name", pa.array(names, pa.string()))

    def absent(self, version: str | int) -> pa.Table:
        """The real images that a version does not cover, ranked.

        Columns: path, score, q, tier, cluster, group_id, outside, outside_aligned, single, nearest,
        distance, class, bias.
        """
        return self._db.table(
            """
            SELECT c.path, c.score, c.q, c.tier, c.cluster, c.group_id, c.outside,
                   c.outside_aligned, c.single, c.nearest_path AS nearest, c.distance,
                   i.class, i.bias
            FROM coverage c LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? AND c.version_id = ? AND c.absent ORDER BY c.rank, c.path""",
            [self.record.real_id, self.id, self.version_id(version)],
        )

    def groups(self, version: str | int) -> pa.Table:
        """The groups of real images as one version covers them: the likeliest gap first, labels
        before clusters.
        """
        return self._db.table(
            """SELECT * EXCLUDE (comparison_id) FROM groups
            WHERE comparison_id = ? AND version_id = ?
            ORDER BY list_position(['absent', 'thin', 'cannot tell', 'covered'], tier),
                decided_by = 'vectors', score DESC NULLS LAST, size DESC, group_id""",
            [self.id, self.version_id(version)],
        )

    def clusters(self) -> pa.Table:
        """Cluster sizes by space and dataset (version_id null: the real images), and whether each
        is covered.
        """
        return self._table("clusters", "space, cluster, version_id")

    def summary(self) -> pa.Table:
        """One row a version: images, absent rate with interval and real-vs-real baseline, injected
        gaps and recall, verdict.
        """
        return self._table("versions", "position")

    def metrics(self) -> pa.Table:
        """Every metric: version, scope, part, name, value, low, high, n_real, n_synthetic,
        baseline, …
        """
        return self._db.table(
            """SELECT d.version, m.* EXCLUDE (comparison_id) FROM metrics m
            LEFT JOIN datasets d ON d.id = m.version_id
            WHERE m.comparison_id = ? ORDER BY d.position, m.scope, m.name""",
            [self.id],
        )

    def changes(
        self, from_version: str | int | None = None, to_version: str | int | None = None
    ) -> pa.Table:
        """How each real image's coverage changed between two versions (all pairs if none is
        named).
        """
        if from_version is None or to_version is None:
            return self._changes()
        return self._changes(
            "AND c.from_id = ? AND c.to_id = ?",
            [self.version_id(from_version), self.version_id(to_version)],
        )

    def selftest(self) -> pa.Table:
        """Every injected gap, and what the list made of it."""
        return self._table("selftest", "version_id, view, strength DESC, seed, injected_cluster")

    def splits(self) -> pa.Table:
        """Classes whose real and synthetic images live in different clusters, the most split
        first.
        """
        return self._table("splits", "separation DESC NULLS LAST")

    def label_counts(self) -> pa.Table:
        """Real against rendered images of every label that both sides know."""
        return self._table("label_counts", 'version_id, "column", real DESC, value')

    def label_notes(self) -> pa.Table:
        """What to know of the labels' columns: why one is not counted, how many images lack it."""
        return self._table("label_notes", 'version_id, "column", note')

    def surplus(self) -> pa.Table:
        """The synthetic images that no real image is near, by version and rank."""
        return self._table("surplus", "version_id, rank")

    def surplus_groups(self) -> pa.Table:
        """The groups that those are in, the largest first."""
        return self._table("surplus_groups", 'version_id, "group"')

    def table(self, name: str) -> pa.Table:
        """Any result table whole, by its name in the database (for exports)."""
        if name not in RESULT_TABLES:
            raise InputError(
                f"There is no result table {name!r}",
                f"There are {', '.join(RESULT_TABLES)}.",
            )
        return self._table(name, "ALL")

    # --- what stands beside it --------------------------------------------------------------------

    def thumbnails(self, content_ids: Iterable[str]) -> dict[str, bytes]:
        """WebP thumbnails by content id; contents without one are left out."""
        return embeddings.thumbnails(self._db, list(dict.fromkeys(content_ids)))

    def image_file(self, content_id: str) -> Path | None:
        """Some file on disk with this content, or None."""
        return dataset_table.image_file(self._db, content_id)

    def study(self) -> Study | None:
        """The newest finished study of these real images and at least one of these versions."""
        for record in study_table.studies(self._db):
            if (
                record.status == RecordStatus.DONE
                and record.real_id == self.record.real_id
                and set(record.version_ids) & set(self.record.version_ids)
            ):
                return Study(self._db, record.id)
        return None

    # --- inside -----------------------------------------------------------------------------------

    def _explained(self) -> dict[int, str]:
        """The names that explanations gave the judged clusters: of several versions the newest."""
        rows = self._db.rows(
            """SELECT g.cluster, g.name FROM groups g
            JOIN versions v ON v.comparison_id = g.comparison_id AND v.version_id = g.version_id
            WHERE g.comparison_id = ? AND g.kind = ? AND g.name IS NOT NULL ORDER BY v.position""",
            [self.id, GroupKind.CLUSTER],
        )
        return {row["cluster"]: row["name"] for row in rows}

    def _contents(self, space: Space) -> dict[int, ClusterContent]:
        """What each cluster of a space holds."""
        column = CLUSTER_COLUMN[space]
        only = "AND d.domain = 'real'" if space == Space.REAL else ""
        rows = self._db.rows(
            f"""SELECT p.{column} AS cluster, d.domain = 'real' AS real, p.real_cluster AS judged,
                   i.class, p.tag AS look, count(*) AS n
            FROM points p JOIN datasets d ON d.id = p.dataset_id
            LEFT JOIN images i ON i.dataset_id = p.dataset_id AND i.path = p.path
            WHERE p.comparison_id = ? {only} GROUP BY ALL ORDER BY ALL""",
            [self.id],
        )
        contents: dict[int, ClusterContent] = {}
        for row in rows:
            content, many = contents.setdefault(row["cluster"], ClusterContent()), row["n"]
            content.images += many
            if row["real"]:
                content.real += many
                content.judged[row["judged"]] += many
            for counts, name in ((content.classes, row["class"]), (content.looks, row["look"])):
                if name is not None:
                    counts[name] += many
        return contents

    def _coverage(self, version: str | int, condition: str = "") -> pa.Table:
        """Rows of the coverage table beside class and bias, by rank; ``condition`` is SQL."""
        return self._db.table(
            f"""
            SELECT c.* EXCLUDE (comparison_id), i.class, i.bias FROM coverage c
            LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? AND c.version_id = ? {condition} ORDER BY c.rank, c.path""",
            [self.record.real_id, self.id, self.version_id(version)],
        )

    def _changes(self, condition: str = "", values: Sequence[object] = ()) -> pa.Table:
        """Rows of the changes table beside the versions' labels, class and bias; ``condition`` is
        SQL with ``values``.
        """
        return self._db.table(
            f"""
            SELECT f.version AS "from", t.version AS "to", c.* EXCLUDE (comparison_id),
                   i.class, i.bias
            FROM changes c
            JOIN datasets f ON f.id = c.from_id JOIN datasets t ON t.id = c.to_id
            LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? {condition}
            ORDER BY f.position, t.position, c.change DESC, c.path""",
            [self.record.real_id, self.id, *values],
        )

    def _table(self, name: str, order: str) -> pa.Table:
        return self._db.table(
            f"""SELECT * EXCLUDE (comparison_id) FROM {name}
            WHERE comparison_id = ? ORDER BY {order}""",
            [self.id],
        )

    def _of_version(self, name: str, version: str | int, order: str) -> pa.Table:
        return self._db.table(
            f"""SELECT * EXCLUDE (comparison_id) FROM {name}
            WHERE comparison_id = ? AND version_id = ? ORDER BY {order}""",
            [self.id, self.version_id(version)],
        )

    def _dataset(self, dataset_id: int) -> Dataset:
        dataset = dataset_table.dataset(self._db, dataset_id)
        if dataset is None:
            raise InputError(
                "A dataset of this comparison was removed from the workspace",
                "Make a new comparison.",
            )
        return dataset
