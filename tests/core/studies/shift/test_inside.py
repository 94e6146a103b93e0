"""Inside the shift study: closed forms, exact zeros, and a brute-force second opinion."""

import types
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.figures.palette import network_colours, text_colour
from core.models import create_model
from core.models.blurpool import BlurPool1d, binomial_taps
from core.models.small import CifarVGG, PhotoResNet
from core.networks import find, load
from core.pictures.image import from_pixels
from core.pictures.preprocess import Preprocessing
from core.studies.shift import inside
from core.studies.shift import inside_figures as figures

PICTURE = from_pixels(np.random.default_rng(3).integers(0, 256, (40, 70, 3), dtype=np.uint8))
ENERGY_ABOVE = (0.50, 0.18, 0.076, 0.033, 0.015, 0.007, 0.003)  # of 1 to 7 taps
PAPER = np.array([0, 0, 1, 1, 0, 0, 1, 1])


def sweep_of(signal, size):
    """The toy at every shift."""
    return inside.toy(signal, np.arange(len(signal)), size)


def network(net: nn.Module, size: int, blur: int | None = None) -> types.SimpleNamespace:
    """What the study reads of a Network, around any module."""
    return types.SimpleNamespace(
        engine=types.SimpleNamespace(plain=net.eval()),
        preprocessing=Preprocessing(size, (0.5,) * 3, (0.25,) * 3),
        card=types.SimpleNamespace(blur=blur, answers_only=False),
    )


class Tiny(nn.Module):
    """Two halvings of a 16-pixel input; `still` leaves the strides out."""

    def __init__(self, still: bool = False) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.conv = nn.Conv2d(3, 5, 3, padding=1)
            self.relu = nn.ReLU(inplace=True)
            self.pool = nn.MaxPool2d(2, stride=1 if still else 2)
            self.second = nn.Conv2d(5, 6, 3, stride=1 if still else 2, padding=1)

    def forward(self, x):
        return self.relu(self.second(self.pool(self.relu(self.conv(x))))).mean((2, 3))


@pytest.fixture(scope="module")
def plain():
    return load(find("untrained:cifar_vgg"))


@pytest.fixture(scope="module")
def blurred():
    return load(find("untrained:cifar_vgg_blur3"))


@pytest.fixture(scope="module")
def distances(plain, blurred):
    return [inside.internal_distance(n, PICTURE) for n in (plain, blurred)]


def test_layers_and_strides_of_a_network_agree_with_its_blurred_twin(distances):
    names = ("conv 1", "pool 1", "conv 3", "pool 2", "conv 5", "pool 3", "conv 6", "pooled")
    for result in distances:
        assert result.layers == names
        np.testing.assert_array_equal(result.strides, [1, 2, 2, 4, 4, 8, 8, 32])
        assert result.distance.shape == (8, 8, 8)
        assert result.period == 8
        assert len(result.distance[0]) == result.period


def test_the_distance_is_0_at_multiples_of_each_layers_stride_and_only_there(distances):
    for result in distances:
        for stride, distance in zip(result.strides[:-1], result.distance, strict=False):
            np.testing.assert_allclose(distance[::stride, ::stride], 0, atol=1e-6)
            off = np.array([[dy % stride or dx % stride for dx in range(8)] for dy in range(8)], bool)
            assert (distance[off] > 1e-4).all()


def test_a_blur_lowers_the_distance_after_every_pooling(distances):
    plain, blurred = distances
    pools = [i for i, name in enumerate(plain.layers) if name.startswith("pool")]
    assert (blurred.distance[pools].mean((1, 2)) < plain.distance[pools].mean((1, 2))).all()


def test_zero_padding_breaks_what_circular_padding_keeps(distances):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = CifarVGG(blur=3, padding="reflect")
    zero = inside.internal_distance(network(net, 32), PICTURE, "trained")
    assert zero.layers == distances[1].layers
    assert zero.distance[0].max() > 1e-3  # stride 1: only the border can be the cause
    assert (zero.distance[:, 0, 0] == 0).all()


