"""The viewer's arithmetic, run by Node: what is under the pointer stays there, and the picture
never leaves its frame.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "parts" / "shared" / "viewer.js"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed")


def run(tmp_path: Path, expression: str) -> dict[str, float]:
    """The value of a JavaScript expression that knows the viewer's functions."""
    module = tmp_path / "viewer.mjs"
    module.write_text(SCRIPT.read_text("utf-8"), "utf-8")
    code = f"import {{ zoomed, bounded }} from {json.dumps(str(module))};"
    code += f"console.log(JSON.stringify({expression}));"
    command = [str(NODE), "--input-type=module", "-e", code]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def test_what_is_under_the_pointer_stays_there(tmp_path: Path) -> None:
    """A point of the picture lies at view.x + scale * point in the frame."""
    view = run(tmp_path, "zoomed({scale: 2, x: 0.1, y: -0.2}, 1.5, 0.25, 0.1)")
    assert view["scale"] == 3
    for shift, pointer, before in ((view["x"], 0.25, 0.1), (view["y"], 0.1, -0.2)):
        assert (pointer - shift) / 3 == pytest.approx((pointer - before) / 2)


def test_the_picture_fills_its_frame_at_least(tmp_path: Path) -> None:
    assert run(tmp_path, "zoomed({scale: 2, x: 0.5, y: 0.5}, 0.1, 0, 0)") == {
        "scale": 1,
        "x": 0,
        "y": 0,
    }
    assert run(tmp_path, "bounded({scale: 3, x: 9, y: -9})") == {"scale": 3, "x": 1, "y": -1}
    assert run(tmp_path, "zoomed({scale: 30, x: 0, y: 0}, 10, 0, 0)")["scale"] == 32
