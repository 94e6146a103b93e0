"""Commands and Python lines that are shown to be copied, quoted in one place: a name in them is a name and no more."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

# how a word of another kind begins
NO_FILE = ("-", "~", "sample:", "stretched:", "torchvision:", "plugin:", "untrained:", "user:")
USER = "user:"  # how the name of a network that the reader opened from a file begins

# marks that turn the direction of what follows, up to the end of the line: of the words around a name too
MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
TURNING = {ord(mark): f"\\u{ord(mark):04x}" for mark in MARKS}


def unturned(words: str) -> str:
    """The words with each mark that turns their direction written out, such as \\u202e; letters keep their own."""
    return words.translate(TURNING)


def command(*words: object) -> str:
    """A line for a POSIX shell that runs exactly these words."""
    return shlex.join(map(str, words))


def literal(value: object) -> str:
    """A Python expression that is this value."""
    return repr(value)


def path(word: str) -> str:
    """A word that stands where a path may: what begins like an option is written ./-…"""
    return f"./{word}" if word.startswith("-") else word


def file(name: str) -> str:
    """The word for a file of this name, whatever it looks like: a file `sample:cat` is ./sample:cat."""
    return f"./{name}" if name.lower().startswith(NO_FILE) else name


def model(name: str) -> str:
    """The word for a network: its name, or for one that the reader opened from a file that file's."""
    return file(name.removeprefix(USER)) if name.startswith(USER) else path(name)


def models(names: Iterable[str]) -> list[str]:
    """An option --model for each network."""
    return [word for name in names for word in ("--model", model(name))]


def loading(names: Iterable[str]) -> tuple[str, str]:
    """Python lines that load networks as `nets`: the import, and the assignment."""
    words = literal([model(name) for name in names])
    return "from core.own_networks import open_network", f"nets = [open_network(name) for name in {words}]"
