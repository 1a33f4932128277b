"""What a From-Fake-to-Real study can be told, in one frozen dataclass.

Every field carries its help text (what it does, what larger values do, the default and why) in its
metadata, so that a page, the command line and this file say the same sentence. Nothing here imports
torch or scikit-learn.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from core.errors import InputError

MIXTURES = ("none", "usb", "asb", "ffr", "synthetic", "reversed", "ffr_biased")
OBJECTIVES = ("erm", "groupdro", "resampling", "dfr")
TRAINABLES = ("head", "stage", "all")

MIXTURE_NAMES = {
    "none": "no synthetic data",
    "usb": "USB",
    "asb": "ASB",
    "ffr": "FFR",
    "synthetic": "synthetic only",
    "reversed": "FFR reversed",
    "ffr_biased": "FFR with a biased synthetic set",
}
OBJECTIVE_NAMES = {"erm": "ERM", "groupdro": "GroupDRO", "resampling": "resampling", "dfr": "DFR"}

# A grid for each way of training: a fresh head bears larger steps than pretrained weights do, and
# the small rates let FFR's second stage keep what the first has learned (docs/finetune.md).
LEARNING_RATES = {
    "head": (1e-5, 1e-4, 1e-3, 3e-3),
    "stage": (3e-4, 1e-3),
    "all": (1e-5, 1e-4, 1e-3),
}
EPOCHS = {"head": 20, "stage": 5, "all": 20}


def _field(default: Any, text: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class StudyParameters:
    """The parameters of one study. Immutable; make variants with :func:`dataclasses.replace`."""

    mixtures: tuple[str, ...] = _field(
        ("none", "usb", "asb", "ffr"),
        "How synthetic images enter training. none: real images only; usb: synthetic images fill the short groups; "
        "asb: a balanced synthetic set is added; ffr: pretrain on the balanced synthetic set, then fine-tune on real "
        "images. Ablations: synthetic (pretraining alone), reversed (real first), ffr_biased (a synthetic set as "
        "biased as the real one). More mixtures take proportionally longer. Default: the paper's four.",
        MIXTURES,
    )
    objectives: tuple[str, ...] = _field(
        OBJECTIVES,
        "What training minimises. erm: mean loss; groupdro: the worst group's loss; resampling: every group drawn "
        "equally often; dfr: the last layer refitted on balanced validation images. Default: the paper's four.",
        OBJECTIVES,
    )
    trainable: str = _field(
        "head",
        "How much of the network is trained. head: a small head on fixed features (seconds); stage: the last stage "
        "and the head (minutes); all: everything (needs a GPU). Default head: an answer while you wait.",
        TRAINABLES,
    )
    backbone: str = _field(
        "lite0", "The encoder whose weights training starts from. Default lite0: always there."
    )
    seeds: tuple[int, ...] = _field(
        (0, 1, 2),
        "One trial for each seed; a seed decides the synthetic draw, the initial head and the order of batches. "
        "More seeds narrow the error of the comparison. Default three, as in the paper.",
    )
    learning_rates: tuple[float, ...] = _field(
        (),
        "The grid of Adam's learning rates; the best on validation is kept. Larger rates learn faster and may "
        "diverge. Default (empty): a grid that suits what is trained.",
    )
    epochs: int = _field(
        0,
        "Passes over the training images in each stage at most; early stopping may end sooner. More epochs fit the "
        "training set (and its bias) closer. Default 0: 20 for head and all (the paper's), 5 for stage.",
    )
    patience: int = _field(
        5,
        "Epochs without a better validation score after which training stops. Larger values wait longer. "
        "Default 5: a quarter of the paper's 20 epochs.",
    )
    batch_size: int = _field(
        128,
        "Images in one step. Larger batches are faster and make fewer, smoother steps. Default 128: the paper's.",
    )
    weight_decay: float = _field(
        1e-5,
        "Adam's L2 penalty. Larger values keep weights smaller. Default 1e-5: the published code's.",
    )
    hidden: int = _field(
        128,
        "Width of the hidden layer of the head in head mode. Wider heads fit more and cost more. "
        "Default 128: enough for dozens of classes on fixed features.",
    )
    select: str = _field(
        "worst",
        "What validation chooses the learning rate and the epoch by: worst (lowest group accuracy, ties by the "
        "balanced one) or balanced (mean of group accuracies). Default worst: what the study is about.",
        ("worst", "balanced"),
    )
    freeze_batchnorm: bool = _field(
        False,
        "Keep batch-norm statistics fixed in FFR's second stage. Helps when real batches are small or one-sided. "
        "Has no effect in head mode. Default off, as the published code.",
    )
    groupdro_step: float = _field(
        0.01,
        "GroupDRO's step size: how fast weight moves to the worst group. Default 0.01: the reference's.",
    )
    dfr_refits: int = _field(
        20,
        "Balanced refits that DFR averages. More refits are steadier. Default 20: the reference's.",
    )
    dfr_strengths: tuple[float, ...] = _field(
        (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01),
        "DFR's grid of inverse L1 strengths C; one half of the validation images chooses. Smaller C keeps fewer "
        "features. Default: the reference's grid.",
    )
    synthetic_budget: int = _field(
        0,
        "Synthetic images for every mixture. Default 0: as many as USB needs to fill every group, the paper's rule.",
    )
    split: tuple[float, float, float] = _field(
        (0.6, 0.2, 0.2),
        "Shares of train, valid and test for real images without a split, drawn by seed within each group. Default "
        "60/20/20: enough validation to choose by worst group.",
    )
    synthetic_split: tuple[float, float, float] = _field(
        (0.8, 0.0, 0.2),
        "The same for synthetic images; selection uses real validation images only, so none are needed here. "
        "Default 80/0/20: most synthetic images train, the rest measure the synthetic side.",
    )
    bias_ratio: float = _field(
        0.0,
        "Thin the real training groups until this share of each class has its commonest bias value (0.9, 0.95, 0.97, "
        "0.99, 0.999). Larger values make the test harder. Every group keeps 10 validation images. Default 0: as they are.",
    )
    split_seed: int = _field(
        0, "Seed of the splits drawn here. The same in every trial, so that trials compare."
    )
    budget_seconds: float = _field(
        0.0,
        "Time after which no further trial is finished and what is there is reported. Default 0: no limit.",
    )
    resolution: int = _field(
        0,
        "Pixels of an image's side in stage and all. Larger is slower and sees more. Default 0: the backbone's own.",
    )
    device: str = _field(
        "auto", "Where training runs: auto, cpu, cuda, cuda:N or mps. Default auto: a GPU if there."
    )
    severities: tuple[int, ...] = _field(
        (0,),
        "Corruption of the synthetic images (pixelate, defocus, noise), 0 to 5: how much a worse renderer would cost. "
        "More severities repeat every synthetic mixture. Default (0,): as they are.",
    )
    feature_map: bool = _field(
        True,
        "Draw the learned features of real and synthetic test images in two dimensions, one map a mixture.",
    )
    saliency: tuple[int, ...] = _field(
        (),
        "Rows of images to explain by RISE saliency maps, one map a mixture and image. Default none: each takes "
        "hundreds of forward passes.",
    )
    saliency_masks: int = _field(
        500,
        "Random masks for each RISE map. More masks give smoother maps and take longer. Default 500.",
    )

    def __post_init__(self) -> None:
        for name, allowed in (("mixtures", MIXTURES), ("objectives", OBJECTIVES)):
            chosen = getattr(self, name)
            unknown = [value for value in chosen if value not in allowed]
            if unknown or not chosen:
                raise InputError(
                    f"{name}: {', '.join(map(str, unknown)) or 'nothing chosen'}",
                    f"Choose from {', '.join(allowed)}.",
                )
        if self.trainable not in TRAINABLES:
            raise InputError(
                f"trainable: {self.trainable}", f"Choose from {', '.join(TRAINABLES)}."
            )
        if self.select not in ("worst", "balanced"):
            raise InputError(f"select: {self.select}", "Choose worst or balanced.")
        if not self.seeds:
            raise InputError("No seed was given", "Give at least one seed.")
        if any(rate <= 0 for rate in self.learning_rates):
            raise InputError(
                "A learning rate is zero or negative", "Give positive learning rates such as 0.001."
            )
        for name in ("split", "synthetic_split"):
            shares = getattr(self, name)
            if len(shares) != 3 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
                raise InputError(
                    f"{name}: {shares}", "Give three shares (train, valid, test) that add up to 1."
                )
        if any(not 0 <= severity <= 5 for severity in self.severities):
            raise InputError(f"severities: {self.severities}", "Give whole numbers from 0 to 5.")
        for name in ("batch_size", "hidden", "patience", "dfr_refits"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{name}: {getattr(self, name)}", "Give a whole number of at least 1."
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
        """All parameters, sorted, for a trial's record; :func:`from_record` reads it back."""
        return json.dumps(asdict(self), sort_keys=True)


