"""How a template becomes a page: HTML with everything escaped that is not marked as safe, Markdown
with every word of the user passed through ``md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.contracts.formatting import data_uri, digits, number, percent
from core.contracts.judgement_words import (
    absent_words,
    group_name,
    rendered_words,
    sureness,
    version_sentence,
)
from core.contracts.label_words import tier_words
from core.store.results import Comparison

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~])")


def render(template: str, **values: object) -> str:
    """A template of the folder ``templates`` with these values."""
    return _environment().get_template(template).render(**values)


def data_uris(comparison: Comparison, content_ids: Iterable[str]) -> dict[str, str]:
    """Thumbnails as data URIs by content id; contents without one are left out."""
    webps = comparison.thumbnails(content_id for content_id in content_ids if content_id)
    return {content_id: data_uri(webp) for content_id, webp in webps.items()}


def sentence(text: str | None) -> str:
    """A sentence with its full stop; empty for None."""
    stripped = (text or "").strip()
    return stripped if not stripped or stripped[-1] in ".!?" else stripped + "."


def escape_markdown(text: object) -> str:
    """Text as Markdown that shows it letter by letter; line breaks become spaces."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: name is None or not name.endswith(".md.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        digits=digits,
        absent_words=absent_words,
        group_name=group_name,
        md=escape_markdown,
        number=number,
        percent=percent,
        rendered_words=rendered_words,
        sentence=sentence,
        tier=tier_words,
        sureness=sureness,
        version_sentence=version_sentence,
    )
    return environment
