"""A picture and a network whose names are markup, through every page of the real app: words they stay."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect
from safetensors.torch import save

from tests.browser.conftest import PATIENCE, Watched, settle
from tests.helpers.hostile import FLAT, NOWHERE
from tests.pages.test_hostile import PICTURE, state

pytestmark = pytest.mark.browser
POINTS = f"{FLAT} ![y](http://{NOWHERE}/y.png) http://{NOWHERE}/z"  # of labels, which may hold anything
PAGES = ("Home", "Shift sweep", "Patch evidence", "Sparse codes", "Random features", "Spinal heads", "Networks")
MADE = """([nowhere]) => [...document.querySelectorAll('img, a, link, script, iframe, strong, em, b, i, code, .katex')]
  .filter(e => {
    const where = e.getAttribute('src') || e.getAttribute('href') || '';
    const goes = where.includes(nowhere) || where === 'x.png' || /^[a-z]+:.*host[.]invalid/.test(where);
    return goes || (!e.closest('pre') && ['S', 'BOO', 'c', 'x'].includes(e.textContent.trim()));
  }).map(e => e.outerHTML.slice(0, 200))"""


def words_alone(page: Page, *words: str) -> None:
    """Nothing on the page is made of the names, and they can be read as they are."""
    settle(page)
    assert page.evaluate(MADE, [NOWHERE]) == []
    text = " ".join(page.locator("body").inner_text().split())
    for word in words:
        assert " ".join(word.split()) in text, word


def test_names_that_are_markup_stay_words_on_every_page(address: str, watched: Watched) -> None:
    page, asked = watched.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/?study=networks")
    settle(page)
    title = f"{FLAT}.png"
    with page.expect_response(lambda response: "upload_file" in response.url):
        page.locator("[data-testid=stSidebar] input[type=file]").first.set_input_files(
            {"name": title, "mimeType": "image/png", "buffer": PICTURE}
        )
    expect(page.get_by_text(title).first).to_be_visible(timeout=PATIENCE)
    about = {"labels": json.dumps([f"{POINTS} {i}" for i in range(3)]), "mean": "[0.5, 0.5, 0.5]",
             "std": "[0.2, 0.2, 0.2]", "input_size": "32"}  # fmt: skip
    page.locator("[data-testid=stMain] input[type=file]").set_input_files(
        {"name": FLAT, "mimeType": "application/octet-stream", "buffer": save(state("cifar_vgg", 3), about)}
    )
    page.get_by_role("button", name="Open it").click(timeout=PATIENCE)
    words_alone(page, title, f"user:{FLAT}", "your own weights")
    page.get_by_role("link", name="Open Shift sweep with it").first.click()
    expect(page.get_by_text(f"user:{FLAT} says").first).to_be_visible(timeout=PATIENCE)
    words_alone(page, title, f"{POINTS} 0" if page.get_by_text(f"{POINTS} 0").count() else POINTS)
    for name in PAGES:
        page.locator("[data-testid=stSidebarNav]").get_by_role("link", name=name, exact=True).click()
        words_alone(page, title)
    assert not [url for url in asked if NOWHERE in url or url.endswith("/x.png") or "host.invalid" in url]
    assert not [
        complaint for complaint in watched.complaints if NOWHERE in complaint or "Content Security" in complaint
    ]
    assert watched.outside == []
