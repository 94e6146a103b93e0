"""What a wrong preprocessing, another padding or other batch statistics cost lite0, as it was measured."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.overview import otherwise
from core.overview.otherwise import Otherwise
from core.studies.random.baselines import STATISTICS
from pages.parts.common import charts, provenance
from pages.parts.common.words import plain

RECORDS = ASSETS / "results" / "imagenet"


def preprocessing() -> None:
    """lite0 under other preprocessings, another padding and another eps."""
    found = otherwise.measured(RECORDS / f"{otherwise.PREPROCESSING}.json")
    if found is None:
        provenance.missing("measure preprocessing")
        return
    asked, about = found
    cost = otherwise.costs(asked)
    finding = section(
        "networks",
        "asked otherwise finding",
        imagenet=plain(cost["imagenet"]),
        even=plain(cost["even"]),
        both=plain(cost["imagenet and even"]),
        eps=plain(cost["eps"]),
    )
    st.markdown(f"**{finding}**")
    st.markdown(section("networks", "asked otherwise intro", images=asked.images))
    words = {
        otherwise.OWN: section("networks", "as taught"),
        "imagenet": section("networks", "as imagenet"),
        "unit": section("networks", "as unit"),
        "bytes": section("networks", "as bytes"),
        "bilinear": section("networks", "as bilinear"),
        "whole": section("networks", "as whole"),
        "even": section("networks", "as even"),
        "imagenet and even": section("networks", "as imagenet and even"),
        "eps": section("networks", "as eps"),
    }
    table(asked, about, words, finding)


def statistics() -> None:
    """lite0 with statistics that are estimated anew, and where those of every network come from."""
    found = otherwise.measured(RECORDS / f"{otherwise.STATISTICS}.json")
    if found is None:
        provenance.missing("measure batch-statistics")
    else:
        asked, about = found
        cost = otherwise.costs(asked)
        finding = section(
            "networks",
            "statistics finding",
            both=plain(cost["means and variances"]),
            variances=plain(cost["variances"]),
            means=plain(cost["means"]),
            same=plain(cost["of the same"]),
        )
        st.markdown(f"**{finding}**")
        st.markdown(section("networks", "statistics intro", estimated=plain(asked.estimated), images=asked.images))
        words = {
            otherwise.OWN: section("networks", "as taught"),
            "means and variances": section("networks", "as means and variances"),
            "means": section("networks", "as means"),
            "variances": section("networks", "as variances"),
            "of the same": section("networks", "as of the same"),
        }
        table(asked, about, words, finding)
    st.markdown(section("networks", "norms", pictures=STATISTICS))


def table(asked: Otherwise, about: Mapping[str, object], words: Mapping[str, str], finding: str) -> None:
    """A row a way, what was asked about, and how to measure it again."""
    heads = [
        section("networks", "way of asking"),
        section("networks", "more"),
        section("networks", "right"),
        section("networks", "lost"),
        section("networks", "gained"),
    ]
    charts.numbers_table(otherwise.table(asked, words.__getitem__, heads), finding)
    st.caption(f"{plain(asked.data)}. {provenance.again(about)}")
