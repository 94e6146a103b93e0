"""Commands and Python lines that are shown to be copied: a name in them is a name and no more."""

from __future__ import annotations

import shlex

# marks that turn the direction of what follows, up to the end of the line: of the words around a name too
MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def unturned(words: str) -> str:
    r"""The words with each mark that turns their direction written out, such as \u202e; letters keep their own."""
    return words.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in MARKS})


def command(*words: object) -> str:
    """A line for a POSIX shell that runs exactly these words."""
    return shlex.join(map(str, words))


def literal(value: object) -> str:
    """A Python expression that is this value."""
    return repr(value)


def path(word: str) -> str:
    """A word that stands where a path may: what begins like an option is written ./-…"""
    return f"./{word}" if word.startswith("-") else word
