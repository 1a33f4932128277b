"""How much the bias, alone or together with "real or synthetic", tells about the class.

The paper's theorem (arXiv 2308.04553, section 3): mixing synthetic images in can make P(Y|B) = P(Y)
while P(Y|B, G) stays far from P(Y). The mutual information I(Y; B) is the mean distance
(Kullback-Leibler) of P(Y|B) from P(Y).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NOTHING = 0.02  # share of the class's bits that counts as nothing: a sentence shows whole percents


@dataclass(frozen=True)
class BiasNumbers:
    """Bits: ``entropy`` H(Y), ``by_bias`` I(Y; B), ``by_bias_domain`` I(Y; (B, G)), None where
    bias labels are missing; ``sentence`` says it in words.
    """

    entropy: float | None
    by_bias: float | None
    by_bias_domain: float | None
    sentence: str


UNKNOWN = BiasNumbers(
    None, None, None, "The synthetic images have no bias labels: their balance cannot be checked."
)


def mutual_information(counts: np.ndarray) -> float:
    """I(Y; X) in bits of a table of counts (|Y|, |X|): Σ p(y,x) log2 p(y,x) / (p(y) p(x)). 0 for
    an empty table.
    """
    total = counts.sum()
    if total == 0:
        return 0.0
    joint = counts / total
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    seen = joint > 0
    return float(max(0.0, np.sum(joint[seen] * np.log2(joint[seen] / independent[seen]))))


def entropy(counts: np.ndarray) -> float:
    """H(Y) in bits of counts (|Y|,)."""
    share = counts[counts > 0] / max(counts.sum(), 1)
    return float(-np.sum(share * np.log2(share)))


def bias_numbers(counts: np.ndarray) -> BiasNumbers:
    """The numbers of one training set. ``counts``: images in each (class, bias, domain), shape
    (|Y|, |B|, 2).
    """
    by_bias = mutual_information(counts.sum(axis=2))
    by_both = mutual_information(counts.reshape(counts.shape[0], -1))
    bits = entropy(counts.sum(axis=(1, 2)))
    return BiasNumbers(bits, by_bias, by_both, _sentence(bits, by_bias, by_both))


def _sentence(bits: float, by_bias: float, by_both: float) -> str:
    """One plain sentence."""
    if bits == 0:
        return "There is only one class."
    small = NOTHING * bits
    share, both = by_bias / bits, by_both / bits
    if by_both <= small:
        return "The bias tells nothing about the class."
    if by_both - by_bias <= small:
        return f"The bias alone tells {share:.0%} of the class ({by_bias:.2f} of {bits:.2f} bits)."
    alone = "tells nothing about" if by_bias <= small else f"tells {share:.0%} of"
    return (
        f"The bias alone {alone} the class, but the bias together with real-or-synthetic tells "
        f"{both:.0%} ({by_both:.2f} of {bits:.2f} bits): a model can learn that instead."
    )
