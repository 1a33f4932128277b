"""What trained networks see: their features of test images on a map, and saliency maps, one a
mixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from core.contracts.study import Trainable
from core.encoders.base import Encoder
from core.finetune import backbone, feature_map, saliency, trainer, trial
from core.finetune.networks import Network, VectorFeed
from core.finetune.plan import TrialKey
from core.finetune.study_images import StudyImages
from core.finetune.trial import Setup, StateStore
from core.images.decode import decode

SIDE = 56  # pixels of a saliency map's side: 8 for each cell of RISE's masks

Report = Callable[[str, int, int, str], None]


@dataclass(frozen=True)
class FeatureMap:
    """A trained network's features of the images ``rows`` (m,) in two dimensions, ``xy`` (m, 2),
    and how the domains mix there (None: one domain only).
    """

    key: TrialKey
    rows: np.ndarray
    xy: np.ndarray
    mixing: float | None


@dataclass(frozen=True)
class SaliencyMap:
    """Which parts of image ``row`` the score of its own class rests on: ``values`` (h, w);
    ``predicted``: the class code that the network takes it for.
    """

    key: TrialKey
    row: int
    predicted: int
    values: np.ndarray


def feature_maps(
    setup: Setup, keys: list[TrialKey], store: StateStore, report: Report
) -> Iterator[FeatureMap]:
    """For each trial in ``keys`` its features of matched real and synthetic test images."""
    labels, spec = setup.labels, setup.spec
    for done, key in enumerate(keys):
        report("feature map", done, len(keys), key.name)
        network = _network(setup, key, store)
        rows = trial.test_rows(labels, key.version)
        cells = labels.group()[rows] if labels.synthetic_has_bias else labels.y[rows]
        rows = rows[feature_map.matched_rows(cells, labels.synthetic[rows], spec.split_seed)]
        if network is None or len(rows) == 0:
            continue
        features = trainer.extract(network, setup.feed(key.severity), rows, spec.batch_size)
        mixing = feature_map.mixing_score(features, labels.synthetic[rows])
        yield FeatureMap(key, rows, feature_map.layout(features, spec.split_seed), mixing)


def saliency_maps(
    setup: Setup,
    keys: list[TrialKey],
    store: StateStore,
    images: StudyImages,
    encoder: Encoder,
    report: Report,
) -> Iterator[SaliencyMap]:
    """A RISE map of every chosen image for every trial in ``keys``. All trials are explained for
    one set of forward passes of the encoder.
    """
    labels, spec = setup.labels, setup.spec
    loaded = [
        (key, network) for key in keys if (network := _network(setup, key, store)) is not None
    ]
    networks = [network for _, network in loaded]
    chosen = [row for row in spec.saliency if 0 <= row < len(images) and labels.y[row] >= 0]
    for done, row in enumerate(chosen):
        report("saliency", done, len(chosen), str(images.path[row]))
        image = decode(Path(images.file[row]))
        pixels = encoder.prepare(image).transpose(1, 2, 0).astype(np.float32)
        scorer = _Scorer(setup, encoder, networks, int(labels.y[row]))
        maps = saliency.rise(scorer, pixels, n_masks=spec.saliency_masks, seed=row)
        predictions = scorer.predict(pixels)
        for (key, _), values, predicted in zip(loaded, maps, predictions, strict=True):
            small = Image.fromarray(values.astype(np.float32))
            small = small.resize((SIDE, SIDE), Image.Resampling.BOX)
            yield SaliencyMap(key, int(row), predicted, np.asarray(small))


class _Scorer:
    """Pixels (m, s, s, 3) in 0 … 255 → the class's probability by network, (m, networks)."""

    def __init__(
        self, setup: Setup, encoder: Encoder, networks: list[Network], target: int
    ) -> None:
        self.networks, self.encoder, self.target = networks, encoder, target
        self.body: torch.nn.Module | None = encoder.module
        feed = setup.feed(0)
        self.standardise = (feed.mean, feed.scale) if isinstance(feed, VectorFeed) else None
        if setup.spec.trainable == Trainable.STAGE:
            self.body = backbone.split_trunk(encoder.module)[0]
        elif setup.spec.trainable == Trainable.ALL:
            self.body = None

    @torch.inference_mode()
    def probabilities(self, images: np.ndarray) -> torch.Tensor:
        """(networks, m, classes)."""
        batch = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        inputs = self.encoder.normalise(batch)
        if self.body is not None:
            inputs = self.body(inputs).float()
        if self.standardise is not None:
            inputs = (inputs - self.standardise[0]) / self.standardise[1]
        return torch.stack(
            [network.logits(inputs)[0].float().softmax(dim=1).cpu() for network in self.networks]
        )

    def __call__(self, images: np.ndarray) -> np.ndarray:
        return self.probabilities(images)[:, :, self.target].T.numpy()

    def predict(self, image: np.ndarray) -> list[int]:
        """The class each network takes one image for."""
        return self.probabilities(image[None])[:, 0].argmax(dim=1).tolist()


def _network(setup: Setup, key: TrialKey, store: StateStore) -> Network | None:
    kept = store.get(key)
    if kept is None:
        return None
    network = trial.loaded(setup, key, kept[0])
    network.mode(training=False)
    return network
