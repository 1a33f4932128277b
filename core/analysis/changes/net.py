"""Whether a version is better than the one before, in one word and one sentence, from counts alone.
Pages and reports import it, and none of what finding the changes needs
(:mod:`core.analysis.changes.between`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.contracts.words import Verdict


@dataclass(frozen=True)
class NetChange:
    """What a version changed on the whole. ``net``: share of real images closed minus opened, with
    its 95 % interval ``low`` to ``high`` from a paired bootstrap over the real images.
    """

    closed: int
    opened: int
    images: int
    net: float
    low: float
    high: float

    @property
    def word(self) -> Verdict:
        """Better or worse where the interval leaves 0 out."""
        if self.low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if self.high < 0 else Verdict.UNCLEAR

    @property
    def sentence(self) -> str:
        """The same in a sentence, with its numbers."""
        if not self.images:
            return "There are no real images to judge by."
        if self.closed == self.opened == 0:
            return (
                f"No clear difference: of {self.images:,} real images none is clearly better or "
                f"worse covered than before (more than {100 * self.high:.1f} % would be unlikely)."
            )
        return (
            f"{self.word.capitalize()}: {self.closed:,} of {self.images:,} real images are clearly "
            f"better covered, {self.opened:,} clearly worse (net {100 * self.net:+.1f} %, 95 % "
            f"interval {100 * self.low:+.1f} % to {100 * self.high:+.1f} %)."
        )


def net_change(
    closed: int, opened: int, images: int, *, seed: int = 0, draws: int = 2000
) -> NetChange:
    """Whether a version is better than the one before, from how many of the same ``images`` real
    images closed and opened.

    The interval of the net share is a percentile bootstrap over the real images; images of three
    kinds are drawn by their counts, which is the same thing. What counts as closed or opened has
    passed the test against chance already; the interval says whether the one outweighs the other.
    """
    if images <= 0:
        return NetChange(0, 0, 0, 0.0, 0.0, 0.0)
    rest = max(images - closed - opened, 0)
    total = closed + opened + rest
    if closed == opened == 0:
        # drawing again shows no spread where nothing changed; the exact bound does
        bound = 1 - 0.025 ** (1 / total)
        return NetChange(closed, opened, total, 0.0, -bound, bound)
    drawn = np.random.default_rng(seed).multinomial(
        total, np.array([closed, opened, rest]) / total, size=draws
    )
    low, high = np.quantile((drawn[:, 0] - drawn[:, 1]) / total, (0.025, 0.975))
    return NetChange(closed, opened, total, (closed - opened) / total, float(low), float(high))
