"""Sends arrays and scripts to the browser once, beside Streamlit's messages.

What goes through a message is sent anew whenever anything in it changes. A *media file* is kept by
the server under an address that names its content, so the message holds only the address and the
browser fetches each content once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from streamlit.runtime import get_instance

ARRAY = "application/octet-stream"
SCRIPT = "text/javascript"


@dataclass(frozen=True)
class MediaFile:
    """Bytes to send, of a media type, and their digest."""

    content: bytes
    kind: str
    digest: str


def media_file(content: bytes, kind: str = ARRAY) -> MediaFile:
    """Bytes ready to send."""
    return MediaFile(content, kind, hashlib.blake2b(content, digest_size=16).hexdigest())


def mask_file(mask: np.ndarray) -> MediaFile:
    """Booleans (n,) as bits, the first row lowest."""
    return media_file(np.packbits(mask, bitorder="little").tobytes())


def address(file: MediaFile) -> str:
    """The path under which this browser session can fetch a file, such as ``/media/3f….bin``.

    Called in every run that needs the file: the server drops what no session's last run asked for.
    Streamlit's media file manager is no public interface, so nothing else here touches it. It tells
    large files apart by samples of their bytes only; the digest as a file name makes it exact.
    """
    manager = get_instance().media_file_mgr
    return manager.add(file.content, file.kind, f"gapscope.{file.digest}", file_name=file.digest)
