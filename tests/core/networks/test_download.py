"""Published weights: where they are, and how they are fetched from a hostile loopback server."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core.base import files
from core.networks import download as download_module
from core.networks import published
from core.networks.download import Offline, Published, WeightsError, download
from tests.helpers.loopback import DIGEST, PAYLOAD, entry, serve
from tests.helpers.weight_files import one_sentence

ROOT = Path(__file__).parents[3]


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with serve() as running:
        yield running


def test_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "here"))
    assert files.cache_folder() == tmp_path / "here"
    monkeypatch.delenv("RECEPTIVE_CACHE")
    assert "receptive" in files.cache_folder().parts[-1:]
    assert not (tmp_path / "here").exists()


def test_published_by_the_authors():
    assert len(published.PUBLISHED) == 28 + 3  # seven anti-aliased networks at four sizes, and three BagNets
    assert published.published("resnet18_blur3") == Published(
        "resnet18_blur3",
        "https://antialiased-cnns.s3.us-east-2.amazonaws.com/weights_v0.1/resnet18_lpf3-449351b9.pth",
        "449351b9",
        "authors",
    )
    assert len({entry.filename for entry in published.PUBLISHED.values()}) == 28 + 3
    assert all(entry.name == name for name, entry in published.PUBLISHED.items())


def test_every_published_name_has_an_address():
    names = published.published_names()
    assert names == sorted(set(names))
    for name in names:
        entry = published.published(name)
        assert entry.name == name
        assert entry.source == ("authors" if "_blur" in name or "bagnet" in name else "torchvision")
    assert published.published("resnet18").filename == "resnet18-f37072fd.pth"


def test_unknown_names_list_known_ones():
    with pytest.raises(WeightsError, match="resnet18") as error:
        published.published("resnet18_blur9")
    one_sentence(error)


@pytest.mark.parametrize(
    ("url", "prefix"),
    [
        ("file:///etc/passwd", DIGEST),
        ("ftp://host/x.pth", DIGEST),
        ("http://host/", DIGEST),
        ("http://host/..", DIGEST),
        ("http://host/a%2Fb", DIGEST),
        ("http://host/x.pth?y", DIGEST),
        ("http://host/x.pth", ""),
        ("http://host/x.pth", "ABCDEF12"),
    ],
)
def test_published_refuses_what_cannot_be_trusted(url, prefix):
    with pytest.raises(WeightsError) as error:
        Published("x", url, prefix, "authors")
    one_sentence(error)


# Downloading: each path of the server misbehaves in its own way


def test_download_verifies_renames_and_is_reused(server, tmp_path, monkeypatch):
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))
    seen = []
    path = download(entry(server, "ranged"), progress=lambda done, total: seen.append((done, total)))
    assert path == tmp_path / "cache" / "net.pth"
    assert path.read_bytes() == PAYLOAD
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))
    assert len(seen) > 3
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})
    assert download(entry(server, "ranged")) == path
    assert len(server.asked) == 1
    assert not (tmp_path / "cache" / "net.pth.part").exists()


def test_a_corrupt_file_is_fetched_again(server, tmp_path):
    (tmp_path / "net.pth").write_bytes(PAYLOAD[:-1] + b"?")
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    (tmp_path / "net.pth").write_bytes(b"half")
    with pytest.raises(WeightsError):
        download(entry(server, "missing"), tmp_path)
    assert not (tmp_path / "net.pth").exists()


@pytest.mark.parametrize(
    ("way", "second"),
    [("drops", "bytes=150000-"), ("plaindrops", "bytes=150000-")],
    ids=["resumed", "restarted"],
)
def test_cut_off_half_way_then_finished(server, tmp_path, way, second):
    with pytest.raises(WeightsError, match=r"got 150,000 bytes.*try again") as error:
        download(entry(server, way), tmp_path)
    one_sentence(error)
    assert not (tmp_path / "net.pth").exists()
    seen = []
    path = download(entry(server, way), tmp_path, lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == PAYLOAD
    assert [asked for _, asked in server.asked] == [None, second]
    assert seen[-1] == (len(PAYLOAD), len(PAYLOAD))
    assert (seen[0][0] > 150_000) == (way == "drops")


@pytest.mark.parametrize("kept", [len(PAYLOAD), len(PAYLOAD) + 7])
def test_a_part_beyond_the_end_starts_again(server, tmp_path, kept):
    (tmp_path / "net.pth.part").write_bytes(bytes(kept))
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    assert [asked for _, asked in server.asked] == [f"bytes={kept}-", None]


def test_a_server_that_resumes_elsewhere_is_asked_for_the_whole(server, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(PAYLOAD[:100])
    assert download(entry(server, "wrongrange"), tmp_path).read_bytes() == PAYLOAD
    assert len(server.asked) == 2


def test_a_part_of_another_file_is_thrown_away_once_its_hash_is_wrong(server, tmp_path):
    (tmp_path / "net.pth.part").write_bytes(b"?" * 1000)
    with pytest.raises(WeightsError, match="thrown away"):
        download(entry(server, "ranged"), tmp_path)
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD


@pytest.mark.parametrize(
    ("way", "message", "keeps_part"),
    [
        ("wrong", "SHA-256 that starts with .*thrown away", False),
        ("short", "SHA-256 that starts with", False),
        ("missing", "got 404", False),
        ("broken", "got 500.*later", False),
        ("only206", "got status 206", False),
        ("huge", "at most 2,000,000,000 bytes.*got 3,000,000,000", True),
        ("chunked", "got 0 bytes|got 1,000 bytes", True),
        ("garbage", "expected an answer from 127.0.0.1", False),
        ("loop", "infinite loop", False),
        ("tofile", "got 302.*not allowed", False),
        ("toftp", "unknown url type", False),
        ("todata", "not allowed|unknown url type", False),
        ("silent", "timed out.*packaged networks keep working", False),
        ("stalls", "timed out.*try again", True),
    ],
)
def test_failures_are_one_sentence_and_never_half_used(server, tmp_path, way, message, keeps_part):
    with pytest.raises(WeightsError, match=message) as error:
        download(entry(server, way), tmp_path, timeout=2)
    one_sentence(error)
    assert isinstance(error.value, Offline) == (way == "silent")
    assert not (tmp_path / "net.pth").exists()
    assert (tmp_path / "net.pth.part").exists() == keeps_part
    assert download(entry(server, "plain"), tmp_path).read_bytes() == PAYLOAD


def test_redirects_and_unknown_lengths(server, tmp_path):
    assert download(entry(server, "redirect"), tmp_path).read_bytes() == PAYLOAD
    seen = []
    download(entry(server, "endless"), tmp_path / "other", lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(PAYLOAD), None)


def test_a_stream_without_a_length_is_bounded(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download_module, "MAX_BYTES", 200_000)
    with pytest.raises(WeightsError, match="at most 200,000 bytes"):
        download(entry(server, "endless"), tmp_path)
    assert not (tmp_path / "net.pth").exists()
    assert (tmp_path / "net.pth.part").stat().st_size == 0


def test_no_server_is_offline(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, not listening: the system refuses
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/net.pth"
        with pytest.raises(Offline, match=r"refused.*packaged networks keep working") as error:
            download(Published("net", url, DIGEST, "authors"), tmp_path)
    one_sentence(error)
    assert not (tmp_path / "net.pth").exists()


def test_no_name_service_is_offline(tmp_path, monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Offline, match="Name or service not known"):
        download(published.published("resnet18_blur3"), tmp_path)


def test_a_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WeightsError, match="RECEPTIVE_CACHE") as error:
        download(entry(server, "ranged"), tmp_path / "file" / "cache")
    one_sentence(error)
    assert server.asked == []


def test_progress_can_stop_a_download_that_later_goes_on(server, tmp_path):
    class Stop(Exception):
        pass

    def stop(done, total):
        raise Stop

    with pytest.raises(Stop):
        download(entry(server, "ranged"), tmp_path, stop)
    assert not (tmp_path / "net.pth").exists()
    assert download(entry(server, "ranged"), tmp_path).read_bytes() == PAYLOAD
    assert server.asked[1][1] is not None


def test_two_processes_and_a_thread_share_one_download(server, tmp_path):
    code = (
        "import sys; from pathlib import Path; from core.networks.download import *;"
        "print(download(Published('net', sys.argv[1], sys.argv[2], 'authors'), Path(sys.argv[3])))"
    )
    url = f"{server.url}/slow/net.pth"
    others = [
        subprocess.Popen([sys.executable, "-c", code, url, DIGEST, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert download(entry(server, "slow"), tmp_path).read_bytes() == PAYLOAD
    for other in others:
        assert other.communicate(timeout=30)[0].decode().strip() == str(tmp_path / "net.pth")
        assert other.returncode == 0
    assert len(server.asked) == 1
