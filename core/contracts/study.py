"""A From-Fake-to-Real study: its words and what it is told; its tables are in ``study_rows``.

Labelled real and synthetic images, mixed in several ways, under several objectives: which mixture
makes the worst group better? The terms are those of arXiv 2308.04553: a *group* is a class Y under
one bias value B.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, ClassVar

from core.contracts.specs import check, from_json, parameter
from core.errors import InputError

# --- enumerations ---------------------------------------------------------------------------------


class Mixture(StrEnum):
    """How synthetic images enter training."""

    NONE = "none"
    USB = "usb"
    ASB = "asb"
    FFR = "ffr"
    SYNTHETIC = "synthetic"
    REVERSED = "reversed"
    FFR_BIASED = "ffr_biased"


class Objective(StrEnum):
    """What training minimises."""

    ERM = "erm"
    GROUPDRO = "groupdro"
    RESAMPLING = "resampling"
    DFR = "dfr"


class Trainable(StrEnum):
    """How much of the network is trained."""

    HEAD = "head"
    STAGE = "stage"
    ALL = "all"


class Selection(StrEnum):
    """What validation chooses by: worst-group or mean-group accuracy, ties by the other one."""

    WORST = "worst"
    BALANCED = "balanced"


class TrialStatus(StrEnum):
    """How a trial ended. ``diverged``: with every learning rate the loss was no finite number."""

    DONE = "done"
    DIVERGED = "diverged"


class Split(StrEnum):
    """What an image is for."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


# --- names and sentences, once --------------------------------------------------------------------

MIXTURES = tuple(Mixture)
MIXTURE_NAMES: dict[str, str] = {
    Mixture.NONE: "no synthetic data",
    Mixture.USB: "USB",
    Mixture.ASB: "ASB",
    Mixture.FFR: "FFR",
    Mixture.SYNTHETIC: "synthetic only",
    Mixture.REVERSED: "FFR reversed",
    Mixture.FFR_BIASED: "FFR with a biased synthetic set",
}
MIXTURE_HELP: dict[str, str] = {
    Mixture.NONE: "real images only",
    Mixture.USB: "synthetic images fill the short groups",
    Mixture.ASB: "a balanced synthetic set is added",
    Mixture.FFR: "pretrain on the balanced synthetic set, then fine-tune on real images",
    Mixture.SYNTHETIC: "the pretraining alone (ablation)",
    Mixture.REVERSED: "real images first, then the synthetic set (ablation)",
    Mixture.FFR_BIASED: "FFR with a synthetic set as biased as the real one (ablation)",
}
MIXTURE_SENTENCES: dict[str, str] = {
    Mixture.NONE: "trains on your {real} real images alone: what the others are measured against.",
    Mixture.USB: "puts {synthetic} synthetic images where your {real} real images have too few of "
    "a group, and trains on all of them at once.",
    Mixture.ASB: "adds {synthetic} synthetic images, as many of every group, to your {real} real "
    "images, and trains on all of them at once.",
    Mixture.FFR: "trains first on {synthetic} synthetic images, as many of every group, and then "
    "on your {real} real images.",
    Mixture.SYNTHETIC: "trains on {synthetic} synthetic images, as many of every group, and on no "
    "real one.",
    Mixture.REVERSED: "trains first on your {real} real images, and then on {synthetic} synthetic "
    "ones, as many of every group.",
    Mixture.FFR_BIASED: "trains first on {synthetic} synthetic images with as uneven groups as "
    "your real ones, and then on your {real} real images.",
}
"""What a mixture does with the user's own counts: the sentence behind its name."""
OBJECTIVES = tuple(Objective)
OBJECTIVE_NAMES: dict[str, str] = {
    Objective.ERM: "ERM",
    Objective.GROUPDRO: "GroupDRO",
    Objective.RESAMPLING: "resampling",
    Objective.DFR: "DFR",
}
OBJECTIVE_HELP: dict[str, str] = {
    Objective.ERM: "mean loss",
    Objective.GROUPDRO: "the worst group's loss",
    Objective.RESAMPLING: "every group drawn equally often",
    Objective.DFR: "the last layer refitted on balanced validation images",
}
TRAINABLES = tuple(Trainable)
TRAINABLE_HELP: dict[str, str] = {
    Trainable.HEAD: "a small head on fixed features (seconds)",
    Trainable.STAGE: "the last stage and the head (minutes)",
    Trainable.ALL: "everything (needs a GPU)",
}

# A grid for each way of training: a fresh head bears larger steps than pretrained weights do, and
# the small rates let FFR's second stage keep what the first has learned: see
# docs/research/finetune.md.
LEARNING_RATES: dict[str, tuple[float, ...]] = {
    Trainable.HEAD: (1e-5, 1e-4, 1e-3, 3e-3),
    Trainable.STAGE: (3e-4, 1e-3),
    Trainable.ALL: (1e-5, 1e-4, 1e-3),
}
EPOCHS: dict[str, int] = {Trainable.HEAD: 20, Trainable.STAGE: 5, Trainable.ALL: 20}


