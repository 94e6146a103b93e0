"""The tray's picture, or a built-in digit, read by each head, and what each spinal layer says."""

from __future__ import annotations

import streamlit as st

from core import cache, networks
from core.base import quote
from core.base.prose import section
from core.models.heads import Head
from core.networks import families
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.pictures.image import RGBImage
from core.studies.spinal import answers, answers_figures
from core.studies.spinal.answers import Params, Result
from pages.parts.common import at_hand, charts, provenance, waiting
from pages.parts.common.address import bound
from pages.parts.common.tray import Picture
from pages.parts.common.words import code, plain

READ = "spinal-read"
BUILT_IN, TRAY = "a built-in digit", "the tray's picture anyway"
FACTOR = 8  # a picture of 28 px becomes one of 224


def show(picture: Picture, other: Picture | None = None) -> None:
    """What each head says to the picture, and to another one that is held beside it."""
    st.header("What do the heads say to a digit?", anchor="answers")
    cards = cards_of_heads()
    loaded = {network.card.name: network for network in at_hand.loaded(list(cards.values()))}
    asked = {head: loaded[card.name] for head, card in cards.items() if card.name in loaded}
    if not asked:
        return
    image, title = chosen(picture)
    result = ask(asked, image, "spinal answers")
    if result is None:
        return
    answer(result, title)
    if other is not None and (second := ask(asked, other.image, "spinal answers held")) is not None:
        provenance.held(other)
        answer(second, other.title, "spinal-answers-held")
    if len(result.contributions):
        layers(result)


def ask(asked: dict[Head, Network], image: RGBImage, at: str) -> Result | None:
    found = list(asked.values())
    return waiting.ask(answers.run, found, image, Params(tuple(asked)), what=f"Asking {len(found)} heads", at=at)


def cards_of_heads() -> dict[Head, Card]:
    """The networks to ask by head; those that are not on this machine are said."""
    found: dict[Head, Card] = {}
    missing = []
    for head, name in families.HEADED.items():
        try:
            found[head] = networks.find(name)
        except WeightsError:
            missing.append(name)
    if missing:
        commands = ", ".join(code(quote.command("receptive", "train", name)) for name in missing)
        st.info(f"Not on this machine yet: {plain(', '.join(missing))}, trained on MNIST. Train them with {commands}.")
    return found


def chosen(picture: Picture) -> tuple[RGBImage, str]:
    """The reader's own picture; a built-in digit in place of a sample, which shows none, unless it is asked for."""
    if picture.sample is None:
        return picture.image, picture.title
    st.markdown("Draw a digit in the tray (**Draw a picture**) or add a photo of one, and the heads read that instead.")
    read = bound(st.segmented_control, "Read", [BUILT_IN, TRAY], default=BUILT_IN, required=True, key=READ)
    if read == TRAY:
        return picture.image, picture.title
    cache.wait_until_warm()
    return answers.example(), "A digit of scikit-learn's, 8 × 8 px"


def answer(result: Result, title: str, key: str = "spinal-answers") -> None:
    finding = answers.finding(result)
    st.markdown(f"**{plain(finding)}**")
    left, right = st.columns([2, 5], gap="large")
    with left:
        charts.enlarged(
            result.shown[..., None].repeat(3, -1),
            FACTOR,
            caption=f"{title}: what the networks see, 28 × 28 px",
            alt="The picture in MNIST's form, bright ink on black",
        )
    with right:
        charts.show(answers_figures.answers(result), key)
    st.caption(section("spinal_heads", "as MNIST's"))


def layers(result: Result) -> None:
    st.subheader("What does each layer add?", anchor="layers")
    finding = answers.layers_finding(result)
    st.markdown(plain(finding))
    charts.show(answers_figures.contributions(result), "spinal-layers")
    st.caption(section("spinal_heads", "read-out"))
