"""Look closer: one patch, what it says alone, what it adds to the image's logit, and where such patches lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from core.base.prose import section
from core.cache import Call
from core.networks.card import Network, title_of
from core.pictures.image import from_pixels, png_bytes
from core.studies.patch import closer, evidence, figures
from core.studies.patch.evidence import Map, Result
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.handed import hand
from pages.parts.common.words import Markdown, plain
from pages.parts.patch.choose import Scene

Y, X, OF = "patch-y", "patch-x", "patch-of"
CROP_SIDE = 264  # screen pixels
ALIKE_SHOWN = 4


def titles_of(result: Result) -> list[str]:
    """Of the networks of patches, which come first."""
    return [title_of(name) for name, patch in zip(result.models, result.patch, strict=True) if patch]


def chosen(result: Result) -> tuple[int, int, int]:
    """(network, y, x) of the patch in question: the reader's, or the strongest one of the largest patches."""
    titles = titles_of(result)
    m = titles.index(st.session_state[OF]) if st.session_state.get(OF) in titles else len(titles) - 1
    y, x = st.session_state.get(Y), st.session_state.get(X)
    if y is None or x is None:
        return m, *evidence.strongest(result, m)
    return m, min(int(y), result.height - 1), min(int(x), result.width - 1)


def choose(y: int | None, x: int | None, title: str | None = None) -> None:
    hand({Y: y, X: x} if title is None else {Y: y, X: x, OF: title})


def show(result: Result, scene: Scene) -> None:
    st.header(section("patch_evidence", "closer"), anchor="closer")
    inputs(result)
    m, y, x = chosen(result)
    network = scene.bagnets[m]
    patch = closer.patch_at(network, scene.pixels, y, x)
    left, right = st.columns([1, 2], gap="large")  # names of classes are long: the bars need room beside them
    with left:
        factor = max(1, CROP_SIDE // len(patch.crop))
        charts.enlarged(
            patch.crop,
            factor,
            caption=section(
                "patch_evidence", "patch", title=network.card.title, side=len(patch.crop), row=y, column=x
            ),
            alt=section("patch_evidence", "patch alt"),
        )  # fmt: skip
        st.download_button("PNG", lambda: png_bytes(from_pixels(patch.crop)), f"patch-{y}-{x}.png", key="patch png")
    with right:
        plot = figures.patch_logits(patch, result.labels, result.target)
        charts.show(replace(plot, alt=section("patch_evidence", "logits alt", row=y, column=x)), "patch-logits")
        st.markdown(said(result, m, y, x, patch, scene))
    # folded: a network of hundreds of patches takes half a minute for it, and holds up what is asked next
    folded(section("patch_evidence", "alike title"), "patch alike")(alike)(network, y, x, scene)


def said(result: Result, m: int, y: int, x: int, patch: closer.Patch, scene: Scene) -> Markdown:
    """The patch's answer and its part in the image's: the nearest one's, where it has none itself."""
    best = int(patch.logits.argmax())
    near = closer.nearest(result, m, y, x)
    counts = patch if near == (y, x) else closer.patch_at(scene.bagnets[m], scene.pixels, *near)
    adds, part = closer.share(result, m, counts)
    alone = section(
        "patch_evidence", "patch alone", label=plain(result.labels[best]), logit=float(patch.logits[best])
    )  # fmt: skip
    count, logit, label = (
        result.patches[m],
        float(result.logits[m, result.target]),
        plain(result.labels[result.target]),
    )
    if near == (y, x):
        more = section("patch_evidence", "patch adds", count=count, adds=adds, logit=logit, label=label, part=part)
    else:
        more = section(
            "patch_evidence", "patch between", count=count, row=near[0], column=near[1], adds=adds, logit=logit,
            label=label, part=part,
        )  # fmt: skip
    return Markdown(f"{alone} {more}")


def inputs(result: Result) -> None:
    """The chosen patch by keyboard; a click on a map fills these in."""
    titles = titles_of(result)
    if st.session_state.get(OF) not in titles and st.query_params.get(OF) not in titles:
        st.session_state[OF] = titles[-1]
    for key, side in ((Y, result.height), (X, result.width)):
        if st.session_state.get(key) is not None:
            st.session_state[key] = min(int(st.session_state[key]), side - 1)
    strongest = section("patch_evidence", "strongest one")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        bound(
            st.segmented_control, section("patch_evidence", "patch of"), titles, format_func=plain, key=OF
        )  # fmt: skip
        row, column = section("patch_evidence", "row"), section("patch_evidence", "column")
        bound(st.number_input, row, 0, result.height - 1, None, key=Y, placeholder=strongest, width=150)
        bound(st.number_input, column, 0, result.width - 1, None, key=X, placeholder=strongest, width=150)
        st.button(
            section("patch_evidence", "the strongest"), on_click=choose, args=(None, None), key="patch strongest"
        )  # fmt: skip


def alike(network: Network, y: int, x: int, scene: Scene) -> None:
    """Where patches like the chosen one lie."""
    pixels = scene.pixels
    step = closer.alike_step(network, pixels)
    waiting.later(
        Call(closer.alike, network, pixels, y, x, step=step),
        section("patch_evidence", "looking alike"),
        lambda found: draw_alike(found, network.card.patch or 1, pixels, y, x),
    )


def draw_alike(found: Map, patch: int, pixels: np.ndarray, y: int, x: int) -> None:
    places = closer.spots(found, ALIKE_SHOWN, max(patch // 2, 2), (y, x))
    charts.show(figures.likeness(found, pixels, patch, (y, x), places), "patch-alike")
    st.caption(section("patch_evidence", "alike"))
