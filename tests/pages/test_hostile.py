"""Every page with names that look like markup in every place where a name can come in: none is obeyed anywhere."""

import json
from importlib.metadata import EntryPoint

import numpy as np
import pytest
import torch
from google.protobuf.message import Message
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from core.base import quote
from core.models import create_model
from core.networks import brought, quoting
from core.networks.brought import Plug
from core.pictures.image import from_pixels, png_bytes
from core.pictures.preprocess import Preprocessing
from pages.parts.common.words import plain
from tests.core.data.test_own import zipped
from tests.helpers.hostile import FLAT, HTML, NAME, RAW, RAW_HTML, RAW_TAGS
from tests.helpers.pages import APP, settled

TEXT = {"Code", "Text", "Json", "Exception", "ArrowData", "Html"}  # kinds whose words are no Markdown
FIELDS = {"body", "label", "help", "caption", "text", "delta", "content"}
CHOICES = {"Selectbox", "MultiSelect"}  # whose options are no Markdown
TITLE = f"{NAME}.png"
PIXELS = np.random.default_rng(0).integers(0, 255, (48, 48, 3), dtype=np.uint8)
PICTURE = png_bytes(from_pixels(PIXELS))


def nodes(app):
    rest = [app._tree]
    while rest:
        node = rest.pop()
        rest += getattr(node, "children", {}).values()
        if isinstance(getattr(node, "proto", None), Message):
            yield node.proto


def markdown_of(message):
    """The strings of a message that the browser takes for Markdown."""
    kind = message.DESCRIPTOR.name
    if kind in TEXT:
        return
    for field, value in message.ListFields():
        values = value if isinstance(value, list) or hasattr(value, "append") else [value]
        for one in values:
            if isinstance(one, Message):
                yield from markdown_of(one)
            elif isinstance(one, str) and (field.name in FIELDS or (field.name == "options" and kind not in CHOICES)):
                yield one


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def figures_of(app):
    for proto in nodes(app):
        if proto.DESCRIPTOR.name == "PlotlyChart":
            yield from strings(json.loads(proto.spec))


def html_of(app):
    return [proto.body for proto in nodes(app) if proto.DESCRIPTOR.name == "Html"]


def check(app, least=1, figures=0):
    """No markup of strangers in what is shown, and so many texts and figures that hold their words, escaped."""
    assert not app.exception
    texts = [text for proto in nodes(app) for text in markdown_of(proto)]
    for text in texts:
        assert not [raw for raw in RAW if raw in text], text
    for body in html_of(app):  # tags of ours, and words of others
        assert not [raw for raw in RAW_TAGS if raw in body], body
    drawn = list(figures_of(app))
    for text in drawn:
        assert not [raw for raw in RAW_HTML if raw in text], text
    assert sum("\\<b\\>BOO" in text for text in texts) >= least
    assert sum("&lt;b>BOO" in text for text in drawn) >= figures
    return app


def opened(app, **files):
    for key, value in files.items():
        app.sidebar.file_uploader(key=key.replace("_", " ")).set_value([value])
    return app.run()


def visit(slug, networks=(), **query):
    """A page with a hostile picture in the tray, and with networks that were opened from hostile files."""
    app = AppTest.from_file(APP, default_timeout=300)
    app.query_params["study"] = slug
    app.session_state["own networks"] = {network.card.name: network for network in networks}
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.run()
    return opened(app, tray_uploads=(TITLE, PICTURE, "image/png"))


def state(arch, classes):
    torch.manual_seed(0)
    return create_model(arch, num_classes=classes).state_dict()


def own(arch, classes):
    """A network of the reader's: its file, and every class, are called like markup."""
    from core.networks.packaged import user_network

    labels = [f"{FLAT} {HTML} {i}" for i in range(classes)]
    return user_network(save(state(arch, classes)), arch, "tiny-imagenet-20", NAME, labels,
                        Preprocessing(32, (0.5,) * 3, (0.2,) * 3))  # fmt: skip


def test_home():
    check(visit("", ()), least=2)


