"""Look closer: the slice through the maps, the crop at a shift, the worst shift, and the layers inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.networks.card import Card, Network
from core.pictures.image import RGBImage, from_pixels, png_bytes
from core.studies.shift import figures, inside_figures, sweep
from core.studies.shift import inside as shift_inside
from core.studies.shift.inside import InternalDistance
from core.studies.shift.sweep import LINES, MAX_SHIFT_LIMITS, Line, Params, Result
from pages.parts.common import at_hand, charts, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain

DY, DX, SLICE = "shift-dy", "shift-dx", "shift-slice"


def chosen() -> tuple[int, int]:
    return st.session_state.get(DY, 0), st.session_state.get(DX, 0)


def line() -> Line:
    return st.session_state.get(SLICE) or "diagonal"


def choose_clicked() -> None:
    point = charts.clicked("shift-maps")
    if point is not None:
        choose(int(point["y"]), int(point["x"]))


def choose(dy: int, dx: int) -> None:
    st.session_state[DY], st.session_state[DX] = dy, dx


def show(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The slice, and what the networks see and say at the chosen and at the worst shifts."""
    st.header("Look closer", anchor="closer")
    left, right = st.columns([3, 2], gap="large")
    with left:
        bound(st.segmented_control, "Slice", list(LINES), default="diagonal", required=True, key=SLICE)
        charts.show(figures.line_plot(result, [c.title for c in cards], [c.blur for c in cards], line()), "shift-line")
    with right:
        crops(result, cards, image, params)
    worst(result, cards, image, params)


def crops(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The picture as the networks see it, unshifted and at the chosen shift, with every network's answer."""
    limit = MAX_SHIFT_LIMITS[1]
    with st.container(horizontal=True):
        bound(st.number_input, "Shift down dy, px", -limit, limit, 0, key=DY)
        bound(st.number_input, "Shift right dx, px", -limit, limit, 0, key=DX)
    index = result.index(*chosen())
    dy, dx = (int(d) for d in result.offsets[index])
    with st.container(horizontal=True):
        enlarged(image, cards[0], params, 0, 0, "unshifted")
        enlarged(image, cards[0], params, dy, dx, f"moved by ({dy}, {dx})")
    for card, top1, p in zip(cards, result.top1[:, index], result.top1_probability[:, index], strict=True):
        same = top1 == result.top1[result.models.index(card.name), result.centre]
        st.markdown(f"{'●' if same else '✕'} **{plain(card.title)}** says {plain(result.labels[top1])} ({p:.2f})")


def enlarged(image: RGBImage, card: Card, params: Params, dy: int, dx: int, caption: str) -> None:
    """A crop as the network sees it, in whole factors with hard pixels where it is small."""
    pixels = sweep.crop_at(image, card, params, dy, dx)
    factor = max(1, 160 // card.size)
    charts.enlarged(pixels, factor, caption, alt=f"The {card.size} px crop that the network sees, {caption}")


def worst(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The adversary's choice for each network, with the crop it found."""
    st.subheader("The worst shift", anchor="worst")
    st.markdown(section("shift_sweep", "adversary", most=params.max_shift, label=plain(result.labels[result.target])))
    for column, card, index, share in zip(
        st.columns(max(3, len(cards)))[: len(cards)],
        cards,
        sweep.worst_shift(result),
        sweep.consistency(result),
        strict=True,
    ):
        row = result.models.index(card.name)
        dy, dx = (int(d) for d in result.offsets[index])
        said = result.labels[result.top1[row, index]]
        with column:
            enlarged(image, card, params, dy, dx, f"{card.title}: moved by ({dy}, {dx})")
            st.markdown(
                plain(
                    f"P = {result.probability[row, index]:.3f} (unshifted "
                    f"{result.probability[row, result.centre]:.3f}), says {said}. Consistency of this picture: "
                    f"{share:.1%} of shift pairs agree."
                )
            )
            with st.container(horizontal=True):
                st.button("Show it on the maps", key=f"worst {card.name}", on_click=choose, args=(dy, dx))
                st.download_button(
                    "PNG",
                    partial(crop_png, image, card, params, dy, dx),
                    f"worst-{card.name}.png",
                    key=f"worst png {card.name}",
                )


def crop_png(image: RGBImage, card: Card, params: Params, dy: int, dx: int) -> bytes:
    return png_bytes(from_pixels(sweep.crop_at(image, card, params, dy, dx)))


@folded("Inside the networks: which layer loses the shift?", "shift inside")
def inside(cards: Sequence[Card], picture: Picture) -> None:
    """Where equivariance is lost, layer by layer; computed when opened."""
    padding = st.segmented_control(
        "Borders of the layers",
        shift_inside.BOUNDARY_PADDINGS,
        default="circular",
        required=True,
        key="shift-padding",
        help="circular: every layer wraps round, so that subsampling is the only cause. trained: as it is.",
    )
    found = [at_hand.own_networks().get(c.name) or cache.network(c) for c in cards]
    calls = [Call(layers_of, n, picture.image, padding) for n in found]
    answers = waiting.ask_all(calls, "Comparing the layers", "inside")
    for sentence in (a for a in answers if isinstance(a, str)):
        st.info(plain(sentence), icon=":material/block:")
    done = [(n, a) for n, a in zip(found, answers, strict=True) if isinstance(a, InternalDistance)]
    if not done:
        return
    titles = [n.card.title for n, _ in done]
    maps = [a for _, a in done]
    charts.show(inside_figures.internal_maps(maps, titles), "shift-inside")
    smooth = [shift_inside.filter_smoothness(n) for n, _ in done]
    charts.show(inside_figures.smoothness(smooth, titles), "shift-smoothness")


def layers_of(
    network: Network, image: RGBImage, padding: shift_inside.BoundaryPadding, progress: Progress
) -> InternalDistance | str:
    """The layers' distances, or why there are none."""
    try:
        return shift_inside.internal_distance(network, image, padding, progress)
    except ValueError as error:
        return str(error)
