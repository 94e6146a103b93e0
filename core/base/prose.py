"""Prose that explains (titles, why, how to read a figure) from assets/words/<language>/<slug>.md.

A file's sections stand under headings (`## why`) and are Markdown. Outside formulas, `{name}` or `{name:,}` is what
Python fills in, formatted as in an f-string. Every language has the same sections with the same holes
(tests/core/base/test_prose.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from core.base.files import ASSETS

LANGUAGE = "en"
LANGUAGES = {"en": "English", "ja": "日本語"}
AND = {"en": (", ", " and "), "ja": ("、", "、")}
FOLDER = ASSETS / "words"
HEADING = re.compile(r"^## (.+)\n", re.MULTILINE)
FORMULA_OR_HOLE = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|\{(\w+)(?::([^{}]*))?\}", re.DOTALL)
_spoken: ContextVar[str | None] = ContextVar("language of the words", default=None)
_reader: list[Callable[[], str | None]] = [lambda: None]


@contextmanager
def spoken(language: str) -> Iterator[None]:
    """Words within are of this language, whatever the reader's: terminals and reports speak English."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def follow(reader: Callable[[], str | None]) -> None:
    """Ask `reader` where `spoken` says nothing, for the reason that core/figures/theme.py gives."""
    _reader[0] = reader


def language() -> str:
    """The language of LANGUAGES that words are in now; English where neither `spoken` nor a reader says so."""
    said = _spoken.get() or _reader[0]()
    return said if said in LANGUAGES else LANGUAGE


def listed(words: Sequence[str]) -> str:
    """a, b and c, as the language writes it; "" of none."""
    comma, last = AND[language()]
    return last.join([comma.join(words[:-1]), words[-1]] if len(words) > 1 else words)


@cache
def sections(slug: str, language: str = LANGUAGE) -> dict[str, str]:
    """A file's sections by heading. Raises OSError without the file, ValueError where a heading stands twice."""
    parts = HEADING.split((FOLDER / language / f"{slug}.md").read_text(encoding="utf-8"))
    headings = parts[1::2]
    if len(set(headings)) < len(headings):
        raise ValueError(f"expected each heading once in {slug}.md, got {headings}: rename or delete one")
    return dict(zip(headings, map(str.strip, parts[2::2]), strict=True))


def holes(text: str) -> dict[str, str]:
    """What a section leaves to be filled in: name -> format, "" where it has none."""
    return {hole[1]: hole[2] or "" for hole in FORMULA_OR_HOLE.finditer(text) if hole[1]}


def section(slug: str, heading: str, **values: object) -> str:
    """A section in the reader's language with its holes filled in: Markdown, in which words of others stand as pages'
    `plain` made them.

    What a report asks for has no marks, and goes with its words through the template that escapes both.
    Raises OSError without the file, ValueError without the section, and unless `values` are what it leaves open.
    """
    found = sections(slug, language())
    if heading not in found:
        raise ValueError(
            f"expected one of {list(found)} of {slug}.md, got {heading!r}: write it there, or ask for these"
        )
    text = found[heading]
    if holes(text).keys() != values.keys():
        raise ValueError(
            f"expected {sorted(holes(text))} for {heading!r} of {slug}.md, got {sorted(values)}: give these names"
        )
    return FORMULA_OR_HOLE.sub(lambda m: format(values[m[1]], m[2] or "") if m[1] else m[0], text)
