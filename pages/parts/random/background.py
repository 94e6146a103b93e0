"""Is it the object or the background? One picture in seven versions, and the shares over many photographs."""

from __future__ import annotations

import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Progress
from core.cache import Call
from core.compute.sign_counts import Spec
from core.figures.palette import uri
from core.networks.card import Network, title_of
from core.pictures.image import RGBImage
from core.pictures.object_mask import MIDDLE, Box
from core.pictures.preprocess import square
from core.pictures.samples import SAMPLES, load_sample
from core.studies.random import background, background_dataset, background_figures
from core.studies.random.background import MASK_SIDE, Gallery, Params, Result, Vectors
from core.studies.random.background_dataset import Measured
from pages.parts.common import charts, own_pictures, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.tray import Picture
from pages.parts.common.words import note, plain

FOUND, WHOLE = "found in the box", "the box itself"
PREVIEW = 300  # px
DEFAULT_SWAP = "grass"


def show(picture: Picture, network: Network) -> None:
    """`network` is the trained one, which answers."""
    folded(section("random_features", "background title"), "random background")(both)(picture, network)


def both(picture: Picture, network: Network) -> None:
    """What was measured, and the same on this picture."""
    st.markdown(section("random_features", "background"))
    if (found := background_dataset.measured()) is not None:
        packaged(found)
    live(picture, network)


def packaged(found: Measured) -> None:
    """What `receptive measure background` found over test photographs."""
    st.markdown(f"**{plain(background_dataset.finding(found))}**")
    charts.show(background_figures.shares(found), "random-background-shares")
    about, seeds = found.about, len(found.of("random"))
    st.caption(
        plain(
            f"{about['data']}, {found.size} px; n = {found.images}. The object is the middle box ({found.box:.0%} of "
        )
        + "the pixels), the background the rest: no mask is perfect, and equal parts compare fairly. **Nearest**: the "
        + plain(
            f"class of the nearest gallery picture. Random: {found.features:,} features, kernel {found.kernel}, depth "
            f"{found.depth}, mean of {seeds} seeds, lines: the least and the most of them; other lines: 95 % intervals "
            f"over photographs (Wilson). Trained: {title_of(found.network)}. "
        )
        + provenance.again(about)
    )


def live(picture: Picture, network: Network) -> None:
    """The tray's picture: draw a box, choose another background, see who moves."""
    st.subheader(section("random_features", "background try"), anchor=False)
    params, swap = controls(picture)
    against = gallery(picture, params)
    if against is None:
        return
    known = Call(embed, against, params.specs, network)
    [there] = waiting.ask_all([known], f"Looking at {len(against.names):,} pictures", "random background gallery")
    if there is not None:
        compare(picture, swap, params, network, against, known)


def embed(against: Gallery, specs: tuple[Spec, ...], network: Network, progress: Progress) -> Vectors:
    return background.embed(against.pictures, specs, network, progress)


def controls(picture: Picture) -> tuple[Params, str]:
    """The box, drawn over the picture as it is dragged, and what is swapped in."""
    left, right = st.columns([2, 3], gap="large")
    with right:
        sides = (MIDDLE.left, MIDDLE.right), (MIDDLE.top, MIDDLE.bottom)
        left_right, top_bottom = ((round(100 * low), round(100 * high)) for low, high in sides)
        across = st.slider(section("random_features", "box across"), 0, 100, left_right, key="random-box-x")
        down = st.slider(section("random_features", "box down"), 0, 100, top_bottom, key="random-box-y")
        kind = bound(
            st.segmented_control,
            section("random_features", "object"),
            [FOUND, WHOLE],
            default=FOUND,
            required=True,
            key="random-object",
            help=section("random_features", "object help"),
        )
        names = [s.name for s in SAMPLES if s.name != picture.sample]
        first = names.index(DEFAULT_SWAP) if DEFAULT_SWAP in names else 0
        swap = st.selectbox(section("random_features", "swap"), names, first, key="random-swap")
    box = box_of(down, across)
    params = Params(box, kind == WHOLE)
    with left:
        shown = square(picture.image, MASK_SIDE)
        object_ = background.object_of(picture.image, box, MASK_SIDE, params.whole_box)
        drawn = background_figures.framed(shown, box, object_)
        share = section("random_features", "object share", share=plain(f"{object_.mean():.0%}"))
        st.image(uri(drawn), share, width=PREVIEW, alt=share)
    return params, swap


def box_of(down: tuple[int, int], across: tuple[int, int]) -> Box:
    """The sliders' box, at least one percent wide and high."""
    (top, bottom), (left, right) = ((min(low, 99), max(high, min(low, 99) + 1)) for low, high in (down, across))
    return Box(top / 100, left / 100, bottom / 100, right / 100)


def gallery(picture: Picture, params: Params) -> Gallery | None:
    """Tiles of the samples, or the reader's own pictures."""
    if not st.toggle(section("random_features", "own pictures"), key="random background own"):
        return tiles(params.size, picture.sample)
    chosen = own_pictures.choose("random background")
    if chosen is None:
        return None
    what = f"Reading {len(chosen):,} pictures"
    own = waiting.ask(attempt, chosen, params.size, what=what, at="random background own")
    if isinstance(own, str):
        st.error(plain(own), icon=":material/broken_image:")
        return None
    if own is not None:
        own_pictures.unreadable(own.broken)
    return own


def attempt(chosen: Chosen, size: int, progress: Progress) -> Gallery | str:
    """The reader's pictures, or what is wrong with them."""
    try:
        return background.own_gallery(chosen.found, size, progress)
    except ValueError as error:
        return str(error)


@st.cache_resource(max_entries=len(SAMPLES) + 1, show_spinner=False)
def tiles(size: int, without: str | None) -> Gallery:
    return background.sample_tiles(size, without)


def compare(
    picture: Picture, swap: str, params: Params, network: Network, against: Gallery, known: Call[Vectors]
) -> None:
    """The versions, what the network answers to them, and how far they move."""
    asked = picture.image, swap, params, network, against, known
    result = waiting.ask(changed, *asked, what="Changing background and object", at="random background")
    if result is None:
        return
    said = background.finding(result, network.card.title)
    st.markdown(f"**{plain(said)}**")
    charts.show(background_figures.pictures(result).telling(said), "random-background-pictures")
    charts.show(background_figures.bars(result).telling(said), "random-background-bars")
    note(
        f"Distance from the picture to its version, divided by the mean distance from the picture to "
        f"{len(against.names):,} others. {background.neighbour_words(result)} Centre square at {params.size} "
        f"px; random: {params.features:,} features, kernel {params.kernel}, depth {params.depth}, mean of "
        f"{len(params.seeds)} seeds, lines from the least to the most. n = 1 picture; {network.card.title} knows "
        f"{len(network.labels)} classes, and has to answer with one of them."
    )


def changed(
    image: RGBImage,
    swap: str,
    params: Params,
    network: Network,
    against: Gallery,
    known: Call[Vectors],
    progress: Progress,
) -> Result:
    vectors = cache.known(known, progress)
    return background.run(image, load_sample(swap), params, network, against, vectors, progress)
