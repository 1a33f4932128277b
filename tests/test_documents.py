"""What the documents name is there: files, modules that are run, links between pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/RESULTS.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text("utf-8")
    files = re.findall(r"`((?:core|pages|tests|benchmarks|docs)/[\w./]+\.(?:py|md))`", text)
    modules = [name.replace(".", "/") + ".py" for name in re.findall(r"-m (benchmarks\.\w+)", text)]
    links = [
        str((document.parent / link).relative_to(ROOT))
        for link in re.findall(r"\]\(([\w./]+\.md)\)", text)
    ]
    assert [name for name in (*files, *modules, *links) if not (ROOT / name).exists()] == []
