"""Which theme figures are drawn in: a value of the context, not a parameter of every function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
_drawn: ContextVar[Theme | None] = ContextVar("theme of the figures", default=None)
_reader: list[Callable[[], str | None]] = [lambda: None]
_large: list[Callable[[], bool]] = [lambda: False]
LARGER = 1.5  # times, of words in figures that are projected for a class


@contextmanager
def drawn(theme: Theme) -> Iterator[None]:
    """Figures within are of this theme, whatever the reader's: reports are light."""
    token = _drawn.set(theme)
    try:
        yield
    finally:
        _drawn.reset(token)


def follow(reader: Callable[[], str | None]) -> None:
    """Ask `reader` where `drawn` says nothing. Each run of a page, and of a fragment of it, has a thread and so a
    context of its own: set once at the start of the page, the value would be lost in its fragments."""
    _reader[0] = reader


def follow_size(large: Callable[[], bool]) -> None:
    """Ask `large` whether figures are projected for a class; reports, within `drawn`, never are."""
    _large[0] = large


def size(px: float) -> float:
    """The size of words in a figure, in px: `px`, or LARGER times that where the page is projected."""
    return px * LARGER if _drawn.get() is None and _large[0]() else px


def dark() -> bool:
    """Whether figures are drawn for a dark page; light where neither `drawn` nor a reader says so."""
    said: str | None = _drawn.get()
    return (said or _reader[0]()) == "dark"
