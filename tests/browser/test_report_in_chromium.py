"""The report as a reader opens it: a file, in a browser, on paper, on a phone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.pictures.samples import load_sample
from core.report import page as report
from core.studies import STUDIES
from tests.browser.conftest import Watched

pytestmark = pytest.mark.browser
FIGURES = 8
SHEET = (703, 1036)  # CSS px of A4, upright, within the page's margins


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "cat.html"
    path.write_text(report.make(load_sample("cat"), "the <b>cat</b>", source="sample:cat"), encoding="utf-8")
    return path


@pytest.fixture
def requests(watched: Watched) -> list[str]:
    """Every address the page asks for that is not part of itself."""
    asked: list[str] = []
    watched.page.on("request", lambda r: asked.append(r.url) if not r.url.startswith(("data:", "blob:")) else None)
    return asked


@pytest.fixture
def page(watched: Watched, requests: list[str], file: Path) -> Page:
    watched.page.goto(file.as_uri())
    expect(watched.page.locator(".plot .main-svg").first).to_be_visible()
    return watched.page


def test_only_the_file_itself_is_read(page: Page, watched: Watched, requests: list[str], file: Path) -> None:
    expect(page.locator(".plot:has(.main-svg)")).to_have_count(FIGURES)
    page.mouse.wheel(0, 9000)
    page.wait_for_function("scrollY > 0")
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    assert requests == [file.as_uri()]
    assert watched.complaints == []


def test_what_the_studies_say_is_there(page: Page) -> None:
    expect(page.get_by_role("heading", name=report.QUESTION, level=1)).to_be_visible()
    for study in STUDIES:
        expect(page.get_by_role("heading", name=study.question, level=2)).to_be_visible()
    assert page.title() == f"the <b>cat</b>: {report.QUESTION}"
    expect(page.get_by_role("img", name=re.compile("^Map of 5,233 photographs"))).to_have_count(3)
    page.get_by_role("link", name=STUDIES[3].question).click()
    assert page.url.endswith("#random_features")


def test_a_figure_and_its_numbers_can_be_saved(page: Page, watched: Watched) -> None:
    with page.expect_download() as saved:
        page.locator(".plot .modebar-btn").first.click()
    assert saved.value.suggested_filename == "receptive.png"
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as saved:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    assert saved.value.suggested_filename == "shift_sweep.csv"
    lines = Path(saved.value.path()).read_text().splitlines()
    assert len(lines) == 1 + 33**2
    assert lines[0].startswith("dy,dx,P(")
    assert watched.complaints == []


def test_it_prints_on_a4_without_a_cut_figure(page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": SHEET[0], "height": SHEET[1]})
    page.emulate_media(media="print")
    for box in page.locator("figure, table, pre").all():
        size = box.bounding_box()
        assert size is not None
        assert size["width"] <= SHEET[0] + 1
        assert size["height"] <= SHEET[1]
        assert box.evaluate("e => getComputedStyle(e.closest('figure, .table, pre')).breakInside") == "avoid"
    assert page.locator("main").evaluate("e => e.scrollWidth") <= SHEET[0]
    for section in page.locator("section").all():
        assert section.evaluate("e => getComputedStyle(e).breakBefore") == "page"
    assert not page.locator(".modebar-container").first.is_visible()
    printed = page.pdf(format="A4")
    assert 6 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 10


def test_it_stays_light_where_the_reader_is_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


@pytest.mark.parametrize("width", [1440, 800, 390])
def test_it_fits_every_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.fixture
def unscripted(browser: Browser, file: Path) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(file.as_uri())
    yield page
    context.close()


def test_without_scripts_sentences_tables_and_maps_are_there(unscripted: Page) -> None:
    for study in STUDIES:
        section = unscripted.locator(f"#{study.slug}")
        assert section.locator(".finding").first.is_visible()
        assert section.locator("table").first.is_visible()
    stills = unscripted.locator("noscript img, figure > img")
    assert stills.count() == 3 + 1  # three maps and the header's picture
    assert not unscripted.locator(".plot").first.is_visible()
