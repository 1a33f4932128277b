"""The four objectives, each a short class: ERM, GroupDRO, resampling, DFR.

Losses are computed for K models side by side (one for each learning rate of the grid): logits are
(K, n, C), a loss is (K,). The sum over K is minimised; each model's gradient depends on its own
loss only.
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.nn import functional

from core.contracts.study import Objective


class ERM:
    """Empirical risk minimisation: the mean cross-entropy of the batch, batches drawn without
    replacement.
    """

    def __init__(
        self, groups: np.ndarray, members: int, device: torch.device | str = "cpu"
    ) -> None:
        """``groups`` (n,): dense group codes 0 … k-1 of the training images; ``members``: models
        side by side.
        """
        self.sizes = np.bincount(groups)
        self.members = members
        self.device = device

    def order(self, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Positions of the images of one epoch, in the order in which they are used."""
        return rng.permutation(len(groups))

    def loss(self, logits: Tensor, y: Tensor, group: Tensor) -> Tensor:
        """Loss of each model, (K,), from logits (K, n, C), classes (n,) and group codes (n,)."""
        return image_losses(logits, y).mean(dim=1)


class GroupDRO(ERM):
    """Sagawa et al. 2020 (arXiv 1911.08731), algorithm 1, online: exponentiated-gradient weights on
    groups.

    q_g ← q_g · exp(step · loss_g) / Σ …, loss = Σ q_g loss_g. A group with no image in the batch
    has loss 0, as in the authors' code; a group with no image at all is not among the groups.
    """

    def __init__(
        self,
        groups: np.ndarray,
        members: int,
        device: torch.device | str = "cpu",
        step: float = 0.01,
    ) -> None:
        super().__init__(groups, members, device)
        self.step = step
        self.q = torch.full((members, len(self.sizes)), 1.0 / len(self.sizes), device=device)

    def loss(self, logits: Tensor, y: Tensor, group: Tensor) -> Tensor:
        """Σ q_g loss_g of each model, (K,), after q has moved towards the groups with the larger
        losses.
        """
        losses = image_losses(logits, y)
        member_of = functional.one_hot(group, len(self.sizes)).to(losses.dtype)  # (n, k)
        group_loss = losses @ member_of / member_of.sum(dim=0).clamp(min=1)
        self.q = self.q * torch.exp(self.step * group_loss.detach())
        self.q = self.q / self.q.sum(dim=1, keepdim=True)
        return (self.q * group_loss).sum(dim=1)


