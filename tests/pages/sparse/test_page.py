"""The sparse codes page through AppTest: settings, other networks, stopped and bad states."""

import re
from functools import partial

import pytest

from core import networks
from core.networks.families import SDNETS, TWINS
from core.studies.sparse import codes
from tests.helpers.pages import finding, first_visit, in_the_address, said, visit

SAID = re.compile(r"At λ = ([\d.]+), (\d+)% of the codes are not zero")
page = partial(visit, "sparse_codes", sparse_network="cifar_sdnet18")


def share(app):
    """The lambda and the share of non-zero codes, in percent, that the finding of the closer look names."""
    found = SAID.search(said(app))
    return float(found[1]), int(found[2])


def test_the_first_visit_is_the_example_that_lambda_rescues_and_says_how_it_was_chosen():
    app = first_visit("sparse_codes")
    assert "“window screen”" in finding(app)
    assert "“tiger cat” again" in finding(app)
    assert share(app)[0] == codes.OPENING.lam
    assert any("of 48 noises tried" in c.value.lower() and "spoiled" in c.value for c in app.caption)
    assert any("lite0 sparse: trained by this project" in m.value for m in app.markdown)
    assert any(re.match(r"\*\*Atom \d+\*\*, the strongest of", m.value) for m in app.markdown)
    values = in_the_address(app)
    assert (values["sparse-noise"], values["sparse-level-impulse"]) == (codes.OPENING.noise, codes.OPENING.level)
    assert values["sparse-seed"] == codes.OPENING.seed


def test_an_address_with_any_setting_of_the_page_does_not_open_there():
    app = page()
    values = in_the_address(app)
    assert (values["sparse-noise"], values["sparse-level-gaussian"]) == (codes.Params.noise, codes.Params.level)
    assert values["sparse-lambda"] == codes.Params.lam
    assert not any("was picked because" in c.value for c in app.caption)


def test_the_verdict_says_what_noise_and_lambda_do():
    app = page(sparse_noise="none")
    assert finding(app).startswith("#### Without noise") or "Nothing to rescue" in finding(app)
    app = page(sparse_noise="gaussian", **{"sparse-level-gaussian": "0.2"})
    assert "With this noise" in finding(app) or "Nothing to rescue" in finding(app)
    beyond = next(c.value for c in app.caption if c.value.startswith("Over 10,000 pictures"))
    assert ", which has no λ, for" in beyond.replace("\\", "")


def test_the_page_speaks_japanese():
    app = visit("sparse_codes", lang="ja")
    assert not app.exception
    assert app.title[0].value == "λ（ラムダ）を上げると、何が残るでしょうか？"
    assert "「tiger cat」に戻ります" in finding(app)


def test_the_share_of_codes_falls_as_lambda_grows():
    app = page()
    shares = []
    for lam in (0.0, 0.2, 0.8, 1.5):
        app.number_input(key="sparse-lambda").set_value(lam).run()
        assert not app.exception
        shares.append(share(app)[1])
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_noise_steps_and_resolution_change_what_is_shown():
    app = page()
    seen = {said(app)}
    app.select_slider(key="sparse-level-gaussian").set_value(0.2).run()
    seen.add(said(app))
    app.select_slider(key="sparse-steps").set_value(20).run()
    seen.add(said(app))
    app.segmented_control(key="sparse-at").set_value("own").run()
    seen.add(said(app))
    app.selectbox(key="sparse-noise").set_value("impulse").run()
    seen.add(said(app))
    app.selectbox(key="sparse-noise").set_value("none").run()
    seen.add(said(app))
    assert not app.exception
    assert len(seen) == 6


def test_the_estimated_lambda_is_one_button_away():
    app = page()
    button = app.button(key="sparse use estimate")
    wanted = float(re.search(r"\(([\d.]+)\)", button.label)[1])
    button.click().run()
    assert not app.exception
    assert share(app)[0] == pytest.approx(wanted, abs=0.026)


def test_an_untrained_dictionary_and_your_own_file_can_be_looked_at():
    app = page()
    app.selectbox(key="sparse-network").set_value("untrained:cifar_sdnet18").run()
    assert not app.exception
    assert any("untrained" in m.value for m in app.markdown)
    ours = networks.find(SDNETS[0])
    app.file_uploader(key="sparse own weights").set_value([("mine.safetensors", ours.file.read_bytes(), "")]).run()
    app.button(key="sparse own open").click().run()
    assert not app.exception
    assert any("mine.safetensors" in m.value and "your own weights" in m.value for m in app.markdown)


def test_a_network_without_codes_is_asked_further_down():
    app = page()
    plain = networks.find(TWINS[0])
    app.file_uploader(key="sparse own weights").set_value([("plain.safetensors", plain.file.read_bytes(), "")]).run()
    app.button(key="sparse own open").click().run()
    assert not app.exception
    assert app.session_state["sparse-any-network"] == "user:plain.safetensors"
    assert share(app)
