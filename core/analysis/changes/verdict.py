"""Whether a version is better than the one before, in one word and one sentence, from counts alone.
Pages and reports import it, and none of what finding the changes needs
(:mod:`core.analysis.changes.between`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """``word``: better, worse or no clear difference. ``net``: share of real images closed minus
    opened, with its 95 % interval from a paired bootstrap over the real images. ``sentence``: the
    same in words.
    """

    word: str
    closed: int
    opened: int
    images: int
    net: float
    low: float
    high: float
    sentence: str


def verdict(closed: int, opened: int, images: int, *, seed: int = 0, draws: int = 2000) -> Verdict:
    """Whether a version is better than the one before, from how many of the same ``images`` real
    images closed and opened.

    The interval of the net share is a percentile bootstrap over the real images; images of three
    kinds are drawn by their counts, which is the same thing. What counts as closed or opened has
    passed the test against chance already; the interval says whether the one outweighs the other.
    """
    if images <= 0:
        return Verdict(
            "no clear difference", 0, 0, 0, 0.0, 0.0, 0.0, "There are no real images to judge by."
        )
    rest = max(images - closed - opened, 0)
    total = closed + opened + rest
    drawn = np.random.default_rng(seed).multinomial(
        total, np.array([closed, opened, rest]) / total, size=draws
    )
    low, high = (
        float(value) for value in np.quantile((drawn[:, 0] - drawn[:, 1]) / total, (0.025, 0.975))
    )
    net = (closed - opened) / total
    if closed == opened == 0:
        bound = 1 - 0.025 ** (
            1 / total
        )  # nothing changed: drawing again shows no spread, the exact bound does
        low, high = -bound, bound
    word = "better" if low > 0 else "worse" if high < 0 else "no clear difference"
    return Verdict(
        word,
        closed,
        opened,
        total,
        net,
        low,
        high,
        _sentence(word, closed, opened, total, net, low, high),
    )


def _sentence(
    word: str, closed: int, opened: int, images: int, net: float, low: float, high: float
) -> str:
    if closed == opened == 0:
        return (
            f"No clear difference: of {images:,} real images none is clearly better or worse covered than before "
            f"(more than {100 * high:.1f} % would be unlikely)."
        )
    counts = (
        f"{closed:,} of {images:,} real images are clearly better covered, {opened:,} clearly worse"
    )
    share = f"net {100 * net:+.1f} %, 95 % interval {100 * low:+.1f} % to {100 * high:+.1f} %"
    return f"{word.capitalize()}: {counts} ({share})."
