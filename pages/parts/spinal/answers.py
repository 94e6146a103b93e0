"""A digit read by each head: the reader's own drawing, or a built-in one, and what each spinal layer says."""

from __future__ import annotations

import streamlit as st

from core import cache, networks
from core.base import quote
from core.base.prose import section
from core.figures.palette import uri
from core.models.heads import Head
from core.networks import families
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.pictures.image import RGBImage
from core.studies.spinal import answers, answers_figures, dataset, figures, heads
from core.studies.spinal.answers import Params, Result
from core.studies.spinal.so_far import SoFar
from pages.parts.common import at_hand, charts, provenance, stage, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, code, plain
from pages.parts.spinal import hero

MEASURED = "mnist_small_cnn"  # the race of the heads that answer
TITLES: dict[Head, str] = {"spinal": "spinal", "fc": "plain", "fc-matched": "narrow"}
BEST = 3
Told = tuple[Result, SoFar | None]


def show(at: hero.Places, image: RGBImage, title: str, picture: Picture, held: Picture | None) -> None:
    """The first screen of a digit, called `title`, and a closer look."""
    cards = cards_of_heads()
    loaded = {network.card.name: network for network in at_hand.loaded(list(cards.values()))}
    asked = {head: loaded[card.name] for head, card in cards.items() if card.name in loaded}
    if not asked:
        return
    cache.wait_until_warm()
    with at.hero:
        told = ask(asked, image, "spinal answers")
        if told is None:
            return
        result, found = told
        if found is not None:
            hero.show(scene(result, found, title))
        stage.shown(picture)
    with at.verdict:
        hero.say(verdict(told), beyond(), doubt(result))
    with at.answers:
        bars(result)
        provenance.badges([network.card for network in asked.values()])
        if held is not None and (second := ask(asked, held.image, "spinal answers held")) is not None:
            provenance.held(held)
            st.markdown(f"**{verdict(second)}**")
            bars(second[0])
    with at.closer:
        st.caption(section("spinal_heads", "hero caption"))
        if found is not None:
            hero.table(found, result.labels)
            layers(result)
        charts.folded_table("spinal-answers", lambda: answers.table(result), answers.finding(result))
        st.caption(section("spinal_heads", "as MNIST's"))


def ask(asked: dict[Head, Network], image: RGBImage, at: str) -> Told | None:
    """The answers, and how the spinal head, if it is there, comes to its own."""
    found = list(asked.values())
    what = section("spinal_heads", "asking heads", count=len(found))
    result = waiting.ask(answers.run, found, image, Params(tuple(asked)), what=what, at=at)
    if result is None:
        return None
    return result, answers.building_up(asked["spinal"], image) if "spinal" in asked else None


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
        st.info(section("spinal_heads", "missing heads", names=plain(", ".join(missing)), commands=commands))
    return found


def scene(result: Result, found: SoFar, title: str) -> hero.Scene:
    return hero.Scene(
        uri(result.shown[..., None].repeat(3, -1)),
        section("spinal_heads", "digit alt"),
        section("spinal_heads", "digit caption", title=title),
        True,
        result.labels,
        found,
        result.picture,
    )


def verdict(told: Told) -> Markdown:
    result, found = told
    said = [(TITLES[head], result.labels[best]) for head, best in zip(result.heads, result.top1, strict=True)]
    return hero.verdict(said, found)


def doubt(result: Result) -> Markdown:
    """Said first where the spinal head, or the first there is, does not know the digit."""
    h = result.heads.index("spinal") if "spinal" in result.heads else 0
    best = int(result.top1[h])
    return stage.doubt(hero.title(TITLES[result.heads[h]]), result.labels[best], float(result.probability[h, best]))


def beyond() -> Markdown:
    """What is true over MNIST's test digits."""
    one = dataset.measured().get(MEASURED)
    if one is None:
        return stage.NOTHING
    mean, half = heads.difference(one.result, "spinal", "fc")
    spinal, full = (int(one.result.parameters[one.result.heads.index(head)]) for head in ("spinal", "fc"))
    return hero.beyond(mean, half, (spinal, full), one.result.test, section("spinal_heads", "digits of"))


def bars(result: Result) -> None:
    groups = []
    for head, row in zip(result.heads, result.probability, strict=True):
        best = [(result.labels[int(k)], float(row[k])) for k in (-row).argsort(kind="stable")[:BEST]]
        groups.append(stage.Answers(hero.title(TITLES[head]), figures.colour_of(head), best))
    stage.answers(groups)


def layers(result: Result) -> None:
    """What each spinal layer adds to the logits."""
    st.subheader(section("spinal_heads", "layers add"), anchor="layers")
    st.markdown(plain(answers.layers_finding(result)))
    charts.show(answers_figures.contributions(result), "spinal-layers")
    st.caption(section("spinal_heads", "read-out"))
