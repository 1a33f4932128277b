"""The map's JavaScript: its own tests, run by node where there is one, and that the browser gets
all of its modules.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pages.parts.map import media, modules

HERE = Path(__file__).parent / "map_js"


def test_the_modules_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node: its test runner runs the JavaScript tests")
    files = sorted(str(file) for file in HERE.glob("*.test.js"))
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE)


def test_every_import_leads_to_a_module_that_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module's name is made from its content, so each import must name what was made."""
    served: dict[str, str] = {}

    def address(file: media.MediaFile) -> str:
        served[f"{file.digest}.js"] = file.content.decode()
        return f"/media/{file.digest}.js"

    monkeypatch.setattr(modules, "address", address)
    modules.linked.cache_clear()
    try:
        entry = modules.entry_address()
    finally:
        modules.linked.cache_clear()
    assert entry.startswith("/media/") and "export default" in served[entry.rsplit("/", 1)[1]]
    imports = {
        name for text in served.values() for name in re.findall(r'from\s+"\./([\w.]+)"', text)
    }
    assert imports == served.keys() - {entry.rsplit("/", 1)[1]}
    sources = {file.name for file in modules.FOLDER.glob("*.js")} - {modules.LOADER}
    assert len(served) == len(sources)  # none lies there unused


def test_the_loader_is_all_that_travels_in_a_message() -> None:
    assert len(modules.text(modules.LOADER)) < 1_000
    assert "import" in modules.text(modules.LOADER)
