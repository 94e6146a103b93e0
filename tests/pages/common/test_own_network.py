"""A weights file on a page: what it seems to be is said, can be corrected, and is asked where there are several."""

import shlex

import pytest
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core.models import create_model
from core.networks import brought
from core.networks.own_options import FileOptions
from pages.parts.common import tray
from tests.helpers.onnx_files import exported, external, linear, picture, small
from tests.helpers.pages import APP, bring, settled, visit
from tests.helpers.weight_files import torch_bytes


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return create_model("photo_resnet_blur2", num_classes=20).state_dict()


def chooser(app, label):
    return next(s for s in app.selectbox if label in s.label)


def said(app):
    return " ".join(t.value for t in app.text)


def check_opened_elsewhere(app, data, name, folder, monkeypatch):
    """The command and the lines under a figure open the file, lying in `folder`, as the page did."""
    from core.terminal.own_file import HELP, file_options, written

    opened = app.session_state["own networks"][f"user:{name}"]
    words = shlex.split(next(c.value for c in app.code if "receptive shift-sweep" in c.value))
    told = {option: words[words.index(written(option)) + 1] if written(option) in words else "" for option in HELP}
    assert brought.open_file(data, name, file_options(told)).identity == opened.identity
    monkeypatch.chdir(folder)
    (folder / name).write_bytes(data)
    [line] = [line for c in app.code for line in c.value.splitlines() if line.startswith("nets = ")]
    made = {}
    exec(f"from core.networks.own_options import FileOptions\nfrom core.networks import open_network\n{line}", made)
    assert [net.identity for net in made["nets"]] == [opened.identity]


def test_where_two_networks_fit_the_reader_is_asked(state):
    app = visit("networks")
    bring(app, "networks", torch_bytes({"model": state, "model_ema": {n: v.clone() for n, v in state.items()}}))
    assert not any(b.key == "networks own open" for b in app.button)
    asked = chooser(app, "2 networks lie in this file: which one?")
    assert (asked.options, asked.value) == (["model", "model_ema"], None)
    asked.set_value("model_ema").run()
    assert not app.exception
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert app.selectbox(key="networks-one").value == "user:mine.bin (model_ema)"
    network = app.session_state["own networks"]["user:mine.bin (model_ema)"]
    assert "'mine.bin (model_ema)' as photo_resnet_blur2" in network.card.provenance


def test_what_is_left_out_is_said(state):
    app = visit("networks")
    beside = {"criterion.weight": torch.ones(20), "val_acc.tp": torch.zeros(20).long()}
    bring(app, "networks", torch_bytes({"state_dict": {f"model.{n}": v for n, v in state.items()} | beside}), "a.ckpt")
    assert "left out, for it is no part of the network: criterion.weight, val_acc.tp." in said(app)


def test_networks_with_the_same_tensors_are_named_and_may_be_chosen():
    app = visit("networks")
    bring(app, "networks", save(create_model("resnet18", num_classes=3).state_dict()), "birds.pt")
    assert "it may as well be resnetblur18, with the same tensors: the architecture is yours to choose." in said(app)
    chooser(app, "Architecture").set_value("resnetblur18").run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert app.session_state["own networks"]["user:birds.pt as resnetblur18"].card.arch == "resnetblur18"


def test_the_command_and_the_lines_open_it_as_the_page_did(tmp_path, monkeypatch):
    """7361185 named the file alone, so that the command answered with other labels and another mean."""
    data = save(create_model("cifar_vgg", num_classes=3).state_dict())
    app = visit("shift_sweep", shift_R="2")
    bring(app, "shift", data, "mine.pt")
    labels = next(t for t in app.text_area if "3 classes" in t.label)
    labels.set_value("a, b\nc\nd").run()
    chooser(app, "Preprocessing").set_value("numbers of my own").run()
    next(n for n in app.number_input if n.label == "Deviation 1").set_value(0.9).run()
    app.button(key="shift own open").click().run()
    assert not app.exception
    opened = app.session_state["own networks"]["user:mine.pt"]
    assert opened.labels == ("a, b", "c", "d")
    assert opened.preprocessing.std[0] == 0.9
    check_opened_elsewhere(app, data, "mine.pt", tmp_path, monkeypatch)


