"""The maps under the wipe, refined from the networks' own grid to every pixel while the page stays usable."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Job
from core.cache import Call
from core.compute.patches import Leaf
from core.networks.card import Network, title_of
from core.pictures.image import from_pixels, png_bytes
from core.pictures.object_mask import Box
from core.pictures.preprocess import whole
from core.studies.patch import evidence, figures
from core.studies.patch.evidence import Map, Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain
from pages.parts.patch import closer, say, wipe
from pages.parts.patch.choose import View

REFINEMENTS = ((4, None), (2, 4), (1, 2))  # a patch every so many pixels, beyond those of the coarser map
PATIENCE = 0.6  # seconds that the exact maps may take before the coarse ones are shown
STYLE = Path(__file__).with_name("page.css")
STOPPED, MAPS = "patch stopped", "patch-maps"
PICKED = "patch picked"  # the session's key: a click was heard that the whole page has not been drawn for


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be mapped: `pixels` as the networks see them, `grids`: each one's own grid, which is there already;
    `box`: the object's, None if there is none."""

    nets: tuple[Network, ...]
    grids: tuple[Map, ...]
    picture: Picture
    pixels: np.ndarray
    params: Params
    target: int
    box: Box | None
    view: View

    @property
    def classes(self) -> tuple[int, ...]:
        return evidence.kept_classes(len(self.nets[0].labels), self.target, self.params.other)

    @property
    def of_patches(self) -> list[Network]:
        """Those whose maps can be refined; of the others the own grid is all there is."""
        return [n for n in self.nets if evidence.is_refined(n.card)]

    @cached_property
    def calls(self) -> list[list[Call[list[Leaf]]]]:
        """The work: one row a refinement, coarse ones first, one call a network."""
        return [
            [Call(evidence.phases, n, self.pixels, self.classes, step=step, after=after) for n in self.of_patches]
            for step, after in REFINEMENTS
        ]

    @property
    def keys(self) -> list[str]:
        return [call.key for row in self.calls for call in row]


def show(asked: Asked) -> Result:
    """The best maps so far; a fragment redraws them as they get finer. Returns what was drawn."""
    st.session_state.pop(PICKED, None)
    if asked.params.resolution == "coarse" or not asked.of_patches:
        return draw(asked, asked.grids)
    if st.session_state.get(STOPPED) == asked.keys:
        maps, step = finest(asked)
        return draw(asked, maps, lambda: stopped(asked, step))
    end = time.monotonic() + PATIENCE
    while not finished(asked) and time.monotonic() < end:
        time.sleep(waiting.TICK)
    maps, _ = finest(asked)
    if finished(asked):
        return draw(asked, maps)
    st.fragment(partial(watch, asked, time.monotonic()), run_every=waiting.LOOK_AGAIN)()
    return result(asked, maps)


