"""The two sides of a comparison with "before": their folders, and a server of each, fresh, with an empty cache."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

OURS = Path(__file__).parents[2]
BEFORE = Path(os.environ.get("RECEPTIVE_BEFORE") or "without")
NEEDS_BEFORE = pytest.mark.skipif(
    not (BEFORE / "app.py").is_file(), reason="RECEPTIVE_BEFORE names no worktree of commit 7361185: git worktree add"
)
REST = """(figures) => {  // the script has run, these are drawn, and nothing has changed for a second
  window.rxChanged ??= (new MutationObserver(() => (window.rxChanged = Date.now())).observe(
    document, { subtree: true, childList: true, attributes: true, characterData: true }), Date.now());
  return document.querySelector('[data-test-script-state=notRunning]') && !document.querySelector('[data-stale=true]')
    && figures.every(([what, least]) => document.querySelectorAll(what).length >= least)
    && Date.now() - window.rxChanged > 1000 && window.rxChanged / 1000;
}"""


def environment(side: Path, folder: Path) -> dict[str, str]:
    """As whoever starts it from a terminal has it: all processors, and nothing downloaded or computed yet."""
    around = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    return around | {"PYTHONPATH": str(side), "RECEPTIVE_CACHE": str(folder)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Server:
    """A server that answers at `url`, `begun` at this time in seconds since the epoch."""

    url: str
    begun: float
    process: psutil.Process

    @property
    def memory(self) -> float:
        """MB that would be free without it."""
        return float(self.process.memory_full_info().uss) / 1e6


@contextmanager
def served(side: Path, folder: Path, port: int) -> Iterator[Server]:
    """`streamlit run app.py` of a side; begins when it is up."""
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port"]
    begun = time.time()
    running = subprocess.Popen(
        [*command, str(port)],
        cwd=side,
        env=environment(side, folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://localhost:{port}"
    try:
        while True:
            assert running.poll() is None, f"expected the server of {side} to stay up, got its end"
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.02)
        yield Server(url, begun, psutil.Process(running.pid))
    finally:
        running.kill()
        running.wait()
