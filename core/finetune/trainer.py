"""One training loop for all: Adam, a grid of learning rates side by side, early stop, the best
epoch kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from core.contracts.study import Selection
from core.finetune.evaluation import worst_and_mean
from core.finetune.networks import Feed, Network, Weights
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
    """What one epoch of one model did: mean training loss, worst-group and mean-group accuracy on
    validation.
    """

    number: int
    rate: float
    loss: float
    valid_worst: float
    valid_balanced: float


@dataclass(frozen=True)
class Schedule:
    """How long and how :func:`fit` trains: the fields of the same names of the study's spec."""

    rates: tuple[float, ...]
    epochs: int
    patience: int
    batch_size: int
    weight_decay: float = 0.0
    select: Selection = Selection.WORST
    seed: int = 0
    freeze_batchnorm: bool = False


@dataclass
class Member:
    """One learning rate's run: its best epoch and weights, the history, and whether its loss
    diverged.
    """

    rate: float
    best: tuple[float, float] = (-1.0, -1.0)
    best_epoch: int = 0
    state: Weights | None = None
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
    schedule: Schedule,
    on_epoch: Callable[[list[Epoch]], None] = lambda epochs: None,
) -> list[Member]:
    """Train ``network.members`` models, model k with ``schedule.rates[k]``; one :class:`Member`
    for each.

    Every model sees the same batches. After each epoch the validation images choose: by (worst,
    mean) or (mean, worst) group accuracy in lexicographic order, so that a worst accuracy of 0
    everywhere still orders epochs. ``on_epoch`` gets one :class:`Epoch` for each running model, and
    may raise to stop the whole fit. Raises ValueError where rates and models are not as many.
    """
    rates, patience = schedule.rates, schedule.patience
    if len(rates) != network.members:
        raise ValueError(f"{len(rates)} rates for {network.members} models")
    members = [Member(rate) for rate in rates]
    optimiser = _Optimiser(network, schedule)
    rng = np.random.default_rng(schedule.seed)
    for number in range(1, schedule.epochs + 1):
        network.mode(training=True, freeze_batchnorm=schedule.freeze_batchnorm)
        order = objective.order(train.groups, rng)
        if _one_left(len(order), schedule.batch_size):
            order = order[:-1]
        losses = optimiser.epoch(feed, train, objective, order)
        worst, mean = validate(network, feed, valid, schedule.batch_size)
        running = [k for k, member in enumerate(members) if not member.stopped(patience)]
        for k in running:
            epoch = Epoch(number, rates[k], losses[k], float(worst[k]), float(mean[k]))
            _note(members[k], network, k, epoch, schedule.select)
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
    """Worst-group and mean-group accuracy of each model on validation, each (K,)."""
    right = predict(network, feed, valid.rows, batch_size) == valid.y
    return worst_and_mean(right, valid.groups, np.bincount(valid.groups))


class _Optimiser:
    """The optimiser's steps: Adam for all models at once, each with its own rate."""

    def __init__(self, network: Network, schedule: Schedule) -> None:
        self.network, self.batch_size = network, schedule.batch_size
        kind = network.device.type
        self.optimizer = torch.optim.Adam(
            [
                {"params": network.member_parameters(k), "lr": rate}
                for k, rate in enumerate(schedule.rates)
            ],
            weight_decay=schedule.weight_decay,
            fused=kind in ("cpu", "cuda"),
        )
        self.scaler = torch.amp.GradScaler(kind, enabled=getattr(network, "half_precision", False))

    def epoch(self, feed: Feed, train: Examples, objective: ERM, order: np.ndarray) -> list[float]:
        """One pass over ``order`` (positions in ``train``); the mean loss of each model."""
        device = self.network.device
        y = torch.from_numpy(train.y).to(device)
        groups = torch.from_numpy(train.groups).to(device)
        position = torch.from_numpy(order).to(device)
        total = torch.zeros(self.network.members, device=device)
        start = 0
        for inputs in feed.batches(train.rows[order], self.batch_size):
            batch = position[start : start + len(inputs)]
            start += len(inputs)
            loss = objective.loss(self.network.logits(inputs), y[batch], groups[batch])
            self.optimizer.zero_grad(set_to_none=True)
            self.scaler.scale(loss.sum()).backward()
            self.scaler.step(self.optimizer)
            self.scaler.update()
            total += loss.detach() * len(inputs)
        return (total / max(start, 1)).tolist()


def _note(member: Member, network: Network, k: int, epoch: Epoch, select: Selection) -> None:
    member.history.append(epoch)
    if not math.isfinite(epoch.loss):
        member.diverged = True
        return
    score = (epoch.valid_worst, epoch.valid_balanced)
    if select == Selection.BALANCED:
        score = (epoch.valid_balanced, epoch.valid_worst)
    if score > member.best:
        member.best, member.best_epoch, member.state = score, epoch.number, network.state(k)


def _one_left(n: int, batch_size: int) -> bool:
    """A last batch of one image breaks batch-norm in training: it is left out of the epoch."""
    return n > batch_size and n % batch_size == 1
