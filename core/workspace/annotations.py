"""Tags and notes on images: kept by the images' contents, so they are there again in every dataset,
version and comparison that holds the same image, and survive their removal.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.errors import InputError
from core.store import annotation_table
from core.workspace.context import Context

LONGEST_TAG = 60  # letters: tags are words, notes are text


class Annotations:
    """The tags and notes of one workspace."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._db = context.db

    def tags(self) -> dict[str, int]:
        """How many images carry each tag, in alphabetical order."""
        return annotation_table.tag_counts(self._db)

    def tags_of(self, content_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The tags of those of the images that have any, by content id."""
        return annotation_table.tags(self._db, content_ids)

    def tagged(self, tag: str) -> list[str]:
        """The images (content ids) that carry a tag."""
        return annotation_table.tagged(self._db, tag)

    def tag(self, content_ids: Iterable[str], tag: str) -> None:
        """Put a tag on images. Raises :class:`InputError` for one that is empty or too long."""
        self._context.check_writable()
        word = " ".join(tag.split())
        if not word or len(word) > LONGEST_TAG:
            raise InputError(
                f"A tag has 1 to {LONGEST_TAG} letters", "Write a longer text as a note."
            )
        annotation_table.add_tag(self._db, content_ids, word)

    def untag(self, content_ids: Iterable[str], tag: str) -> None:
        """Take a tag off images."""
        self._context.check_writable()
        annotation_table.remove_tag(self._db, content_ids, tag)

    def note(self, content_id: str) -> str | None:
        """The note on an image, or None."""
        return annotation_table.notes(self._db, [content_id]).get(content_id)

    def notes_of(self, content_ids: Iterable[str]) -> dict[str, str]:
        """The notes of those of the images that have one, by content id."""
        return annotation_table.notes(self._db, content_ids)

    def set_note(self, content_id: str, note: str | None) -> None:
        """Put a note on an image in place of the one it had; None or an empty one takes it away."""
        self._context.check_writable()
        annotation_table.set_note(self._db, content_id, (note or "").strip() or None)
