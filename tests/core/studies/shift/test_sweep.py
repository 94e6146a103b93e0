"""Does a one-pixel shift change the answer? Brute force, and networks that cannot be fooled."""

import itertools
import json

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.circular import circular_twin
from core.models.small import CifarVGG
from core.pictures.image import from_pixels, png_bytes, thumbnail
from core.pictures.preprocess import BOUNDARIES, field_of_view, shift_offsets, to_tensor
from core.studies import shift
from core.studies.shift import figures, sweep
from core.studies.shift.sweep import LINES, Params, Result, along, consistency, flip_points, flips, worst_shift
from tests.helpers.networks_by_hand import Torus, by_hand, trained, untrained


@pytest.fixture(scope="module")
def pair():
    return [trained(), untrained("cifar_vgg_blur3")]


@pytest.fixture(scope="module")
def result(pair, cat):
    return sweep.run(pair, cat, Params(3))


def made_up(seed=0, models=1, reach=2, classes=3):
    """A Result whose answers were thrown with dice."""
    dice = np.random.default_rng(seed)
    s = (2 * reach + 1) ** 2
    return Result(
        models=tuple(f"network {i}" for i in range(models)),
        labels=tuple(f"class {i}" for i in range(classes)),
        picture="0" * 64,
        max_shift=reach,
        boundary="crop",
        target=classes - 1,
        offsets=shift_offsets(reach),
        probability=dice.random((models, s)).astype(np.float32),
        top1=dice.integers(0, classes, (models, s)),
        top1_probability=dice.random((models, s)).astype(np.float32),
        float32=dice.random((models, s)) < 0.5,
        logit_error=dice.random(models).astype(np.float32),
        mean_top1=dice.integers(0, classes, models),
        mean_probability=dice.random(models),
    )


# ---- the Result ----------------------------------------------------------------------------------


def test_shapes_and_fields(result, pair, cat):
    assert result.models == ("cifar_vgg", "untrained:cifar_vgg_blur3")
    assert result.labels == pair[0].labels
    assert (result.picture, result.max_shift, result.boundary) == (cat.digest, 3, "crop")
    np.testing.assert_array_equal(result.offsets, shift_offsets(3))
    for field in (result.probability, result.top1, result.top1_probability, result.float32):
        assert field.shape == (2, 49)
    assert result.logit_error.shape == (2,)
    assert result.float32.dtype == bool
    assert (result.side, result.centre) == (7, 24)
    assert (result.probability <= result.top1_probability).all()
    assert ((result.probability == result.top1_probability) == (result.top1 == result.target)).all()
    assert not any(isinstance(value, torch.Tensor) for value in vars(result).values())


def test_every_shift_is_what_the_network_says_to_that_crop(result, pair, cat):
    for i, network in enumerate(pair):
        for j in (0, 5, 24, 48):
            dy, dx = (int(v) for v in result.offsets[j])
            crop = sweep.crop_at(cat, network.card, Params(3), dy, dx)
            assert crop.shape == (32, 32, 3)
            with torch.inference_mode():
                p = network.engine.plain(to_tensor(crop, network.preprocessing)[None]).softmax(1)[0]
            assert int(p.argmax()) == result.top1[i, j]
            assert abs(float(p[result.target]) - result.probability[i, j]) < 5e-3


def test_the_target_is_the_first_networks_unshifted_answer(result, pair, cat):
    assert result.target == result.top1[0, result.centre]
    other = (result.target + 1) % 10
    asked = sweep.run(pair, cat, Params(3, target=other))
    assert asked.target == other
    np.testing.assert_array_equal(asked.top1, result.top1)
    assert not np.allclose(asked.probability, result.probability)


def test_crop_at_moves_the_picture(pair, cat):
    card = pair[0].card
    for boundary in BOUNDARIES:
        params = Params(4, boundary)
        view = field_of_view(cat, card, 4, boundary)
        np.testing.assert_array_equal(sweep.crop_at(cat, card, params, 4, -4), view[0:32, 8:40])
        still = sweep.crop_at(cat, card, params, 0, 0)
        np.testing.assert_array_equal(sweep.crop_at(cat, card, params, 1, 0)[1:], still[:-1])


@pytest.mark.parametrize("size", [(1, 1), (5000, 3)])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_odd_pictures_have_an_answer(pair, size, boundary):
    image = from_pixels(np.full((*size, 3), 90, np.uint8))
    swept = sweep.run(pair[:1], image, Params(2, boundary))
    assert np.ptp(swept.probability) < 1e-3  # a flat picture looks the same wherever it is moved
    assert consistency(swept)[0] == 1


def test_boundaries_classes_and_families_that_do_not_exist(pair, cat):
    with pytest.raises(ValueError, match=r"^expected a boundary of crop, .*got 'zero': "):
        Params(2, "zero")
    for target in (10, -1):
        with pytest.raises(ValueError, match=rf"^expected a class of 0 to 9, got {target}: "):
            sweep.run(pair[:1], cat, Params(1, target=target))
    with pytest.raises(ValueError, match=r"^expected networks that share their labels, got .*: compare one family"):
        sweep.run([pair[0], by_hand(Torus())], cat, Params(1))
    with pytest.raises(ValueError, match=r"^expected networks"):
        sweep.run([], cat, Params(1))


