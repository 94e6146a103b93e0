"""Look closer: the pictures at the chosen lambda with what is left over, the curves along lambda, and the solver."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from core.base.prose import section
from core.base.worker import Progress, ignore
from core.cache import Aside
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.studies.sparse import codes, figures, frames
from core.studies.sparse.codes import Curves, Params, Result
from core.studies.sparse.frames import Frames
from pages.parts.common import charts, waiting
from pages.parts.common.address import folded
from pages.parts.common.handed import hand
from pages.parts.common.words import plain
from pages.parts.sparse import begin
from pages.parts.sparse.begin import LAMBDA
from pages.parts.sparse.choose import Scene


def at_lambda(
    nets: Sequence[Network], image: RGBImage, params: Params, curves: Aside[Curves], progress: Progress = ignore
) -> Result:
    """`codes.run`, spared what the frames know."""
    return codes.run(nets, image, params, progress, curves=curves.value)


def every(
    nets: Sequence[Network], image: RGBImage, params: Params, few: Aside[Frames], progress: Progress = ignore
) -> Frames:
    """All frames, spared the few that are known."""
    return frames.run(nets, image, params, progress, known=few.value)


def show(result: Result, titles: list[str], scene: Scene) -> None:
    """Finding, pictures with their residual, and the curves over lambda and steps."""
    st.header(section("sparse_codes", "look closer"), anchor="closer")
    st.markdown(f"**{plain(codes.finding(result, titles))}**")
    charts.show(figures.pictures(result, titles), "sparse-pictures")
    use_estimate(result)
    charts.show(figures.along_lambda(result), "sparse-along")
    solvers(scene)


def solvers(scene: Scene) -> None:
    folded(section("sparse_codes", "solvers name"), "sparse solver")(opened)(scene)


def opened(scene: Scene) -> None:
    """The objective after every step, when it is opened."""
    what = section("sparse_codes", "waiting")
    found = waiting.ask(
        codes.descend, scene.network, scene.picture.image, scene.params, what=what, at="sparse objective"
    )
    if found is not None:
        charts.show(figures.objective(found, scene.params), "sparse-objective")
        st.caption(section("sparse_codes", "solvers"))


def use_estimate(result: Result) -> None:
    if not math.isnan(result.estimated_lam):
        st.button(
            section("sparse_codes", "use estimate", lam=plain(f"{result.estimated_lam:.2f}")),
            icon=":material/auto_fix_high:",
            key="sparse use estimate",
            on_click=use,
            args=(result.estimated_lam,),
        )


def use(lam: float) -> None:
    begin.lambda_is_mine()
    hand({LAMBDA: begin.on_the_scale(lam)})
