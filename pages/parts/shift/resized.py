"""Which resizer? The photo moved by one of its own pixels, behind three of them: on this picture, and over many."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.claims.numbers import number
from core.networks import families
from core.networks.card import title_of
from core.studies.shift import resizers, resizers_figures
from core.studies.shift.resizers import RESIZERS
from core.studies.shift.sweep import Params
from pages.parts.common import charts, tray
from pages.parts.common.address import folded
from pages.parts.common.words import plain
from pages.parts.shift import asking, choose, measured

REACH = 1  # of the photo's own pixels
RESULTS = ASSETS / "results"


def show(choice: choose.Choice, picture: tray.Picture) -> None:
    """Folded: the squares of this picture, and the figure of a data set."""
    folded(section("shift_sweep", "resizers"), "shift resizers")(part)(choice, picture)


def part(choice: choose.Choice, picture: tray.Picture) -> None:
    st.markdown(section("shift_sweep", "resizers about"))
    on_this_picture(choice, picture)
    over_many(choice.family)


def on_this_picture(choice: choose.Choice, picture: tray.Picture) -> None:
    """Every network at the eight moves by one pixel, behind every resizer."""
    if not choose.can_move(picture.image, REACH, "antialiased"):
        return
    asked = [replace(choice, params=Params(REACH, "crop", resizer=resizer)) for resizer in RESIZERS]
    found = [asking.answer(one, picture, f"sweep {one.params.resizer}") for one in asked]
    results = [result for result in found if result is not None]
    if len(results) < len(RESIZERS) or len({result.models for result in results}) > 1:
        return
    titles = [card.title for card in choice.cards if card.name in results[0].models]
    told = choose.short_words()
    plot = resizers_figures.squares(results, titles, [told[resizer] for resizer in RESIZERS])
    charts.show(plot, "shift-resizers")
    st.caption(section("shift_sweep", "resizers squares"))


def over_many(family: str) -> None:
    """What `receptive measure resizers` found for the networks of this family."""
    name = next((one for one in resizers.PAIRS if one == families.COMPARED.get(family, ("",))[0]), None)
    found = None if name is None else resizers.outweighs(name, RESULTS)
    if found is None:
        st.caption(section("shift_sweep", "resizers none"))
        return
    record, more = found
    plainly, blurred = record.networks[0], record.networks[-1]
    shares = {
        "antialiased": record.estimate(plainly, "antialiased").value,
        "skipping": record.estimate(plainly, "opencv").value,
        "blurred": record.estimate(blurred, "opencv").value,
    }
    st.markdown(
        section(
            "shift_sweep",
            "resizers many",
            images=record.images,
            plain=plain(title_of(plainly)),
            blur=plain(title_of(blurred)),
            more=plain(number(more.value, 1, sign=True)),
            low=plain(number(more.low, 1, sign=True)),
            high=plain(number(more.high, 1, sign=True)),
            **shares,
        )
    )
    told = choose.short_words()
    charts.show(resizers_figures.kept_answers(record, [told[r] for r in RESIZERS]), "shift-resizers-many")
    st.caption(section("shift_sweep", "resizers data", data=plain(record.data), window=record.window))
    measured.measure_again([record.command])
