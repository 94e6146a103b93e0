"""A network of the reader's under the likeliest preprocessings, side by side: the picture decides, and the reader."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.figures import palette
from core.networks.card import Network
from core.networks.likely import TOLD, Way, has_two_builds, likely, taking
from core.overview import otherwise, said
from core.pictures.preprocess import Preprocessing
from pages.parts.common import at_hand, stage, tray, waiting
from pages.parts.common.words import Markdown, plain

RECORDS = ASSETS / "results" / "imagenet"
FIRST = "own networks as opened"  # the session's key of the preprocessing that each was opened with


def remember(network: Network) -> None:
    """That a network was just opened as it is."""
    st.session_state.setdefault(FIRST, {})[network.card.name] = network.preprocessing


def show(network: Network, key: str) -> None:
    """What the network says of the picture in every way, which is in use, and a choice of another where commands can
    say it: what comes by a name has its owners' own."""
    picture = tray.chosen()
    ways = likely(network.preprocessing, st.session_state.get(FIRST, {}).get(network.card.name, network.preprocessing))
    if has_two_builds(network):
        two_builds()
    what = section("networks", "asking ways", count=len(ways))
    preps = [way.preprocessing for way in ways]
    found = waiting.ask(said.in_ways, network, preps, picture.image, what=what, at=f"{key} ways")
    if found is None:
        return
    labels = [label(way) for way in ways]
    taken = preps.index(network.preprocessing)
    titles = [section("networks", "in use", way=one) if i == taken else one for i, one in enumerate(labels)]
    titles += [section("networks", "other build")] * (len(found) - len(ways))
    st.markdown(f"**{finding(found, len(ways))}**")
    stage.answers(
        [
            stage.Answers(title, palette.USER if i == taken else palette.MUTED, one.best[:1])
            for i, (title, one) in enumerate(zip(titles, found, strict=True))
        ]
    )
    if network.card.opened is None:
        st.caption(section("networks", "owners own"))
        return
    this = f"{key} way {network.card.name} {taken} {labels[taken]}"  # begins anew with what is in use
    st.radio(
        section("networks", "take it as"), labels, taken, key=this, on_change=partial(take, this, network, ways),
        help=section("networks", "take it as help"), format_func=plain,
    )  # fmt: skip


def finding(found: tuple[said.Said, ...], ways: int) -> Markdown:
    """How many of the ways say the same."""
    vote = said.vote(found[:ways])
    if vote is None:
        return stage.NOTHING
    return Markdown(section("networks", "ways agree", agree=vote.agree, count=vote.count, label=plain(vote.label)))


def label(way: Way) -> str:
    """What a way does to a picture, in a few words and numbers."""
    prep = way.preprocessing
    scale = {
        "imagenet": section("networks", "scale imagenet"),
        "signed": section("networks", "scale signed"),
        "unit": section("networks", "scale unit"),
        "bytes": section("networks", "scale bytes"),
        TOLD: section("networks", "scale told", mean=few(prep.mean), std=few(prep.std)),
    }[way.scale]
    return section("networks", "way", scale=scale, frame=frame(prep))


def few(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)


def frame(prep: Preprocessing) -> str:
    """What of a picture a network sees, and how it is scaled."""
    if prep.resize is None:
        return section("networks", "frame whole", size=prep.size, how=prep.interpolation)
    return section("networks", "frame crop", resize=prep.resize, size=prep.size, how=prep.interpolation)


def take(key: str, network: Network, ways: tuple[Way, ...]) -> None:
    """Ask the network so from now on, on every page."""
    chosen = next(way for way in ways if label(way) == st.session_state[key])
    at_hand.own_networks()[network.card.name] = taking(network, chosen.preprocessing)


def two_builds() -> None:
    """That the tensors fit two networks, and what the wrong one of them costs lite0, where that was measured."""
    st.warning(section("networks", "two builds"), icon=":material/warning:")
    if record := otherwise.measured(RECORDS / f"{otherwise.PREPROCESSING}.json"):
        asked, _ = record
        cost = otherwise.costs(asked)
        st.caption(
            section(
                "networks", "two builds cost", even=plain(cost["even"]), eps=plain(cost["eps"]), images=asked.images
            )
        )
