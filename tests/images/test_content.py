"""The content id names bytes: the same for all who read them, however they read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from core.images.content import content_id


def test_bytes_and_a_file_of_them_have_one_id(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "picture.png").write_bytes(data)
    assert content_id(data) == content_id(tmp_path / "picture.png")
    assert content_id(data) == hashlib.blake2b(data, digest_size=16).hexdigest()
    assert content_id(data + b"\0") != content_id(data)


def test_a_file_that_is_away_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        content_id(tmp_path / "missing.png")