def test_a_residual_network_shows_its_blocks():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = PhotoResNet(blur=3)
    result = inside.internal_distance(network(net, 64), PICTURE)
    assert result.layers == ("conv 1", "pool 1", "block 2", "block 4", "block 6", "block 8", "pooled")
    np.testing.assert_array_equal(result.strides, [1, 2, 2, 4, 8, 16, 64])
    assert result.distance.shape == (7, 16, 16)
    np.testing.assert_allclose(result.distance[3, ::4, ::4], 0, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "layers", "strides"),
    [
        ("resnet18", "conv 1, pool 1, block 2, block 4, block 6, block 8, pooled", [2, 4, 4, 8, 16, 32, 64]),
        ("resnet18_blur3", "conv 1, pool 1, block 2, block 4, block 6, block 8, pooled", [2, 4, 4, 8, 16, 32, 64]),
        ("mobilenet_v2_blur3", "conv 1, pool 1, pool 2, pool 3, pool 4, pooled", [2, 4, 8, 16, 32, 64]),
    ],
)
def test_the_layers_of_torchvisions_networks(name, layers, strides):
    net = create_model(name, num_classes=3).eval()
    with torch.inference_mode():
        _, found, steps = inside._tapped(net, torch.zeros(1, 3, 64, 64))
    assert (", ".join(found), steps) == (layers, strides)


def test_a_net_without_strides_moves_with_its_input():
    result = inside.internal_distance(network(Tiny(still=True), 16), PICTURE)
    assert result.period == 1
    np.testing.assert_allclose(result.distance, 0, atol=1e-6)


