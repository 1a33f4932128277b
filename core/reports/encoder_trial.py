"""An encoder trial as JSON, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.contracts.encoder_trial import EncoderTrialRow
from core.contracts.encoder_trial_words import trial_sentence


def encoder_trial_json(rows: Sequence[EncoderTrialRow], chosen: str) -> dict[str, Any]:
    """A trial as plain JSON. ``chosen``: what ``auto`` is for these images."""
    return {
        "auto": chosen,
        "sentence": trial_sentence(rows),
        "encoders": [
            {**asdict(row), "found_share": row.found_share, "tried_at": row.tried_at.isoformat()}
            for row in rows
        ],
    }
