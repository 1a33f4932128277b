"""The database's schema, as numbered steps.

``MIGRATIONS[n]`` brings a database from schema ``n`` to ``n + 1``. A step is never changed once it
is released: a new one is added. Result tables have the columns that ``docs/architecture.md`` lists,
plus the comparison or study they belong to.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

_INITIAL = """
CREATE SEQUENCE dataset_ids START 1;
CREATE TABLE datasets (
    id INTEGER PRIMARY KEY DEFAULT nextval('dataset_ids'),
    name VARCHAR NOT NULL,
    domain VARCHAR NOT NULL,            -- real | synthetic
    version VARCHAR,                    -- label of a synthetic dataset
    folder VARCHAR NOT NULL,
    labels VARCHAR,                     -- a path pattern or a table's path
    position INTEGER NOT NULL,          -- the versions' order
    created_at TIMESTAMP NOT NULL,
    scanned_at TIMESTAMP,
    summary JSON
);

-- One row for each image file. No primary key: rows are replaced whole by a scan, and an index over a million paths
-- costs more than it gives.
CREATE TABLE images (
    dataset_id INTEGER NOT NULL,
    path VARCHAR NOT NULL,
    bytes BIGINT,
    mtime_ns BIGINT,
    content_id VARCHAR,
    format VARCHAR,
    mode VARCHAR,
    width INTEGER,
    height INTEGER,
    status VARCHAR NOT NULL,            -- ok | unreadable
    reason VARCHAR,
    class VARCHAR,
    bias VARCHAR,
    split VARCHAR
);

CREATE SEQUENCE encoder_numbers START 1;
CREATE TABLE encoders (
    id VARCHAR PRIMARY KEY,
    number INTEGER NOT NULL DEFAULT nextval('encoder_numbers'),   -- vectors are in the table vectors_<number>
    dim INTEGER NOT NULL,
    weights_hash VARCHAR,
    detail JSON
);

CREATE TABLE thumbnails (content_id VARCHAR NOT NULL, webp BLOB NOT NULL);
CREATE TABLE attributes (content_id VARCHAR NOT NULL);
CREATE TABLE broken (content_id VARCHAR NOT NULL, reason VARCHAR NOT NULL);   -- found while embedding

CREATE TABLE jobs (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    status VARCHAR NOT NULL,            -- waiting | running | done | failed | cancelled | interrupted
    folder VARCHAR NOT NULL,            -- relative to the workspace's jobs folder
    plan JSON NOT NULL,                 -- what the workspace needs to prepare the inputs and to ingest the outputs
    after JSON NOT NULL,                -- jobs that must be done before
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    finished_at TIMESTAMP,
    what VARCHAR,
    remedy VARCHAR,
    result JSON
);

CREATE SEQUENCE comparison_ids START 1;
CREATE TABLE comparisons (
    id INTEGER PRIMARY KEY DEFAULT nextval('comparison_ids'),
    name VARCHAR NOT NULL,
    encoder VARCHAR NOT NULL,
    seed INTEGER NOT NULL,
    real_id INTEGER NOT NULL,
    version_ids JSON NOT NULL,
    parameters JSON NOT NULL,
    fingerprint VARCHAR,                -- of inputs and parameters: equal fingerprints, equal results
    real_fingerprint VARCHAR,           -- of the real images alone: numbers are comparable where it agrees
    status VARCHAR NOT NULL,            -- waiting | done | failed
    job_id VARCHAR,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    software JSON,
    seconds JSON
);

