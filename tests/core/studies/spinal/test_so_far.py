"""The answer so far: with all layers it is the head's own, with fewer that of a head with the others cut."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core import networks
from core.compute import gallery
from core.models.spinal import SpinalHead
from core.networks import families, packaged
from core.pictures.samples import load_sample
from core.studies.spinal import answers, photographs, so_far
from core.studies.spinal.so_far import SoFar, told
from core.studies.spinal.transfer import HEADS

SOME = settings(max_examples=20, deadline=None)


def head_of(layers, split=2, width=5, classes=4, seed=0):
    torch.manual_seed(seed)
    return SpinalHead(12, classes, width, layers, split).eval()


def features(seed=1):
    return torch.randn(1, 12, generator=torch.Generator().manual_seed(seed))


def found(probability):
    rows = np.asarray(probability, float)
    return SoFar(rows, np.zeros((len(rows), 1)), (0,) * len(rows), (1,))


# ---- what it is ----------------------------------------------------------------------------------


@SOME
@given(layers=st.integers(2, 9), seed=st.integers(0, 1000))
def test_after_all_layers_it_is_the_heads_own_answer(layers, seed):
    head, x = head_of(layers, seed=seed), features(seed)
    with torch.inference_mode():
        own = head(x).softmax(1)[0].numpy()
    got = so_far.read(head, x)
    np.testing.assert_allclose(got.probability[-1], own, atol=1e-6)
    np.testing.assert_allclose(got.probability.sum(1), 1, atol=1e-6)
    assert got.layers == layers
    assert got.top1[-1] == own.argmax()


@SOME
@given(layers=st.integers(2, 9), data=st.data())
def test_after_k_layers_it_is_a_head_whose_read_out_has_zeros_for_the_layers_below(layers, data):
    k = data.draw(st.integers(1, layers))
    head, x = head_of(layers), features()
    got = so_far.read(head, x)
    with torch.no_grad():
        head.out.linear.weight[:, k * head.width :] = 0
        cut = head(x).softmax(1)[0].numpy()
    np.testing.assert_allclose(got.probability[k - 1], cut, atol=1e-6)


def test_it_tells_what_each_layer_hands_on_and_which_part_it_sees():
    head, x = head_of(5, split=3), features()
    got = so_far.read(head, x)
    assert (got.parts, got.sizes) == ((0, 1, 2, 0, 1), (4, 4, 4))
    with torch.inference_mode():
        np.testing.assert_allclose(got.outputs, head.hidden(x)[0].numpy())
    assert got.outputs.min() >= 0


# ---- when it is sure -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "after"),
    [
        ([[0.9, 0.1]], 1),
        ([[0.4, 0.6], [0.7, 0.3], [0.8, 0.2]], 2),
        ([[0.7, 0.3], [0.4, 0.6], [0.8, 0.2]], 3),  # it wavered
        ([[0.4, 0.35, 0.25], [0.6, 0.3, 0.1]], 2),  # the same answer before, but unsure
        ([[0.9, 0.05, 0.05], [0.45, 0.35, 0.2]], None),  # and unsure in the end
    ],
)
def test_it_is_sure_from_the_layer_on_at_which_it_stays_with_the_answer(rows, after):
    assert found(rows).sure_after == after


def test_the_classes_to_watch_are_the_best_and_those_that_were_likely_on_the_way():
    rows = found([[0.1, 0.1, 0.7, 0.05, 0.05], [0.5, 0.3, 0.01, 0.09, 0.1]])
    assert told(rows, 4) == [0, 1, 4, 2]
    assert told(rows, 2) == [0, 1]
    assert sorted(told(rows, 9)) == [0, 1, 2, 3, 4]


def test_its_table_has_a_row_a_layer():
    rows = so_far.table(found([[0.1, 0.9], [0.8, 0.2]]), ["cat", "dog"], [0])
    assert rows == {
        "layers read": [1, 2],
        "answer so far": ["dog", "cat"],
        "probability": [0.9, 0.8],
        "cat": [0.1, 0.8],
    }


# ---- the networks that come along ----------------------------------------------------------------


def test_the_packaged_digit_head_builds_up_to_its_own_answer():
    network, picture = networks.load(networks.find(families.HEADED["spinal"])), answers.example()
    got = answers.building_up(network, picture)
    result = answers.run([network], picture, answers.Params(("spinal",)))
    np.testing.assert_allclose(got.probability[-1], result.probability[0], atol=1e-5)
    np.testing.assert_allclose(got.probability, so_far.answers(result.contributions, result.bias), atol=1e-6)
    assert got.parts == tuple(result.parts)
    with pytest.raises(ValueError, match="expected a spinal head"):
        answers.building_up(networks.load(networks.find(families.HEADED["fc"])), picture)


@pytest.fixture(scope="module")
def lite0():
    return networks.load(packaged.cards()[gallery.NETWORK])


@pytest.fixture(scope="module")
def photos():
    return gallery.there()


@pytest.fixture(scope="module")
def looked(photos, lite0):
    def at(name):
        return photographs.look(photos, load_sample(name), lite0, photographs.PLAN, {})

    return at


def test_a_look_at_a_photograph_agrees_with_the_answers_of_the_report(looked, photos, lite0):
    look, alone = looked("motorcycle"), photographs.answer(photos, load_sample("motorcycle"), lite0)
    np.testing.assert_allclose(look.answers.probability, alone.probability, atol=1e-6)
    row = look.answers.probability[look.answers.heads.index("spinal")]
    np.testing.assert_allclose(look.so_far.probability[-1], row, atol=1e-5)
    assert look.so_far.layers == photographs.PLAN.layers
    assert look.own[0] in lite0.labels
    assert 0 < look.own[1] <= 1


def test_a_picture_of_none_of_the_classes_is_said_to_be_unlike_them(looked):
    assert not looked("motorcycle").unlike
    assert not looked("coffee").unlike  # a cup is among them
    for name in ("astronaut", "grass"):
        assert looked(name).unlike, name


def test_nineteen_in_twenty_test_photographs_are_not_unlike(photos):
    own = photographs.likenesses(photos)
    share = np.mean([(own > one).mean() >= photographs.UNLIKE for one in own])
    assert share == pytest.approx(1 - photographs.UNLIKE, abs=0.005)


def test_what_comes_along_is_not_trained_again_and_other_settings_are(photos):
    plan = photographs.PLAN
    assert photographs.states(photos, plan) == {}
    assert [h for h in HEADS if photographs.comes_along(h, photographs.Params(epochs=plan.epochs, layers=2))] == [
        "linear",
        "hidden",
    ]
    assert not any(photographs.comes_along(h, photographs.Params(epochs=1)) for h in HEADS)
    few = photographs.Params(epochs=plan.epochs, layers=2, width=3)
    made = photographs.states(photos, few)
    assert {name.partition(".")[0] for name in made} == {"spinal", "matched"}
    nets = photographs.heads(photos, few, made)
    assert isinstance(nets["spinal"], SpinalHead)
    assert len(nets["spinal"].layers) == 2
