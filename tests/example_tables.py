"""The result tables of the example workspace: what a compare job would have written, set by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

Rows = list[dict[str, Any]]

MODES = tuple(
    (shape, light) for shape in ("circle", "square", "cross") for light in ("day", "night")
)  # cluster = index
REAL_PER_MODE = 20
LACKING = {"1.0": ("square/night", "cross/night"), "1.1": ("cross/night",)}


def points(rows: dict[str, Rows], ids: dict[str, int]) -> Rows:
    """Six islands on a ring; in the map as it is, the rendered ones lie beside the real ones."""
    rng = np.random.default_rng(2)
    found = []
    for name, group in rows.items():
        real = name == "real"
        for row in group:
            angle = row["cluster"] * np.pi / 3
            centre = 6 * np.array([np.cos(angle), np.sin(angle)])
            removed, joint, alone = (centre + rng.normal(0, 0.55, 2) for _ in range(3))
            joint = joint + (0 if real else 1.2)
            deep = rng.normal(0, 0.55, 3) + np.array([*centre, row["cluster"] % 3])
            confidence = float(rng.uniform(0.3, 0.99))
            found.append(
                {
                    "dataset_id": ids[name],
                    "path": row["path"],
                    "content_id": row["content_id"],
                    "x": joint[0],
                    "y": joint[1],
                    "x3": deep[0],
                    "y3": deep[1],
                    "z3": deep[2],
                    "cluster": 2 * row["cluster"] + (0 if real else 1),
                    "ax": removed[0],
                    "ay": removed[1],
                    "ax3": deep[0],
                    "ay3": deep[1],
                    "az3": deep[2] + 1,
                    "acluster": row["cluster"],
                    "sx": alone[0],
                    "sy": alone[1],
                    "scluster": row["cluster"],
                    "real_cluster": row["cluster"] if real else -1,
                    "tag": {"circle": "balloon", "square": "crate", "cross": "airliner"}[
                        row["class"]
                    ],
                    "tag_confidence": confidence,
                    "zero_shot": None,
                    "zero_shot_confidence": None,
                    "looks_real": float(
                        np.clip((0.85 if real else 0.2) + rng.normal(0, 0.08), 0, 1)
                    ),
                }
            )
    return found


def coverage(real: Rows, synthetic: Rows, name: str, version_id: int) -> Rows:
    """Real pictures of a mode that the version lacks score high. The first four of each such mode:
    by score only.
    """
    rng = np.random.default_rng(3)
    found = []
    for row in real:
        number = int(row["path"][-7:-4])
        lacking = f"{row['class']}/{row['bias']}" in LACKING[name]
        near = [other for other in synthetic if other["class"] == row["class"]] or synthetic
        five = [near[(number + step) % len(near)] for step in range(5)]
        worse = name == "1.1" and row["cluster"] == 0 and number < 2
        score = (2.4 if lacking else 0.1) + float(rng.normal(0, 0.15)) + (0.9 if worse else 0)
        found.append(
            {
                "version_id": version_id,
                "path": row["path"],
                "content_id": row["content_id"],
                "score": score,
                "distance": 0.2 + 0.1 * score,
                "nearest_path": five[0]["path"],
                "nearest_id": five[0]["content_id"],
                "nearest_ids": [other["content_id"] for other in five],
                "by_cluster": lacking and number >= 4,
                "by_score": lacking,
                "absent": lacking,
                "q": 0.01 if lacking else 0.6,
                "cluster": row["cluster"],
            }
        )
    found.sort(key=lambda row: -row["score"])
    return [{**row, "rank": rank} for rank, row in enumerate(found, start=1)]


def gaps(coverage: dict[str, Rows], ids: dict[str, int]) -> Rows:
    """One gap for each mode that a version lacks."""
    found = []
    for name, rows in coverage.items():
        for cluster, (shape, light) in enumerate(MODES):
            if f"{shape}/{light}" not in LACKING[name]:
                continue
            mine = [row for row in rows if row["cluster"] == cluster and row["absent"]]
            found.append(
                {
                    "version_id": ids[name],
                    "cluster": cluster,
                    "size": REAL_PER_MODE,
                    "absent": len(mine),
                    "n_synthetic": 1.0,
                    "expected": 15.0,
                    "low": 8.5,
                    "high": 22.8,
                    "score": float(np.mean([row["score"] for row in mine])),
                    "q": 0.01,
                    "stability": 0.95,
                    "name": f"{shape} at {light}",
                    "reason": f"darker than what {name} covers (d = -1.8); all of the class {shape}",
                    "tags": json.dumps([]),
                    "attributes": json.dumps(
                        [
                            {
                                "name": "brightness",
                                "d": -1.8,
                                "low": -2.3,
                                "high": -1.3,
                                "delta": -0.9,
                                "p": 1e-9,
                                "words": "darker",
                                "n": REAL_PER_MODE,
                                "n_other": 5 * REAL_PER_MODE,
                            }
                        ]
                    ),
                    "concepts": json.dumps([]),
                    "classes": json.dumps(
                        [
                            {
                                "kind": "class",
                                "name": shape,
                                "count": REAL_PER_MODE,
                                "size": REAL_PER_MODE,
                                "covered": REAL_PER_MODE,
                                "size_covered": 5 * REAL_PER_MODE,
                                "lift": 5.0,
                                "q": 1e-6,
                            }
                        ]
                    ),
                }
            )
    return found


def clusters(rows: dict[str, Rows], ids: dict[str, int]) -> Rows:
    """The size of each cluster in each space and dataset."""
    found = []
    for cluster in range(len(MODES)):
        for name, group in rows.items():
            n = sum(row["cluster"] == cluster for row in group)
            for space in ("joint", "aligned", "real"):
                if space == "real" and name != "real":
                    continue
                found.append(
                    {
                        "space": space,
                        "cluster": cluster,
                        "version_id": None if name == "real" else ids[name],
                        "n": n,
                        "covered": n > 0,
                    }
                )
    return found


def summary(name: str, rows: Rows, images: int, version_id: int, absolute: bool) -> dict[str, Any]:
    """The numbers on top for one version."""
    absent = sum(row["absent"] for row in rows)
    rate = absent / len(rows)
    return {
        "version_id": version_id,
        "version": name,
        "position": list(LACKING).index(name),
        "images": images,
        "absent": absent,
        "absent_rate": rate,
        "low": rate - 0.06,
        "high": rate + 0.06,
        "baseline_rate": 0.008,
        "absent_by_cluster": sum(row["by_cluster"] for row in rows),
        "view": "joined",
        "threshold": 1.5,
        "injected": 20,
        "recovered": 17 if absolute else 2,
        "false_alarm_share": 0.01,
        "recall": 0.85 if absolute else 0.1,
        "absolute": absolute,
        "verdict": ""
        if absolute
        else "The look of this version is too far from the camera's for a list.",
    }


def metrics(rows: dict[str, Rows], ids: dict[str, int]) -> Rows:
    """Metrics that lie between the floor and something bad; version 1.1 is closer to the floor."""
    values = {
        "frechet_distance": (31.0, 4.0),
        "kid": (0.021, 0.0004),
        "cmmd": (1.9, 0.1),
        "mmd": (0.12, 0.01),
        "precision": (0.71, 0.93),
        "recall": (0.52, 0.92),
        "density": (0.8, 1.0),
        "coverage": (0.61, 0.95),
        "classifier_auc": (0.97, 0.52),
        "authenticity": (0.99, 0.97),
        "near_copies": (0.0, 0.0),
        "vendi": (14.0, 18.0),
    }
    found = []
    for step, name in enumerate(LACKING):
        for metric, (value, floor) in values.items():
            better = value + 0.3 * step * (floor - value)
            found.append(
                {
                    "version_id": ids[name],
                    "scope": "all",
                    "part": None,
                    "name": metric,
                    "value": better,
                    "low": better * 0.95,
                    "high": better * 1.05,
                    "n_real": len(rows["real"]),
                    "n_synthetic": len(rows[name]),
                    "baseline": floor,
                    "baseline_low": floor * 0.9,
                    "baseline_high": floor * 1.1,
                    "seed": 0,
                    "parameters": json.dumps({"k": 5}),
                    "note": None,
                }
            )
        found.append(
            {
                "version_id": ids[name],
                "scope": "class",
                "part": "cross",
                "name": "frechet_distance",
                "value": None,
                "low": None,
                "high": None,
                "n_real": 40,
                "n_synthetic": 20,
                "baseline": None,
                "baseline_low": None,
                "baseline_high": None,
                "seed": 0,
                "parameters": json.dumps({}),
                "note": "Too few images for this encoder's dimensions",
            }
        )
    return found


def changes(coverage: dict[str, Rows], ids: dict[str, int]) -> Rows:
    """From 1.0 to 1.1: squares by night closed, crosses by night open, two circles by day
    regressed.
    """
    before = {row["path"]: row for row in coverage["1.0"]}
    found = []
    for after in coverage["1.1"]:
        old = before[after["path"]]
        state = {
            (True, False): "closed",
            (False, True): "opened",
            (True, True): "open",
            (False, False): "covered",
        }[(bool(old["absent"]), bool(after["absent"]))]
        change = after["score"] - old["score"]
        found.append(
            {
                "from_id": ids["1.0"],
                "to_id": ids["1.1"],
                "path": after["path"],
                "content_id": after["content_id"],
                "state": state,
                "change": change,
                "regressed": change > 0.6,
                "before_path": old["nearest_path"],
                "before_id": old["nearest_id"],
                "after_path": after["nearest_path"],
                "after_id": after["nearest_id"],
                "cluster": after["cluster"],
            }
        )
    return found


def selftest(ids: dict[str, int]) -> Rows:
    """Twenty injected gaps a version, of which seventeen are found."""
    return [
        {
            "version_id": ids[name],
            "view": "joined",
            "threshold": 1.5,
            "injected_cluster": seed % 6,
            "seed": seed,
            "size": 20,
            "hidden": 15,
            "auroc": 0.98,
            "recovered": seed % 7 != 0,
            "false_alarm_share": 0.01,
        }
        for name in LACKING
        for seed in range(20)
    ]


def splits(ids: dict[str, int]) -> Rows:
    """The crosses split, the circles do not."""
    return [
        {
            "class": shape,
            "source": "label",
            "version_id": ids[name],
            "n_real": 40,
            "n_synthetic": 20,
            "separation": separation,
            "real_cluster": 2 * index,
            "synthetic_cluster": 2 * index + 1,
            "note": f"{shape}: real and rendered images live in different clusters"
            if separation > 0.5
            else "",
        }
        for name in LACKING
        for index, (shape, separation) in enumerate(
            (("cross", 0.9), ("square", 0.4), ("circle", 0.1))
        )
    ]
