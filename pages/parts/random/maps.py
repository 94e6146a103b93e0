"""The maps: t-SNE of every space side by side, what a lasso holds, and the reader's picture placed among them.

They are drawn anew beside the page: until they are there the last ones stay, dimmed, with words that say so.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import listed, section
from core.base.worker import Job, Progress, each, part
from core.cache import Call
from core.compute import embedding
from core.compute.embedding import Map, NoMap
from core.compute.sign_counts import Spec
from core.data.sets import DATASETS
from core.data.split import Split
from core.figures.palette import uri
from core.networks import packaged as networks
from core.networks.card import Network
from core.studies.random import maps as random_maps
from core.studies.random import maps_figures as figures
from core.studies.random.maps import Params, Placed, Result, Space, SpaceMap
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import Markdown, plain
from pages.parts.random import nearest, points
from pages.parts.random.points import Points

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

KEY, SELECTED, DRAW = "random map", "random map selection", "random maps wanted"
STOPPED, HELD = "random maps stopped", "random map held"
THUMBNAILS, THUMBNAIL, COLUMNS = 96, 48, 12  # at most so many, px a side at most, a row
NEIGHBOURS = 6
PATIENCE = 0.4  # seconds that the maps wait for the reader's picture before they are drawn without it
AT_ONCE = 2_000  # pictures: of so many the maps are drawn unasked, in seconds
Anchors = dict[Space, tuple[np.ndarray, Map]]  # a space's vectors (N, D), and what new pictures are placed by


@dataclass(frozen=True, eq=False)
class Scene:
    """What the maps are of. `split` in its network's form (N, H, W, 1 or 3); `query` uint8 (1, H, W, C) like it, of
    the picture called `whose`; `packaged` is used where it fits; `ink`: bright strokes on black.
    """

    split: Split
    title: str
    spec: Spec
    network: Network | None
    params: Params
    packaged: Result | None
    query: np.ndarray
    whose: str
    ink: bool = False


def controls(default: Params) -> Params:
    """t-SNE's settings, beginning with `default`'s."""
    low, high = random_maps.PERPLEXITY_LIMITS
    perplexity = bound(
        st.slider, section("random_features", "perplexity"), low, high, round(default.perplexity),
        key="random-perplexity", help=section("random_features", "perplexity help"),
    )  # fmt: skip
    rate = bound(
        st.number_input, section("random_features", "learning rate"), 1.0, 10_000.0, None,
        key="random-learning-rate", placeholder=section("random_features", "learning rate auto"),
    )  # fmt: skip
    seed = bound(st.number_input, section("random_features", "map seed"), 0, 9_999, default.seed, key="random-map-seed")
    count = bound(
        st.number_input, section("random_features", "map points"), embedding.MIN_POINTS, random_maps.POINTS_LIMIT,
        default.points, 500, key="random-points", help=section("random_features", "map points help"),
    )  # fmt: skip
    return Params(default.data, int(count), perplexity, "auto" if rate is None else rate, int(seed))


def show(scene: Scene) -> None:
    """The maps with the reader's picture in them; where they have yet to be drawn the last ones, dimmed."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    left.header(section("random_features", "maps title"), anchor="maps")
    result = drawn(scene, right.container(height=56, border=False))
    if result is None:
        return
    st.markdown(plain(random_maps.finding(result)))
    what = section("random_features", "thumbnails")
    sheet = waiting.ask(thumbnail_sheet, scene.split, result.indices, what=what, at="random sheet")
    placed = place(scene, result)  # after the thumbnails: what it takes may keep the worker busy for seconds
    maps(scene, result, placed, sheet)
    charts.folded_table("random map", lambda: figures.table(result), "Every point's place on every map")
    if placed is None:
        waiting.later(anchors_call(scene, result), section("random_features", "placing"), lambda _: st.rerun())


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
) -> SpaceMap | NoMap:
    """The map of a space, or why there is none."""
    labels = split.labels[random_maps.chosen(split, params)]
    try:
        return random_maps.draw(cache.known(found, progress), labels, space, params, progress)[0]
    except NoMap as refused:
        return refused


def calls_of(scene: Scene) -> list[Call[SpaceMap | NoMap]]:
    asked = random_maps.spaces_of(scene.network)
    return [Call(draw_one, vectors_call(scene, space), scene.split, space, scene.params) for space in asked]


def there(scene: Scene) -> Result | None:
    """The maps, packaged or remembered, without those that cannot be drawn; None where they have yet to be."""
    of = scene.split, scene.spec, scene.network, scene.params
    if scene.packaged is not None and random_maps.fits(scene.packaged, *of):
        return scene.packaged
    if len(scene.split) < embedding.MIN_POINTS:
        return None
    found = [cache.finished(call, 0) for call in calls_of(scene)]
    return random_maps.assembled(*of, [m for m in found if isinstance(m, SpaceMap)]) if all(found) else None


def say_refused(scene: Scene) -> None:
    """Which of the maps cannot be drawn, and why."""
    for space, call in zip(random_maps.spaces_of(scene.network), calls_of(scene), strict=True):
        refused, title = cache.finished(call, 0), plain(nearest.titles()[space])
        if isinstance(refused, NoMap) and refused.different is not None:
            n, least = min(len(scene.split), scene.params.points), embedding.MIN_POINTS
            said = section(
                "random_features", "all alike", space=title, n=n, different=refused.different, least=least
            )  # fmt: skip
            st.warning(said, icon=":material/content_copy:")
        elif isinstance(refused, NoMap):
            st.warning(section("random_features", "no numbers", space=title), icon=":material/error:")


