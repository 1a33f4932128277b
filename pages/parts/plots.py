"""Colours and figures that the pages share. Figures are transparent: Streamlit's theme gives them light or dark.

Real images are teal and absent ones orange everywhere; each version keeps its colour. The colours stay apart for
colour-blind readers (``tests/test_pages_map.py`` simulates it); where there are more versions than colours, they repeat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

REAL = "#0e8aa8"
ABSENT = "#d9660f"
VERSIONS = ("#6d3bcb", "#c0adf0", "#862036", "#66c05a", "#e0be45")
FAINT = "#9aa3ab"  # what is there but not meant, on light and dark


def group_colours(groups: Sequence[str]) -> dict[str, str]:
    """A colour for each group of images: the real ones first, then the versions in order."""
    return {label: REAL if index == 0 else VERSIONS[(index - 1) % len(VERSIONS)] for index, label in enumerate(groups)}


def version_colours(versions: Sequence[str]) -> Mapping[str, str]:
    """A colour for each version of a comparison, in order."""
    return {label: VERSIONS[index % len(VERSIONS)] for index, label in enumerate(versions)}
