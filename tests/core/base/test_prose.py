"""The prose in assets/words/: every section is asked for, with what it leaves open, and read as it is written."""

import ast
import re
from pathlib import Path

import pytest

from core.base import prose
from core.base.prose import (
    FOLDER,
    FORMULA_OR_HOLE,
    LANGUAGE,
    LANGUAGES,
    holes,
    language,
    listed,
    section,
    sections,
    spoken,
)
from core.studies import STUDIES
from pages.parts.common import tour
from pages.parts.common.exercises import EXERCISES

ROOT = Path(__file__).parents[3]
SAME = ("language",)  # sections that read alike in every language
SLUGS = sorted(path.stem for path in (FOLDER / LANGUAGE).iterdir())


def asked():
    """(file, slug, heading, the names that are filled in) of every call of `section` outside the tests."""
    for path in [ROOT / "app.py", *(ROOT / "pages").rglob("*.py"), *(ROOT / "core").rglob("*.py")]:
        source = path.read_text()
        if not re.search(r"^from core.base.prose import .*\bsection\b", source, re.MULTILINE):
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "section":
                slug, heading = (ast.literal_eval(value) for value in node.args)
                names = {keyword.arg for keyword in node.keywords}
                yield path, slug, heading, set(holes(sections(slug)[heading])) if None in names else names
    for study in STUDIES:  # asked for by core/studies/study.py and pages/parts/common/stage.py
        for heading in ("title", "question", "try next"):
            yield ROOT / "pages" / "parts" / "common" / "stage.py", study.slug, heading, set()
    for number in range(len(tour.STOPS)):
        yield ROOT / "pages" / "parts" / "common" / "tour.py", "tour", f"stop {number + 1}", set()
    yield ROOT / "pages" / "parts" / "common" / "tour.py", "tour", "end", set()
    for number in range(len(EXERCISES)):
        yield ROOT / "pages" / "in_class.py", "class", f"question {number + 1}", set()


def test_every_section_is_asked_for_with_what_it_leaves_open_and_no_other():
    written = {(slug, heading): set(holes(text)) for slug in SLUGS for heading, text in sections(slug).items()}
    assert len(written) > 40
    assert {(slug, heading) for _, slug, heading, _ in asked()} == written.keys()
    for _, slug, heading, names in asked():
        assert names == written[slug, heading], (slug, heading)


def test_what_a_report_asks_for_reads_the_same_without_markdown():
    texts = [sections(slug)[heading] for path, slug, heading, _ in asked() if path.is_relative_to(ROOT / "core")]
    assert len(texts) >= 4
    assert not any(set("*`$[]\\<>#") & set(text) for text in texts)


@pytest.mark.parametrize("other", sorted(set(LANGUAGES) - {LANGUAGE}))
@pytest.mark.parametrize("slug", SLUGS)
def test_every_language_has_every_section_with_the_same_holes_and_formulas(slug, other):
    ours, theirs = sections(slug, LANGUAGE), sections(slug, other)
    assert list(theirs) == list(ours)
    for heading, text in ours.items():
        assert holes(theirs[heading]) == holes(text), heading
        formulas = [[m[0] for m in FORMULA_OR_HOLE.finditer(t) if not m[1]] for t in (text, theirs[heading])]
        assert sorted(formulas[0]) == sorted(formulas[1]), heading
        assert theirs[heading] != text or not any(map(str.isalpha, FORMULA_OR_HOLE.sub("", text))) or heading in SAME


def test_the_language_is_what_is_spoken_else_what_the_reader_asks_for_else_english(monkeypatch):
    assert language() == "en"
    assert section("common", "play") == "Play"
    with spoken("ja"):
        assert section("common", "play") == "再生"
        assert listed(["a", "b", "c"]) == "a、b、c"
    monkeypatch.setattr(prose, "_reader", [lambda: "ja"])
    assert language() == "ja"
    with spoken("en"):
        assert language() == "en"
        assert listed(["a", "b", "c"]) == "a, b and c"
        assert (listed(["a"]), listed([])) == ("a", "")
    monkeypatch.setattr(prose, "_reader", [lambda: "tlh"])
    assert language() == "en"


@pytest.mark.parametrize("slug", SLUGS)
def test_no_line_of_a_file_is_lost_or_turned_by_its_wrapping(slug):
    text = (FOLDER / LANGUAGE / f"{slug}.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line]
    assert lines[0].startswith("## ")
    assert len(lines) == sum(1 + sum(map(bool, part.splitlines())) for part in sections(slug).values())
    assert all(sections(slug).values())


@pytest.fixture
def a_file(tmp_path, monkeypatch):
    """Writes a file of words that is read in place of ours."""
    monkeypatch.setattr(prose, "FOLDER", tmp_path)
    (tmp_path / LANGUAGE).mkdir()
    yield lambda text: (tmp_path / LANGUAGE / "toy.md").write_text(text, encoding="utf-8")
    sections.cache_clear()


def test_holes_are_filled_by_their_format_and_formulas_left_alone(a_file):
    a_file("## a\n$w_{n}$ of {n:,} for {who}\n\n$$\nx_{n}\n$$\n## b\nnone\n")
    assert holes(sections("toy")["a"]) == {"n": ",", "who": ""}
    assert section("toy", "a", n=1234, who="{n}") == "$w_{n}$ of 1,234 for {n}\n\n$$\nx_{n}\n$$"
    assert section("toy", "b") == "none"


def test_what_does_not_fit_is_refused(a_file):
    a_file("## a\n{n:d} of {who}\n")
    with pytest.raises(ValueError, match=r"expected \['n', 'who'\] for 'a' of toy.md, got \['n'\]"):
        section("toy", "a", n=1)
    with pytest.raises(ValueError, match="got \\['m', 'n', 'who'\\]"):
        section("toy", "a", n=1, who="x", m=2)
    with pytest.raises(ValueError, match="format code"):
        section("toy", "a", n="<b>", who="x")
    with pytest.raises(ValueError, match=r"expected one of \['a'\] of toy.md, got 'c'"):
        section("toy", "c")
    with pytest.raises(FileNotFoundError):
        section("others", "a")
    sections.cache_clear()
    a_file("## a\none\n## a\ntwo\n")
    with pytest.raises(ValueError, match="each heading once"):
        section("toy", "a")
