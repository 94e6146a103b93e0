"""Words on a page that others chose: names of files, folders, classes and networks, and what is said of them.

Nearly all that Streamlit shows is Markdown, labels and tips too: what a file called like a picture's Markdown points
at would be fetched. `plain` makes words themselves again; tests/pages/common/test_words.py finds those that go
without it.
"""

from __future__ import annotations

import html
import re
from typing import NewType
from urllib.parse import quote

import streamlit as st

from core.base import quote as base_quote

Markdown = NewType("Markdown", str)  # text of ours, and words of others that `plain` let in
# Icons, emoji, addresses and arrows Streamlit (1.67) looks for in the finished text, where no backslash is left: they
# are parted by an empty span, which nobody sees and no search reaches across.
PART = ":small[]"
SPECIAL = re.compile(
    r"""
    (?P<part>(?<=www)(?=\.) | (?=@) | (?<=[-<])(?=[->]) | (?<=[<>~])(?==))  # addresses; -> -- <- >= <= ~=
    | (?P<colon>:(?=[\w+\-/]))  # icons, emoji, colours, https://
    | (?P<space>[\t\n\r] | \A[ ]+ | [ ]+\Z)
    | (?P<number>\A\d{1,9}(?=[.)](?:[ ]|\Z)))  # of a list
    | (?P<sign>\A[-+=] | [\\`*\[\]<>\#$~] | &(?=\#?\w+;) | (?<![^\W_])_ | _(?![^\W_]))
    """,
    re.VERBOSE | re.IGNORECASE,
)


def shown(words: object) -> str:
    """Words as text that turns nothing around it."""
    text = str(words).encode(errors="backslashreplace").decode()  # a file's name may hold bytes that are no text
    return base_quote.unturned(text)


def plain(words: object) -> Markdown:
    """Markdown that shows these words as they are, wherever it stands."""
    return Markdown(SPECIAL.sub(_shown, shown(words)))


def stressed(words: str, *bold: str) -> Markdown:
    """Markdown that shows these words as they are, and in bold those of them that are named, in their order."""
    made = ""
    for one in bold:
        if found := re.search(rf"(?<!\w){re.escape(one)}(?!\w)", words):
            made += f"{plain(words[: found.start()])}**{plain(one)}**"
            words = words[found.end() :]
    return Markdown(made + plain(words))


def _shown(found: re.Match[str]) -> str:
    if found["part"] is not None:
        return PART
    if found["space"]:
        return "".join(f"&#{ord(letter)};" for letter in found[0])
    if found["number"]:
        return f"{found[0]}\\"
    return f"\\{found[0]}{PART if found['colon'] else ''}"


def escaped(words: object) -> Markdown:
    """These words as they stand in HTML, between tags and in attributes."""
    return Markdown(html.escape(shown(words)))


def code(words: object) -> Markdown:
    """Markdown that shows these words as code."""
    text = " ".join(shown(words).splitlines())
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return Markdown(f"{fence} {text} {fence}" if "`" in text else f"`{text}`")


def link(words: object, address: str) -> Markdown:
    """Markdown of a link that is ours."""
    return Markdown(f"[{plain(words)}](<{quote(address, safe=':/#?&=%')}>)")


def note(words: object) -> None:
    """A caption of words alone."""
    st.caption(plain(words))
