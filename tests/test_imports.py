"""The server process stays light: no page imports what only workers need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAVY = (
    "torch",
    "torchvision",
    "timm",
    "open_clip",
    "umap",
    "hdbscan",
    "numba",
    "pynndescent",
    "sklearn",
)
LOADED = "print(' '.join(name for name in sys.argv[1].split() if name in sys.modules))"


def of_pages() -> list[str]:
    """Every module of the project that a page imports, at its top or inside a function, and all
    that pages share.
    """
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "pages" / "parts").rglob("*.py")
        if path.stem != "__init__"
    }
    for path in (ROOT / "pages").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.split(".")[0] == "core"
            ):
                found.add(node.module)
                found |= {
                    f"{node.module}.{name.name}"
                    for name in node.names
                    if (ROOT / node.module.replace(".", "/") / f"{name.name}.py").exists()
                }
    return sorted(found)


def loaded(code: str) -> str:
    """Which heavy libraries a fresh process has loaded after ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{LOADED}", " ".join(HEAVY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_pages_import_nothing_that_only_workers_need() -> None:
    modules = of_pages()
    assert {
        "core",
        "core.contracts.formatting",
        "core.workspace.selection",
        "pages.parts.shared.gallery",
    } <= set(modules)
    assert loaded("\n".join(f"import {name}" for name in modules)) == ""


def test_the_same_look_sees_a_heavy_import() -> None:
    assert "sklearn" in loaded("import core.analysis.changes.attribution").split()
