"""Trained weights on disk: for later stages and pictures, and for the user to take away."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from threading import get_ident

from safetensors import safe_open
from safetensors.torch import save_file

from core.files import storage_guard
from core.finetune.networks import Weights
from core.finetune.plan import TrialKey
from core.finetune.trial import Chosen


class FolderStore:
    """A :class:`core.finetune.trial.StateStore` on disk: one safetensors file a state, with what
    validation chose as metadata.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def get(self, key: TrialKey) -> tuple[Weights, Chosen] | None:
        """Weights and what was chosen, or None where there is no such file."""
        path = self._path(key)
        if not path.exists():
            return None
        with safe_open(path, framework="pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return weights, _read(dict(file.metadata() or {}))

    def put(self, key: TrialKey, weights: Weights, chosen: Chosen) -> None:
        """Write the weights whole or not at all."""
        path = self._path(key)
        # two trials may make the same stage at once: each writes a file of its own
        part = path.with_name(f"{path.name}.{get_ident()}.part")
        who = {"mixture": key.mixture, "objective": key.objective, "seed": str(key.seed)}
        with storage_guard(self.folder):
            save_file(
                {name: value.cpu().contiguous() for name, value in weights.items()},
                part,
                metadata={name: str(text) for name, text in who.items()} | _written(chosen),
            )
            part.replace(path)

    def _path(self, key: TrialKey) -> Path:
        return self.folder / f"{key.name}.safetensors"


def _written(chosen: Chosen) -> dict[str, str]:
    return {name: repr(value) for name, value in asdict(chosen).items() if value is not None}


def _read(texts: dict[str, str]) -> Chosen:
    stage1 = texts.get("lr_stage1"), texts.get("epochs_stage1")
    return Chosen(
        lr=float(texts["lr"]),
        epochs=int(texts["epochs"]),
        valid_worst=float(texts["valid_worst"]),
        valid_balanced=float(texts["valid_balanced"]),
        lr_stage1=None if stage1[0] is None else float(stage1[0]),
        epochs_stage1=None if stage1[1] is None else int(stage1[1]),
    )
