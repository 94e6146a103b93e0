"""A visitor's own photograph in every room: the first answer is what it shows, and each verdict speaks of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from tests.browser.conftest import Watched, settle
from tests.browser.test_shift_sweep_in_chromium import upload

pytestmark = pytest.mark.browser
ROOMS = [  # page, settings that keep its work small, what its networks take a cup of coffee for
    ("networks", "", "espresso"),
    ("shift_sweep", "&shift-R=1", "espresso"),
    ("patch_evidence", "&patch-resolution=coarse", "espresso"),
    ("sparse_codes", "", "espresso"),
    ("random_features", "", "cup"),
    ("spinal_heads", "", "cup"),
]
SAYS = "[class*=st-key-rx-verdict], [class*=st-key-rx-hero], .rx-answers"  # the first words, the figure, the answers


@pytest.mark.parametrize(("slug", "settings", "words"), ROOMS, ids=[slug for slug, *_ in ROOMS])
def test_an_uploaded_photograph_is_known(address: str, watched: Watched, slug: str, settings: str, words: str) -> None:
    page = watched.page
    page.goto(f"{address}/?study={slug}{settings}")
    settle(page)
    upload(page, "mine.png", png_bytes(load_sample("coffee")))
    expect(page.get_by_text("mine.png, 600 × 400 px")).to_be_visible()
    expect(page.locator(SAYS).filter(has_text=re.compile(rf"\b{words}\b")).first).to_be_visible(timeout=180_000)
    badge = re.compile(r"lite0.*: (a public package|trained by this project)")
    expect(page.get_by_text(badge).first).to_be_visible()
    assert watched.complaints == []
    assert watched.outside == []
