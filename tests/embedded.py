"""Shards of an embed job, made by hand: vectors that a test chose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from core.contracts.work import EncoderRun, embedded_schema


def embedded(
    ids: Sequence[str],
    plain: np.ndarray,
    *,
    simplified: np.ndarray | None = None,
    thumbnails: Sequence[bytes | None] | None = None,
    errors: Sequence[str | None] | None = None,
) -> pa.Table:
    """A shard of ``len(ids)`` contents with vectors ``plain`` (n, d), null where one failed."""
    wanted = embedded_schema(plain.shape[1])
    given = {"content_id": list(ids), "error": errors, "thumbnail": thumbnails}
    broken = [error is not None for error in errors or [None] * len(ids)]
    for name, array in (("plain", plain), ("simplified", simplified)):
        if array is not None:
            rows = [None if bad else row.tolist() for row, bad in zip(array, broken, strict=True)]
            given[name] = rows
    columns = [
        pa.nulls(len(ids), field.type)
        if given.get(field.name) is None
        else pa.array(given[field.name], field.type)
        for field in wanted
    ]
    return pa.Table.from_arrays(columns, schema=wanted)


def encoder_run(name: str, dim: int, weights_hash: str = "set") -> EncoderRun:
    """What an embed job says of its encoder."""
    return EncoderRun(name, dim, weights_hash, 224, "CPU", "f32", "", {}, {}, 16, 1, {})
