"""Stand-in until the fine-tune room's ``core/contracts/study.py`` takes this place: the same names
over :mod:`core.finetune.parameters`.
"""

from __future__ import annotations

from enum import StrEnum

from core.finetune.parameters import (
    LEARNING_RATES as LEARNING_RATES,
)
from core.finetune.parameters import (
    MIXTURE_NAMES as MIXTURE_NAMES,
)
from core.finetune.parameters import (
    OBJECTIVE_NAMES as OBJECTIVE_NAMES,
)
from core.finetune.parameters import (
    PRESETS as PRESETS,
)
from core.finetune.parameters import (
    StudyParameters as StudySpec,
)
from core.finetune.parameters import (
    from_spec as study_spec,
)
from core.finetune.parameters import (
    preset as preset,
)

__all__ = ["StudySpec", "study_spec"]


class Mixture(StrEnum):
    """How synthetic images enter training."""

    NONE = "none"
    USB = "usb"
    ASB = "asb"
    FFR = "ffr"
    SYNTHETIC = "synthetic"
    REVERSED = "reversed"
    FFR_BIASED = "ffr_biased"


class Objective(StrEnum):
    """What training minimises."""

    ERM = "erm"
    GROUPDRO = "groupdro"
    RESAMPLING = "resampling"
    DFR = "dfr"


class Trainable(StrEnum):
    """How much of the network is trained."""

    HEAD = "head"
    STAGE = "stage"
    ALL = "all"


MIXTURES = tuple(Mixture)
OBJECTIVES = tuple(Objective)
