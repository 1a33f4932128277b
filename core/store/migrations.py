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

-- One row for each image file. No primary key: rows are replaced whole by a scan, and an index
-- over a million paths costs more than it gives.
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
    -- its vectors are in the table vectors_<number>
    number INTEGER NOT NULL DEFAULT nextval('encoder_numbers'),
    dim INTEGER NOT NULL,
    weights_hash VARCHAR,
    detail JSON
);

CREATE TABLE thumbnails (content_id VARCHAR NOT NULL, webp BLOB NOT NULL);
CREATE TABLE attributes (content_id VARCHAR NOT NULL);
-- found while embedding
CREATE TABLE broken (content_id VARCHAR NOT NULL, reason VARCHAR NOT NULL);

CREATE TABLE jobs (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    -- waiting | running | done | failed | cancelled | interrupted
    status VARCHAR NOT NULL,
    folder VARCHAR NOT NULL,            -- relative to the workspace's jobs folder
    -- what the workspace needs to prepare the inputs and to ingest the outputs
    plan JSON NOT NULL,
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
    -- of inputs and parameters: equal fingerprints, equal results
    fingerprint VARCHAR,
    -- of the real images alone: numbers are comparable where it agrees
    real_fingerprint VARCHAR,
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
    tag VARCHAR, tag_confidence FLOAT, zero_shot VARCHAR, zero_shot_confidence FLOAT,
    looks_real FLOAT
);
CREATE TABLE coverage (
    comparison_id INTEGER NOT NULL, version_id INTEGER, path VARCHAR, content_id VARCHAR,
    score DOUBLE, distance DOUBLE, nearest_path VARCHAR, nearest_id VARCHAR, nearest_ids VARCHAR[],
    by_cluster BOOLEAN, by_score BOOLEAN, absent BOOLEAN, level DOUBLE, rank INTEGER,
    cluster INTEGER
);
CREATE TABLE gaps (
    comparison_id INTEGER NOT NULL, version_id INTEGER, cluster INTEGER, size INTEGER,
    absent INTEGER, n_synthetic DOUBLE, expected DOUBLE, low DOUBLE, high DOUBLE, score DOUBLE,
    level DOUBLE, stability DOUBLE, name VARCHAR, reason VARCHAR, tags JSON, attributes JSON,
    concepts JSON, classes JSON
);
CREATE TABLE clusters (
    comparison_id INTEGER NOT NULL, space VARCHAR, cluster INTEGER, version_id INTEGER, n INTEGER,
    covered BOOLEAN
);
CREATE TABLE versions (
    comparison_id INTEGER NOT NULL, version_id INTEGER, version VARCHAR, position INTEGER,
    images INTEGER, absent INTEGER, absent_rate DOUBLE, low DOUBLE, high DOUBLE, floor_rate DOUBLE,
    absent_by_cluster INTEGER, view VARCHAR, threshold DOUBLE, planted INTEGER, found INTEGER,
    false_alarms DOUBLE, power DOUBLE, absolute BOOLEAN, verdict VARCHAR
);
CREATE TABLE metrics (
    comparison_id INTEGER NOT NULL, version_id INTEGER, scope VARCHAR, name VARCHAR, value DOUBLE,
    low DOUBLE, high DOUBLE, n_real INTEGER, n_synthetic INTEGER, floor DOUBLE, floor_low DOUBLE,
    floor_high DOUBLE, seed INTEGER, parameters JSON, note VARCHAR
);
CREATE TABLE changes (
    comparison_id INTEGER NOT NULL, from_id INTEGER, to_id INTEGER, path VARCHAR,
    content_id VARCHAR, state VARCHAR, change DOUBLE, regressed BOOLEAN, before_path VARCHAR,
    before_id VARCHAR, after_path VARCHAR, after_id VARCHAR, cluster INTEGER
);
CREATE TABLE selftest (
    comparison_id INTEGER NOT NULL, version_id INTEGER, view VARCHAR, threshold DOUBLE,
    planted_cluster INTEGER, seed INTEGER, size INTEGER, hidden INTEGER, auroc DOUBLE,
    found BOOLEAN, false_alarms DOUBLE
);
CREATE TABLE splits (
    comparison_id INTEGER NOT NULL, class VARCHAR, source VARCHAR, version_id INTEGER,
    n_real INTEGER, n_synthetic INTEGER, separation DOUBLE, real_cluster INTEGER,
    synthetic_cluster INTEGER, note VARCHAR
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

# Reasons that only meant that a file was away or memory short: such contents are not broken.
_AWAY = """
DELETE FROM broken WHERE reason IN (
    'The file is gone, or a link that leads nowhere',
    'The file may not be read by this user',
    'The image needs more memory than there is')
    OR starts_with(reason, 'The file cannot be read:')
"""

_STUDY_TABLES = {
    "study_trials": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "objective" VARCHAR,
        "seed" INTEGER, "version_id" INTEGER, "severity" INTEGER, "status" VARCHAR, "lr"
        DOUBLE, "lr_stage1" DOUBLE, "worst_accuracy" DOUBLE, "worst_group" VARCHAR,
        "worst_n" INTEGER, "worst_low" DOUBLE, "worst_high" DOUBLE, "balanced_accuracy"
        DOUBLE, "valid_worst" DOUBLE, "valid_balanced" DOUBLE,
        "synthetic_worst_accuracy" DOUBLE, "synthetic_worst_group" VARCHAR,
        "synthetic_balanced_accuracy" DOUBLE, "n_real" INTEGER, "n_synthetic" INTEGER,
        "wanted" INTEGER, "shortfall" INTEGER, "epochs" INTEGER, "epochs_stage1"
        INTEGER, "dfr_strength" DOUBLE, "seconds" DOUBLE, "excluded" JSON, "parameters"
        JSON, "software" JSON""",
    "study_groups": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "objective" VARCHAR,
        "seed" INTEGER, "version_id" INTEGER, "severity" INTEGER, "domain" VARCHAR,
        "split" VARCHAR, "class" VARCHAR, "bias" VARCHAR, "group" VARCHAR, "n" INTEGER,
        "correct" INTEGER, "accuracy" DOUBLE, "low" DOUBLE, "high" DOUBLE""",
    "study_curves": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "objective" VARCHAR,
        "seed" INTEGER, "version_id" INTEGER, "severity" INTEGER, "stage" VARCHAR,
        "epoch" INTEGER, "rate" DOUBLE, "loss" DOUBLE, "valid_worst" DOUBLE,
        "valid_balanced" DOUBLE""",
    "study_summary": """
        study_id INTEGER, "version_id" INTEGER, "severity" INTEGER, "mixture" VARCHAR,
        "objective" VARCHAR, "seeds" INTEGER, "worst_mean" DOUBLE, "worst_sd" DOUBLE,
        "balanced_mean" DOUBLE, "balanced_sd" DOUBLE, "pooled_worst" DOUBLE,
        "pooled_worst_n" INTEGER, "pooled_low" DOUBLE, "pooled_high" DOUBLE,
        "pooled_worst_group" VARCHAR""",
    "study_bias": """
        study_id INTEGER, "mixture" VARCHAR, "version_id" INTEGER, "stage" VARCHAR,
        "images" INTEGER, "entropy" DOUBLE, "by_bias" DOUBLE, "by_bias_domain" DOUBLE,
        "sentence" VARCHAR""",
    "study_uses": """
        study_id INTEGER, "mixture" VARCHAR, "version_id" INTEGER, "class" VARCHAR,
        "bias" VARCHAR, "synthetic" INTEGER""",
    "study_confusion": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "objective" VARCHAR,
        "seed" INTEGER, "version_id" INTEGER, "severity" INTEGER, "class" VARCHAR,
        "bias" VARCHAR, "predicted" VARCHAR, "n" INTEGER""",
    "study_embedding": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "version_id" INTEGER,
        "row" INTEGER, "path" VARCHAR, "content_id" VARCHAR, "domain" VARCHAR, "class"
        VARCHAR, "bias" VARCHAR, "x" DOUBLE, "y" DOUBLE, "mixing" DOUBLE""",
    "study_saliency": """
        study_id INTEGER, "trial" VARCHAR, "mixture" VARCHAR, "version_id" INTEGER,
        "row" INTEGER, "path" VARCHAR, "class" VARCHAR, "predicted" VARCHAR, "height"
        INTEGER, "width" INTEGER, "map" FLOAT[]""",
}


def _one_vocabulary(cursor: duckdb.DuckDBPyConnection) -> None:
    """Schema 2: the field's words for columns; the attributes' columns are all there."""
    cursor.execute(_ONE_VOCABULARY)
    known = {row[0] for row in cursor.execute("DESCRIBE attributes").fetchall()}
    for name in _ATTRIBUTES:
        if name not in known:
            cursor.execute(f"ALTER TABLE attributes ADD COLUMN {name} DOUBLE")
    cursor.execute(_AWAY)
    for table, columns in _STUDY_TABLES.items():
        _remake(cursor, table, columns)


def _remake(cursor: duckdb.DuckDBPyConnection, table: str, columns: str) -> None:
    """Make a table with these columns, keeping what an earlier one of that name has of them.

    The first schema made a study's tables from whatever a job had written.
    """
    names = {row[0] for row in cursor.execute("SHOW TABLES").fetchall()}
    cursor.execute(f"CREATE TABLE remade ({columns})")
    if table in names:
        wanted = {row[0] for row in cursor.execute("DESCRIBE remade").fetchall()}
        there = [row[0] for row in cursor.execute(f"DESCRIBE {table}").fetchall()]
        kept = ", ".join(f'"{name}"' for name in there if name in wanted)
        cursor.execute(f"INSERT INTO remade BY NAME SELECT {kept} FROM {table}")
        cursor.execute(f"DROP TABLE {table}")
    cursor.execute(f"ALTER TABLE remade RENAME TO {table}")


_JUDGEMENT = """
ALTER TABLE images ADD COLUMN labels JSON;
ALTER TABLE points ADD COLUMN unit INTEGER;
CREATE TABLE marks (
    real_id INTEGER NOT NULL, content_id VARCHAR NOT NULL, mark VARCHAR NOT NULL,
    group_name VARCHAR, version_id INTEGER, tier VARCHAR, checked BOOLEAN NOT NULL,
    held_back BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL
);
ALTER TABLE coverage ADD COLUMN tier VARCHAR;
UPDATE coverage SET tier = CASE WHEN absent THEN 'absent' ELSE 'covered' END;
UPDATE coverage SET tier = 'cannot tell' FROM versions AS v
    WHERE NOT v.absolute AND v.comparison_id = coverage.comparison_id
    AND v.version_id = coverage.version_id;
ALTER TABLE coverage ADD COLUMN single BOOLEAN;
ALTER TABLE coverage ADD COLUMN outside BOOLEAN;
ALTER TABLE coverage ADD COLUMN outside_aligned BOOLEAN;
UPDATE coverage SET single = FALSE, outside = FALSE, outside_aligned = FALSE;
ALTER TABLE coverage ADD COLUMN group_id VARCHAR;
UPDATE coverage SET group_id = 'cluster:' || cluster;
ALTER TABLE coverage DROP COLUMN by_cluster;
ALTER TABLE coverage DROP COLUMN by_score;
ALTER TABLE gaps RENAME TO groups;
ALTER TABLE groups RENAME COLUMN reason TO explanation;
ALTER TABLE groups RENAME COLUMN n_synthetic TO rendered;
ALTER TABLE groups ADD COLUMN group_id VARCHAR;
ALTER TABLE groups ADD COLUMN kind VARCHAR;
ALTER TABLE groups ADD COLUMN "column" VARCHAR;
ALTER TABLE groups ADD COLUMN "value" VARCHAR;
ALTER TABLE groups ADD COLUMN own INTEGER;
ALTER TABLE groups ADD COLUMN tier VARCHAR;
ALTER TABLE groups ADD COLUMN decided_by VARCHAR;
ALTER TABLE groups ADD COLUMN reason VARCHAR;
ALTER TABLE groups ADD COLUMN probability DOUBLE;
UPDATE groups SET group_id = 'cluster:' || cluster, kind = 'cluster', decided_by = 'vectors',
    own = size,
    tier = CASE WHEN absent > 0 THEN 'absent' ELSE 'covered' END,
    reason = 'Judged by the rules of an earlier Gapscope: compare again for today''s judgement.';
UPDATE groups SET tier = 'cannot tell' FROM versions AS v
    WHERE NOT v.absolute AND v.comparison_id = groups.comparison_id
    AND v.version_id = groups.version_id;
CREATE TABLE label_counts (
    comparison_id INTEGER NOT NULL, version_id INTEGER, "column" VARCHAR, "value" VARCHAR,
    real INTEGER, rendered INTEGER, share_real DOUBLE, share_rendered DOUBLE, expected DOUBLE,
    low DOUBLE, high DOUBLE, tier VARCHAR, reason VARCHAR
);
CREATE TABLE label_notes (
    comparison_id INTEGER NOT NULL, version_id INTEGER, "column" VARCHAR, note VARCHAR
);
CREATE TABLE surplus (
    comparison_id INTEGER NOT NULL, version_id INTEGER, path VARCHAR, content_id VARCHAR,
    score DOUBLE, distance DOUBLE, nearest_path VARCHAR, nearest_id VARCHAR, "group" INTEGER,
    rank INTEGER
);
CREATE TABLE surplus_groups (
    comparison_id INTEGER NOT NULL, version_id INTEGER, "group" INTEGER, size INTEGER,
    share DOUBLE, score DOUBLE, name VARCHAR, explanation VARCHAR
);
ALTER TABLE clusters ADD COLUMN surplus BOOLEAN;
ALTER TABLE versions RENAME COLUMN absolute TO judged;
ALTER TABLE versions ADD COLUMN thin INTEGER;
ALTER TABLE versions ADD COLUMN cannot_tell INTEGER;
ALTER TABLE versions ADD COLUMN singles INTEGER;
ALTER TABLE versions ADD COLUMN outside INTEGER;
ALTER TABLE versions ADD COLUMN outside_aligned INTEGER;
ALTER TABLE versions ADD COLUMN surplus INTEGER;
ALTER TABLE versions ADD COLUMN obstacle VARCHAR;
UPDATE versions SET thin = 0, cannot_tell = 0, singles = 0, outside = 0, outside_aligned = 0,
    surplus = 0, obstacle = CASE WHEN judged THEN NULL
    ELSE 'An earlier Gapscope could not rely on its list: compare again.' END;
ALTER TABLE versions DROP COLUMN absent_by_cluster;
ALTER TABLE versions DROP COLUMN threshold;
ALTER TABLE versions ADD COLUMN look DOUBLE;
ALTER TABLE versions ADD COLUMN reliability DOUBLE;
ALTER TABLE selftest ADD COLUMN strength DOUBLE;
ALTER TABLE selftest ADD COLUMN tier VARCHAR;
UPDATE selftest SET strength = 1, tier = CASE WHEN recovered THEN 'absent' ELSE 'covered' END;
ALTER TABLE selftest DROP COLUMN threshold;
CREATE TABLE encoder_trials (
    encoder VARCHAR NOT NULL, real_images INTEGER NOT NULL, synthetic_images INTEGER NOT NULL,
    seed INTEGER NOT NULL, by_class BOOLEAN NOT NULL, groups INTEGER NOT NULL,
    gaps INTEGER NOT NULL, recovered INTEGER NOT NULL, auroc DOUBLE, low DOUBLE, high DOUBLE,
    behind DOUBLE, behind_low DOUBLE, behind_high DOUBLE, clear BOOLEAN NOT NULL,
    real_id INTEGER NOT NULL, version_id INTEGER NOT NULL, seconds DOUBLE,
    tried_at TIMESTAMP NOT NULL
);
"""


def _one_judgement(cursor: duckdb.DuckDBPyConnection) -> None:
    """Schema 3: groups with tiers and reasons, label counts, surplus, the engineer's marks, and
    which encoder sees gaps best.
    """
    cursor.execute(_JUDGEMENT)


Step = str | Callable[[duckdb.DuckDBPyConnection], None]
# Schema 4: tags, notes and selections, classes among typed names, and what was removed. The look's
# nearness takes the place of the reliability that earlier judgements gave.
_INSPECTION = """
CREATE TABLE image_tags (
    content_id VARCHAR NOT NULL, tag VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);
CREATE TABLE image_notes (
    content_id VARCHAR NOT NULL, note VARCHAR NOT NULL, changed_at TIMESTAMP NOT NULL
);
CREATE SEQUENCE selection_ids START 1;
CREATE TABLE selections (
    id INTEGER PRIMARY KEY DEFAULT nextval('selection_ids'), name VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE selection_images (selection_id INTEGER NOT NULL, content_id VARCHAR NOT NULL);
ALTER TABLE datasets ADD COLUMN removed_at TIMESTAMP;
ALTER TABLE comparisons ADD COLUMN removed_at TIMESTAMP;
ALTER TABLE studies ADD COLUMN removed_at TIMESTAMP;
CREATE TABLE typed_names (
    comparison_id INTEGER NOT NULL, position INTEGER, name VARCHAR, words VARCHAR[],
    matched VARCHAR[], encoder VARCHAR
);
CREATE TABLE typed_classes (
    comparison_id INTEGER NOT NULL, content_id VARCHAR, class VARCHAR, confidence FLOAT
);
CREATE TABLE typed_accuracy (
    comparison_id INTEGER NOT NULL, version_id INTEGER, name VARCHAR, n_real INTEGER,
    n_synthetic INTEGER, labelled_real INTEGER, correct_real INTEGER, labelled_synthetic INTEGER,
    correct_synthetic INTEGER, separation DOUBLE
);
ALTER TABLE versions DROP COLUMN IF EXISTS reliability;
ALTER TABLE versions ADD COLUMN IF NOT EXISTS nearness DOUBLE;
"""

MIGRATIONS: tuple[Step, ...] = (_INITIAL, _one_vocabulary, _one_judgement, _INSPECTION)
