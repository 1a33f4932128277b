"""How Gapscope looks: one style sheet that works on light and dark, and numbers and names made fit
for the screen.

Names of files, folders and versions are the user's: whatever puts them on screen passes
:func:`escape` (Markdown) or :func:`html` first, so that a file called ``*a* <b>`` is shown as it is
called.
"""

from __future__ import annotations

import html as html_lib
import re
from datetime import datetime
from pathlib import Path

import streamlit as st

from core.contracts.formatting import MISSING as MISSING
from core.contracts.formatting import data_uri
from core.contracts.formatting import digits as digits
from core.contracts.formatting import number as number
from core.contracts.formatting import percent as percent
from core.contracts.formatting import slug as slug

MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 168 32" height="32">
<g fill="none" stroke="#0e8aa8" stroke-width="3.2" stroke-linecap="round">
<path d="M19.8 5.6 A 11 11 0 1 0 26.4 12.2"/></g>
<circle cx="24.6" cy="7.4" r="3" fill="#d9660f"/><circle cx="16" cy="16" r="2.6" fill="#0e8aa8"/>
<text x="40" y="22.5"
 font-family="system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif"
 font-size="19" font-weight="600" letter-spacing="-0.3" fill="#0e8aa8">Gapscope</text></svg>"""

ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="2 2 28 28" width="32" height="32">
<path d="M19.8 5.6 A 11 11 0 1 0 26.4 12.2"
 fill="none" stroke="#0e8aa8" stroke-width="3.2" stroke-linecap="round"/>
<circle cx="24.6" cy="7.4" r="3" fill="#d9660f"/>
<circle cx="16" cy="16" r="2.6" fill="#0e8aa8"/></svg>"""

SHEET = f"<style>\n{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"

_PATH_PART = re.compile(r"([/\\_-])(?=[^/\\_-])")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&=])")


def apply() -> None:
    """Put the style sheet on the page. Once a run, by the shell."""
    st.html(SHEET)


def escape(text: object) -> str:
    """Text as Markdown that shows it letter by letter; line breaks become spaces."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def html(text: object) -> str:
    """Text as HTML that shows it letter by letter."""
    return html_lib.escape(str(text), quote=True)


def path_html(path: object) -> str:
    """A path as HTML that a line may break at its parts, not inside a word."""
    return _PATH_PART.sub(r"\1<wbr>", html(path))


def duration(seconds: float | None) -> str:
    """Seconds as people say them: ``8 s``, ``2 min 5 s``, ``1 h 20 min``."""
    if seconds is None:
        return ""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s" if whole or not seconds else "under 1 s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes < 10 and rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, in one or two words; the date where it is more than a week. Times are this
    machine's.
    """
    if moment is None:
        return "never"
    seconds = ((now or datetime.now()) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for size, name in ((60, "min"), (3600, "h"), (86400, "d")):
        if seconds < size * {"min": 60, "h": 24, "d": 7}[name]:
            return f"{int(seconds // size)} {name} ago"
    return moment.strftime("%Y-%m-%d")


def megabytes(size: float | None) -> str:
    """Bytes in a readable unit."""
    if size is None:
        return MISSING
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit != "GB" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def figure(label: str, value: str, note: str = "", tone: str = "") -> str:
    """HTML of one large number over its label and, below, a note. ``tone``: ``gs-gap`` for the
    finding, ``gs-large``, ``gs-small``.
    """
    behind = f"<br><span class='gs-label'>{html(note)}</span>" if note else ""
    return (
        f"<span class='gs-figure {tone}'><b>{html(value)}</b>"
        f"<span class='gs-label'>{html(label)}</span>{behind}</span>"
    )


def figures(*parts: str) -> None:
    """Show numbers made by :func:`figure` in one line."""
    st.html(f"<div class='gs gs-figures'>{''.join(parts)}</div>")


def table(columns: dict[str, list[str | None]]) -> None:
    """Show a small table of text, at once and without a canvas. None is shown as a dash."""
    cells = [f"<span class='gs-label'>{html(name)}</span>" for name in columns]
    for row in zip(*columns.values(), strict=True):
        cells += [f"<span>{MISSING if value is None else html(value)}</span>" for value in row]
    widths = " ".join(["auto"] * len(columns))
    st.html(
        f"<div class='gs gs-table' style='grid-template-columns:{widths}'>{''.join(cells)}</div>"
    )


def pictures(webps: list[bytes]) -> None:
    """Show a row of thumbnails (WebP bytes)."""
    images = "".join(f"<img src={data_uri(webp)!r} alt>" for webp in webps)
    st.html(f"<div class='gs gs-thumbs'>{images}</div>")


def heading(title: str, lead: str = "") -> None:
    """A page's title and the one sentence under it."""
    st.title(title, anchor=False)
    if lead:
        st.html(f"<div class='gs gs-lead'>{html(lead)}</div>")
