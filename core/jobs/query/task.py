"""The query task: one image or one phrase → a vector for each view.

spec: :class:`QuerySpec`. in: ``image`` (a file of any format), unless a phrase is asked for. out:
``<view>.npy``, float32 (d,). It computes in f32 on the CPU: one image needs no device, and stored
vectors of any precision agree with f32 to a cosine of 0.999.
"""

from __future__ import annotations

from pathlib import Path

import torch

from core.contracts.search import QuerySpec
from core.contracts.words import View
from core.encoders import registry, runtime
from core.errors import InputError
from core.jobs.embed.preparation import Preparation
from core.jobs.folder import JobFolder
from core.settings import Settings, settings


def run(job: JobFolder) -> None:
    """Embed what is searched by.

    Raises EncoderNotReady where weights are absent; InputError for an image that cannot be read and
    for a phrase where the encoder knows no words.
    """
    spec = job.read_spec(QuerySpec)
    here = Settings(weights=Path(spec.weights)) if spec.weights else settings()
    job.report("load the encoder")
    encoder = registry.load(spec.encoder, settings=here)
    job.report("embed")
    if spec.phrase is not None:
        job.write_array(f"{View.PLAIN}.npy", encoder.encode_text([spec.phrase])[0])
        return
    preparation = Preparation(encoder, spec.views, thumbnails=False)
    prepared = preparation.prepare(job.input("image"), spec.content_id or "")
    if not prepared.usable:
        raise InputError(
            str(prepared.error or prepared.skipped), "Choose another image to search by."
        )
    for view in spec.views:
        vector = encoder.encode(torch.from_numpy(prepared.pixels[view].copy())[None])
        runtime.check_finite(encoder, vector)
        job.write_array(f"{view}.npy", vector[0].cpu().numpy())
