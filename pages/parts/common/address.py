"""Settings in the address: what it says goes through a widget's own limits before the widget sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial, wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.errors import StreamlitAPIException

from pages.parts.common.words import plain

T, P = TypeVar("T"), ParamSpec("P")
Accepts = Callable[[Mapping[str, Any], Sequence[str]], bool]  # of a widget's arguments and an address's values


def bound(widget: Callable[..., T], *arguments: Any, key: str, **options: Any) -> T:
    """`widget(*arguments, ...)` whose value stands in the address as `key`, and is taken from there at first.

    Streamlit lets some values through that its widgets then fail on (1.67: nothing for a control that requires a
    choice, infinity for a whole number). What this widget does not offer is struck out, and the page begins anew.
    """
    if key in st.query_params:
        asked = signature(widget).bind(*arguments, key=key, **options).arguments
        if not ACCEPTED[widget.__name__](asked, st.query_params.get_all(key)):
            with suppress(StreamlitAPIException):  # shown before: without `bind` it strikes its value out itself
                del st.query_params[key]
                st.rerun()
            return widget(*arguments, key=key, **options)
    return widget(*arguments, key=key, bind="query-params", **options)


def folded(title: str, key: str, told: bool = True) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Draw what it decorates in an expander, and only while that is open; the address tells so if it is to be `told`.

    A folded part runs no line of its content.
    """

    def decorate(content: Callable[P, None]) -> Callable[P, None]:
        @wraps(content)
        def show(*arguments: P.args, **options: P.kwargs) -> None:
            expander = partial(bound, st.expander) if told else st.expander
            with expander(plain(title), key=key, on_change="rerun") as box:
                if box.open:
                    content(*arguments, **options)

        return show

    return decorate


def number(asked: Mapping[str, Any], values: Sequence[str]) -> bool:
    """One finite number, whole where the limits are; what lies beyond them Streamlit mends itself."""
    if values == [""]:
        return "value" in asked and asked["value"] is None
    try:
        [value] = map(float, values)
    except ValueError:
        return False
    limits = [asked.get(name) for name in ("min_value", "max_value", "value", "step")]
    whole = not any(isinstance(limit, float) for limit in limits)
    return math.isfinite(value) and (not whole or value.is_integer())


def option(asked: Mapping[str, Any], values: Sequence[str]) -> bool:
    """One of the options, as they are shown."""
    return len(values) == 1 and values[0] in {str(asked.get("format_func", str)(one)) for one in asked["options"]}


def choice(asked: Mapping[str, Any], values: Sequence[str]) -> bool:
    """One of the options, or none where none may be chosen; of several choices Streamlit drops the unknown ones."""
    if asked.get("selection_mode") == "multi":
        return True
    return option(asked, values) or (list(values) == [""] and not asked.get("required", False))


def switch(asked: Mapping[str, Any], values: Sequence[str]) -> bool:
    return len(values) == 1 and values[0].lower() in ("true", "false")


ACCEPTED: Mapping[str, Accepts] = {
    "number_input": number,
    "slider": number,
    "select_slider": option,
    "selectbox": option,
    "segmented_control": choice,
    "pills": choice,
    "multiselect": lambda asked, values: True,  # Streamlit drops the unknown ones
    "toggle": switch,
    "expander": switch,
}
