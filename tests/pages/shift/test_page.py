"""The shift sweep page through AppTest: settings, bad input, closer looks and offline states."""

import json
import re
from functools import partial

import numpy as np

from core import networks
from core.networks.families import DEFAULT_NETWORKS
from core.overview.board import RESULTS
from core.pictures.image import from_pixels, png_bytes
from core.pictures.samples import load_sample
from core.studies.shift import many, resizers
from pages.parts.shift import choose, hero
from tests.helpers.pages import PHOTOS, bring, finding, first_visit, said, settled, visit

PAGE = "pages/shift_sweep.py"
page = partial(visit, "shift_sweep", shift_family="photographs")


def test_the_first_visit_asks_three_networks_for_every_shift():
    app = first_visit("shift_sweep")
    assert re.match(r"#### Blurring made .*the answer changes at 387 of 1,089 shifts instead of 702", finding(app))
    assert any("Over 1,000 pictures" in c.value for c in app.caption)
    assert app.multiselect(key="shift-networks-imagenet").value == list(DEFAULT_NETWORKS)


def test_the_finding_follows_the_sliders():
    app = settled(page(shift_R="3"))
    assert "of 49 shifts" in finding(app)
    app.slider(key="shift-R").set_value(2).run()
    assert not app.exception
    assert "25 shifts" in finding(settled(app))


def test_the_smallest_shifts_of_a_new_picture_are_told_first_and_as_such():
    def told_so_far():
        return [one.value for one in app.caption if one.value.startswith("So far: shifts of up to ")]

    app = page(shift_R="8", picture="rocket", shift_family="ImageNet")
    first = finding(app)
    assert told_so_far()
    assert "289" not in first
    settled(app)
    assert not told_so_far()
    assert "289 shifts" in finding(app)


def test_the_picture_is_kept_from_page_to_page():
    app = page(shift_R="2")
    app.sidebar.selectbox(key="picture").set_value("rocket").run()
    app.switch_page("pages/home.py").run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    app.switch_page(PAGE).run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    assert not app.exception


def rings(app):
    """Where the ring lies on each map, (dy, dx)."""
    maps = next(json.loads(c.proto.spec) for c in app.get("plotly_chart") if "worst shift" in c.proto.spec)
    return [(t["y"][0], t["x"][0]) for t in maps["data"] if t.get("name") == "chosen shift"]


def test_a_shift_that_is_chosen_has_the_ring():
    app = page(shift_R="3")
    assert rings(app) == [(0, 0)] * 3
    app.session_state["shift-dy"] = 2
    app.run()
    assert app.number_input(key="shift-dy").value == 2
    assert rings(app) == [(2, 0)] * 3
    assert not app.exception


def test_a_permalink_moves_the_ring_from_the_first_run_on():
    app = page(shift_R="3", shift_dy="-2", shift_dx="1", shift_slice="vertical")
    assert rings(app) == [(-2, 1)] * 3
    assert app.selectbox(key="shift-slice").value == "vertical"


def test_where_the_frame_is_left_is_the_chosen_shift(monkeypatch):
    state = {"shift-hero": {"shift": [3, -1, 1_700_000_000_000]}, "shift-dy": 0, "shift-dx": 0}
    for module in (hero, choose):
        monkeypatch.setattr(module.st, "session_state", state)
    hero.moved()
    assert (state["shift-dy"], state["shift-dx"]) == (3, -1)
    for odd in ({}, {"shift": None}, {"shift": "3"}, {"shift": [1]}, {"shift": [1.5, 2, 3]}):
        state["shift-hero"] = odd
        hero.moved()
        assert (state["shift-dy"], state["shift-dx"]) == (3, -1)


def test_names_of_terminals_and_claims_still_open_the_page():
    names = ["photo_resnet", "photo_resnet_blur5"]
    app = page(shift_networks_tiny_imagenet_20=names, shift_R="2", shift_boundary="reflect")
    assert not app.exception
    chosen = app.multiselect(key=f"shift-networks-{PHOTOS}")
    assert chosen.value == names
    assert "photo resnet · blur 5" in chosen.options
    assert "--boundary reflect" in said(app)


def test_an_unsure_network_says_so_first():
    app = first_visit("shift_sweep")
    lines = [m.value for m in app.markdown]
    doubt = next(i for i, line in enumerate(lines) if "does not know this picture well" in line)
    assert doubt < lines.index(finding(app))


