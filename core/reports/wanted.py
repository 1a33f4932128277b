"""How many images to render of each gap, so that its share of the version is its share of the real
images once *all* gaps are filled: each image rendered for one gap makes the others' shares smaller.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_ROUNDING = 1e-9  # of a count: floating-point dust that is not worth an image


@dataclass(frozen=True)
class Need:
    """A gap in numbers: its ``share`` of the real images (0 to 1; shares of all gaps do not
    overlap), and the synthetic images there are of it.
    """

    share: float
    rendered: float


def wanted(needs: Sequence[Need], images: int) -> list[int]:
    """How many images to render of each gap, for a version of ``images`` synthetic images.

    Solves ``size = images + Σ max(0, share · size − rendered)`` for the size of the version after
    rendering; a gap that has its share already gets none, what is missing of an image is rounded
    up. Where the gaps are all there is, no covered group sets the measure: then a version of
    today's size is asked for, or as large as the fullest gap makes it.
    """
    size = _size(needs, images)
    return [
        max(0, math.ceil(need.share * size - need.rendered - _ROUNDING)) if need.share > 0 else 0
        for need in needs
    ]


def _size(needs: Sequence[Need], images: int) -> float:
    """The size of the version after rendering. The equation's right side bends where a gap's share
    of the size passes what is rendered of it, so the stretches between are tried in order.
    """
    bends = sorted(
        (need for need in needs if need.share > 0), key=lambda need: need.rendered / need.share
    )
    rest, others = 1.0, float(images)  # what is no growing gap: of the real images, of the version
    for need in bends:
        if rest > _ROUNDING and others / rest <= need.rendered / need.share:
            return others / rest
        rest -= need.share
        others -= need.rendered
    if rest > _ROUNDING and others > 0:
        return others / rest
    return max([float(images), *(need.rendered / need.share for need in bends)])
