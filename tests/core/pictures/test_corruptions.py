"""Common corruptions: shape and type kept, stronger means further away, noise repeats."""

import numpy as np
import pytest
import torch

from core.pictures.corruptions import APPLY, STRENGTHS, corrupt
from core.pictures.preprocess import square
from core.pictures.samples import load_sample
from core.studies.shift.dataset import CORRUPTIONS

SIDES = (32, 64)


def photos(side, names=("cat", "coffee", "rocket")):
    """uint8 (B, 3, side, side)."""
    return torch.from_numpy(np.stack([square(load_sample(name), side) for name in names])).movedim(-1, 1).contiguous()


def distance(x, y):
    return float((x.float() - y.float()).abs().mean())


def test_the_study_asks_for_all_of_them():
    assert tuple(STRENGTHS) == CORRUPTIONS == tuple(APPLY)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_stronger_is_further_away_and_the_picture_stays_a_picture(kind, side):
    x = photos(side)
    before = x.clone()
    spoiled = [corrupt(x, kind, strength, range(len(x))) for strength in (1, 2, 3)]
    for y in spoiled:
        assert (y.shape, y.dtype) == (x.shape, torch.uint8)
    assert torch.equal(x, before)
    far = [distance(x, y) for y in spoiled]
    assert 0.5 < far[0] < far[1] < far[2] < 60
    assert all(torch.equal(y, corrupt(x, kind, i + 1, range(len(x)))) for i, y in enumerate(spoiled))


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_grey_flat_picture_stays_grey_and_flat_but_for_noise(kind):
    x = torch.full((1, 3, 32, 32), 130, dtype=torch.uint8)
    y = corrupt(x, kind, 3, range(len(x)))
    if kind == "noise":
        assert abs(float(y.float().std()) - 255 * STRENGTHS["noise"][2]) < 3
        assert abs(float(y.float().mean()) - 130) < 3
    else:
        # JPEG rounds a block's mean to a multiple of its luminance step, 16 at quality 50
        assert distance(x, y) < (16 * 50 / STRENGTHS["JPEG"][2] / 8 / 2 + 0.5 if kind == "JPEG" else 1.5)


def test_noise_depends_on_the_seed_alone():
    x = photos(32)
    noisy = corrupt(x, "noise", 2, range(5, 5 + len(x)))
    assert torch.equal(noisy[1:3], corrupt(x[1:3], "noise", 2, [6, 7]))  # whatever pictures come along
    assert not torch.equal(noisy[:1], corrupt(x[:1], "noise", 2, [8]))
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    corrupt(x, "noise", 1, range(len(x)))
    assert torch.equal(torch.rand(1), expected)  # the global dice were not touched


def test_contrast_is_a_mix_with_the_grey_mean():
    x = photos(32, ("cat",))
    grey = (0.2989 * x[:, 0] + 0.587 * x[:, 1] + 0.114 * x[:, 2]).floor().mean()
    expected = 0.4 * x.float() + 0.6 * grey
    assert (corrupt(x, "contrast", 2, range(len(x))).float() - expected).abs().max() <= 1.01


def test_rotation_is_clockwise_or_not_but_about_the_centre():
    x = torch.zeros(1, 3, 33, 33, dtype=torch.uint8)
    x[:, :, 16, 16] = 255
    y = corrupt(x, "rotation", 3, range(len(x)))[0, 0]
    assert divmod(int(y.argmax()), 33) == (16, 16)


@pytest.mark.parametrize("side", [32, 64, 128])
def test_lengths_in_pixels_grow_with_the_picture(side):
    x = torch.zeros(1, 3, side, side, dtype=torch.uint8)
    x[..., side // 2 :] = 255
    edge = corrupt(x, "blur", 3, range(len(x)))[0, 0, side // 2].float()
    width = float(((edge > 0.16 * 255) & (edge < 0.84 * 255)).sum())
    assert abs(width - 2 * STRENGTHS["blur"][2] * side / 32) <= 1


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="noise"):
        corrupt(photos(32), "fog", 1, range(9))
    with pytest.raises(ValueError, match="1, 2 or 3"):
        corrupt(photos(32), "noise", 0, range(9))
