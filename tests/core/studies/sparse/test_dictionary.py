"""The dictionary: contributions add up to the reconstruction, whatever the picture, lambda and stride."""

import math

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from core.compute import coded
from core.figures.palette import text_colour
from core.models.sdnet import SDNet
from core.models.sparse import SparseConv2d
from core.studies.sparse import dictionary as study
from core.studies.sparse import dictionary_figures as figures
from core.studies.sparse.codes import Params
from core.studies.sparse.dictionary import contribution, rebuilt, run
from core.studies.sparse.figures import signed_address
from tests.helpers.networks_by_hand import by_hand

RNG = np.random.default_rng(0)
PICTURE = RNG.random((20, 27, 3), dtype=np.float32)
MEAN_COLOUR = np.full_like(PICTURE, 0.5)
HUGE = 1e4


def sdnet(**options):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        net = SDNet(width=6, **options)
    net.fit_steps((32, 32))
    return by_hand(net, size=32, classes=10)


@pytest.fixture(scope="module", params=[False, True], ids=["3x3", "7x7, every second pixel"])
def network(request):
    return sdnet(imagenet=request.param)


@pytest.fixture(scope="module")
def result(network):
    return run(network, PICTURE, Params(lam=0.05, steps=7), clean=MEAN_COLOUR)


def reconstruction(network, lam=0.05, steps=7):
    return coded.code(network, PICTURE, lam, steps, "textbook").reconstruction


def test_the_contributions_and_the_mean_colour_are_the_reconstruction(network, result):
    parts = [contribution(network, result, k) for k in range(6)]
    np.testing.assert_allclose(sum(parts) + 0.5, reconstruction(network), atol=1e-6)
    np.testing.assert_allclose(result.energy, [np.square(part).mean() for part in parts], rtol=1e-5)


def test_a_contribution_is_its_atom_at_every_code_by_hand(network, result):
    k, reach = int(result.order[0]), result.atoms.shape[1] // 2
    expected = np.pad(np.zeros_like(PICTURE), ((reach, reach), (reach, reach), (0, 0)))
    for i, j in np.argwhere(result.codes[k]):
        y, x = result.stride * i, result.stride * j
        side = 2 * reach + 1
        expected[y : y + side, x : x + side] += result.codes[k, i, j] * result.atoms[k] * 0.5  # the deviation
    expected = expected[reach:-reach, reach:-reach]
    np.testing.assert_allclose(contribution(network, result, k), expected, atol=1e-6)


def test_atoms_have_unit_norm_and_usage_counts_codes(network, result):
    np.testing.assert_allclose(np.square(result.atoms).sum((1, 2, 3)), 1, rtol=1e-5)
    codes = coded.code(network, PICTURE, 0.05, 7, "textbook").codes
    np.testing.assert_array_equal(result.codes, codes)
    np.testing.assert_allclose(result.usage, [np.count_nonzero(c) / c.size for c in codes])


def test_the_strongest_come_first(result):
    assert sorted(result.order) == list(range(6))
    assert (np.diff(result.energy[result.order]) <= 0).all()
    assert [result.rank(int(k)) for k in result.order] == [1, 2, 3, 4, 5, 6]


def test_the_curve_is_of_the_rebuilt_pictures_and_ends_at_the_reconstruction(network, result):
    np.testing.assert_allclose(rebuilt(network, result, 6), reconstruction(network), atol=1e-6)
    np.testing.assert_array_equal(rebuilt(network, result, 0), 0.5)
    for values, target in ((result.psnr, PICTURE), (result.psnr_clean, MEAN_COLOUR)):
        for n in range(7):
            error = np.square(rebuilt(network, result, n).clip(0, 1) - target).mean()
            expected = math.inf if error == 0 else -10 * math.log10(error)
            assert values[n] == pytest.approx(expected, abs=1e-3)
    some = sum(contribution(network, result, int(k)) for k in result.order[:2])
    np.testing.assert_allclose(rebuilt(network, result, 2), some + 0.5, atol=1e-6)


