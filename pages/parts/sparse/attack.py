"""Attack it: does raising lambda help against somebody who knows it?"""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.cache import Call
from core.networks.card import Network
from core.pictures.preprocess import seen
from core.studies.sparse import attack, attack_dataset, attack_figures
from core.studies.sparse.attack import NORM_WORDS, NORMS, STEP_SHARE, Look, Params
from core.studies.sparse.attack_dataset import EPS, Measured, radius
from core.studies.sparse.codes import FOLDER
from pages.parts.common import charts, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain
from pages.parts.sparse.choose import Scene

STEPS_OFFERED = (5, 10, 20, 40, 80)
NORM_CHOICES = {NORM_WORDS[norm]: norm for norm in NORMS}


def show(scene: Scene) -> None:
    folded(section("sparse_codes", "attack name"), "sparse attack")(opened)(scene)


def opened(scene: Scene) -> None:
    """Attacks when opened."""
    st.markdown(section("sparse_codes", "attack"))
    found = attack_dataset.measured(FOLDER)
    if found is not None:
        packaged(found)
    live(scene)


def packaged(found: Measured) -> None:
    """What was measured over test pictures: curves, and whether the attack has converged."""
    st.markdown("\n".join(f"- {plain(attack_dataset.finding(found, norm))}" for norm in NORMS))
    charts.show(attack_figures.curves(found), "sparse-attack-curves")
    charts.show(attack_figures.convergence(found), "sparse-attack-convergence")
    about = found.about
    st.caption(
        plain(
            f"{about['data']}; one training run (seed) a network. Curves: {found.steps} steps of {found.step_share:g} "
            f"· eps from each of {found.restarts} random starts (seed {found.seed}), the best kept; a picture fooled "
            "within a smaller ball counts at larger ones. Bands: 95 % intervals over pictures (Wilson); differences "
            "are of the same pictures, ± 1.96 standard errors. "
        )
        + provenance.again(about)
    )


def live(scene: Scene) -> None:
    """The tray's picture under attack: the SDNet at the scene's lambda, and its twin."""
    st.subheader(section("sparse_codes", "attack it"), anchor=False)
    params = controls()
    subjects: list[tuple[Network, float | None]] = [(scene.network, scene.params.lam)]
    if scene.twin is not None:
        subjects.append((scene.twin, None))
    pixels = seen(scene.picture.image, scene.network.preprocessing)
    calls = [Call(attack.look, network, pixels, params, lam) for network, lam in subjects]
    looks = waiting.ask_all(calls, section("sparse_codes", "attack waiting"), "sparse attack")
    for i, ((network, lam), look) in enumerate(zip(subjects, looks, strict=True)):
        if look is not None:
            title = network.card.title + ("" if lam is None else f" at λ = {lam:g}")
            outcome(look, title, params, f"sparse-attack-{i}")
    st.caption(
        section(
            "sparse_codes", "attack on this picture", side=len(pixels), steps=params.steps, share=STEP_SHARE,
            restarts=params.restarts, seed=params.seed,
        )
    )  # fmt: skip


def controls() -> Params:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        word = bound(
            st.segmented_control,
            section("sparse_codes", "ball"),
            list(NORM_CHOICES),
            default=NORM_WORDS["linf"],
            required=True,
            key="sparse-attack-norm",
            help=section("sparse_codes", "ball help"),
        )
        norm = NORM_CHOICES[word]
        sizes = {radius(norm, eps): eps for eps in EPS[norm]}
        eps = bound(
            st.select_slider,
            section("sparse_codes", "eps"),
            list(sizes),
            list(sizes)[1],
            format_func=plain,
            key=f"sparse-attack-eps-{norm}",
        )
        steps = bound(
            st.select_slider, section("sparse_codes", "attack steps"), STEPS_OFFERED, 20, key="sparse-attack-steps"
        )
    return Params(norm, sizes[eps], int(steps))


def outcome(look: Look, title: str, params: Params, key: str) -> None:
    said = attack.verdict(look, title, params)
    st.markdown(f"**{plain(said)}**")
    charts.show(attack_figures.before_and_after(look).telling(said), key)
