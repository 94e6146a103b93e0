"""An installed wheel is whole: beside a fresh interpreter, without the checkout, it serves pages from any folder."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from core.base.refuse import MAX_UPLOAD_MB

ROOT = Path(__file__).parents[1]
MAX_WHEEL = 100_000_000  # bytes
HERE, NEXT_DOOR = "127.0.0.1", "127.0.0.2"
DEPENDENCIES = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT, check=True)
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of a fresh interpreter's programs. It finds what this one depends on, but through PYTHONPATH, where
    no .pth file is read: so not this checkout, wherever that is installed from."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, symlinks=os.name != "nt")
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    offline = ["install", "--quiet", "--no-deps", "--no-index", "--no-compile", wheel]
    subprocess.run([sys.executable, "-m", "pip", "--python", programs / "python", *offline], check=True)
    return programs


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder of somebody else's: its settings and its modules are not the dashboard's."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "config.toml").write_text("browser.gatherUsageStats = true\nserver.maxUploadSize = 1\n")
    for name in ("core", "app", "pages"):
        (folder / f"{name}.py").write_text("raise ImportError('not this one')\n")
    return folder


@pytest.fixture(scope="module")
def environment(elsewhere):
    own = {
        "HOME": str(elsewhere),
        "RECEPTIVE_CACHE": str(elsewhere / "cache"),
        "PYTHONPATH": os.pathsep.join(DEPENDENCIES),
        "STREAMLIT_SERVER_HEADLESS": "true",
        "OMP_NUM_THREADS": "1",
    }
    return {name: value for name, value in os.environ.items() if not name.startswith("RECEPTIVE_")} | own


@pytest.fixture(scope="module")
def port(installed, elsewhere, environment):
    """`receptive app`, once it has answered its first visitor."""
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    with (elsewhere / "app.log").open("w+") as log:
        words = [installed / "receptive", "app", "--port", str(port)]
        server = subprocess.Popen(words, cwd=elsewhere, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            end = time.monotonic() + 60
            while not healthy(HERE, port):
                assert server.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < end, "the app did not answer within a minute"
                time.sleep(0.2)
            visit(port)  # a server's first run is followed by another (pages/parts/common/frame.py)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def healthy(host, port):
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def visit(port, page="", query=""):
    """What the server sends for a page, as the browser asks for it, until its script has run through."""
    said = []
    with connect(f"ws://{HERE}:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as line:
        ask = BackMsg()
        ask.rerun_script.page_name, ask.rerun_script.query_string = page, query
        line.send(ask.SerializeToString())
        while not said or said[-1].WhichOneof("type") != "script_finished" or said[-1].script_finished:  # 0: through
            said.append(ForwardMsg.FromString(line.recv(timeout=120)))
    return said


def elements(said, kind):
    found = [message.delta.new_element for message in said if message.WhichOneof("type") == "delta"]
    assert not [element.exception for element in found if element.WhichOneof("type") == "exception"]
    return [getattr(element, kind) for element in found if element.WhichOneof("type") == kind]


def test_a_wheel_holds_the_project_and_stays_below_100_megabytes(wheel):
    assert wheel.stat().st_size < MAX_WHEEL
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {"core/EXAMPLES.md", "core/py.typed", "receptive/.streamlit/config.toml"} <= shipped  # py.typed: PEP 561
    code, words = (
        {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(pattern) if path.is_file()}
        for folder, pattern in (("core", "*.py"), ("assets", "*"))
    )
    assert code | {f"receptive/{name}" for name in words} <= shipped
    assert not [name for name in shipped if "__pycache__" in name or not name.startswith(("core/", "receptive/"))]


def test_home_is_served(port):
    said = visit(port)
    assert "Your picture, five ways" in [heading.body for heading in elements(said, "heading")]
    assert any("A network takes this for" in text.body for text in elements(said, "markdown"))


def test_a_shift_map_of_a_sample_is_computed(port):
    said = visit(port, "shift_sweep", "picture=coffee&shift-R=1")
    assert any(" 9 shifts" in text.body for text in elements(said, "markdown"))
    assert elements(said, "plotly_chart")


def test_the_settings_are_the_projects_own(port):
    said = visit(port, "random_features", "random-data=my own folder or zip".replace(" ", "%20"))
    [session] = [message.new_session for message in said if message.WhichOneof("type") == "new_session"]
    assert not session.config.gather_usage_stats
    assert MAX_UPLOAD_MB in [field.max_upload_size_mb for field in elements(said, "file_uploader")]
    assert not healthy(NEXT_DOOR, port)
    with urllib.request.urlopen(f"http://{HERE}:{port}/", timeout=5) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]


def test_the_terminal_finds_weights_and_records(installed, elsewhere, environment):
    words = [installed / "receptive", "networks", "--json", "networks.json"]
    done = subprocess.run(words, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "photo_resnet: " in done.stdout
    where = [installed / "python", "-P", "-c", "import core.base.files as files; print(files.ASSETS)"]
    assets = subprocess.run(where, cwd=elsewhere, env=environment, capture_output=True, text=True, check=True).stdout
    assert Path(assets.strip()).is_relative_to(installed.parent)
    words = [installed / "receptive", "numbers"]
    refused = subprocess.run(words, cwd=elsewhere, env=environment, capture_output=True, text=True)
    assert refused.returncode == 2
    assert refused.stderr.startswith("expected a checkout, got an installed wheel in ")