def test_one_contribution_at_a_time_is_the_same(network, result, monkeypatch):
    monkeypatch.setattr(study, "PART_VALUES", 1)
    again = run(network, PICTURE, Params(lam=0.05, steps=7))
    np.testing.assert_array_equal(again.order, result.order)
    np.testing.assert_allclose(again.energy, result.energy, rtol=1e-5)
    np.testing.assert_allclose(again.psnr, result.psnr, atol=1e-4)
    assert len(again.psnr_clean) == 0


def test_a_huge_lambda_uses_no_atom_and_says_so(network):
    none = run(network, PICTURE, Params(lam=HUGE))
    assert none.used == 0
    assert none.order.tolist() == list(range(6))
    np.testing.assert_array_equal(none.energy, 0)
    np.testing.assert_allclose(none.psnr, none.psnr[0])
    assert "none of the 6 atoms" in study.finding(none)
    assert "not used" in study.said(none, 3)
    np.testing.assert_array_equal(contribution(network, none, 2), 0)
    for fig in drawn(network, none, 2):
        clean_json(fig)


def test_the_mean_colour_is_rebuilt_exactly_by_nothing(network):
    even = run(network, MEAN_COLOUR, Params(lam=0.1))
    assert even.used == 0
    assert "∞ dB" in study.finding(even)
    assert figures.curve_table(even)["PSNR against the coded picture, dB"] == [None] * 7
    clean_json(figures.curve(even, 3).figure)


def test_orthonormal_atoms_share_the_picture_out():
    """A dictionary of the three colours, lambda 0, step 1: each atom's part is its colour of the picture."""
    net = SDNet(width=3)
    taps = torch.zeros(3, 3, 3, 3)
    taps[range(3), [2, 0, 1], 1, 1] = 4.0
    with torch.no_grad():
        net.dictionary.weight.copy_(taps)
        net.dictionary.step_size.fill_(1.0)
    network = by_hand(net, size=32, classes=10)
    bright = (0.5 + 0.5 * PICTURE * [0.3, 1.0, 0.6]).astype(np.float32)  # codes are not negative
    found = run(network, bright, Params(lam=0.0))
    assert found.order.tolist() == [2, 0, 1]  # green, blue, red
    for atom, colour in enumerate((2, 0, 1)):
        part = contribution(network, found, atom)
        np.testing.assert_allclose(part[..., colour], bright[..., colour] - 0.5, atol=1e-6)
        np.testing.assert_array_equal(np.delete(part, colour, 2), 0)
    np.testing.assert_allclose(rebuilt(network, found, 3), bright, atol=1e-6)
    assert study.enough(found) == 3
    assert "atom 2" in study.finding(found)


def test_enough_looks_past_a_dip():
    kept = run(sdnet(), PICTURE, Params(lam=0.1))
    dips = study.Result(**{**vars(kept), "psnr": np.array([10, 19.9, 15, 19.6, 20.5, 19.8, 20.0])})
    assert study.enough(dips) == 3


def test_what_does_not_fit_is_refused(network):
    with pytest.raises(ValueError, match="expected an SDNet"):
        run(sdnet(coded="none"), PICTURE, Params(lam=0.1))
    with pytest.raises(ValueError, match="clean picture"):
        run(network, PICTURE, Params(lam=0.1), clean=PICTURE[:5])


# ---- figures -------------------------------------------------------------------------------------


def drawn(network, result, atom):
    part = contribution(network, result, atom)
    return [
        figures.wall(result, atom).figure,
        figures.curve(result, 2).figure,
        figures.code_map(result, PICTURE, atom).figure,
        figures.contribution_maps(result, part, atom).figure,
    ]


def clean_json(fig):
    for trace in fig.data:
        for name in ("x", "y", "z"):
            values = getattr(trace, name, None)
            assert values is None or np.isfinite(np.asarray(values, float)).all()
    fig.to_json()


def test_figures_say_what_to_see_on_a_clear_ground(network, result, dark):
    for fig in drawn(network, result, 1):
        assert len(fig.layout.title.text) > 15
        assert fig.layout.paper_bgcolor == fig.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert fig.layout.font.color == text_colour()
        clean_json(fig)


