"""The exact map equals every patch run alone, whatever the picture's shape, the step and the order of the work."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.compute import patches
from core.models import create_model
from core.networks.engine import fold
from tests.core.models.test_bagnet import PATCHES, noise, settled
from tests.helpers.networks_by_hand import by_hand
from tests.helpers.parity import fill_module, load_case, make_input, output_problems

NETS = {q: settled(q) for q in PATCHES}


def one_by_one(net, x):
    """(K, H, W): every pixel's patch of the zero-padded picture, cut out and run alone."""
    rows, columns = np.mgrid[: x.shape[1], : x.shape[2]]
    pixels = np.stack([rows.ravel(), columns.ravel()], 1)
    return patches.alone(net, x, pixels, net.patch).T.reshape(-1, *x.shape[1:])


def test_the_map_matches_the_authors_recorded_heat_map():
    case = load_case("bagnet17")
    net = create_model("bagnet17").eval()
    fill_module(net, case["fill"]["gain"])
    found = patches.full(fold(net), make_input(case["input"]["xh"])[0], [case["heatmap"]["target_class"]])
    assert output_problems(torch.from_numpy(found[0]), case["outputs"]["heatmap"], case["rtol"]) == []


@pytest.mark.parametrize("patch", PATCHES)
def test_the_map_is_every_patch_run_alone(patch):
    net, x = NETS[patch], noise(3, 21, 30)
    want = one_by_one(net, x)
    got = patches.full(fold(net), x)
    assert np.abs(got - want).max() <= 1e-4 * np.abs(want).max()


@settings(deadline=None, max_examples=12)
@given(height=st.integers(1, 26), width=st.integers(1, 26), patch=st.sampled_from(PATCHES))
def test_no_shape_of_a_picture_leaves_a_hole(height, width, patch):
    x = noise(3, height, width)
    got = patches.full(NETS[patch], x, [2])
    assert got.shape == (1, height, width)
    assert np.isfinite(got).all()
    y, x0 = height // 2, width - 1
    want = patches.alone(NETS[patch], x, np.array([[y, x0]]), patch)[0, 2]
    assert got[0, y, x0] == pytest.approx(want, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("step", patches.STEPS)
def test_a_coarser_map_is_the_full_one_at_every_few_pixels(step):
    x = noise(3, 30, 19)
    whole = patches.full(NETS[17], x)
    coarse = patches.full(NETS[17], x, step=step)
    assert np.array_equal(coarse, whole[:, ::step, ::step])


def test_refinements_add_up_to_the_full_map():
    net, x = NETS[9], noise(3, 30, 19)
    head, found = patches.head_of(net, None), []
    for step, after in ((4, None), (2, 4), (1, 2)):
        new = list(patches.leaves(net, x, head, step=step, after=after))
        assert len(new) == patches.count_leaves(step) - (patches.count_leaves(after) if after else 0)
        found += new
    assert np.array_equal(patches.compose(found, 30, 19, 1), patches.full(net, x))


def test_the_first_leaves_already_cover_the_picture():
    """Depth first, so that a map that is stopped early is a coarse one and not a corner of a fine one."""
    order = [(leaf.dy, leaf.dx) for leaf in patches.leaves(NETS[9], noise(3, 16, 16))]
    assert order[0] == (0, 0)
    assert {at for at in order if at[0] % 4 == 0 and at[1] % 4 == 0} == set(order[:4])
    assert {at for at in order if at[0] % 2 == 0 and at[1] % 2 == 0} == set(order[:16])
    assert len(set(order)) == 64


def test_the_networks_own_grid_lies_where_centres_says():
    x = noise(3, 50, 41)
    for patch, net in NETS.items():
        grid, whole = patches.evidence(net, x), patches.full(net, x)
        y, x0 = patches.centres(50, patch), patches.centres(41, patch)
        np.testing.assert_allclose(grid, whole[:, y][:, :, x0], rtol=1e-4, atol=1e-5)


def test_a_head_for_some_classes_is_the_same_numbers():
    x = noise(3, 20, 20)
    np.testing.assert_allclose(patches.full(NETS[9], x, [4, 1]), patches.full(NETS[9], x)[[4, 1]], rtol=1e-5, atol=1e-6)


def test_features_of_a_patch_are_those_of_the_map():
    net, x = NETS[17], noise(3, 24, 24)
    maps = patches.compose(list(patches.leaves(net, x, None, step=8)), 24, 24, 8)
    np.testing.assert_allclose(patches.feature_at(net, x, 16, 8), maps[:, 2, 1], rtol=1e-4, atol=1e-5)


def test_refusals():
    with pytest.raises(ValueError, match=r"^expected a step of \[8, 4, 2, 1\] px, got 3"):
        list(patches.leaves(NETS[9], noise(3, 16, 16), step=3))
    other = by_hand(nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    with pytest.raises(ValueError, match=r"^expected a BagNet, got by hand: "):
        patches.bagnet_of(other)