def listed(meanings: Mapping[str, str]) -> str:
    """Names with their meanings in one line, for forms and ``--help``: ``erm: mean loss; …``."""
    return "; ".join(f"{name}: {meaning}" for name, meaning in meanings.items())


# --- what a study is told -------------------------------------------------------------------------


@dataclass(frozen=True)
class StudySpec:
    """The finetune job. Make variants with :func:`dataclasses.replace`.

    Raises :class:`core.errors.InputError` for values that cannot be used.
    """

    KIND: ClassVar[str] = "finetune"

    mixtures: tuple[Mixture, ...] = parameter(
        (Mixture.NONE, Mixture.USB, Mixture.ASB, Mixture.FFR),
        f"How synthetic images enter training. {listed(MIXTURE_HELP)}. More mixtures take "
        "proportionally longer. Default: the paper's four.",
        choices=MIXTURES,
    )
    objectives: tuple[Objective, ...] = parameter(
        OBJECTIVES,
        f"What training minimises. {listed(OBJECTIVE_HELP)}. Default: the paper's four.",
        choices=OBJECTIVES,
    )
    trainable: Trainable = parameter(
        Trainable.HEAD,
        f"How much of the network is trained. {listed(TRAINABLE_HELP)}. Default head: an answer "
        "while you wait.",
        choices=TRAINABLES,
    )
    backbone: str = parameter(
        "lite0", "The encoder whose weights training starts from. Default lite0: always there."
    )
    seeds: tuple[int, ...] = parameter(
        (0, 1, 2),
        "One trial for each seed; a seed decides the synthetic draw, the initial head and the "
        "order of batches. More seeds narrow the error of the comparison. Default three, as in the "
        "paper.",
        low=0,
    )
    learning_rates: tuple[float, ...] = parameter(
        (),
        "The grid of Adam's learning rates; the best on validation is kept. Larger rates learn "
        "faster and may diverge. Default (empty): a grid that suits what is trained.",
    )
    epochs: int = parameter(
        0,
        "Passes over the training images in each stage at most; early stopping may end sooner. "
        "More epochs fit the training set (and its bias) closer. Default 0: 20 for head and all "
        "(the paper's), 5 for stage.",
        low=0,
    )
    patience: int = parameter(
        5,
        "Epochs without a better validation score after which training stops. Larger values wait "
        "longer. Default 5: a quarter of the paper's 20 epochs.",
        low=1,
    )
    batch_size: int = parameter(
        128,
        "Images in one step. Larger batches are faster and make fewer, smoother steps. Default "
        "128: the paper's.",
        low=1,
    )
    weight_decay: float = parameter(
        1e-5,
        "Adam's L2 penalty. Larger values keep weights smaller. Default 1e-5: the published "
        "code's.",
        low=0,
    )
    hidden: int = parameter(
        128,
        "Width of the hidden layer of the head in head mode. Wider heads fit more and cost more. "
        "Default 128: enough for dozens of classes on fixed features.",
        low=1,
    )
    select: Selection = parameter(
        Selection.WORST,
        "What validation chooses the learning rate and the epoch by: worst (worst-group accuracy, "
        "ties by the mean) or balanced (mean-group accuracy, ties by the worst). Default worst: "
        "what the study is about.",
        choices=tuple(Selection),
    )
    freeze_batchnorm: bool = parameter(
        False,
        "Keep batch-norm statistics fixed in FFR's second stage. Helps when real batches are small "
        "or one-sided. Has no effect in head mode. Default off, as the published code.",
    )
    groupdro_step: float = parameter(
        0.01,
        "GroupDRO's step size: how fast weight moves to the worst group. Default 0.01: the "
        "reference's.",
        low=0,
    )
    dfr_refits: int = parameter(
        20,
        "Balanced refits that DFR averages. More refits are steadier. Default 20: the reference's.",
        low=1,
    )
    dfr_strengths: tuple[float, ...] = parameter(
        (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01),
        "DFR's grid of inverse L1 strengths C; one half of the validation images chooses. Smaller "
        "C keeps fewer features. Default: the reference's grid.",
    )
    synthetic_budget: int = parameter(
        0,
        "Synthetic images for every mixture. Default 0: as many as USB needs to fill every group, "
        "the paper's rule.",
        low=0,
    )
    split: tuple[float, float, float] = parameter(
        (0.6, 0.2, 0.2),
        "Shares of train, valid and test for real images without a split, drawn by seed within "
        "each group. Default 60/20/20: enough validation to choose by worst group.",
        low=0,
        high=1,
    )
    synthetic_split: tuple[float, float, float] = parameter(
        (0.8, 0.0, 0.2),
        "The same for synthetic images; selection uses real validation images only, so none are "
        "needed here. Default 80/0/20: most synthetic images train, the rest measure the synthetic "
        "side.",
        low=0,
        high=1,
    )
    bias_ratio: float = parameter(
        0.0,
        "Thin the real training groups until this share of each class has its commonest bias value "
        "(0.9, 0.95, 0.97, 0.99, 0.999). Larger values make the test harder. Every group keeps 10 "
        "validation images. Default 0: as they are.",
        low=0,
        high=1,
    )
    split_seed: int = parameter(
        0,
        "Seed of the splits drawn here. The same in every trial, so that trials compare.",
        low=0,
    )
    budget_seconds: float = parameter(
        0.0,
        "Time after which no further trial is finished and what is there is reported. Default 0: "
        "no limit.",
        low=0,
    )
    resolution: int = parameter(
        0,
        "Pixels of an image's side in stage and all. Larger is slower and sees more. Default 0: "
        "the backbone's own.",
        low=0,
    )
    device: str = parameter(
        "auto", "Where training runs: auto, cpu, cuda, cuda:N or mps. Default auto: a GPU if there."
    )
    severities: tuple[int, ...] = parameter(
        (0,),
        "Corruption of the synthetic images (pixelate, defocus, noise), 0 to 5: how much a worse "
        "renderer would cost. More severities repeat every synthetic mixture. Default (0,): as "
        "they are.",
        low=0,
        high=5,
    )
    feature_map: bool = parameter(
        True,
        "Draw the learned features of real and synthetic test images in two dimensions, one map a "
        "mixture.",
    )
    saliency: tuple[int, ...] = parameter(
        (),
        "Rows of images to explain by RISE saliency maps, one map a mixture and image. Default "
        "none: each takes hundreds of forward passes.",
    )
    saliency_masks: int = parameter(
        500,
        "Random masks for each RISE map. More masks give smoother maps and take longer. Default "
        "500.",
        low=0,
    )
    weights: str | None = parameter(None, "GAPSCOPE_WEIGHTS for this job.", identity=False)

    def __post_init__(self) -> None:
        check(self)
        for name in ("mixtures", "objectives", "seeds", "severities"):
            if not getattr(self, name):
                raise InputError(f"{name}: nothing chosen", "Give at least one.")
        if any(rate <= 0 for rate in self.learning_rates):
            raise InputError(
                "A learning rate is zero or negative", "Give positive learning rates such as 0.001."
            )
        for name in ("split", "synthetic_split"):
            shares = getattr(self, name)
            if len(shares) != 3 or abs(sum(shares) - 1) > 1e-6:
                raise InputError(
                    f"{name}: {shares}", "Give three shares (train, valid, test) that add up to 1."
                )

    @property
    def rates(self) -> tuple[float, ...]:
        """The grid of learning rates in effect."""
        return self.learning_rates or LEARNING_RATES[self.trainable]

    @property
    def max_epochs(self) -> int:
        """The limit of epochs in effect."""
        return self.epochs or EPOCHS[self.trainable]

    def as_json(self) -> str:
        """What the result depends on, sorted, for a record; :func:`from_record` reads it back."""
        kept = {item.name for item in fields(self) if item.metadata["identity"]}
        values = {name: value for name, value in asdict(self).items() if name in kept}
        return json.dumps(values, sort_keys=True)


