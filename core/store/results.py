"""A finished comparison, ready to be read: tables as Arrow, numbers as the command line prints
them.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from core.contracts.catalog import Dataset
from core.contracts.comparison import ComparisonRecord
from core.errors import InputError
from core.store import catalog, comparison_table
from core.store.database import Database
from core.store.schema import RESULT_TABLES


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

    # --- what it is about -------------------------------------------------------------------------

    @property
    def real(self) -> Dataset:
        """The real dataset."""
        return self._dataset(self.record.real_id)

    @property
    def versions(self) -> list[Dataset]:
        """The versions, in the comparison's order."""
        return [self._dataset(version_id) for version_id in self.record.version_ids]

    def version_id(self, version: str | int) -> int:
        """The dataset id of a version, by its label or id."""
        for dataset in self.versions:
            if version in (dataset.version, dataset.id):
                return dataset.id
        names = ", ".join(str(dataset.version) for dataset in self.versions)
        raise InputError(f"This comparison has no version {version!r}", f"It has {names}.")

    # --- tables -----------------------------------------------------------------------------------

    def points(self) -> pa.Table:
        """Every image with its coordinates and clusters: dataset, domain, version, path, x, y, x3,
        …, class, bias.
        """
        return self._db.table(
            """
            SELECT d.name AS dataset, d.domain, d.version, p.* EXCLUDE (comparison_id), i.class, i.bias
            FROM points p JOIN datasets d ON d.id = p.dataset_id
            LEFT JOIN images i ON i.dataset_id = p.dataset_id AND i.path = p.path
            WHERE p.comparison_id = ? ORDER BY d.domain, d.position, p.path""",
            [self.id],
        )

    def coverage(self, version: str | int) -> pa.Table:
        """Every real image's coverage by one version, the most absent first."""
        return self._db.table(
            """
            SELECT c.* EXCLUDE (comparison_id), i.class, i.bias FROM coverage c
            LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? AND c.version_id = ? ORDER BY c.rank, c.path""",
            [self.record.real_id, self.id, self.version_id(version)],
        )

    def absent(self, version: str | int) -> pa.Table:
        """The real images that a version does not cover, ranked.

        Columns: path, score, q, cluster, by_cluster, by_score, nearest, distance, class, bias.
        """
        return self._db.table(
            """
            SELECT c.path, c.score, c.q, c.cluster, c.by_cluster, c.by_score, c.nearest_path AS nearest, c.distance,
                   i.class, i.bias
            FROM coverage c LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? AND c.version_id = ? AND c.absent ORDER BY c.rank, c.path""",
            [self.record.real_id, self.id, self.version_id(version)],
        )

    def gaps(self, version: str | int) -> pa.Table:
        """The gaps of one version, the most absent first."""
        return self._db.table(
            """SELECT * EXCLUDE (comparison_id) FROM gaps
            WHERE comparison_id = ? AND version_id = ? ORDER BY score DESC""",
            [self.id, self.version_id(version)],
        )

    def clusters(self) -> pa.Table:
        """Cluster sizes by space and dataset (version_id null: the real images), and whether each
        is covered.
        """
        return self._table("clusters", "space, cluster, version_id")

    def summary(self) -> pa.Table:
        """One row a version: images, absent rate with interval and floor, self-test, verdict."""
        return self._table("versions", "position")

    def metrics(self) -> pa.Table:
        """Every metric: version, scope, name, value, low, high, n_real, n_synthetic, floor, …"""
        return self._db.table(
            """SELECT d.version, m.* EXCLUDE (comparison_id) FROM metrics m
            LEFT JOIN datasets d ON d.id = m.version_id
            WHERE m.comparison_id = ? ORDER BY d.position, m.scope, m.name""",
            [self.id],
        )

    def changes(
        self, from_version: str | int | None = None, to_version: str | int | None = None
    ) -> pa.Table:
        """How each real image's coverage changed between two versions (all pairs if none is named)."""
        condition, values = "", [self.record.real_id, self.id]
        if from_version is not None and to_version is not None:
            condition = "AND c.from_id = ? AND c.to_id = ?"
            values += [self.version_id(from_version), self.version_id(to_version)]
        return self._db.table(
            f"""
            SELECT f.version AS "from", t.version AS "to", c.* EXCLUDE (comparison_id), i.class, i.bias FROM changes c
            JOIN datasets f ON f.id = c.from_id JOIN datasets t ON t.id = c.to_id
            LEFT JOIN images i ON i.dataset_id = ? AND i.path = c.path
            WHERE c.comparison_id = ? {condition} ORDER BY f.position, t.position, c.change DESC, c.path""",
            values,
        )

    def selftest(self) -> pa.Table:
        """What the self-test planted and found."""
        return self._table("selftest", "version_id, view, threshold, seed, injected_cluster")

    def splits(self) -> pa.Table:
        """Classes whose real and synthetic images live in different clusters, the most split first."""
        return self._table("splits", "separation DESC NULLS LAST")

    def table(self, name: str) -> pa.Table:
        """Any result table whole, by its name in the database (for exports)."""
        if name not in RESULT_TABLES:
            raise InputError(
                f"There is no result table {name!r}",
                f"There are {', '.join(RESULT_TABLES)}.",
            )
        return self._table(name, "ALL")

    # --- numbers ----------------------------------------------------------------------------------

    def as_dict(self) -> dict[str, Any]:
        """What ``compare --json`` writes. Paths are relative to their folder; no number is NaN."""
        summary = {row["version_id"]: row for row in self.summary().to_pylist()}
        metrics = [row for row in self.metrics().to_pylist() if row["scope"] == "all"]
        versions = {}
        for dataset in self.versions:
            covered = self.coverage(dataset.id).to_pylist()
            row = summary.get(dataset.id, {})
            versions[str(dataset.version)] = {
                "images": dataset.images,
                "unreadable": dataset.unreadable,
                "absent": [image["path"] for image in covered if image["absent"]],
                "absent_by_cluster": [image["path"] for image in covered if image["by_cluster"]],
                "absent_rate": row.get("absent_rate"),
                "floor_rate": row.get("baseline_rate"),
                "absolute": row.get("absolute"),
                "verdict": row.get("verdict"),
                "self_test": {
                    name: row.get(name)
                    for name in ("view", "injected", "found", "false_alarm_share", "recall")
                },
                "scores": {image["path"]: image["score"] for image in covered},
                "metrics": {
                    metric["name"]: {
                        "value": metric["value"],
                        "low": metric["low"],
                        "high": metric["high"],
                        "n": metric["n_synthetic"],
                        "floor": metric["baseline"],
                    }
                    for metric in metrics
                    if metric["version_id"] == dataset.id
                },
                "gaps": [
                    {
                        **{
                            key: gap[key]
                            for key in (
                                "cluster",
                                "name",
                                "reason",
                                "size",
                                "absent",
                                "n_synthetic",
                                "expected",
                                "low",
                                "high",
                                "stability",
                            )
                        }
                    }
                    for gap in self.gaps(dataset.id).to_pylist()
                ],
            }
        return {
            "encoder": self.record.encoder,
            "seed": self.record.seed,
            "comparison": self.id,
            "real": {"images": self.real.images, "unreadable": self.real.unreadable},
            "versions": versions,
            "clusters": self.clusters().to_pylist(),
            "changes": self._changes_by_pair(),
            "parameters": self.record.parameters,
            "software": self.record.software,
            "seconds": self.record.seconds,
        }

    def _changes_by_pair(self) -> list[dict[str, Any]]:
        pairs: dict[tuple[str, str], dict[str, Any]] = {}
        for row in self.changes().to_pylist():
            pair = pairs.setdefault(
                (row["from"], row["to"]),
                {
                    "from": row["from"],
                    "to": row["to"],
                    "closed": [],
                    "opened": [],
                    "open": [],
                    "regressed": [],
                },
            )
            if row["state"] in ("closed", "opened", "open"):
                pair[row["state"]].append(row["path"])
            if row["regressed"]:
                pair["regressed"].append(row["path"])
        return list(pairs.values())

    # --- inside -----------------------------------------------------------------------------------

    def _table(self, name: str, order: str) -> pa.Table:
        return self._db.table(
            f"SELECT * EXCLUDE (comparison_id) FROM {name} WHERE comparison_id = ? ORDER BY {order}",
            [self.id],
        )

    def _dataset(self, dataset_id: int) -> Dataset:
        found = catalog.dataset(self._db, dataset_id)
        if found is None:
            raise InputError(
                "A dataset of this comparison was removed from the workspace",
                "Make a new comparison.",
            )
        return found
