"""The sparse codes page through AppTest: first visit, settings, permalinks, closer looks, stopped and bad states."""

import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import networks
from core.networks.families import DEFAULT_SDNETS
from core.pictures.image import from_pixels, png_bytes
from core.studies import STUDIES
from core.studies.sparse import codes
from tests.pages.test_every_page import (
    APP,
    finding,
)

QUESTION = next(s.question for s in STUDIES if s.slug == "sparse_codes")
FOLDED = ("sparse depths", "sparse attack", "sparse live")
SAID = re.compile(r"At λ = ([\d.]+), (\d+)% of the codes are not zero")


def page(**query):
    """The study's page with these settings in its address."""
    app = AppTest.from_file(APP, default_timeout=180)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.query_params["study"] = "sparse_codes"
    return app.run()


def share(app):
    """The lambda and the share of non-zero codes, in percent, that the finding names."""
    found = SAID.search(finding(app))
    return float(found[1]), int(found[2])


def test_the_first_visit_is_finished_and_asks_nothing():
    app = page()
    assert not app.exception
    assert app.title[0].value == QUESTION
    assert share(app)[0] == codes.Params.lam
    assert not app.error
    assert [m.label.split(", ")[1] for m in app.metric] == ["chosen", "as trained", "estimated", "no λ"]


def test_the_share_of_codes_falls_as_lambda_grows():
    app = page()
    shares = []
    for lam in (0.0, 0.2, 0.8, 1.5):
        app.slider(key="sparse-lambda").set_value(lam).run()
        assert not app.exception
        shares.append(share(app)[1])
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_noise_steps_and_resolution_change_what_is_shown():
    app = page()
    seen = {finding(app)}
    app.select_slider(key="sparse-level-gaussian").set_value(0.2).run()
    seen.add(finding(app))
    app.select_slider(key="sparse-steps").set_value(20).run()
    seen.add(finding(app))
    app.segmented_control(key="sparse-at").set_value("own").run()
    seen.add(finding(app))
    app.selectbox(key="sparse-noise").set_value("impulse").run()
    seen.add(finding(app))
    app.selectbox(key="sparse-noise").set_value("none").run()
    seen.add(finding(app))
    assert not app.exception
    assert len(seen) == 6


def test_a_permalink_restores_every_setting():
    app = page(
        picture="coffee",
        sparse_noise="speckle",
        sparse_level_speckle="0.25",
        sparse_lambda="0.65",
        sparse_steps="5",
        sparse_solver="paper",
        sparse_seed="7",
        sparse_at="own",
    )
    assert not app.exception
    assert share(app)[0] == 0.65
    code = " ".join(block.value for block in app.code)
    for words in (
        "sample:coffee",
        "--lambda 0.65",
        "--steps 5",
        "--solver paper",
        "--noise speckle:0.25",
        "--seed 7",
        "--resolution own",
    ):
        assert words in code


def test_the_estimated_lambda_is_one_button_away():
    app = page()
    metric = next(m for m in app.metric if "estimated" in m.label)
    wanted = float(re.search(r"λ = ([\d.]+)", metric.label)[1])
    app.button(key="sparse use estimate").click().run()
    assert not app.exception
    assert share(app)[0] == pytest.approx(wanted, abs=0.026)


@pytest.mark.parametrize("shape", [(1, 1), (4000, 40), (40, 4000), (3000, 3000)])
@pytest.mark.parametrize("at", ["32 px", "own"])
def test_extreme_pictures_give_an_answer(shape, at):
    app = page(sparse_at=at)
    picture = png_bytes(from_pixels(np.full((*shape, 3), 90, np.uint8)))
    app.sidebar.file_uploader(key="tray uploads").set_value([("odd.png", picture, "image/png")]).run()
    assert not app.exception
    assert app.title[0].value == QUESTION
    assert share(app)


def test_every_network_wears_its_provenance():
    app = page()
    for name in DEFAULT_SDNETS:
        card = networks.find(name)
        assert any(card.title in m.value and "trained by this project" in m.value for m in app.markdown)


@pytest.mark.parametrize("key", FOLDED)
def test_every_closer_look_opens(key):
    app = page()
    app.session_state[key] = True
    app.run()
    assert not app.exception
    assert not app.error


def test_an_untrained_dictionary_and_your_own_file_can_be_looked_at():
    app = page()
    app.selectbox(key="sparse-network").set_value("untrained:cifar_sdnet18").run()
    assert not app.exception
    assert any("untrained" in m.value for m in app.markdown)
    ours = networks.find(DEFAULT_SDNETS[0])
    app.file_uploader(key="sparse own weights").set_value([("mine.safetensors", ours.file.read_bytes(), "")]).run()
    app.button(key="sparse own open").click().run()
    assert not app.exception
    assert any("mine.safetensors" in m.value and "your own weights" in m.value for m in app.markdown)


def test_a_network_without_codes_is_asked_further_down():
    app = page()
    plain = networks.find(DEFAULT_SDNETS[1])
    app.file_uploader(key="sparse own weights").set_value([("plain.safetensors", plain.file.read_bytes(), "")]).run()
    app.button(key="sparse own open").click().run()
    assert not app.exception
    assert app.session_state["sparse-any-network"] == "user:plain.safetensors"
    assert share(app)
