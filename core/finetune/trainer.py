"""One training loop for all: Adam, a grid of learning rates side by side, early stop, the best
epoch kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from core.finetune.evaluation import worst_and_balanced
from core.finetune.networks import Feed, Network, State
from core.finetune.objectives import ERM


@dataclass(frozen=True)
class Examples:
    """Images to train or validate on: ``rows`` of the images table, class ``y`` and dense
    ``groups``, each (n,).
    """

    rows: np.ndarray
    y: np.ndarray
    groups: np.ndarray


@dataclass(frozen=True)
class Epoch:
    """What one epoch of one model did: mean training loss, worst and balanced accuracy on
    validation.
    """

    number: int
    rate: float
    loss: float
    valid_worst: float
    valid_balanced: float


@dataclass
class Member:
    """One learning rate's run: its best epoch and weights, the history, and whether its loss
    diverged.
    """

    rate: float
    best: tuple[float, float] = (-1.0, -1.0)
    best_epoch: int = 0
    state: State | None = None
    history: list[Epoch] = field(default_factory=list)
    diverged: bool = False

    def stopped(self, patience: int) -> bool:
        """True when it diverged, or has not improved for ``patience`` epochs."""
        return self.diverged or len(self.history) - self.best_epoch >= patience


def fit(
    network: Network,
    feed: Feed,
    train: Examples,
    valid: Examples,
    objective: ERM,
    *,
    rates: tuple[float, ...],
    epochs: int,
    patience: int,
    batch_size: int,
    weight_decay: float,
    select: str,
    seed: int,
    freeze_batchnorm: bool = False,
    on_epoch: Callable[[list[Epoch]], None] = lambda epochs: None,
) -> list[Member]:
    """Train ``network.members`` models, model k with ``rates[k]``; returns one :class:`Member` for
    each.

    Every model sees the same batches. After each epoch the validation images choose: by (worst,
    balanced) or (balanced, worst) accuracy in lexicographic order, so that a worst accuracy of 0
    everywhere still orders epochs. ``on_epoch`` gets one :class:`Epoch` for each running model, and
    may raise to stop the whole fit.
    """
    if len(rates) != network.members:
        raise ValueError(f"{len(rates)} rates for {network.members} models")
    members = [Member(rate) for rate in rates]
    optimizer = torch.optim.Adam(
        [{"params": network.member_parameters(k), "lr": rate} for k, rate in enumerate(rates)],
        weight_decay=weight_decay,
        fused=network.device.type in ("cpu", "cuda"),
    )
    scaler = torch.amp.GradScaler(
        network.device.type, enabled=getattr(network, "half_precision", False)
    )
    rng = np.random.default_rng(seed)
    y = torch.from_numpy(train.y).to(network.device)
    groups = torch.from_numpy(train.groups).to(network.device)
    for number in range(1, epochs + 1):
        network.mode(training=True, freeze_batchnorm=freeze_batchnorm)
        order = objective.order(train.groups, rng)
        order = (
            order[: len(order) - len(order) % batch_size]
            if _one_left(len(order), batch_size)
            else order
        )
        position = torch.from_numpy(order).to(network.device)
        total = torch.zeros(network.members, device=network.device)
        start = 0
        for inputs in feed.batches(train.rows[order], batch_size):
            mine = position[start : start + len(inputs)]
            start += len(inputs)
            loss = objective.loss(network.logits(inputs), y[mine], groups[mine])
            optimizer.zero_grad(set_to_none=True)
            scaler.scale(loss.sum()).backward()
            scaler.step(optimizer)
            scaler.update()
            total += loss.detach() * len(inputs)
        losses = (total / max(start, 1)).tolist()
        worst, balanced = validate(network, feed, valid, batch_size)
        running = [k for k, member in enumerate(members) if not member.stopped(patience)]
        for k in running:
            _note(
                members[k],
                network,
                k,
                Epoch(number, rates[k], losses[k], float(worst[k]), float(balanced[k])),
                select,
            )
        on_epoch([members[k].history[-1] for k in running])
        if all(member.stopped(patience) for member in members):
            break
    return members


def choose(members: list[Member]) -> Member | None:
    """The model with the best validation score (the smaller rate first among equals); None if all
    diverged.
    """
    alive = [member for member in members if not member.diverged and member.state is not None]
    return max(alive, key=lambda member: (member.best, -member.rate)) if alive else None


@torch.inference_mode()
def predict(network: Network, feed: Feed, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """Predicted classes, (K, n)."""
    if len(rows) == 0:
        return np.zeros((network.members, 0), dtype=np.int64)
    network.mode(training=False)
    parts = [
        network.logits(inputs).argmax(dim=2).cpu() for inputs in feed.batches(rows, 4 * batch_size)
    ]
    return torch.cat(parts, dim=1).numpy()


@torch.inference_mode()
def extract(network: Network, feed: Feed, rows: np.ndarray, batch_size: int) -> np.ndarray:
    """What the first model's last layer sees, (n, f) float32."""
    network.mode(training=False)
    parts = [
        network.features(inputs, 0).float().cpu() for inputs in feed.batches(rows, 4 * batch_size)
    ]
    return torch.cat(parts).numpy()


def validate(
    network: Network, feed: Feed, valid: Examples, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Worst and balanced accuracy of each model on validation, each (K,)."""
    right = predict(network, feed, valid.rows, batch_size) == valid.y
    return worst_and_balanced(right, valid.groups, np.bincount(valid.groups))


def _note(member: Member, network: Network, k: int, epoch: Epoch, select: str) -> None:
    member.history.append(epoch)
    if not math.isfinite(epoch.loss):
        member.diverged = True
        return
    found = (epoch.valid_worst, epoch.valid_balanced)
    if select == "balanced":
        found = (epoch.valid_balanced, epoch.valid_worst)
    if found > member.best:
        member.best, member.best_epoch, member.state = found, epoch.number, network.state(k)


def _one_left(n: int, batch_size: int) -> bool:
    """A last batch of one image breaks batch-norm in training: it is left out of the epoch."""
    return n > batch_size and n % batch_size == 1
