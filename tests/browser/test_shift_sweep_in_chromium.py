"""A visitor's way through the first room, in the real app."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from tests.browser.conftest import PATIENCE, Watched, settle

pytestmark = pytest.mark.browser
MAPS, HERO = ".st-key-shift-maps", ".st-key-shift-hero"


def upload(page: Page, name: str, data: bytes) -> None:
    page.locator("[data-testid=stSidebar] input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": data}
    )
    settle(page)


def slide(page: Page, label: str, to: str) -> None:
    """Move a slider to a value by the keyboard."""
    slider = page.get_by_role("slider", name=label)
    slider.focus()
    for _ in range(100):
        now = slider.input_value()
        if now == to:
            break
        page.keyboard.press("ArrowLeft" if float(now) > float(to) else "ArrowRight")
        expect(slider).not_to_have_value(now)  # a busy page is a few keys behind
    expect(slider).to_have_value(to)
    settle(page)


def click_map(page: Page) -> None:
    """Click the first map, up and left of its middle."""
    first = page.locator(f"{MAPS} .xy .heatmaplayer, {MAPS} .xy").first
    page.locator(MAPS).first.scroll_into_view_if_needed()
    box = first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.35)
    settle(page)


RING = "e => { const t = e.data.find(t => t.name === 'chosen shift'); return [t.y[0], t.x[0]]; }"
ON_THE_PAGE = f"({RING})(document.querySelector('{MAPS} .js-plotly-plot')).join()"


def ring(page: Page) -> tuple[int, int]:
    """Where the ring lies on the first map: the chosen shift, (dy, dx)."""
    plots = page.locator(f"{MAPS} .js-plotly-plot")
    expect(plots).to_have_count(1)  # an old one goes a moment after the new one came
    down, right = plots.evaluate(RING)
    return int(down), int(right)


def ring_comes_to(page: Page, *shift: int) -> None:
    page.wait_for_function(f"shift => {ON_THE_PAGE} === shift.join()", arg=shift)


def test_the_frame_plays_and_where_it_is_left_is_the_chosen_shift(address: str, watched: Watched) -> None:
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}/?study=shift_sweep&shift-family=photographs&shift-R=4")
    settle(page)
    hero = page.locator(HERO)
    expect(hero.get_by_text("The picture where it is")).to_be_visible()
    slider = hero.get_by_role("slider")
    expect(page.get_by_text("81 shifts").first).to_be_visible()
    expect(hero.get_by_role("button", name="Play")).to_be_visible()  # less motion: it waits to be played
    hero.get_by_role("button", name="Play").click()
    expect(hero.get_by_text(re.compile("Frame moved"))).to_be_visible()
    hero.get_by_role("button", name="Pause").click()
    slider.focus()
    page.keyboard.press("End")
    ring_comes_to(page, 4, 4)
    hero.locator("canvas.scene").focus()
    page.keyboard.press("ArrowRight")  # the frame to the right: the picture to the left
    ring_comes_to(page, 4, 3)
    settle(page)
    box = hero.locator("canvas.scene").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], box["y"] + box["height"], steps=5)
    page.mouse.up()
    ring_comes_to(page, -4, -4)
    settle(page)
    assert watched.complaints == []


def test_from_the_home_page_to_a_permalink(address: str, watched: Watched, tmp_path: Path) -> None:
    page = watched.page
    page.goto(address)
    settle(page)
    page.get_by_role("link", name="Shift sweep").first.click()
    settle(page)
    expect(page.get_by_role("heading", name="Does a one-pixel shift change the answer?")).to_be_visible()
    expect(page.locator(f"{MAPS} .js-plotly-plot")).to_be_visible()

    slide(page, "Largest shift R, px", "5")
    upload(page, "mine.png", png_bytes(load_sample("coffee")))
    expect(page.get_by_text("mine.png, 600 × 400 px")).to_be_visible()
    expect(page.get_by_text(re.compile(r"121 shifts"))).to_be_visible(timeout=PATIENCE)

    expect(page.locator("[class*=st-key-rx-waiting]")).to_have_count(0, timeout=PATIENCE)
    settle(page)
    click_map(page)
    page.wait_for_function(f"() => {ON_THE_PAGE} !== '0,0'")
    down, right = ring(page)
    assert max(abs(down), abs(right)) <= 5

    settle(page)
    with page.expect_download() as pending:
        page.get_by_role("button", name="Download the numbers (CSV)").click()
    target = tmp_path / "sweep.csv"
    pending.value.save_as(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    assert len(rows) == 121
    assert {int(r["dy"]) for r in rows} == set(range(-5, 6))

    with page.expect_download() as pending:
        page.locator(f"{MAPS} .modebar-btn").first.click()
    assert pending.value.suggested_filename == "receptive-shift-maps.png"

    link = page.get_by_text(
        re.compile(rf"^http://localhost:\d+/\?study=shift_sweep.*shift-dy={down}")
    ).first.inner_text()
    tab = watched.watch(page.context.new_page())
    tab.goto(link)
    settle(tab)
    expect(tab.get_by_role("slider", name="Largest shift R, px")).to_have_value("5")
    assert ring(tab) == (down, right)
    expect(tab.get_by_text(re.compile(r"121 shifts"))).to_be_visible(timeout=PATIENCE)

    assert watched.complaints == []
    assert watched.outside == []


def test_a_bad_picture_is_said_and_the_page_goes_on(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=shift_sweep&shift-R=3")
    settle(page)
    upload(page, "drawing.png", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    expect(page.get_by_text(re.compile("drawing.png: .*SVG"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"49 shifts"))).to_be_visible()
    assert watched.complaints == []


def test_the_imagenet_networks_are_offered_but_not_fetched(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=shift_sweep&shift-family=ImageNet&shift-networks-imagenet=resnet18")
    settle(page)
    expect(page.get_by_text(re.compile("Not on this machine yet"))).to_be_visible()
    assert watched.outside == []


def test_a_long_sweep_can_be_stopped_and_gone_on_with(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=shift_sweep&shift-family=ImageNet&shift-networks-imagenet=untrained%3Aresnet18")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped: asking 1 networks"))).to_be_visible()
    page.get_by_role("button", name="Go on").click()
    so_far = page.locator(".st-key-rx-verdict").get_by_text(re.compile("^So far"))
    expect(so_far).to_be_visible()  # of the smallest shifts
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    settle(page)
    expect(so_far).to_be_visible()
    expect(page.locator(f"{MAPS} .js-plotly-plot")).to_be_visible()
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/?study=shift_sweep"])
def test_nothing_sticks_out_at_800_px(address: str, watched: Watched, path: str, scheme: str) -> None:
    page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 800, "height": 1000})
    page.goto(address + path)
    settle(page)
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert page.locator("[data-testid=stException]").count() == 0
    assert watched.complaints == []
