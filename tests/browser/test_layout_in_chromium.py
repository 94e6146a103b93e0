"""How every page looks: the hero on the first screen, no words over others or cut, nothing sideways, all readable.

Each page is measured in every width, in both themes and both languages, though not in every combination.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from core.studies import STUDIES
from tests.browser.conftest import NUMBERS, PATIENCE, Watched, settle

pytestmark = pytest.mark.browser
HOME = ""
PAGES = (HOME, "networks", "claims", "in_class", *(study.slug for study in STUDIES))
NO_HERO = ("claims", "in_class")  # a table is all that they are
LOOKS = (("light", "en", (1440, 800)), ("dark", "ja", (1024, 390)))
SCREENS = {1440: 900, 1024: 768, 800: 1000, 390: 844}  # px
FIRST_SCREEN = (1440, 1024)  # where the hero is to be seen at once
CHECKS = ("covered", "sideways", "figures", "contrast", "tiny")
SCRIPT = Path(__file__).with_name("layout.js")
BUSY = "[data-testid=stSkeleton], [data-testid=stProgress], [data-stale=true], .rx-asking"  # the last: no answer yet
CALM = 1500  # ms without any of these until a new page is at rest: what is computed beside it is drawn too
NO_WORK = """([asked, busy, calm]) => {
  if (window.rxWork?.asked !== asked || document.querySelector(busy)) window.rxWork = { asked, at: performance.now() };
  return performance.now() - window.rxWork.at >= calm;
}"""


def rest(page: Page) -> None:
    """Wait until what is computed beside the page is drawn too."""
    settle(page)
    page.wait_for_function(NO_WORK, arg=[next(NUMBERS), BUSY, CALM], polling=500, timeout=PATIENCE)


@pytest.mark.parametrize(("theme", "language", "widths"), LOOKS, ids=[f"{theme}-{one}" for theme, one, _ in LOOKS])
@pytest.mark.parametrize("slug", PAGES, ids=[slug or "home" for slug in PAGES])
def test_every_page_can_be_read(
    address: str, browser: Browser, slug: str, theme: str, language: str, widths: tuple[int, ...]
) -> None:
    context = browser.new_context(
        viewport={"width": widths[0], "height": SCREENS[widths[0]]},
        color_scheme=theme,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    watched = Watched(context.new_page())
    page = watched.watch(watched.page)
    page.add_init_script(path=SCRIPT)
    page.goto(f"{address}/?study={slug}&lang={language}" if slug else f"{address}/?lang={language}")
    wrong: list[str] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": SCREENS[width]})
        rest(page)
        for check in (*CHECKS, *(["hero"] if width in FIRST_SCREEN and slug not in NO_HERO else [])):
            wrong += [f"{check} at {width} px: {text}" for text in page.evaluate(f"rxLayout.{check}()")]
    context.close()
    if wrong:
        pytest.fail("\n".join(wrong))
    assert watched.complaints == []
    assert watched.outside == []


def test_japanese_is_drawn_by_a_font_of_the_system(address: str, watched: Watched) -> None:
    fonts = shutil.which("fc-list") and subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True).stdout
    if not fonts:
        pytest.skip("no Japanese font: install one (apt-get install fonts-ipafont-gothic)")
    page = watched.page
    page.add_init_script(path=SCRIPT)
    page.goto(f"{address}/?study=networks&lang=ja")
    rest(page)
    assert page.evaluate("rxLayout.missing('\\u{10FFFE}')") == ["\U0010fffe"]
    assert page.evaluate("rxLayout.missing('研究写真言葉あアー。')") == []
    assert watched.complaints == []
    assert watched.outside == []  # no font is fetched, and none is shipped for it: Streamlit's own knows no Japanese


def test_the_measures_find_what_is_wrong(browser: Browser) -> None:
    """Each check on a page of everything that it is to find, and of what it is to let pass."""
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.set_content("""
      <style>body { margin: 0; background: white; color: black }</style>
      <main data-testid="stMain" style="height: 600px; overflow: auto">
        <h1 style="font-family: sans-serif">a title</h1>
        <p style="color: #888">faint</p><p style="color: #888; font-size: 30px">faint but large</p>
        <p style="opacity: 0.5">half there</p><div style="background: #222"><p style="color: #444">on black</p></div>
        <button disabled style="color: #999">not now</button><p style="font-size: 11px">tiny</p>
        <div class="js-plotly-plot" style="width: 300px; height: 100px">
          <svg width="300" height="100" style="overflow: visible">
          <text x="10" y="20">one</text><text x="14" y="22">two</text><text x="290" y="50">hanging out</text>
          <text x="10" y="80">alone</text></svg></div>
        <div style="width: 1200px">wide</div><div class="st-key-rx-hero" style="margin-top: 400px">far down</div>
      </main>""")
    page.evaluate(SCRIPT.read_text())
    found = {check: " | ".join(page.evaluate(f"rxLayout.{check}()")) for check in (*CHECKS, "hero")}
    page.close()
    assert [word in found["contrast"] for word in ("faint", "half there", "on black")] == [True] * 3
    assert [word in found["contrast"] for word in ("large", "not now", "a title")] == [False] * 3
    assert found["tiny"].startswith("11.0 px tiny")
    assert "one × two" in found["figures"]
    assert "hanging out: " in found["figures"]
    assert "alone" not in found["figures"]
    assert "1200 px" in found["sideways"]
    assert "from " in found["hero"]
