"""The images of a study as arrays: the one place of this package that reads an Arrow table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.contracts.derive import columns, from_columns
from core.contracts.study_rows import StudyImageRow
from core.contracts.words import Domain


@dataclass(frozen=True)
class StudyImages:
    """Labelled images, real and synthetic, in the row order of ``inputs/images.parquet``.

    All (n,): ``dataset_id`` int32, ``synthetic`` bool, the others object arrays of text; ``klass``,
    ``bias`` and ``split`` hold None where a label is unknown.
    """

    dataset_id: np.ndarray
    synthetic: np.ndarray
    path: np.ndarray
    file: np.ndarray
    content_id: np.ndarray
    klass: np.ndarray
    bias: np.ndarray
    split: np.ndarray

    def __len__(self) -> int:
        return len(self.path)


def read_images(table: pa.Table) -> StudyImages:
    """The images of a table with the columns of :class:`StudyImageRow`; an empty label is none.

    Raises :class:`core.errors.ContractError` where a column is missing or of another type.
    """
    given = {
        one.attribute: table.column(one.name)
        for one in columns(StudyImageRow)
        if one.name in table.column_names
    }
    rows = from_columns(StudyImageRow, given)
    domains = rows.column("domain").to_pylist()
    return StudyImages(
        dataset_id=rows.column("dataset_id").to_numpy(),
        synthetic=np.array([name == Domain.SYNTHETIC for name in domains], dtype=bool),
        path=_texts(rows, "path"),
        file=_texts(rows, "file"),
        content_id=_texts(rows, "content_id"),
        klass=_texts(rows, "class"),
        bias=_texts(rows, "bias"),
        split=_texts(rows, "split"),
    )


def _texts(rows: pa.Table, name: str) -> np.ndarray:
    return np.array([text or None for text in rows.column(name).to_pylist()], dtype=object)
