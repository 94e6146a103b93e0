"""What a network's answers are remembered under: everything that they depend on."""

import re
from dataclasses import replace

import pytest
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core import cache
from core.networks import packaged, weights
from core.pictures.preprocess import Preprocessing
from tests.helpers.networks_by_hand import Torus, by_hand, trained
from tests.helpers.pages import APP, settled

SESSION = re.compile('"session": "[0-9a-f]+"')  # each tab's own
PREP = Preprocessing(16, (0.5,) * 3, (0.5,) * 3)
OTHERS = {
    "size": replace(PREP, size=17),
    "mean": replace(PREP, mean=(0.5, 0.5, 0.4)),
    "deviation": replace(PREP, std=(0.5, 0.5, 0.4)),
    "light": replace(PREP, bright_on_dark=True),
    "resize": replace(PREP, resize=18),
    "filter": replace(PREP, interpolation="bicubic"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_preprocessing_is_another_identity(what):
    network = replace(by_hand(Torus()), preprocessing=PREP)
    assert network.identity == replace(by_hand(Torus()), preprocessing=PREP).identity
    assert network.identity != replace(network, preprocessing=OTHERS[what]).identity


def test_other_labels_weights_or_architectures_are_other_identities():
    network = by_hand(Torus())
    others = [
        replace(network, labels=("b", *network.labels[1:])),
        replace(network, digest="0" * 64),
        replace(network, card=replace(network.card, arch="other")),
        replace(network, card=replace(network.card, name="other")),
    ]
    assert len({network.identity, *(other.identity for other in others)}) == 5


def test_two_sessions_with_one_file_and_two_preprocessings_get_their_own_answers():
    """Seen in Chromium once: the second session was shown the first one's answer."""
    net = trained().engine.plain
    data = save({name: value.contiguous().clone() for name, value in net.state_dict().items()})
    found = {}
    for std in (0.25, 0.9):
        prep = Preprocessing(32, (0.5,) * 3, (std,) * 3)
        network = packaged.user_network(data, "cifar_vgg", "cifar10", "mine", preprocessing=prep)
        app = AppTest.from_file(APP, default_timeout=120)
        app.session_state["own networks"] = {network.card.name: network}
        query = {"shift-family": "CIFAR-10", "shift-networks-cifar10": "user:mine", "shift-R": "2", "picture": "coffee"}
        for name, value in (query | {"study": "shift_sweep"}).items():
            app.query_params[name] = value
        app.run()
        assert not app.exception
        found[std] = [m.value for m in app.markdown if "** says " in m.value]
        assert found[std]
    assert found[0.25] != found[0.9]


def own_bagnet(std):
    """One weights file in two readers' words: other deviations, and classes the other way round."""
    path = weights.packaged()["photo_bagnet9"]
    state = {name: value.clone() for name, value in weights.read_state(path).items()}
    prep = Preprocessing(64, (0.5,) * 3, (std,) * 3)
    labels = [f"class {i}" for i in (range(20) if std < 0.5 else reversed(range(20)))]
    return packaged.user_network(save(state), "photo_bagnet9", "tiny-imagenet-20", "mine", labels, prep)


def drawn(network):
    """Every figure and caption of a new session's page on a BagNet of its own, once all of it is there."""
    app = AppTest.from_file(APP, default_timeout=120)
    app.session_state["own networks"] = {network.card.name: network}
    query = {"study": "patch_evidence", "patch-family": network.card.family, "patch-resolution": "coarse"}
    for name, value in (query | {"picture": "coffee", "patch alike": "true"}).items():
        app.query_params[name] = value
    settled(app.run())
    found = [element.value for element in (*app.markdown, *app.caption)]
    assert any(text.startswith("Framed: ") for text in found)
    figures = [figure.proto.spec for figure in app.get("plotly_chart")]
    moving = [SESSION.sub("", figure.proto.json) for figure in app.get("bidi_component")]
    return figures + moving, found


def test_a_bagnet_is_shown_nothing_of_the_same_file_in_another_readers_words():
    """What is at hand already may be drawn sooner, and nothing else may differ."""
    first, second = own_bagnet(0.25), own_bagnet(0.9)
    other = drawn(first)
    after = drawn(second)
    cache._jobs.clear()
    alone = drawn(second)
    assert after == alone
    assert [one != two for one, two in zip(other[0], after[0], strict=True)].count(
        True
    ) == 4  # patch, alike, maps, window
