"""Twelve browsers at one server: a small sweep beside another session's long map, against the sweep alone.

The sweep: three 64 px networks, radius 3 or 4, of a sample picture that nobody has asked about. The long map: exact
evidence around every pixel of a 24-megapixel photograph with a short side of 224 px, by three BagNets.
"""

from __future__ import annotations

import io
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from core.pictures.samples import SAMPLES

ROOT = Path(__file__).parents[2]
BROWSERS = 12
SIZE = (6000, 4000)  # px of the photograph
RADII = (3, 4)
TARGET = 3.0
PATIENCE = 300_000  # ms


@contextmanager
def server(cache: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--server.port"]
    running = subprocess.Popen([*command, str(port)], cwd=ROOT, env=os.environ | {"RECEPTIVE_CACHE": str(cache)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    url = f"http://localhost:{port}"
    try:
        while True:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.2)
        yield url
    finally:
        running.kill()
        running.wait()


def photograph() -> bytes:
    rough = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(rough).resize(SIZE, Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def swept(page: Page, radius: int) -> float:
    """Seconds from the key that asks for the radius to its finding on the page."""
    knob = page.get_by_role("slider", name="Largest shift R, px")
    knob.focus()
    begin = time.perf_counter()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text(f"{(2 * radius + 1) ** 2} shifts").first).to_be_visible(timeout=PATIENCE)
    return time.perf_counter() - begin


def settled(page: Page) -> None:
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-test-script-state=notRunning]", timeout=PATIENCE)


def opened(pages: list[Page], url: str, boundary: str) -> None:
    for page, sample in zip(pages, SAMPLES, strict=False):
        page.goto(f"{url}/?study=shift_sweep&picture={sample.name}&shift-R={RADII[0] - 1}&shift-boundary={boundary}")
        expect(page.get_by_text(f"Of {(2 * RADII[0] - 1) ** 2} shifts").first).to_be_visible(timeout=PATIENCE)
        settled(page)


def percentile(seconds: list[float]) -> str:
    low, half, high = np.percentile(seconds, [5, 50, 95])
    return f"median {half:.2f} s (5 % {low:.2f}, 95 % {high:.2f}) of {len(seconds)}"


def test_a_small_sweep_beside_a_long_map(tmp_path: Path) -> None:
    system = next(path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists())
    with server(tmp_path) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system, args=["--no-sandbox", "--disable-gpu"])
        pages = [browser.new_context(viewport={"width": 1440, "height": 1000}).new_page() for _ in range(BROWSERS)]
        for page in pages:
            page.set_default_timeout(PATIENCE)
        others, busy = pages[1:], pages[0]
        opened(others, url, "crop")
        alone = [swept(page, radius) for radius in RADII for page in others]
        opened(others, url, "reflect")
        busy.goto(f"{url}/?study=patch_evidence&patch-short-tiny-imagenet-20=224")
        settled(busy)
        busy.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
            {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
        )
        expect(busy.get_by_text("around every pixel:").first).to_be_visible(timeout=PATIENCE)
        beside = [swept(page, radius) for radius in RADII for page in others]
        still = busy.get_by_text("around every pixel:").first.is_visible()
        browser.close()
    slow, usual = np.percentile(alone, 95), np.median(alone)
    worst = np.percentile(beside, 95)
    print(f"\nalone:  {percentile(alone)}\nbeside: {percentile(beside)}")
    print(f"the map is {'still' if still else 'no longer'} being computed")
    print(f"95 % beside to 95 % alone {worst / slow:.2f}, to the median alone {worst / usual:.2f} (at most {TARGET})")
    assert len(beside) == len(alone)
