"""OpenVINO, the extra `fast`: asked for here it tells nobody, and where it is missing a sentence says so."""

import subprocess
import sys

import pytest

from core.networks import swift

SILENT = """
import sys
asked = []
sys.addaudithook(lambda event, told: asked.append((event, told[:2])) if event.startswith("socket.") else None)
from core.networks import swift
swift.runtime()
import openvino
print([one for one in asked if one[0] in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname")])
"""


def test_openvino_tells_nobody_that_it_was_imported(tmp_path):
    """openvino 2026.4.1 sends an event to its makers when it is imported, and keeps a client's number in the home."""
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", SILENT], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert not list(tmp_path.rglob("openvino*"))


def test_without_openvino_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(swift, "find_spec", lambda name: None)
    assert not swift.installed()
    with pytest.raises(swift.SwiftError, match=r"pip install \"receptive\[fast\]\""):
        swift.runtime()
