"""The content id: files of the same bytes are the same image, wherever they lie."""

from __future__ import annotations

import hashlib
from pathlib import Path


def content_id(source: bytes | Path) -> str:
    """BLAKE2b (RFC 7693) of a file's bytes, 128 bits as 32 hex digits.

    A path is read in pieces, for files too large to hold. Raises OSError where it cannot be read.
    """
    if isinstance(source, bytes):
        return _digest(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, _digest).hexdigest()


def _digest(data: bytes = b"") -> hashlib.blake2b:
    return hashlib.blake2b(data, digest_size=16)
