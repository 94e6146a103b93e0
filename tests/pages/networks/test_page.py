"""The page of networks: one of the reader's own under the likeliest preprocessings, and what wrong ones cost."""

import html

import pytest
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core import cache, networks
from core.base.prose import sections
from core.models import create_model
from core.networks import lite
from core.networks.families import IMAGENET_MEAN
from pages.parts.common.ways import label
from tests.helpers.pages import APP


def page(**settings):
    app = AppTest.from_file(APP, default_timeout=120)
    app.query_params["study"] = "networks"
    for name, value in settings.items():
        app.query_params[name] = value
    return app.run()


def said(app):
    return " ".join(one.value for one in [*app.markdown, *app.caption])


def opened(data, name="birds.pt"):
    """The page with this file open."""
    cache.wait_until_warm()
    app = page(picture="coffee")
    app.file_uploader(key="networks own weights").set_value((name, data, "")).run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    return app


def groups(app):
    """The titles of the answers in each way."""
    found = [h.proto.body for h in app.get("html") if "px, b" in h.proto.body and "<section>" in h.proto.body]
    return [one.split("</h5>")[0] for one in found[-1].split("<h5>")[1:]]


def test_a_network_of_ones_own_is_shown_in_the_likeliest_ways_and_one_is_chosen_with_a_click():
    app = opened(save(create_model("resnet18", num_classes=3).state_dict()))
    name = "user:birds.pt"
    before = app.session_state["own networks"][name].preprocessing
    assert before.mean == IMAGENET_MEAN
    [radio] = app.radio
    titles = groups(app)
    assert len(titles) == len(radio.options) > 4
    assert [title.startswith("In use: ") for title in titles] == [one == radio.value for one in radio.options]
    assert "Shown the picture in" in said(app)
    signed = next(one for one in radio.options if one.startswith("pixels from −1 to 1"))
    radio.set_value(signed).run()
    assert not app.exception
    after = app.session_state["own networks"][name]
    assert (after.preprocessing.mean, after.preprocessing.resize) == ((0.5,) * 3, before.resize)
    assert after.card.opened.options.mean == (0.5,) * 3
    [in_use] = [title for title in groups(app) if title.startswith("In use: ")]
    assert in_use.startswith("In use: pixels from −1 to 1")
    [radio] = app.radio
    assert any(one.startswith("ImageNet") for one in radio.options)  # and back again


def test_a_file_that_fits_two_builds_is_warned_of_and_asked_as_both():
    app = opened(save(lite.original().state_dict()), "mine.safetensors")
    assert any("These tensors fit two networks" in one.value for one in app.warning)
    assert groups(app)[-1] == html.escape(sections("networks")["other build"])
    assert len(groups(app)) == len(app.radio[0].options) + 1
    assert "What the wrong one costs lite0 itself" in said(app)


@pytest.mark.parametrize("arch", ["lite0_blur5", "lite0_sparse"])
def test_no_other_build_of_a_copy_of_lite0_is_told_of(arch):
    app = opened(save(networks.load(networks.find(arch)).engine.plain.state_dict()), "mine.safetensors")
    assert not app.warning
    assert len(groups(app)) == len(app.radio[0].options)


def test_what_wrong_ones_cost_is_there_when_asked_for():
    app = page(**{"networks-preprocessing": "true", "networks-statistics": "true"})
    assert not app.exception
    words = said(app)
    for told in (
        "cost lite0 ",
        "Estimated anew, they cost",
        "receptive measure preprocessing",
        "on 256 of the pictures",
    ):
        assert told in words
    assert [len(one.value) for one in app.dataframe] == [9, 5]


def test_ways_are_told_apart_by_their_words():
    from core.networks.likely import likely

    words = [label(way) for way in likely(lite.PREPROCESSING, lite.PREPROCESSING)]
    assert len(set(words)) == len(words) == 6
