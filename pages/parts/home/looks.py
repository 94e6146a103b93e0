"""The picture, and a quick look of every study: each appears when it is ready, and the old one stands till then."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from core import cache
from core.base.prose import language, section
from core.base.records import Damaged, in_words
from core.base.worker import Progress
from core.cache import Call
from core.figures import palette, theme
from core.networks import brought, lite
from core.networks.card import Card
from core.networks.download import WeightsError
from core.overview import first_look
from core.overview.first_look import Answer
from core.pictures.image import RGBImage, thumbnail
from core.studies import STUDIES
from core.studies import first_look as studies_first_look
from core.studies.study import Glance, Study, Tile
from pages.parts.common import stage, waiting
from pages.parts.common.tray import Picture
from pages.parts.common.words import Markdown, escaped, plain

AT = "home looks"
NOW, OLD, DRAWN = "home looks now", "home looks that stand", "home looks as drawn"  # keys of the session
PHOTO = 900  # px, of the picture's longer side
BY_SLUG = {study.slug: study for study in STUDIES}


@dataclass(frozen=True, eq=False)
class Look:
    """One part of the page: what was `found` of `picture`, None while it is not; `call` finds it, None where that comes
    along; `trouble`: why there is none."""

    picture: Picture
    found: Any = None
    call: Call[Any] | None = None
    trouble: str = ""

    @property
    def waits(self) -> bool:
        return self.found is None and not self.trouble


def ask(slug: str, cards: Sequence[Card], files: object, image: RGBImage, progress: Progress) -> Any:
    """What a study, or the network that says what the picture is where `slug` is "", finds; in the worker."""
    del files  # they tell the networks of these names from others
    networks = [cache.network(card) for card in cards]
    if not slug:
        return first_look.answer(networks[0], image, progress)
    return BY_SLUG[slug].look(networks, image, progress)


def look(study: Study | None, picture: Picture) -> Look:
    """What is packaged or computed of a study, or of what the picture is."""
    image = picture.image
    names = study.looks_with(image) if study else (first_look.answers_with(image),)
    troubles: list[str] = []
    cards = brought.intact(names, troubles.append)
    if troubles:
        return Look(picture, trouble=section("home", "missing", why=" ".join(troubles)))
    name, kind = (first_look.name_of(study), study.looked) if study else (first_look.ANSWER, Answer)
    found = first_look.packaged(name, kind, cards, image)
    if found is not None:
        return Look(picture, found)
    files = studies_first_look.files(cards)
    return Look(picture, call=Call(ask, study.slug if study else "", cards, files, image))


def again(known: Look) -> Look:
    """The same a moment later: what was found meanwhile, or why nothing is."""
    if known.call is None or not known.waits:
        return known
    job = cache.job(known.call, AT)
    if not waiting.is_done(job):
        return known
    error = job.future.exception()
    if isinstance(error, OSError | Damaged | WeightsError | ValueError):
        return replace(known, trouble=in_words(error))
    return replace(known, found=job.future.result())


def looks(picture: Picture) -> dict[str, Look]:
    """What the picture is, under "", and every study's look by slug, in their order; quick ones are asked first."""
    digest, known = st.session_state.get(NOW, ("", {}))
    if digest != picture.image.digest:
        known = {"": look(None, picture)} | {study.slug: look(study, picture) for study in reversed(STUDIES)}
    known = {slug: again(one) for slug, one in known.items()}
    calls = [one.call for one in known.values() if one.call is not None and one.waits]
    waiting.leave(AT, {call.key: cache.job(call, AT) for call in calls})
    st.session_state[NOW] = picture.image.digest, known
    return {slug: known[slug] for slug in ("", *BY_SLUG)}


def show(picture: Picture) -> None:
    """The verdict, the picture, and the looks; what is not ready yet follows by itself."""
    end = time.monotonic() + waiting.SHOW_AFTER
    while (waits := any(one.waits for one in looks(picture).values())) and time.monotonic() < end:
        time.sleep(waiting.TICK)
    st.fragment(partial(draw, picture, waits), run_every=waiting.LOOK_AGAIN if waits else None)()


def draw(picture: Picture, watched: bool) -> None:
    found = looks(picture)
    if watched and not any(one.waits for one in found.values()):
        st.rerun()  # the page as it stands then, which nobody has to watch
    standing: dict[str, Look] = st.session_state.setdefault(OLD, {})
    standing.update({slug: one for slug, one in found.items() if not one.waits})
    verdict(found[""], standing.get(""))
    with st.container(key="home-five"):
        with st.container(key="home-photo"):
            st.html(photo(picture))
            answers(found[""], standing.get(""))
        for study in STUDIES:
            with st.container(key=f"home-look-{study.slug}"):
                one(study, found[study.slug], standing.get(study.slug))


