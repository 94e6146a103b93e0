"""The maps: t-SNE of every space side by side, what a lasso holds, and the reader's picture placed among them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.components.v2 import component

from core import cache
from core.base.prose import section
from core.base.worker import Progress, each, part
from core.cache import Call
from core.compute import embedding
from core.compute.embedding import Map
from core.compute.sign_counts import Spec
from core.data.sets import DATASETS
from core.data.split import Split
from core.figures.blocks import toolbar
from core.figures.palette import uri
from core.networks import packaged as networks
from core.networks.card import Network
from core.studies.random import maps as random_maps
from core.studies.random import maps_figures as figures
from core.studies.random.maps import TITLES, Params, Placed, Result, Space
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import Markdown, plain

SELECTED, DRAW, HELD = "random map selection", "random maps wanted", "random map held"
THUMBNAILS, THUMBNAIL, COLUMNS = 96, 48, 12  # at most so many, px a side at most, a row
NEIGHBOURS, NEIGHBOUR = 6, 72
PATIENCE = 0.4  # seconds that the maps wait for the reader's picture before they are drawn without it
TOOLBAR = toolbar("receptive-random-map", ["lasso2d", "select2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"])
LEARNED = " The trained network has learned from most of these very pictures; the other two have seen none before."
HOVER = "<div class='tip' aria-hidden='true'><canvas></canvas><span></span></div>"
Anchors = dict[Space, tuple[np.ndarray, Map]]  # a space's vectors (N, D), and what new pictures are placed by


@dataclass(frozen=True, eq=False)
class Scene:
    """What the maps are of. `split` in its network's form (N, H, W, 1 or 3); `query` uint8 (1, H, W, C) like it, None
    without a picture; `held`: a second one, placed and compared beside it; `packaged` is used where it fits.
    """

    split: Split
    title: str
    spec: Spec
    network: Network | None
    params: Params
    packaged: Result | None
    query: np.ndarray | None
    held: np.ndarray | None = None


def controls(default: Params) -> Params:
    """t-SNE's settings, folded away, beginning with `default`'s."""
    low, high = random_maps.PERPLEXITY_LIMITS
    with st.popover("Settings of the maps", icon=":material/tune:"):
        perplexity = bound(
            st.slider, "Perplexity", low, high, round(default.perplexity), key="random-perplexity",
            help="About how many neighbours each point tries to stay near.",
        )  # fmt: skip
        rate = bound(
            st.number_input, "Learning rate", 1.0, 10_000.0, None, key="random-learning-rate",
            placeholder="auto: points / exaggeration",
        )  # fmt: skip
        seed = bound(st.number_input, "Seed of t-SNE", 0, 9_999, default.seed, key="random-map-seed")
        points = bound(
            st.number_input, "Pictures at most", embedding.MIN_POINTS, random_maps.POINTS_LIMIT, default.points, 500,
            key="random-points", help="Of a larger set, so many are drawn by the seed.",
        )  # fmt: skip
    return Params(default.data, int(points), perplexity, "auto" if rate is None else rate, int(seed))


def show(scene: Scene) -> None:
    """The finding, the maps, and the reader's picture in them; a button where they have yet to be drawn."""
    result = drawn(scene)
    if result is None:
        return
    st.markdown(f"#### {plain(random_maps.finding(result))}")
    sheet = waiting.ask(
        thumbnail_sheet, scene.split, result.indices, what="Preparing the thumbnails", at="random sheet"
    )
    placed = place(scene, result)  # after the thumbnails: what it takes may keep the worker busy for seconds
    maps(scene, result, placed, sheet)
    charts.folded_table("random map", lambda: figures.table(result), "Every point's place on every map")
    st.header("Your picture in the maps", anchor="query")
    neighbours(scene, result, placed)
    if scene.held is not None and placed is not None:
        second = replace(scene, query=scene.held)
        st.markdown(":material/push_pin: **Held beside it**")
        neighbours(second, result, place(second, result, "random placed held"), "The held picture")


# ---- drawing -------------------------------------------------------------------------------------


def seed_of(scene: Scene) -> int | None:
    """The seed that chose the pictures; None where all are drawn."""
    return scene.params.seed if len(scene.split) > scene.params.points else None


def vectors_call(scene: Scene, space: Space) -> Call[np.ndarray]:
    """The pictures' vectors in a space: the same whatever the other spaces and the maps' settings are."""
    drawn_by = Params(points=scene.params.points, seed=seed_of(scene) or 0)
    spec = scene.spec if space == "random" else Spec()
    return Call(vectors, scene.split, drawn_by, space, spec, scene.network if space == "trained" else None)


def vectors(
    split: Split, drawn_by: Params, space: Space, spec: Spec, network: Network | None, progress: Progress
) -> np.ndarray:
    pictures = split.pixels[random_maps.chosen(split, drawn_by)]
    return random_maps.vectors(pictures, space, spec, network, progress)


def draw_one(
    found: Call[np.ndarray], split: Split, space: Space, params: Params, progress: Progress
) -> random_maps.SpaceMap:
    labels = split.labels[random_maps.chosen(split, params)]
    return random_maps.draw(cache.known(found, progress), labels, space, params, progress)[0]


def drawn(scene: Scene) -> Result | None:
    """The maps: packaged, remembered, or drawn now if the reader asked for these; None until then."""
    of = scene.split, scene.spec, scene.network, scene.params
    if scene.packaged is not None and random_maps.fits(scene.packaged, *of):
        return scene.packaged
    if len(scene.split) < embedding.MIN_POINTS:
        st.info(f"A map takes at least {embedding.MIN_POINTS} pictures: this set has {len(scene.split)}.")
        return None
    asked = random_maps.spaces_of(scene.network)
    calls = [Call(draw_one, vectors_call(scene, space), scene.split, space, scene.params) for space in asked]
    found = [cache.finished(call, 0) for call in calls]
    if any(m is None for m in found):
        slot = st.empty()  # clicked, the button makes way at once
        keys = [call.key for call in calls]
        if st.session_state.get(DRAW) != keys:
            with slot.container():
                st.markdown("With these pictures, features and networks the maps have yet to be drawn.")
                wanted = partial(st.session_state.update, {DRAW: keys})
                st.button("Draw the maps", type="primary", key="random draw", on_click=wanted)
            return None
        found = draw(scene, calls)
    maps = [m for m in found if m is not None]
    return random_maps.assembled(*of, maps) if maps else None


def draw(scene: Scene, calls: list[Call[random_maps.SpaceMap]]) -> list[random_maps.SpaceMap | None]:
    """The maps, once all vectors are there."""
    first = [call.args[0] for call in calls]
    hold([call.key for call in first])
    if any(v is None for v in waiting.ask_all(first, "Taking the pictures into their spaces", "random vectors")):
        return []
    count = min(len(scene.split), scene.params.points)
    return waiting.ask_all(calls, f"Drawing {len(calls)} maps of {count:,} pictures", "random map")


def hold(keys: list[str]) -> None:
    """Keep these vectors only: those of 10,000 pictures take 80 MB, and a slider asks for many."""
    cache.forget(key for key in st.session_state.get(HELD, ()) if key not in keys)
    st.session_state[HELD] = keys


def thumbnail_sheet(split: Split, indices: np.ndarray, progress: Progress) -> figures.Sheet:
    return figures.sheet(split.pixels[indices], progress=progress)


# ---- the maps and the lasso ----------------------------------------------------------------------


@st.fragment
def maps(scene: Scene, result: Result, placed: dict[Space, Placed] | None, sheet: figures.Sheet | None) -> None:
    """The maps beside each other; a lasso in one marks the same pictures in all."""
    selected = selection(scene, result)
    keys = []
    for column, found in zip(st.columns(len(result.maps)), result.maps, strict=True):
        key = f"random-map-{found.space}"
        keys.append(key)
        with column:
            at = placed and placed.get(found.space)
            st.plotly_chart(
                figures.map_figure(result, found.space, selected, at, hover=sheet is None),
                key=key,
                theme=None,
                config=TOOLBAR,
                alt=f"Map of {len(result):,} pictures, {TITLES[found.space].lower()}, coloured by class",
                on_select=partial(select, key, scene, result),
                selection_mode=("points", "box", "lasso"),
            )
    if sheet is not None:
        css, js = (Path(__file__).with_suffix(ending).read_text("utf-8") for ending in (".css", ".js"))
        hover = component("receptive_hover_pictures", html=HOVER, css=css, js=js)
        hover(data={"charts": keys, **figures.said(sheet, result)}, key="random map hover", height="content")
    st.caption(how_drawn(result))
    chosen(scene, result, selected)


def owner(scene: Scene, result: Result) -> tuple[Hashable, ...]:
    """Whose rows a selection holds: another data set, or other pictures of it, are others."""
    return scene.split.digest, len(result), seed_of(scene)


def selection(scene: Scene, result: Result) -> list[int] | None:
    whose, rows = st.session_state.get(SELECTED, (None, None))
    return rows if whose == owner(scene, result) else None


def select(key: str, scene: Scene, result: Result) -> None:
    """Remember the points in the lasso; an empty one is a slip of the hand, or the chart drawn anew."""
    points = st.session_state[key]["selection"]["points"]
    rows = sorted({int(p["point_index"]) for p in points if p["curve_number"] == 0})
    if rows:
        st.session_state[SELECTED] = owner(scene, result), rows


