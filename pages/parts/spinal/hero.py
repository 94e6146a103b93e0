"""The hero: the spinal head lights up layer by layer, with the answer so far, beside the picture that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from core.base.prose import listed, section
from core.studies.spinal import diagram, figures, so_far
from core.studies.spinal.so_far import SoFar
from pages.parts.common import charts, player
from pages.parts.common.stage import NOTHING
from pages.parts.common.words import Markdown, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

INTERVAL = 1100  # ms a layer: time to read one answer
SHOWN, TABLE = 6, 10  # classes whose bars move, of more than ten; and those in the table
_hero = player.component("receptive_spinal_hero", __file__, '<div class="frame"><div class="hero"></div></div>')


@dataclass(frozen=True)
class Places:
    """Where the parts of the first screen stand, in every run the same, so that nothing jumps while it waits."""

    verdict: DeltaGenerator
    hero: DeltaGenerator
    control: DeltaGenerator  # the big one
    others: DeltaGenerator
    answers: DeltaGenerator
    closer: DeltaGenerator


def places() -> Places:
    """The first screen, from top to bottom."""
    above, stage = st.container(), st.container(key="rx-hero")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        large = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content")
        others = st.container(horizontal=True, vertical_alignment="bottom", gap="medium", width="content")
    answers = st.container()
    st.header(section("spinal_heads", "look closer"), anchor="look-closer")
    return Places(above, stage, large, others, answers, st.container())


@dataclass(frozen=True)
class Scene:
    """What the hero shows: the picture, as a data address, with its `alt` and `caption`, enlarged with hard pixels if
    `crisp`; how the head answers with `labels`; `key` tells it from other pictures and heads."""

    source: str
    alt: str
    caption: str
    crisp: bool
    labels: Sequence[str]
    found: SoFar
    key: str


def show(scene: Scene) -> None:
    """Lay it out; it plays by itself once for each picture and head."""
    found = scene.found
    count = len(scene.labels)
    told = range(count) if count <= 10 else so_far.told(found, SHOWN)
    _hero(key="spinal hero", data=data(scene, list(told)))


def data(scene: Scene, told: list[int]) -> dict[str, object]:
    """Plain numbers and words for the browser; the classes `told` have bars."""
    found = scene.found
    top = float(found.outputs.max()) or 1.0
    layers = range(1, found.layers + 1)
    best = [(scene.labels[k], float(row[k])) for k, row in zip(found.top1, found.probability, strict=True)]
    parts = [diagram.part_colour(part) for part in range(len(found.sizes))]
    return {
        "key": scene.key,
        "picture": {"source": scene.source, "alt": scene.alt, "caption": scene.caption, "crisp": scene.crisp},
        "parts": [{"letter": diagram.LETTERS[i], "colour": colour} for i, colour in enumerate(parts)],
        "features": section("spinal_heads", "hero features", count=sum(found.sizes)),
        "colour": figures.colour_of("spinal"),
        "rows": [
            {
                "title": section("spinal_heads", "hero layer", k=k),
                "part": int(part),
                "units": [round(float(value) / top, 3) for value in outputs],
                "best": label,
                "share": round(share, 4),
                "sure": found.sure_after is not None and k >= found.sure_after,
            }
            for k, part, outputs, (label, share) in zip(layers, found.parts, found.outputs, best, strict=True)
        ],
        "labels": [scene.labels[k] for k in told],
        "bars": [[round(float(row[k]), 4) for k in told] for row in found.probability],
        "words": {
            **player.words(section("spinal_heads", "hero slider")),
            "bars": [section("spinal_heads", "hero so far", k=k, n=found.layers) for k in layers],
            "say": [
                section("spinal_heads", "hero say", k=k, n=found.layers, label=label, share=f"{share:.0%}")
                for k, (label, share) in zip(layers, best, strict=True)
            ],
            "diagram": section("spinal_heads", "hero alt", n=found.layers, width=found.outputs.shape[1]),
            "sum": section("spinal_heads", "hero read-out"),
            "legend": section("spinal_heads", "hero legend", letters=", ".join(diagram.LETTERS[: len(parts)])),
        },
        "interval": INTERVAL,
    }


def table(found: SoFar, labels: Sequence[str]) -> None:
    """The numbers of the hero, folded."""
    told = so_far.told(found, TABLE)
    alt = section("spinal_heads", "hero alt", n=found.layers, width=found.outputs.shape[1])
    charts.folded_table("spinal so far", lambda: so_far.table(found, labels, told), alt)


def sure(found: SoFar) -> Markdown:
    """When the spinal head is sure of its answer, in a pupil's words."""
    after, n = found.sure_after, found.layers
    if after is None:
        return Markdown(section("spinal_heads", "never sure", n=n))
    if after == n:
        return Markdown(section("spinal_heads", "sure last", n=n))
    return Markdown(section("spinal_heads", "sure after", k=after, n=n))


