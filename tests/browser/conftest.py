"""The real app in a real browser: a server on loopback, Chromium, and a record of everything it asks for."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Playwright, TimeoutError, expect, sync_playwright

ROOT = Path(__file__).parents[2]
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PATIENCE = 120_000  # ms; the first page may wait for torch's import on a busy machine
CALM = 300  # ms; a slider of Streamlit's tells of itself 200 ms after it was moved
NUMBERS = count()
AT_REST = """([asked, calm]) => {
  const script = document.querySelector("[data-test-script-state]")?.dataset.testScriptState, now = performance.now();
  if (window.rxRest?.asked !== asked) window.rxRest = { asked, began: now, calm: Infinity, paused: Infinity };
  const rest = window.rxRest, runs = script !== "notRunning";
  rest.calm = runs ? Infinity : Math.min(rest.calm, now);
  if (!runs && now - rest.began >= calm) rest.paused = Math.min(rest.paused, now);
  return now - Math.min(rest.calm, rest.paused) >= calm;
}"""  # a part of a page that watches a long work runs again and again: a pause between two runs is rest enough
expect.set_options(timeout=60_000)  # a page of ten charts takes Chromium seconds to draw without a GPU


@dataclass
class Watched:
    """A page, what its console complained of, and the addresses it asked for outside this machine."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> Page:
        page.set_default_timeout(PATIENCE)
        page.on(
            "console",
            lambda m: self.complaints.append(f"{m.text} {m.location['url']}") if m.type == "error" else None,
        )
        page.on("pageerror", lambda e: self.complaints.append(str(e)))
        page.on("request", lambda r: self.note(r.url))
        return page

    def note(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("localhost", "127.0.0.1"):
            self.outside.append(url)


def settle(page: Page) -> None:
    """Wait until the script has run and the page is at rest."""
    page.wait_for_function(AT_REST, arg=[next(NUMBERS), CALM], timeout=PATIENCE)


def choose(page: Page, label: str | re.Pattern[str], option: str | re.Pattern[str]) -> None:
    """Open a select box and take an option of it; anew where a late run of the script has closed its list."""
    wanted, box = page.get_by_role("option", name=option), page.get_by_role("combobox", name=label)
    end = time.monotonic() + PATIENCE / 1000
    while True:
        box.click()
        try:
            wanted.click(timeout=5_000)
        except TimeoutError:
            if time.monotonic() > end:
                raise
            page.keyboard.press("Escape")
        else:
            return


def start(playwright: Playwright) -> Browser:
    """The system's Chromium, or Playwright's own; without either the tests skip, and CI fails."""
    system = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    own = Path(playwright.chromium.executable_path)
    if system is None and not own.exists():
        reason = "no Chromium: install it (apt-get install chromium) or run `playwright install chromium`"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return playwright.chromium.launch(executable_path=system, args=ARGUMENTS)


@pytest.fixture(scope="package")  # ends before the other tests begin
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = start(playwright)
        yield running
        running.close()


@contextmanager
def serving(script: str, folder: Path, root: Path = ROOT, **environment: str) -> Iterator[str]:
    """A script of Streamlit's as the README starts the app, on a free port, from a checkout at `root`; the server's log
    goes into `folder`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # nobody edits a file, and to look for that again and again takes a good part of a processor
    options = ["--server.headless", "true", "--server.fileWatcherType", "none", "--server.port", str(port)]
    log = (folder / "app.log").open("w+")
    # one thread: Chromium needs the other core
    around = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)} | environment
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", script, *options],
        cwd=root,
        env=around,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    url = f"http://localhost:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                break
            except OSError:
                assert server.poll() is None, Path(log.name).read_text()
                assert time.monotonic() < deadline, "the app did not answer within a minute"
                time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        try:
            server.wait(60)  # what the inference worker has begun is finished first
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


@pytest.fixture(scope="package")  # ends before the other tests begin
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app, with an empty cache folder."""
    cache = str(tmp_path_factory.mktemp("cache"))
    with serving("app.py", tmp_path_factory.mktemp("log"), RECEPTIVE_CACHE=cache) as url:
        yield url


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """A new page at 1440 px whose console and requests are recorded."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, accept_downloads=True)
    found = Watched(context.new_page())
    found.watch(found.page)
    yield found
    context.close()
