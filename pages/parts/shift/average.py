"""And if you average? The mean over the shifts of the sweep that has just run, and over those of many pictures."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.base.records import kept
from core.claims.numbers import Estimate, number
from core.networks import families
from core.networks.card import Card, title_of
from core.studies.shift import many
from core.studies.shift.many import FIVE, Many
from core.studies.shift.sweep import Result
from pages.parts.common import charts
from pages.parts.common.address import folded
from pages.parts.common.words import plain
from pages.parts.shift import choose, measured

RESULTS = ASSETS / "results"


def show(result: Result, cards: Sequence[Card], choice: choose.Choice) -> None:
    """Folded: the mean's answer beside the plain one, and how often it is right."""
    folded(section("shift_sweep", "average"), "shift average")(part)(result, cards, choice)


def part(result: Result, cards: Sequence[Card], choice: choose.Choice) -> None:
    st.markdown(section("shift_sweep", "average about", shifts=len(result.offsets)))
    rest, mean = result.top1[:, result.centre], result.mean_top1
    sure = result.top1_probability[:, result.centre]
    for i, card in enumerate(cards):
        title, label, sure_of = plain(card.title), plain(result.labels[rest[i]]), float(sure[i])
        share, same = float(result.mean_probability[i]), bool(rest[i] == mean[i])
        told = (
            section("shift_sweep", "average same", title=title, label=label, sure=sure_of, share=share)
            if same
            else section(
                "shift_sweep", "average other", title=title, label=label, sure=sure_of, share=share,
                mean=plain(result.labels[mean[i]]),
            )
        )  # fmt: skip
        st.markdown(f"{'●' if same else '✕'} {told}")
    record = kept(many.measured, RESULTS / many.FOLDER).get(families.COMPARED.get(choice.family, ("",))[0])
    if record is None:
        st.caption(section("shift_sweep", "average none"))
        return
    st.markdown(section("shift_sweep", "average many"))
    charts.numbers_table(table(record), alt=section("shift_sweep", "average"))
    st.caption(section("shift_sweep", "average data", data=plain(record.data)))
    measured.measure_again([record.command])


def way_words() -> dict[str, str]:
    return {
        "crop": section("shift_sweep", "crop"),
        "circular": section("shift_sweep", "circular"),
        FIVE: section("shift_sweep", "five crops"),
    }


def table(record: Many) -> dict[str, list[object]]:
    """A row a way and network: right answers at rest and by the mean, in %, and what the mean and the blur add."""
    rows, told = [], way_words()
    for swept in record.swept:
        for i, name in enumerate(record.networks):
            found = many.averaged(swept, i)
            rows.append(
                (
                    section(
                        "shift_sweep", "average asked", way=told[swept.way], shifts=swept.shifts, images=swept.images
                    ),
                    title_of(name),
                    f"{found.plain:.1f} → {found.mean:.1f}",
                    points(found.more),
                    f"{found.gained} / {found.lost}",
                    points(many.blur_gains(swept)) if i else "",
                )
            )
    heads = (
        section("shift_sweep", "average way"),
        section("shift_sweep", "average network"),
        section("shift_sweep", "average right"),
        section("shift_sweep", "average adds"),
        section("shift_sweep", "average won"),
        section("shift_sweep", "average blur"),
    )
    return {head: list(column) for head, column in zip(heads, zip(*rows, strict=True), strict=True)}


def points(e: Estimate) -> str:
    """'4.5 (1.6 … 7.4)'."""
    value, low, high = (number(v, 1) for v in e)
    return f"{value} ({low} … {high})"
