"""Pages over a cache folder that cannot be written, and over torn records: a sentence in place, and on they go."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.data.sets import DATASETS
from tests.helpers.pages import APP

ROOT = Path(__file__).parents[2]
BUTTONS = [  # (page, its settings, the button that writes below the cache folder)
    ("shift_sweep", {"shift-family": "ImageNet", "shift-networks-imagenet": "resnet18"}, "download resnet18"),
    ("patch_evidence", {"patch-family": "ImageNet", "patch-networks-imagenet": "bagnet9"}, "download BagNet-9"),
    ("random_features", {"random-data": "Fashion-MNIST"}, "random-data download fashion-mnist"),
    ("random_features", {"random-data": "a torchvision data set"}, "random-data download"),
    ("spinal_heads", {"spinal-data": "a torchvision data set"}, "spinal-data download"),
    ("spinal_heads", {}, "spinal start"),
]
WALK = """
import os

from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

begin = PagesManager.__init__
def with_navigation(self, *args, **kwargs):
    begin(self, *args, **kwargs)
    PagesManager.uses_pages_directory = False
PagesManager.__init__ = with_navigation
studies = "shift_sweep", "patch_evidence", "sparse_codes", "random_features", "spinal_heads"
for slug in ("", *studies, "networks", "claims"):
    app = AppTest.from_file("APP", default_timeout=600)
    if slug:
        app.query_params["study"] = slug
        app.query_params["shift-R"] = "1"  # no first look comes along: 9 shifts, not 1,089
    app.run()
    said = [error.value for error in app.error]
    assert not app.exception, (slug, app.exception)
    assert len(app.header) + len(app.subheader) > 1, (slug, said)
    assert all(" as it was written, got one that is damaged " in one for one in said), said
    print(slug, len(said), flush=True)
os._exit(0)  # what is computed beside the pages ends with them, and nobody waits for it
"""


def page(slug, settings):
    app = AppTest.from_file(APP, default_timeout=180)
    for name, value in settings.items():
        app.query_params[name] = value
    app.query_params["study"] = slug
    return app.run()


@pytest.mark.parametrize("where", ["a file", "/proc/receptive"])
@pytest.mark.parametrize(("slug", "settings", "key"), BUTTONS, ids=lambda value: value if type(value) is str else "")
def test_what_a_button_cannot_keep_is_one_sentence(slug, settings, key, where, tmp_path, monkeypatch):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / where))
    app = page(slug, settings)
    assert not app.exception
    button = next(button for button in app.button if (button.key or "").startswith(key))
    button.click().run()
    assert not app.exception
    said = [error.value for error in app.error]
    assert said
    assert all(str(tmp_path / where) in one for one in said)
    assert len(app.header) + len(app.subheader) > 1


def test_a_folder_among_the_pictures_of_a_data_set_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    for half in ("train", "test"):
        for name in DATASETS["cifar10"].classes:
            (tmp_path / "data" / half / name / "folder").mkdir(parents=True)
    app = page("random_features", {"random-data": "CIFAR-10"})
    app.text_input(key="random-data folder cifar10").set_value(str(tmp_path / "data")).run()
    assert not app.exception
    [said] = app.error
    assert said.value.startswith("expected to read or write ")
    app.text_input(key="random-data folder cifar10").set_value("~nobody-at-all/data").run()
    assert not app.exception
    assert "nobody-at-all" in app.error[0].value


def test_torn_records_are_said_in_place_and_the_pages_go_on(tmp_path):
    for name in ("core", "pages", "assets/results", "assets/words", "assets/labels"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("app.py", "assets/icon.png"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "assets" / "weights").symlink_to(ROOT / "assets" / "weights")
    for path in (tmp_path / "assets" / "results").rglob("*.json"):
        path.write_bytes(path.read_bytes()[:40])
    words = [sys.executable, "-c", WALK.replace("APP", str(tmp_path / "app.py"))]
    environment = {"PATH": "", "PYTHONPATH": str(tmp_path), "RECEPTIVE_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.rsplit(" ", 1) for line in done.stdout.splitlines())
    assert {slug: int(count) > 0 for slug, count in said.items()} == {
        slug: slug not in ("", "networks") for slug in said
    }
    assert len(said) == 8
