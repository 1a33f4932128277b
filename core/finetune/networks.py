"""What the trainer trains: K models side by side behind one small face, and the feed that brings
their inputs.

A network gives logits (K, n, C) for a batch of inputs; :class:`HeadBank` trains one small head for
each learning rate in one go (their first layers are one matrix product), the others hold one model
(K = 1).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

Weights = dict[str, Tensor]


class Network(Protocol):
    """What :func:`core.finetune.trainer.fit` needs of a network."""

    members: int
    device: torch.device

    def logits(self, inputs: Tensor) -> Tensor:
        """(K, n, C) for a batch of n inputs."""

    def features(self, inputs: Tensor, member: int) -> Tensor:
        """(n, f): what the last layer of one model sees."""

    def member_parameters(self, member: int) -> list[nn.Parameter]:
        """The trained parameters of one model."""

    def state(self, member: int) -> Weights:
        """A copy of one model's trained weights."""

    def load(self, state: Weights) -> None:
        """Give these weights to all models."""

    def mode(self, training: bool, freeze_batchnorm: bool = False) -> None:
        """Switch between training and evaluation."""


class Feed(Protocol):
    """Where inputs come from: rows of the images table in, batches of inputs out."""

    def batches(self, rows: np.ndarray, size: int) -> Iterator[Tensor]:
        """Inputs of ``rows`` in order, ``size`` at a time, on the network's device."""


class VectorFeed:
    """Frozen vectors (n, d), standardised by the mean and deviation of the real training images."""

    def __init__(
        self, vectors: np.ndarray, reference_rows: np.ndarray, device: torch.device | str = "cpu"
    ) -> None:
        reference = np.asarray(vectors[reference_rows], dtype=np.float32)
        self.mean = torch.from_numpy(reference.mean(axis=0)).to(device)
        spread = torch.from_numpy(reference.std(axis=0)).to(device)
        self.scale = torch.where(spread > 1e-6, spread, torch.ones_like(spread))
        self.vectors = (
            torch.from_numpy(np.array(vectors, dtype=np.float32)).to(device) - self.mean
        ) / self.scale

    def batches(self, rows: np.ndarray, size: int) -> Iterator[Tensor]:
        """Standardised vectors, (size, d) each."""
        index = torch.from_numpy(np.ascontiguousarray(rows)).to(self.vectors.device)
        for start in range(0, len(rows), size):
            yield self.vectors[index[start : start + size]]


class HeadBank:
    """K two-layer heads (linear, ReLU, linear) that start from the same weights and see the same
    batches.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        classes: int,
        members: int,
        seed: int,
        device: torch.device | str = "cpu",
    ) -> None:
        self.members, self.hidden, self.device = members, hidden, torch.device(device)
        generator = torch.Generator().manual_seed(seed)

        def start(*shape: int, fan: int) -> Tensor:
            bound = 1 / math.sqrt(fan)  # torch.nn.Linear's own initialisation
            return (torch.rand(*shape, generator=generator) * 2 - 1) * bound

        first = {
            "w1": start(inputs, hidden, fan=inputs),
            "b1": start(hidden, fan=inputs),
            "w2": start(hidden, classes, fan=hidden),
            "b2": start(classes, fan=hidden),
        }
        self.parameters = [
            {name: nn.Parameter(value.clone().to(self.device)) for name, value in first.items()}
            for _ in range(members)
        ]

    def logits(self, inputs: Tensor) -> Tensor:
        """(K, n, C); the K first layers are one matrix product."""
        w1 = torch.cat([part["w1"] for part in self.parameters], dim=1)
        b1 = torch.cat([part["b1"] for part in self.parameters])
        inside = (
            torch.relu(torch.addmm(b1, inputs, w1))
            .view(len(inputs), self.members, self.hidden)
            .transpose(0, 1)
        )
        w2 = torch.stack([part["w2"] for part in self.parameters])
        b2 = torch.stack([part["b2"] for part in self.parameters]).unsqueeze(1)
        return torch.baddbmm(b2, inside, w2)

    def features(self, inputs: Tensor, member: int) -> Tensor:
        """Activations of one head's hidden layer, (n, hidden)."""
        part = self.parameters[member]
        return torch.relu(torch.addmm(part["b1"], inputs, part["w1"]))

    def member_parameters(self, member: int) -> list[nn.Parameter]:
        """One head's four tensors."""
        return list(self.parameters[member].values())

    def state(self, member: int) -> Weights:
        """A copy of one head."""
        return {name: value.detach().clone() for name, value in self.parameters[member].items()}

    def load(self, state: Weights) -> None:
        """Give one head's weights to all."""
        with torch.no_grad():
            for part in self.parameters:
                for name, value in part.items():
                    value.copy_(state[name])

    def mode(self, training: bool, freeze_batchnorm: bool = False) -> None:
        """Nothing to switch: a head has no batch-norm and no dropout."""