CREATE TABLE points (
    comparison_id INTEGER NOT NULL, dataset_id INTEGER, path VARCHAR, content_id VARCHAR,
    x FLOAT, y FLOAT, x3 FLOAT, y3 FLOAT, z3 FLOAT, cluster INTEGER,
    rx FLOAT, ry FLOAT, rx3 FLOAT, ry3 FLOAT, rz3 FLOAT, rcluster INTEGER,
    sx FLOAT, sy FLOAT, scluster INTEGER, real_cluster INTEGER,
    tag VARCHAR, tag_confidence FLOAT, zero_shot VARCHAR, zero_shot_confidence FLOAT, looks_real FLOAT
);
CREATE TABLE coverage (
    comparison_id INTEGER NOT NULL, version_id INTEGER, path VARCHAR, content_id VARCHAR,
    score DOUBLE, distance DOUBLE, nearest_path VARCHAR, nearest_id VARCHAR, nearest_ids VARCHAR[],
    by_cluster BOOLEAN, by_score BOOLEAN, absent BOOLEAN, level DOUBLE, rank INTEGER, cluster INTEGER
);
CREATE TABLE gaps (
    comparison_id INTEGER NOT NULL, version_id INTEGER, cluster INTEGER, size INTEGER, absent INTEGER,
    n_synthetic DOUBLE, expected DOUBLE, low DOUBLE, high DOUBLE, score DOUBLE, level DOUBLE, stability DOUBLE,
    name VARCHAR, reason VARCHAR, tags JSON, attributes JSON, concepts JSON, classes JSON
);
CREATE TABLE clusters (
    comparison_id INTEGER NOT NULL, space VARCHAR, cluster INTEGER, version_id INTEGER, n INTEGER, covered BOOLEAN
);
CREATE TABLE versions (
    comparison_id INTEGER NOT NULL, version_id INTEGER, version VARCHAR, position INTEGER, images INTEGER,
    absent INTEGER, absent_rate DOUBLE, low DOUBLE, high DOUBLE, floor_rate DOUBLE, absent_by_cluster INTEGER,
    view VARCHAR, threshold DOUBLE, planted INTEGER, found INTEGER, false_alarms DOUBLE, power DOUBLE,
    absolute BOOLEAN, verdict VARCHAR
);
CREATE TABLE metrics (
    comparison_id INTEGER NOT NULL, version_id INTEGER, scope VARCHAR, name VARCHAR, value DOUBLE, low DOUBLE,
    high DOUBLE, n_real INTEGER, n_synthetic INTEGER, floor DOUBLE, floor_low DOUBLE, floor_high DOUBLE,
    seed INTEGER, parameters JSON, note VARCHAR
);
CREATE TABLE changes (
    comparison_id INTEGER NOT NULL, from_id INTEGER, to_id INTEGER, path VARCHAR, content_id VARCHAR,
    state VARCHAR, change DOUBLE, regressed BOOLEAN, before_path VARCHAR, before_id VARCHAR, after_path VARCHAR,
    after_id VARCHAR, cluster INTEGER
);
CREATE TABLE selftest (
    comparison_id INTEGER NOT NULL, version_id INTEGER, view VARCHAR, threshold DOUBLE, planted_cluster INTEGER,
    seed INTEGER, size INTEGER, hidden INTEGER, auroc DOUBLE, found BOOLEAN, false_alarms DOUBLE
);
CREATE TABLE splits (
    comparison_id INTEGER NOT NULL, class VARCHAR, source VARCHAR, version_id INTEGER, n_real INTEGER,
    n_synthetic INTEGER, separation DOUBLE, real_cluster INTEGER, synthetic_cluster INTEGER, note VARCHAR
);

CREATE SEQUENCE study_ids START 1;
CREATE TABLE studies (
    id INTEGER PRIMARY KEY DEFAULT nextval('study_ids'),
    name VARCHAR NOT NULL,
    real_id INTEGER NOT NULL,
    version_ids JSON NOT NULL,
    parameters JSON NOT NULL,
    status VARCHAR NOT NULL,
    job_id VARCHAR,
    created_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    software JSON,
    verdict JSON
);
"""


_ONE_VOCABULARY = """
ALTER TABLE points RENAME COLUMN rx TO ax;
ALTER TABLE points RENAME COLUMN ry TO ay;
ALTER TABLE points RENAME COLUMN rx3 TO ax3;
ALTER TABLE points RENAME COLUMN ry3 TO ay3;
ALTER TABLE points RENAME COLUMN rz3 TO az3;
ALTER TABLE points RENAME COLUMN rcluster TO acluster;
ALTER TABLE coverage RENAME COLUMN level TO q;
ALTER TABLE gaps RENAME COLUMN level TO q;
ALTER TABLE versions RENAME COLUMN floor_rate TO baseline_rate;
ALTER TABLE versions RENAME COLUMN planted TO injected;
ALTER TABLE versions RENAME COLUMN found TO recovered;
ALTER TABLE versions RENAME COLUMN false_alarms TO false_alarm_share;
ALTER TABLE versions RENAME COLUMN power TO recall;
ALTER TABLE selftest RENAME COLUMN planted_cluster TO injected_cluster;
ALTER TABLE selftest RENAME COLUMN found TO recovered;
ALTER TABLE selftest RENAME COLUMN false_alarms TO false_alarm_share;
ALTER TABLE metrics RENAME COLUMN floor TO baseline;
ALTER TABLE metrics RENAME COLUMN floor_low TO baseline_low;
ALTER TABLE metrics RENAME COLUMN floor_high TO baseline_high;
ALTER TABLE metrics ADD COLUMN part VARCHAR;
UPDATE metrics SET part = nullif(regexp_replace(scope, '^(class|without):', ''), 'none')
    WHERE scope <> 'all';
UPDATE metrics SET scope = split_part(scope, ':', 1);
UPDATE clusters SET space = 'aligned' WHERE space = 'removed';
"""

_ATTRIBUTES = (
    "brightness",
    "contrast",
    "saturation",
    "colour_temperature",
    "sharpness",
    "noise",
    "edge_density",
    "high_frequency_power",
    "colourfulness",
)


def _one_vocabulary(cursor: duckdb.DuckDBPyConnection) -> None:
    """Schema 2: the field's words for columns; the attributes' columns are all there."""
    cursor.execute(_ONE_VOCABULARY)
    known = {row[0] for row in cursor.execute("DESCRIBE attributes").fetchall()}
    for name in _ATTRIBUTES:
        if name not in known:
            cursor.execute(f"ALTER TABLE attributes ADD COLUMN {name} DOUBLE")


Step = str | Callable[[duckdb.DuckDBPyConnection], None]
MIGRATIONS: tuple[Step, ...] = (_INITIAL, _one_vocabulary)
