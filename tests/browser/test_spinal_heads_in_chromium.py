"""A visitor's way through the fifth room, in the real app: start a training, stop it, find its curves still there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, choose, settle

pytestmark = pytest.mark.browser
QUESTION = "Does feeding the input bit by bit pay?"


def open_page(page: Page, address: str, settings: str = "") -> None:
    page.goto(f"{address}/?study=spinal_heads{settings}")
    settle(page)
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()


def test_a_finished_race_is_there_at_once(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address)
    expect(page.get_by_text(re.compile(r"After 20 epochs on 1,297 digits pictures: FC 9\d"))).to_be_visible()
    expect(page.locator(".st-key-spinal-curves .main-svg").first).to_be_visible()
    expect(page.get_by_role("heading", name="The paper says, we measured")).to_be_visible()
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []


def test_a_training_is_started_stopped_and_kept(address: str, watched: Watched) -> None:
    page = watched.page
    open_page(page, address, "&spinal-seeds=2&spinal-epochs=60")
    page.get_by_role("button", name="Train 6 networks").click()
    growing = page.get_by_text(re.compile(r"After \d+ of 60 epochs on 1,297 digits pictures"))
    expect(growing).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped. What was trained is shown")).to_be_visible()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    settle(page)
    expect(growing).to_be_visible()
    kept = growing.inner_text()

    page.get_by_role("link", name="Shift sweep").click()
    expect(page.get_by_role("heading", name="Does a one-pixel shift change the answer?")).to_be_visible()
    page.get_by_role("link", name="Spinal heads").click()
    expect(page.get_by_role("heading", name=QUESTION)).to_be_visible()
    settle(page)
    expect(growing).to_have_text(kept)

    open_page(page, address)  # a new visit: the curves outlive the session
    choose(page, re.compile("Race shown"), re.compile(r"yours: digits, .*2 seeds × 60 epochs"))
    expect(growing).to_have_text(kept)
    settle(page)
    assert watched.complaints == []
    assert watched.outside == []
