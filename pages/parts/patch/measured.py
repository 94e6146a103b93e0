"""Measured on whole data sets: the packaged BagNets beside their baseline, and what others report."""

from __future__ import annotations

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.studies.patch import claims, dataset, dataset_figures, masking_dataset, masking_figures, paper
from core.studies.patch.dataset import Measured
from pages.parts.common import charts, provenance
from pages.parts.common.address import bound
from pages.parts.common.words import note, plain

CLASSES, PICTURES = "classes", "pictures"


def show(family: str) -> None:
    st.header("Measured on whole data sets", anchor="measured")
    if found := claims.on_lite0(ASSETS / "results"):
        st.markdown(f"**Top-5 of lite0 local minus that of lite0: {plain(found.shown)}.**")
        st.caption(plain(found.data))
    record = dataset.measured(ASSETS / "results" / "patch_evidence")
    if record is None:
        provenance.missing("measure patches --data FOLDER")
    else:
        ours(record)
    with st.expander("What others report (ImageNet)"):
        st.markdown("**The paper's, and a third party's** who ran the authors' weights; not measured here.")
        charts.numbers_table(paper.table(), alt="Accuracy of BagNets on ImageNet as others report it")
        st.caption("Brendel & Bethge, ICLR 2019. Accuracy in % on ImageNet's validation set.")
    with st.expander("Limits of these numbers"):
        st.markdown(section("patch_evidence", "limits"))


def ours(record: Measured) -> None:
    """Accuracy by patch size and who errs alike; below them the classes and the scrambled pictures."""
    found = record.summary
    note(
        f"{record.data}; n = {found.images:,}. One training run (seed) a network. "
        "Intervals of accuracies: 95 % (Wilson) over pictures."
    )
    left, right = st.columns([3, 3], gap="large")
    with left:
        charts.show(dataset_figures.accuracy_plot(found), "patch-accuracy")
    with right:
        alike(record)
    if None in found.patches:
        charts.show(dataset_figures.class_scatter(found), "patch-classes")
    if record.scramble is not None:
        charts.show(dataset_figures.scramble_plot(record.scramble, found), "patch-scrambled")
        note(f"Tiles of the {found.images:,} test pictures shuffled with seed {record.scramble.seed}.")
    if record.masking is not None:
        masked(record.masking)
    st.caption(provenance.again(vars(record)))


def alike(record: Measured) -> None:
    """The matrix of who errs alike, by class or by picture."""
    found = record.summary
    by = bound(
        st.segmented_control,
        "Errors compared over",
        [CLASSES, PICTURES],
        default=CLASSES,
        required=True,
        key="patch-errors-over",
        help="Over classes: do both find the same classes hard? Over pictures: do both get the same pictures wrong?",
    )
    charts.show(dataset_figures.correlation_map(found, pictures=by == PICTURES), "patch-correlation")
    how = (
        "κ (Cohen): being wrong together beyond chance, over pictures; 0 is chance, 1 always together."
        if by == PICTURES
        else f"r (Pearson): over the error rates of the {len(found.labels)} classes."
    )
    note(
        f"{how} Intervals: approximately 95 %, from {found.draws:,} bootstrap draws of the pictures within "
        f"each class (seed {found.seed})."
    )


def masked(found: masking_dataset.Summary) -> None:
    """The areas under the deletion and insertion curves over many pictures."""
    charts.show(masking_figures.figure(found), "patch-masked")
    note(
        f"n = {found.images} of the test pictures, at even steps, each towards its true class; cells of {found.cell} "
        f"px; intervals are 95 % over pictures; random: {found.draws} orders a picture (seed {found.seed}). The "
        "evidence's order is the BagNet's for both networks; every other method explains the network that answers."
    )
