"""A visitor's way through the fourth room, in the real app: draw the maps, lasso points, upload a query."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from tests.browser.conftest import Watched, settle
from tests.browser.test_shift_sweep_in_chromium import upload

pytestmark = pytest.mark.browser
QUESTION = "How far do you get without learning anything?"


def open_page(page: Page, address: str, settings: str = "") -> None:
    page.goto(f"{address}/?study=random_features&random-data=digits{settings}")
    settle(page)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()


def lasso(page: Page, chart: Locator) -> None:
    """Draw a line around the middle of a map, with the mouse held down."""
    box = chart.bounding_box()
    assert box is not None
    corners = [(0.05, 0.05), (0.95, 0.05), (0.95, 0.95), (0.05, 0.95), (0.05, 0.07)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def drawn(canvas: Locator) -> int:
    """How many pixels of a canvas hold something."""
    count: int = canvas.evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v).length"
    )
    return count


def test_the_digits_are_there_at_once(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    expect(page.get_by_text(re.compile(r"Of the 6 pictures nearest to yours, a trained network finds"))).to_be_visible()
    maps = page.locator(".points .maps canvas")
    expect(maps).to_have_count(3)
    settle(page)
    assert all(drawn(maps.nth(i)) > 1000 for i in range(3))
    assert watched.complaints == []
    assert watched.outside == []


def test_the_hero_plays_and_a_picture_tells_its_place(address: str, watched: Watched) -> None:
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    page.goto(f"{address}/?study=random_features&picture=coffee")
    settle(page)
    hero = page.locator(".near")
    expect(hero.locator(".rows li")).to_have_count(18)
    expect(hero.locator(".few output")).to_have_text("1,000 random features (k)")
    box = hero.locator("figure img").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < page.viewport_size["height"]
    names = [hero.locator("section").nth(1).locator("em").all_text_contents()]
    hero.locator(".play input").focus()
    page.keyboard.press("Home")
    expect(hero.locator(".few output")).to_have_text("1 random features (k)")
    names.append(hero.locator("section").nth(1).locator("em").all_text_contents())
    assert names[0] != names[1]
    hero.locator("section").nth(2).locator("button").nth(1).click()
    expect(hero.locator(".closer")).to_contain_text("number 2 of 5,233 for the trained network")
    assert watched.complaints == []
    assert watched.outside == []


def test_names_on_the_maps_do_not_overlap(address: str, watched: Watched) -> None:
    page = watched.page
    page.goto(f"{address}/?study=random_features&picture=coffee")
    settle(page)
    maps = page.locator(".points .maps canvas")
    expect(maps).to_have_count(3)
    for i in range(3):
        boxes = maps.nth(i).evaluate("c => c.words")
        side = maps.nth(i).evaluate("c => c.clientWidth")
        assert boxes
        for n, (left, top, right, bottom) in enumerate(boxes):
            assert 0 <= left < right <= side
            assert 0 <= top < bottom <= side
            for others in boxes[:n]:
                assert right <= others[0] or others[2] <= left or bottom <= others[1] or others[3] <= top


def test_ten_pictures_in_one_session_leave_the_browser_content(address: str, watched: Watched) -> None:
    """Three WebGL contexts a picture made it drop the oldest, with a warning."""
    page = watched.page
    warned: list[str] = []
    page.on("console", lambda message: warned.append(message.text))
    page.goto(f"{address}/?study=random_features")
    settle(page)
    for name in ("coffee", "rocket", "horse", "camera", "flower", "china", "coins", "brick", "motorcycle", "astronaut"):
        upload(page, f"{name}.png", png_bytes(load_sample(name)))
        settle(page)
        expect(page.locator(".near figcaption")).to_have_text(f"Your picture: {name}.png")
        expect(page.locator(".points .maps canvas")).to_have_count(3)
    assert not [text for text in warned if "WebGL" in text]
    expect(page.locator(".gl-canvas")).to_have_count(0)
    assert watched.complaints == []


def test_maps_are_drawn_a_lasso_shows_its_pictures_and_a_query_is_placed(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&random-points=200&random-digits-features=250")
    expect(page.get_by_text(re.compile(r"On 200 digits the nearest neighbour"))).to_be_visible(timeout=60_000)
    chart = page.locator(".points .maps canvas").nth(1)
    settle(page)

    chart.scroll_into_view_if_needed()
    lasso(page, chart)
    expect(page.get_by_role("button", name="Clear the selection")).to_be_visible()
    expect(page.locator(".st-key-random-mix")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"\d+ of the selected pictures"))).to_be_visible()
    settle(page)
    page.get_by_role("button", name="Clear the selection").click()
    expect(page.get_by_role("button", name="Clear the selection")).to_have_count(0)

    upload(page, "coffee.png", png_bytes(load_sample("coffee")))
    settle(page)
    expect(page.get_by_role("img", name="Your picture: coffee.png")).to_be_visible()
    expect(page.locator(".near .rows li")).to_have_count(18)
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []
