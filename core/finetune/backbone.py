"""An encoder's network as something to train: the last stage and a new head, or everything.

``stage``: the trunk is run once over every image and its activations are kept; only what follows is
trained. ``all``: every weight is trained, in mixed precision on a GPU. Both start from the
encoder's own weights and end in a new linear layer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from torch import Tensor, nn

from core.encoders import registry
from core.encoders.base import Encoder
from core.errors import InputError
from core.files import storage_guard
from core.finetune.corruptions import corrupt
from core.finetune.networks import Weights
from core.finetune.study_images import StudyImages
from core.images.decode import decode
from core.settings import Settings, settings

AHEAD = 3  # batches decoded ahead of the one in training


class WholeNetwork:
    """One model (K = 1), trained whole: ``body`` (inputs → (n, d)) and a new linear layer."""

    members = 1

    def __init__(
        self,
        body: nn.Module,
        dim: int,
        classes: int,
        seed: int,
        device: torch.device,
        channels_last: bool = False,
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            head = nn.Linear(dim, classes)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.device = device
        self.body = copy.deepcopy(body).requires_grad_(True).to(device)
        self.body = self.body.to(memory_format=layout)
        self.head = head.to(device)
        self.precision = (
            torch.bfloat16
            if device.type == "cuda" and torch.cuda.is_bf16_supported()
            else torch.float16
        )
        self.half_precision = device.type == "cuda" and self.precision is torch.float16

    def _autocast(self) -> torch.autocast | nullcontext:
        return (
            torch.autocast(self.device.type, self.precision)
            if self.device.type == "cuda"
            else nullcontext()
        )

    def logits(self, inputs: Tensor) -> Tensor:
        """(1, n, C)."""
        with self._autocast():
            return self.head(self.body(inputs)).unsqueeze(0)

    def features(self, inputs: Tensor, member: int) -> Tensor:
        """(n, d): what the new linear layer sees, as it is (not normalised)."""
        with self._autocast():
            return self.body(inputs)

    def member_parameters(self, member: int) -> list[nn.Parameter]:
        """All weights."""
        return [*self.body.parameters(), *self.head.parameters()]

    def state(self, member: int) -> Weights:
        """A copy of all weights and batch-norm statistics."""
        parts = {f"body.{k}": v for k, v in self.body.state_dict().items()}
        parts |= {f"head.{k}": v for k, v in self.head.state_dict().items()}
        return {name: value.detach().clone() for name, value in parts.items()}

    def load(self, state: Weights) -> None:
        """Take weights over."""
        for prefix, module in (("body.", self.body), ("head.", self.head)):
            module.load_state_dict(
                {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
            )

    def mode(self, training: bool, freeze_batchnorm: bool = False) -> None:
        """Training or evaluation; frozen batch-norm layers keep their statistics while training
        (their scale and shift are still trained, as in the published code).
        """
        self.body.train(training)
        self.head.train(training)
        if training and freeze_batchnorm:
            for module in self.body.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.eval()


class PixelFeed:
    """Images from files, decoded ahead of the network by threads; synthetic ones corrupted by
    ``severity``.
    """

    def __init__(self, encoder: Encoder, images: StudyImages, severity: int, workers: int) -> None:
        self.encoder, self.images, self.severity = encoder, images, severity
        self.pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")

    def batches(self, rows: np.ndarray, size: int) -> Iterator[Tensor]:
        """Normalised images (size, 3, s, s) on the encoder's device."""
        for batch in self.pixels(rows, size):
            yield self.encoder.normalise(torch.from_numpy(batch))

    def pixels(self, rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
        """Prepared images as uint8 (size, 3, s, s), ``AHEAD`` batches in advance."""
        starts = iter(range(0, len(rows), size))

        def submit(start: int) -> list[Future[np.ndarray]]:
            return [self.pool.submit(self._one, int(row)) for row in rows[start : start + size]]

        waiting = [submit(start) for start in islice(starts, AHEAD)]
        while waiting:
            arrays = [future.result() for future in waiting.pop(0)]
            for start in islice(starts, 1):
                waiting.append(submit(start))
            yield np.stack(arrays)

    def _one(self, row: int) -> np.ndarray:
        image = decode(Path(self.images.file[row]))
        if self.severity and self.images.synthetic[row]:
            image = corrupt(image, self.severity, seed=row)
        return self.encoder.prepare(image)


class ArrayFeed:
    """Inputs kept in an array (a mapped file): prepared pixels or a trunk's activations, brought by
    ``prepare``.

    On a GPU one thread fetches and copies the next batches while the network works on this one.
    """

    def __init__(self, array: np.ndarray, prepare: Callable[[Tensor], Tensor], ahead: bool) -> None:
        self.array, self.prepare = array, prepare
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="feed") if ahead else None

    def batches(self, rows: np.ndarray, size: int) -> Iterator[Tensor]:
        """Inputs of ``rows`` on the device, ``size`` at a time."""
        parts = [rows[start : start + size] for start in range(0, len(rows), size)]
        if self.pool is None:
            for part in parts:
                yield self.prepare(torch.from_numpy(self.array[part]))
            return
        waiting = [self.pool.submit(self._pinned, part) for part in parts[:AHEAD]]
        for number in range(len(parts)):
            batch = waiting.pop(0).result()
            if number + AHEAD < len(parts):
                waiting.append(self.pool.submit(self._pinned, parts[number + AHEAD]))
            yield self.prepare(batch)

    def _pinned(self, rows: np.ndarray) -> Tensor:
        return torch.from_numpy(self.array[rows]).pin_memory()


def as_float(device: torch.device) -> Callable[[Tensor], Tensor]:
    """What :class:`ArrayFeed` does to activations: float32 on the device, images laid out channels
    last.
    """

    def prepare(batch: Tensor) -> Tensor:
        batch = batch.to(device, non_blocking=True).float()
        return batch.contiguous(memory_format=torch.channels_last) if batch.ndim == 4 else batch

    return prepare


def load_encoder(
    name: str, device: torch.device, resolution: int = 0, weights: str | None = None
) -> Encoder:
    """The encoder on its device, seeing ``resolution`` pixels a side (0: its own); ``weights``:
    GAPSCOPE_WEIGHTS where the environment does not say. Raises EncoderNotReady.
    """
    where = Settings(weights=Path(weights)) if weights else settings()
    encoder = registry.load(name, settings=where).to(device)
    if resolution:
        ratio = encoder.transform.resize / encoder.transform.size
        encoder.transform = replace(
            encoder.transform, size=resolution, resize=round(resolution * ratio)
        )
    return encoder


def split_trunk(module: nn.Module) -> tuple[nn.Module, nn.Module]:
    """A timm network as (trunk, tail): tail(trunk(x)) equals module(x); the tail is the last stage
    and what follows.

    Knows networks built like EfficientNet / MobileNet (``blocks``, ``conv_head``), ResNet
    (``layer4``), ConvNeXt (``stages``) and ViT (``blocks``, ``norm``). Raises :class:`InputError`
    for others.
    """
    parts = dict(module.named_children())
    if "conv_stem" in parts and "blocks" in parts:
        blocks = list(parts["blocks"].children())
        trunk = [parts["conv_stem"], parts["bn1"], *blocks[:-1]]
        tail = [
            blocks[-1],
            *_present(parts, "conv_head", "bn2", "norm_head", "global_pool", "flatten"),
        ]
    elif "layer4" in parts:
        trunk = _present(parts, "conv1", "bn1", "act1", "maxpool", "layer1", "layer2", "layer3")
        tail = [parts["layer4"], parts["global_pool"]]
    elif "stages" in parts and "stem" in parts:
        stages = list(parts["stages"].children())
        trunk = [parts["stem"], *stages[:-1]]
        tail = [stages[-1], *_present(parts, "norm_pre", "head")]
    elif (
        "patch_embed" in parts and "blocks" in parts and "norm" in parts and hasattr(module, "pool")
    ):
        return _VitTrunk(module), _VitTail(module)
    else:
        raise InputError(
            f"{type(module).__name__} cannot be split into trunk and last stage",
            "Train the head or everything, or choose lite0, a ResNet, a ConvNeXt or a ViT from "
            "timm.",
        )
    return nn.Sequential(*trunk), nn.Sequential(*tail)


class _VitTrunk(nn.Module):
    """Everything before the last transformer block: images → tokens (n, t, d)."""

    def __init__(self, vit: Any) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, images: Tensor) -> Tensor:
        vit: Any = self.vit
        tokens = vit.norm_pre(vit.patch_drop(vit._pos_embed(vit.patch_embed(images))))
        for block in list(vit.blocks)[:-1]:
            tokens = block(tokens)
        return tokens


class _VitTail(nn.Module):
    """The last transformer block, the norm and the pooling: tokens → (n, d)."""

    def __init__(self, vit: Any) -> None:
        super().__init__()
        self.block, self.norm, self.fc_norm = vit.blocks[-1], vit.norm, vit.fc_norm
        self.kind, self.prefix = vit.global_pool, vit.num_prefix_tokens

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = self.norm(self.block(tokens))
        pooled = tokens[:, 0] if self.kind == "token" else tokens[:, self.prefix :].mean(dim=1)
        return self.fc_norm(pooled)


def _present(parts: dict[str, nn.Module], *names: str) -> list[nn.Module]:
    return [parts[name] for name in names if name in parts]


def cached(
    path: Path, parts: Iterable[np.ndarray], n: int, report: Callable[[int], None]
) -> np.ndarray:
    """Arrays (·, …), n rows in all, written one after the other into an npy file, which comes back
    mapped. ``report`` gets the rows written so far.

    The file is written aside and renamed; one that is there already is not written again.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        target: np.memmap | None = None
        done = 0
        with storage_guard(path):
            for rows in parts:
                if target is None:
                    target = open_memmap(
                        part, mode="w+", dtype=rows.dtype, shape=(n, *rows.shape[1:])
                    )
                target[done : done + len(rows)] = rows
                done += len(rows)
                report(done)
            if target is not None:
                target.flush()
            part.replace(path)
    return np.load(path, mmap_mode="r")


def activations(trunk: nn.Module, feed: PixelFeed, n: int, batch_size: int) -> Iterator[np.ndarray]:
    """The trunk's output on all n images, batch by batch, as float16: 11 bits of what comes out of
    a normalised layer, at half the memory.
    """
    trunk = trunk.to(feed.encoder.device).eval()
    for inputs in feed.batches(np.arange(n), batch_size):
        with torch.inference_mode():
            yield trunk(inputs).contiguous().to(torch.float16).cpu().numpy()
