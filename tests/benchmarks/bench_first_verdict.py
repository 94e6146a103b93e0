"""From a new photograph to the first verdict on it, against the packaged first look of the same page, in Chromium.

Both in turn in one browser at one warm server: a new tab that opens the page on the picture whose answers come along,
till its verdict is there; and the upload of a photograph that nobody has asked about, till its verdict is there.

The Shift page's upload goes against before's, too, where RECEPTIVE_BEFORE names its worktree: there the old picture's
answer stands until the sweep of the new one is done, and the sentence under the title is another one.
"""

from __future__ import annotations

import io
import os
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, sync_playwright

from core.pictures.samples import SAMPLES, load_sample
from tests.benchmarks import table
from tests.browser.conftest import ROOT, serving, start

PAGES = ("", "shift_sweep", "patch_evidence", "sparse_codes")
RUNS = 5
THREADS = str(os.cpu_count())  # as whoever starts the app has them
PATIENCE = 300_000  # ms
VERDICT = ".st-key-rx-verdict"
BEFORE = "h4"  # its one sentence
NEW = """([where, old]) => {
  const said = document.querySelector(where);
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


def opened(context: BrowserContext, url: str, where: str = VERDICT) -> tuple[Page, float]:
    """A new tab, and the seconds till its verdict, which stands at a selector."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    begin = time.perf_counter()
    page.goto(url)
    page.wait_for_function(NEW, arg=[where, ""], polling=20)
    return page, time.perf_counter() - begin


def uploaded(page: Page, file: dict[str, object], where: str = VERDICT) -> float:
    """Seconds from a file that is handed over to the verdict on it."""
    page.wait_for_selector("[data-test-script-state=notRunning]")
    page.wait_for_timeout(1500)
    old = page.locator(where).first.inner_text()
    begin = time.perf_counter()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(file)  # type: ignore[arg-type]
    page.wait_for_function(NEW, arg=[where, old], polling=20)
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


@pytest.mark.skipif("RECEPTIVE_BEFORE" not in os.environ, reason="RECEPTIVE_BEFORE names no worktree of before")
def test_a_photograph_s_first_sweep_against_before(tmp_path: Path) -> None:
    sides, seconds = (("now", ROOT, VERDICT), ("before", Path(os.environ["RECEPTIVE_BEFORE"]), BEFORE)), ([], [])
    with ExitStack() as stack:
        urls = []
        for name, root, _ in sides:
            (folder := tmp_path / name).mkdir()
            around = {"RECEPTIVE_CACHE": str(folder), "OMP_NUM_THREADS": THREADS}
            urls.append(stack.enter_context(serving("app.py", folder, root, **around)))
        context = start(stack.enter_context(sync_playwright())).new_context(viewport={"width": 1440, "height": 900})
        for file in photographs(seed=1):
            for (_, _, where), url, found in zip(sides, urls, seconds, strict=True):
                page, _ = opened(context, f"{url}/shift_sweep", where)
                found.append(uploaded(page, file, where))
                page.close()
    ours, before = (found[1:] for found in seconds)  # the first of each warms the server
    table.record("verdict", ours, before)
    assert len(ours) == RUNS