def verdict(said: Sequence[tuple[str, str]], found: SoFar | None) -> Markdown:
    """What each head of (name, answer) says to the picture, and when the spinal one, if it is there, is sure."""
    labels = {label for _, label in said}
    if len(said) > 1 and len(labels) == 1:
        [label] = map(plain, labels)
        first = section("spinal_heads", "all three say", label=label)
        if len(said) == 2:  # one head is not on this machine
            first = section("spinal_heads", "both say", label=label)
    else:
        each = [
            section("spinal_heads", "one of them", name=plain(short(head)), label=plain(word)) for head, word in said
        ]
        first = section("spinal_heads", "differ", said=listed(each))
        if len(said) == 1:
            [(head, word)] = said
            first = section("spinal_heads", "one says", title=plain(title(head)), label=plain(word))
    then = "" if found is None else sure(found)
    return Markdown(section("spinal_heads", "verdict", first=first, then=then) if then else f"{first}.")


def say(said: Markdown, answer: Markdown, doubt: Markdown = NOTHING, lost: bool = False) -> None:
    """What the heads say to this picture, under what is doubtful about that, which leads if they are `lost`; then the
    answer to the page's question."""
    with st.container(key="rx-verdict"):
        if lost:
            st.markdown(f"#### {doubt}")
            st.markdown(said)
        else:
            if doubt:
                st.markdown(f":material/help: {doubt}")
            st.markdown(f"#### {said}")
        if answer:
            st.markdown(f":material/fact_check: {answer}")


def beyond(mean: float, half: float, sizes: tuple[int, int], count: int, what: str) -> Markdown:
    """Does it pay? Spinal minus plain over a data set, in points of `count` pictures, with its 95 % interval; `sizes`:
    the weights of both heads."""
    spinal, plain_ = sizes
    low, high = sorted((abs(mean - half), abs(mean + half)))
    saved = Markdown(section("spinal_heads", "weights saved", share=1 - spinal / plain_))
    if spinal >= plain_:
        saved = Markdown(section("spinal_heads", "weights added", share=spinal / plain_ - 1))
    if mean - half > 0:
        return Markdown(
            section(
                "spinal_heads", "beyond, more", points=mean, low=low, high=high, count=count, saved=saved,
                what=plain(what),
            )
        )  # fmt: skip
    if mean + half < 0:
        return Markdown(
            section(
                "spinal_heads", "beyond, fewer", points=-mean, low=low, high=high, count=count, saved=saved,
                what=plain(what),
            )
        )  # fmt: skip
    return Markdown(
        section(
            "spinal_heads", "beyond, even", low=mean - half, high=mean + half, count=count, saved=saved,
            what=plain(what),
        )
    )  # fmt: skip


def title(head: str) -> str:
    """A head's name on this page: "spinal", "plain" or "narrow"."""
    return {
        "spinal": section("spinal_heads", "spinal head"),
        "plain": section("spinal_heads", "plain head"),
        "narrow": section("spinal_heads", "narrow head"),
    }[head]


def short(head: str) -> str:
    """The same in a list."""
    return {
        "spinal": section("spinal_heads", "spinal"),
        "plain": section("spinal_heads", "plain"),
        "narrow": section("spinal_heads", "narrow"),
    }[head]