def study_spec(values: Mapping[str, Any]) -> StudySpec:
    """A spec from JSON or keyword arguments: null is the default, the job's ``kind`` is let pass.

    Raises :class:`core.errors.InputError` for an unknown name (with the nearest known one) and for
    a value that cannot be used.
    """
    given = {name: value for name, value in values.items() if value is not None}
    given.pop("kind", None)
    return from_json(StudySpec, given)


def from_record(text: str) -> StudySpec:
    """The spec of a record (see :meth:`StudySpec.as_json`)."""
    return study_spec(json.loads(text))


PRESETS = ("quick", "paper-resnet50", "paper-vit-b32")


def preset(name: str) -> StudySpec:
    """A named spec.

    ``quick``: two objectives, head only. ``paper-resnet50`` and ``paper-vit-b32``: the paper's
    protocol (all weights, Adam, 20 epochs, batches of 128, three seeds) on two kinds of backbone.
    """
    if name == "quick":
        return StudySpec(objectives=(Objective.ERM, Objective.GROUPDRO))
    paper = StudySpec(trainable=Trainable.ALL, epochs=20, patience=20)
    if name == "paper-resnet50":
        return replace(paper, backbone="timm:resnet50.a1_in1k")
    if name == "paper-vit-b32":
        return replace(
            paper,
            backbone="timm:vit_base_patch32_224.augreg_in21k_ft_in1k",
            learning_rates=(1e-6, 1e-5, 1e-4),
        )
    raise InputError(f"There is no preset {name}", f"Choose from {', '.join(PRESETS)}.")
