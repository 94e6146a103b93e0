"""Words that look like markup, in all that shows Markdown: they come out as they are but for the marks that would turn
the words around them, and nothing is asked for."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from core.base.quote import unturned
from tests.browser.conftest import PATIENCE, Watched, serving
from tests.helpers.hostile import NOWHERE, WORDS

pytestmark = pytest.mark.browser
Found = tuple[dict[str, list[dict[str, Any]]], Watched, list[str]]  # texts by place, the page, and what it asked for
SIGNS = [*"\\`*_{}[]<>()#+-.!|~$:&@^=\"'/;, 1a", "www.", "http://", "->", "--", ">=", ":red", ":material/home:", "&lt;"]
AROUND = {  # what we say around the words
    "twice": "P({0}) = 0.5, says {0}", "list": "\n{0}\n", "icon": "home {0}", "badge": "home {0}", "code": None,
}  # fmt: skip
TAGS = {  # what we draw ourselves, beside paragraphs and spans without a look
    "bold": {"strong"}, "list": {"ul", "li"}, "heading": {"h4", "div", "a", "svg", "path", "line"}, "code": {"code"},
    "subheader": {"h3", "div", "a", "svg", "path", "line"}, "link": {"a"},
}  # fmt: skip
READ = """() => Object.fromEntries([...document.querySelectorAll('[class*=st-key-word-]')].map(box => [
  [...box.classList].find(c => c.startsWith('st-key-word-')).slice('st-key-word-'.length),
  [...box.querySelectorAll('[data-testid=stMarkdownContainer],[data-testid=stCaptionContainer]')].map(e => ({
    text: e.textContent,
    tags: [...new Set([...e.querySelectorAll('*')].map(n => n.tagName.toLowerCase()))],
    looks: [...e.querySelectorAll('.stMarkdownColoredText, .katex')].length,
    icons: [...e.querySelectorAll('[role=img]')].length,
    goes: [...e.querySelectorAll('[href], [src]')].map(n => n.getAttribute('href') || n.getAttribute('src')),
  }))]))"""


FIGURES = """() => Object.fromEntries([...document.querySelectorAll('[class*=st-key-figure-]')].map(box => [
  [...box.classList].find(c => c.startsWith('st-key-figure-')).slice('st-key-figure-'.length),
  {texts: ['.gtitle', '.xtitle', '.ytick text', '.legendtext', '.annotation-text'].map(
     where => box.querySelector(where)?.textContent),
   goes: box.querySelectorAll('svg a, svg image').length,
   bold: [...box.querySelectorAll('svg tspan')].filter(t => t.style.fontWeight == 'bold').length}]))"""


def made_up() -> list[str]:
    """Words put together of signs that mean something somewhere."""
    luck = random.Random(0)
    return ["".join(luck.choices(SIGNS, k=luck.randint(1, 9))).strip() or "*" for _ in range(60)]


@pytest.fixture(scope="module")
def page_of_words(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What Chromium makes of each word in each place: the small app has no policy that would hide a request."""
    words = {"WORDS": json.dumps([*WORDS, *made_up()]), "THOROUGH": str(len(WORDS))}
    with serving("tests/browser/words_of_others.py", tmp_path_factory.mktemp("words"), **words) as url:
        context = browser.new_context(viewport={"width": 1440, "height": 1000})
        asked: list[str] = []
        watched = Watched(context.new_page())
        watched.watch(watched.page)
        watched.page.on("request", lambda request: asked.append(request.url))
        watched.page.goto(url)
        watched.page.get_by_text("the end").wait_for(timeout=PATIENCE)
        watched.page.wait_for_function("document.querySelectorAll('.gtitle').length >= " + str(len(WORDS)))
        watched.page.wait_for_load_state("networkidle")
        yield watched.page.evaluate(READ), watched, [one for one in asked if not one.startswith((url, "ws:"))]
        context.close()


def test_all_words_come_out_as_they_went_in(page_of_words: Found) -> None:
    found, watched, asked = page_of_words
    words = [*WORDS, *made_up()]
    assert len(found) == 13 * len(words) + 11 * len(WORDS)
    for name, texts in found.items():
        number, _, kind = name.partition("-")
        word = words[int(number)]
        want = AROUND.get(kind, "{0}")
        said = [text["text"] for text in texts]
        if want is not None:
            wanted = want.replace("{0}", unturned(word))
            assert any(one.split() == wanted.split() for one in said), (kind, word, said)
        for text in texts:
            assert set(text["tags"]) <= {"p", "span", "label", *TAGS.get(kind, ())}, (kind, word, text)
            assert text["looks"] == 0, (kind, word, text)
            assert text["icons"] == (1 if kind in ("icon", "badge") else 0), (kind, word, text)
            assert all(address.startswith("#") for address in text["goes"]), (kind, word, text)
    assert not [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert not watched.outside
    assert not any(NOWHERE in complaint for complaint in watched.complaints)
    assert watched.page.locator(f"img[src*='{NOWHERE}'], a[href*='{NOWHERE}']").count() == 0


def test_all_words_in_figures_too(page_of_words: Found) -> None:
    _, watched, _ = page_of_words
    found = watched.page.evaluate(FIGURES)
    assert len(found) == len(WORDS)
    for number, figure in found.items():
        word = WORDS[int(number)]
        for text in figure["texts"]:
            assert "".join((text or "").split()) == "".join(unturned(word).split()), (word, text)
        assert (figure["goes"], figure["bold"]) == (0, 1), word
