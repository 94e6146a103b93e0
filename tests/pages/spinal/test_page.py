"""The spinal heads page through AppTest: settings, a race that is run, stopped, kept and forgotten."""

import time
from functools import partial

import pytest

from core.base import jobs
from core.base.records import from_json
from core.studies.spinal.heads import Result
from tests.helpers.pages import finding, first_visit, visit

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
    assert [h.value for h in app.header if h.value == "The paper says, we measured"]


def test_the_heads_on_lite0_answer_a_photograph_and_race_anew_with_other_settings():
    app = page(picture="motorcycle", spinal_photo_seeds="5")
    assert finding(app).startswith("#### All heads say Motorbikes: one linear layer 0.")
    assert any("On the 1,280 features of lite0, a spinal head gets 9" in m.value for m in app.markdown)
    app.slider(key="spinal-photo-epochs").set_value(1).run()
    app.slider(key="spinal-photo-seeds").set_value(1).run()
    assert not app.exception
    assert any("a spinal head gets" in m.value and "too few seeds" in m.value for m in app.markdown)


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
