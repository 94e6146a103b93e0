"""Does an attack through a substitute fool it? What was measured, and the same on digits, live."""

from __future__ import annotations

import dataclasses

import streamlit as st

from core import cache
from core.base.prose import section
from core.cache import Call
from core.studies.random import attack as random_attack
from core.studies.random import attack_dataset, attack_figures
from core.studies.random.attack import DIGITS, DIGITS_TARGETS, Params
from core.studies.random.attack_dataset import Measured
from pages.parts.common import charts, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import note, plain, stressed

ROUNDS = (0, 1, 2, 3)
LARGEST_SEED = 9999
SEED_WIDTH = 180  # px
WANTED = "random attack wanted"


def show() -> None:
    """Attacks the digits when asked to."""
    folded(section("random_features", "attack title"), "random attack")(both)()


def both() -> None:
    """What was measured, and the same on digits."""
    st.markdown(section("random_features", "attack"))
    packaged(attack_dataset.measured())
    live()


def packaged(sets: list[Measured]) -> None:
    """What `receptive measure random-attack` found, one data set at a time."""
    if not sets:
        provenance.missing("measure random-attack --data FOLDER")
        return
    by_name = {str(found.about["dataset"]): found for found in sets}
    name = bound(
        st.segmented_control,
        section("random_features", "attack set"),
        list(by_name),
        format_func=plain,
        default=next(iter(by_name)),
        required=True,
        key="random-attack-set",
    )
    found = by_name[name]
    draw(found, "random-attack")
    about = found.about
    st.caption(f"{plain(about['data'])}. {plain(method(found))} " + provenance.again(about))


def method(found: Measured) -> str:
    """How it was done, with every number."""
    params, spec = found.params, found.about["spec"]
    agree = " and ".join(f"{100 * share:.0f} %" for share in found.agreement.mean(1))
    bands = (
        "Bands and ±: 95 % intervals over pictures; a difference is told as if of different pictures, which is wide"
        if len(found.seeds) == 1
        else f"Bands and ±: 95 % intervals over {len(found.seeds)} attacks (Student's t)"
    )
    return (
        f"Random features: k = {spec['features']:,}, kernel {spec['kernel_size']}, depth {spec['depth']}, linear SVM. "
        f"{params.seed_pictures} seed pictures, {params.rounds} rounds of augmentation by {params.step:g}, "
        f"{params.queries:,} queries; {params.epochs} epochs a round; n = {found.images} others attacked, away from "
        f"their true class. Seed{'s' if len(found.seeds) > 1 else ''} {', '.join(map(str, found.seeds))}: pictures, "
        f"substitute and noise; the targets stay the same. The substitutes agree with their targets on {agree} of the "
        f"untouched pictures. {bands}."
    )


def draw(found: Measured, key: str) -> None:
    """The finding, the curves, and pictures of both targets."""
    falls, *further = attack_dataset.findings(found)
    st.markdown(f"- {stressed(falls, *found.targets)}\n" + "\n".join(f"- {plain(sentence)}" for sentence in further))
    charts.show(attack_figures.curves(found), f"{key}-curves")
    shown = f"ε = {found.params.shown:g}"
    st.markdown(section("random_features", "attack pictures", epsilon=plain(shown)))
    for i, (column, name) in enumerate(zip(st.columns(2, gap="large"), found.targets, strict=True)):
        with column:
            st.markdown(f"**{plain(name)}**")
            charts.show(attack_figures.pictures(found, i), f"{key}-pictures-{i}")


def live() -> None:
    """Train both targets on half of the digits and attack them on the others, when asked to."""
    st.subheader(section("random_features", "attack live"), anchor=False)
    params = controls()
    if st.button(section("random_features", "attack button"), key="random attack go", icon=":material/bolt:"):
        st.session_state[WANTED] = params
    if st.session_state.get(WANTED) != params:
        st.caption(section("random_features", "attack waits"))
        return
    cache.wait_until_warm()
    calls = [Call(random_attack.on_digits, kind, params) for kind in DIGITS_TARGETS]
    results = waiting.ask_all(calls, "Attacking both through substitutes", "random attack")
    finished = [result for result in results if result is not None]
    if len(finished) < len(results):
        st.info(section("random_features", "attack half"), icon=":material/timelapse:")
        return
    found = attack_dataset.of_digits(finished, params)
    draw(found, "random-attack-live")
    note(f"{found.about['data']}. {method(found)}")


def controls() -> Params:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rounds = bound(
            st.segmented_control,
            section("random_features", "attack rounds"),
            ROUNDS,
            default=DIGITS.rounds,
            required=True,
            key="random-attack-rounds",
            help=section("random_features", "attack rounds help", pictures=DIGITS.seed_pictures),
        )
        seed = bound(
            st.number_input,
            section("random_features", "seed"),
            0,
            LARGEST_SEED,
            0,
            key="random-attack-seed",
            width=SEED_WIDTH,
        )
    return dataclasses.replace(DIGITS, rounds=int(rounds), seed=int(seed))