def test_one_logit_has_two_labels():
    app = visit("networks")
    bring(app, "networks", save(create_model("cifar_vgg", num_classes=1).state_dict()), "cats.pt")
    labels = next(t for t in app.text_area if "2 classes" in t.label)
    assert labels.value.splitlines() == ["class 0", "class 1"]
    assert "one logit, read by the sigmoid." in said(app)
    labels.set_value("cat").run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    assert app.session_state["own networks"]["user:cats.pt"].labels == ("not cat", "cat")


def test_a_picture_beyond_the_trays_own_limit_is_one_sentence(monkeypatch):
    monkeypatch.setattr(tray, "MAX_PICTURE_BYTES", 3_000_000)
    error = tray.attempt(bytes(5_000_000))
    assert str(error) == "expected a picture of at most 3 MB, got 5 MB: make it smaller"


# ---- ONNX ----------------------------------------------------------------------------------------


def labelled(app, kind, words):
    return next(found for found in getattr(app, kind) if words in found.label)


def test_an_onnx_file_opens_and_answers_on_the_page():
    app = visit("networks")
    bring(app, "networks", exported(small(), 1, 3, 16, 16), "mine.onnx")
    assert not app.exception
    assert "Of this file: an ONNX file from pytorch" in said(app)
    assert "3 × 16 × 16 (NCHW)" in said(app)
    assert not [s for s in app.selectbox if "Architecture" in s.label or "Layout" in s.label]
    chooser(app, "Preprocessing").set_value("numbers of my own").run()
    assert labelled(app, "number_input", "Side").disabled
    labelled(app, "number_input", "Deviation 1").set_value(0.5).run()
    labelled(app, "text_area", "5 classes").set_value("ant\nbee\ncat\ndog\neel").run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    network = app.session_state["own networks"]["user:mine.onnx"]
    assert network.labels == ("ant", "bee", "cat", "dog", "eel")
    assert network.preprocessing.std[0] == 0.5
    words = " ".join(block.value for block in app.markdown)
    assert "heads on its features" in words
    assert "an ONNX file only answers" in words


def test_an_onnx_file_of_any_size_and_layout_asks_for_both():
    app = visit("networks")
    model = linear(inputs=[picture(("n", "a", "b", "c"))], features=48)
    bring(app, "networks", model.SerializeToString(), "mine.onnx")
    labelled(app, "number_input", "Side").set_value(4).run()
    assert chooser(app, "Layout").options == ["NCHW", "NHWC"]
    chooser(app, "Layout").set_value("NHWC").run()
    app.button(key="networks own open").click().run()
    assert not app.exception
    network = app.session_state["own networks"]["user:mine.onnx"]
    assert (network.card.arch, network.preprocessing.size) == ("onnx-nhwc", 4)


@pytest.mark.parametrize("data", [b"no network", external(linear(), "other.bin").SerializeToString()])
def test_an_onnx_file_that_cannot_be_asked_is_a_sentence_on_the_page(data):
    app = visit("networks")
    bring(app, "networks", data, "mine.onnx")
    assert not app.exception
    assert app.error[0].value.startswith("expected an ONNX file")


def test_the_command_and_the_lines_open_an_onnx_file_as_the_page_did(tmp_path, monkeypatch):
    data = exported(small(), 1, 3, 16, 16, any_side=True)
    app = visit("shift_sweep", shift_R="1")
    bring(app, "shift", data, "mine.onnx")
    labelled(app, "number_input", "Side").set_value(24).run()
    app.button(key="shift own open").click().run()
    assert not app.exception
    check_opened_elsewhere(app, data, "mine.onnx", tmp_path, monkeypatch)


INSIDE = {  # what looks into layers, opened on its page
    "shift_sweep": {"shift-networks-tiny-imagenet-20": "{name}", "shift-family": "photographs", "shift inside": "true"},
    "spinal_heads": {"spinal any": "true", "spinal-any-network": "{name}"},
}


@pytest.mark.parametrize("slug", INSIDE)
def test_a_part_that_looks_inside_says_why_not_on_its_page(slug):
    data = exported(small(20), 1, 3, 64, 64)
    network = brought.open_file(data, "mine.onnx", FileOptions(like="photographs"))
    app = AppTest.from_file(APP, default_timeout=180)
    app.session_state["own networks"] = {network.card.name: network}
    app.query_params["study"] = slug
    for name, value in INSIDE[slug].items():
        app.query_params[name] = value.format(name=network.card.name)
    settled(app.run())
    assert any("an ONNX file only answers" in block.value for block in [*app.info, *app.error])
