"""The held slot of the tray on every study's page, and the page of networks."""

import io
import re

import pytest
from PIL import Image
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core import cache
from core.models import create_model
from core.networks import packaged
from core.overview import coverage
from core.studies import STUDIES
from tests.helpers.pages import APP, finding, upload

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


def test_a_held_picture_that_is_too_small_to_move_by_its_own_pixels_is_told():
    app = page("shift_sweep", **(QUICK["shift_sweep"] | {"shift-resizer": "opencv", "shift-R": "2"}))
    small = io.BytesIO()
    Image.new("RGB", (12, 9), "red").save(small, "PNG")
    upload(app, ("small.png", small.getvalue()))
    app.sidebar.selectbox(key="picture").set_value("cat").run()
    app.sidebar.selectbox(key="beside").set_value("small.png").run()
    assert not app.exception
    assert "Held beside it: small.png" in said(app)
    assert any(one.value.startswith("This picture is smaller than 12 px") for one in app.info)


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


def warm(app):
    """The page once its networks have answered: the first run does not wait for torch."""
    cache.wait_until_warm()
    app.run()
    assert not app.exception
    return app


def test_the_networks_page_opens_with_what_each_says_of_the_picture():
    app = warm(page("networks", picture="coffee"))
    assert finding(app) == "#### All 6 networks say espresso."
    [cards] = [h.proto.body for h in app.get("html") if "<article>" in h.proto.body]
    assert cards.count("<article>") == cards.count('src="data:image/') == 6
    assert cards.count("<b>espresso</b>") == 6
    for words in ("a public package&#x27;s weights, 89.4% right; sees 224 × 224 px", "Works in all studies"):
        assert words in cards
    assert not app.get("plotly_chart")  # the matrix is folded away


def test_another_family_answers_a_few_at_a_time():
    app = warm(page("networks", **{"networks-family": "CIFAR-10"}))
    counted = lambda: [h.proto.body.count("<article>") for h in app.get("html") if "<article>" in h.proto.body]  # noqa: E731
    assert counted() == [6]
    every = [card for card in packaged.cards().values() if card.family == "cifar10"]
    app.toggle(key="networks-all").set_value(True).run()
    assert counted() == [len(every)]
    assert re.match(rf"#### \d+ of {len(every)} networks say ", finding(app))


def test_the_matrix_is_there_when_asked_for():
    app = page("networks", **{"networks-matrix": "true"})
    assert not app.exception
    assert "pairs of" in said(app)
    assert len(app.get("plotly_chart")) == 1
    assert len(app.get("page_link")) >= 5
    app.segmented_control(key="networks-which").set_value("yours").run()
    assert any("You have not brought a network yet" in i.value for i in app.info)


def test_your_own_network_answers_beside_its_button_and_stands_in_the_matrix_and_in_the_choosers():
    app = page("networks", **{"networks-matrix": "true"})
    data = save(create_model("cifar_vgg_blur3", num_classes=3).state_dict())
    app.file_uploader(key="networks own weights").set_value(("birds.pt", data, "")).run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert app.selectbox(key="networks-one").value == "user:birds.pt"
    assert "your own weights" in said(app)
    [told] = [one.value for one in app.success]
    assert "birds.pt is open: your own file" in told
    assert any("user:birds.pt, of Chelsea the cat" in h.proto.body for h in app.get("html"))
    links = [cell for cell in coverage.PARTS if cell.address]
    assert len(app.get("page_link")) >= len(links) - 2
    app.segmented_control(key="networks-which").set_value("yours").run()
    assert "1 networks" in said(app)
    other = save(create_model("cifar_vgg_blur3", num_classes=2).state_dict())
    app.file_uploader(key="networks own weights").set_value(("other.pt", other, "")).run()
    assert not app.success  # that was the other file's


def test_a_refusal_stands_beside_the_button_too():
    app = page("networks")
    data = save(create_model("cifar_vgg_blur3", num_classes=3).state_dict())
    app.file_uploader(key="networks own weights").set_value(("birds.pt", data, "")).run()
    next(t for t in app.text_area if "3 classes" in t.label).set_value("a\nb").run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert any("expected 3 labels" in e.value for e in app.error)
    assert not app.success


def test_a_torchvision_network_is_offered_and_not_fetched_unasked():
    app = page("networks")
    app.segmented_control(key="networks own way").set_value("torchvision").run()
    app.selectbox(key="networks own torchvision").set_value("squeezenet1_1").run()
    assert not app.exception
    assert any("fetched from their owners only when you ask" in i.value for i in app.info)
    app.segmented_control(key="networks own way").set_value("a package").run()
    assert "entry-points" in said(app)
