"""The reason of a surplus group in words: what sets its synthetic images apart from the version's
other ones, among which real images are near. The evidence is
:func:`core.analysis.explain.gaps.explain_gap`'s, asked of synthetic images.
"""

from __future__ import annotations

from core.analysis.explain.gaps import GapEvidence

TOLD = 3  # of each source
LEAST_SHARE = 0.2  # of the group's images, for a label to be told


def reason(found: GapEvidence) -> str:
    """One sentence, or what to do where nothing stands out."""
    parts = [
        f"{label.count} of {label.size} {'are class' if label.kind == 'class' else 'have bias'} "
        f"{label.name} (of the version's other images {label.covered} of {label.size_covered})"
        for label in found.labels[:TOLD]
        if label.share >= LEAST_SHARE
    ]
    if found.tags:
        seen = ", ".join(f"{tag.name} ({tag.share:.0%})" for tag in found.tags[:TOLD])
        parts.append(f"the encoder's own classifier sees {seen} among its five likeliest")
    if found.attributes:
        words = ", ".join(effect.words for effect in found.attributes[:TOLD])
        parts.append(f"compared with the version's other images {words}")
    if not parts:
        return (
            "Neither labels nor tags nor attributes set these images apart from the version's "
            "other ones: look at them."
        )
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."
