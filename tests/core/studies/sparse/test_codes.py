"""Can a network see through noise? Closed forms, the plain loop, and what must follow lambda."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio

from core.compute import coded
from core.figures.palette import paint
from core.models.sdnet import SDNet
from core.pictures import noise
from core.pictures.image import from_pixels
from core.pictures.preprocess import Preprocessing, at_most, square
from core.studies.sparse import codes, figures, why_figures
from core.studies.sparse.codes import LAMBDAS, Params, answers, finding, psnr
from core.studies.sparse.dataset import Fit
from core.studies.sparse.why_figures import shrink
from tests.helpers.networks_by_hand import by_hand, trained, untrained


def sdnet(seed=0, classes=5, **options):
    """A narrow SDNet whose steps fit its dictionary."""
    torch.manual_seed(seed)
    net = SDNet(18, classes, width=6, **options)
    net.fit_steps((32, 32))
    return by_hand(net, size=32, classes=classes, name=f"sdnet {seed}")


@pytest.fixture(scope="module")
def pair():
    return [sdnet(), plain()]


def plain():
    torch.manual_seed(2)
    return by_hand(SDNet(18, 5, width=6, coded="none"), size=32, name="twin")


@pytest.fixture(scope="module")
def result(pair, cat):
    return codes.run(pair, cat, Params())


# ---- the Result ----------------------------------------------------------------------------------


def test_shapes_and_fields(result, pair, cat):
    assert (result.models, result.labels) == (("sdnet 0", "twin"), pair[0].labels)
    assert result.picture == cat.digest
    assert result.clean.shape == result.noisy.shape == result.reconstruction.shape == (32, 32, 3)
    count = len(result.lams)
    assert count >= len(LAMBDAS)
    assert (np.diff(result.lams) > 0).all()
    assert result.nonzero.shape == result.psnr.shape == (count,)
    assert result.logits.shape == (count, 5)
    assert result.twin_logits.shape == (5,)
    assert math.isnan(result.estimated_lam)
    assert not any(isinstance(value, torch.Tensor) for value in vars(result).values())


def test_logits_are_those_of_the_network_asked_once_a_lambda(result, pair):
    x = coded.to_input(pair[0], result.noisy)[None]
    with torch.inference_mode():
        for lam in (0.0, 0.1, 0.4, 1.5):
            want = pair[0].engine.plain(x, lam)[0].numpy()
            np.testing.assert_allclose(result.logits[result.at(lam)], want, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(result.twin_logits, pair[1].engine.plain(x)[0].numpy(), rtol=1e-4, atol=1e-4)


def test_fewer_codes_are_not_zero_as_lambda_grows(result):
    assert (np.diff(result.nonzero) <= 1e-6).all()
    assert result.nonzero[0] > result.nonzero[-1]
    assert result.shown_nonzero == pytest.approx(result.nonzero[result.at(result.lam)])


def test_the_pictures_shown_are_those_of_the_curve(result):
    assert psnr(result.clean, result.reconstruction) == pytest.approx(result.psnr[result.at(result.lam)], abs=1e-3)
    np.testing.assert_allclose(result.residual, result.noisy - result.reconstruction)


def test_curves_that_are_known_save_the_work_and_change_nothing(pair, cat, result):
    curves, rebuilt = codes.swept(pair, cat, Params())
    assert rebuilt.shape == (len(curves.lams), 32, 32, 3)
    known = replace(curves, nonzero=curves.nonzero + 1)  # so that they are told from others
    found = codes.run(pair, cat, Params(), curves=known)
    np.testing.assert_array_equal(found.nonzero, known.nonzero)
    np.testing.assert_allclose(found.logits, result.logits, rtol=1e-5)
    anew = codes.run(pair, cat, Params(lam=0.123), curves=known)  # a lambda that they lack
    assert 0.123 in anew.lams
    assert (anew.nonzero <= 1).all()


def test_the_objective_of_ista_never_rises_and_fista_ends_lower(pair, cat):
    values = codes.descend(pair[0], cat, Params())
    assert values.shape == (3, codes.CURVE_STEPS)
    textbook, paper, ista = values
    assert (np.diff(ista) <= 1e-4 * ista[0]).all()
    assert textbook[-1] < ista[-1]
    np.testing.assert_allclose(textbook[:2], paper[:2], rtol=1e-5)
    assert abs(textbook[5] - paper[5]) > 1e-6 * textbook[5]


def test_the_photograph_is_coded_at_its_own_resolution(pair, cat, result):
    own = codes.run(pair, cat, Params(resolution="own"))
    assert own.clean.shape == own.reconstruction.shape == cat.pixels.shape
    np.testing.assert_allclose(own.clean, cat.pixels / 255, atol=1e-6)
    np.testing.assert_allclose(own.logits, result.logits, rtol=1e-5)


def test_a_picture_of_many_megapixels_is_scaled_down_to_a_stated_size(pair):
    large = from_pixels(np.tile(np.arange(256, dtype=np.uint8), (3000, 16))[..., None].repeat(3, 2))
    found = codes.run(pair[:1], large, Params(resolution="own", noise="none", level=0))
    height, width = found.clean.shape[:2]
    assert codes.OWN_PIXELS * 0.99 < height * width <= codes.OWN_PIXELS
    assert width / height == pytest.approx(4096 / 3000, rel=0.01)


def test_without_noise_and_without_a_price_more_steps_rebuild_the_picture_better(pair, cat):
    few, many = (codes.run(pair[:1], cat, Params("none", 0, 0.0, steps)).psnr[0] for steps in (2, 50))
    assert many > few + 3


def test_the_same_seed_gives_the_same_noise_and_another_one_another(cat):
    prep = Preprocessing(32, (0.5,) * 3, (0.5,) * 3)
    one, same, other = (codes.pictures(cat, Params(seed=seed), prep)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_fit_gives_the_lambda_that_the_residual_asks_for(pair, cat):
    small, large = (
        codes.run(
            pair[:1], cat, Params(level=level), fit=Fit(2.0, 0.05, (0.1, 1.4), np.empty(0), np.empty(0), ())
        ).estimated_lam
        for level in (0.02, 0.2)
    )
    assert 0 < small < large


# ---- what is said --------------------------------------------------------------------------------


def test_the_finding_says_what_the_numbers_say(result):
    said = finding(result, ["SDNet", "twin"])
    assert f"λ = {result.lam:g}, {result.shown_nonzero:.0%} of the codes" in said
    for answer in answers(result, ["SDNet", "twin"]):
        assert f"{answer.label} ({answer.probability:.2f})" in said
    assert said.endswith(f"its plain twin {answer.label} ({answer.probability:.2f}).")
    assert "twin" not in finding(replace(result, twin_logits=np.empty(0)), ["SDNet"])


def test_the_noise_is_told_with_what_arrived_of_it(result, pair, cat):
    clean, noisy = result.clean.astype(float), result.noisy.astype(float)
    assert result.arrived.deviation == pytest.approx((noisy - clean).std())
    assert result.arrived.shift == pytest.approx((noisy - clean).mean())
    told = codes.noise_words("gaussian", 0.2, noise.Arrived(0.1804, -0.00004))
    assert told == "With noise: gaussian, σ = 0.2; deviation 0.180 arrived, mean moved by +0.000"
    assert codes.noise_words("none", 0.0, noise.Arrived(0.0, 0.0)) == "The photo, without noise"
    small, large = (codes.run(pair, cat, Params("gaussian", 0.1, resolution=at)) for at in codes.RESOLUTIONS)
    assert small.arrived != large.arrived  # each is of the picture that is shown


def test_answers_say_how_their_lambda_was_come_by(result):
    found = answers(replace(result, estimated_lam=0.7), ["SDNet", "twin"])
    assert [a.lam for a in found] == [0.2, 0.1, 0.7, None]
    assert [a.rule.split()[0] for a in found] == ["chosen", "as", "estimated", "no"]
    for answer in found[:3]:
        p = result.probability[result.at(answer.lam)]
        assert answer.probability == pytest.approx(p.max())


@given(st.integers(0, 2**31), st.floats(0.001, 0.5))
@settings(max_examples=20, deadline=None)
def test_psnr_is_scikit_images(seed, spread):
    dice = np.random.default_rng(seed)
    clean = dice.random((8, 9, 3))
    other = clean + spread * dice.standard_normal(clean.shape)
    assert psnr(clean, other) == pytest.approx(peak_signal_noise_ratio(clean, other, data_range=1))
    assert psnr(clean, clean) == math.inf


@given(st.floats(-2, 2), st.floats(0, 2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_toys_code_is_the_minimum(v, lam, non_negative):
    z = float(shrink(np.array([v]), lam, non_negative)[0])
    grid = np.linspace(0 if non_negative else -3, 3, 2001)
    cost = 0.5 * (v - grid) ** 2 + lam * np.abs(grid)
    assert 0.5 * (v - z) ** 2 + lam * abs(z) <= cost.min() + 1e-12


def test_the_toy_leaves_noise_first_and_nothing_at_the_end():
    found = why_figures.codes()
    assert found.shape == (len(why_figures.LAMS), len(why_figures.RESPONSES))
    np.testing.assert_allclose(found[0], why_figures.RESPONSES)
    assert not found[-1].any()
    left = (found > 0).astype(int)
    assert (np.diff(left, axis=0) <= 0).all()
    picture = list(why_figures.OF_PICTURE)
    noise_gone = next(i for i, row in enumerate(left) if not np.delete(row, picture).any())
    assert left[noise_gone, picture].all()


# ---- bad input -----------------------------------------------------------------------------------


def test_a_network_without_a_dictionary_is_refused(cat):
    with pytest.raises(ValueError, match="expected an SDNet, got cifar_vgg"):
        codes.run([trained()], cat, Params())
    with pytest.raises(ValueError, match="expected an SDNet, got twin"):
        codes.run([plain()], cat, Params())


@pytest.mark.parametrize("shape", [(1, 1), (2, 3000), (3000, 2), (33, 31)])
@pytest.mark.parametrize("resolution", ["network", "own"])
def test_odd_pictures_are_coded(pair, shape, resolution):
    image = from_pixels(np.full((*shape, 3), 90, np.uint8))
    found = codes.run(pair, image, Params(resolution=resolution))
    assert np.isfinite(found.reconstruction).all()
    assert np.isfinite(found.logits).all()


# ---- files, words and figures --------------------------------------------------------------------


def test_the_snippet_makes_the_figure(cat):
    network = untrained("cifar_sdnet18")
    params = Params(steps=3)
    found = codes.run([network], cat, params)
    scope = {}
    exec(codes.snippet(found, params, "sample:cat").replace("fig.show()", ""), scope)
    assert isinstance(scope["fig"], go.Figure)
    np.testing.assert_allclose(scope["result"].logits, found.logits, rtol=1e-4)


def test_figures_hold_what_they_show(result, pair, cat, dark):
    three = figures.pictures(result, result.models).figure
    assert len(three.layout.images) == 3
    limit = three.layout.coloraxis.cmax
    assert three.layout.coloraxis.cmin == -limit
    left, end = result.residual.mean(2), three.layout.coloraxis.cmax
    drawn = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(three.layout.images[2].source.split(",")[1]))).convert("RGB")
    )
    np.testing.assert_allclose(drawn[::10, ::10].astype(int), paint(left, end), atol=8)
    assert three.data[0].marker.coloraxis == "coloraxis"
    curves = figures.along_lambda(replace(result, estimated_lam=0.7)).figure
    assert {t.name for t in curves.data} >= {"non-zero codes", "PSNR, dB"}
    values = codes.descend(pair[0], cat, Params())
    steps = figures.objective(values, Params()).figure
    np.testing.assert_allclose(steps.data[0].y, values[0])
    assert (steps.data[-1].x[0], steps.data[-1].y[0]) == (2, values[0][1])
    looks = [(line.line.color, line.line.dash) for line in curves.data]
    assert len(set(looks)) == len(looks)  # no two series share a look
    assert len(figures.table(result)["lambda"]) == len(result.lams)


def test_small_pictures_are_enlarged_by_whole_factors_with_hard_pixels(cat):
    pixels = square(cat, 32)
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(figures.enlarged(pixels).split(",")[1]))))
    np.testing.assert_array_equal(drawn[::10, ::10], pixels)
    assert drawn.shape == (320, 320, 3)
    assert at_most(cat, 10**9) is cat.pixels


def test_every_kind_of_noise_can_be_asked_for(pair, cat):
    for kind, about in noise.KINDS.items():
        found = codes.run(pair[:1], cat, Params(kind, about.levels[-1]))
        assert (found.noise, found.level) == (kind, about.levels[-1])
        assert psnr(found.clean, found.noisy) < 30