def test_every_atom_of_the_wall_can_be_clicked_and_the_chosen_one_is_framed(result):
    chosen = int(result.order[4])
    fig = figures.wall(result, chosen).figure
    points = fig.data[-1]
    assert list(points.customdata) == result.order.tolist()
    for k, image, x, y in zip(result.order, fig.layout.images, points.x, points.y, strict=True):
        assert (image.x, image.y) == (x, y)
        assert image.source == figures.enlarged(study.atom_pixels(result, int(k)))
    frame = fig.layout.shapes[0]
    inside = (points.x > frame.x0) & (points.x < frame.x1) & (points.y > frame.y0) & (points.y < frame.y1)
    assert np.asarray(points.customdata)[inside].tolist() == [chosen]
    for k, label in zip(result.order, fig.data[0].text, strict=True):
        assert f"<b>{k}</b>" in label
        assert figures.share_text(result.usage[k]) in label


def test_atoms_share_one_contrast_around_mid_grey(result):
    drawn = np.stack([study.atom_pixels(result, k) for k in range(6)]).astype(float)
    np.testing.assert_allclose((drawn - 127.5) / 127.5 * study.atom_limit(result), result.atoms, atol=4e-3)
    assert drawn.min() == 0 or drawn.max() == 255
    assert (study.signed_pixels(np.zeros((2, 2, 3)), 0.0) == 128).all()


def test_maps_lie_on_the_picture(result):
    heat = figures.code_map(result, PICTURE, 1).figure.data[0]
    np.testing.assert_array_equal(heat.z, result.codes[1])
    assert (heat.x0, heat.dx) == (0, result.stride)


def test_the_contribution_is_zero_centred_and_on_one_scale(network, result):
    part = contribution(network, result, 1)
    fig = figures.contribution_maps(result, part, 1).figure
    assert fig.layout.coloraxis.cmin == -fig.layout.coloraxis.cmax
    for c, trace in enumerate(trace for trace in fig.data if trace.type == "heatmap"):
        assert (trace.z.dtype, trace.opacity) == (np.int16, 0)
        np.testing.assert_allclose(trace.z / 1000, part[..., c], atol=0.0005 + 1e-6)
        assert fig.layout.images[c + 1].source == signed_address(part[..., c], fig.layout.coloraxis.cmax)


def test_large_maps_are_drawn_in_blocks(monkeypatch):
    values = RNG.random((7, 10), dtype=np.float32)
    monkeypatch.setattr(figures, "MAP_CELLS", 12)
    drawn = go.Figure()
    for how in (np.nanmax, np.nanmean):
        figures.add_map(drawn, values, how, 1, "value")
    largest, means = (heat.z for heat in drawn.data)
    assert largest.shape == means.shape == (3, 4)
    assert drawn.data[0].dx == 3
    assert largest[1, 2] == values[3:6, 6:9].max()
    assert means[2, 3] == pytest.approx(values[6:, 9:].mean())
    fig = run(sdnet(), PICTURE, Params(lam=0.05))
    heat = figures.code_map(fig, PICTURE, 0).figure.data[0]
    assert heat.dx == heat.dy > 1
    assert heat.x0 == (heat.dx - 1) / 2


def test_tables_hold_the_numbers(result):
    wall, curve = figures.wall_table(result), figures.curve_table(result)
    assert wall["atom"] == result.order.tolist()
    np.testing.assert_allclose(curve["PSNR against the coded picture, dB"], result.psnr, atol=1e-3)
    assert f"{result.usage[result.order[0]]:.0%}" in study.finding(result)
    assert "strongest of 6" in study.said(result, int(result.order[1]))
    assert [study.ordinal(n) for n in (1, 2, 3, 4, 11, 12, 21)] == [
        "",
        "2nd ",
        "3rd ",
        "4th ",
        "11th ",
        "12th ",
        "21st ",
    ]


def test_the_dictionary_is_left_as_it_was(network):
    before = {name: value.clone() for name, value in network.engine.plain.state_dict().items()}
    run(network, PICTURE, Params(lam=0.3, steps=5, solver="paper"))
    after = network.engine.plain.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    layers = [m for m in network.engine.plain.modules() if isinstance(m, SparseConv2d)]
    assert [(m.lam, m.steps) for m in layers] == [(0.1, 2)]
