"""What is known of one image, for the card under the cursor: a route of the server beside the app.

A route answers within milliseconds, where a run of the page would take a second; but it knows no
browser session. So an address holds a token that cannot be guessed, made for one comparison as one
version covers it and told only to those who see its page.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core import Workspace
from core.contracts.formatting import data_uri
from core.contracts.judgement_words import LABEL
from core.contracts.words import Tier
from pages.parts.shared.read import TYPED, OnPoints, Points, Scene

PATH = "/gapscope/card"
SHOWN = ("class", TYPED, "zero_shot", "tag")  # what says what an image shows, the best first
KEPT = 32  # tokens that hold; the longest unused end first


@dataclass(frozen=True, eq=False)
class Source:
    """Where cards are read from; resolved when the page is drawn, since a route has no session."""

    ws: Workspace
    points: Points
    covered: OnPoints


_tokens: OrderedDict[tuple[Any, ...], str] = OrderedDict()
_sources: dict[str, Source] = {}
_lock = threading.Lock()
_served = threading.Event()


def route() -> Route:
    """The route, for the server; from now on addresses are given out."""
    _served.set()
    return Route(f"{PATH}/{{token}}/{{row:int}}", _answer, methods=["GET"])


def address(scene: Scene) -> str | None:
    """Where to ask: this and ``/<row>``. None where this process serves no such route."""
    if not _served.is_set():
        return None
    known = (*scene.key, scene.version_id)
    source = Source(scene.ws, scene.points, scene.on_points)
    with _lock:
        token = _tokens.pop(known, None) or secrets.token_urlsafe(24)
        _tokens[known] = token  # to the end: the most recently used
        _sources[token] = source
        while len(_tokens) > KEPT:
            del _sources[_tokens.popitem(last=False)[1]]
    return f"{PATH}/{token}"


def card(source: Source, row: int) -> dict[str, Any]:
    """What the card of a row says: ``title``, ``lines``, and ``picture``, a data URI or None."""
    points, covered = source.points, source.covered
    content_id = str(points["content_id"][row])
    webp = source.ws.datasets.thumbnails((content_id,)).get(content_id)
    known = (points.columns[name][row] for name in SHOWN if name in points.columns)
    kind = next((str(value) for value in known if value is not None), None)
    lines = [points.label(row), *([kind] if kind else [])]
    tier = covered.tier[row]
    judged = [LABEL[Tier(tier)].lower()] if tier else []
    if covered.score[row] == covered.score[row]:
        judged.append(f"gap score {covered.score[row]:.2f}")
    return {
        "title": PurePosixPath(str(points["path"][row])).name,
        "lines": [*lines, *([" · ".join(judged)] if judged else [])],
        "picture": data_uri(webp) if webp else None,
    }


def _answer(request: Request) -> Response:
    """One card. Starlette runs it on a thread of its own."""
    with _lock:
        source = _sources.get(request.path_params["token"])
    row = request.path_params["row"]
    if source is None or row >= len(source.points):
        return Response(status_code=404)
    return JSONResponse(card(source, row), headers={"Cache-Control": "private, max-age=600"})
