"""Measured on whole data sets: how many features, of which shape, and what others are worth."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.data.sets import DATASETS
from core.studies.random import dataset, dataset_figures, paper
from core.studies.random.dataset import Measured
from core.studies.random.features import FOLDER
from pages.parts.common import charts, provenance
from pages.parts.common.address import bound
from pages.parts.common.words import note, plain

SET = "random-measured"


def show() -> None:
    """Folded, unless the address asks for one of the data sets."""
    st.header(section("random_features", "measured title"), anchor="measured")
    with st.expander(section("random_features", "measured fold"), expanded=SET in st.query_params):
        ours()
        beside()


def ours() -> None:
    found = dataset.measured(FOLDER)
    if found:
        titles = {DATASETS[name].title: name for name in DATASETS if name in found}
        title = bound(
            st.segmented_control, section("random_features", "set measured"), list(titles),
            default=list(titles)[-1], required=True, format_func=plain, key=SET,
        )  # fmt: skip
        packaged(found[titles[title]])
    else:
        provenance.missing("measure random:digits")


def beside() -> None:
    """The paper's numbers, and what ours leave open."""
    st.markdown(section("random_features", "paper numbers", features=paper.FEATURES))
    charts.numbers_table(paper.table(), alt="Accuracies as the paper reports them")
    st.caption(section("random_features", "paper empty"))
    st.markdown(section("random_features", "limits"))


def packaged(found: Measured) -> None:
    st.markdown(plain(dataset.finding(found)))
    left, right = st.columns(2, gap="large")
    with left:
        charts.show(dataset_figures.curves(found), "random-measured-curves")
    with right:
        if found.shapes:
            charts.show(dataset_figures.shapes(found), "random-measured-shapes")
        else:
            st.markdown(section("random_features", "shapes elsewhere"))
    plan = found.plan
    few = min(plan.part, found.train_images)
    note(
        f"{found.data}. {found.train_images:,} training pictures (shapes and other features: {few:,}), "
        f"{found.test_images:,} test pictures, {len(plan.seeds)} seeds: lines are means, bands and bars go from the "
        "lowest to the highest seed."
    )
    charts.show(dataset_figures.baselines(found), "random-measured-baselines")
    st.caption(section("random_features", "other features"))
    charts.numbers_table(dataset_figures.similarity_table(found), alt="Similarity between and within classes")
    st.caption(section("random_features", "similarity", images=min(dataset.COMPARED, found.test_images)))
    st.caption(provenance.again(vars(found)))
