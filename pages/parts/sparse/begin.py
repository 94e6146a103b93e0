"""What the sparse codes page begins with: a noise that lambda can undo, and the lambda that does, until a reader turns
something."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from core import cache
from core.base.prose import section
from core.networks import families, packaged
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.pictures import noise
from core.pictures.samples import DEFAULT_SAMPLE
from core.studies.sparse import frames, opening
from core.studies.sparse.codes import LAMBDA_LIMITS, LAMBDA_STEP, OPENING, Params
from core.studies.sparse.frames import Frames
from core.studies.sparse.opening import Opening
from pages.parts.common import waiting
from pages.parts.common.at_hand import own_networks
from pages.parts.common.tray import Picture

NOISE, LEVEL, SEED = "sparse-noise", "sparse-level-{}", "sparse-seed"  # keys of widgets, and of the address
LAMBDA, NETWORK = "sparse-lambda", "sparse-network"
BEGUN, COMING, REST = "sparse begun", "sparse begun in the address", "sparse rest"  # keys of the session alone


@dataclass
class Begun:
    """For which picture and network the page chose the noise, and how (`None` for the packaged example); what the
    reader has chosen since is `noise_mine`, `lambda_mine`."""

    of: tuple[str, str]
    opening: Opening | None
    noise_mine: bool = False
    lambda_mine: bool = False


def settings(picture: Picture, offered: Mapping[str, Card]) -> None:
    """Choose noise and lambda for this picture where no setting of the page is asked for, or none was touched since.

    The noise has no value of its own to fall back on, so it always stands in the address: no address of this page is
    taken for a first visit.
    """
    coming = st.session_state.pop(COMING, False)
    if NOISE not in st.session_state and not coming:
        st.session_state.pop(BEGUN, None)  # of an earlier visit to the page
        if not any(name.startswith("sparse") for name in st.query_params):
            ask(chosen(picture, offered))
        elif NOISE not in st.query_params:
            ask({NOISE: Params.noise})
        return
    if st.session_state.get(NOISE, "") is None:  # struck out
        st.session_state[NOISE] = noise.NONE
    if LAMBDA in st.session_state and REST in st.session_state:
        st.session_state[LAMBDA] = st.session_state.pop(REST)
    begun = st.session_state.get(BEGUN)
    if (
        NOISE in st.session_state
        and begun
        and not begun.noise_mine
        and begun.of != (picture.image.digest, name(offered))
    ):
        mine = begun.lambda_mine
        asked = chosen(picture, offered)
        st.session_state[BEGUN].lambda_mine = mine
        st.session_state.update({key: value for key, value in asked.items() if key != LAMBDA or not mine})


def ask(asked: Mapping[str, object]) -> None:
    """Begin anew with this in the address: widgets take from there what stands in it when a run begins."""
    st.session_state[COMING] = True
    st.query_params.update({key: str(value) for key, value in asked.items()})
    st.rerun()


def name(offered: Mapping[str, Card]) -> str:
    """The SDNet in question."""
    return str(st.session_state.get(NETWORK) or next(iter(offered)))


def chosen(picture: Picture, offered: Mapping[str, Card]) -> dict[str, object]:
    """What the widgets of noise and lambda are to show of this picture; remembered as the page's own choice."""
    found, network = None, loaded(offered[name(offered)])
    example = picture.sample == DEFAULT_SAMPLE and name(offered) == families.DEFAULT_SDNETS[0]
    if not example and network is not None:
        found = waiting.ask(
            opening.run, network, picture.image, what=section("sparse_codes", "choosing"), at="sparse opening"
        )
    st.session_state[BEGUN] = Begun((picture.image.digest, name(offered)), found)
    if found is None:
        wanted = OPENING.noise, OPENING.level, OPENING.lam, OPENING.seed
    else:
        wanted = found.noise, found.level, found.lam, Params.seed
    kind, level, lam, seed = wanted
    leveled = {} if kind == noise.NONE else {LEVEL.format(kind): level}
    return {NOISE: kind, **leveled, LAMBDA: lam, SEED: seed}


def loaded(card: Card) -> Network | None:
    """The network, None where it is not on this machine or broken: the page says so further on."""
    if card.name in own_networks():
        return own_networks()[card.name]
    with suppress(WeightsError):
        return cache.network(card) if packaged.is_here(card) else None
    return None


def rest(found: Frames, lam: float) -> None:
    """While the page began by itself and nobody turned lambda: rest in the middle of where the answer is back, at the
    training's lambda where it never is or never went; begin anew if that is not at `lam`."""
    begun = st.session_state.get(BEGUN)
    if begun is None or begun.lambda_mine:
        return
    wanted = on_the_scale(frames.resting(found))
    if wanted != lam:
        st.session_state[REST] = wanted
        st.rerun()


def on_the_scale(lam: float) -> float:
    """The nearest lambda that the slider has."""
    low, high = LAMBDA_LIMITS
    return round(min(max(round(lam / LAMBDA_STEP) * LAMBDA_STEP, low), high), 2)


def of_the_page() -> Opening | None:
    """How the noise was chosen, None where the reader has chosen it or it is the packaged example's."""
    begun: Begun | None = st.session_state.get(BEGUN)
    return None if begun is None or begun.noise_mine else begun.opening


def noise_is_mine() -> None:
    if begun := st.session_state.get(BEGUN):
        begun.noise_mine = True


def lambda_is_mine() -> None:
    if begun := st.session_state.get(BEGUN):
        begun.lambda_mine = True
