"""The walls: the patches that say a class loudest in many pictures, rightly and wrongly, each with its way back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.base.prose import listed, section
from core.base.worker import Progress
from core.figures.blocks import enlarged
from core.networks.card import Network
from core.pictures.files import UNREADABLE
from core.pictures.image import decode
from core.pictures.samples import SAMPLES
from core.studies.patch import wall as patch_wall
from core.studies.patch.wall import Params, Patch, Result
from pages.parts.common import charts, own_pictures, tray, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.own_pictures import Chosen
from pages.parts.common.words import Markdown, plain
from pages.parts.patch import closer
from pages.parts.patch.choose import Scene, told_apart

SAMPLE_SET, OWN = "the samples", "your own"
FOLLOW = "the page's class"
FRAME = (0, 158, 115)  # Okabe-Ito green: seen on light and on dark pictures, and no role's colour
SHOWN = "patch wall shown"
CROP_SIDE = 100  # px on the screen that an enlarged patch comes close to
TITLES = {sample.name: sample.title for sample in SAMPLES}


def show(scene: Scene) -> None:
    """Looks through the pictures when opened."""
    folded(section("patch_evidence", "wall heading"), "patch wall")(opened)(scene)


def opened(scene: Scene) -> None:
    network, target, source = controls(scene)
    params = Params(target, scene.short)
    if source == SAMPLE_SET:
        on_samples(network, params)
    else:
        on_your_pictures(network, params)


def controls(scene: Scene) -> tuple[Network, int, str]:
    """Which BagNet, which class, which pictures."""
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    source = bound(
        left.segmented_control,
        section("patch_evidence", "wall pictures"),
        [SAMPLE_SET, OWN],
        default=SAMPLE_SET,
        required=True,
        key="patch-wall-of",
    )
    family = scene.bagnets[0].card.family
    labels = told_apart(scene.labels)
    target = chooser(
        middle, section("patch_evidence", "wall class"), [FOLLOW, *labels], 0, f"patch-wall-class-{family}"
    )
    titles = [network.card.title for network in scene.bagnets]
    title = chooser(
        right, section("patch_evidence", "wall network"), titles, len(titles) - 1, f"patch-wall-net-{family}"
    )
    index = scene.target if target == FOLLOW else labels.index(target)
    return scene.bagnets[titles.index(title)], index, source


def chooser(place: st.delta_generator.DeltaGenerator, what: str, options: Sequence[str], index: int, key: str) -> str:
    """A select box that forgets a choice which is no longer offered."""
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)
    return bound(place.selectbox, plain(what), options, index=index, key=key)


def on_samples(network: Network, params: Params) -> None:
    what = section("patch_evidence", "wall asked", count=len(SAMPLES))
    result = waiting.ask(run_on_samples, network, params, what=what, at="patch wall")
    if result is not None:
        walls(network, params, result, len(SAMPLES), None)


def run_on_samples(network: Network, params: Params, progress: Progress) -> Result:
    return patch_wall.run(network, patch_wall.sample_pictures(), len(SAMPLES), params, progress)


def on_your_pictures(network: Network, params: Params) -> None:
    st.markdown(section("patch_evidence", "wall own"))
    chosen = own_pictures.choose("patch wall")
    if chosen is None:
        return
    if not st.toggle(section("patch_evidence", "wall go", count=len(chosen)), key="patch wall go"):
        return
    what, read = section("patch_evidence", "wall asked", count=len(chosen)), patch_wall.own_pictures
    done, expected = own_pictures.measured(
        chosen, patch_wall.run, [network], params, read=read, what=what, at="patch wall"
    )
    for _, result in done:
        walls(network, params, result, expected, chosen)


def walls(network: Network, params: Params, result: Result, expected: int, own: Chosen | None) -> None:
    """The finding and both walls, of `expected` pictures. `own` is None for the samples."""
    own_pictures.partly(result.pictures, expected)
    label, called = network.labels[params.target], TITLES if own is None else {}
    st.markdown(f"**{plain(patch_wall.finding(result, label, network.card.title, called))}**")
    wall(result.right, Markdown(section("patch_evidence", "wall right", label=plain(label))), network, own)
    if own is not None:
        outlined(own, params, result.side)
    wall(result.wrong, Markdown(section("patch_evidence", "wall wrong", label=plain(label))), network, own)
    st.caption(how(result, label))
    alt = section("patch_evidence", "wall alt")
    charts.folded_table("patch wall", lambda: patch_wall.table(result, network.labels), alt)


def how(result: Result, label: str) -> Markdown:
    """How to read the walls, and by what pictures count as the class."""
    known, unknown = result.known_pictures, result.pictures - result.known_pictures
    by = []
    if known:
        by.append(section("patch_evidence", "wall by folder", count=known))
    if unknown:
        by.append(section("patch_evidence", "wall by answer", count=unknown))
    words = Markdown(listed(by))
    name, side, right, every = plain(label), result.side, result.right_pictures, result.pictures
    return Markdown(section("patch_evidence", "wall how", label=name, side=side, right=right, pictures=every, by=words))


def wall(patches: Sequence[Patch], heading: Markdown, network: Network, own: Chosen | None) -> None:
    st.markdown(heading)
    if not patches:
        st.markdown(section("patch_evidence", "wall none"))
    with st.container(horizontal=True):
        for patch in patches:
            with st.container(width=132, horizontal_alignment="center"):
                brick(patch, network, own)


def brick(patch: Patch, network: Network, own: Chosen | None) -> None:
    """One patch: enlarged, its evidence, what it says itself, and the button back to its picture."""
    name, y, x = patch.name, patch.y, patch.x
    pixels, said = enlarged(patch.crop, CROP_SIDE), network.labels[patch.top1]
    title = TITLES.get(name, name) if own is None else Path(name).name
    value = patch.evidence
    charts.enlarged(
        pixels,
        1,
        caption=section("patch_evidence", "brick", value=value, label=said),
        alt=section("patch_evidence", "brick alt", title=title, row=y, column=x, value=value, label=said),
    )
    half = len(patch.crop) // 2
    back, there = open_sample, (name, y + half, x + half, network.card.title)
    if own is not None:
        back, there = remember, (own.digest, name, y, x)
    st.button(
        plain(title),
        key=f"patch wall {name} {y} {x}",
        help=section("patch_evidence", "brick help", label=plain(network.labels[patch.answer])),
        on_click=back,
        args=there,
    )


def open_sample(name: str, y: int, x: int, title: str) -> None:
    """Put a sample into the tray and choose the patch around its pixel (y, x) of the network of that title."""
    st.session_state[tray.CHOICE] = name
    closer.choose(y, x, title)


def remember(source: str, name: str, y: int, x: int) -> None:
    st.session_state[SHOWN] = (source, name, y, x)


def outlined(own: Chosen, params: Params, side: int) -> None:
    """The user's picture that a patch was clicked in, with the patch framed."""
    kept, name, y, x = st.session_state.get(SHOWN, ("", "", 0, 0))
    file = next((f for f in own.found if f.name == name), None)
    if kept != own.digest or file is None:
        return
    try:
        image = decode(file.read())
    except UNREADABLE as error:
        st.error(plain(f"{name}: {error}"), icon=":material/broken_image:")
        return
    pixels = patch_wall.outlined(image, params.short, (y, x), side, FRAME)
    caption = section("patch_evidence", "outlined", name=name, row=y, column=x)
    charts.enlarged(pixels, 1, caption=caption, alt=caption)
