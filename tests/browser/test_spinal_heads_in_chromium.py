"""A visitor's way through the fifth room, in the real app: watch a head answer, draw a digit, train and stop a race."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched, choose, settle

pytestmark = pytest.mark.browser
QUESTION = "Does feeding the input bit by bit pay?"
SEVEN = [(0.3, 0.2), (0.7, 0.2), (0.45, 0.85)]


def open_page(page: Page, address: str, settings: str = "") -> None:
    page.goto(f"{address}/?study=spinal_heads{settings}")
    settle(page)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()


def layers_lit(page: Page, count: int) -> None:
    expect(page.locator(".hero svg .layer.lit")).to_have_count(count, timeout=20_000)


def player(page: Page) -> Locator:
    return page.get_by_role("slider", name="Layers read so far")


def test_the_head_lights_up_layer_by_layer_and_the_answer_moves_with_it(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&picture=motorcycle")
    layers_lit(page, 4)  # it plays once by itself, and stays with the whole answer
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    bars = page.locator(".hero .answer li")
    whole = bars.first.inner_text()
    player(page).focus()
    page.keyboard.press("Home")
    layers_lit(page, 1)
    assert bars.first.inner_text() != whole
    expect(player(page)).to_have_attribute("aria-valuetext", re.compile(r"After layer 1 of 4: .+, \d+\s?%"))
    page.keyboard.press("End")
    layers_lit(page, 4)
    assert bars.first.inner_text() == whole
    expect(page.get_by_role("heading", name=re.compile("All three heads say Motorbikes"))).to_be_visible()
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (800, 900), (390, 844)])
def test_the_hero_is_on_the_first_screen_and_every_word_is_in_its_place(
    address: str, watched: Watched, width: int, height: int
) -> None:
    page = watched.page
    page.set_viewport_size({"width": width, "height": height})
    open_page(page, address)
    layers_lit(page, 4)
    if width >= 1000:
        for part in (".hero img", ".hero svg"):
            box = page.locator(part).bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height, part
    words = page.locator(".hero svg text").evaluate_all(
        "all => all.map(t => [t.textContent, parseFloat(getComputedStyle(t).fontSize), t.getBoundingClientRect()])"
        ".map(([said, size, b]) => [said, size, b.left, b.right, b.top, b.bottom])"
    )
    frame = page.locator(".hero svg").bounding_box()
    assert frame is not None
    assert len(words) == 2 + 2 + 3 * 4  # two parts, two notes, and of each layer its letter, name and answer
    for i, (said, size, left, right, top, bottom) in enumerate(words):
        assert size >= 12, said
        assert frame["x"] - 1 <= left < right <= frame["x"] + frame["width"] + 1, said
        for other, _, a, b, c, d in words[:i]:
            assert min(right, b) <= max(left, a) + 1 or min(bottom, d) <= max(top, c) + 1, (said, other)
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") <= 0


def test_a_digit_is_drawn_and_read_by_the_digit_heads(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    page.get_by_role("button", name="Draw a digit").click()
    settle(page)
    pad = page.locator(".st-key-rx-hero").get_by_role("img", name=re.compile("^Drawing pad"))  # where the photo stands
    box = pad.bounding_box()
    assert box is not None
    (x, y), *others = [(box["x"] + u * box["width"], box["y"] + v * box["height"]) for u, v in SEVEN]
    page.mouse.move(x, y)
    page.mouse.down()
    for point in others:
        page.mouse.move(*point, steps=8)
    page.mouse.up()
    expect(page.get_by_role("heading", name=re.compile("All three heads say 7"))).to_be_visible(timeout=30_000)
    layers_lit(page, 6)
    expect(page.locator(".hero .answer li")).to_have_count(10)
    expect(page.get_by_role("combobox", name=re.compile("What is read"))).to_have_value("my picture, digit heads")
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_a_finished_race_is_there_at_once(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    expect(page.get_by_text(re.compile(r"After 20 epochs on 1,297 digits pictures: FC 9\d"))).to_be_visible()
    expect(page.locator(".st-key-spinal-curves .main-svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="Measured on data sets")).to_be_visible()
    expect(page.get_by_text("The paper says, we measured: every race")).to_be_visible()
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_a_training_is_started_stopped_and_kept(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&spinal-seeds=2&spinal-epochs=60")
    curves = page.locator(".st-key-spinal-curves .main-svg").first
    curves.scroll_into_view_if_needed()
    page.get_by_role("button", name="Train 6 networks").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(curves).to_be_visible()  # the race before stays until the new one has something to show
    growing = page.get_by_text(re.compile(r"After \d+ of 60 epochs on 1,297 digits pictures"))
    expect(growing).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. What was trained is shown")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    settle(page)
    expect(growing).to_be_visible()
    kept = growing.inner_text()

    page.get_by_role("link", name="Shift sweep").first.click()
    expect(page.get_by_role("heading", name="Does a one-pixel shift change the answer?")).to_be_visible()
    page.get_by_role("link", name="Spinal heads").first.click()
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    settle(page)
    expect(growing).to_have_text(kept)

    open_page(page, address)  # a new visit: the curves outlive the session
    choose(page, re.compile("Race shown"), re.compile(r"yours: digits, .*2 seeds × 60 epochs"))
    expect(growing).to_have_text(kept)
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []
