"""The held slot of the tray on every study's page, and the page of networks."""

import pytest
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core.models import create_model
from core.overview import coverage
from core.studies import STUDIES
from tests.helpers.pages import APP

QUICK = {"shift_sweep": {"shift-R": "2"}, "patch_evidence": {"patch-resolution": "coarse"}}
DEFAULT_TIMEOUT = 120


def page(study, **settings):
    app = AppTest.from_file(APP, default_timeout=DEFAULT_TIMEOUT)
    app.query_params["study"] = study
    for name, value in settings.items():
        app.query_params[name] = value
    return app.run()


def said(app):
    return " ".join(m.value for m in app.markdown)


@pytest.mark.parametrize("slug", [study.slug for study in STUDIES])
def test_every_study_shows_the_held_picture_beside_the_chosen_one(slug):
    app = page(slug, beside="coffee", **QUICK.get(slug, {}))
    for _ in range(20):  # the random features page prepares its spaces without holding up the rest
        if "Held beside it" in said(app):
            break
        app.run()
    assert not app.exception
    assert "Held beside it" in said(app)
    app.sidebar.button(key="tray let go").click().run()
    assert not app.exception
    assert "Held beside it" not in said(app)


def test_holding_swapping_and_letting_go():
    app = page("shift_sweep", **QUICK["shift_sweep"])
    app.sidebar.button(key="tray hold").click().run()
    assert app.sidebar.selectbox(key="beside").value == "cat"
    assert "Held beside it" not in said(app)  # the same picture
    app.sidebar.selectbox(key="picture").set_value("coffee").run()
    assert "Held beside it: Chelsea the cat" in said(app)
    app.sidebar.button(key="tray swap").click().run()
    assert (app.sidebar.selectbox(key="picture").value, app.sidebar.selectbox(key="beside").value) == ("cat", "coffee")
    assert "Held beside it: Cup of coffee" in said(app)
    assert not app.exception


def test_the_networks_page_opens_with_the_matrix():
    app = page("networks")
    assert not app.exception
    assert "pairs of" in said(app)
    assert len(app.get("plotly_chart")) == 1
    assert len(app.get("page_link")) >= 5
    app.segmented_control(key="networks-which").set_value("yours").run()
    assert any("You have not brought a network yet" in i.value for i in app.info)


def test_your_own_network_stands_in_the_matrix_and_in_the_choosers():
    app = page("networks")
    data = save(create_model("cifar_vgg_blur3", num_classes=3).state_dict())
    app.file_uploader(key="networks own weights").set_value(("birds.pt", data, "")).run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert app.selectbox(key="networks-one").value == "user:birds.pt"
    assert "your own weights" in said(app)
    links = [cell for cell in coverage.PARTS if cell.address]
    assert len(app.get("page_link")) >= len(links) - 2
    app.segmented_control(key="networks-which").set_value("yours").run()
    assert "1 networks" in said(app)


def test_a_torchvision_network_is_offered_and_not_fetched_unasked():
    app = page("networks")
    app.segmented_control(key="networks own way").set_value("torchvision").run()
    app.selectbox(key="networks own torchvision").set_value("squeezenet1_1").run()
    assert not app.exception
    assert any("fetched from their owners only when you ask" in i.value for i in app.info)
    app.segmented_control(key="networks own way").set_value("a package").run()
    assert "entry-points" in said(app)