def test_networks_and_the_form_of_a_file(tmp_path, monkeypatch):
    """The file's name, its labels and metadata, what is wrong with another, and an installed package's words."""

    def factory():
        return Plug(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 2)).eval(),
                    Preprocessing(4, (0.5,) * 3, (0.2,) * 3), (FLAT, NAME), f"trained on {NAME}")  # fmt: skip

    class Point(EntryPoint):
        def load(self):
            return factory

    points = [Point(FLAT, f"package:{FLAT}", brought.GROUP)]
    monkeypatch.setattr(brought, "entry_points", lambda group: points if group == brought.GROUP else [])
    app = visit("networks", [own("photo_bagnet9", 3)], networks_which="yours", networks_matrix="true")
    app.session_state["networks-one"] = f"user:{NAME}"
    check(app.run(), least=4, figures=2)
    about = {"labels": json.dumps([FLAT, NAME, HTML]), "dataset": NAME, "mean": "[0.5]", "std": "[0.2]",
             "input_size": "32"}  # fmt: skip
    app.file_uploader(key="networks own weights").set_value((NAME, save(state("cifar_vgg", 3), about), "x")).run()
    check(app)
    app.button(key="networks own open").click().run()
    check(app)
    app.file_uploader(key="networks own weights").set_value((NAME, save({NAME: torch.ones(2)}), "x")).run()
    assert any("\\<b\\>BOO" in e.value for e in app.error)
    check(app)
    app.button_group(key="networks own way").set_value("a package").run()
    check(app)
    app.button(key="networks own open plug").click().run()
    assert f"plugin:{FLAT}" in app.session_state["own networks"]
    check(app)


def test_shift_sweep():
    network = own("cifar_vgg_blur3", 3)
    app = visit("shift_sweep", [network], shift_R="2", shift_family=f"user:{NAME}")
    app.session_state["shift-family"] = f"user:{NAME}"
    app.session_state["shift inside"] = True
    app.session_state["shift live"] = True
    check(app.run(), least=8, figures=10)
    pictures = zipped({f"{FLAT}/{FLAT}.png": PICTURE, f"{FLAT}/broken {FLAT}.png": PICTURE[:60], f"{FLAT}.txt": b"x"})
    app.file_uploader(key="live zip").set_value((f"{NAME}.zip", pictures, "application/zip")).run()
    app.toggle(key="live go").set_value(True).run()
    check(app, least=8, figures=10)


def test_patch_evidence():
    app = visit("patch_evidence", [own("photo_bagnet9", 3)])
    app.session_state["patch-family"] = f"user:{NAME}"
    app.session_state["patch-resolution"] = "coarse"
    for key in ("patch any", "patch scramble", "patch interaction"):
        app.session_state[key] = True
    app.session_state["patch-pairs"] = 50
    app.session_state["patch-any-network"] = f"user:{NAME}"
    check(app.run(), least=10, figures=10)


def test_patch_masking_and_walls():
    app = visit("patch_evidence", [own("photo_bagnet9", 3)])
    app.session_state["patch-family"] = f"user:{NAME}"
    app.session_state["patch-resolution"] = "coarse"
    app.session_state["patch masking"] = app.session_state["patch wall"] = True
    app.session_state["patch-masking-methods"] = []
    app.session_state["patch-wall-of"] = "your own"
    app.run()
    pictures = zipped({f"{FLAT}/{FLAT}.png": PICTURE, f"{FLAT}/broken {FLAT}.png": PICTURE[:60], f"{FLAT}.txt": b"x"})
    app.file_uploader(key="patch wall zip").set_value((f"{NAME}.zip", pictures, "application/zip")).run()
    app.toggle(key="patch wall go").set_value(True).run()
    check(app, least=10, figures=6)
    next(b for b in app.button if b.key.startswith(f"patch wall {FLAT}")).click().run()
    check(app, least=10, figures=6)