# ---- what follows from it ------------------------------------------------------------------------


@pytest.mark.parametrize("max_shift", range(1, 25))
def test_on_the_way_to_the_whole_sweep_the_first_step_is_small(max_shift):
    *before, last = sweep.reaches(max_shift)
    assert last == max_shift
    assert all(2 * near <= far for near, far in itertools.pairwise([*before, last]))
    assert (2 * sweep.reaches(max_shift)[0] + 1) ** 2 == 9


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_what_is_known_of_small_shifts_is_the_middle_of_the_whole_and_is_not_asked_again(pair, cat, boundary):
    params, asked = Params(4, boundary), []
    network = pair[0]
    whole = sweep.answer(network, cat, params)
    inner = sweep.answer(network, cat, params, reach=2)
    assert sweep.reach_of(inner) == 2
    middle = (abs(shift_offsets(4)) <= 2).all(1)
    np.testing.assert_array_equal(inner.top1, whole.top1[middle])
    np.testing.assert_allclose(inner.probability, whole.probability[middle], atol=0.05)  # bfloat16 beside float32
    joined = sweep.answer(network, cat, params, lambda done, of: asked.append(of), inner=inner)
    assert max(asked) == 81 - 25
    np.testing.assert_array_equal(joined.top1, whole.top1)
    np.testing.assert_array_equal(joined.logits[middle], inner.logits)
    np.testing.assert_allclose(joined.probability, whole.probability, atol=0.05)
    np.testing.assert_array_equal(joined.exact[middle], inner.exact)
    assert joined.error >= inner.error
    small = sweep.assemble([network], [inner], cat, params)
    assert (small.max_shift, small.target) == (2, sweep.assemble([network], [joined], cat, params).target)
    np.testing.assert_array_equal(small.offsets, shift_offsets(2))


@pytest.mark.parametrize("reach", [-1, 5])
def test_a_reach_beyond_the_sweep(pair, cat, reach):
    with pytest.raises(ValueError, match=f"expected a reach of 0 to 4 px, got {reach}"):
        sweep.answer(pair[0], cat, Params(4), reach=reach)


@given(st.integers(0, 999), st.integers(1, 4), st.integers(1, 3), st.integers(2, 6))
@settings(max_examples=30, deadline=None)
def test_measures_against_brute_force(seed, models, reach, classes):
    r = made_up(seed, models, reach, classes)
    pairs = list(itertools.permutations(range(len(r.offsets)), 2))
    for i in range(models):
        assert consistency(r)[i] == pytest.approx(np.mean([r.top1[i, a] == r.top1[i, b] for a, b in pairs]))
        assert flips(r)[i] == sum(answer != r.top1[i, r.centre] for answer in r.top1[i])
        assert r.probability[i, worst_shift(r)[i]] == min(r.probability[i])


@pytest.mark.parametrize("line", LINES)
def test_lines_run_through_the_unshifted_picture(line):
    r = made_up(reach=3)
    where = r.offsets[along(r, line)]
    dy, dx = LINES[line]
    assert where.tolist() == [[t * dy, t * dx] for t in range(-3, 4)]
    assert along(r, line)[3] == r.centre


@given(st.integers(0, 999), st.sampled_from(list(LINES)))
@settings(max_examples=20, deadline=None)
def test_flip_points_mark_each_change_of_answer(seed, line):
    r = made_up(seed, models=2, reach=3)
    got = flip_points(r, line)
    assert got.shape == (2, 7)
    for i in range(2):
        said = [int(r.top1[i, r.index(t * LINES[line][0], t * LINES[line][1])]) for t in range(-3, 4)]
        assert got[i].tolist() == [False, *(a != b for a, b in itertools.pairwise(said))]


def test_index_finds_each_shift_and_clamps():
    r = made_up(reach=3)
    assert [r.index(dy, dx) for dy, dx in r.offsets] == list(range(49))
    assert r.offsets[r.index(-9, 50)].tolist() == [-3, 3]


def test_the_finding_counts_what_the_maps_show(result):
    said = sweep.finding(result, ["A", "B"])
    assert result.labels[result.target] in said
    for title, count in zip("AB", flips(result), strict=True):
        assert f"{title} at {count}" in said


def test_the_snippet_makes_the_same_figure_again(result, monkeypatch):
    shown = []
    monkeypatch.setattr(go.Figure, "show", lambda fig: shown.append(fig))
    code = sweep.snippet(result, Params(3), "sample:cat")
    exec(code, {})
    expected = shift.figure(result)
    for got, want in zip(shown[0].data, expected.data, strict=True):
        if want.type == "heatmap":
            np.testing.assert_allclose(got.z, want.z, atol=1e-6)