def how_drawn(result: Result) -> Markdown:
    used = sorted({round(m.perplexity, 1) for m in result.maps})
    perplexity = " and ".join(f"{p:g}" for p in used)
    rate = "auto" if result.learning_rate == "auto" else f"{result.learning_rate:g}"
    settings = plain(
        f"t-SNE of {len(result):,} pictures: perplexity {perplexity}, learning rate {rate}, seed {result.seed}; random "
        f"network with {result.features:,} features, kernel {result.kernel_size}, depth {result.depth}, seed "
        f"{result.network_seed}. Spaces of more than {embedding.COMPONENTS} dimensions are first projected onto their "
        f"{embedding.COMPONENTS} strongest principal components. "
    )
    return Markdown(settings + section("random_features", "maps") + (LEARNED if has_learned_from(result) else ""))


def has_learned_from(result: Result) -> bool:
    """Whether the trained network's training pictures are among those of the maps."""
    card = networks.cards().get(result.network)
    return card is not None and card.family in DATASETS and DATASETS[card.family].title == result.data


def chosen(scene: Scene, result: Result, selected: list[int] | None) -> None:
    """The selected pictures as thumbnails, and their class mix."""
    if not selected:
        st.markdown(":material/lasso_select: Draw a lasso around points, or click one, to see its pictures.")
        return
    clear = partial(st.session_state.pop, SELECTED, None)
    st.button("Clear the selection", key="random clear", on_click=clear, icon=":material/deselect:")
    left, right = st.columns([3, 2], gap="large")
    with left:
        shown = selected[:: -(-len(selected) // THUMBNAILS)]
        pictures = scene.split.pixels[result.indices[sorted(shown, key=lambda row: result.labels[row])]]
        factor = max(1, THUMBNAIL // max(pictures.shape[1:3]))
        sheet = figures.thumbnails(pictures, COLUMNS, factor)
        st.image(uri(sheet), width=sheet.shape[1], alt=f"{len(shown)} of the selected pictures")
        if len(shown) < len(selected):
            st.caption(f"{len(shown)} of {len(selected):,} selected pictures, evenly taken, in the order of classes.")
    with right:
        charts.show(figures.mix_figure(result, selected), "random-mix")


# ---- the reader's picture ------------------------------------------------------------------------


def place(scene: Scene, result: Result, at: str = "random placed") -> dict[Space, Placed] | None:
    """The reader's picture in every map; None while the spaces it goes into are not ready."""
    if scene.query is None:
        return None
    call = anchors_call(scene, result)
    cache.job(call, "random anchors")
    if cache.finished(call, PATIENCE) is None:
        return None
    return waiting.ask(place_all, scene.query, call, scene.spec, scene.network, what="Placing your picture", at=at)


def anchors_call(scene: Scene, result: Result) -> Call[Anchors]:
    """What placing takes: the vectors of every space, from the cache where they are there, and the finished maps."""
    spaces = [vectors_call(scene, m.space) for m in result.maps]
    call = Call(anchor, spaces, result)
    hold([*(space.key for space in spaces), call.key])
    return call


def anchor(spaces: list[Call[np.ndarray]], result: Result, progress: Progress) -> Anchors:
    anchors: Anchors = {}
    for i, (m, space) in enumerate(zip(result.maps, spaces, strict=True)):
        found = cache.known(space, part(progress, i, len(spaces)))
        anchors[m.space] = found, embedding.anchor(found, m.positions, m.perplexity, result.seed)
        progress(i + 1, len(spaces))
    return anchors


def place_all(
    query: np.ndarray, anchors: Call[Anchors], spec: Spec, network: Network | None, progress: Progress
) -> dict[Space, Placed]:
    return {
        space: random_maps.place(query, space, gallery, found, spec, network, NEIGHBOURS)
        for space, (gallery, found) in each(list(cache.known(anchors, progress).items()), progress)
    }


def neighbours(scene: Scene, result: Result, placed: dict[Space, Placed] | None, whose: str = "Your picture") -> None:
    """The nearest pictures of every space, side by side."""
    if scene.query is None:
        st.markdown("Choose a picture in the sidebar to place it into the maps.")
        return
    if placed is None:
        waiting.later(anchors_call(scene, result), "Preparing the spaces", lambda _: st.rerun())
        return
    own, *columns = st.columns([1, *[2] * len(placed)], gap="medium")
    with own:
        st.markdown(f"**{plain(whose)}**")
        enlarged(scene.query[0], "in the data set's form", f"{whose} in the form of the data set")
    for column, (space, at) in zip(columns, placed.items(), strict=True):
        with column:
            st.markdown(f"**{TITLES[space]}**")
            with st.container(horizontal=True):
                for row, away in zip(at.nearest, at.distances, strict=True):
                    name = result.classes[result.labels[row]]
                    enlarged(scene.split.pixels[result.indices[row]], f"{name} · {away:.2f}", f"Neighbour: {name}")
    st.caption(section("random_features", "neighbours"))


def enlarged(picture: np.ndarray, caption: str, alt: str) -> None:
    factor = max(1, NEIGHBOUR // max(picture.shape[:2]))
    charts.enlarged(figures.colour(picture), factor, caption, alt)
