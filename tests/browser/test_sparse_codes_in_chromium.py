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
from tests.browser.test_shift_sweep_in_chromium import slide, upload

pytestmark = pytest.mark.browser
SAID = re.compile(r"At λ = ([\d.]+), (\d+)% of the codes are not zero")


def open_page(page: Page, address: str, settings: str = "") -> None:
    page.goto(f"{address}/?study=sparse_codes&sparse-network=cifar_sdnet18{settings}")
    settle(page)
    expect(page.get_by_role("heading", name="What is left when lambda is turned up?")).to_be_visible()
    expect(page.get_by_text(SAID).first).to_be_visible()
    settle(page)


def share(page: Page, lam: str) -> int:
    """The share of non-zero codes, in percent, once the finding is that of `lam`."""
    said = page.get_by_text(re.compile(rf"At λ = {re.escape(lam)}, \d+% of the codes are not zero")).first
    expect(said).to_be_visible()
    found = SAID.search(said.inner_text())
    assert found is not None
    return int(found[2])


def test_lambda_and_noise_move_the_code_the_picture_and_the_answer(
    address: str, watched: Watched, tmp_path: Path
) -> None:
    page = watched.page
    open_page(page, address)
    shares = []
    for lam, name in (("0.1", "0.1"), ("0.4", "0.4"), ("0.9", "0.9"), ("1.4", "1.4")):
        slide(page, "Lambda λ", lam)
        shares.append(share(page, name))
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]

    before = page.get_by_text(SAID).first.inner_text()
    page.get_by_role("slider", name="Level σ").focus()
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
    open_page(page, address, "&sparse-at=own")
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