def test_the_snippet_reads_a_file_of_any_name(result, cat, tmp_path, monkeypatch):
    monkeypatch.setattr(go.Figure, "show", lambda fig: None)
    monkeypatch.chdir(tmp_path)
    name = 'it\'s a "cat" \\ 1.png'
    (tmp_path / name).write_bytes(png_bytes(thumbnail(cat, 80)))
    names = {}
    exec(sweep.snippet(result, Params(2, "reflect", 4), name), names)
    assert (names["result"].target, names["result"].boundary, names["result"].max_shift) == (4, "reflect", 2)
    assert names["result"].picture == thumbnail(cat, 80).digest


# ---- meaning -------------------------------------------------------------------------------------


def test_a_circular_stride_one_network_with_global_pooling_gives_a_flat_map(cat):
    flat, strided = (by_hand(Torus(stride=stride), name=f"stride {stride}") for stride in (1, 2))
    swept = sweep.run([flat, strided], cat, Params(8, "circular"))
    spread = np.ptp(swept.probability, axis=1)
    assert spread[0] < 2e-3  # bfloat16's rounding
    assert spread[1] > 3 * spread[0]  # else the test could not fail
    assert flips(swept)[0] == 0
    assert consistency(swept)[0] == 1
    exact = sweep.run([flat], cat, Params(3, "circular"))
    inexact = sweep.run([flat], cat, Params(3, "crop"))
    assert np.ptp(inexact.probability) > 3 * np.ptp(exact.probability)  # what moves in at the edge is new


@pytest.mark.parametrize("blur", [None, 3])
def test_on_a_torus_moving_by_the_whole_stride_changes_nothing(cat, blur):
    torch.manual_seed(0)
    network = by_hand(circular_twin(CifarVGG(5, blur=blur)).eval(), size=32)
    swept = sweep.run([network], cat, Params(8, "circular"))
    same = [swept.index(dy, dx) for dy in (-8, 0, 8) for dx in (-8, 0, 8)]
    assert np.ptp(swept.probability[0, same]) < 2e-3
    assert len(set(swept.top1[0, same])) == 1


# ---- figures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("models", [1, 3, 5])
def test_every_map_has_a_layer_that_can_be_clicked(models, dark):
    r = made_up(models=models, reach=4)
    fig = figures.maps(r, r.models, chosen=(1, -2), line="diagonal").figure
    json.loads(fig.to_json())
    for i in range(models):
        axis = f"x{i + 1 if i else ''}"
        traces = [trace for trace in fig.data if trace.xaxis == axis]
        heat, layer = traces[0], traces[-1]
        assert heat.type == "heatmap"
        np.testing.assert_array_equal(heat.z, r.probability[i].reshape(9, 9))
        assert (layer.type, layer.mode, layer.opacity) == ("scatter", "markers", 0)
        assert layer.hoverinfo != "skip"
        assert list(zip(layer.y, layer.x, strict=True)) == [tuple(offset) for offset in r.offsets]
        assert list(layer.text) == [r.labels[c] for c in r.top1[i]]
        worst = next(trace for trace in traces if trace.name == "worst shift")
        assert (worst.y[0], worst.x[0]) == tuple(r.offsets[worst_shift(r)[i]])
        chosen = next(trace for trace in traces if trace.name == "chosen shift")
        assert (chosen.y[0], chosen.x[0]) == (1, -2)
        assert f"{flips(r)[i]:,} of 81 differ" in fig.layout.annotations[i].text.replace("<br>", " ")
    assert fig.layout.yaxis.range[0] > fig.layout.yaxis.range[1]  # positive dy is down


@pytest.mark.parametrize("models", [1, 3, 5])
def test_the_line_has_a_cross_at_each_change(models, dark):
    r = made_up(models=models, reach=4)
    fig = figures.line_plot(r, r.models, [None, 2, 3, 5, 7][:models], "diagonal").figure
    json.loads(fig.to_json())
    for i in range(models):
        curve, crosses = fig.data[2 * i : 2 * i + 2]
        np.testing.assert_array_equal(curve.y, r.probability[i, along(r, "diagonal")])
        assert len(crosses.x) == flip_points(r, "diagonal")[i].sum()


def test_the_hero_figure_needs_no_titles(result):
    assert shift.figure(result).layout.annotations[1].text.replace("<br>", "").startswith(f"<b>{result.models[1]}")


def test_the_table_holds_the_same_numbers():
    r = made_up(models=2, reach=2)
    whole, line = figures.sweep_table(r), figures.sweep_table(r, "vertical")
    assert {len(column) for column in whole.values()} == {25}
    assert {len(column) for column in line.values()} == {5}
    assert line["dy"] == [-2, -1, 0, 1, 2]
    assert len(whole) == 6
    np.testing.assert_allclose(whole["P(class 2) network 1"], r.probability[1], atol=1e-5)
    assert whole["top-1 network 0"] == [r.labels[c] for c in r.top1[0]]
