"""From a new photograph to the first verdict on it, against the packaged first look of the same page, in Chromium.

Both in turn in one browser at one warm server: a new tab that opens the page on the picture whose answers come along,
till its verdict is there; and the upload of a photograph that nobody has asked about, till its verdict is there.
"""

from __future__ import annotations

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from core.pictures.samples import SAMPLES, load_sample
from tests.browser.conftest import serving, start

PAGES = ("", "shift_sweep", "patch_evidence", "sparse_codes")
RUNS = 5
THREADS = str(os.cpu_count())  # as whoever starts the app has them
PATIENCE = 300_000  # ms
VERDICT = ".st-key-rx-verdict"
SAID = f"document.querySelector('{VERDICT}')?.innerText ?? ''"
NEW = """(old) => {
  const said = document.querySelector('.st-key-rx-verdict');
  const stale = said?.closest('[data-stale=true]') ?? said?.querySelector('[data-stale=true]');
  const text = said?.innerText ?? '';
  return !stale && text !== '' && text !== old && !text.includes('…');
}"""


def photographs(seed: int = 0) -> list[dict[str, object]]:
    """As many as are uploaded, all new to the app: samples, cut and brightened anew each."""
    rng = np.random.default_rng(seed)
    names = [one.name for one in SAMPLES if min(load_sample(one.name).pixels.shape[:2]) >= 240][: RUNS + 1]
    files = []
    for name in names:
        pixels = load_sample(name).pixels
        top, left = rng.integers(1, 9, 2)
        out = io.BytesIO()
        Image.fromarray(pixels[top:, left:]).save(out, "JPEG", quality=95)
        files.append({"name": f"{name}.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()})
    return files


def opened(context: BrowserContext, url: str) -> tuple[Page, float]:
    """A new tab, and the seconds till its verdict."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_function(NEW, arg="", polling=20)
    return page, time.perf_counter() - begin


def uploaded(page: Page, file: dict[str, object]) -> float:
    """Seconds from a file that is handed over to the verdict on it."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.wait_for_timeout(1500)
    old = page.evaluate(SAID)
    begin = time.perf_counter()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)  # type: ignore[arg-type]
    page.wait_for_function(NEW, arg=old, polling=20)
    return time.perf_counter() - begin


def spread(values: list[float]) -> str:
    return f"{np.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


@pytest.mark.parametrize("slug", PAGES)
def test_a_photograph_s_first_verdict(slug: str, tmp_path: Path) -> None:
    files = photographs()
    with (
        serving("app.py", tmp_path, RECEPTIVE_CACHE=str(tmp_path), OMP_NUM_THREADS=THREADS) as url,
        sync_playwright() as playwright,
    ):
        browser = start(playwright)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        packaged, new = [], []
        for file in files:
            page, seconds = opened(context, f"{url}/?study={slug}" if slug else url)
            packaged.append(seconds)
            new.append(uploaded(page, file))
            page.close()
        browser.close()
    packaged, new = packaged[1:], new[1:]  # the first of each warms the server
    ratios = [n / p for n, p in zip(new, packaged, strict=True)]
    name = slug or "home"
    print(f"\n| {name} | {spread(packaged)} s | {spread(new)} s | {spread(ratios)} |")
    assert len(ratios) == RUNS