def from_spec(spec: dict[str, Any]) -> StudyParameters:
    """Parameters from a job's spec: known keys are taken, the others (``kind`` …) are left alone.

    Raises :class:`InputError` for a value that cannot be used.
    """
    values: dict[str, Any] = {}
    for item in fields(StudyParameters):
        if item.name not in spec or spec[item.name] is None:
            continue
        value = spec[item.name]
        if isinstance(item.default, tuple):
            value = tuple(value) if isinstance(value, (list, tuple)) else (value,)
        values[item.name] = value
    return StudyParameters(**values)


def from_record(text: str) -> StudyParameters:
    """Parameters from a trial's record (see :meth:`StudyParameters.as_json`)."""
    return from_spec(json.loads(text))


def preset(name: str) -> StudyParameters:
    """A named set of parameters.

    ``quick``: two objectives, head only. ``paper-resnet50`` and ``paper-vit-b32``: the paper's
    protocol (all weights, Adam, 20 epochs, batches of 128, three seeds) on the two kinds of
    backbone named in the issue.
    """
    if name == "quick":
        return StudyParameters(objectives=("erm", "groupdro"))
    paper = StudyParameters(trainable="all", epochs=20, patience=20)
    if name == "paper-resnet50":
        return replace(paper, backbone="timm:resnet50.a1_in1k")
    if name == "paper-vit-b32":
        return replace(
            paper,
            backbone="timm:vit_base_patch32_224.augreg_in21k_ft_in1k",
            learning_rates=(1e-6, 1e-5, 1e-4),
        )
    raise InputError(f"There is no preset {name}", "Choose quick, paper-resnet50 or paper-vit-b32.")


PRESETS = ("quick", "paper-resnet50", "paper-vit-b32")
