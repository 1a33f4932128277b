"""Devices, precision and memory: measured choices with a floor on quality, batches that shrink
instead of failing.
"""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from core.encoders import registry, runtime
from core.encoders.base import Encoder, Transform
from core.errors import InputError

TRANSFORM = Transform(8, 8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


class Counting(nn.Module):
    """Gives each image's three channel means; runs out of memory above ``room`` images and
    remembers batch sizes.
    """

    def __init__(
        self, room: int = 10**9, message: str = "CUDA out of memory. Tried to allocate"
    ) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.room, self.message, self.sizes = room, message, []

    def forward(self, images):
        if len(images) > self.room:
            raise RuntimeError(self.message)
        self.sizes.append(len(images))
        return images.mean((2, 3)) * self.scale


def images(count: int) -> torch.Tensor:
    return torch.randint(
        0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(3)
    )


def fake(module: nn.Module) -> Encoder:
    return Encoder("fake", module, 3, TRANSFORM, "random")


def clock(monkeypatch, rates: dict[torch.dtype, float]) -> None:
    """Make ``_timed`` report chosen rates, so that the choice is tested and not this machine."""
    monkeypatch.setattr(
        runtime, "_timed", lambda encoder, batch: (encoder.encode(batch), rates[encoder.dtype])
    )


def test_batches_halve_until_they_fit_and_no_image_is_lost():
    module = Counting(room=5)
    runner = runtime.Runner(fake(module), batch=32)
    batch = images(23)
    vectors = runner.encode(batch)
    assert runner.batch == 4 and max(module.sizes) == 4 and sum(module.sizes) == 23
    torch.testing.assert_close(vectors, fake(Counting()).encode(batch))
    module.sizes.clear()
    runner.encode(batch)
    assert module.sizes == [4, 4, 4, 4, 4, 3]  # it stays small


@pytest.mark.parametrize(
    "message", ["CUDA out of memory.", "DefaultCPUAllocator: can't allocate memory: you tried"]
)
def test_no_room_for_one_image_is_said_in_words(message):
    with pytest.raises(InputError, match="no memory for one image under fake"):
        runtime.Runner(fake(Counting(room=0, message=message)), batch=8).encode(images(3))


def test_other_errors_are_not_swallowed():
    with pytest.raises(RuntimeError, match="shape"):
        runtime.Runner(fake(Counting(room=0, message="shape mismatch")), batch=8).encode(images(3))


def test_the_faster_precision_wins_when_it_keeps_the_vectors(monkeypatch):
    clock(monkeypatch, {torch.float32: 10.0, torch.bfloat16: 40.0})
    encoder = fake(Counting())
    chosen = runtime.choose_precision(encoder, images(4), torch.device("cpu"))
    assert chosen.name == "bf16" and encoder.dtype == torch.bfloat16
    assert next(encoder.module.parameters()).dtype == torch.bfloat16
    assert "bf16 40 images/s" in chosen.why and "f32 10 images/s" in chosen.why
    assert encoder.encode(images(4)).dtype == torch.float32  # vectors are always f32


@pytest.mark.parametrize("rate", [2.0, 10.0, 11.5])
def test_a_slower_or_hardly_faster_precision_loses(monkeypatch, rate):
    clock(monkeypatch, {torch.float32: 10.0, torch.bfloat16: rate})
    encoder = fake(Counting())
    assert runtime.choose_precision(encoder, images(4), torch.device("cpu")).name == "f32"
    assert next(encoder.module.parameters()).dtype == torch.float32


class Cancelling(nn.Module):
    """Takes the difference of nearly equal numbers: what bf16 cannot do."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, batch):
        means = batch.mean((2, 3)) * self.weight
        return (means + 300) - 300


def test_a_fast_precision_that_bends_the_vectors_loses(monkeypatch):
    clock(monkeypatch, {torch.float32: 10.0, torch.bfloat16: 400.0})
    chosen = runtime.choose_precision(fake(Cancelling()), images(4), torch.device("cpu"))
    assert chosen.name == "f32" and chosen.cosines["bf16"] < runtime.MIN_COSINE


def test_a_precision_may_be_asked_for():
    encoder = fake(Counting())
    assert (
        runtime.choose_precision(encoder, images(2), torch.device("cpu"), wanted="bf16").dtype
        == torch.bfloat16
    )
    assert encoder.dtype == torch.bfloat16
    with pytest.raises(InputError, match="'int3' is not a precision"):
        runtime.choose_precision(encoder, images(2), torch.device("cpu"), wanted="int3")


@pytest.mark.parametrize("wanted", ["auto", "f32"])
def test_weights_with_nan_are_refused(wanted):
    module = Counting()
    module.scale.data[1] = float("nan")
    with pytest.raises(InputError, match="The weights of fake give vectors that are not numbers"):
        runtime.choose_precision(fake(module), images(2), torch.device("cpu"), wanted=wanted)


def trained(name: str) -> Encoder:
    """A timm network whose batch norms have been through some images, as after training."""
    torch.manual_seed(0)
    module = timm.create_model(name, pretrained=False, num_classes=0).train()
    with torch.no_grad():
        for _ in range(3):
            module(torch.randn(4, 3, 64, 64) * 2 + 0.5)
    return Encoder(
        name, module, module.num_features, Transform(64, 64, (0.5,) * 3, (0.5,) * 3), "random"
    )


@pytest.mark.parametrize(
    ("name", "can"),
    [("resnet18", True), ("tf_efficientnet_lite0", True), ("vit_tiny_patch16_224", False)],
)
def test_folding_batch_norms_leaves_the_vectors(name, can):
    encoder = (
        registry.load(f"timm:{name}", random_weights=True)
        if name.startswith("vit")
        else trained(name)
    )
    side = encoder.input_size
    batch = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8)
    before = encoder.encode(batch)
    assert runtime.fold_batch_norm(encoder, batch) is can
    torch.testing.assert_close(encoder.encode(batch), before, rtol=1e-3, atol=1e-4)
    norms = [module for module in encoder.module.modules() if isinstance(module, nn.BatchNorm2d)]
    assert not norms


def test_folding_is_given_up_where_layers_run_in_another_order():
    class Crossed(nn.Module):
        """The norm stands after the convolution in the list, and works before it."""

        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
            self.norm.running_mean += torch.tensor([1.0, -1.0, 0.5])
            self.norm.running_var *= torch.tensor([4.0, 0.2, 9.0])

        def forward(self, batch):
            return self.conv(self.norm(batch)).mean((2, 3))

    encoder = fake(Crossed())
    before = encoder.encode(images(4))
    assert not runtime.fold_batch_norm(encoder, images(4))
    torch.testing.assert_close(encoder.encode(images(4)), before)


def test_devices():
    assert runtime.choose_device("cpu") == torch.device("cpu")
    best = (
        "cuda"
        if torch.cuda.is_available()
        else "mps"
        if torch.backends.mps.is_available()
        else "cpu"
    )
    assert runtime.choose_device("auto").type == best
    assert runtime.device_name(torch.device("cpu")).startswith("CPU")
    for wrong, said in [
        ("abacus", "is not a device"),
        ("cuda:99", "has no device"),
        ("meta", "has no device"),
    ]:
        with pytest.raises(InputError, match=said):
            runtime.choose_device(wrong)
