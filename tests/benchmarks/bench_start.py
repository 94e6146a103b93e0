"""From `streamlit run` to a page, in Chromium: a fresh server process each time, before's and ours in turn.

The browser stays, and knows the front end, which is the same Streamlit's, from a first round that does not count.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

from tests.benchmarks import table
from tests.benchmarks.sides import BEFORE, NEEDS_BEFORE, OURS, REST, free_port, served
from tests.browser.conftest import start

PAIRS = 5
PATIENCE = 300_000  # ms
HOME = {
    BEFORE: [[".js-plotly-plot .main-svg", 6]],  # a figure of each study
    OURS: [[".rx-look:not(.rx-old):not(.rx-empty)", 5]],
}
FIRST = {
    BEFORE: ".js-plotly-plot .heatmaplayer image, .js-plotly-plot .imagelayer image",
    OURS: ".st-key-rx-hero .hero .networks canvas",
}


def seconds(side: Path, slug: str, folder: Path, port: int, context: BrowserContext) -> float:
    """From the command to Home at rest, or to the first figure of the page `slug`."""
    with served(side, folder, port) as server:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/?study={slug}" if slug else server.url, wait_until="commit")
        if slug:
            page.wait_for_selector(FIRST[side])
            end = time.time()
        else:
            end = float(page.wait_for_function(REST, arg=HOME[side], polling=50).json_value())
        page.close()
    return end - server.begun


@NEEDS_BEFORE
@pytest.mark.parametrize(("key", "slug"), [("cold_home", ""), ("cold_shift", "shift_sweep")])
def test_a_cold_start(key: str, slug: str, tmp_path: Path) -> None:
    ports = {side: free_port() for side in (BEFORE, OURS)}
    took: dict[Path, list[float]] = {BEFORE: [], OURS: []}
    with sync_playwright() as playwright:
        browser = start(playwright)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        for _ in range(PAIRS + 1):
            for side, values in took.items():
                values.append(seconds(side, slug, tmp_path, ports[side], context))
        browser.close()
    table.record(key, took[OURS][1:], took[BEFORE][1:])
