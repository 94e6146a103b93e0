"""The drawing pad in the real app: draw with the mouse and a finger, take back, switch pages, put away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched, settle

pytestmark = pytest.mark.browser
SEVEN = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.8)]
BAR = [(0.35, 0.5), (0.65, 0.5)]


def open_pad(page: Page, address: str) -> Locator:
    page.goto(address)
    settle(page)
    flip(page)
    pad = page.get_by_role("img", name=re.compile("^Drawing pad"))
    expect(pad).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    pad.scroll_into_view_if_needed()
    return pad


def flip(page: Page) -> None:
    page.get_by_text("Draw a picture", exact=True).click()
    settle(page)


def on_screen(pad: Locator, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    box = pad.bounding_box()
    assert box is not None
    return [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]


def draw(page: Page, pad: Locator, points: list[tuple[float, float]]) -> None:
    first, *others = on_screen(pad, points)
    page.mouse.move(*first)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()


def has_strokes(pad: Locator, count: int) -> None:
    expect(pad).to_have_accessible_name(f"Drawing pad, {count} {'stroke' if count == 1 else 'strokes'}")


def is_chosen(page: Page, name: str) -> None:
    expect(page.get_by_role("img", name=f"The chosen picture: {name}")).to_be_visible()
    expect(page).to_have_url(re.compile(r"picture=drawing") if name == "drawing" else re.compile(r"^((?!drawing).)*$"))


def ink(pad: Locator) -> float:
    """The share of the paper that is black."""
    share: float = pad.evaluate("""canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 0 && value < 128).length / (canvas.width * canvas.height);
    }""")
    return share


def test_a_drawing_is_chosen_survives_pages_and_can_be_taken_back(address: str, watched: Watched) -> None:
    page = watched.page
    pad = open_pad(page, address)
    assert ink(pad) == 0
    draw(page, pad, SEVEN)
    before = pad.bounding_box()
    is_chosen(page, "drawing")
    assert pad.bounding_box() == before  # the next stroke lands where it is aimed
    assert 0.07 < ink(pad) < 0.12  # 0.4 + 0.6 sides long, 24 of 280 px wide
    draw(page, pad, BAR)
    has_strokes(pad, 2)
    page.mouse.move(700, 20)  # off the pad: it sends at once
    settle(page)
    crossed = ink(pad)

    page.get_by_role("link", name="Random features").first.click()
    expect(page.get_by_role("heading", name="How far do you get without learning anything?")).to_be_visible()
    settle(page)
    is_chosen(page, "drawing")
    has_strokes(pad, 2)
    page.get_by_role("link", name="Home").first.click()
    expect(page.get_by_role("heading", name="Your picture, five ways")).to_be_visible()
    settle(page)
    has_strokes(pad, 2)

    flip(page)
    expect(pad).to_have_count(0)
    is_chosen(page, "drawing")
    flip(page)
    has_strokes(pad, 2)
    assert ink(pad) == crossed

    page.get_by_role("button", name="Undo").click()
    has_strokes(pad, 1)
    assert 0 < ink(pad) < crossed
    page.keyboard.press("Control+z")
    has_strokes(pad, 0)
    assert ink(pad) == 0
    is_chosen(page, "Chelsea the cat")
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_a_finger_draws_and_the_keyboard_clears(address: str, watched: Watched) -> None:
    page = watched.page
    pad = open_pad(page, address)
    finger = page.context.new_cdp_session(page)
    for kind, points in [("touchStart", SEVEN[:1]), *(("touchMove", [point]) for point in SEVEN), ("touchEnd", [])]:
        touches = [{"x": x, "y": y} for x, y in on_screen(pad, points)]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    has_strokes(pad, 1)
    is_chosen(page, "drawing")
    pad.click(button="right")
    has_strokes(pad, 1)

    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Clear")).to_be_focused()
    page.keyboard.press("Enter")
    has_strokes(pad, 0)
    is_chosen(page, "Chelsea the cat")
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []
