"""Encoders give the right numbers: lite0's weights sit where they belong, prepared pixels are what
networks expect, heads and text towers agree with the networks they come from.
"""

from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image, ImageDraw

from core.encoders import lite, published, registry, runtime, weights
from core.encoders.base import Encoder, Transform
from core.errors import InputError
from core.settings import Settings


def batch_of(encoder: Encoder, *images: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.stack([encoder.prepare(image) for image in images]))


def traffic_light(side: int = 300) -> Image.Image:
    """A drawn traffic light: what an ImageNet network should recognise without a photograph."""
    image = Image.new("RGB", (side, side), (120, 170, 225))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0.47 * side, 0.8 * side, 0.53 * side, side), fill=(60, 60, 60))
    draw.rounded_rectangle(
        (0.36 * side, 0.1 * side, 0.64 * side, 0.82 * side), 12, fill=(25, 25, 25)
    )
    for row, colour in enumerate([(250, 40, 30), (90, 70, 10), (10, 60, 20)]):
        top = (0.14 + 0.22 * row) * side
        draw.ellipse((0.4 * side, top, 0.6 * side, top + 0.2 * side), fill=colour)
    return image


@pytest.fixture(scope="module")
def lite0() -> Encoder:
    return registry.load("lite0")


# --- lite0 ----------------------------------------------------------------------------------------


def test_lite0_recognises_a_drawn_traffic_light(lite0):
    vectors = lite0.encode(batch_of(lite0, traffic_light())).numpy()
    assert vectors.shape == (1, 1280) and vectors.dtype == np.float32
    head = lite0.head()
    best = head.probabilities(vectors)[0].argsort()[::-1]
    assert head.names[best[0]] == "traffic light"


def test_lite0_weights_take_every_place_once():
    network = timm.create_model(lite.ARCHITECTURE, pretrained=False)
    state = weights.read_state(lite.weights_file())
    mapped = lite.renamed(state, network)
    network.load_state_dict(mapped, strict=True)
    tensors = [tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")]
    assert len(tensors) == 247
    places = [
        value
        for name, value in network.state_dict().items()
        if not name.endswith("num_batches_tracked")
    ]
    assert all(torch.equal(place, tensor) for place, tensor in zip(places, tensors, strict=True))


def test_lite0_refuses_weights_of_another_shape():
    network = timm.create_model(lite.ARCHITECTURE, pretrained=False)
    state = weights.read_state(lite.weights_file())
    first = next(iter(state))
    with pytest.raises(InputError, match="do not fit"):
        lite.renamed({**state, first: torch.zeros(1)}, network)


def test_stored_head_is_the_loaded_one(lite0):
    stored, loaded = registry.load_head("lite0"), lite0.head()
    np.testing.assert_array_equal(stored.weight, loaded.weight)
    np.testing.assert_array_equal(stored.bias, loaded.bias)
    assert stored.names == loaded.names and len(set(stored.names)) > 990


def test_pyramid_stages_are_the_inside_of_lite0(lite0):
    images = batch_of(lite0, traffic_light())
    features = timm.create_model(lite.ARCHITECTURE, features_only=True, pretrained=False).eval()
    whole, _ = lite.classifier()
    features.load_state_dict(whole.state_dict(), strict=False)
    with torch.inference_mode():
        maps = features(lite0.normalise(images))
    for stage, channels in enumerate(published.PYRAMID_DIMS, start=1):
        encoder = registry.load(f"pyramid:{stage}")
        vectors = encoder.encode(images)
        assert (
            vectors.shape == (1, channels) == (1, encoder.dim) == (1, registry.info(encoder.id).dim)
        )
        torch.testing.assert_close(vectors, maps[stage - 1].mean((2, 3)), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_lite0_tells_the_classes_of_photographs_apart(lite0, shared_data):
    """Ten nearest neighbours name the class of 98 % of the PACS photographs (centred vectors, each
    image left out).
    """
    files = sorted((shared_data / "pacs" / "photo").glob("*/*"))[::3]
    classes = np.array([file.parent.name for file in files])
    runner = runtime.Runner(lite0)
    images = [Image.open(file).convert("RGB") for file in files]
    vectors = runner.encode(batch_of(lite0, *images)).numpy()
    vectors -= vectors.mean(axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    nearness = vectors @ vectors.T
    np.fill_diagonal(nearness, -np.inf)
    neighbours = classes[np.argsort(-nearness, axis=1)[:, :10]]
    names = np.unique(classes)
    voted = names[(neighbours[:, :, None] == names).sum(axis=1).argmax(axis=1)]
    assert (voted == classes).mean() >= 0.95


# --- the other families, with random weights ------------------------------------------------------


@pytest.mark.parametrize(
    "encoder_id",
    [
        "timm:resnet18.a1_in1k",
        "timm:vit_tiny_patch16_224",
        "clip:ViT-B-32/openai",
        "fpn:P2",
        "fpn:pool",
    ],
)
def test_every_family_gives_one_finite_vector_per_image(encoder_id):
    encoder = registry.load(encoder_id, random_weights=True)
    vectors = encoder.encode(batch_of(encoder, traffic_light(), Image.new("RGB", (40, 90), "red")))
    assert vectors.shape == (2, encoder.dim) and vectors.dtype == torch.float32
    assert torch.isfinite(vectors).all() and not torch.allclose(vectors[0], vectors[1])
    assert encoder.weights_hash == "random"
    assert registry.info(encoder_id).dim in (None, encoder.dim)


def test_clip_compares_words_and_the_others_say_they_cannot(lite0):
    encoder = registry.load("clip:ViT-B-32", random_weights=True)
    words = encoder.encode_text(["at night", "wet road"])
    assert (
        words.shape == (2, encoder.dim)
        and words.dtype == np.float32
        and not np.allclose(words[0], words[1])
    )
    assert not lite0.has_text
    with pytest.raises(InputError, match="knows no words"):
        lite0.encode_text(["at night"])


@pytest.fixture
def by_hand(tmp_path) -> Settings:
    return Settings(home=tmp_path, weights=tmp_path)


def test_weights_put_there_by_hand_are_used(by_hand, tmp_path):
    network = timm.create_model("resnet18.a1_in1k", pretrained=False).eval()
    safetensors.torch.save_file(
        network.state_dict(), tmp_path / "timm-resnet18.a1_in1k.safetensors"
    )
    encoder = registry.load("timm:resnet18.a1_in1k", settings=by_hand)
    assert encoder.weights_hash == weights.file_hash(tmp_path / "timm-resnet18.a1_in1k.safetensors")
    images = batch_of(encoder, traffic_light())
    with torch.inference_mode():
        expected = network(encoder.normalise(images)).softmax(1).numpy()
    np.testing.assert_allclose(
        encoder.head().probabilities(encoder.encode(images).numpy()), expected, rtol=1e-3, atol=1e-6
    )


@pytest.mark.slow
def test_detector_weights_equal_torchvisions_backbone(by_hand, tmp_path):
    from torchvision.models.detection import fasterrcnn_resnet50_fpn

    torch.manual_seed(0)  # some random weights make values that no tolerance suits
    detector = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).eval()
    for module in detector.backbone.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 0.0  # as torchvision has it for the published weights
    torch.save(detector.state_dict(), tmp_path / published.FPN_FILE)
    encoder = registry.load("fpn:P3", settings=by_hand)
    images = batch_of(encoder, traffic_light())
    with torch.inference_mode():
        expected = detector.backbone(encoder.normalise(images))["1"].mean((2, 3))
    torch.testing.assert_close(encoder.encode(images), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.slow
def test_clip_weights_by_hand(by_hand, tmp_path):
    import open_clip

    model = open_clip.create_model("ViT-B-32", force_quick_gelu=True)
    torch.save(model.state_dict(), tmp_path / "clip-ViT-B-32-openai.pt")
    encoder = registry.load("auto", settings=by_hand)
    assert encoder.id == "clip:ViT-B-32/openai"
    images = batch_of(encoder, traffic_light())
    with torch.inference_mode():
        torch.testing.assert_close(
            encoder.encode(images), model.encode_image(encoder.normalise(images))
        )


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 cut off"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_broken_weight_files_are_one_line(by_hand, tmp_path, content, suffix):
    (tmp_path / f"timm-resnet18.a1_in1k{suffix}").write_bytes(content)
    with pytest.raises(InputError, match="not a readable weights file"):
        registry.load("timm:resnet18.a1_in1k", settings=by_hand)


def test_weights_of_another_network_are_refused(by_hand, tmp_path):
    other = timm.create_model("resnet10t", pretrained=False)
    torch.save(other.state_dict(), tmp_path / "timm-resnet18.a1_in1k.pth")
    with pytest.raises(InputError, match="do not fit"):
        registry.load("timm:resnet18.a1_in1k", settings=by_hand)


class Evil:
    def __reduce__(self):
        return (print, ("weights file ran code",))


def test_a_weights_file_cannot_run_code(by_hand, tmp_path, capsys):
    torch.save({"state_dict": Evil()}, tmp_path / "timm-resnet18.a1_in1k.pth")
    with pytest.raises(InputError, match="not a readable weights file"):
        registry.load("timm:resnet18.a1_in1k", settings=by_hand)
    assert "ran code" not in capsys.readouterr().out


# --- preparing ------------------------------------------------------------------------------------


def test_prepare_keeps_the_middle_and_the_colours():
    image = Image.new("RGB", (400, 200), "blue")
    image.paste((255, 0, 0), (100, 0, 300, 200))
    cropped = Transform(64, 64, (0.5,) * 3, (0.5,) * 3).pixels(image)
    assert cropped.shape == (3, 64, 64) and cropped.dtype == np.uint8
    assert (cropped[0, :, 2:-2] > 250).all() and (
        cropped[2, :, 2:-2] < 5
    ).all()  # the red middle and nothing else
    squashed = Transform(64, 64, (0.5,) * 3, (0.5,) * 3, squash=True).pixels(image)
    assert squashed[2, 32, 2] > 250 and squashed[0, 32, 32] > 250  # the blue sides are there too


def test_prepare_equals_resizing_then_cropping():
    image = Image.effect_mandelbrot((640, 512), (-2, -1.2, 1, 1.2), 60).convert("RGB")
    ours = Transform(224, 256, (0.5,) * 3, (0.5,) * 3).pixels(image).astype(int)
    reference = image.resize((320, 256), Image.Resampling.BICUBIC).crop(
        (48, 16, 48 + 224, 16 + 224)
    )
    assert np.abs(ours - np.asarray(reference).transpose(2, 0, 1)).max() <= 1


def test_normalise_is_the_usual_formula(lite0):
    images = batch_of(lite0, traffic_light())
    expected = (images.float() / 255 - 0.5) / 0.5
    torch.testing.assert_close(lite0.normalise(images), expected, rtol=0, atol=1e-6)
    assert lite0.normalise(images).is_contiguous(memory_format=torch.channels_last)
