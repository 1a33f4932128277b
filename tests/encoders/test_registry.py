"""Which encoders there are: listing is cheap and honest, ids are checked, nothing is downloaded
unasked.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.encoders import families, published, registry, weights
from core.errors import EncoderNotReady, InputError
from core.settings import Settings

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def empty(tmp_path, monkeypatch) -> Settings:
    """Settings on a machine whose hub caches are empty."""
    # the hub's library reads its environment once, when it is imported
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    (tmp_path / "weights").mkdir()
    return Settings(home=tmp_path, weights=tmp_path / "weights")


def cached(tmp_path: Path, repository: str, name: str) -> Path:
    """A file in the Hugging Face cache, as the hub's own client lays it out."""
    folder = tmp_path / "hub" / ("models--" + repository.replace("/", "--"))
    (folder / "refs").mkdir(parents=True)
    (folder / "refs" / "main").write_text("abc")
    file = folder / "snapshots" / "abc" / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    return file


def test_listing_imports_no_torch():
    code = (
        "import sys; from core.encoders import registry\n"
        "registry.list_encoders(); registry.resolve('auto')\n"
        "registry.resolve('timm:resnet18.a1_in1k'); print('torch' in sys.modules)"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == "False"


def test_what_needs_no_download_is_ready_and_the_rest_says_how(empty):
    infos = {info.id: info for info in registry.list_encoders(empty)}
    ready = {name for name, info in infos.items() if info.ready}
    assert ready == {"lite0", *(f"pyramid:{stage}" for stage in range(1, 6))}
    assert infos["lite0"].dim == 1280 and Path(infos["lite0"].where).is_file()
    for info in infos.values():
        assert info.title and info.licence and info.size_mb and info.dim
        assert info.ready or "GAPSCOPE_WEIGHTS" in info.how
        assert "://" not in info.how + info.where


def test_auto_is_clip_where_its_weights_are_ready(empty, tmp_path):
    assert registry.resolve("auto", empty) == "lite0"
    cached(tmp_path, "timm/vit_base_patch32_clip_224.openai", "open_clip_model.safetensors")
    assert registry.resolve("auto", empty) == "clip:ViT-B-32/openai"
    cached(tmp_path, "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_model.safetensors")
    assert registry.resolve("auto", empty) == registry.DEFAULT_CLIP


def test_weights_are_found_in_every_place(empty, tmp_path):
    assert not registry.info("timm:resnet18.a1_in1k", empty).ready
    cached(tmp_path, "timm/resnet18.a1_in1k", "model.safetensors")
    assert registry.info("timm:resnet18.a1_in1k", empty).ready
    by_hand = empty.weights / weights.names("clip:ViT-B-16/openai")[0]
    assert by_hand.name == "clip-ViT-B-16-openai.safetensors"
    by_hand.touch()
    assert registry.info("clip:ViT-B-16/openai", empty).where == str(by_hand)
    checkpoint = tmp_path / "torch" / "hub" / "checkpoints" / published.FPN_FILE
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    assert all(registry.info(f"fpn:{level}", empty).ready for level in published.FPN_LEVELS)


def test_a_name_that_no_hub_allows_is_not_ready(empty):
    assert not registry.info("clip:ViT-B-32/no such weights", empty).ready
    assert weights.in_hub_cache("timm/a/b", published.HUB_FILES) is None


def test_every_listed_encoder_belongs_to_one_family(empty):
    for info in registry.list_encoders(empty):
        owners = [family for family in families.FAMILIES if family.owns(info.id)]
        assert len(owners) == 1 and info.id.startswith(owners[0].prefix)
        assert registry.resolve(info.id, empty) == info.id


def test_the_hubs_own_environment_says_where_its_cache_is(tmp_path):
    cached(tmp_path, "timm/resnet18.a1_in1k", "model.safetensors")
    code = "from core.encoders import registry\nprint(registry.info('timm:resnet18.a1_in1k').ready)"
    environment = {**os.environ, "HF_HOME": str(tmp_path)}
    environment.pop("HF_HUB_CACHE", None)
    out = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert out.stdout.strip() == "True"


def test_short_clip_ids_get_default_weights(empty):
    assert registry.resolve("clip:ViT-B-32", empty) == registry.DEFAULT_CLIP


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("lite", "lite0"),
        ("clip:ViT-B32/openai", "clip:ViT-B-32/openai"),
        ("fpn:P6", "fpn:P5"),
        ("pyramid:9", "pyramid:5"),
        ("timm:", ""),
        ("clip:", ""),
        ("nonsense", ""),
        ("", ""),
        ("fpn:P2/../..", ""),
    ],
)
def test_unknown_ids_name_what_was_meant(empty, wrong, meant):
    with pytest.raises(InputError, match="There is no encoder") as caught:
        registry.resolve(wrong, empty)
    assert meant in caught.value.remedy


def test_unknown_timm_names_and_clip_weights_name_what_was_meant(empty):
    with pytest.raises(InputError, match="resnet51") as caught:
        registry.load("timm:resnet51", settings=empty, random_weights=True)
    assert "timm:resnet50" in caught.value.remedy
    with pytest.raises(InputError, match="no weights called 'nobody'") as caught:
        registry.load("clip:ViT-B-32/nobody", settings=empty, random_weights=True)
    assert "openai" in caught.value.remedy


@pytest.mark.parametrize("encoder_id", ["clip:ViT-B-32/openai", "timm:resnet18.a1_in1k", "fpn:P3"])
def test_absent_weights_stop_before_any_work(empty, encoder_id):
    with pytest.raises(EncoderNotReady, match="not on this machine") as caught:
        registry.load(encoder_id, settings=empty)
    assert "GAPSCOPE_WEIGHTS" in caught.value.remedy
    with pytest.raises(EncoderNotReady):
        registry.require_ready(encoder_id, empty)


def test_a_download_that_fails_says_so(tmp_path):
    code = (
        "from core.encoders import registry; from core.errors import EncoderNotReady\n"
        "try: registry.load('timm:resnet18.a1_in1k', allow_download=True)\n"
        "except EncoderNotReady as error: print(error)"
    )
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    out = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        env=offline,
    )
    assert (
        "could not be downloaded" in out.stdout
        and "timm-resnet18.a1_in1k.safetensors" in out.stdout
    )
    assert len(out.stdout.strip().splitlines()) == 1