class Resampling(ERM):
    """ERM on batches in which every group is drawn equally often, with replacement."""

    def order(self, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """n draws with replacement; each image's chance is 1 / (number of groups · size of its
        group).
        """
        chance = 1.0 / self.sizes[groups]
        return rng.choice(len(groups), size=len(groups), replace=True, p=chance / chance.sum())


def image_losses(logits: Tensor, y: Tensor) -> Tensor:
    """Cross-entropy of each model on each image, (K, n), in float32 whatever the precision of the
    logits.
    """
    members, n, classes = logits.shape
    flat = functional.cross_entropy(
        logits.float().reshape(members * n, classes), y.repeat(members), reduction="none"
    )
    return flat.view(members, n)


def make_objective(
    name: Objective,
    groups: np.ndarray,
    members: int,
    device: torch.device | str = "cpu",
    step: float = 0.01,
) -> ERM:
    """The objective of this name, for training images with these dense group codes (n,). ``step``
    is GroupDRO's. DFR has no loss of its own: its network is trained under ERM.
    """
    if name == Objective.GROUPDRO:
        return GroupDRO(groups, members, device, step)
    kind = Resampling if name == Objective.RESAMPLING else ERM
    return kind(groups, members, device)


class DFR:
    """Deep feature reweighting (Kirichenko et al. 2023, arXiv 2204.02937): the last layer refitted,
    L1 penalty.

    Fitted on balanced draws of real *validation* images (so its groups are (Y, B) under every
    mixture), averaged over ``refits`` draws. The scaler is fitted on training features, and the
    features are those that the network's own last layer sees. C is chosen on one half of the
    validation images by worst-group accuracy, as in the authors' code. Each class is fitted against
    the rest with liblinear (one fit where there are two classes): the reference's solver, which
    takes no more than two classes at once.
    """

    def __init__(self, strengths: tuple[float, ...], refits: int, seed: int) -> None:
        self.strengths, self.refits, self.seed = strengths, refits, seed
        self.strength = strengths[0]

    def fit(self, train: np.ndarray, valid: np.ndarray, y: np.ndarray, groups: np.ndarray) -> DFR:
        """``train`` (n, d) and ``valid`` (m, d) features; ``y`` (m,) and ``groups`` (m,) of the
        validation images.
        """
        rng = np.random.default_rng(self.seed)
        self.mean, self.scale = train.mean(axis=0), train.std(axis=0)
        self.scale = np.where(self.scale > 1e-12, self.scale, 1.0)
        self.classes = int(y.max()) + 1
        scaled = (valid - self.mean) / self.scale
        self.strength = self._choose(scaled, y, groups, rng)
        draws = [self._refit(scaled, y, groups, self.strength, rng) for _ in range(self.refits)]
        self.weights = np.mean([weights for weights, _ in draws], axis=0)
        self.offsets = np.mean([offsets for _, offsets in draws], axis=0)
        return self

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Scores (n, C) of features (n, d); the largest is the prediction."""
        return ((features - self.mean) / self.scale) @ self.weights.T + self.offsets

    def _choose(
        self, scaled: np.ndarray, y: np.ndarray, groups: np.ndarray, rng: np.random.Generator
    ) -> float:
        """The C whose fit on one half has the best worst-group accuracy (ties: mean-group) on the
        other half.
        """
        if len(self.strengths) == 1:
            return self.strengths[0]
        fit_rows, score_rows = _halves(groups, rng)
        if len(score_rows) == 0 or len(np.unique(y[fit_rows])) < self.classes:
            return self.strengths[0]
        rows = fit_rows[balanced_draw(groups[fit_rows], rng)]
        scores = []
        for strength in self.strengths:
            weights, offsets = self._solve(scaled[rows], y[rows], strength)
            right = np.argmax(scaled[score_rows] @ weights.T + offsets, axis=1) == y[score_rows]
            by_group = [
                right[groups[score_rows] == g].mean() for g in np.unique(groups[score_rows])
            ]
            scores.append((min(by_group), float(np.mean(by_group))))
        return self.strengths[max(range(len(scores)), key=scores.__getitem__)]

    def _refit(
        self,
        scaled: np.ndarray,
        y: np.ndarray,
        groups: np.ndarray,
        strength: float,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = balanced_draw(groups, rng)
        return self._solve(scaled[rows], y[rows], strength)

    def _solve(
        self, x: np.ndarray, y: np.ndarray, strength: float
    ) -> tuple[np.ndarray, np.ndarray]:
        weights = np.zeros((self.classes, x.shape[1]))
        offsets = np.zeros(self.classes)
        targets = [1] if self.classes == 2 else [c for c in range(self.classes) if (y == c).any()]
        for target in targets:
            model = LogisticRegression(
                l1_ratio=1.0, C=strength, solver="liblinear", max_iter=1000, random_state=0
            )
            model.fit(x, y == target)
            weights[target], offsets[target] = model.coef_[0], model.intercept_[0]
        return weights, offsets


def balanced_draw(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of a draw with as many images of each present group as the smallest has, without
    replacement.
    """
    present, sizes = np.unique(groups, return_counts=True)
    return np.concatenate(
        [rng.permutation(np.flatnonzero(groups == g))[: sizes.min()] for g in present]
    )


def _halves(groups: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of the positions, split within each group so that a small group is in both where
    it can be.
    """
    first, second = [], []
    for g in np.unique(groups):
        members = rng.permutation(np.flatnonzero(groups == g))
        cut = (len(members) + 1) // 2
        first.append(members[:cut])
        second.append(members[cut:])
    return np.concatenate(first), np.concatenate(second)
