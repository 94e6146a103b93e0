"""A visitor's way through the second room, in the real app: click a patch, read its logits, take it away."""

from __future__ import annotations

import csv
import io
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core import networks
from core.pictures.image import from_pixels, png_bytes
from core.pictures.preprocess import whole
from core.pictures.samples import load_sample
from core.studies.patch import closer
from tests.browser.conftest import Watched, settle
from tests.browser.test_shift_sweep_in_chromium import upload

pytestmark = pytest.mark.browser
MAPS = ".st-key-patch-maps"
SAID = re.compile(r"Alone, the patch says (.+) \((-?\d+\.\d\d) points\)")


def open_page(page: Page, address: str, settings: str = "") -> None:
    page.goto(f"{address}/?study=patch_evidence&patch-family=photographs{settings}")
    settle(page)
    expect(page.get_by_role("heading", name="Which little patches made the network say so?")).to_be_visible()
    expect(page.locator(f"{MAPS} .stage").first).to_be_visible()
    expect(page.get_by_text(SAID).first).to_be_visible(timeout=120_000)
    expect(page.locator("[class*=st-key-rx-waiting]")).to_have_count(0, timeout=120_000)  # each map is at its finest
    settle(page)


def click_map(page: Page, number: int, across: float, down: float) -> None:
    """Click the map of that number at a share of its width and height."""
    box = stage(page, number).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    expect(page.get_by_label("Row, px")).not_to_have_value("")
    settle(page)


def stage(page: Page, number: int) -> Locator:
    """The photo with the map of that number over it."""
    return page.locator(f"{MAPS} .stage").nth(number - 1)


def uncovered(page: Page) -> float:
    """How much of the photo is uncovered, in percent."""
    return float(page.locator(f"{MAPS} .wipe").evaluate("e => parseFloat(e.style.getPropertyValue('--at'))"))


def words(page: Page) -> tuple[str, float]:
    """The class that the chosen patch says alone, and its logit."""
    found = SAID.search(page.get_by_text(SAID).first.inner_text())
    assert found is not None
    return found[1], float(found[2])


