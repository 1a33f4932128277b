"""What trained networks see: their features of test images on a map, and saliency maps, one a
mixture.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from PIL import Image

from core.encoders.base import Encoder
from core.finetune import backbone, feature_map, saliency, study, trainer
from core.finetune.networks import Network, VectorFeed
from core.finetune.plan import TrialKey
from core.finetune.study import Setup, StateStore
from core.images.decode import decode

Report = Callable[[str, int, int, str], None]
EMBEDDING = {
    "trial": pa.string(),
    "mixture": pa.string(),
    "version_id": pa.string(),
    "row": pa.int64(),
    "path": pa.string(),
    "content_id": pa.string(),
    "domain": pa.string(),
    "class": pa.string(),
    "bias": pa.string(),
    "x": pa.float64(),
    "y": pa.float64(),
    "mixing": pa.float64(),
}
SALIENCY = {
    "trial": pa.string(),
    "mixture": pa.string(),
    "version_id": pa.string(),
    "row": pa.int64(),
    "path": pa.string(),
    "class": pa.string(),
    "predicted": pa.string(),
    "height": pa.int64(),
    "width": pa.int64(),
    "map": pa.list_(pa.float32()),
}


def feature_maps(
    setup: Setup, keys: list[TrialKey], store: StateStore, table: pa.Table, report: Report
) -> pa.Table:
    """``embedding.parquet``: for each trial in ``keys`` its features of matched real and synthetic
    test images in two dimensions, and on every row the trial's mixing score.
    """
    labels = setup.labels
    rows_out: list[dict[str, object]] = []
    paths, contents = table["path"].to_pylist(), table["content_id"].to_pylist()
    for done, key in enumerate(keys):
        report("feature map", done, len(keys), key.name)
        network = _network(setup, key, store)
        rows = study.test_rows(labels, key.version)
        cells = labels.group()[rows] if labels.synthetic_has_bias else labels.y[rows]
        rows = rows[
            feature_map.matched_rows(cells, labels.synthetic[rows], setup.parameters.split_seed)
        ]
        if network is None or len(rows) == 0:
            continue
        features = trainer.extract(
            network, setup.feed(key.severity), rows, setup.parameters.batch_size
        )
        score = feature_map.mixing_score(features, labels.synthetic[rows])
        for row, (x, y) in zip(
            rows, feature_map.layout(features, setup.parameters.split_seed), strict=True
        ):
            rows_out.append(
                {
                    **_who(setup, key),
                    "row": int(row),
                    "path": paths[row],
                    "content_id": contents[row],
                    "domain": "synthetic" if labels.synthetic[row] else "real",
                    "class": labels.classes[labels.y[row]],
                    "bias": labels.biases[labels.b[row]] if labels.b[row] >= 0 else None,
                    "x": float(x),
                    "y": float(y),
                    "mixing": score,
                }
            )
    return pa.Table.from_pylist(rows_out, schema=pa.schema(list(EMBEDDING.items())))


def saliency_maps(
    setup: Setup,
    keys: list[TrialKey],
    store: StateStore,
    table: pa.Table,
    encoder: Encoder,
    report: Report,
) -> pa.Table:
    """``saliency.parquet``: a RISE map of every chosen image for every trial in ``keys``: which
    parts the score of the image's own class rests on. All trials are explained for one set of
    forward passes of the encoder.
    """
    labels, parameters = setup.labels, setup.parameters
    networks = [
        (key, network) for key in keys if (network := _network(setup, key, store)) is not None
    ]
    files, paths = table["file"].to_pylist(), table["path"].to_pylist()
    rows_out: list[dict[str, object]] = []
    chosen = [
        row for row in parameters.saliency if 0 <= row < table.num_rows and labels.y[row] >= 0
    ]
    for done, row in enumerate(chosen):
        report("saliency", done, len(chosen), paths[row])
        pixels = encoder.prepare(decode(Path(files[row]))).transpose(1, 2, 0).astype(np.float32)
        scorer = _Scorer(setup, encoder, [network for _, network in networks], int(labels.y[row]))
        maps = saliency.rise(scorer, pixels, n_masks=parameters.saliency_masks, seed=row)
        guesses = scorer.predict(pixels)
        for (key, _), found, guess in zip(networks, maps, guesses, strict=True):
            small = Image.fromarray(found.astype(np.float32)).resize((56, 56), Image.Resampling.BOX)
            values = np.asarray(small)
            rows_out.append(
                {
                    **_who(setup, key),
                    "row": int(row),
                    "path": paths[row],
                    "class": labels.classes[labels.y[row]],
                    "predicted": labels.classes[guess],
                    "height": values.shape[0],
                    "width": values.shape[1],
                    "map": values.ravel().tolist(),
                }
            )
    return pa.Table.from_pylist(rows_out, schema=pa.schema(list(SALIENCY.items())))


class _Scorer:
    """Pixels (m, s, s, 3) in 0 … 255 → the class's probability under each network, (m, networks)."""

    def __init__(
        self, setup: Setup, encoder: Encoder, networks: list[Network], target: int
    ) -> None:
        self.networks, self.encoder, self.target = networks, encoder, target
        self.body: torch.nn.Module | None = encoder.module
        feed = setup.feed(0)
        self.standardise = (feed.mean, feed.scale) if isinstance(feed, VectorFeed) else None
        if setup.parameters.trainable == "stage":
            self.body = backbone.split_trunk(encoder.module)[0]
        elif setup.parameters.trainable == "all":
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
    found = store.get(key.name)
    if found is None:
        return None
    network = setup.make(1, key.seed)
    network.load(found[0])
    network.mode(training=False)
    return network


def _who(setup: Setup, key: TrialKey) -> dict[str, object]:
    return {
        "trial": key.name,
        "mixture": key.mixture,
        "version_id": None if key.version < 0 else setup.labels.versions[key.version],
    }
