"""The sparse codes page through AppTest: settings, other networks, stopped and bad states."""

import json
import re
from functools import partial

import pytest

from core import networks
from core.networks import lite
from core.networks.families import SDNETS, TWINS
from core.pictures import noise
from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from core.studies.sparse import codes
from core.studies.sparse.codes import OPENING
from tests.helpers.pages import finding, first_visit, in_the_address, nodes, said, settled, upload, visit

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


def test_a_picture_of_ones_own_opens_with_a_noise_that_lambda_undoes_until_the_reader_turns_something():
    app = visit("sparse_codes")
    upload(app, ("mine.png", png_bytes(load_sample("motorcycle"))))
    assert not app.exception
    assert not app.warning
    [told] = [c.value for c in app.caption if "the answer comes back\nmost surely" in c.value]
    first, last = re.search(r"With λ from ([\d.]+) to ([\d.]+) it says “moped” again", finding(app)).groups()
    assert "As trained (λ = 0.1), lite0 sparse says" in finding(app)
    values = in_the_address(app)
    kind, level = values["sparse-noise"], values[f"sparse-level-{values['sparse-noise']}"]
    assert (kind, level, values["sparse-seed"]) != (OPENING.noise, OPENING.level, OPENING.seed)
    assert float(first) < values["sparse-lambda"] < float(last)

    app.number_input(key="sparse-lambda").set_value(0.1).run()
    assert in_the_address(app)["sparse-lambda"] == 0.1  # the reader's own lambda stays
    app.select_slider(key=f"sparse-level-{kind}").set_value(noise.KINDS[kind].levels[0]).run()
    assert told not in [c.value for c in app.caption]
    app.selectbox(key="picture").set_value("coffee").run()
    values = in_the_address(app)  # and so does the noise, on another picture too
    assert (values["sparse-noise"], values[f"sparse-level-{kind}"]) == (kind, noise.KINDS[kind].levels[0])
    assert not app.exception


def test_while_nobody_turns_anything_each_picture_has_its_own_noise():
    app = visit("sparse_codes", picture="coffee")
    first = in_the_address(app)
    assert "“espresso” again" in finding(app)
    app.selectbox(key="picture").set_value("cat").run()
    values = in_the_address(app)
    assert (values["sparse-noise"], values["sparse-level-impulse"]) == (OPENING.noise, OPENING.level)
    assert (values["sparse-seed"], values["sparse-lambda"]) == (OPENING.seed, OPENING.lam)
    app.selectbox(key="picture").set_value("coffee").run()
    again = in_the_address(app)
    keys = "sparse-noise", f"sparse-level-{first['sparse-noise']}", "sparse-seed"
    assert [again[key] for key in keys] == [first[key] for key in keys]
    assert not app.exception


def test_an_address_with_any_setting_of_the_page_does_not_open_there():
    app = page()
    values = in_the_address(app)
    assert (values["sparse-noise"], values["sparse-level-gaussian"]) == (codes.Params.noise, codes.Params.level)
    assert values["sparse-lambda"] == codes.Params.lam
    assert not any("was picked because" in c.value for c in app.caption)


def test_the_verdict_says_what_noise_and_lambda_do():
    app = page(sparse_noise="none")
    assert finding(app).startswith("#### Without noise") or "Nothing to rescue" in finding(app)
    app = settled(page(sparse_noise="gaussian", **{"sparse-level-gaussian": "0.2"}))
    assert "As trained (λ = 0.1)" in finding(app) or "Nothing to rescue" in finding(app)
    beyond = next(c.value for c in app.caption if c.value.startswith("Over 10,000 pictures"))
    assert ", which has no λ, for" in beyond.replace("\\", "")


def test_the_page_speaks_japanese():
    app = visit("sparse_codes", lang="ja")
    assert not app.exception
    assert app.title[0].value == "ネットワークはノイズの向こうを見通せるでしょうか？"
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
    seen = {said(settled(app))}
    app.select_slider(key="sparse-level-gaussian").set_value(0.2).run()
    seen.add(said(settled(app)))
    app.select_slider(key="sparse-steps").set_value(20).run()
    seen.add(said(settled(app)))
    app.segmented_control(key="sparse-at").set_value("own").run()
    seen.add(said(settled(app)))
    app.selectbox(key="sparse-noise").set_value("impulse").run()
    seen.add(said(settled(app)))
    app.selectbox(key="sparse-noise").set_value("none").run()
    seen.add(said(settled(app)))
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


def test_the_page_says_how_much_of_the_noise_arrives_here_and_at_photographs():
    asked = {"sparse-noise": "gaussian", "sparse-level-gaussian": "0.2", "sparse-measured-arrived": "shot"}
    app = visit("sparse_codes", **asked)
    protos = [getattr(node, "proto", None) for node in nodes(app)]
    [hero] = [json.loads(p.json) for p in protos if "sparse_hero" in str(getattr(p, "component_name", ""))]
    told = hero["words"]["noisy"]
    clean, noisy = codes.pictures(load_sample("cat"), codes.Params(level=0.2), lite.PREPROCESSING)
    assert told == codes.noise_words("gaussian", 0.2, noise.arrived(clean, noisy))
    assert re.fullmatch(r"With noise: gaussian, σ = 0.2; deviation 0\.1\d\d arrived, mean moved by [+-]0\.\d{3}", told)
    [table] = [frame.value for frame in app.dataframe if "arrived, on average" in frame.value.columns]
    assert table["asked"][0] == "n = 60 photons"
    assert (table["mean moved by, on average"] <= 0).all()
    assert any("200 photographs at even steps" in c.value for c in app.caption)
