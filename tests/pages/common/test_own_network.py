"""A weights file on a page: what it seems to be is said, can be corrected, and is asked where there are several."""

import shlex

import pytest
import torch
from safetensors.torch import save

from core.models import create_model
from pages.parts.common import tray
from tests.helpers.pages import bring, visit
from tests.helpers.weight_files import torch_bytes


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return create_model("photo_resnet_blur2", num_classes=20).state_dict()


def chooser(app, label):
    return next(s for s in app.selectbox if label in s.label)


def said(app):
    return " ".join(t.value for t in app.text)


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
    from core.networks import brought
    from core.terminal.own_file import HELP, file_options, written

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
    words = next(c.value for c in app.code if "receptive shift-sweep" in c.value)
    words = shlex.split(words)
    said = {name: words[words.index(written(name)) + 1] if written(name) in words else "" for name in HELP}
    assert brought.open_file(data, "mine.pt", file_options(said)).identity == opened.identity
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.pt").write_bytes(data)
    [line] = [line for c in app.code for line in c.value.splitlines() if line.startswith("nets = ")]
    made = {}
    exec(f"from core.networks.own_options import FileOptions\nfrom core.networks import open_network\n{line}", made)
    assert [net.identity for net in made["nets"]] == [opened.identity]


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
