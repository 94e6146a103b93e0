"""The hero: the photo and each network's map under a wipe to drag, and the strongest patches cut out.

A click on a place, or on a patch that was cut out, chooses that patch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.base.prose import section
from core.pictures.object_mask import Box
from core.studies.patch import evidence, wipe
from core.studies.patch.evidence import Result
from pages.parts.common import player
from pages.parts.common.tray import Picture

Chosen = tuple[int, int, int]  # network, row and column of a patch
_wipe = player.component("receptive_patch_wipe", __file__, '<div class="wipe"></div>')


def show(
    result: Result,
    titles: Sequence[str],
    picture: Picture,
    pixels: np.ndarray,
    box: Box | None,
    look: tuple[float, bool],
    key: str,
    chosen: Chosen | None = None,
    on_pick: Callable[[int, int, int], None] | None = None,
) -> None:
    """The maps over the picture, `look`: their opacity, and whether outlines are drawn; `pixels` uint8 (H, W, 3) are
    what the networks see. `on_pick` hears of the network, row and column that were clicked; without it nothing is."""
    drawn = hero(result, titles, picture, box, look)
    if chosen is not None and on_pick is not None:
        strongest(drawn, result, titles, pixels, chosen)

    def picked() -> None:
        asked = st.session_state[key].get("pick")
        if on_pick is not None and (found := read(asked, result)) is not None:
            on_pick(*found)

    _wipe(key=key, data=drawn, on_pick_change=picked)


def read(asked: object, result: Result) -> Chosen | None:
    """(network, row, column) of what a browser sent; None for what the hero would not send."""
    if not isinstance(asked, dict):
        return None
    found = tuple(asked.get(name) for name in ("of", "y", "x"))
    limits = len(result.models), result.height, result.width
    inside = all(type(at) is int and 0 <= at < end for at, end in zip(found, limits, strict=True))
    return found if inside else None  # type: ignore[return-value]


def hero(
    result: Result, titles: Sequence[str], picture: Picture, box: Box | None, look: tuple[float, bool]
) -> dict[str, Any]:
    """What the browser draws."""
    end = evidence.limit(result)
    label = result.labels[result.target]
    other = None if result.other is None else result.labels[result.other]
    return {
        "photo": wipe.photo(picture.image),
        "outline": wipe.outlines(picture.image) if look[1] else "",
        "opacity": look[0],
        "size": [result.height, result.width],
        "panes": [pane(result, m, title) for m, title in enumerate(titles)],
        "object": None if box is None else list(wipe.boxed(box)),
        "label": "" if box is None else wipe.label_at(wipe.boxed(box), ()),
        "five": [],
        "choosable": False,
        "scale": {
            "title": section("patch_evidence", "scale", label=label)
            if other is None
            else section("patch_evidence", "scale less", label=label, other=other),
            "stops": wipe.stops(),
            "against": section("patch_evidence", "scale against", end=end),
            "for": section("patch_evidence", "scale for", end=end),
        },
        "player": player.words(section("patch_evidence", "wipe")),
        "words": {
            "photo": section("patch_evidence", "photo"),
            "evidence": section("patch_evidence", "evidence"),
            "object": section("patch_evidence", "object"),
            "beside": section("patch_evidence", "beside"),
            "rim": section("patch_evidence", "hatched") if any(wipe.rim(result, m) for m in range(len(titles))) else "",
            "five": "",
        },
    }


def pane(result: Result, m: int, title: str) -> dict[str, Any]:
    """One network's map: what it is called, what a position of it has seen, and its colours."""
    patch = result.patch[m]
    y, x = evidence.strongest(result, m)
    sees = section("patch_evidence", "sees patches", side=patch) if patch else section("patch_evidence", "sees all")
    return {
        "of": m,
        "title": title,
        "sees": sees,
        "smooth": wipe.is_fine(result, m),
        "map": wipe.colours(result, m),
        "at": list(wipe.spread(result, m)),
        "rim": [list(strip) for strip in wipe.rim(result, m)],
        "alt": section(
            "patch_evidence", "map alt", title=title, label=result.labels[result.target], row=y, column=x
        ),
        "spots": [],
        "frame": None,
    }  # fmt: skip


def strongest(drawn: dict[str, Any], result: Result, titles: Sequence[str], pixels: np.ndarray, chosen: Chosen) -> None:
    """Frame the chosen patch, and the strongest of its network, which are cut out under the maps."""
    m, row, column = chosen
    patch, size = result.patch[m], (result.height, result.width)
    found = wipe.strongest(result, m)
    mine = drawn["panes"][m]
    mine["frame"] = list(wipe.framed(row, column, patch, *size))
    mine["spots"] = [list(wipe.framed(y, x, patch, *size)) for y, x, _ in found]
    if drawn["object"]:
        drawn["label"] = wipe.label_at(tuple(drawn["object"]), [*mine["spots"], mine["frame"]])
    drawn["choosable"] = True
    drawn["words"]["five"] = section(
        "patch_evidence", "strongest", count=len(found), title=titles[m], side=patch
    )  # fmt: skip
    drawn["five"] = [
        {
            "of": m,
            "y": y,
            "x": x,
            "source": wipe.cut_out(pixels, y, x, patch),
            "value": f"{value:+.2f}",
            "chosen": (y, x) == (row, column),
            "alt": section(
                "patch_evidence", "strongest alt", rank=i + 1, row=y, column=x, value=value
            ),
        }
        for i, (y, x, value) in enumerate(found)
    ]  # fmt: skip
