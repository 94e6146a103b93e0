"""The server listens to this machine alone; told to listen to others, it keeps its folders and its metrics back."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.parts.common import doors
from tests.helpers.pages import APP

ROOT = Path(__file__).parents[3]
HERE, NEXT_DOOR = "127.0.0.1", "127.0.0.2"  # a server on localhost alone is not at the second
OFF = "Folders of this server are not read"


@contextmanager
def started(cwd, *options):
    """The app as the README starts it, with these options; its port."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", APP, "--server.headless", "true", "--server.port", str(port)]
    server = subprocess.Popen([*command, *options], cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while status(HERE, port, "/_stcore/health") is None:
            assert server.poll() is None
            assert time.monotonic() < end, "the app did not answer within a minute"
            time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait(30)


def status(host, port, path):
    """The HTTP status, None where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


@pytest.mark.parametrize("elsewhere", [False, True])
def test_by_itself_the_server_listens_to_this_machine_alone(tmp_path, elsewhere):
    with started(tmp_path if elsewhere else ROOT) as port:
        assert status(NEXT_DOOR, port, "/_stcore/health") is None
        assert status(HERE, port, "/_stcore/metrics") == 200  # ours to see
        with urllib.request.urlopen(f"http://{HERE}:{port}/", timeout=5) as answer:
            policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self' data: blob:"
    assert not any("*" in sources or "http" in sources for sources in policy.values())


def test_for_a_class_it_listens_to_all_and_tells_nobody_its_metrics():
    with started(ROOT, "--server.address", "0.0.0.0") as port:
        assert status(NEXT_DOOR, port, "/_stcore/health") == 200
        for path in ("/_stcore/metrics", "/_stcore/metrics/", "/_stcore/metrics?families=active_sessions"):
            assert status(NEXT_DOOR, port, path) == 404
            assert status(HERE, port, path) == 404
        assert status(NEXT_DOOR, port, "/_stcore/agent/interact") in (404, 405)
        assert status(NEXT_DOOR, port, "/_stcore/script-health-check") in (404, 200)


@contextmanager
def listening(address):
    before = config.get_option("server.address")
    config.set_option("server.address", address)
    try:
        yield
    finally:
        config.set_option("server.address", before)


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_on_loopback_folders_are_on(address):
    with listening(address):
        assert doors.only_this_machine()
        assert doors.folders()


@pytest.mark.parametrize(
    "address", [None, "", "0.0.0.0", "::", "192.0.2.1", "example.invalid", "localhost.example.invalid"]
)
def test_anywhere_else_they_are_off_unless_switched_on(monkeypatch, address):
    with listening(address):
        monkeypatch.delenv(doors.FOLDERS, raising=False)
        assert not doors.folders()
        for value in ("", "0", "no"):
            monkeypatch.setenv(doors.FOLDERS, value)
            assert not doors.folders()
        monkeypatch.setenv(doors.FOLDERS, "1")
        assert doors.folders()
        assert not doors.only_this_machine()


FIELDS = [  # a page, what opens its folder field, and the field
    ("shift_sweep", {"shift-R": "2"}, {"shift live": True}, "live folder"),
    ("patch_evidence", {"patch wall": "true", "patch-wall-of": "your own"}, {}, "patch wall folder"),
    ("sparse_codes", {}, {"sparse live": True}, "sparse live folder"),
    ("random_features", {"random-data": "my own folder or zip"}, {}, "random data folder"),
    ("random_features", {}, {"random retrieval own": True}, "random retrieval folder"),
    ("spinal_heads", {"spinal-data": "my own folder or zip"}, {}, "spinal own path"),
    ("spinal_heads", {"spinal any": "true", "spinal-any-data": "my own folder or zip"}, {}, "spinal any folder"),
]


@pytest.mark.parametrize(("slug", "query", "opened", "field"), FIELDS, ids=[field for *_, field in FIELDS])
def test_a_folder_field_stands_where_it_may(monkeypatch, tmp_path, slug, query, opened, field):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path))
    monkeypatch.delenv(doors.FOLDERS, raising=False)
    app = AppTest.from_file(APP, default_timeout=120)
    for name, value in {**query, "study": slug}.items():
        app.query_params[name] = value
    for key, value in opened.items():
        app.session_state[key] = value
    with listening("0.0.0.0"):
        app.run()
        assert not app.exception
        assert field not in {t.key for t in app.text_input}
        assert any(OFF in c.value and f"{doors.FOLDERS}=1" in c.value for c in app.caption)
        monkeypatch.setenv(doors.FOLDERS, "1")
        app.run()
        assert field in {t.key for t in app.text_input}
        assert not any(OFF in c.value for c in app.caption)


def test_no_page_makes_a_text_field_of_its_own():
    """A path that is typed in comes through `folder_field`."""
    found = [path.name for path in (ROOT / "pages").rglob("*.py") if ".text_input(" in path.read_text()]
    assert found == ["doors.py"]


def test_the_setting_is_the_one_that_streamlit_reads():
    assert "server.address" in config.get_config_options()
    assert os.environ.get("STREAMLIT_SERVER_ADDRESS") is None
    assert st.get_option("server.address") == "localhost"