def test_a_click_on_a_patch_shows_its_own_logits(address: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    open_page(page, address)
    click_map(page, 2, 0.3, 0.4)
    y, x = (int(page.get_by_label(f"{name}, px").input_value()) for name in ("Row", "Column"))
    network = networks.load(networks.find("photo_bagnet17"))
    pixels = whole(load_sample("cat"), 64)
    assert abs(x - 0.3 * pixels.shape[1]) < 6
    assert abs(y - 0.4 * pixels.shape[0]) < 6
    patch = closer.patch_at(network, pixels, y, x)
    said, logit = words(page)
    assert said == network.labels[patch.logits.argmax()]
    assert logit == pytest.approx(patch.logits.max(), abs=0.006)

    link = page.get_by_text(
        re.compile(rf"^http://localhost:\d+/\?study=patch_evidence.*patch-y={y}")
    ).first.inner_text()
    page.get_by_text("Where are patches like this one?").click()
    # drawn when it is there: what lies below it moves down, away from a click
    expect(page.get_by_text("Framed: the chosen patch").first).to_be_visible()
    settle(page)
    with page.expect_download() as pending:
        page.get_by_role("button", name="Download the numbers (CSV)").click()
    target = tmp_path / "evidence.csv"
    pending.value.save_as(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert len(rows) == 3 * pixels.shape[0] * pixels.shape[1]

    tab = watched.watch(page.context.new_page())
    tab.goto(link)
    settle(tab)
    expect(tab.get_by_label("Row, px")).to_have_value(str(y))
    expect(tab.get_by_text(f"Alone, the patch says {said} ({logit:.2f} points)").first).to_be_visible()
    assert watched.complaints == []
    assert watched.outside == []


def test_a_click_while_the_map_still_gets_finer_is_heard(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(
        f"{address}/?study=patch_evidence&patch-family=photographs&picture=coffee&patch-short-tiny-imagenet-20=224"
    )
    refining = page.locator(".st-key-rx-waiting-patch")
    expect(refining).to_be_visible(timeout=120_000)
    expect(page.get_by_text(SAID).first).to_be_visible(timeout=120_000)
    row = page.get_by_label("Row, px")
    for _ in range(3):  # in the moment in which a finer map takes its place there is nothing to click on
        stage(page, 1).click(position={"x": 60, "y": 40})
        with suppress(AssertionError):
            expect(row).not_to_have_value("", timeout=10_000)
            break
    expect(row).not_to_have_value("")
    expect(refining).to_be_visible()  # or the click came too late to tell
    refining.get_by_role("button", name="Stop").click()
    assert watched.complaints == []


def test_an_uploaded_picture_is_mapped_to_the_last_pixel(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    upload(page, "mine.png", png_bytes(load_sample("coffee")))
    expect(page.get_by_text("mine.png, 600 × 400 px")).to_be_visible()
    expect(page.get_by_text(re.compile(r"at 96 × 64 px \(it has 600 × 400\)"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"Why .+\? .*% of the evidence"))).to_be_visible()
    expect(page.get_by_text(re.compile("so far; around every pixel"))).to_have_count(0, timeout=120_000)
    assert watched.complaints == []


def test_a_long_map_refines_can_be_stopped_and_gone_on_with(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(
        f"{address}/?study=patch_evidence&patch-family=photographs&picture=rocket&patch-short-tiny-imagenet-20=224"
    )
    stop = page.locator(".st-key-rx-waiting-patch").get_by_role("button", name="Stop")  # of the refinement
    stopped, whole = page.get_by_text("Stopped at a patch around every"), page.get_by_text("From the terminal")
    stop.click()
    expect(stopped).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(whole).to_be_visible()
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    stop.click()  # when nothing else of the page is being drawn any more
    expect(stopped).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    expect(stopped).to_have_count(0, timeout=120_000)
    expect(page.locator(f"{MAPS} .stage").first).to_be_visible()
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_at_800_px(address: str, watched: Watched, scheme: str) -> None:
    page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 800, "height": 1000})
    open_page(page, address)
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert page.locator("[data-testid=stException]").count() == 0
    assert watched.complaints == []


def test_the_wipe_is_dragged_and_moved_by_keys_and_chooses_no_patch(address: str, watched: Watched) -> None:
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    open_page(page, address)
    assert uncovered(page) == 30
    box = stage(page, 2).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40, steps=4)
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 44, steps=4)
    page.mouse.up()
    assert uncovered(page) == pytest.approx(80, abs=1)
    slider = page.get_by_role("slider", name="How much of the photo stays uncovered")
    slider.focus()
    slider.press("ArrowLeft")
    assert uncovered(page) == pytest.approx(79, abs=1)
    page.get_by_role("button", name="photo BagNet-17", exact=True).first.click()
    expect(stage(page, 1)).to_be_hidden()
    expect(stage(page, 2)).to_be_visible()
    assert page.get_by_label("Row, px").input_value() == ""
    page.get_by_role("button", name=re.compile("Strongest patch number 2")).click()
    expect(page.get_by_label("Row, px")).not_to_have_value("")
    settle(page)
    assert uncovered(page) == pytest.approx(79, abs=1)  # what a hand has done outlives the run
    expect(stage(page, 1)).to_be_hidden()
    assert watched.complaints == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
@pytest.mark.parametrize("upright", [False, True])
def test_the_hero_stands_on_the_first_screen(
    address: str, watched: Watched, width: int, height: int, upright: bool
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    page.goto(f"{address}/?study=patch_evidence")
    expect(stage(page, 1)).to_be_visible(timeout=120_000)
    if upright:
        pixels = np.rot90(load_sample("cat").pixels)
        upload(page, "upright.png", png_bytes(from_pixels(np.ascontiguousarray(pixels))))
        expect(page.get_by_text("upright.png, 300 × 451 px")).to_be_visible()
        expect(page.get_by_text("Still shown")).to_have_count(0, timeout=120_000)
    settle(page)
    boxes = [page.locator(f"{MAPS} .stage").nth(i).bounding_box() for i in (0, 1)]
    for box in (*boxes, page.locator(f"{MAPS} .foot").bounding_box()):
        assert box is not None
        assert box["y"] > 0
        assert box["y"] + box["height"] <= height
        assert box["width"] >= 180
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["y"] == pytest.approx(boxes[1]["y"], abs=1)  # side by side, on one line
    assert watched.complaints == []