def test_sparse_codes():
    network = own("cifar_sdnet18", 3)
    app = visit("sparse_codes", [network])
    app.session_state["sparse-network"] = app.session_state["sparse-any-network"] = f"user:{NAME}"
    app.session_state["sparse any"] = app.session_state["sparse attack"] = app.session_state["sparse live"] = True
    app.session_state["sparse-any-draws"] = 8
    app.session_state["sparse-attack-steps"] = 5
    check(settled(app.run()), least=10, figures=5)


def test_random_features():
    rng = np.random.default_rng(1)
    pictures = {
        f"{FLAT} {c}/{FLAT} {i}.png": png_bytes(from_pixels(rng.integers(0, 255, (16, 16, 3), dtype=np.uint8)))
        for c in range(2)
        for i in range(12)
    }
    archive = zipped(pictures | {f"{FLAT} 0/broken {FLAT}.png": PICTURE[:60]})
    app = visit("random_features", [own("cifar_vgg", 3)], **{"random-data": "my own folder or zip"})
    app.session_state["random-network"] = app.session_state["random-photo-network"] = f"user:{NAME}"
    app.session_state["random-data-size"] = 16
    app.session_state["random-own-features"] = 250
    app.session_state["random retrieval own"] = app.session_state["random background"] = True
    app.run()
    app.file_uploader(key="random data zip").set_value((f"{NAME}.zip", archive, "application/zip")).run()
    app.file_uploader(key="random retrieval zip").set_value((f"{NAME}.zip", archive, "application/zip")).run()
    check(app, least=5, figures=3)
    if draw := [b for b in app.button if b.key == "random draw"]:
        draw[0].click().run()
    check(app, least=5, figures=3)


def test_spinal_heads(monkeypatch, tmp_path):
    from core.base import jobs

    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.setattr(jobs, "begin", lambda *a, **k: (_ for _ in ()).throw(jobs.NotBegun(f"busy with {NAME}")))
    app = visit("spinal_heads", [own("cifar_vgg", 3)], **{"spinal-data": "my own folder or zip"})
    app.session_state["spinal any"] = True
    app.session_state["spinal-any-network"] = f"user:{NAME}"
    app.session_state["spinal-any-seeds"] = app.session_state["spinal-any-epochs"] = 1
    app.run()
    check(app, least=3, figures=1)
    folder = tmp_path / FLAT
    for name in ("a", FLAT):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            (folder / name / f"{FLAT} {i}.png").write_bytes(PICTURE)
    (folder / "a" / f"broken {FLAT}.png").write_bytes(PICTURE[:60])
    app.text_input(key="spinal own path").set_value(str(folder)).run()
    check(app, least=3)
    app.button(key="spinal start").click().run()
    assert any("busy with" in e.value for e in app.error)
    check(app, least=3)


@pytest.mark.parametrize(("slug", "query"), [("", {}), ("shift_sweep", {"shift_R": "2"}), ("sparse_codes", {})])
def test_a_picture_and_a_broken_one_in_the_tray(slug, query):
    app = visit(slug, **query)
    app.sidebar.file_uploader(key="tray uploads").set_value(
        [(TITLE, PICTURE, "image/png"), (f"broken {TITLE}", PICTURE[:50], "image/png")]
    )
    app.run()
    app.sidebar.button(key="tray hold").click().run()
    app.sidebar.selectbox(key="picture").set_value("cat").run()
    check(app, least=2)
    assert any(plain(TITLE) in e.value for e in app.sidebar.error)
    codes = [code.value for code in app.code]
    assert not any(NAME in one for one in codes)
    app.sidebar.button(key="tray swap").click().run()
    settled(app)
    assert any(quote.command(quoting.file(TITLE)) in code.value for code in app.code) or slug == ""


def test_a_picture_whose_name_turns_the_words_around_it_turns_none_in_the_tray():
    app = opened(
        AppTest.from_file(APP, default_timeout=120).run(), tray_uploads=("a\u202egpj.png", PICTURE, "image/png")
    )
    texts = [text for proto in nodes(app) for text in markdown_of(proto)]
    assert [text for text in texts if text.startswith("a\\\\u202egpj.png, ") and "it stays on this machine" in text]
    assert not [text for text in texts if "\u202e" in text]
