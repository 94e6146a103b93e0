"""What the page says of this picture: the verdict, its doubt, what holds beyond, each network's answers, and why this
class."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from streamlit.delta_generator import DeltaGenerator

from core.base.files import ASSETS
from core.base.prose import listed, section
from core.figures.palette import USER, network_colours
from core.networks.card import Card, title_of
from core.networks.families import BAGNETS, SCRATCH
from core.pictures.object_mask import Box
from core.studies.patch import claims, evidence, exact, gist
from core.studies.patch.evidence import Result
from pages.parts.common import frame, stage
from pages.parts.common.words import Markdown, plain

FEW, SOME = 0.4, 0.2  # of the evidence, held by the strongest tenth of the patches; a tenth where all say the same
ALL = 0.9  # of the patches: a box that holds more says nothing of where the evidence lies
MOSTLY, MORE, LESS = 0.75, 1.2, 0.85  # of the evidence in the object's box, and times the box's share of the patches
TAPS = {0: None, 9: 1, 17: 4}  # a network's colour by its patch: grey without, the larger the deeper


def verdict(result: Result, cards: Sequence[Card], m: int, box: Box | None) -> None:
    """Of network m's map: where its evidence lies, or how few patches hold it where no object is known."""
    card = cards[m]
    where = whereabouts(result, m, box) if box is not None else stage.NOTHING
    share = gist.held_by_the_strongest(evidence.in_sight(result, m))
    tenth = section("patch_evidence", "tenth", share=share) if where and not isnan(share) else ""
    stage.verdict(
        Markdown(f"{why(result)} {where or held(share, card.title)}"),
        Markdown(f"{tenth} {beyond(card)}".strip()),
        doubt(result, cards, m),
    )


def doubt(result: Result, cards: Sequence[Card], m: int) -> Markdown:
    """That network m itself would answer another class than the one that is explained, or that it is unsure."""
    own, sure = gist.best(result, m, 1)[0]
    answers = result.logits.argmax(1)
    if answers[m] == result.target:
        return stage.doubt(cards[m].title, own, sure)
    title, own, label = plain(cards[m].title), plain(own), plain(result.labels[result.target])
    others = listed([plain(card.title) for card, c in zip(cards, answers, strict=True) if c == result.target])
    return Markdown(
        section("patch_evidence", "says otherwise", others=others, title=title, label=label, own=own, sure=sure)
        if others
        else section("patch_evidence", "nobody says", title=title, label=label, own=own, sure=sure)
    )


def why(result: Result) -> Markdown:
    label = plain(result.labels[result.target])
    if result.other is None:
        return Markdown(section("patch_evidence", "verdict why", label=label))
    other = plain(result.labels[result.other])
    return Markdown(section("patch_evidence", "verdict why less", label=label, other=other))


def whereabouts(result: Result, m: int, box: Box) -> Markdown:
    """Whether the evidence lies where the object is, against the share of the picture that its box takes."""
    found = gist.inside(result, m, box)
    if isnan(found.evidence) or found.patches > ALL:
        return stage.NOTHING
    held, area = found.evidence, found.patches
    if held >= MOSTLY and held >= MORE * area:
        return Markdown(section("patch_evidence", "verdict object", inside=held, area=area))
    if held >= MORE * area:
        return Markdown(section("patch_evidence", "verdict more object", inside=held, area=area))
    if held <= LESS * area:
        return Markdown(section("patch_evidence", "verdict around", inside=held, area=area))
    return Markdown(section("patch_evidence", "verdict both", inside=held, area=area))


def held(share: float, title: str) -> Markdown:
    """How much of the evidence the strongest tenth of the patches holds."""
    if isnan(share):
        return Markdown(section("patch_evidence", "verdict none", title=plain(title)))
    if share >= FEW:
        return Markdown(section("patch_evidence", "verdict few", share=share))
    if share >= SOME:
        return Markdown(section("patch_evidence", "verdict some", share=share))
    return Markdown(section("patch_evidence", "verdict all over", share=share))


def beyond(card: Card) -> Markdown:
    """What our records say of this network over a data set; "" where they do not know it, or cannot be read."""
    with frame.going_on():
        return over_many(card)
    return stage.NOTHING


