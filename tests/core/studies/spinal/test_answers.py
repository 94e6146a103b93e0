"""What the heads answer to one digit: sums over layers, findings, figures, and the part of the page."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from core import networks
from core.base.softmax import softmax
from core.data.sets import DIGITS
from core.networks import families, packaged
from core.networks.card import Card
from core.pictures.digit_form import as_mnist
from core.pictures.image import from_pixels
from core.pictures.preprocess import Preprocessing, to_tensor
from core.studies.spinal import answers, answers_figures
from core.studies.spinal import answers_figures as spinal_answers_figures
from core.studies.spinal.answers import Params, example, run

ARCHS = {"fc": "small_cnn", "spinal": "spinal_small_cnn", "fc-matched": "matched_small_cnn"}
HEADS = tuple(ARCHS)


def network(arch):
    """Random weights (seed 0), one channel."""
    card = Card(f"untrained:{arch}", arch, "mnist", "untrained", "made for a test", 28)
    return packaged.build(card, None, DIGITS, Preprocessing(28, (0.13,), (0.31,)))


@pytest.fixture(scope="module")
def heads():
    return [network(arch) for arch in ARCHS.values()]


@pytest.fixture(scope="module")
def result(heads):
    return run(heads, example())


def scribble(seed):
    dice = np.random.default_rng(seed)
    return from_pixels((dice.random((20, 16, 3)) * 255).astype(np.uint8))


# ---- sums ----------------------------------------------------------------------------------------


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_layers_and_bias_add_up_to_the_logits_and_those_to_the_answer(heads, seed):
    picture = scribble(seed)
    found = run(heads, picture)
    assert found.contributions.shape == (6, 10)
    np.testing.assert_allclose(found.total, found.logits[HEADS.index("spinal")], atol=1e-5)
    np.testing.assert_allclose(softmax(found.logits), found.probability, atol=1e-6)
    for i, net in enumerate(heads):
        x = to_tensor(as_mnist(picture), net.preprocessing)
        with torch.inference_mode():
            own = net.engine.plain(x)[0].numpy()  # ends in log-softmax
        np.testing.assert_allclose(found.logits[i] - np.log(np.exp(found.logits[i]).sum()), own, atol=1e-5)
        np.testing.assert_allclose(np.exp(own), found.probability[i], atol=1e-6)


def test_a_layer_that_the_read_out_does_not_weigh_adds_nothing():
    spinal = network("spinal_small_cnn")
    head = spinal.engine.exact.head
    with torch.no_grad():
        head.out.linear.weight[:, 2 * head.width : 3 * head.width] = 0
    found = run([spinal], example(), Params(("spinal",)))
    assert not found.contributions[2].any()
    assert np.abs(found.contributions).sum(1)[[0, 1, 4, 5]].all()


def test_the_layers_say_which_part_they_see(result):
    assert result.parts.tolist() == [0, 1, 0, 1, 0, 1]
    names = answers.row_names(result)
    assert names[:2] == ["layer 1, sees A", "layer 2, sees B"]
    assert names[-2:] == ["bias", "logit"]


def test_what_is_shown_is_the_picture_in_mnist_s_form(result):
    np.testing.assert_array_equal(result.shown, as_mnist(example())[0, :, :, 0])
    assert result.picture == example().digest


# ---- what is refused -----------------------------------------------------------------------------


def test_networks_and_heads_must_agree(heads):
    with pytest.raises(ValueError, match=r"^expected a network for each of fc, spinal, got 1"):
        run(heads[:1], example(), Params(("fc", "spinal")))
    with pytest.raises(ValueError, match=r"^expected a spinal head, got untrained:small_cnn"):
        run(heads[:1], example(), Params(("spinal",)))
    with pytest.raises(ValueError, match=r"^expected networks that share their labels"):
        run([], example())


def test_a_network_without_a_head_is_refused():
    with pytest.raises(ValueError, match=r"^expected a backbone under a head, got digits_cnn"):
        run([networks.load(networks.find("digits_cnn"))], example(), Params(("fc",)))


# ---- words, tables and figures -------------------------------------------------------------------


def with_answers(result, *, said, sure=0.9):
    probability = np.full((3, 10), (1 - sure) / 9)
    probability[np.arange(3), said] = sure
    return dataclasses.replace(result, probability=probability)


def test_the_finding_says_whether_the_heads_agree(result):
    agreed = answers.finding(with_answers(result, said=[7, 7, 7]))
    assert agreed == "All heads say 7: FC 0.90, spinal 0.90, FC matched 0.90."
    split = answers.finding(with_answers(result, said=[7, 1, 7], sure=0.6))
    assert split == "The heads disagree: FC says 7 (0.60), spinal says 1 (0.60), FC matched says 7 (0.60)."


def test_one_head_alone_neither_agrees_nor_disagrees(heads):
    one = run(heads[:1], example(), Params(("fc",)))
    assert answers.finding(one).startswith("FC says ")
    assert one.contributions.shape == (0, 10)
    assert one.parts.shape == (0,)


def test_the_strongest_layer_and_those_against_it_are_named(result):
    added = np.zeros((6, 10), np.float32)
    added[3, 4], added[1, 9], added[0, 4], added[4, 9] = 5, 0.5, 1, 0.25
    by_hand = dataclasses.replace(result, contributions=added, bias=np.eye(10, dtype=np.float32)[9])
    assert answers.layers_finding(by_hand) == (
        "The spinal head's logit for 4 leads that for 9 by 4.25: layer 4 of 6 adds most to the lead, +5.00; "
        "layers 2 and 5 take 0.75 from it; the bias adds -1.00."
    )
    added[1] = added[4] = 0
    assert "no layer takes from it" in answers.layers_finding(by_hand)
    added[1, 9] = 0.5
    assert "layer 2 takes 0.50 from it" in answers.layers_finding(by_hand)


def test_tables_hold_every_number(result):
    table = answers.table(result)
    assert table["class"] == list(DIGITS)
    np.testing.assert_allclose(table["spinal, probability"], result.probability[1], atol=1e-4)
    layers = answers.layer_table(result)
    assert len(layers) == 11
    for k, label in enumerate(DIGITS):
        assert len(layers[label]) == 8
        assert sum(layers[label][:-1]) == pytest.approx(layers[label][-1], abs=0.01)
        assert layers[label][-1] == pytest.approx(result.logits[1, k], abs=0.01)


def test_figures_show_every_head_and_layer(result, dark):
    bars = spinal_answers_figures.answers(result).figure
    assert len(bars.data) == 3
    assert len({bar.marker.color for bar in bars.data}) == 3
    for bar, p in zip(bars.data, result.probability, strict=True):
        np.testing.assert_allclose(bar.y, p)
    names = " ".join(note.text for note in bars.layout.annotations)
    assert all(word in names for word in ("FC<", "spinal", "FC matched"))
    [heat] = answers_figures.contributions(result).figure.data
    assert heat.zmin == -heat.zmax
    assert heat.z.shape == (8, 10)
    np.testing.assert_allclose(heat.z[-1], heat.z[:-1].sum(0), atol=1e-5)


# ---- the part of the page ------------------------------------------------------------------------


def script():
    import numpy as np
    import streamlit as st

    from core.pictures.image import from_pixels
    from pages.parts.common import at_hand
    from pages.parts.common.tray import Picture
    from pages.parts.spinal import answers as spinal_answers
    from pages.parts.spinal import hero

    at_hand.own_networks().update(st.session_state["for the test"])
    pixels = np.full((60, 60, 3), 255, np.uint8)
    pixels[8:52, 27:33] = 0
    picture = Picture("drawing", "Yours", from_pixels(pixels), None)
    st.session_state["tray picture"] = picture
    spinal_answers.show(hero.places(), picture.image, picture.title, picture, None)


def part(monkeypatch, heads, names=None):
    own = {net.card.name: net for net in heads}
    monkeypatch.setattr(families, "HEADED", names or dict(zip(HEADS, own, strict=True)))
    app = AppTest.from_function(script, default_timeout=60)
    app.session_state["for the test"] = own
    return app.run()


def said(app):
    return next(m.value for m in app.markdown if m.value.startswith("#### "))


def test_a_drawing_is_read_at_once_and_doubt_comes_first(monkeypatch, heads):
    app = part(monkeypatch, heads)
    assert not app.exception
    assert "not sure even after all 6 layers" in said(app)  # of random weights
    lines = [m.value for m in app.markdown]
    assert lines.index(said(app)) > next(i for i, m in enumerate(lines) if "does not know this picture well" in m)
    assert app.subheader[0].value == "What does each layer add?"


def test_weights_that_are_not_here_are_one_sentence(monkeypatch, heads):
    nowhere = {head: f"nowhere_{arch}" for head, arch in ARCHS.items()}
    app = part(monkeypatch, heads, names=nowhere)
    assert not app.exception
    assert not app.subheader
    [info] = app.info
    assert info.value.startswith("Not on this machine yet: nowhere_small_cnn, nowhere_spinal_small_cnn, ")
    assert "`receptive train nowhere_small_cnn`" in info.value
    some = nowhere | {"fc": "untrained:small_cnn"}
    app = part(monkeypatch, heads, names=some)
    assert not app.exception
    assert said(app).startswith("#### Plain head says **")
    assert not app.subheader  # no spinal head, no layers


# ---- the packaged heads --------------------------------------------------------------------------

DRAWN = {  # polylines in hundredths of the pad
    "1": [(40, 25), (52, 15), (52, 85)],
    "2": [(30, 30), (45, 15), (65, 22), (65, 40), (32, 82), (72, 82)],
    "3": [(30, 20), (60, 15), (68, 30), (45, 47), (70, 62), (60, 84), (28, 80)],
    "4": [(58, 85), (58, 15), (25, 60), (75, 60)],
    "7": [(28, 18), (72, 18), (45, 85)],
}


@pytest.mark.parametrize("digit", DRAWN)
def test_the_packaged_heads_read_what_is_drawn(digit):
    pad = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(pad).line([(2.8 * x, 2.8 * y) for x, y in DRAWN[digit]], fill="black", width=24, joint="curve")
    nets = [networks.load(networks.find(name)) for name in families.HEADED.values()]
    found = run(nets, from_pixels(np.asarray(pad)))
    assert answers.finding(found).startswith(f"All heads say {digit}: ")
    best = int(digit)
    assert found.logits[1, best] == pytest.approx(found.contributions[:, best].sum() + found.bias[best], abs=1e-4)
