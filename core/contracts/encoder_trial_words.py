"""An encoder trial in words: the same cells and sentence on the page and on the command line."""

from __future__ import annotations

from collections.abc import Sequence

from core.contracts.encoder_trial import EncoderTrialRow

TRIAL_COLUMNS = (
    "encoder",
    "AUROC of injected gaps",
    "95 %",
    "found",
    "behind the best",
    "seconds per 1,000 images",
)


def trial_cells(row: EncoderTrialRow) -> tuple[str, ...]:
    """One row under :data:`TRIAL_COLUMNS`."""
    share = row.found_share
    behind = "–"
    if row.behind is not None and row.behind_low is not None and row.behind_high is not None:
        behind = f"{row.behind:.3f} ({row.behind_low:.3f} to {row.behind_high:.3f})"
    return (
        row.encoder,
        "–" if row.auroc is None else f"{row.auroc:.3f}",
        "–" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}",
        "–" if share is None else f"{row.recovered} of {row.groups} ({share:.0%})",
        behind,
        "–" if row.seconds is None else f"{row.seconds:.1f}",
    )


def trial_sentence(rows: Sequence[EncoderTrialRow]) -> str:
    """What came of it. ``rows``: the best first, at least one."""
    best = rows[0]
    if best.auroc is None:
        return "No gap could be injected under any encoder: more images, or labels, may help."
    if best.clear:
        return f"{best.encoder} sees gaps best, by more than chance gives against every other."
    worse = [row.encoder for row in rows[1:] if row.behind_low is not None and row.behind_low > 0]
    if worse:
        listed = worse[0] if len(worse) == 1 else f"{', '.join(worse[:-1])} and {worse[-1]}"
        return f"{best.encoder} ranks gaps highest; it is clearly better than {listed}."
    return (
        f"{best.encoder} ranks gaps highest, but no encoder is clearly better than another on "
        f"{best.groups} gaps."
    )