def drawn(scene: Scene, beside: DeltaGenerator) -> Result | None:
    """The maps: packaged, remembered, or drawn now: at once where they are small, else when asked for; None until
    then, and the maps that stood here before are shown meanwhile."""
    if (result := there(scene)) is not None:
        say_refused(scene)
        return result if result.maps else None
    if len(scene.split) < embedding.MIN_POINTS:
        st.info(section("random_features", "too few", least=embedding.MIN_POINTS, n=len(scene.split)))
        return None
    calls = calls_of(scene)
    keys = [call.key for call in calls]
    points.again(KEY)
    if st.session_state.get(STOPPED) == keys:
        with beside, st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(section("random_features", "stopped"))
            st.button(
                section("random_features", "go on"), key=f"{KEY} go on", on_click=waiting.go_on, args=(STOPPED, keys)
            )
        return None
    if min(len(scene.split), scene.params.points) > AT_ONCE and st.session_state.get(DRAW) != keys:
        st.markdown(section("random_features", "yet to draw"))
        wanted = partial(st.session_state.update, {DRAW: keys})
        st.button(section("random_features", "draw"), type="primary", key="random draw", on_click=wanted)
        return None
    hold([call.args[0].key for call in calls])
    jobs: list[Job[SpaceMap | NoMap]] = [cache.job(call, KEY) for call in calls]
    waiting.leave(KEY, dict(zip(keys, jobs, strict=True)))
    with beside:
        st.fragment(partial(watch, jobs, keys), run_every=waiting.LOOK_AGAIN)()
    return None


def watch(jobs: list[Job[SpaceMap | NoMap]], keys: list[str]) -> None:
    """How far they are, with a Stop button; the page runs again when all are there."""
    if all(waiting.is_done(job) or waiting.was_stopped(job) for job in jobs):
        st.rerun()
    share = waiting.share_done(jobs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(share, section("random_features", "drawing", n=len(jobs), share=plain(f"{share:.0%}")))
        stop = partial(waiting.stop, jobs, STOPPED, keys)
        st.button(section("random_features", "stop"), key=f"{KEY} stop", on_click=stop)


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
    choose = partial(select, scene, result)
    points.show(Points(result, sheet, placed, scene.whose, scene.ink, selected, choose), KEY)
    st.caption(how_drawn(result))
    chosen(scene, result, selected)


def owner(scene: Scene, result: Result) -> tuple[Hashable, ...]:
    """Whose rows a selection holds: another data set, or other pictures of it, are others."""
    return scene.split.digest, len(result), seed_of(scene)


def selection(scene: Scene, result: Result) -> list[int] | None:
    whose, rows = st.session_state.get(SELECTED, (None, None))
    return rows if whose == owner(scene, result) else None


def select(scene: Scene, result: Result, key: str) -> None:
    """Remember the points in the lasso; an empty one is a slip of the hand."""
    if found := points.rows(key, len(result)):
        st.session_state[SELECTED] = owner(scene, result), found


def how_drawn(result: Result) -> Markdown:
    used = sorted({round(m.perplexity, 1) for m in result.maps})
    settings = section(
        "random_features",
        "how drawn",
        n=len(result),
        perplexity=plain(listed([f"{p:g}" for p in used])),
        rate=plain("auto" if result.learning_rate == "auto" else f"{result.learning_rate:g}"),
        seed=result.seed,
        features=result.features,
        kernel=result.kernel_size,
        depth=result.depth,
        network_seed=result.network_seed,
        components=embedding.COMPONENTS,
    )
    learned = section("random_features", "learned from these") if has_learned_from(result) else ""
    return Markdown(f"{section('random_features', 'maps')} {settings} {learned}")


def has_learned_from(result: Result) -> bool:
    """Whether the trained network's training pictures are among those of the maps."""
    card = networks.cards().get(result.network)
    return card is not None and card.family in DATASETS and DATASETS[card.family].title == result.data


def chosen(scene: Scene, result: Result, selected: list[int] | None) -> None:
    """The selected pictures as thumbnails, and their class mix."""
    if not selected:
        st.markdown(section("random_features", "lasso"))
        return
    clear = partial(st.session_state.pop, SELECTED, None)
    label = section("random_features", "clear")
    st.button(label, key="random clear", on_click=clear, icon=":material/deselect:")
    left, right = st.columns([3, 2], gap="large")
    with left:
        shown = selected[:: -(-len(selected) // THUMBNAILS)]
        pictures = scene.split.pixels[result.indices[sorted(shown, key=lambda row: result.labels[row])]]
        factor = max(1, THUMBNAIL // max(pictures.shape[1:3]))
        sheet = figures.thumbnails(pictures, COLUMNS, factor)
        alt = section("random_features", "selected alt", n=len(shown))
        st.image(uri(sheet), width=sheet.shape[1], alt=alt)
        if len(shown) < len(selected):
            st.caption(section("random_features", "selected part", n=len(shown), of=len(selected)))
    with right:
        charts.show(figures.mix_figure(result, selected), "random-mix")


# ---- the reader's picture ------------------------------------------------------------------------


def place(scene: Scene, result: Result) -> dict[Space, Placed] | None:
    """The reader's picture in every map; None while the spaces it goes into are not ready."""
    call = anchors_call(scene, result)
    cache.job(call, "random anchors")
    if cache.finished(call, PATIENCE) is None:
        return None
    what = section("random_features", "placing")
    return waiting.ask(place_all, scene.query, call, scene.spec, scene.network, what=what, at="random placed")


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
