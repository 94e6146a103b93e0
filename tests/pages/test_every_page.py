"""The pages through Streamlit's AppTest: first visit, settings, permalinks, bad input, stopped and offline states."""

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core import networks
from core.networks.families import DEFAULT_NETWORKS
from core.pictures.image import png_bytes
from core.pictures.samples import load_sample

APP = str(Path(__file__).parents[2] / "app.py")
PAGE = "pages/shift_sweep.py"
FAMILY = "tiny-imagenet-20"


def page(**query):
    """The study's page with these settings in its address."""
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.query_params["study"] = "shift_sweep"
    return app.run()


def finding(app):
    return next(m.value for m in app.markdown if m.value.startswith("#### "))


def test_home_opens_with_a_finding_and_the_measured_numbers():
    app = AppTest.from_file(APP, default_timeout=120).run()
    assert not app.exception
    assert app.title[0].value == "Five ways to watch a network see"
    assert any("Unshifted" in m.value for m in app.markdown)


def test_the_first_visit_is_finished_and_asks_nothing():
    app = page()
    assert not app.exception
    assert app.title[0].value == "Does a one-pixel shift change the answer?"
    assert "Of 1,089 shifts" in finding(app)
    assert app.multiselect(key=f"shift-networks-{FAMILY}").value == list(DEFAULT_NETWORKS)


def test_the_finding_follows_the_sliders():
    app = page(shift_R="3")
    assert "Of 49 shifts" in finding(app)
    app.slider(key="shift-R").set_value(2).run()
    assert not app.exception
    assert "Of 25 shifts" in finding(app)


@pytest.mark.parametrize("boundary", ["crop", "circular", "reflect"])
def test_a_permalink_restores_every_setting(boundary):
    query = {
        "shift_family": "CIFAR-10",
        "shift_networks_cifar10": ["cifar_vgg", "cifar_vgg_blur5"],
        "shift_R": "3",
        "shift_boundary": boundary,
        "shift_class_cifar10": "cat",
        "shift_slice": "vertical",
        "shift_dy": "-2",
        "picture": "coffee",
    }
    app = page(**query)
    assert not app.exception
    assert app.multiselect(key="shift-networks-cifar10").value == query["shift_networks_cifar10"]
    assert app.slider(key="shift-R").value == 3
    assert app.selectbox(key="shift-class-cifar10").value == "cat"
    assert app.number_input(key="shift-dy").value == -2
    assert app.sidebar.selectbox(key="picture").value == "coffee"
    assert any(f"--boundary {boundary} --target 3" in code.value for code in app.code)


def test_the_picture_is_kept_from_page_to_page():
    app = page(shift_R="2")
    app.sidebar.selectbox(key="picture").set_value("rocket").run()
    app.switch_page("pages/home.py").run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    app.switch_page(PAGE).run()
    assert app.sidebar.selectbox(key="picture").value == "rocket"
    assert not app.exception


def test_a_click_on_the_map_chooses_the_shift():
    app = page(shift_R="3")
    app.session_state["shift-dy"] = 2
    app.run()
    assert app.number_input(key="shift-dy").value == 2
    assert not app.exception


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


@pytest.mark.parametrize("pixels", [(1, 1), (5000, 3)])
def test_extreme_pictures_give_an_answer(pixels):
    import numpy as np

    from core.pictures.image import from_pixels

    app = page(shift_R="2")
    data = png_bytes(from_pixels(np.full((pixels[1], pixels[0], 3), 99, np.uint8)))
    app.sidebar.file_uploader(key="tray uploads").set_value([("odd.png", data, "image/png")]).run()
    assert not app.exception
    assert "Of 25 shifts" in finding(app)
    assert any("enlarged" in c.value for c in app.sidebar.caption)


def test_without_networks_the_page_says_what_to_do():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{FAMILY}").set_value([]).run()
    assert not app.exception
    assert any("Choose at least one network" in i.value for i in app.info)


def test_offline_the_download_is_one_sentence_and_the_page_goes_on(monkeypatch, tmp_path):
    from core.networks import download, published

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(
        published, "published", lambda name: download.Published(name, "http://127.0.0.1:9/x.pth", "0" * 8, "authors")
    )
    app = page(shift_family="ImageNet")
    assert any("Not on this machine yet" in i.value for i in app.info)
    next(b for b in app.button if b.key.startswith("download ")).click().run()
    assert not app.exception
    assert len(app.error) == 2
    assert all("127.0.0.1" in e.value for e in app.error)
    app.selectbox(key="shift-family").set_value("photographs").run()
    assert "Of 1,089 shifts" in finding(app)


def test_every_network_wears_its_provenance():
    app = page(shift_R="2")
    app.multiselect(key=f"shift-networks-{FAMILY}").set_value(["photo_resnet", "untrained:photo_resnet"]).run()
    said = " ".join(m.value for m in app.markdown)
    assert "photo resnet: trained by this project" in said
    assert ": untrained" in said
    assert networks.find("photo_resnet").provenance
    assert not app.exception


def test_the_layers_inside_are_computed_when_opened():
    app = page(shift_family="CIFAR-10", shift_networks_cifar10=["cifar_vgg"], shift_R="2")
    assert "shift-inside" not in app.session_state
    app.session_state["shift inside"] = True
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) >= 7


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


def bring(app, key, data, name="mine.bin"):
    """Upload a weights file on a page and return the keys of the form that then opens."""
    app.file_uploader(key=f"{key} own weights").set_value((name, data, "application/octet-stream")).run()
    return app


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
    assert "user:mine.bin" in app.multiselect(key=f"shift-networks-{FAMILY}").value
    assert "Of 25 shifts" in finding(app)
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
    assert any(word in finding(app) for word in ("wren", "owl", "kite"))


@pytest.mark.parametrize("where", ["", "shift_sweep"])
def test_the_first_paint_does_not_wait_for_torch(where):
    """Home and the study's first look are drawn before torch, captum or scikit-learn are imported."""
    code = f"""
import sys, threading
from core import cache
cache.warm_up = lambda: threading.Thread()  # as if it had not got anywhere yet
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({APP!r}, default_timeout=60)
if {where!r}:
    app.query_params["study"] = {where!r}
app.run()
assert app.title and not app.exception, app.exception
print([name for name in ("torch", "torchvision", "captum", "sklearn") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
