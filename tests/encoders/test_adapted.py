"""Batch norms re-estimated for a set of images, against a re-estimation by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from core.encoders import registry, runtime
from core.encoders.adapted import adapted, late_norms, random_batches
from core.encoders.base import Encoder, Transform
from core.errors import InputError

TRANSFORM = Transform(8, 8, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def _network() -> nn.Sequential:
    """Five convolutions, each with a batch norm: the first of them is kept."""
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for place in range(5):
        layers += [nn.Conv2d(3 if place == 0 else 4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def _encoder(module: nn.Module) -> Encoder:
    return Encoder("tiny", module, 4, TRANSFORM, "random")


def _images(count: int, seed: int = 3) -> torch.Tensor:
    made = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=made)


def test_equal_to_a_re_estimation_by_hand():
    encoder, batches = _encoder(_network()), [_images(12, 1), _images(10, 2)]
    fresh = adapted(encoder, batches)
    means = [[] for _ in range(5)]
    variances = [[] for _ in range(5)]
    for batch in batches:
        flow = encoder.normalise(batch)
        for place in range(5):
            convolution, norm = encoder.module[3 * place], encoder.module[3 * place + 1]
            flow = convolution(flow)
            mean, variance = flow.mean((0, 2, 3)), flow.var((0, 2, 3), unbiased=True)
            means[place].append(mean)
            variances[place].append(variance)
            if place == 0:  # kept as it was trained
                flow = norm(flow)
            else:
                biased = flow.var((0, 2, 3), unbiased=False)
                scaled = (flow - mean[:, None, None]) / (biased[:, None, None] + norm.eps).sqrt()
                flow = scaled * norm.weight[:, None, None] + norm.bias[:, None, None]
            flow = flow.relu()
    for place, norm in enumerate(late_norms(fresh.module), start=1):
        torch.testing.assert_close(norm.running_mean, torch.stack(means[place]).mean(0))
        torch.testing.assert_close(norm.running_var, torch.stack(variances[place]).mean(0))
    assert len(late_norms(fresh.module)) == 4


def test_the_encoder_itself_and_its_first_batch_norm_stay_as_they_are():
    encoder = _encoder(_network())
    before, state = encoder.encode(_images(4)), copy.deepcopy(encoder.module.state_dict())
    fresh = adapted(encoder, [_images(12)])
    torch.testing.assert_close(encoder.encode(_images(4)), before, rtol=0, atol=0)
    for name in ("1.running_mean", "1.running_var", "4.weight", "4.bias"):
        assert torch.equal(fresh.module.state_dict()[name], state[name])
    assert not torch.allclose(fresh.encode(_images(4)), before)
    assert not fresh.module.training and not any(one.training for one in late_norms(fresh.module))


def test_of_lite0_the_stem_and_the_first_two_blocks_are_kept():
    module = registry.load("lite0", random_weights=True).module
    names = {id(one): name for name, one in module.named_modules()}
    late = [names[id(one)] for one in late_norms(module)]
    kept = [
        name
        for name, one in module.named_modules()
        if isinstance(one, nn.BatchNorm2d) and name not in late
    ]
    assert late[0].startswith("blocks.2.") and late[-1] == "bn2"
    assert all(name == "bn1" or name.startswith(("blocks.0.", "blocks.1.")) for name in kept)


def test_every_image_is_in_one_batch_of_about_84():
    batches = random_batches(980, seed=1)
    assert sorted(np.concatenate(batches).tolist()) == list(range(980))
    assert {len(one) for one in batches} <= {81, 82}
    assert [len(one) for one in random_batches(30, seed=1)] == [30]


def test_an_encoder_without_batch_norms_says_so():
    with pytest.raises(InputError, match="no batch norms"):
        adapted(_encoder(nn.Sequential(nn.Flatten(), nn.Linear(192, 4))), [_images(12)])


def test_folded_batch_norms_cannot_be_re_estimated():
    encoder = _encoder(_network())
    runtime.fold_batch_norm(encoder, _images(4))
    with pytest.raises(InputError, match="folded"):
        adapted(encoder, [_images(12)])


def test_one_image_has_no_statistics():
    with pytest.raises(InputError, match="Two or more"):
        adapted(_encoder(_network()), [_images(1)])
