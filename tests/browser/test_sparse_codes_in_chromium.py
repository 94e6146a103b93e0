"""A visitor's way through the third room, in the real app: turn noise and lambda, click an atom, take it away."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from tests.browser.conftest import Watched, settle
from tests.browser.test_shift_sweep_in_chromium import upload

pytestmark = pytest.mark.browser
SAID = re.compile(r"At λ = ([\d.]+), (\d+)% of the codes are not zero")
SLIDER = "How picky, λ"


def open_page(page: Page, address: str, settings: str = "&sparse-network=cifar_sdnet18") -> None:
    page.goto(f"{address}/?study=sparse_codes{settings}")
    settle(page)
    expect(page.get_by_role("heading", name="Can a network see through noise?")).to_be_visible()
    expect(page.get_by_text(SAID).first).to_be_visible()
    settle(page)


def share(page: Page, lam: str) -> int:
    """The share of non-zero codes, in percent, once the finding is that of `lam`."""
    said = page.get_by_text(re.compile(rf"At λ = {re.escape(lam)}, \d+% of the codes are not zero")).first
    expect(said).to_be_visible()
    found = SAID.search(said.inner_text())
    assert found is not None
    return int(found[2])


def turn(page: Page, frame: int) -> None:
    """Move the hero's slider to a frame, and let it go."""
    page.get_by_role("slider", name=SLIDER).evaluate(
        "(e, at) => { e.value = at; for (const kind of ['input', 'change'])"
        " e.dispatchEvent(new Event(kind, { bubbles: true })); }",
        frame,
    )


def test_the_page_does_not_take_a_hand_back_that_has_moved_on(address: str, watched: Watched) -> None:
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    open_page(page, address, "&sparse-network=cifar_sdnet18&sparse-noise=gaussian")
    slider = page.get_by_role("slider", name=SLIDER)
    slider.evaluate(
        "e => { window.told = []; new MutationObserver(() => window.told.push(Number(e.value)))"
        ".observe(e, { attributes: true }); }"
    )
    turn(page, 8)
    expect(page).to_have_url(re.compile(r"sparse-lambda=0\.4(&|$)"))  # the page has heard of it, and is drawn again
    for at in (12, 20):
        turn(page, at)
    share(page, "1")
    settle(page)
    expect(slider).to_have_value("20")
    told = page.evaluate("window.told")
    assert told == sorted(told)
    assert "sparse-lambda=1" in page.url
    page.get_by_role("button", name=re.compile("^More")).first.click()
    number = page.get_by_label("How picky, λ", exact=True).and_(page.locator("input[type=number]"))
    number.fill("0.3")
    number.press("Enter")
    expect(slider).to_have_value("6")  # but where the page itself asks for another one


def test_the_first_visit_plays_every_lambda_in_the_browser_and_keeps_what_is_let_go(
    address: str, watched: Watched
) -> None:
    page = watched.page
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, address, "")
    slider = page.get_by_role("slider", name=SLIDER)
    expect(page.get_by_text("“window screen”").first).to_be_visible()
    expect(slider).to_have_attribute(
        "aria-valuetext", re.compile("^λ = 0.9: tiger cat, "), timeout=30_000
    )  # played once, and back
    box = slider.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 900
    frames = set()
    for at in (0, 2, 8, 18, 30):
        turn(page, at)
        frames.add(page.get_by_alt_text(re.compile("^Rebuilt from")).get_attribute("src"))
    assert len(frames) == 5
    turn(page, 2)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^λ = 0.1: window screen, "))
    share(page, "0.1")
    assert "sparse-lambda=0.1" in page.url
    page.get_by_role("button", name="Play", exact=True).first.click()
    expect(slider).not_to_have_attribute("aria-valuetext", re.compile("^λ = 0.1: window screen, "))
    page.get_by_role("button", name="Pause", exact=True).click()
    noisy = page.get_by_alt_text("With noise: impulse, p = 0.24")
    before = noisy.get_attribute("src")
    page.get_by_role("button", name="without noise").click()
    assert page.get_by_alt_text("The photo, without noise").get_attribute("src") != before
    assert watched.complaints == []
    assert watched.outside == []


def test_who_wants_less_motion_sees_the_chosen_lambda_at_once(address: str, watched: Watched) -> None:
    page = watched.page
    page.emulate_media(reduced_motion="reduce")
    open_page(page, address, "")
    slider = page.get_by_role("slider", name=SLIDER)
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^λ = 0.9: tiger cat, "))
    expect(page.get_by_role("button", name="Play", exact=True).first).to_be_visible()


def test_lambda_and_noise_move_the_code_the_picture_and_the_answer(
    address: str, watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    open_page(page, address)
    shares = []
    for frame, name in ((2, "0.1"), (8, "0.4"), (18, "0.9"), (28, "1.4")):
        turn(page, frame)
        shares.append(share(page, name))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]

    before = page.get_by_text(SAID).first.inner_text()
    page.get_by_role("slider", name="How noisy, σ").focus()
    page.keyboard.press("End")
    expect(page.get_by_text(before)).to_have_count(0)
    settle(page)
    share(page, "1.4")

    with page.expect_download() as pending:
        page.get_by_role("button", name="Download the numbers (CSV)").click()
    target = tmp_path / "codes.csv"
    pending.value.save_as(target)
    rows = list(csv.DictReader(io.StringIO(target.read_text())))
    codes = [float(row["non-zero codes"]) for row in rows]
    assert codes == sorted(codes, reverse=True)

    link = page.get_by_text(re.compile(r"^http://localhost:\d+/\?study=sparse_codes.*sparse-lambda=1.4")).first
    address_kept, said = link.inner_text(), page.get_by_text(SAID).first.inner_text()
    tab = watched.watch(page.context.new_page())
    tab.goto(address_kept)
    expect(tab.get_by_text(said).first).to_be_visible()
    assert watched.complaints == []
    assert watched.outside == []


def test_an_uploaded_photograph_is_coded_at_its_own_resolution(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&sparse-network=cifar_sdnet18&sparse-at=own")
    upload(page, "mine.png", png_bytes(load_sample("coffee")))
    expect(page.get_by_text("mine.png, 600 × 400 px")).to_be_visible()
    share(page, "0.2")
    assert watched.complaints == []
    assert watched.outside == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_at_800_px(address: str, watched: Watched, scheme: str) -> None:
    page = watched.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 800, "height": 1000})
    open_page(page, address)
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    assert page.locator("[data-testid=stException]").count() == 0
    assert watched.complaints == []
