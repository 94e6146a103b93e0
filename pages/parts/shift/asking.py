"""Have a picture swept: the smallest shifts first, the page goes on while the larger ones are asked about."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from core.base.prose import section
from core.base.worker import Progress
from core.cache import Aside, Call
from core.networks.card import Network
from core.networks.engine import Answers
from core.pictures.image import RGBImage
from core.studies import first_look as studies_first_look
from core.studies.shift import STUDY, sweep
from core.studies.shift.sweep import Params, Result
from pages.parts.common import at_hand, tray, waiting
from pages.parts.shift import choose

NOTHING = Aside[Answers | None](None)


def answer(choice: choose.Choice, picture: tray.Picture, at: str = "sweep") -> Result | None:
    """The sweep as far as it is known: packaged, remembered, or computed now; None if nothing could be."""
    packaged = studies_first_look.find(STUDY.slug, sweep.Result, choice.cards, picture.image.digest, choice.params)
    if packaged is not None:
        return packaged
    ready = at_hand.loaded(choice.cards)
    untargeted = replace(choice.params, target=None)  # another class is read off the same answers
    done = [(n, a) for n, a in zip(ready, asked_at(ready, picture, untargeted, at), strict=True) if a is not None]
    if not done:
        return None
    return sweep.assemble([n for n, _ in done], [a for _, a in done], picture.image, choice.params)


def asked_at(nets: list[Network], picture: tray.Picture, params: Params, at: str) -> Sequence[Answers | None]:
    """Each network's answers as far as they are known: the page does not wait for the larger shifts."""
    until = time.monotonic() + waiting.SHOW_AFTER
    known: Sequence[Answers | None] = [None] * len(nets)
    reaches = sweep.reaches(params.max_shift)
    then = [Call(asked, n, picture.image, params, reach, NOTHING) for reach in reaches for n in nets]
    for reach in reaches:
        calls = [
            Call(asked, n, picture.image, params, reach, Aside(inner)) for n, inner in zip(nets, known, strict=True)
        ]
        if None in known:
            known = waiting.ask_all(calls, section("shift_sweep", "asking", networks=len(nets)), at, then)
        else:
            what = section("shift_sweep", "asking on", networks=len(nets), reach=reach)
            more = waiting.ask_on(calls, what, at, until)
            known = more or known
            if more is None:
                break
        if None in known:
            break
    return known


def asked(
    network: Network, image: RGBImage, params: Params, reach: int, inner: Aside[Answers | None], progress: Progress
) -> Answers:
    """One network's answers at shifts of up to `reach`; the `inner` ones are known."""
    return sweep.answer(network, image, params, progress, reach, inner.value)
