"""The evidence maps, refined from the networks' own grid to every pixel while the page stays usable."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import streamlit as st

from core import cache
from core.base.prose import section
from core.base.worker import Job
from core.cache import Call
from core.compute.patches import Leaf
from core.networks.card import Network
from core.pictures.preprocess import whole
from core.studies.patch import evidence, figures
from core.studies.patch.evidence import Map, Params, Result
from pages.parts.common import charts, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import plain
from pages.parts.patch import closer
from pages.parts.patch.choose import View

REFINEMENTS = ((4, None), (2, 4), (1, 2))  # a patch every so many pixels, beyond those of the coarser map
PATIENCE = 0.6  # seconds that the exact maps may take before the coarse ones are shown
STOPPED, MAPS = "patch stopped", "patch-maps"


@dataclass(frozen=True, eq=False)
class Asked:
    """What is to be mapped: `pixels` as the networks see them, `grids`: each one's own grid, which is there already."""

    nets: tuple[Network, ...]
    grids: tuple[Map, ...]
    picture: Picture
    pixels: np.ndarray
    params: Params
    target: int
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
    if asked.params.resolution == "coarse" or not asked.of_patches:
        return draw(asked, asked.grids)
    if st.session_state.get(STOPPED) == asked.keys:
        maps, step = finest(asked)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/front_hand: Stopped at a patch around {plain(pixel(step))}.")
            st.button("Go on", key="patch go on", on_click=go_on, args=(asked,))
        return draw(asked, maps)
    end = time.monotonic() + PATIENCE
    while not finished(asked) and time.monotonic() < end:
        time.sleep(waiting.TICK)
    maps, _ = finest(asked)
    if finished(asked):
        return draw(asked, maps)
    st.fragment(partial(watch, asked, time.monotonic()), run_every=waiting.LOOK_AGAIN)()
    return result(asked, maps)


def watch(asked: Asked, begun: float) -> None:
    if finished(asked):
        st.rerun()
    jobs = started(asked)
    maps, step = finest(asked)
    share = sum(1.0 if job.future.done() else job.done / max(job.total, 1) for job in jobs) / len(jobs)
    with st.container(horizontal=True, vertical_alignment="center"):
        left = waiting.time_left(share, time.monotonic() - begun)
        st.progress(share, plain(f"A patch around {pixel(step)} so far; around every pixel: {share:.0%}{left}"))
        st.button("Stop", key="patch stop", on_click=waiting.stop, args=(jobs, STOPPED, asked.keys))
    draw(asked, maps)


def draw(asked: Asked, maps: tuple[Map, ...]) -> Result:
    found = result(asked, maps)
    figure(found, [n.card.title for n in asked.nets], asked.picture, asked.view)
    return found


def result(asked: Asked, maps: tuple[Map, ...]) -> Result:
    return evidence.assemble(asked.nets, asked.grids, maps, asked.picture.image, asked.pixels, asked.params)


def figure(found: Result, titles: list[str], picture: Picture, view: View, key: str = MAPS) -> None:
    """The finding and the maps; clicks on the chosen picture's choose a patch."""
    choosable = key == MAPS
    finding = evidence.finding(found, titles)
    st.markdown(f"#### {plain(finding)}")
    charts.show(
        figures.maps(
            found,
            titles,
            whole(picture.image, figures.UNDERLAY),
            opacity=view.opacity,
            outline=view.outline,
            chosen=closer.chosen(found) if choosable and closer.titles_of(found) else None,
        ),
        key,
        on_click=partial(closer.choose_clicked, closer.titles_of(found)) if choosable else None,
    )
    click = "Click a map to look at that patch. " if choosable else ""
    image = picture.image
    st.caption(
        click
        + section(
            "patch_evidence", "map", clip=evidence.CLIP, width=found.width, height=found.height,
            own_width=image.width, own_height=image.height,
        )
    )  # fmt: skip


def started(asked: Asked) -> list[Job[list[Leaf]]]:
    """The jobs of all refinements, started where nobody has yet."""
    return [cache.job(call, MAPS) for row in asked.calls for call in row]


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


def pixel(step: int) -> str:
    return "every pixel" if step == 1 else f"every {step}th pixel" if step > 2 else "every 2nd pixel"


def go_on(asked: Asked) -> None:
    cache.forget([call.key for row in asked.calls for call in row if cache.finished(call, 0) is None])
    del st.session_state[STOPPED]
