"""The reader's own data on pages, through AppTest: folders and zips with what is left out, torchvision's sets."""

import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.base import jobs
from core.data.public import SETS, unfinished
from tests.core.data.test_own import menagerie, zipped
from tests.core.data.test_public import eurosat
from tests.helpers.pages import APP

PATIENCE = 120  # seconds until a download without a connection has failed
TORCHVISION, OWN = "a torchvision data set", "my own folder or zip"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of its own, and a proxy that answers nobody instead of the internet."""
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    yield tmp_path / "cache" / "datasets"
    for kind in ("download-data", "spinal-heads"):
        for run in jobs.runs(kind):
            jobs.forget(run)


def page(study, **query):
    app = AppTest.from_file(APP, default_timeout=180)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.query_params["study"] = study
    app.run()
    assert not app.exception
    return app


def chooser():
    """A page of choosers alone: the studies' own pages take seconds."""
    import streamlit as st

    from core.pictures.samples import load_sample
    from pages.parts.common import own_pictures, torchvision_choose
    from pages.parts.random import data as random_data

    data = random_data.read_chosen(random_data.choose(load_sample("cat"), st))
    st.code("nothing" if data is None else data.name)
    own_pictures.choose("live")
    torchvision_choose.choose("other")


def part(**query):
    app = AppTest.from_function(chooser, default_timeout=180)
    for name, value in query.items():
        app.query_params[name.replace("_", "-")] = value
    app.run()
    assert not app.exception
    return app


def said(app, words):
    return any(words in element.value for element in (*app.markdown, *app.caption, *app.warning))


def test_a_zip_of_a_data_set_says_what_it_leaves_out():
    app = part(random_data=OWN)
    files = menagerie() | {"zoo/notes.txt": b"x", "../evil/0.png": b"x", "zoo/cat/torn.png": b"x", "zoo/9.png": b"x"}
    app.file_uploader(key="random data zip").set_value([("zoo.zip", zipped(files), "application/zip")]).run()
    assert not app.exception
    [warning] = [w.value for w in app.warning]
    assert warning.startswith("15 pictures in 3 classes; 4 files left out: ")
    for words in ("1 not a picture", "1 with a name that leaves the folder", "1 broken", "1 in no class folder"):
        assert words in warning
    table = next(d.value for d in app.dataframe if "why it is left out" in d.value)
    assert set(table["file"]) == {"zoo/notes.txt", "../evil/0.png", "zoo/cat/torn.png", "zoo/9.png"}


def test_a_half_without_classes_is_left_out_on_the_page():
    app = part(random_data=OWN)
    files = {name.replace("zoo", "zoo/train"): data for name, data in menagerie().items()}
    files |= {f"zoo/test/{i}.png": data for i, data in enumerate(menagerie().values())}
    app.file_uploader(key="random data zip").set_value([("zoo.zip", zipped(files), "application/zip")]).run()
    assert not app.exception
    [warning] = [w.value for w in app.warning]
    assert warning == (
        "15 pictures in 3 classes, those of the folder train; 15 files left out: 15 in a half without classes."
    )
    assert app.code[0].value == "own"


def test_any_other_zip_says_what_it_leaves_out():
    app = part()
    files = menagerie() | {"a.txt": b"x"}
    app.file_uploader(key="live zip").set_value([("zoo.zip", zipped(files), "application/zip")]).run()
    assert not app.exception
    assert said(app, "15 pictures in 3 classes; 1 file left out: 1 not a picture.")


@pytest.mark.parametrize("study", ["random_features", "spinal_heads"])
def test_a_set_that_is_not_here_says_where_it_comes_from_and_nothing_leaves_unasked(study, cache):
    key = study.split("_")[0]
    app = page(study, **{f"{key}_data": TORCHVISION})
    assert said(app, "CIFAR-100 is not on this machine: 60,000 small photographs of 32 px in 100 classes, about 169 MB")
    assert said(app, str(cache))
    assert [b.label for b in app.button if b.key == f"{key}-data download"] == ["Download CIFAR-100"]
    assert jobs.runs("download-data") == []
    assert not cache.exists()


def test_a_download_without_a_connection_fails_in_one_sentence_and_leaves_nothing(cache):
    app = part(other_torchvision=SETS["EuroSAT"].title)
    app.button(key="other download").click().run()
    assert not app.exception
    [run] = jobs.runs("download-data")
    end = time.monotonic() + PATIENCE
    while jobs.state(run) == "running":
        assert time.monotonic() < end
        time.sleep(0.2)
    app.run()
    assert not app.exception
    [error] = [e.value for e in app.error]
    assert error.startswith("expected EuroSAT from huggingface.co, got ")
    assert not unfinished("EuroSAT").exists()
    assert app.button(key="other download").label == "Download EuroSAT"


def test_a_copy_in_the_cache_folder_is_used_on_both_pages(cache):
    eurosat(cache)
    title = SETS["EuroSAT"].title
    app = part(random_data=TORCHVISION, random_data_torchvision=title)
    assert said(app, "16 pictures in 2 classes.")
    assert app.code[0].value == "torchvision:EuroSAT"  # what the commands call it
    app = page("spinal_heads", spinal_data=TORCHVISION, spinal_data_torchvision=title)
    assert not app.button(key="spinal start").disabled


def replaced(folder, how):
    """Other pictures in place of those of a folder, under the same names and of the same sizes."""
    for i, path in enumerate(sorted(folder.rglob("*.bmp"))):
        before = path.stat()
        fresh = path.with_suffix(".new")
        shutil.copy(path, fresh)
        data = bytearray(fresh.read_bytes())
        data[-9:] = bytes([i]) * 9
        fresh.write_bytes(data)
        if how == "in place":
            path.write_bytes(data)
            fresh.unlink()
        else:
            fresh.replace(path)
        if how == "with the same date":
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("how", ["in place", "moved over it", "with the same date"])
def test_pictures_in_the_place_of_others_are_others(tmp_path, how):
    """7361185 measured a folder by the names and sizes of its files: a new session was shown the old ones' answers."""
    for i in range(4):
        path = tmp_path / "pictures" / ("golden retriever", "sports car")[i % 2] / f"{i}.bmp"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((64, 64, 3), i, np.uint8)).save(path)
    seen = []
    for _ in range(2):
        app = part()
        app.text_input(key="live folder").set_value(str(tmp_path / "pictures")).run()
        assert not app.exception
        seen.append(app.session_state["live listing"][2].digest)
        replaced(tmp_path / "pictures", how)
    assert seen[0] != seen[1]


def test_a_folder_on_the_spinal_page_is_looked_through_before_it_is_trained_on(tmp_path):
    (tmp_path / "mine.zip").write_bytes(zipped(menagerie() | {"zoo/a.txt": b"x"}))
    app = page("spinal_heads", spinal_data=OWN)
    app.text_input(key="spinal own path").set_value(str(tmp_path / "mine.zip")).run()
    assert not app.exception
    assert said(app, "15 pictures in 3 classes; 1 file left out: 1 not a picture.")
    assert not app.button(key="spinal start").disabled
    app.text_input(key="spinal own path").set_value(str(tmp_path / "nowhere")).run()
    assert not app.exception
    assert any("expected a folder, found none" in e.value for e in app.error)
    assert app.button(key="spinal start").disabled
