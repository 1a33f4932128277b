"""The list of absent images: which rows a choice leaves, what goes into the CSV, and its numbers in
words.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from pages.parts.shared.style import percent

LISTS = {
    "The list": "absent",
    "By cluster": "by_cluster",
    "By score": "by_score",
    "By both": "both",
    "Whole ranking": "all",
}
CSV_COLUMNS = (
    "path",
    "score",
    "q",
    "cluster",
    "by_cluster",
    "by_score",
    "nearest",
    "distance",
    "class",
    "bias",
    "gap",
)


def chosen_rows(
    ranking: Mapping[str, np.ndarray], which: str, classes: Sequence[str]
) -> np.ndarray:
    """Rows of the ranking that a list and a choice of classes leave, the most absent first. No
    class: all.
    """
    if LISTS[which] == "all":
        keep = np.ones(len(ranking["path"]), bool)
    elif LISTS[which] == "both":
        keep = ranking["by_cluster"] & ranking["by_score"]
    else:
        keep = ranking[LISTS[which]]
    if classes:
        keep = keep & np.isin(ranking["class"].astype(str), list(classes))
    return np.flatnonzero(keep)


def csv_bytes(ranking: Mapping[str, np.ndarray], rows: np.ndarray) -> bytes:
    """The chosen images as CSV with the columns of :data:`CSV_COLUMNS`."""
    source = {"nearest": "nearest_path"}
    table = pa.table(
        {
            name: pa.array(ranking[source.get(name, name)][rows], from_pandas=True)
            for name in CSV_COLUMNS
        }
    )
    out = io.BytesIO()
    csv.write_csv(table, out)
    return out.getvalue()


def planted_sentence(summary: Mapping[str, Any]) -> str:
    """What the self-test says of this list, or that there was none."""
    if not summary["injected"]:
        return (
            "No gaps could be injected into this data, so how much this list misses is not known."
        )
    return (
        f"Of {summary['injected']} gaps injected into your data this list finds {summary['recovered'] or 0}; "
        f"false alarms {percent(summary['false_alarm_share'])}."
    )


def expected_words(gap: Mapping[str, Any]) -> str:
    """``95 %: 0.0 to 3.8; expected 48.0``: the interval of the synthetic images in a gap, and how
    many would be there if the version had the real images' shares.
    """
    between = (
        f"95 %: {gap['low']:.1f} to {gap['high']:.1f}"
        if gap["low"] is not None and gap["high"] is not None
        else ""
    )
    expected = f"expected {gap['expected']:.1f}" if gap["expected"] is not None else ""
    return "; ".join(part for part in (between, expected) if part)
