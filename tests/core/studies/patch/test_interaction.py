"""Two masks: a BagNet adds up exactly where no patch meets both, and the baseline does not."""

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from core import networks
from core.figures import theme
from core.models import create_model
from core.pictures.preprocess import to_tensor
from core.studies.patch import interaction
from core.studies.patch import probe_figures as figures
from core.studies.patch.dataset_figures import colours
from core.studies.patch.interaction import Params, draw, far, reach, run, share_a_patch
from tests.helpers.networks_by_hand import Torus, by_hand, untrained

PICTURE = np.random.default_rng(8).integers(0, 256, (64, 88, 3), dtype=np.uint8)
ROUNDING = 1e-5  # of the largest logit: what float32 may leave of an exact 0
SIDE = 8


class Quadratic(nn.Module):
    """(B, 3, H, W) -> (B, 2): the sum of the pixels, and its square, in which every pixel meets every other."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1e-2))

    def forward(self, x):
        total = self.scale * x.sum((1, 2, 3))
        return torch.stack([total, total**2], 1)


def lively(patch):
    """An untrained BagNet whose batch norms have seen noise, so that its logits move with the picture."""
    torch.manual_seed(patch)
    net = create_model(f"photo_bagnet{patch}", num_classes=5).train()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean of all that it sees
    with torch.inference_mode():
        net(torch.randn(4, 3, 49, 49))
    network = by_hand(net.eval())
    return dataclasses.replace(network, card=dataclasses.replace(network.card, arch=f"photo_bagnet{patch}"))


def anywhere(count, seed=0):
    """(count, 4) random pairs of masks, on no grid, that do not overlap; every second pair lies within 20 px."""
    rng = np.random.default_rng(seed)
    limit = np.array(PICTURE.shape[:2]) - SIDE
    a, b = rng.integers(0, limit + 1, (2, 8 * count, 2))
    b[::2] = np.clip(a[::2] + rng.integers(-20, 21, a[::2].shape), 0, limit)
    apart = np.abs(a - b).max(1) >= SIDE
    return np.concatenate([a, b], 1)[apart][:count]


@pytest.mark.parametrize("patch", [9, 17, 33])
def test_a_bagnet_adds_up_exactly_where_no_patch_meets_both_masks(patch):
    network = lively(patch)
    result = run([network], PICTURE, 1, Params(SIDE), pairs=anywhere(60))
    together = share_a_patch(result.pairs, patch, *PICTURE.shape[:2], SIDE)
    off, scale = np.abs(result.departure[0]), np.abs(result.logit[0])
    assert together.sum() >= 3
    assert (~together).sum() >= 10
    assert off[~together].max() < ROUNDING * scale
    assert off[together].max() > 30 * ROUNDING * scale
    assert (np.abs(result.a[0]) > 30 * ROUNDING * scale).mean() > 0.9  # the masks do count
    assert interaction.rounding(result) == off[~together].max()


def test_an_untrained_bagnet_of_the_registry_adds_up_too():
    network = untrained("photo_bagnet17")
    result = run([network], PICTURE, 4, Params(pairs=40))
    assert np.abs(result.departure[0][far(result)]).max() < ROUNDING * np.abs(result.logit).max()


def test_the_baseline_does_not_add_up_at_any_distance_of_the_picture():
    network = networks.load(networks.find("photo_resnet"))
    picture = PICTURE[:, :64]
    result = run([network], picture, 5, Params(pairs=60))
    beyond = result.distance >= reach(33, SIDE)
    assert beyond.sum() >= 5
    assert np.abs(result.departure[0][beyond]).mean() > 30 * ROUNDING * np.abs(result.logit[0])


def test_closed_forms():
    """A sum of pixels adds up; its square is off by twice the product of the two changes."""
    network = by_hand(Quadratic(), classes=2)
    params, pairs = Params(SIDE), anywhere(20)
    linear, square = (run([network], PICTURE, target, params, pairs=pairs) for target in (0, 1))
    np.testing.assert_allclose(linear.departure, 0, atol=1e-5 * np.abs(linear.logit).max() + 1e-5)
    np.testing.assert_allclose(square.departure, 2 * linear.a * linear.b, rtol=2e-2, atol=1e-3)
    x = to_tensor(PICTURE, network.preprocessing)
    boxes = [x[:, y : y + SIDE, c : c + SIDE].sum() * 1e-2 for y, c in pairs[:, :2].tolist()]
    np.testing.assert_allclose(linear.a[0], -np.array(boxes), atol=1e-4)


def test_changes_are_the_networks_own_answers():
    network = by_hand(Torus())
    pairs = np.array([[0, 0, 30, 40], [30, 40, 56, 80], [0, 0, 56, 80]])
    result = run([network], PICTURE, 2, Params(SIDE), pairs=pairs)
    x = to_tensor(PICTURE, network.preprocessing)

    def logit(*corners):
        view = x.clone()
        for y, c in corners:
            view[:, y : y + SIDE, c : c + SIDE] = 0
        with torch.inference_mode():
            return float(network.engine.plain(view[None])[0, 2])

    for p, (ya, xa, yb, xb) in enumerate(pairs.tolist()):
        found = (result.a[0, p], result.b[0, p], result.both[0, p])
        brute = (logit((ya, xa)), logit((yb, xb)), logit((ya, xa), (yb, xb)))
        np.testing.assert_allclose(found, np.array(brute) - logit(), atol=1e-6)
    np.testing.assert_array_equal(result.distance, [40, 40, 80])


def test_a_mask_that_serves_in_many_pairs_is_asked_once():
    asked = []
    pairs = np.array([[0, 0, 30, 40], [30, 40, 56, 80], [0, 0, 56, 80]])
    network = by_hand(Torus())
    run([network, network], PICTURE, 2, Params(SIDE), lambda *at: asked.append(at), pairs=pairs)
    assert asked[-1] == (14, 14)  # two networks: untouched, three single masks, three pairs


def test_pairs_are_different_cells_side_by_side():
    pairs = draw(64, 90, Params(8, 300, seed=2))
    assert pairs.shape == (300, 4)
    assert len(np.unique(pairs, axis=0)) == 300
    down, across = np.abs(pairs[:, :2] - pairs[:, 2:]).T
    assert (np.maximum(down, across) >= 8).all()
    assert (pairs >= 0).all()
    assert (pairs + 8 <= [64, 90, 64, 90]).all()
    assert set(pairs[:, 1] % 8) == {1}  # the two columns left over are shared out
    np.testing.assert_array_equal(pairs, draw(64, 90, Params(8, 300, seed=2)))
    assert (pairs != draw(64, 90, Params(8, 300, seed=3))).any()
    assert len(draw(16, 16, Params(8, 300))) == 6  # all there are
    with pytest.raises(ValueError, match="room for two masks"):
        draw(15, 15, Params(8))


@pytest.mark.parametrize("patch", [9, 17, 33])
def test_sharing_a_patch_counted_pixel_by_pixel(patch):
    height, width = 41, 66
    rng = np.random.default_rng(patch)
    pairs = rng.integers(0, np.array([height, width] * 2) - SIDE + 1, (80, 4))
    brute = []
    for ya, xa, yb, xb in pairs.tolist():
        a, b = np.zeros((2, height, width), bool)
        a[ya : ya + SIDE, xa : xa + SIDE] = b[yb : yb + SIDE, xb : xb + SIDE] = True
        corners = [(y, x) for y in range(0, height - patch + 1, 8) for x in range(0, width - patch + 1, 8)]
        windows = [np.s_[y : y + patch, x : x + patch] for y, x in corners]
        brute.append(any(a[w].any() and b[w].any() for w in windows))
    found = share_a_patch(pairs, patch, height, width, SIDE)
    np.testing.assert_array_equal(found, brute)
    assert 0 < found.sum() < len(found)
    distance = np.abs(pairs[:, :2] - pairs[:, 2:]).max(1)
    assert not found[distance >= reach(patch, SIDE)].any()


def test_from_reach_on_no_patch_meets_both_and_just_before_it_one_may():
    edge = np.array([[0, 15 - SIDE, 0, 15 - SIDE + reach(17, SIDE) - 1], [0, 8, 0, 8 + reach(17, SIDE)]])
    edge[0] += [0, 2, 0, 2]  # mask a ends where the patch at 16 begins
    np.testing.assert_array_equal(share_a_patch(edge, 17, 64, 88, SIDE), [True, False])


def test_by_distance_against_loops():
    nets = [by_hand(Torus()), by_hand(Torus(stride=2))]
    result = run(nets, PICTURE, 0, Params(pairs=70))
    found = interaction.by_distance(result)
    assert found.count.sum() == 70
    for d, distance in enumerate(found.distance):
        which = result.distance == distance
        assert found.count[d] == which.sum()
        for m in range(2):
            joint, single = result.both[m, which], (result.a + result.b)[m, which]
            assert found.departure[m, d] == pytest.approx(np.abs(joint - single).mean())
            assert found.relative[m, d] == pytest.approx(np.abs(joint - single).mean() / np.abs(joint).mean())
            if which.sum() > 2:
                assert found.correlation[m, d] == pytest.approx(np.corrcoef(single, joint)[0, 1], abs=1e-6)


def test_what_does_not_vary_has_no_correlation():
    flat = interaction.correlation(np.array([[1.0, 1.0], [1.0, 2.0]]), np.array([[3.0, 4.0], [3.0, 5.0]]))
    np.testing.assert_allclose(flat, [np.nan, 1])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"side": 1}, "side of 2 to 64"),
        ({"pairs": 0}, "1 to 5,000 pairs"),
        ({"seed": -1}, "seed of 0 to 4,294,967,295"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options, said):
    with pytest.raises(ValueError, match=said):
        Params(**options)


def test_networks_and_classes_that_do_not_fit_are_refused():
    for nets, target, said in (([], 0, "share their labels"), ([by_hand(Torus())], 5, "class of 0 to 4")):
        with pytest.raises(ValueError, match=said):
            run(nets, PICTURE, target, Params())


def test_the_finding_the_figures_and_the_tables_hold_the_numbers():
    nets, titles = [lively(9), lively(33), by_hand(Torus())], ["BagNet-9", "BagNet-33", "plain"]
    result = run(nets, PICTURE, 1, Params(pairs=60))
    which = far(result)
    said = interaction.finding(result, titles)
    assert f"Of 60 pairs of masks, {which.sum()} lie so far apart" in said
    for share, title in zip(interaction.additivity(result, which), titles, strict=True):
        assert f"{share:.1%} for {title}" in said
    close = run(nets, PICTURE, 1, Params(), pairs=np.array([[0, 0, 8, 8], [8, 0, 16, 8]]))
    assert interaction.finding(close, titles).startswith("All 2 pairs of masks lie so close")
    found = interaction.by_distance(result)
    for look in theme.THEMES:
        with theme.drawn(look):
            panels = figures.interaction_scatter(result, titles).figure
            points = [trace for trace in panels.data if trace.mode == "markers"]
            np.testing.assert_array_equal([t.y for t in points], result.both)
            np.testing.assert_array_equal([t.x for t in points], result.a + result.b)
            curve = figures.interaction_curve(result, titles).figure
            np.testing.assert_allclose([t.y for t in curve.data], 100 * found.relative)
            assert [t.line.color for t in curve.data] == colours([9, 33, None])
            assert [shape.x0 for shape in curve.layout.shapes] == [reach(9, 8), reach(33, 8)] == [16, 40]
            panels.to_json(), curve.to_json()
    pairs, distances = figures.pairs_table(result, titles), figures.distance_table(result, titles)
    assert {len(column) for column in pairs.values()} == {60}
    assert pairs["plain: both"] == result.both[2].tolist()
    assert {len(column) for column in distances.values()} == {3 * len(found.distance)}
    assert distances["mean |joint − sum|, logits"][-1] == found.departure[2, -1]
