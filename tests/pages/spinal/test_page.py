"""The spinal heads page through AppTest: settings, a race that is run, stopped, kept and forgotten."""

import json
import re
import time
from functools import partial

import numpy as np
import pytest
from PIL import Image, ImageDraw

from core.base import jobs
from core.base.records import from_json
from core.pictures.image import from_pixels, png_bytes
from core.pictures.samples import load_sample
from core.studies.spinal import photographs, transfer
from core.studies.spinal.heads import Result
from pages.parts.common import drawing_pad
from tests.helpers.pages import finding, first_visit, nodes, upload, visit

PATIENCE = 120  # seconds for two networks of two epochs


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    yield
    for run in jobs.runs("spinal-heads"):
        jobs.forget(run)


page = partial(visit, "spinal_heads")


def race(app):
    """What the page says of the race."""
    return next(m.value for m in app.markdown if m.value.startswith("#### After"))


def begun(**query):
    """The page and the race that was begun on it, once it has written its first word."""
    app = page(**query)
    app.button(key="spinal start").click().run()
    assert not app.exception
    [run] = jobs.runs("spinal-heads")
    end = time.monotonic() + PATIENCE
    while run.result is None:
        assert jobs.state(run) == "running", run.error
        assert time.monotonic() < end
        time.sleep(0.2)
    return app, run


def test_the_first_visit_shows_a_finished_race():
    app = first_visit("spinal_heads")
    assert race(app).startswith("#### After 20 epochs on 1,297 digits pictures: FC 9")
    assert "Spinal is" in race(app)
    code = " ".join(block.value for block in app.code)
    assert "receptive spinal-heads --data digits --backbone small_cnn --heads fc,spinal,fc-matched --seeds 10" in code
    headers = [h.value for h in app.header]
    assert headers.index("Look closer") < headers.index("Why") < headers.index("Measured on data sets")
    assert headers.index("Measured on data sets") < headers.index("Try next") < headers.index("Take it with you")


def hero(app):
    """What the browser is given to draw."""
    drawn = [
        n.proto
        for n in nodes(app)
        if "receptive_spinal_hero" in getattr(getattr(n, "proto", None), "component_name", "")
    ]
    return json.loads(drawn[0].json)


def test_the_heads_on_lite0_answer_a_photograph_and_race_anew_with_other_settings():
    app = page(picture="motorcycle", spinal_photo_seeds="5", **{"spinal photo race": "true"})
    assert finding(app).startswith("#### All three heads say **Motorbikes**; the spinal one is ")
    assert any("On the 1,280 features of lite0, a spinal head gets 9" in m.value for m in app.markdown)
    app.slider(key="spinal-photo-epochs").set_value(1).run()
    app.slider(key="spinal-photo-seeds").set_value(1).run()
    assert not app.exception
    assert any("a spinal head gets" in m.value and "too few seeds" in m.value for m in app.markdown)


def test_another_number_of_layers_is_trained_now_and_drawn():
    app = page(picture="motorcycle")
    assert [row["title"] for row in hero(app)["rows"]] == [f"layer {k}" for k in range(1, 5)]
    app.slider(key="spinal-photo-layers").set_value(7).run()
    assert not app.exception
    drawn = hero(app)
    assert len(drawn["rows"]) == len(drawn["bars"]) == 7
    assert drawn["rows"][-1]["best"] == drawn["labels"][0]  # the bars stand in the order of the whole head's answer
    assert max(drawn["bars"][-1]) == drawn["rows"][-1]["share"]


def test_a_picture_unlike_the_heads_photographs_is_said_before_all_else_with_one_that_they_know():
    app = page(picture="astronaut")
    assert re.match(r"#### lite0 itself says \*\*.+\*\* \(\d+%\)\. The heads know only 100 kinds", finding(app))
    lines = [m.value for m in app.markdown]
    assert any(line.startswith("The heads disagree") for line in lines[lines.index(finding(app)) :])
    app.button(key="spinal known one").click().run()
    assert not app.exception
    assert app.session_state["picture"] != "astronaut"
    assert finding(app).startswith("#### All three heads say **")
    assert "spinal known one" not in [button.key for button in app.button]


def test_the_title_is_answered_with_what_is_true_over_the_data_set():
    [answer] = [m.value for m in page(picture="motorcycle").markdown if "Does it pay?" in m.value]
    said = re.search(
        r"Over 1,762 .+, with 66% fewer weights .+ (\d\.\d) points \*\*fewer\*\*", " ".join(answer.split())
    )
    result, _ = photographs.measured()
    assert float(said[1]) == pytest.approx(-transfer.minus(result.accuracy, "hidden")[0], abs=0.05)


def test_a_photograph_goes_to_the_photograph_heads_and_is_read_as_a_digit_only_when_asked():
    app = page()
    assert app.selectbox(key="spinal-read").value == "photographs"
    assert len(hero(app)["labels"]) == 6
    upload(app, ("mine.png", png_bytes(load_sample("coffee"))))
    assert app.selectbox(key="spinal-read").value == "photographs"
    app.selectbox(key="spinal-read").set_value("example").run()
    assert not app.exception
    assert hero(app)["labels"] == [str(k) for k in range(10)]
    assert finding(app).startswith("#### All three heads say **3**; the spinal one is sure ")
    app.selectbox(key="spinal-read").set_value("digits").run()
    assert "mine.png" in hero(app)["picture"]["caption"]


