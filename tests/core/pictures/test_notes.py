"""How a picture was read: said under it on the page and on stderr, and the stretch that is offered."""

import shlex

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from core.pictures import samples
from core.pictures.image import decode
from core.terminal import app
from tests.helpers.pages import first_visit, visit
from tests.helpers.pictures import refused, save
from tests.helpers.tiffs import tiff

SIDE = 64
DEEP = np.linspace(0, 4095, SIDE * SIDE).astype(np.uint16).reshape(SIDE, SIDE)
NARROW, PLAIN = tiff(DEEP), save(Image.fromarray((DEEP // 16).astype(np.uint8)), "PNG")
OWN_RANGE = tiff((DEEP * 4).astype(np.int16))
SWEEP = ("--model", "cifar_vgg", "--max-shift", "1")


def uploaded(*files):
    """The page that asks no network, with these files in its tray."""
    return visit("claims").sidebar.file_uploader(key="tray uploads").set_value([(*file, "") for file in files]).run()


def captions(shown):
    return [caption.value for caption in shown.sidebar.caption]


# ---- on the page ---------------------------------------------------------------------------------


def test_a_narrow_picture_is_said_and_stretched_with_one_click():
    shown = uploaded(("scan.tif", NARROW), ("plain.png", PLAIN))
    assert not shown.exception
    assert shown.sidebar.selectbox(key="picture").options[:2] == ["plain.png", "scan.tif"]  # the newest first
    assert not any("samples" in text for text in captions(shown))
    assert not [button for button in shown.sidebar.button if button.key == "tray stretch it"]
    shown.sidebar.selectbox(key="picture").set_value("scan.tif").run()
    assert any("4,095 of 65,535: shown as they are; stretch them" in text for text in captions(shown))
    before = shown.session_state["tray picture"].image
    shown.sidebar.button(key="tray stretch it").click().run()
    assert not shown.exception
    assert shown.sidebar.selectbox(key="picture").value == "stretched:scan.tif"
    stretched = shown.session_state["tray picture"].image
    assert stretched == decode(NARROW, stretch=True)
    assert any(text.startswith("Stretched: ") for text in captions(shown))
    assert not [button for button in shown.sidebar.button if button.key == "tray stretch it"]
    assert shown.session_state["tray picture"].source == "stretched:scan.tif"  # as commands and snippets name it
    # the one as it is stays in the tray, beside the other, through further runs
    shown.sidebar.selectbox(key="picture").set_value("scan.tif").run()
    assert shown.session_state["tray picture"].image == before == decode(NARROW)
    shown.sidebar.button(key="tray stretch it").click().run()
    assert shown.session_state["tray picture"].image == stretched
    names = shown.sidebar.selectbox(key="picture").options
    assert names[:3] == ["plain.png", "stretched:scan.tif", "scan.tif"]
    shown.sidebar.file_uploader(key="tray uploads").set_value([("plain.png", PLAIN, "")]).run()
    assert not shown.exception
    assert shown.sidebar.selectbox(key="picture").options[0] == "plain.png"


def test_two_files_of_one_name_are_stretched_each():
    other = tiff(DEEP[::-1].copy())
    shown = uploaded(("scan.tif", NARROW), ("scan.tif", other))
    assert shown.sidebar.selectbox(key="picture").value == "scan.tif (2)"
    shown.sidebar.button(key="tray stretch it").click().run()
    assert shown.session_state["tray picture"].image == decode(other, stretch=True)


def test_a_range_of_its_own_is_said_without_a_stretch():
    shown = uploaded(("ct.tif", OWN_RANGE))
    assert any("0 is shown as black, 16,380 as white" in text for text in captions(shown))
    assert not [button for button in shown.sidebar.button if button.key == "tray stretch it"]


def test_the_tray_takes_every_file_and_says_what_is_wrong_with_it():
    assert not first_visit("claims").sidebar.file_uploader(key="tray uploads").proto.type
    heic = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(200)
    shown = uploaded(("plain.png", PLAIN), ("IMG_1.HEIC", heic), ("a.txt", b"hello"))
    said = [error.value for error in shown.sidebar.error]
    assert [line.split(":")[0] for line in said] == ["IMG_1.HEIC", "a.txt"]
    assert all("expected a PNG" in line and ", got " in line for line in said)
    assert "HEIC" in said[0].split(", got ")[1]
    assert shown.sidebar.selectbox(key="picture").value == "plain.png"


# ---- in the terminal and in Python ---------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.mark.parametrize("command", ["shift-sweep", "report"])
def test_commands_say_it_on_stderr(tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan.tif").write_bytes(NARROW)
    (tmp_path / "ct.tif").write_bytes(OWN_RANGE)
    (tmp_path / "plain.png").write_bytes(PLAIN)
    more = SWEEP if command == "shift-sweep" else ("--model", "nobody")  # a report says it, then refuses at once
    said = run(command, "scan.tif", *more).stderr.splitlines()[0]
    assert said.startswith("scan.tif: Its samples go from 0 to 4,095 of 65,535")
    assert said.endswith("Give stretched:scan.tif for that.")
    assert run(command, "stretched:scan.tif", *more).stderr.startswith("stretched:scan.tif: Stretched: ")
    own = run(command, "ct.tif", *more).stderr.splitlines()[0]
    assert "16,380 as white" in own
    assert "stretched:" not in own
    assert "samples" not in run(command, "plain.png", *more).stderr


def test_a_stretched_picture_has_a_name_and_lines_of_python(tmp_path):
    path = tmp_path / "a scan.tif"
    path.write_bytes(NARROW)
    source = samples.STRETCHED + str(path)
    assert samples.read_picture(source) == decode(NARROW, stretch=True)
    assert samples.read_picture(str(path)) == decode(NARROW)
    assert samples.read_picture("sample:cat") == samples.load_sample("cat")
    for name in (source, str(path), "sample:cat"):
        imports, line = samples.opening(name)
        found: dict[str, object] = {}
        exec(f"{imports}\n{line}", found)
        assert found["image"] == samples.read_picture(name)
    assert shlex.split(f"receptive shift-sweep {shlex.quote(source)}")[2] == source


def test_a_missing_file_is_said_by_its_own_name():
    done = run("shift-sweep", "stretched:/nowhere/scan.tif", *SWEEP)
    assert done.exit_code == 2
    assert " /nowhere/scan.tif," in done.stderr
    assert "expected a PNG" in refused(b"stretched:")
