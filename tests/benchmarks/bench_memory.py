"""Memory of the server after a walk over all pages with five photographs, and while the picture changes 60 times."""

from __future__ import annotations

import re
from itertools import cycle, islice
from pathlib import Path

from playwright.sync_api import BrowserContext, sync_playwright

from tests.benchmarks import table
from tests.benchmarks.sides import BEFORE, NEEDS_BEFORE, OURS, REST, Server, free_port, served
from tests.browser.conftest import choose, start

PAGES = ("", "networks", "shift_sweep", "patch_evidence", "sparse_codes", "random_features", "spinal_heads")
PHOTOGRAPHS = ("astronaut", "coffee", "motorcycle", "china", "flower")
CHANGES, TENTH = 60, 10
PATIENCE = 600_000  # ms


def walked(server: Server, context: BrowserContext) -> float:
    """MB after every page with every photograph, a tab each."""
    for name in PHOTOGRAPHS:
        for slug in PAGES:
            page = context.new_page()
            page.goto(f"{server.url}/?{f'study={slug}&' if slug else ''}picture={name}")
            page.wait_for_function(REST, arg=[["h1", 1]], timeout=PATIENCE, polling=100)
            page.close()
    return server.memory


def changed(server: Server, context: BrowserContext) -> list[float]:
    """MB after each change of the picture on the page of the shift sweep, in one tab."""
    page, found = context.new_page(), []
    page.goto(f"{server.url}/?study=shift_sweep")
    for name in islice(cycle(PHOTOGRAPHS), CHANGES):
        page.wait_for_function(REST, arg=[["h1", 1]], timeout=PATIENCE, polling=100)
        choose(page, re.compile("Choose from the tray"), name)
        page.wait_for_timeout(500)
        page.wait_for_function(REST, arg=[["h1", 1]], timeout=PATIENCE, polling=100)
        found.append(server.memory)
    return found


@NEEDS_BEFORE
def test_the_memory_of_a_server(tmp_path: Path) -> None:
    walk: dict[Path, float] = {}
    changes: dict[Path, list[float]] = {}
    with sync_playwright() as playwright:
        browser = start(playwright)
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        for side in (BEFORE, OURS):
            with served(side, tmp_path, free_port()) as server:
                walk[side] = walked(server, context)
            with served(side, tmp_path, free_port()) as server:
                changes[side] = changed(server, context)
        browser.close()
    table.record("memory_walk", [walk[OURS]], [walk[BEFORE]])
    table.record("memory_changes", [changes[OURS][-1]], [changes[BEFORE][-1]])
    table.record("memory_growth", [changes[OURS][-1]], [changes[OURS][TENTH - 1]])
