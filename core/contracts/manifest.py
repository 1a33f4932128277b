"""The manifest of a folder of absent images: what stands beside the files, as CSV."""

from __future__ import annotations

from dataclasses import dataclass

from core.contracts.derive import Double, Int, Text, about
from core.contracts.words import Mark, Tier


@dataclass(frozen=True)
class ManifestRow:
    """One line of the manifest: an absent image, the most absent first."""

    file: Text = about("Its name in this folder.")
    path: Text = about("The real image, relative to its dataset's folder.")
    score: Double = about("Gap score: 0 as a typical covered group, 1 as a typical injected gap.")
    q: Double | None = about("False-discovery rate of everything ranked at least this high.")
    cluster: Int = about("Cluster of real images it belongs to.")
    tier: Tier = about("What is said of it: `absent`.")
    gap: Text | None = about("What the group that it is judged with is called.")
    reason: Text | None = about("Why the group is said absent.")
    nearest: Text = about("The nearest synthetic image.")
    distance: Double = about("Cosine distance to it, 0 to 2.")
    class_: Text | None = about("Class Y, null where unknown.")
    bias: Text | None = about("Bias B, null where unknown.")
    mark: Mark | None = about("The engineer's word on it or on its group.")
