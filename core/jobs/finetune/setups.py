"""What a study trains and where its inputs come from: heads on vectors, or networks on pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.contracts.study import StudySpec, Trainable
from core.encoders import runtime
from core.encoders.base import Encoder
from core.errors import InputError
from core.finetune import backbone
from core.finetune.groups import TRAIN
from core.finetune.networks import HeadBank, VectorFeed
from core.finetune.plan import StudyPlan
from core.finetune.study_images import StudyImages
from core.finetune.trial import Setup
from core.jobs.folder import JobFolder
from core.settings import settings

PASS = 64  # images in one forward pass without training: bounds memory, changes no result


@dataclass(frozen=True)
class StudyInputs:
    """One study in its job folder: what it is told, its images and what is planned for them."""

    job: JobFolder
    spec: StudySpec
    images: StudyImages
    plan: StudyPlan


@contextmanager
def torch_threads(spec: StudySpec) -> Iterator[None]:
    """One torch thread while heads are trained: their steps are too small to share, so trials run
    side by side instead, and a result does not depend on how many cores there are.
    """
    before = torch.get_num_threads()
    if spec.trainable == Trainable.HEAD:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def make_setups(study: StudyInputs) -> list[Setup]:
    """The networks and feeds that suit ``trainable``, one for each trial that may run at a time.

    Raises :class:`InputError` where the vectors are not those of the images.
    """
    device = runtime.choose_device(study.spec.device)
    if study.spec.trainable == Trainable.HEAD:
        setup = _head_setup(study, device)
        return [setup] * (settings().decode_threads if device.type == "cpu" else 1)
    devices = [device]
    if study.spec.device == "auto" and device.type == "cuda":
        devices = [torch.device("cuda", number) for number in range(torch.cuda.device_count())]
    return [_pixel_setup(study, one) for one in devices]


def load_encoder(spec: StudySpec) -> Encoder:
    """The backbone as the study sees images, on the study's device."""
    resolution = 0 if spec.trainable == Trainable.HEAD else spec.resolution
    device = runtime.choose_device(spec.device)
    return backbone.load_encoder(spec.backbone, device, resolution, spec.weights)


def _head_setup(study: StudyInputs, device: torch.device) -> Setup:
    spec, labels = study.spec, study.plan.labels
    vectors = study.job.read_array("vectors.npy")
    if len(vectors) != len(study.images):
        raise InputError(
            f"vectors.npy has {len(vectors)} rows for {len(study.images)} images",
            "Embed the images again.",
        )
    reference = labels.rows(synthetic=False, split=TRAIN)
    feeds: dict[int, VectorFeed] = {}
    for severity in spec.severities:
        seen = vectors
        if severity:
            rows = np.flatnonzero(labels.synthetic)
            seen = np.array(vectors)
            seen[rows] = _corrupted_vectors(study, severity, rows, device)
        feeds[severity] = VectorFeed(seen, reference, device)
    # mixtures without synthetic images ask for severity 0, and see real images only
    feeds.setdefault(0, feeds[spec.severities[0]])

    def make(members: int, seed: int) -> HeadBank:
        classes = len(labels.classes)
        return HeadBank(vectors.shape[1], spec.hidden, classes, members, seed, device)

    return Setup(labels, spec, study.plan.budget, make, feeds.__getitem__, side_by_side=True)


def _corrupted_vectors(
    study: StudyInputs, severity: int, rows: np.ndarray, device: torch.device
) -> np.ndarray:
    """Vectors of the synthetic images ``rows`` (m,) at one severity, (m, d) float32; kept in the
    job's cache.
    """
    job = study.job
    spec = study.spec
    encoder = backbone.load_encoder(spec.backbone, device, weights=spec.weights)
    feed = _pixel_feed(study, encoder, severity)
    return backbone.cached(
        job.path / "cache" / f"vectors-c{severity}.npy",
        (
            encoder.encode(torch.from_numpy(batch)).cpu().numpy()
            for batch in feed.pixels(rows, PASS)
        ),
        len(rows),
        lambda done: job.report(f"corrupt {severity}", done, len(rows)),
    )


def _pixel_setup(study: StudyInputs, device: torch.device) -> Setup:
    """``stage``: activations of the trunk are cached; ``all``: prepared pixels are."""
    spec, labels = study.spec, study.plan.labels
    encoder = backbone.load_encoder(spec.backbone, device, spec.resolution, spec.weights)
    trunk, body = None, encoder.module
    prepare: Callable[[Tensor], Tensor] = encoder.normalise
    if spec.trainable == Trainable.STAGE:
        trunk, body = backbone.split_trunk(encoder.module)
        prepare = backbone.as_float(device)
    feeds = {
        severity: backbone.ArrayFeed(
            _cached_inputs(study, encoder, trunk, severity), prepare, ahead=device.type == "cuda"
        )
        for severity in sorted({0, *spec.severities})
    }

    def make(members: int, seed: int) -> backbone.WholeNetwork:
        return backbone.WholeNetwork(
            body, encoder.dim, len(labels.classes), seed, device, encoder.convolutional
        )

    return Setup(labels, spec, study.plan.budget, make, feeds.__getitem__, side_by_side=False)


def _cached_inputs(
    study: StudyInputs, encoder: Encoder, trunk: torch.nn.Module | None, severity: int
) -> np.ndarray:
    """Prepared pixels of all images, or a trunk's activations on them, kept in the job's cache."""
    n, job = len(study.images), study.job
    feed = _pixel_feed(study, encoder, severity)
    if trunk is None:
        kind, parts = "pixels", feed.pixels(np.arange(n), PASS)
    else:
        kind, parts = "activations", backbone.activations(trunk, feed, n, PASS)
    return backbone.cached(
        job.path / "cache" / f"{kind}-c{severity}.npy",
        parts,
        n,
        lambda done: job.report(kind, done, n),
    )


def _pixel_feed(study: StudyInputs, encoder: Encoder, severity: int) -> backbone.PixelFeed:
    return backbone.PixelFeed(encoder, study.images, severity, settings().decode_threads)
