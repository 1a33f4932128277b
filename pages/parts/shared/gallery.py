"""Pictures in a grid that can be clicked: single ones, or a real image with the nearest synthetic
one beside it.

A small component draws them: hundreds of ``st.image`` cost seconds at every rerun, and plain HTML
cannot tell which picture was clicked. Names reach the page as text, never as HTML.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from PIL import Image

from core import Workspace
from core.images.decode import UnreadableImage, decode
from core.images.thumbnails import thumbnail
from pages.parts.shared.plots import FAINT, ink

PREVIEW = 640  # pixels, longest side of the larger picture in the detail dialog

_CSS = """
.grid { display: grid; gap: .55rem; grid-template-columns: repeat(auto-fill, minmax(var(--card), 1fr)); }
.card { border: 1px solid color-mix(in srgb, var(--st-text-color) 14%, transparent); border-radius: .45rem; overflow: hidden;
  background: var(--st-background-color); padding: 0; margin: 0; text-align: left; font: inherit; color: inherit;
  cursor: pointer; display: flex; flex-direction: column; }
.card:hover { border-color: color-mix(in srgb, var(--st-text-color) 45%, transparent); }
.card:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.row { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 1px; }
.frame { position: relative; aspect-ratio: 4 / 3; background: color-mix(in srgb, var(--st-text-color) 7%, transparent); }
.frame img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.none { position: absolute; inset: 0; display: grid; place-items: center; font-size: .72rem; opacity: .6; }
.label { position: absolute; left: .25rem; top: .25rem; font-size: .66rem; line-height: 1; padding: .2rem .3rem;
  border-radius: .25rem; }
.words { padding: .3rem .45rem .4rem; font-size: .74rem; line-height: 1.35; font-variant-numeric: tabular-nums; }
.title { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.note { opacity: .66; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
"""

_JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let grid = parentElement.querySelector('.grid');
  if (!grid) { grid = document.createElement('div'); grid.className = 'grid'; parentElement.appendChild(grid); }
  grid.style.setProperty('--card', data.card);
  const text = (className, words) => {
    const part = document.createElement('div');
    part.className = className; part.textContent = words; part.title = words;
    return part;
  };
  grid.replaceChildren(...data.tiles.map((tile) => {
    const card = document.createElement('button');
    card.className = 'card'; card.type = 'button';
    card.setAttribute('aria-label', tile.title + '. ' + tile.note);
    const row = document.createElement('div');
    row.className = 'row';
    for (const shown of tile.images) {
      const frame = document.createElement('div');
      frame.className = 'frame';
      if (shown.src) {
        const image = document.createElement('img');
        image.src = shown.src; image.alt = shown.label || tile.title; image.loading = 'lazy';
        frame.appendChild(image);
      } else {
        frame.appendChild(text('none', 'no preview'));
      }
      if (shown.label) {
        const label = text('label', shown.label);
        label.style.background = shown.colour;
        label.style.color = shown.ink;
        frame.appendChild(label);
      }
      row.appendChild(frame);
    }
    const words = document.createElement('div');
    words.className = 'words';
    words.append(text('title', tile.title), text('note', tile.note));
    card.append(row, words);
    card.onclick = () => setTriggerValue('opened', tile.key);
    return card;
  }));
}
"""


@dataclass(frozen=True)
class Shown:
    """One picture: whose content, and the label in its corner."""

    content_id: str | None
    label: str = ""
    colour: str = FAINT


@dataclass(frozen=True)
class Tile:
    """One card: pictures side by side, a line and a fainter line under them. ``key`` is what a
    click tells.
    """

    key: str
    images: tuple[Shown, ...]
    title: str
    note: str = ""


def show(ws: Workspace, tiles: Sequence[Tile], key: str) -> str | None:
    """Draw the cards; the key of the one that was just clicked, or None."""
    ids = tuple(
        dict.fromkeys(
            shown.content_id for tile in tiles for shown in tile.images if shown.content_id
        )
    )
    uris = data_uris(ws, str(ws.path), ids)
    wide = max((len(tile.images) for tile in tiles), default=1) > 1
    data = {
        "card": "230px" if wide else "124px",
        "tiles": [
            {
                "key": tile.key,
                "title": tile.title,
                "note": tile.note,
                "images": [
                    {
                        "src": uris.get(shown.content_id or ""),
                        "label": shown.label,
                        "colour": shown.colour,
                        "ink": ink(shown.colour),
                    }
                    for shown in tile.images
                ],
            }
            for tile in tiles
        ],
    }
    result = _component()(key=key, data=data, on_opened_change=lambda: None)
    return result.get("opened")


def growing(key: str, total: int, step: int) -> int:
    """How many of ``total`` to show: one ``step``, and one more each time :func:`more` was pressed."""
    return min(total, step * (1 + st.session_state.get(f"{key}_more", 0)))


def more(key: str, shown: int, total: int, step: int) -> None:
    """A button that shows the next ``step``, where there are more."""
    if shown < total:
        st.button(
            f"Show {min(step, total - shown):,} more of {total - shown:,}",
            key=f"{key}_button",
            type="tertiary",
            icon=":material/expand_more:",
            on_click=lambda: st.session_state.update(
                {f"{key}_more": st.session_state.get(f"{key}_more", 0) + 1}
            ),
        )


@st.cache_data(show_spinner=False, max_entries=256)
def data_uris(_ws: Workspace, path: str, ids: tuple[str, ...]) -> dict[str, str]:
    """Thumbnails by content id, as data URIs. ``path``: the workspace's, for the cache."""
    return {content_id: uri(webp) for content_id, webp in _ws.datasets.thumbnails(ids).items()}


@st.cache_data(show_spinner=False, max_entries=64)
def preview(_ws: Workspace, path: str, content_id: str) -> bytes | str:
    """A larger WebP made from the image's file, or why there is none."""
    file = _ws.datasets.image_file(content_id)
    if file is None:
        return "No dataset has this image any more."
    try:
        image: Image.Image = decode(file, shortest=PREVIEW)
    except UnreadableImage as error:
        return f"{error.reason}."
    return thumbnail(image, PREVIEW)


def uri(webp: bytes) -> str:
    """A WebP as a data URI."""
    return "data:image/webp;base64," + base64.b64encode(webp).decode()


@st.cache_resource(show_spinner=False)
def _component():
    return st.components.v2.component("gapscope_gallery", css=_CSS, js=_JS)
