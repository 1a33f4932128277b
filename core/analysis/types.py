"""Names for what the analysis hands around: arrays by their numbers, and who hears of progress."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

OnProgress = Callable[[str, int, int], object]
"""Called with a stage's name, how many of its steps are done, and how many there are. It may raise
:class:`~core.errors.JobCancelled`.
"""


def unheard(stage: str, done: int, total: int) -> None:
    """Progress that nobody listens to."""
