"""Components that move: each has its own script and style, which stand beside its module, behind the shared player's.

A component's data are plain numbers, strings and lists (a NumPy scalar, bytes or NaN in them break the whole), its
words come in the reader's language with the data, and it must stand to be called again on the same root.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core.base.prose import section

_HERE = Path(__file__)


def component(name: str, module: str, html: str) -> Callable[..., Any]:
    """The component of the .js and .css beside a module, given by its `__file__`; `html` is what it begins with."""

    def text(suffix: str) -> str:
        return "\n".join(path.with_suffix(suffix).read_text("utf-8") for path in (_HERE, Path(module)))

    return st.components.v2.component(name, html=html, css=text(".css"), js=text(".js"))


def words(slider: str) -> dict[str, str]:
    """What the player's button and slider are called; `slider`: what it moves."""
    return {"play": section("common", "play"), "pause": section("common", "pause"), "slider": slider}


def heard(key: str, name: str) -> int | None:
    """The token of what a component of this key has sent last as its state `name`, a list that ends in it: what the
    page says then is an answer to that (player.js)."""
    match st.session_state.get(key, {}).get(name):
        case [*_, int(token)]:
            return token
    return None