def stopped(asked: Asked, step: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/front_hand: {section('patch_evidence', 'stopped', step=step)}")
        st.button(section("patch_evidence", "go on"), key="patch go on", on_click=go_on, args=(asked,))


def watch(asked: Asked, begun: float) -> None:
    # at once: the browser's next word would be of a row and a column that know nothing of the click
    if finished(asked) or PICKED in st.session_state or st.session_state.get(STOPPED) == asked.keys:
        st.rerun()
    jobs = started(asked)
    maps, step = finest(asked)
    share = waiting.share_done(jobs)
    with st.empty().container(key="rx-waiting patch"):  # in a corner: house.css
        left = waiting.time_left(share, time.monotonic() - begun)
        said = section("patch_evidence", "refining", step=step, share=share)
        st.progress(share, said + plain(left))
        st.button(
            section("patch_evidence", "stop"), key="patch stop", on_click=waiting.stop, args=(jobs, STOPPED, asked.keys)
        )
    lay_out(asked, maps)


def draw(asked: Asked, maps: tuple[Map, ...], above: Callable[[], None] | None = None) -> Result:
    """The maps, at the place where `watch` has them: a component that moves on the page begins anew."""
    with st.container():
        place = st.empty()  # takes away at once what `watch` had there
        if above is not None:
            with place.container():
                above()
        return lay_out(asked, maps)


def lay_out(asked: Asked, maps: tuple[Map, ...]) -> Result:
    found = result(asked, maps)
    figure(found, [n.card.title for n in asked.nets], asked.picture, asked.pixels, asked.box, asked.view)
    return found


def result(asked: Asked, maps: tuple[Map, ...]) -> Result:
    return evidence.assemble(asked.nets, asked.grids, maps, asked.picture.image, asked.pixels, asked.params)


def packaged(
    found: Result, titles: Sequence[str], picture: Picture, pixels: np.ndarray, box: Box | None, view: View
) -> None:
    """The maps that come along, at the place of those that are computed."""
    with st.container():
        st.empty()
        figure(found, titles, picture, pixels, box, view)


def figure(
    found: Result,
    titles: Sequence[str],
    picture: Picture,
    pixels: np.ndarray,
    box: Box | None,
    view: View,
    key: str = MAPS,
) -> None:
    """The maps under the wipe; clicks on the chosen picture's choose a patch."""
    names = closer.titles_of(found)
    choosable = key == MAPS and bool(names)
    chosen = closer.chosen(found) if choosable else None

    def pick(of: int, y: int, x: int) -> None:
        closer.choose(y, x, names[of] if of < len(names) else names[closer.chosen(found)[0]])
        st.session_state[PICKED] = True

    look = (view.opacity, view.outline)
    wipe.show(found, titles, picture, pixels, box, look, key, chosen, pick if choosable else None)


def foot(found: Result, picture: Picture, family: str) -> None:
    """What no network sees, how far the maps are from the logits, how to read them, their numbers, and the last network
    of patches' map as a picture."""
    image, alt = picture.image, evidence.finding(found, [title_of(name) for name in found.models])
    if rim := say.rim(found):
        st.caption(rim)
    if off := say.off_the_logit(found, family):
        st.caption(off)
    st.caption(
        section(
            "patch_evidence", "map", clip=evidence.CLIP, width=found.width, height=found.height,
            own_width=image.width, own_height=image.height,
        )
    )  # fmt: skip
    charts.folded_table(MAPS, lambda: figures.evidence_table(found), alt)
    m = closer.chosen(found)[0]
    st.download_button(
        section("patch_evidence", "save map", title=plain(title_of(found.models[m]))),
        # made on the click: a file of an earlier run may be gone when the browser asks
        lambda: png_bytes(from_pixels(figures.picture(found, m, whole(image, figures.UNDERLAY)))),
        "evidence.png",
        "image/png",
        icon=":material/download:",
        key="patch map png",
        type="tertiary",
    )


def started(asked: Asked) -> list[Job[list[Leaf]]]:
    """The jobs of all refinements, started where nobody has yet."""
    jobs = [cache.job(call, MAPS) for row in asked.calls for call in row]
    waiting.by_itself().update(jobs)
    return jobs


def finished(asked: Asked) -> bool:
    return all(waiting.is_done(job) for job in started(asked))


def finest(asked: Asked) -> tuple[tuple[Map, ...], int]:
    """The finest maps that every network has, and the pixels between their patches."""
    rows = [[cache.finished(call, 0) for call in row] for row in asked.calls]
    leaves: list[list[Leaf]] = [[] for _ in asked.of_patches]
    reached = None
    for row, (step, _) in zip(rows, REFINEMENTS, strict=True):
        if any(found is None for found in row):
            break
        leaves = [[*old, *new] for old, new in zip(leaves, row, strict=True)]
        reached = step
    if reached is None:
        return asked.grids, 8
    fine = iter([evidence.composed(found, asked.pixels, asked.classes, reached) for found in leaves])
    maps = (
        next(fine) if evidence.is_refined(n.card) else grid for n, grid in zip(asked.nets, asked.grids, strict=True)
    )
    return tuple(maps), reached


def go_on(asked: Asked) -> None:
    cache.forget([call.key for row in asked.calls for call in row if cache.finished(call, 0) is None])
    del st.session_state[STOPPED]
