"""Look closer: the line through the maps, the crop at a shift, the worst shift, and the layers inside."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.figures.palette import photo_uri, uri
from core.networks.card import Card, Network
from core.pictures.image import RGBImage, from_pixels, png_bytes
from core.studies.shift import figures, inside_figures, moving, sweep
from core.studies.shift import inside as shift_inside
from core.studies.shift.inside import InternalDistance
from core.studies.shift.sweep import Params, Result
from pages.parts.common import at_hand, charts, waiting
from pages.parts.common.address import folded
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain
from pages.parts.shift import choose

CROP = 150  # px: the most that a crop is wide on the page, so that two stand side by side


def choose_clicked() -> None:
    point = charts.clicked("shift-maps")
    if point is not None:
        choose.choose(int(point["y"]), int(point["x"]))


def show(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The line, and what the networks see and say at the chosen and at the worst shifts."""
    st.header(section("shift_sweep", "closer"), anchor="closer")
    left, right = st.columns([3, 2], gap="large")
    with left:
        titles, blurs = [card.title for card in cards], [card.blur for card in cards]
        charts.show(figures.line_plot(result, titles, blurs, choose.line()), "shift-line")
    with right:
        crops(result, cards, image, params)
    worst(result, cards, image, params)


def crops(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The picture as the networks see it, unshifted and at the chosen shift, with every network's answer."""
    index = result.index(*choose.chosen())
    dy, dx = (int(d) for d in result.offsets[index])
    with st.container(horizontal=True):
        enlarged(image, cards[0], params, 0, 0, section("shift_sweep", "crop unmoved"))
        enlarged(image, cards[0], params, dy, dx, section("shift_sweep", "crop moved", dy=dy, dx=dx))
    for card, top1, p in zip(cards, result.top1[:, index], result.top1_probability[:, index], strict=True):
        same = top1 == result.top1[result.models.index(card.name), result.centre]
        label = plain(result.labels[top1])
        says = section("shift_sweep", "crop says", title=plain(card.title), label=label, p=float(p))
        st.markdown(f"{'●' if same else '✕'} {says}")


def enlarged(image: RGBImage, card: Card, params: Params, dy: int, dx: int, caption: str) -> None:
    """A crop as the network sees it, in whole factors with hard pixels where it is small."""
    pixels = sweep.crop_at(moving.lit(image, card), card, params, dy, dx)
    large = pixels.repeat(max(1, CROP // card.size), 0).repeat(max(1, CROP // card.size), 1)
    alt = section("shift_sweep", "crop alt", size=card.size, which=caption)
    address = uri(large) if card.size <= moving.HARD else photo_uri(large)
    st.image(address, caption=plain(caption), alt=alt, width=min(CROP, large.shape[1]))


def worst(result: Result, cards: Sequence[Card], image: RGBImage, params: Params) -> None:
    """The adversary's choice for each network, with the crop it found."""
    st.subheader(section("shift_sweep", "worst"), anchor="worst")
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
        with column:
            where = section("shift_sweep", "worst of", title=card.title, dy=dy, dx=dx)
            enlarged(image, card, params, dy, dx, where)
            st.markdown(
                section(
                    "shift_sweep",
                    "worst says",
                    p=float(result.probability[row, index]),
                    rest=float(result.probability[row, result.centre]),
                    label=plain(result.labels[result.top1[row, index]]),
                    share=float(share),
                )
            )
            with st.container(horizontal=True):
                show_it = section("shift_sweep", "show it")
                st.button(show_it, key=f"worst {card.name}", on_click=choose.choose, args=(dy, dx))
                st.download_button(
                    "PNG",
                    partial(crop_png, image, card, params, dy, dx),
                    f"worst-{card.name}.png",
                    key=f"worst png {card.name}",
                )


def crop_png(image: RGBImage, card: Card, params: Params, dy: int, dx: int) -> bytes:
    return png_bytes(from_pixels(sweep.crop_at(moving.lit(image, card), card, params, dy, dx)))


def inside(cards: Sequence[Card], picture: Picture) -> None:
    """Where equivariance is lost, layer by layer; computed when opened."""
    folded(section("shift_sweep", "inside"), "shift inside")(layers)(cards, picture)


def layers(cards: Sequence[Card], picture: Picture) -> None:
    padding = st.segmented_control(
        section("shift_sweep", "padding"),
        shift_inside.BOUNDARY_PADDINGS,
        default="circular",
        required=True,
        key="shift-padding",
        help=section("shift_sweep", "padding help"),
    )
    found = [at_hand.own_networks().get(c.name) or cache.network(c) for c in cards]
    calls = [Call(layers_of, n, picture.image, padding) for n in found]
    answers = waiting.ask_all(calls, section("shift_sweep", "comparing"), "inside")
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
