"""Home through Streamlit's AppTest: any picture, five ways, and what stands until they are there."""

import time

import pytest

from core.base.prose import section
from core.overview import first_look
from core.pictures.samples import SAMPLES, load_sample
from core.studies import STUDIES
from tests.helpers.pages import finding, first_visit, visit

PATIENCE = 240  # seconds that five looks may take on a busy machine


def lines(app):
    return [m.value.replace("\\", "") for m in app.markdown]


def waited(app):
    """The page when all looks are there: AppTest runs no fragment by itself."""
    end = time.monotonic() + PATIENCE
    while any(text in "\n".join(lines(app)) for text in ("Looking …", "Waiting for its turn …", "Looking at ")):
        assert time.monotonic() < end, lines(app)
        time.sleep(0.5)
        app.run()
        assert not app.exception
    return app


def test_home_opens_with_the_sample_five_ways_and_a_way_into_each():
    app = first_visit("")
    assert not app.exception
    assert app.title[0].value == "Your picture, five ways"
    assert "tiger cat" in finding(app)
    said = lines(app)
    for study in STUDIES:
        assert f"**{study.question}**" in said
    assert any("changes its answer at" in one for one in said)
    assert [link.proto.label for link in app.get("page_link")][:5] == [f"Open {study.title}" for study in STUDIES]
    assert sum('class="rx-look' in html.proto.body for html in app.get("html")) == len(STUDIES)


def test_another_picture_is_looked_at_and_the_old_looks_stand_named_until_then():
    app = visit("")
    app.sidebar.selectbox(key="picture").set_value("coffee").run()
    assert not app.exception
    bodies = [html.proto.body for html in app.get("html") if 'class="rx-look' in html.proto.body]
    waits = [body for body in bodies if ' rx-old"' in body]
    assert len([one for one in lines(app) if "Still shown: Chelsea the cat." in one]) == len(waits)
    asked = any("Looking at Cup of coffee" in one for one in lines(app))  # then the old answers stand named, too
    assert ("Still shown: Chelsea the cat." in [c.value.replace("\\", "") for c in app.main.caption]) == asked
    said = lines(waited(app))
    assert "espresso" in finding(app) or "cup" in finding(app)
    assert not any("Still shown" in one for one in said)
    assert not any(' rx-old"' in html.proto.body for html in app.get("html"))


def test_a_sample_is_chosen_with_a_click_on_its_thumbnail():
    from pages.parts.home import samples

    assert [item["name"] for item in samples.items()] == [sample.name for sample in SAMPLES]
    assert all(item["source"].startswith("data:image/jpeg;base64,") for item in samples.items())


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_the_sample_s_look_comes_along_and_says_what_is_computed(study):
    from core import networks

    image = load_sample("cat")
    cards = [networks.find(name) for name in study.looks_with(image)]
    found = first_look.packaged(first_look.name_of(study), study.looked, cards, image)
    assert found is not None
    glance = study.glance(found, image)
    assert glance.finding
    assert all(tile.address.startswith("data:image/") or tile.words for tile in glance.tiles)
    assert all(tile.alt for tile in glance.tiles if tile.address)


def test_the_report_has_its_button():
    app = first_visit("")
    assert section("home", "report write") in [button.label for button in app.button]
