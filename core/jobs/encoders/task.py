"""The encoder trial: the same gaps injected under every encoder, and how well each sees them.

spec: :class:`~core.contracts.encoder_trial.EncoderTrialSpec`. in: ``real.parquet`` and
``synthetic.parquet`` (content_id, class), ``eII-real-<view>.npy``, ``eII-synthetic-<view>.npy``.
out: ``encoder_scores.parquet`` (:class:`~core.contracts.encoder_trial.EncoderScoreRow`).
"""

from __future__ import annotations

from core.analysis.coverage.encoder_trial import Sides, try_encoders
from core.analysis.vectors.alignment import Views
from core.contracts.derive import from_rows
from core.contracts.encoder_trial import EncoderScoreRow, EncoderTrialSpec
from core.contracts.words import View
from core.jobs.folder import JobFolder


def run(job: JobFolder) -> None:
    """Try the encoders. Raises InputError where the sample has no two groups."""
    spec = job.read_spec(EncoderTrialSpec)
    classes = job.read_table("real.parquet").column("class").to_pylist()
    encoders = [
        Sides(_views(job, spec, place, "real"), _views(job, spec, place, "synthetic"))
        for place in range(len(spec.encoders))
    ]
    trials, by_class = try_encoders(encoders, classes, seed=spec.seed, progress=job.report)
    rows = [
        EncoderScoreRow(
            encoder=encoder,
            real_images=len(sides.real),
            synthetic_images=len(sides.synthetic),
            seed=spec.seed,
            by_class=by_class,
            **vars(trial),
        )
        for encoder, sides, trial in zip(spec.encoders, encoders, trials, strict=True)
    ]
    job.write_rows(EncoderScoreRow, from_rows(EncoderScoreRow, rows))


def _views(job: JobFolder, spec: EncoderTrialSpec, place: int, side: str) -> Views:
    arrays = {
        view: job.read_array(f"e{place:02d}-{side}-{view}.npy", mmap=False) for view in spec.views
    }
    return Views(arrays[View.PLAIN], arrays.get(View.SIMPLIFIED))