@pytest.mark.parametrize("boundary", inside.BOUNDARY_PADDINGS)
def test_against_real_enlarging_pixel_by_pixel(boundary):
    from core.models.circular import circular_twin
    from core.pictures.preprocess import square, to_tensor

    asked = network(Tiny(), 16)
    result = inside.internal_distance(asked, PICTURE, boundary)
    net = circular_twin(asked.engine.plain) if boundary == "circular" else asked.engine.plain
    x = to_tensor(square(PICTURE, 16), asked.preprocessing)[None]

    def maps(x):
        first = net.relu(net.conv(x))
        second = net.pool(first)
        third = net.relu(net.second(second))
        return first, second, third, third.mean((2, 3), keepdim=True)

    def enlarged(m):
        return m.repeat_interleave(16 // m.shape[2], 2).repeat_interleave(16 // m.shape[3], 3)

    assert result.distance.shape == (4, 4, 4)
    with torch.inference_mode():
        still = maps(x)
        for dy, dx in product(range(4), repeat=2):
            moved = maps(x.roll((dy, dx), (2, 3)))
            for layer, (a, b) in enumerate(zip(still, moved, strict=True)):
                a, b = enlarged(a).roll((dy, dx), (2, 3)), enlarged(b)
                both_dead = (a == 0).all(1) & (b == 0).all(1)
                brute = torch.where(both_dead, 0.0, 1 - F.cosine_similarity(a, b)).mean()
                assert result.distance[layer, dy, dx] == pytest.approx(float(brute), abs=1e-5)


def test_dead_positions_are_equal_to_each_other_and_one_away_from_others():
    maps = torch.zeros(1, 2, 1, 2)
    maps[0, :, 0, 1] = torch.tensor([3.0, 4.0])
    unit = inside._unit(maps)
    offsets = np.array([[0, 0]])
    assert inside._distances(unit, unit, 1, offsets) == [0]
    np.testing.assert_allclose(inside._distances(unit, unit.flip(3), 1, offsets), [1], rtol=1e-6)


def test_a_long_period_is_cut_short_and_says_so(monkeypatch):
    monkeypatch.setattr(inside, "MAX_SHIFTS", 2)
    result = inside.internal_distance(network(Tiny(), 16), PICTURE)
    assert result.distance.shape[1:] == (2, 2)
    assert result.period == 4
    assert len(result.distance[0]) < result.period


def test_nothing_is_left_on_the_network(plain):
    net = plain.engine.plain
    before = {name: value.clone() for name, value in net.state_dict().items()}
    inside.internal_distance(plain, PICTURE)
    assert not any(module.training or module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_an_unknown_padding_is_refused(plain):
    with pytest.raises(ValueError, match="'mirror'"):
        inside.internal_distance(plain, PICTURE, "mirror")


@pytest.mark.parametrize(
    ("taps", "variation"),
    [
        ([[1, 1, 1]] * 3, 0),
        ([[0, 0, 0], [0, -2, 0], [0, 0, 0]], 4),
        ([[1, -1, 1], [-1, 1, -1], [1, -1, 1]], 24 / 9),
        ([[1, 2, 3]] * 3, 6 / 18),
    ],
)
def test_total_variation_by_hand(taps, variation):
    conv = nn.Conv2d(2, 3, 3, bias=False)
    filters = torch.zeros(3, 2, 3, 3)
    filters[:2] = torch.tensor(taps, dtype=torch.float32)  # the third filter is dead and does not count
    conv.weight.data.copy_(filters)
    result = inside.filter_smoothness(network(nn.Sequential(conv, nn.Conv2d(3, 3, 1)), 16, blur=5))
    assert (result.layers, result.paths, result.blur) == (("conv 1",), ("0",), 5)
    np.testing.assert_allclose(result.variation, [variation], atol=1e-12)


def test_every_spatial_convolution_is_listed_alike_with_and_without_blur(plain, blurred):
    a, b = inside.filter_smoothness(plain), inside.filter_smoothness(blurred)
    assert a.layers == b.layers == tuple(f"conv {i}" for i in range(1, 7))
    assert (a.blur, b.blur) == (None, 3)
    assert ((a.variation > 0) & (a.variation < 4)).all()


@pytest.mark.parametrize(("size", "energy"), list(enumerate(ENERGY_ABOVE, 1)))
def test_blur_response_against_the_fourier_transform(size, energy):
    result = inside.blur_response(size, points=33)
    assert result.energy_above == pytest.approx(energy, abs=0.0051 if energy > 0.1 else 0.00051)
    np.testing.assert_allclose(result.kernel, np.outer(result.taps, result.taps))
    assert result.kernel.sum() == pytest.approx(1)
    spectrum = np.abs(np.fft.rfft(result.taps, 64))  # its 33 frequencies are ours
    np.testing.assert_allclose(result.magnitude, spectrum, atol=1e-12)
    fine = np.abs(np.fft.rfft(result.taps, 2**16)) ** 2
    half = len(fine) // 2
    middles = (fine[1:] + fine[:-1]) / 2
    assert result.energy_above == pytest.approx(middles[half:].sum() / middles.sum(), abs=1e-6)


@pytest.mark.parametrize("size", [0, 8])
def test_a_blur_that_does_not_exist_is_refused(size):
    with pytest.raises(ValueError, match="1 to 7"):
        inside.blur_response(size)


def test_the_papers_example():
    still, moved = inside.toy(PAPER, 0, 3), inside.toy(PAPER, 1, 3)
    np.testing.assert_array_equal(still.plain, [0, 1, 0, 1])
    np.testing.assert_array_equal(moved.plain, [1, 1, 1, 1])
    np.testing.assert_array_equal(still.smooth, [0.5, 1, 0.5, 1])
    np.testing.assert_array_equal(moved.smooth, [0.75] * 4)
    np.testing.assert_array_equal(moved.signal, [1, 0, 0, 1, 1, 0, 0, 1])


@pytest.mark.parametrize("size", range(1, 8))
@pytest.mark.parametrize("name", inside.TOY_SIGNALS)
def test_the_toy_is_torchs_max_pooling_and_our_blur(name, size):
    result = inside.toy(inside.TOY_SIGNALS[name], 5, size)
    line = torch.from_numpy(np.array(result.signal)).float()[None, None]
    np.testing.assert_allclose(result.plain, F.max_pool1d(line, 2)[0, 0], rtol=1e-6)
    blur = BlurPool1d(1, size)
    blur.mode = "circular"
    dense = F.max_pool1d(F.pad(line, (0, 1), mode="circular"), 2, stride=1)
    np.testing.assert_allclose(result.smooth, blur(dense)[0, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", range(2, 8))
@pytest.mark.parametrize("name", inside.TOY_SIGNALS)
def test_every_blur_keeps_the_mean_at_every_shift(name, size):
    """Any binomial filter of 2 taps or more is 0 at frequency pi, so the mean survives subsampling exactly."""
    signal = inside.TOY_SIGNALS[name]
    sweep = sweep_of(signal, size)
    assert sweep.smooth.shape == (len(signal), len(signal) // 2)
    dense = np.maximum(signal, np.roll(signal, -1))
    np.testing.assert_allclose(sweep.smooth.mean(1), dense.mean())


def test_without_a_blur_the_mean_jumps_between_even_and_odd_shifts():
    means = sweep_of(inside.TOY_SIGNALS["square wave"], 3).plain.mean(1)
    np.testing.assert_array_equal(means, [0.5, 1.0] * 8)


def test_one_tap_is_plain_max_pooling_and_two_shifts_move_one_sample():
    signal = inside.TOY_SIGNALS["sine with noise"]
    sweep = sweep_of(signal, 1)
    np.testing.assert_array_equal(sweep.plain, sweep.smooth)
    np.testing.assert_array_equal(sweep.plain[2:], np.roll(sweep.plain[:-2], 1, axis=1))
    with pytest.raises(ValueError, match="read-only"):
        signal[0] = 1


def test_moved_by_a_part_of_a_sample_each_sees_two_in_their_shares():
    half = inside.toy(PAPER, 0.5, 3)
    np.testing.assert_allclose(half.signal, (inside.toy(PAPER, 0, 3).signal + inside.toy(PAPER, 1, 3).signal) / 2)
    swept = inside.toy_sweep("square wave", 3)
    assert swept.signal.shape == (inside.TOY_LENGTH / inside.TOY_STEP, inside.TOY_LENGTH)
    np.testing.assert_allclose(swept.signal[8], inside.toy(inside.TOY_SIGNALS["square wave"], 2, 3).signal)
    assert inside.swing(swept.plain.mean(1)) == 0.5
    assert inside.swing(swept.smooth.mean(1)) < 0.3


@pytest.mark.parametrize("signal", [np.zeros(5), np.zeros((2, 4)), np.zeros(0)])
def test_a_signal_that_cannot_be_halved_is_refused(signal):
    with pytest.raises(ValueError, match="even number"):
        inside.toy(signal, 0, 3)


def test_the_maps_share_one_scale_from_0_and_keep_their_values(distances):
    fig = figures.internal_maps(distances, ["plain", "blur 3"]).figure
    heatmaps = [trace for trace in fig.data if isinstance(trace, go.Heatmap)]
    assert len(heatmaps) == 16
    assert {trace.coloraxis for trace in heatmaps} == {"coloraxis"}
    assert fig.layout.coloraxis.cmin == 0
    assert fig.layout.coloraxis.cmax == pytest.approx(max(r.distance.max() for r in distances))
    np.testing.assert_array_equal(heatmaps[9].z, distances[1].distance[1])
    with pytest.raises(ValueError, match="one title a network"):
        figures.internal_maps(distances, ["plain"])


def test_figures_say_what_to_see_on_a_clear_ground(distances, plain, blurred, dark):
    smooth = [inside.filter_smoothness(n) for n in (plain, blurred)]
    drawn = [
        figures.internal_maps(distances, ["plain", "blur 3"]).figure,
        figures.smoothness(smooth, ["plain", "blur 3"]).figure,
        figures.blur_figure(inside.blur_response(5)).figure,
    ]
    for fig in drawn:
        assert len(fig.layout.title.text) > 20
        assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert fig.layout.font.color == text_colour()
        fig.to_json()
    assert [trace.line.color for trace in drawn[1].data] == network_colours([None, 3])


def test_tables_hold_the_numbers_of_the_figures(distances, plain, blurred):
    found = figures.table(distances[0])
    row = 2 * 64 + 3 * 8 + 5
    assert [found[name][row] for name in ("layer", "stride (px)", "dy (px)", "dx (px)")] == ["conv 3", 2, 3, 5]
    assert found["cosine distance"][row] == distances[0].distance[2, 3, 5]
    both = figures.tables([inside.filter_smoothness(n) for n in (plain, blurred)], ["a", "b"])
    assert both["network"] == ["a"] * 6 + ["b"] * 6
    sweep = figures.table(sweep_of(PAPER, 3))
    assert sweep["max-pooling, mean"][:2] == [0.5, 1.0]
    for columns in (found, both, sweep, figures.table(inside.blur_response(2))):
        assert len({len(values) for values in columns.values()}) == 1


def test_colours_go_by_role_and_stand_out_from_the_page(dark):
    page = (14, 17, 23) if dark else (255, 255, 255)
    colours = network_colours([None, *range(1, 8)])
    assert len(set(colours)) == 8
    for colour in colours:
        r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        light, deep = sorted((_luminance((r, g, b)), _luminance(page)), reverse=True)
        assert (light + 0.05) / (deep + 0.05) >= 3
        assert colour == colours[0] or b > g > r


def _luminance(colour: tuple[int, int, int]) -> float:
    """WCAG's relative luminance."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in np.array(colour) / 255]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def test_the_taps_are_the_networks_own():
    for size in range(1, 8):
        np.testing.assert_array_equal(inside.blur_response(size).taps, binomial_taps(size))
