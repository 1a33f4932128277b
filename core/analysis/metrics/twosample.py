"""How well a classifier tells real from synthetic images, and which images it takes for the other
kind.

A logistic regression on the leading principal components, cross-validated: every image is judged by
a model that did not see it (Lopez-Paz and Oquab 2017, classifier two-sample test). AUC 0.5: the two
sets look alike to this encoder; 1.0: each image gives itself away. The held-out probability ranks
the rendered images that look real and the real ones that look rendered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, stats
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from core.analysis.metrics.measure import QUANTILES, Metric, Sample, check_pair, one_thread

FOLDS = 5
LEAST = 10  # images on each side: two a fold
DIMENSIONS = 64  # principal components at most, and at most one for ten images
TRAINING = 20_000  # images that one model learns from; all others of its folds are only judged
STRENGTH = 0.1  # inverse regularisation: small sets in many dimensions would fit anything
DRAWS = 400
# Other images also train another classifier: with one held out for every four learnt from, the
# variance of the mean over five folds is 1 + 5 / 4 times that of the held-out images (Nadeau and
# Bengio 2003).
TRAINED_ANEW = (1 + FOLDS / (FOLDS - 1)) ** 0.5
BINS = 1024


@dataclass(frozen=True)
class Judged:
    """The classifier's view: ``real`` (n,) and ``synthetic`` (m,) held-out probabilities of being
    real, with priors evened out; ``folds`` the same split into the folds they were judged in, as
    (real, synthetic) pairs.
    """

    real: np.ndarray
    synthetic: np.ndarray
    folds: list[tuple[np.ndarray, np.ndarray]]


def classifier_auc(
    real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0, judged: Judged | None = None
) -> Metric:
    """Held-out AUC of real (n, d) against synthetic (m, d): the mean over five folds.

    The interval resamples the held-out images within each fold, and is widened for training.
    ``judged`` gives the probabilities if they are there already. Fewer than 10 images on
    a side: no value.
    """
    check_pair(real, synthetic)
    sample = Sample.of(real, synthetic, seed)
    images = len(real) + len(synthetic)
    parameters = {"folds": FOLDS, "components": _components(images, real.shape[1])}
    why = sample.too_few(LEAST)
    if why:
        return sample.not_measured("classifier_auc", why, parameters)
    judged = judged or judge(real, synthetic, seed=seed)
    value = float(np.mean([auc(*fold) for fold in judged.folds]))
    return sample.measured("classifier_auc", value, _interval(judged, value, seed), parameters)


def judge(real: np.ndarray, synthetic: np.ndarray, *, seed: int = 0) -> Judged:
    """Held-out probability of being real for each image of ``real`` (n, d) and ``synthetic`` (m,
    d).

    The components are fitted on all images without knowing which side they come from; only the
    classifier is cross-validated. Raises ValueError with fewer images on a side than folds.
    """
    n, m = len(real), len(synthetic)
    if min(n, m) < FOLDS:
        raise ValueError(f"{FOLDS} folds need {FOLDS} images on each side, not {n} and {m}")
    scores = _principal_scores(real, synthetic, seed)
    is_real = np.concatenate([np.ones(n, bool), np.zeros(m, bool)])
    probability = np.full(n + m, 0.5)
    rng = np.random.default_rng(seed)
    folds = []
    if scores.shape[1]:
        splits = StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(scores, is_real)
        with one_thread():
            for learn, held in splits:
                if len(learn) > TRAINING:
                    learn = rng.choice(learn, TRAINING, replace=False)
                model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300)
                model.fit(scores[learn], is_real[learn])
                probability[held] = model.predict_proba(scores[held])[:, 1]
                folds.append((probability[held[is_real[held]]], probability[held[~is_real[held]]]))
    else:
        folds.append((probability[:n], probability[n:]))
    return Judged(probability[:n], probability[n:], folds)


def auc(higher: np.ndarray, lower: np.ndarray) -> float:
    """The chance that a value of ``higher`` exceeds one of ``lower``, ties counted half
    (Mann-Whitney).
    """
    ranks = stats.rankdata(np.concatenate([higher, lower]))
    n, m = len(higher), len(lower)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def _components(images: int, d: int) -> int:
    return max(1, min(DIMENSIONS, d, images // 10))


def _principal_scores(real: np.ndarray, synthetic: np.ndarray, seed: int) -> np.ndarray:
    """Standardised principal scores (n + m, c) of both sides together; no columns where all vectors
    are the same.
    """
    rng = np.random.default_rng(seed)
    sides = (real, synthetic)
    fitted = np.concatenate(
        [
            side
            if len(side) <= TRAINING
            else side[np.sort(rng.choice(len(side), TRAINING, replace=False))]
            for side in sides
        ]
    )
    middle = fitted.mean(axis=0, dtype=np.float64).astype(np.float32)
    fitted = fitted.astype(np.float32) - middle
    d = fitted.shape[1]
    wanted = _components(len(real) + len(synthetic), d)
    products = (fitted.T @ fitted).astype(np.float64)
    with one_thread():
        values, directions = linalg.eigh(products, subset_by_index=(d - wanted, d - 1))
    keep = values > max(float(np.trace(products)) * 1e-7, 1e-12)
    directions = directions[:, keep][:, ::-1].astype(np.float32)
    scale = np.sqrt(values[keep][::-1] / len(fitted)).astype(np.float32)
    return (
        np.concatenate([(side.astype(np.float32) - middle) @ directions for side in sides]) / scale
    )


def _interval(judged: Judged, value: float, seed: int) -> tuple[float, float]:
    """Bootstrap interval of the mean AUC over folds, from histograms: resampling images means
    resampling counts.
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros(DRAWS)
    whole = 0.0
    for real, synthetic in judged.folds:
        edges = np.quantile(np.concatenate([real, synthetic]), np.linspace(0, 1, BINS + 1)[1:-1])
        counts = [
            np.bincount(np.searchsorted(edges, side), minlength=BINS) for side in (real, synthetic)
        ]
        draws = [
            rng.multinomial(len(side), count / len(side), size=DRAWS)
            for side, count in zip((real, synthetic), counts, strict=True)
        ]
        drawn += _histogram_auc(*draws)
        whole += float(_histogram_auc(counts[0][None], counts[1][None])[0])
    spread = np.quantile((drawn - whole) / len(judged.folds), QUANTILES)
    low, high = value + TRAINED_ANEW * spread
    return max(0.0, float(low)), min(1.0, float(high))


def _histogram_auc(higher: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """AUC for each row of two arrays of counts (draws, bins) in rising order of the value."""
    below = np.cumsum(lower, axis=1) - lower / 2
    return (higher * below).sum(axis=1) / (higher.sum(axis=1) * lower.sum(axis=1))
