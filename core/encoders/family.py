"""What a family of encoders can say and do. Each is one object, registered in
:data:`core.encoders.families.FAMILIES`.

Nothing here imports torch: pages list encoders. Only :meth:`Family.load` and :meth:`Family.head`
import networks.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.settings import Settings

if TYPE_CHECKING:
    from core.encoders.base import Encoder, Head


@dataclass(frozen=True)
class EncoderInfo:
    """What is known of an encoder before it is loaded.

    ``dim``: length of a vector (None: not known before loading). ``ready``: the weights are on this
    machine. ``where``: the weights file, or the place it would come from. ``size_mb``: of that
    file. ``how``: what makes it ready. ``licence``: of the weights.
    """

    id: str
    title: str
    dim: int | None
    ready: bool
    where: str
    size_mb: float | None
    how: str
    licence: str


@dataclass(frozen=True)
class Card:
    """What a family says of one of its encoders: title, length of a vector, megabytes of the
    weights and their licence; ``repository``: on the Hugging Face hub, where they lie there.
    """

    title: str
    dim: int | None
    size_mb: float | None
    licence: str
    repository: str | None = None


class Family(ABC):
    """Encoders whose ids look alike and whose weights come from one kind of place.

    ``prefix``: of its ids. ``pattern``: its ids in full. ``form``: its ids as messages write them.
    ``listed``: those worth choosing from. ``has_head``: whether there may be a classifier over
    their vectors. ``has_words``: whether phrases have vectors among those of images.
    """

    prefix: ClassVar[str]
    pattern: ClassVar[re.Pattern[str]]
    form: ClassVar[str]
    listed: ClassVar[tuple[str, ...]]
    has_head: ClassVar[bool] = False
    has_words: ClassVar[bool] = False

    def owns(self, encoder_id: str) -> bool:
        """Whether there is such an encoder, as far as is known without loading it."""
        return self.pattern.fullmatch(encoder_id) is not None

    def full_id(self, encoder_id: str) -> str:
        """``encoder_id`` with what was left out filled in."""
        return encoder_id

    def others(self) -> Iterable[str]:
        """Ids beside the listed ones that a mistyped id may have meant."""
        return ()

    def info(self, encoder_id: str, settings: Settings) -> EncoderInfo:
        """What is known of one of its encoders."""
        card, file = self.card(encoder_id), self.file(encoder_id, settings)
        return EncoderInfo(
            id=encoder_id,
            title=card.title,
            dim=card.dim,
            ready=file is not None,
            where=str(file or self.source(encoder_id)),
            size_mb=card.size_mb,
            how=self.how(encoder_id) if file is None else "Nothing to do",
            licence=card.licence,
        )

    @abstractmethod
    def card(self, encoder_id: str) -> Card:
        """Title, size and licence."""

    @abstractmethod
    def file(self, encoder_id: str, settings: Settings) -> Path | None:
        """The weights file, or None where it is not on this machine."""

    @abstractmethod
    def source(self, encoder_id: str) -> str:
        """Where the weights would come from, in words."""

    @abstractmethod
    def how(self, encoder_id: str) -> str:
        """What the user does to get the weights."""

    @abstractmethod
    def load(self, encoder_id: str, path: Path | None, *, random_weights: bool) -> Encoder:
        """The encoder from its weights file; ``path`` None: download it."""

    def head(self, encoder_id: str, path: Path | None) -> Head | None:
        """The classifier over its vectors, or None."""
        return None
