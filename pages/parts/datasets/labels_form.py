"""Labels on screen: what a pattern or a table gives for a few images, before it is used."""

from __future__ import annotations

import streamlit as st

from core import Workspace
from pages.parts.shared import errors, style

HELP = (
    "Where class, bias and other labels come from: a pattern for the path such as "
    "`{class}/{bias}/*` or `{split}/{class}/{weather}/*`, or the path of a CSV or Parquet table "
    "with the columns path, class and, if wanted, bias, split and any others (weather, camera, "
    "time of day): each gets its table of real against rendered images. A fine-tune of biased "
    "data needs bias."
)
EXAMPLE = "{class}/{bias}/*"


def preview(ws: Workspace, folder: str, labels: str) -> bool:
    """Show what a label source gives for a few images of a folder; whether it gives anything."""
    table = None
    with errors.shown():
        table = ws.datasets.try_labels(folder, labels)
    if table is None:
        return False
    given = [
        name
        for name in table.column_names
        if name != "path" and table.column(name).null_count < table.num_rows
    ]
    fits = "class" in given
    if not fits:
        st.warning(
            "These labels fit none of the images looked at. A pattern counts from the folder "
            "above: for an image directly inside it is `{class}_*`, for one in a subfolder "
            f"`{EXAMPLE}`.",
            icon=":material/label_off:",
        )
    if table.num_rows:
        style.table(table.select(["path", *given]).to_pydict())
    return fits