def verdict(now: Look, old: Look | None) -> None:
    """What the picture is to a network, and how often such a network is right."""
    if now.trouble:
        st.warning(plain(now.trouble), icon=":material/heart_broken:")
        return
    if now.waits:
        stage.verdict(Markdown(section("home", "verdict, waiting", title=plain(now.picture.title))), beyond(old))
        return
    label, sure = now.found.labels[0], now.found.probability[0]
    said = Markdown(section("home", "verdict", label=plain(label), sure=sure))
    stage.verdict(said, beyond(now), stage.doubt(now.found.title, label, sure))


def beyond(known: Look | None) -> Markdown:
    """What holds over many photographs of the network that answers."""
    if known is None or not isinstance(known.found, Answer):
        return stage.NOTHING
    right, pictures = lite.measured(lite.NAME)
    if known.found.title != lite.NAME:
        return Markdown(section("home", "beyond, digits"))
    if right is None:
        return stage.NOTHING
    return Markdown(section("home", "beyond", pictures=pictures, title=plain(known.found.title), right=right))


def answers(now: Look, old: Look | None) -> None:
    """The network's best answers; while it is asked of this picture, those of the one before, dimmed and named."""
    known = old if now.waits else now
    if known is None or not isinstance(found := known.found, Answer):
        return
    [colour] = palette.network_colours([None])
    best = list(zip(found.labels, found.probability, strict=True))
    with st.container(key="home-answers-old" if now.waits else "home-answers"):
        stage.answers([stage.Answers(found.title, colour, best)])
    if now.waits:
        st.caption(section("common", "still shown", title=plain(known.picture.title)))


def photo(picture: Picture) -> Markdown:
    alt = section("home", "photo alt", title=escaped(picture.title))
    return Markdown(f'<img class="rx-photo" src="{escaped(address(picture.image.digest, picture.image))}" alt="{alt}">')


@st.cache_resource(max_entries=32, show_spinner=False)
def address(digest: str, _image: RGBImage) -> str:
    """The picture as an address that holds it: a file of an earlier run may be gone when the browser asks for it."""
    return palette.photo_uri(thumbnail(_image, PHOTO).pixels)


def one(study: Study, now: Look, old: Look | None) -> None:
    """A study's question, what it sees in one line and in pictures, and the way to it."""
    st.markdown(f"**{plain(study.question)}**")
    known = old if now.waits else now
    if known is None or known.found is None:
        st.html('<div class="rx-look rx-empty"></div>')
        st.markdown(plain(now.trouble or told(now)))
    else:
        glance = drawn(study, known)
        tiles = "".join(tile(one) for one in glance.tiles)
        kind = Markdown(f"rx-look rx-of-{escaped(study.slug)}{' rx-old' if now.waits else ''}")
        st.html(f'<div class="{kind}">{tiles}</div>')
        st.markdown(
            plain(f"{told(now)} {section('common', 'still shown', title=known.picture.title)}")
            if now.waits
            else plain(" ".join(glance.finding.split()))
        )
    st.page_link(
        f"pages/{study.slug}.py", label=section("home", "open", title=plain(study.title)), icon=study.icon
    )  # fmt: skip


def told(now: Look) -> str:
    """That it is being looked at, or is yet to be."""
    begun = now.call is not None and cache.job(now.call, AT).total
    return section("home", "looking") if begun else section("home", "waiting")


def drawn(study: Study, known: Look) -> Glance:
    """A look's words and pictures, made once: the page looks again while others are computed."""
    kept: dict[str, tuple[object, Glance]] = st.session_state.setdefault(DRAWN, {})
    of = known.picture.image.digest, language(), theme.dark()
    if study.slug not in kept or kept[study.slug][0] != of:
        kept[study.slug] = of, study.glance(known.found, known.picture.image)
    return kept[study.slug][1]


def tile(shown: Tile) -> Markdown:
    """A picture, or words with bars, under their caption."""
    caption = f"<figcaption>{escaped(shown.caption)}</figcaption>"
    if shown.address:
        return Markdown(f'<figure>{caption}<img src="{escaped(shown.address)}" alt="{escaped(shown.alt)}"></figure>')
    lines = "".join(word(*one) for one in shown.words)
    kind = ' class="rx-plain"' if shown.plain else ""
    return Markdown(f"<figure{kind}>{caption}<ul>{lines}</ul></figure>")


def word(label: str, share: float | None, picture: str) -> Markdown:
    image = f'<img src="{escaped(picture)}" alt="">' if picture else ""
    bar = "" if share is None else f'<span><em style="width:{100 * share:.0f}%"></em></span>'
    number = "" if share is None else f"<i>{share:.0%}</i>"
    return Markdown(f"<li>{image}<b>{escaped(label)}</b>{number}{bar}</li>")