def over_many(card: Card) -> Markdown:
    known = card.patch if card.name in BAGNETS.get(card.family, ((), ""))[0] else None
    found = gist.beyond(card.family, known, ASSETS / "results") if known else None
    if found is None:
        return stage.NOTHING
    many, side, part, whole = found.pictures, found.patch, found.patches, found.whole
    if found.five:
        said = section("patch_evidence", "beyond five", pictures=many, side=side, patches=part, whole=whole)
        return Markdown(said)
    return Markdown(section("patch_evidence", "beyond", pictures=many, side=side, patches=part, whole=whole))


def rim(result: Result) -> Markdown:
    """What no patch reaches at the right and the bottom, hatched on the maps; "" where there is none."""
    hatched = [m for m in range(len(result.models)) if evidence.sides_seen(result, m) != (result.height, result.width)]
    if not hatched:
        return stage.NOTHING
    bottom, right = evidence.sides_seen(result, hatched[0])  # of all the same: their patches are 8 px apart
    rows, columns = result.height - bottom, result.width - right
    share = 1 - bottom * right / (result.height * result.width)
    names = Markdown(listed([plain(title_of(result.models[m])) for m in hatched]))
    what = [section("patch_evidence", "rim rows", count=rows)] if rows else []
    if columns:
        what.append(section("patch_evidence", "rim columns", count=columns))
    return Markdown(section("patch_evidence", "rim", what=listed(what), share=share, names=names))


def off_the_logit(result: Result, family: str) -> Markdown:
    """How far this picture's exact maps are from the logits, and over photographs; "" where the maps make the logit."""
    found = [(m, off) for m in range(len(result.models)) if (off := exact.off_logit(result, m)) is not None]
    if not found:
        return stage.NOTHING
    each = Markdown(listed([of_one_map(result, m, off) for m, off in found]))
    label = plain(evidence.class_of(result))
    said = section("patch_evidence", "exact", label=label, each=each)
    with frame.going_on():
        record = claims.patches_record(ASSETS / "results")
        if family == SCRATCH and record is not None and record.maps is not None:
            maps = record.maps
            offs = Markdown(listed([f"{share:.0%}" for share in maps.off.tolist()]))
            others = Markdown(listed([f"{count:d}" for count in maps.other.tolist()]))
            names = Markdown(listed([plain(title_of(name)) for name in maps.networks]))
            more = section(
                "patch_evidence", "exact beyond", pictures=maps.images, names=names, offs=offs, others=others
            )
            return Markdown(f"{said} {more}")
    return Markdown(said)


def of_one_map(result: Result, m: int, off: exact.Off) -> Markdown:
    """One network's map against its logit, and whether its first class is the same."""
    title, mean, logit, share = plain(title_of(result.models[m])), off.mean, off.logit, off.share
    if off.says is None:
        return Markdown(section("patch_evidence", "exact one", title=title, mean=mean, logit=logit, share=share))
    if off.says == int(result.logits[m].argmax()):
        return Markdown(section("patch_evidence", "exact one same", title=title, mean=mean, logit=logit, share=share))
    says = plain(result.labels[off.says])
    said = section(
        "patch_evidence", "exact one other", title=title, mean=mean, logit=logit, share=share, says=says
    )  # fmt: skip
    return Markdown(said)


def answers(result: Result, cards: Sequence[Card]) -> None:
    """The best answers of every network that is mapped, with bars."""
    colours = network_colours([TAPS.get(card.patch or 0, 7) for card in cards])
    stage.answers(
        [
            stage.Answers(card.title, USER if card.kind == "user" else colour, gist.best(result, m))
            for m, (card, colour) in enumerate(zip(cards, colours, strict=True))
        ]
    )


def of_class(place: DeltaGenerator, result: Result, chosen: bool) -> None:
    """Which class the maps explain, and why that one; `chosen`: the reader asked for it."""
    label, votes, count = plain(result.labels[result.target]), gist.votes(result), len(result.models)
    if chosen:
        place.caption(section("patch_evidence", "class chosen", label=label, votes=votes, count=count))
    elif count == 1:
        place.caption(section("patch_evidence", "class one", label=label))
    elif votes == count:
        place.caption(section("patch_evidence", "class all", label=label))
    elif votes > 1:
        place.caption(section("patch_evidence", "class most", label=label, votes=votes, count=count))
    else:
        place.caption(section("patch_evidence", "class tie", label=label))
