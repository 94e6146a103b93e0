"""How soon a slider's new picture is on screen, in Chromium: the heroes of the first three rooms.

From the browser's own event (an arrow key, or a pointer that drags) to the second frame after the figure has changed
and its new pictures are decoded; a change that needs the server counts with all that it waits for.
"""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from tests.benchmarks import table
from tests.browser.conftest import serving, settle, start

RUNS = 20  # of keys, and as many of a drag
MOST = 0.1  # seconds that are wanted
SLIDERS = (  # the row of the table, the page, the component and its slider, and what of it shows the change
    ("slider_lambda", "sparse_codes", ".st-key-sparse-hero", "figure.made img, .answers"),
    ("slider_wipe", "patch_evidence", ".st-key-patch-maps", ".wipe"),
    ("slider_frame", "shift_sweep", ".st-key-shift-hero", ".at, .networks"),
)
ARM = """(slider, [kind, inside]) => {
  const root = slider.getRootNode();
  const shown = [...root.querySelectorAll(inside)];
  let begun = null;
  const seen = new MutationObserver(async () => {
    if (begun === null) return;
    const from = begun;
    begun = null;
    const pictures = shown.flatMap((one) => (one.matches("img") ? [one] : [...one.querySelectorAll("img")]));
    await Promise.all(pictures.map((one) => one.decode()));
    requestAnimationFrame(() => requestAnimationFrame(() => window.rxSeconds.push((performance.now() - from) / 1000)));
  });
  for (const one of shown) seen.observe(one, { subtree: true, childList: true, attributes: true, characterData: true });
  slider.addEventListener(kind, (event) => (begun ??= event.timeStamp), { capture: true });
}"""


def answered(page: Page, before: int) -> None:
    page.wait_for_function("before => window.rxSeconds?.length > before", arg=before, polling=20)


def told(page: Page) -> list[float]:
    found: list[float] = page.evaluate("window.rxSeconds ?? []")
    return found


def by_keys(page: Page, slider: Locator) -> list[float]:
    """Seconds from each of RUNS arrow keys."""
    slider.focus()
    page.keyboard.press("Home")
    settle(page)
    page.evaluate("window.rxSeconds = []")
    for at in range(RUNS):
        page.keyboard.press("ArrowRight")
        answered(page, at)
    return told(page)


def by_dragging(page: Page, slider: Locator) -> list[float]:
    """Seconds from each of RUNS steps of a pointer that drags the slider's thumb."""
    box = slider.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(300)
    page.evaluate("window.rxSeconds = []")
    for at in range(1, RUNS + 1):
        page.mouse.move(box["x"] + (box["width"] - 16) * (1 - at / (RUNS + 1)) + 8, box["y"] + box["height"] / 2)
        answered(page, at - 1)
    page.mouse.up()
    return told(page)


@pytest.mark.parametrize(("key", "slug", "hero", "inside"), SLIDERS)
def test_a_slider_s_new_picture(key: str, slug: str, hero: str, inside: str, tmp_path: Path) -> None:
    threads = str(os.cpu_count())  # as whoever starts the app has them
    with (
        serving("app.py", tmp_path, RECEPTIVE_CACHE=str(tmp_path), OMP_NUM_THREADS=threads) as url,
        sync_playwright() as playwright,
    ):
        browser = start(playwright)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(60_000)
        page.emulate_media(reduced_motion="reduce")
        page.goto(f"{url}/?study={slug}")
        settle(page)
        slider = page.locator(hero).get_by_role("slider")
        slider.scroll_into_view_if_needed()
        for kind in ("keydown", "pointermove"):
            slider.evaluate(ARM, [kind, inside])
        keys = by_keys(page, slider)
        settle(page)
        drags = by_dragging(page, slider)
        browser.close()
    note = f"{median(keys):.3f} s by keys, {median(drags):.3f} s by dragging"
    table.record(key, keys + drags, [MOST] * len(keys + drags), note)
    assert len(keys) == len(drags) == RUNS
