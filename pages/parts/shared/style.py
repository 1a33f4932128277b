"""How Gapscope looks: one style sheet that works on light and dark, and numbers and names made fit
for the screen.

Names of files, folders and versions are the user's: whatever puts them on screen passes
:func:`escape` (Markdown) or :func:`html` first, so that a file called ``*a* <b>`` is shown as it is
called.
"""

from __future__ import annotations

import base64
import html as html_lib
import re
from datetime import datetime

import streamlit as st

MARK = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 168 32" height="32">
<g fill="none" stroke="#0e8aa8" stroke-width="3.2" stroke-linecap="round">
<path d="M19.8 5.6 A 11 11 0 1 0 26.4 12.2"/></g>
<circle cx="24.6" cy="7.4" r="3" fill="#d9660f"/><circle cx="16" cy="16" r="2.6" fill="#0e8aa8"/>
<text x="40" y="22.5" font-family="system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',Arial,sans-serif"
 font-size="19" font-weight="600" letter-spacing="-0.3" fill="#0e8aa8">Gapscope</text></svg>"""

ICON = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="2 2 28 28" width="32" height="32">
<path d="M19.8 5.6 A 11 11 0 1 0 26.4 12.2" fill="none" stroke="#0e8aa8" stroke-width="3.2" stroke-linecap="round"/>
<circle cx="24.6" cy="7.4" r="3" fill="#d9660f"/><circle cx="16" cy="16" r="2.6" fill="#0e8aa8"/></svg>"""

# Every colour is either the text's own, thinned, or one of the two accents: so the sheet needs no
# second set for dark.
SHEET = """<style>
:root { --gs-line: color-mix(in srgb, currentColor 14%, transparent); --gs-ok: #0e8aa8; --gs-gap: #d9660f; --gs-bad: #cf3f3f; }
.block-container { max-width: 1440px; }
.gs { font-variant-numeric: tabular-nums; line-height: 1.45; }
.gs-soft { opacity: .66; font-size: .87rem; }
.gs-lead { font-size: 1.12rem; opacity: .8; max-width: 60rem; margin: -.35rem 0 .4rem; }
.gs-label { font-size: .78rem; letter-spacing: .01em; opacity: .66; }
.gs-figures { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; align-items: baseline; }
.gs-figure b { display: block; font-size: 1.7rem; font-weight: 600; letter-spacing: -.02em; line-height: 1.15; white-space: nowrap; }
.gs-figure.gs-large b { font-size: 2.3rem; }
.gs-figure.gs-gap b { color: var(--gs-gap); }
.gs-figure.gs-small b { font-size: 1.15rem; }
.gs-name { font-weight: 600; overflow-wrap: anywhere; }
.gs-path { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace; font-size: .8rem;
  opacity: .62; overflow-wrap: anywhere; }
.gs-steps { display: grid; gap: .1rem; }
.gs-step { display: grid; grid-template-columns: 1.1rem minmax(0, 1fr) auto; gap: 0 .7rem; align-items: center; padding: .3rem 0; }
.gs-step .gs-dot { width: .68rem; height: .68rem; border-radius: 50%; justify-self: center; border: 2px solid var(--gs-line);
  box-sizing: border-box; color: inherit; }
.gs-step.gs-done .gs-dot { background: var(--gs-ok); border-color: var(--gs-ok); }
.gs-step.gs-running .gs-dot { border-color: var(--gs-ok); border-right-color: transparent; animation: gs-turn 1s linear infinite; }
.gs-step.gs-failed .gs-dot { background: var(--gs-bad); border-color: var(--gs-bad); }
.gs-step.gs-cancelled .gs-dot, .gs-step.gs-interrupted .gs-dot { background: var(--gs-gap); border-color: var(--gs-gap); }
.gs-step.gs-waiting .gs-title { opacity: .55; }
.gs-title { overflow-wrap: anywhere; }
.gs-bar { grid-column: 2 / 4; height: 4px; border-radius: 2px; background: var(--gs-line); overflow: hidden; margin-top: .3rem; }
.gs-bar i { display: block; height: 100%; background: var(--gs-ok); border-radius: 2px; transition: width .8s linear; }
.gs-bar.gs-unknown i { width: 28%; animation: gs-slide 1.6s ease-in-out infinite alternate; }
.gs-tile { border: 1px solid var(--gs-line); border-radius: .5rem; padding: .8rem 1rem; }
.gs-thumbs { display: flex; flex-wrap: wrap; gap: .4rem; }
.gs-thumbs img { height: 72px; border-radius: .3rem; }
.gs-table { display: inline-grid; gap: .15rem 1.6rem; font-size: .87rem; max-width: 100%; align-items: baseline; }
.gs-table > span { overflow-wrap: anywhere; }
.gs-todo { display: grid; grid-template-columns: 1.3rem minmax(0, 1fr); gap: .15rem .5rem; align-items: baseline; }
.gs-todo .gs-tick { color: var(--gs-ok); font-weight: 700; }
.gs-todo .gs-over { opacity: .55; }
@media (max-width: 1050px) {  /* two columns become one earlier than Streamlit's own 640 px: the sidebar takes its share */
  .st-key-gs-stack > div > [data-testid="stHorizontalBlock"] { flex-wrap: wrap; }
  .st-key-gs-stack > div > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] { min-width: 100%; } }
@keyframes gs-turn { to { transform: rotate(360deg); } }
@keyframes gs-slide { from { margin-left: 0; } to { margin-left: 72%; } }
@media (prefers-reduced-motion: reduce) { .gs-dot, .gs-bar i { animation: none !important; transition: none !important; } }
</style>"""

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


def number(value: float | int | None) -> str:
    """A count with thousands separated; a dash where there is none."""
    return "–" if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """A share as per cent, with one decimal below ten."""
    if share is None:
        return "–"
    return f"{share * 100:.1f} %" if 0 < share < 0.0995 else f"{share * 100:.0f} %"


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
        return "–"
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
    return f"<span class='gs-figure {tone}'><b>{html(value)}</b><span class='gs-label'>{html(label)}</span>{behind}</span>"


def figures(*parts: str) -> None:
    """Show numbers made by :func:`figure` in one line."""
    st.html(f"<div class='gs gs-figures'>{''.join(parts)}</div>")


def table(columns: dict[str, list[str | None]]) -> None:
    """Show a small table of text, at once and without a canvas. None is shown as a dash."""
    cells = [f"<span class='gs-label'>{html(name)}</span>" for name in columns]
    for row in zip(*columns.values(), strict=True):
        cells += [f"<span>{'–' if value is None else html(value)}</span>" for value in row]
    widths = " ".join(["auto"] * len(columns))
    st.html(
        f"<div class='gs gs-table' style='grid-template-columns:{widths}'>{''.join(cells)}</div>"
    )


def pictures(webps: list[bytes]) -> None:
    """Show a row of thumbnails (WebP bytes)."""
    sources = [f"data:image/webp;base64,{base64.b64encode(webp).decode()}" for webp in webps]
    st.html(
        f"<div class='gs gs-thumbs'>{''.join(f'<img src={source!r} alt>' for source in sources)}</div>"
    )


def heading(title: str, lead: str = "") -> None:
    """A page's title and the one sentence under it."""
    st.title(title, anchor=False)
    if lead:
        st.html(f"<div class='gs gs-lead'>{html(lead)}</div>")
