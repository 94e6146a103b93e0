"""One way to show a figure: house font, a camera button for its PNG, alt text, and its numbers as a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.base.files import no_formulas
from core.base.prose import section
from core.figures.blocks import Columns, Plot, toolbar
from core.figures.palette import photo_uri, uri
from pages.parts.common.address import folded
from pages.parts.common.words import plain


def show(plot: Plot, key: str, on_click: Callable[[], None] | None = None) -> None:
    """The figure; under it, folded away, the table of its numbers with a CSV button in its toolbar."""
    clicks = {} if on_click is None else {"on_select": on_click, "selection_mode": "points"}
    config = toolbar(f"receptive-{key}")
    st.plotly_chart(plot.figure, key=key, theme=None, config=config, alt=plot.alt, **clicks)
    if plot.table is not None:
        folded_table(key, plot.table, plot.alt)


def folded_table(key: str, numbers: Callable[[], Mapping[str, Sequence[Any]]], alt: str) -> None:
    """The numbers of a figure, folded away, made when they are looked at."""
    folded(section("common", "numbers as a table"), f"{key} table", told=False)(lambda: numbers_table(numbers(), alt))()


def numbers_table(columns: Columns, alt: str, **layout: Any) -> None:
    """A table with a CSV button in its toolbar, which the browser makes of what is shown: so no word is a formula."""
    st.dataframe(no_formulas(columns), hide_index=True, alt=alt, **layout)


def enlarged(pixels: np.ndarray, factor: int, caption: str, alt: str) -> None:
    """A small picture, uint8 (H, W, 3), enlarged by a whole factor with hard pixels; one that is not enlarged goes as a
    photograph.

    Sent with the page: a file of an earlier run may be gone when the browser asks for it.
    """
    large = pixels.repeat(factor, 0).repeat(factor, 1)
    address = uri(large) if factor > 1 else photo_uri(large)
    st.image(address, caption=plain(caption), alt=alt, width=large.shape[1])


def clicked(key: str) -> dict[str, Any] | None:
    """The point that was clicked in the chart `key`, inside its on_click."""
    points = st.session_state[key]["selection"]["points"]
    return dict(points[0]) if points else None