def test_a_drawing_goes_to_the_digit_heads_by_itself():
    pad = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(pad).line([(78, 50), (202, 50), (126, 238)], fill="black", width=24, joint="curve")
    app = page()
    upload(app, ("seven.png", png_bytes(from_pixels(np.asarray(pad)))))
    assert not app.exception
    assert app.selectbox(key="spinal-read").value == "digits"
    assert finding(app).startswith("#### All three heads say **7**")
    assert len(hero(app)["rows"]) == 6
    assert app.subheader[0].value == "What does each layer add?"


def test_the_pad_opens_in_the_heros_place_until_another_picture_is_chosen():
    app = page()
    app.button(key="spinal draw").click().run()
    assert not app.exception
    assert not app.sidebar.toggle(key=drawing_pad.OPEN).value
    assert app.selectbox(key="spinal-read").value == "example"
    assert app.button(key="spinal draw").label == "Put the pad away"
    app.button(key="spinal draw").click().run()
    assert app.selectbox(key="spinal-read").value == "photographs"
    app.button(key="spinal draw").click().run()
    app.selectbox(key="picture").set_value("motorcycle").run()
    assert app.button(key="spinal draw").label == "Draw a digit"
    assert finding(app).startswith("#### All three heads say **Motorbikes**")


def test_a_race_that_begins_leaves_the_one_before_on_the_screen():
    app = page(spinal_seeds="2", spinal_epochs="60")
    before = race(app)
    app.button(key="spinal start").click().run()  # at once, before it has an epoch
    assert not app.exception
    assert race(app) == before or race(app).startswith("#### After ")
    assert app.button(key="spinal stop")


def test_the_first_screen_speaks_japanese():
    app = page(lang="ja", picture="motorcycle")
    assert not app.exception
    assert "三つのヘッド" in finding(app)
    assert "**Motorbikes**" in finding(app)
    assert hero(app)["rows"][0]["title"] == "1 層目"


def test_the_findings_on_parts_and_transfer_begin_in_bold():
    said = [m.value for m in page(**{"spinal ablation": "true", "spinal transfer": "true"}).markdown]
    assert any(m.startswith("**Number of layers:**&#32;at the paper's value, 6,") for m in said)
    assert any(m.startswith("- **Head only trained:**&#32;spinal") and "\n- **Everything trained:**" in m for m in said)


def test_a_race_is_trained_shown_and_kept():
    app, run = begun(spinal_seeds="1", spinal_epochs="2")
    end = time.monotonic() + PATIENCE
    while jobs.state(run) == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    app.run()
    assert not app.exception
    assert race(app).startswith("#### After 2 epochs on 1,297 digits pictures")
    assert from_json(Result, run.result).epochs_done == 6
    other = app.switch_page("pages/home.py").run()
    back = other.switch_page("pages/spinal_heads.py").run()
    assert race(back).startswith("#### After 2 epochs")
    back.button(key="spinal forget").click().run()
    assert not back.exception
    assert race(back).startswith("#### After 20 epochs")
    assert jobs.runs("spinal-heads") == []


def test_a_stopped_race_keeps_its_curves():
    app, run = begun(spinal_seeds="2", spinal_epochs="60")
    jobs.stop(run)
    app.run()
    assert not app.exception
    assert any("Stopped. What was trained is shown" in m.value for m in app.markdown)
    assert finding(app)


def test_a_failed_race_says_why(tmp_path):
    app = page(spinal_data="MNIST")
    app.text_input(key="spinal folder mnist").set_value(str(tmp_path)).run()
    app.button(key="spinal start").click().run()
    [run] = jobs.runs("spinal-heads")
    end = time.monotonic() + PATIENCE
    while jobs.state(run) == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    app.run()
    assert not app.exception
    assert any("expected the train files of MNIST" in e.value for e in app.error)


def test_without_heads_or_data_nothing_can_be_trained():
    app = page()
    app.button_group(key="spinal-heads").set_value([]).run()
    assert not app.exception
    assert app.button(key="spinal start").disabled
    assert any("at least one head" in c.value for c in app.caption)
    own = page(spinal_data="my own folder or zip")
    assert not own.exception
    assert own.button(key="spinal start").disabled
    assert any("folder or zip" in c.value for c in own.caption)


def test_the_sliders_size_the_head():
    app = page()
    app.slider(key="spinal-small_cnn-layers").set_value(3).run()
    app.select_slider(key="spinal-small_cnn-parts").set_value(4).run()
    assert not app.exception
    assert any("4 parts need 4 layers" in c.value for c in app.caption)
    for backbone in ("VGG-5, 16 channels", "small CNN"):
        app.selectbox(key="spinal-grey-backbone").set_value(backbone).run()
        assert not app.exception


@pytest.mark.parametrize("where", ["a file", "/proc/receptive"])
def test_a_race_that_cannot_be_kept_is_one_sentence(where, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / where))
    app = page()
    app.button(key="spinal start").click().run()
    assert not app.exception
    [said] = app.error
    assert said.value.startswith("expected to keep what it writes in ")
    assert "make room there, or set RECEPTIVE_CACHE" in said.value
    assert finding(app)  # the rest of the page is there


def test_a_race_that_runs_is_found_by_another_visit_and_can_be_stopped_there():
    _, run = begun(spinal_seeds="2", spinal_epochs="60")
    other = page()
    other.selectbox(key="spinal shown").set_value(run.folder.name).run()
    assert not other.exception
    other.button(key="spinal stop").click().run()
    assert jobs.state(run) == "stopped"
