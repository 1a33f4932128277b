"""What each metric is called and means, in the order of the screen and of reports. Words only:
pages import it, and none of what measuring needs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class About:
    """What a metric is called and means on screen. ``better``: ``lower``, ``higher``, or a number
    it should be near.
    """

    label: str
    better: str
    meaning: str


METRICS: dict[str, About] = {
    "frechet_distance": About(
        "Fréchet distance", "lower", "Distance between Gaussians fitted to both sets of vectors."
    ),
    "frechet_infinity": About(
        "FD∞",
        "lower",
        "Fréchet distance in 32 leading directions as if there were infinitely many images: the "
        "same for versions of any size, 0 for one source.",
    ),
    "kid": About(
        "KID", "lower", "Kernel distance with a cubic kernel; 0 for two samples of one source."
    ),
    "cmmd": About(
        "CMMD",
        "lower",
        "Kernel distance, Gaussian of width 10, × 1000; published numbers use CLIP ViT-L/14-336.",
    ),
    "mmd": About(
        "MMD", "lower", "Kernel distance, Gaussian as wide as the real images' median distance."
    ),
    "precision": About(
        "Precision", "higher", "Share of synthetic images that lie among real ones."
    ),
    "recall": About("Recall", "higher", "Share of real images that lie among synthetic ones."),
    "density": About(
        "Density",
        "higher",
        "How many real neighbourhoods a synthetic image lies in, over k; about 1 for one source.",
    ),
    "coverage": About(
        "Coverage", "higher", "Share of real images with a synthetic image in their neighbourhood."
    ),
    "classifier_auc": About(
        "Classifier AUC",
        "0.5",
        "How well a classifier tells real from synthetic: 0.5 not at all, 1 always.",
    ),
    "authenticity": About(
        "Authenticity",
        "higher",
        "Share of synthetic images farther from the nearest real image than that one is from "
        "other real ones.",
    ),
    "near_copies": About(
        "Near copies", "lower", "Share of synthetic images that all but repeat a real image."
    ),
    "vendi": About(
        "Vendi score", "higher", "How many entirely different images the synthetic set amounts to."
    ),
    "vendi_ratio": About(
        "Diversity", "1", "Vendi score of the synthetic images over that of as many real ones."
    ),
}
