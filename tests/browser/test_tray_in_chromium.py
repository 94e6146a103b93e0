"""The tray by mouse and keyboard: a dozen uploads, those that are refused, and what a reload has lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload, expect

from core.pictures.image import from_pixels, png_bytes
from core.pictures.samples import SAMPLES, load_sample
from tests.browser.conftest import Watched, serving, settle

pytestmark = pytest.mark.browser
HASH = "28652355a1b2c3d4e5f60718293a4b5c.png"
REFUSED = {"IMG_1.HEIC": b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(200), "notes.txt": b"hello"}


def files() -> list[FilePayload]:
    small = {sample.name: load_sample(sample.name) for sample in SAMPLES[:8]}
    pictures = {f"{name}.png": png_bytes(image) for name, image in small.items()}
    wide = np.random.default_rng(0).integers(0, 256, (20, 3000, 3), np.uint8)
    pictures |= {"wide.png": png_bytes(from_pixels(wide)), HASH: png_bytes(load_sample("coffee"))}
    named = pictures | REFUSED
    return [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in named.items()]


def test_a_dozen_pictures_are_brought_chosen_and_lost(watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    with serving("app.py", tmp_path, RECEPTIVE_CACHE=str(tmp_path / "cache")) as address:
        page.goto(f"{address}/?study=networks")
        settle(page)
        page.locator("[data-testid=stSidebar] input[type=file]").first.set_input_files(files())
        strip = page.get_by_role("radiogroup", name="Pictures of the tray")
        every = strip.get_by_role("radio")
        expect(every).to_have_count(10 + len(SAMPLES))
        settle(page)
        assert strip.evaluate("strip => strip.scrollTop") == 0  # the newest first
        expect(every.first).to_have_accessible_name(HASH)
        expect(every.first).to_be_checked()
        expect(page.get_by_text("286523…4b5c.png, 600 × 400 px")).to_be_visible()
        for name in REFUSED:
            expect(page.get_by_text(f"{name}: expected a PNG")).to_be_visible()

        strip.get_by_role("radio", name="wide.png").click()
        settle(page)
        shown = page.get_by_role("img", name="The chosen picture: wide.png")
        expect(shown).to_be_visible()
        assert shown.evaluate("img => img.naturalWidth / img.naturalHeight") > 100
        expect(page).to_have_url(f"{address}/networks?picture=wide.png")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        settle(page)
        expect(page.get_by_role("img", name="The chosen picture: horse.png")).to_be_visible()
        expect(every.nth(2)).to_be_focused()
        for name in ("rocket.png", "cat.png", "coffee.png"):  # quicker than the page
            strip.get_by_role("radio", name=name).click()
        settle(page)
        expect(page.get_by_role("img", name="The chosen picture: coffee.png")).to_be_visible()
        settle(page)
        assert watched.complaints == []

        page.reload()
        settle(page)
        lost = page.get_by_text("A page that is loaded anew lets go of your own pictures, 10 of them")
        expect(lost).to_be_visible()
        page.get_by_role("button", name="Go on with Chelsea the cat").click()
        expect(lost).to_have_count(0)
        expect(page.get_by_role("img", name="The chosen picture: Chelsea the cat")).to_be_visible()
        settle(page)
        assert watched.outside == []
    assert "was created with a default value" not in (tmp_path / "app.log").read_text()
