"""What is judged of a group, as the Gaps page shows it: a badge with its tier, the reason, and how
sure that is.
"""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.contracts.comparison import GroupRow
from core.contracts.judgement_words import LABEL, MEANING, group_name, sureness
from core.contracts.words import Tier
from pages.parts.shared.style import escape

BADGES: dict[Tier, Literal["red", "orange", "gray", "green"]] = {
    Tier.ABSENT: "red",
    Tier.THIN: "orange",
    Tier.CANNOT_TELL: "gray",
    Tier.COVERED: "green",
}


def badge(tier: Tier) -> str:
    """A tier as a badge in Markdown."""
    return f":{BADGES[tier]}-badge[{LABEL[tier]}]"


def heading(group: GroupRow) -> None:
    """A group's name and tier, the reason for it, how sure it is, and what its images have in
    common.
    """
    st.markdown(f"#### {escape(group_name(group))}")
    why = [escape(_sentence(words)) for words in (group.reason, sureness(group)) if words]
    lines = [" ".join([badge(group.tier), *why])]
    if group.explanation:
        lines.append(escape(_sentence(group.explanation)))
    st.markdown("  \n".join(lines), help=_sentence(MEANING[group.tier]))


def _sentence(words: str) -> str:
    """Words with a capital and a full stop."""
    return words[:1].upper() + words[1:] + ("" if words.endswith((".", "!", "?")) else ".")
