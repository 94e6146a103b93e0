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
    box = chart.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9), (0.1, 0.12)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*points[0])
    page.mouse.down()
    for x, y in points[1:]:
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def test_the_digits_are_there_at_once(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    expect(page.get_by_text(re.compile(r"On 1,797 digits the nearest neighbour has the same class"))).to_be_visible()
    expect(page.locator(".st-key-random-map-random .gl-canvas").first).to_be_visible()
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_maps_are_drawn_a_lasso_shows_its_pictures_and_a_query_is_placed(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&random-points=200&random-digits-features=250")
    page.get_by_role("button", name="Draw the maps").click()
    expect(page.get_by_text(re.compile(r"On 200 digits the nearest neighbour"))).to_be_visible()
    chart = page.locator(".st-key-random-map-random")
    expect(chart.locator(".gl-canvas").first).to_be_visible()
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
    expect(page.get_by_role("img", name="The chosen picture: coffee.png")).to_be_visible()
    settle(page)
    expect(page.get_by_role("img", name="Your picture in the form of the data set")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Neighbour: "))).to_have_count(18)
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []
