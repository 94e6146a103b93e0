"""The frames that the page plays, and what is said of turning lambda: against the network asked once a lambda."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from core.compute import coded
from core.pictures import noise
from core.pictures.noise import Arrived
from core.studies import first_look
from core.studies.sparse import codes, frames
from core.studies.sparse.codes import OPENING, Params
from core.studies.sparse.frames import Frames, contrasted, resting, span, told
from tests.core.studies.sparse.test_codes import plain, sdnet


@pytest.fixture(scope="module")
def pair():
    return [sdnet(), plain()]


@pytest.fixture(scope="module")
def played(pair, cat):
    return frames.run(pair, cat, Params("impulse", 0.15))


def read(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB"))


def answered(right, trained=2, noise="impulse"):
    """Frames of two classes whose answer is class 1, the clean one, where `right`."""
    lams = np.round(0.05 * np.arange(len(right)), 2)
    logits = np.array([[0.0, 1.0] if one else [1.0, 0.0] for one in right])
    curves = codes.Curves(np.nan, lams, lams, lams, logits, np.empty(0))
    return Frames(
        ("a",), ("no", "yes"), "digest", noise, 0.1, 0, float(lams[trained]), 1, 1, curves, np.array([0.0, 1.0]),
        np.empty(0), "", "", ("",) * len(right), Arrived(0.1, 0.0),
    )  # fmt: skip


def test_every_frame_is_what_the_network_answers_and_rebuilds_at_its_lambda(played, pair, cat):
    clean, noisy = codes.pictures(cat, Params("impulse", 0.15), pair[0].preprocessing)
    assert len(played.rebuilt) == len(played.curves.lams) == len(played.answers)
    for lam in (0.0, 0.4, 1.5):
        at = played.at(lam)
        want = coded.code(pair[0], noisy, lam, Params.steps, Params.solver)
        shown = contrasted(want.reconstruction, clean)
        np.testing.assert_allclose(read(played.rebuilt[at]), shown.clip(0, 1) * 255, atol=1.01)
        with torch.inference_mode():
            logits = pair[0].engine.plain(coded.to_input(pair[0], noisy)[None], lam)[0].softmax(0).numpy()
        assert played.best(at)[0] == (pair[0].labels[logits.argmax()], pytest.approx(logits.max(), abs=1e-4))
        assert [share for _, share in played.best(at)] == sorted((s for _, s in played.best(at)), reverse=True)
    np.testing.assert_array_equal(read(played.noisy), (noisy * 255).round())
    np.testing.assert_array_equal(read(played.clean), (clean * 255).round())
    assert played.arrived == noise.arrived(clean, noisy)
    assert len(played.twin_best) == frames.TOP
    np.testing.assert_allclose(played.twin_clean, coded.answer(pair[1], clean), rtol=1e-5)
    assert frames.run(pair[:1], cat, Params()).twin_best == []


def test_the_few_that_come_first_are_of_the_whole_and_are_not_made_again(played, pair, cat):
    params, made = Params("impulse", 0.15), []
    few = frames.run(pair, cat, params, few=True)
    assert played.whole
    assert not few.whole
    assert 4 * len(few.curves.lams) < len(played.curves.lams) + 8
    assert few.training_lam in few.curves.lams
    whole = frames.run(pair, cat, params, lambda done, of: made.append(of), known=few)
    assert max(made) < len(played.curves.lams)
    assert whole.whole
    for name in ("lams", "nonzero", "psnr", "logits", "twin_logits"):
        want = getattr(played.curves, name)
        np.testing.assert_allclose(getattr(whole.curves, name), want, rtol=1e-4, atol=1e-4)
    for ours, want in zip(whole.rebuilt, played.rebuilt, strict=True):
        np.testing.assert_allclose(read(ours).astype(int), read(want), atol=1.01)
    for lam, address in zip(few.curves.lams, few.rebuilt, strict=True):
        assert whole.rebuilt[whole.at(lam)] == address
    assert told(few).label == told(whole).label


def test_the_frames_do_not_hang_on_the_lambda_that_is_chosen(pair, cat):
    asked = Params(), Params(lam=1.0, resolution="own")
    one, other = (frames.run(pair[:1], cat, params) for params in asked)
    assert one.rebuilt == other.rebuilt
    assert len({frames.without_lambda(params) for params in asked}) == 1


def test_large_pictures_are_compressed_and_close():
    dice = np.random.default_rng(0)
    smooth = np.kron(dice.integers(40, 200, (8, 8, 3)), np.ones((28, 28, 1))).astype(np.uint8)
    address = frames.address(smooth)
    assert address.startswith("data:image/webp;base64,")
    assert len(address) < 20_000
    assert np.abs(read(address).astype(int) - smooth).mean() < 4


def test_what_is_rebuilt_has_the_contrast_of_the_photo_but_not_beyond_measure():
    dice = np.random.default_rng(0)
    photo = dice.random((9, 8, 3))
    pale = 0.5 + 0.3 * (photo - 0.5)
    np.testing.assert_allclose(contrasted(pale, photo), photo, atol=1e-6)
    flat = 0.5 + 1e-3 * (photo - 0.5)
    assert contrasted(flat, photo).std() == pytest.approx(
        np.std(photo.mean((0, 1)) + frames.MOST * (flat - flat.mean((0, 1))))
    )
    assert np.isfinite(contrasted(np.zeros((2, 2, 3)), photo)).all()


@pytest.mark.parametrize(
    ("right", "kind", "first", "last"),
    [
        ([0, 0, 0, 1, 1, 0, 0], "rescued", 0.15, 0.2),
        ([0, 0, 0, 1, 0, 1, 1], "rescued", 0.25, 0.3),  # the longest run
        ([1, 0, 0, 0, 0, 0, 1], "rescued", 0.3, 0.3),  # above before below
        ([1, 1, 0, 0, 0, 0, 0], "rescued", 0.0, 0.05),
        ([0, 0, 0, 0, 0, 0, 0], "fooled", 0.0, 0.0),
        ([0, 0, 1, 1, 0, 1, 0], "lost", 0.2, 0.0),
        ([0, 0, 1, 1, 1, 1, 1], "stays", 0.0, 0.0),
    ],
)
def test_what_is_told_is_what_the_answers_do(right, kind, first, last):
    found = told(answered(right))
    assert (found.kind, found.label, found.noisy) == (kind, "yes", "yes" if right[2] else "no")
    assert (found.first, found.last) == (pytest.approx(first), pytest.approx(last))
    assert found.other == ("no" if kind == "lost" else "")
    assert found.sure == pytest.approx(np.e / (1 + np.e))


def test_lambda_rests_in_the_middle_of_where_the_answer_is_back_else_as_trained():
    assert resting(answered([0, 0, 0, 1, 1, 1, 0])) == pytest.approx(0.2)
    assert resting(answered([0, 0, 0, 0, 0, 0, 0])) == pytest.approx(0.1)
    assert resting(answered([1, 1, 1, 1, 0, 0, 0])) == pytest.approx(0.1)


def test_without_noise_there_is_nothing_to_rescue():
    assert told(answered([1] * 7, noise="none")).kind == "none"
    assert span(np.zeros(5, bool), 2) is None


def test_the_packaged_opening_is_a_rescue_and_what_is_computed_now(sample_pair):
    nets, image = sample_pair
    cards = [network.card for network in nets]
    packaged = first_look.find("sparse_frames", Frames, cards, image.digest, frames.without_lambda(OPENING))
    found = told(packaged)
    assert (found.kind, found.label) == ("rescued", "tiger cat")
    assert found.first <= OPENING.lam <= found.last
    assert len(packaged.rebuilt) == len(packaged.curves.lams)
    few = replace(OPENING, lam=0.1)
    _, noisy = codes.pictures(image, few, nets[0].preprocessing)
    along = coded.along_lambda(nets[0], noisy, np.array([0.1, OPENING.lam]), few.steps, few.solver)
    for lam, logits in zip((0.1, OPENING.lam), along.logits, strict=True):
        np.testing.assert_allclose(packaged.curves.logits[packaged.at(lam)], logits, atol=0.02)


@pytest.fixture(scope="module")
def sample_pair():
    from core import networks
    from core.networks import families
    from core.pictures.samples import DEFAULT_SAMPLE, load_sample

    return [networks.load(networks.find(name)) for name in families.DEFAULT_SDNETS], load_sample(DEFAULT_SAMPLE)
