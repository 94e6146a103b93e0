"""The tour in the real app, from its button to its end, in both languages."""

import pytest
from playwright.sync_api import expect

from core.base.prose import section, sections, spoken
from pages.parts.common.tour import STOPS
from tests.browser.conftest import settle


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_tour_is_walked_from_start_to_end(watched, address, language):
    page = watched.page
    with spoken(language):
        start, following, where = section("tour", "start"), section("tour", "next"), "rx-tour"
        end = sections("tour", language)["end"].splitlines()[0]
    page.goto(f"{address}/?lang={language}")
    page.get_by_role("button", name=start).first.click()
    for number in range(1, len(STOPS) + 1):
        with spoken(language):
            said = section("tour", "where", number=number, of=len(STOPS))
        expect(page.locator(f".st-key-{where}").get_by_text(said)).to_be_visible()
        settle(page)
        assert page.locator('[data-testid="stException"]').count() == 0
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator('[class*="st-key-rx-hero"]').first).to_be_visible()
        page.get_by_role("button", name=following, exact=True).click()
    expect(page.locator(f".st-key-{where}")).to_contain_text(end)
    settle(page)
    assert f"lang={language}" in page.url or language == "en"
    assert watched.outside == []
    assert watched.complaints == []
