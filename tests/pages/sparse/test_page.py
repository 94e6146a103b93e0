"""The sparse codes page through AppTest: settings, other networks, stopped and bad states."""

import re
from functools import partial

import pytest

from core import networks
from core.networks.families import SDNETS, TWINS
from core.studies.sparse import codes
from tests.helpers.pages import finding, first_visit, visit

SAID = re.compile(r"At λ = ([\d.]+), (\d+)% of the codes are not zero")
page = partial(visit, "sparse_codes", sparse_network="cifar_sdnet18")


def share(app):
    """The lambda and the share of non-zero codes, in percent, that the finding names."""
    found = SAID.search(finding(app))
    return float(found[1]), int(found[2])


def test_the_first_visit_is_at_the_settings_own_lambda():
    app = first_visit("sparse_codes")
    assert share(app)[0] == codes.Params.lam
    assert [m.label.split(", ")[1] for m in app.metric] == ["chosen", "as trained", "no λ"]
    assert any("lite0 sparse: trained by this project" in m.value for m in app.markdown)
    assert any(re.match(r"\*\*Atom \d+\*\*, the strongest of", m.value) for m in app.markdown)


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


def test_the_estimated_lambda_is_one_button_away():
    app = page()
    metric = next(m for m in app.metric if "estimated" in m.label)
    wanted = float(re.search(r"λ = ([\d.]+)", metric.label)[1])
    app.button(key="sparse use estimate").click().run()
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