def test_it_speaks_japanese():
    app = page(lang="ja", shift_R="1", shift_boundary="circular")  # the smallest, which is waited for
    assert not app.exception
    assert app.title[0].value == "1ピクセルずらすと答えは変わる？"
    assert "9 通り" in finding(app)
    assert app.get("button_group")
    assert "--boundary circular" in said(app)


def test_the_language_can_change_under_what_was_chosen():
    app = page(shift_R="2", shift_boundary="reflect", shift_slice="vertical")
    app.session_state["lang"] = "ja"
    app.run()
    assert not app.exception
    assert app.selectbox(key="shift-slice").value == "vertical"
    assert "--boundary reflect" in said(app)


def test_what_was_measured_begins_with_the_chosen_family():
    app = page(shift_R="2", shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg", "cifar_vgg_blur5"])
    app.session_state["shift measured"] = True
    app.run()
    assert not app.exception
    assert any(c.value.startswith("CIFAR") for c in app.caption)


def test_a_resizer_is_chosen_and_then_the_photo_moves_by_its_own_pixels():
    app = page(shift_R="2", shift_resizer="nearest", shift_boundary="circular")
    assert not app.exception
    assert "--resizer nearest" in said(app)
    assert "--boundary crop" in said(app)  # more of the photo moves in: there is nothing to choose
    assert app.selectbox(key="shift-resizer").value == "nearest"
    app.selectbox(key="shift-resizer").set_value("none").run()
    assert not app.exception
    assert "--resizer none" in said(app)


def test_a_picture_that_is_too_small_to_move_by_its_own_pixels_is_said():
    app = page(shift_R="2", shift_resizer="nearest")
    small = from_pixels(load_sample("cat").pixels[:10, :40])
    app.sidebar.file_uploader(key="tray uploads").set_value([("small.png", png_bytes(small), "image/png")]).run()
    assert not app.exception
    assert any("smaller than 12 px" in one.value for one in app.info)
    assert "--resizer none" in said(app)


def test_three_resizers_stand_side_by_side_when_opened():
    app = page(shift_R="1", shift_networks_tiny_imagenet_20=["photo_resnet", "photo_resnet_blur5"])
    app.session_state["shift resizers"] = True
    app.run()
    assert not app.exception
    specs = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    squares = next(one for one in specs if sum(trace["type"] == "heatmap" for trace in one["data"]) == 6)
    assert {len(np.array(trace["text"]).ravel()) for trace in squares["data"]} == {9}
    record = resizers.measured(RESULTS / "resizers")["photo_resnet"]
    share = record.estimate("photo_resnet", "antialiased").value
    assert any(f"keeps {share:.1f} % of its answers behind an antialiased" in one.value for one in app.markdown)


def test_the_mean_over_the_shifts_is_told_beside_the_answer_and_over_a_data_set():
    app = page(shift_R="1", shift_networks_tiny_imagenet_20=["photo_resnet", "photo_resnet_blur5"])
    app.session_state["shift average"] = True
    app.run()
    assert not app.exception
    told = [one.value for one in app.markdown if one.value.startswith(("● **photo resnet", "✕ **photo resnet"))]
    assert len([one for one in told if "the mean" in one]) == 2
    [table] = [one.value for one in app.dataframe if "gained / lost" in one.value.columns]
    record = many.measured(RESULTS / many.FOLDER)["photo_resnet"]
    assert len(table) == 2 * len(record.swept)
    first = many.averaged(record.swept[0], 0)
    assert next(iter(table["right, % unmoved → mean"])) == f"{first.plain:.1f} → {first.mean:.1f}"


def test_beside_the_verdict_stands_on_how_many_pictures_the_blur_steadies():
    app = page(shift_R="1", shift_networks_tiny_imagenet_20=["photo_resnet", "photo_resnet_blur5"])
    [line] = [one.value for one in app.caption if "Picture by picture, at up to 2 px" in one.value]
    for way in ("crop", "circular"):
        found = many.lottery(many.of_pair("photo_resnet", "photo_resnet_blur5", RESULTS).by(way))
        assert f"{found.steadier:.0%} / {found.alike:.0%} / {found.less:.0%} of {found.images}" in line
    app = page(shift_R="1", shift_networks_tiny_imagenet_20=["photo_resnet", "photo_resnet_blur3"])
    assert not [one for one in app.caption if "Picture by picture" in one.value]  # these two were not swept together


def test_two_measures_stand_side_by_side():
    app = page(shift_R="1")
    app.session_state["shift measured"] = True
    app.run()
    assert not app.exception
    assert any(one.value == "Two measures of steadiness" for one in app.subheader)
    specs = [one.proto.spec for one in app.get("plotly_chart")]
    assert any("answers kept under one" in one and "pairs of crops that agree" in one for one in specs)


def test_a_bad_upload_is_said_and_a_good_one_chosen():
    app = page(shift_R="2")
    files = [
        ("broken.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("mine.png", png_bytes(load_sample("cat")), "image/png"),
    ]
    app.sidebar.file_uploader(key="tray uploads").set_value(files).run()
    assert not app.exception
    assert any(e.value.startswith("broken.png: ") for e in app.sidebar.error)
    assert app.sidebar.selectbox(key="picture").value == "mine.png"


def test_without_networks_the_page_says_what_to_do():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{PHOTOS}").set_value([]).run()
    assert not app.exception
    assert any("at least one network" in i.value for i in app.info)


def test_offline_the_download_is_one_sentence_and_the_page_goes_on(monkeypatch, tmp_path):
    from core.networks import download, published

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    app = page(shift_family="ImageNet", shift_networks_imagenet=["resnet18", "resnet18_blur5"])
    assert any("Not on this machine yet" in i.value for i in app.info)
    next(b for b in app.button if b.key.startswith("download ")).click().run()
    assert not app.exception
    assert len(app.error) == 2
    assert all("127.0.0.1" in e.value for e in app.error)
    app.selectbox(key="shift-family").set_value("photographs").run()
    assert "1,089 shifts" in finding(settled(app))


def test_every_network_wears_its_provenance():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{PHOTOS}").set_value(["photo_resnet", "untrained:photo_resnet"]).run()
    words = " ".join(m.value for m in app.markdown)
    assert "photo resnet: trained by this project" in words
    assert ": untrained" in words
    assert networks.find("photo_resnet").provenance
    assert not app.exception


def test_the_layers_inside_are_computed_when_opened():
    app = page(shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg"], shift_R="2")
    assert "shift-inside" not in app.session_state
    app.session_state["shift inside"] = True
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) >= 5


def test_measuring_your_own_folder(tmp_path):
    for name in ("cat", "coffee", "rocket"):
        (tmp_path / f"{name}.png").write_bytes(png_bytes(load_sample(name)))
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    app = page(shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg"], shift_R="2")
    app.session_state["shift live"] = True
    app.run()
    app.text_input(key="live folder").set_value(str(tmp_path)).run()
    assert any("4 pictures found" in m.value for m in app.markdown)
    app.toggle(key="live go").set_value(True).run()
    assert not app.exception
    assert any("1 files could not be read" in w.value for w in app.warning)
    assert any("pictures" in d.value.columns and list(d.value["pictures"]) == [3] for d in app.dataframe)
    app.text_input(key="live folder").set_value("/nowhere").run()
    assert any("expected a folder" in e.value for e in app.error)


def test_your_own_weights_and_somebody_elses():
    import torch
    from safetensors.torch import save

    from core.models import create_model

    app = page(shift_R="2")
    state = create_model("photo_resnet_blur2", num_classes=20).state_dict()
    bring(app, "shift", save(state))
    assert [s.value for s in app.selectbox if s.label == "Architecture"] == ["photo_resnet_blur2"]
    assert next(t for t in app.text_area if "20 classes" in t.label).value.splitlines()[0] == "goldfish"
    app.button(key="shift own open").click().run()
    assert not app.exception
    assert "user:mine.bin" in app.multiselect(key=f"shift-networks-{PHOTOS}").value
    assert "25 shifts" in finding(app)
    bring(app, "shift", torch.randn(4).numpy().tobytes(), "x.pth")
    assert any("expected" in e.value for e in app.error)
    assert not app.exception


def test_a_network_with_classes_of_its_own_becomes_a_family():
    from safetensors.torch import save

    from core.models import create_model

    app = page(shift_R="2")
    bring(app, "shift", save(create_model("cifar_vgg_blur3", num_classes=3).state_dict()), "birds.pt")
    labels = next(t for t in app.text_area if "3 classes" in t.label)
    labels.set_value("wren\nowl").run()
    app.button(key="shift own open").click().run()
    assert any("expected 3 labels" in e.value for e in app.error)
    next(t for t in app.text_area if "3 classes" in t.label).set_value("wren\nowl\nkite").run()
    app.button(key="shift own open").click().run()
    assert not app.exception
    assert app.selectbox(key="shift-family").value == "user:birds.pt"
    assert any(f"says {word}" in said(app) for word in ("wren", "owl", "kite"))
