"""Measured on whole data sets: the packaged BagNets beside their baseline, and what others report."""

from __future__ import annotations

import streamlit as st

from core.base.files import ASSETS
from core.base.prose import section
from core.studies.patch import claims, dataset, dataset_figures, exact, masking_dataset, masking_figures, paper
from core.studies.patch.dataset import Measured
from pages.parts.common import charts, provenance
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain

CLASSES, PICTURES = "classes", "pictures"


def show(family: str) -> None:
    """What was measured on the networks of the chosen family first, then on the others, all folded."""
    st.header(section("patch_evidence", "measured"), anchor="measured")
    imagenet = folded(section("patch_evidence", "measured imagenet"), "patch measured imagenet")(lites)
    photographs = folded(section("patch_evidence", "measured photographs"), "patch measured photographs")(bagnets)
    for part in (imagenet, photographs) if family == "imagenet" else (photographs, imagenet):
        part()
    folded(section("patch_evidence", "others"), "patch measured others")(others)()
    folded(section("patch_evidence", "limits heading"), "patch measured limits")(limits)()


def lites() -> None:
    """lite0 where it sees patches alone beside lite0."""
    found = claims.on_lite0(ASSETS / "results")
    if found is None:
        provenance.missing("measure imagenet")
        return
    st.markdown(section("patch_evidence", "on lite0", shown=plain(found.shown)))
    st.caption(plain(found.data))


def bagnets() -> None:
    record = dataset.measured(ASSETS / "results" / "patch_evidence")
    if record is None:
        provenance.missing("measure patches --data FOLDER")
    else:
        ours(record)


def others() -> None:
    st.markdown(section("patch_evidence", "others said"))
    charts.numbers_table(paper.table(), alt=section("patch_evidence", "others alt"))
    st.caption(section("patch_evidence", "others how"))


def limits() -> None:
    st.markdown(section("patch_evidence", "limits"))


def ours(record: Measured) -> None:
    """Accuracy by patch size and who errs alike; below them the classes and the scrambled pictures."""
    found = record.summary
    st.caption(section("patch_evidence", "measured how", data=plain(record.data), pictures=found.images))
    charts.show(dataset_figures.accuracy_plot(found), "patch-accuracy")
    alike(record)
    if None in found.patches:
        charts.show(dataset_figures.class_scatter(found), "patch-classes")
    if record.scramble is not None:
        charts.show(dataset_figures.scramble_plot(record.scramble, found), "patch-scrambled")
        st.caption(section("patch_evidence", "measured scrambled", pictures=found.images, seed=record.scramble.seed))
    if record.masking is not None:
        masked(record.masking)
    if record.maps is not None:
        alt = section("patch_evidence", "measured maps")
        st.markdown(alt)
        charts.numbers_table(exact.table(record.maps), alt=alt)
        st.caption(section("patch_evidence", "measured maps how", pictures=record.maps.images))
    st.caption(provenance.again(vars(record)))


def alike(record: Measured) -> None:
    """The matrix of who errs alike, by class or by picture."""
    found = record.summary
    by = bound(
        st.segmented_control,
        section("patch_evidence", "errors over"),
        [CLASSES, PICTURES],
        default=CLASSES,
        required=True,
        key="patch-errors-over",
        help=section("patch_evidence", "errors over help"),
    )
    charts.show(dataset_figures.correlation_map(found, pictures=by == PICTURES), "patch-correlation")
    how = (
        section("patch_evidence", "kappa")
        if by == PICTURES
        else section("patch_evidence", "pearson", count=len(found.labels))
    )
    st.caption(f"{how} {section('patch_evidence', 'bootstrap', draws=found.draws, seed=found.seed)}")


def masked(found: masking_dataset.Summary) -> None:
    """The areas under the deletion and insertion curves over many pictures."""
    charts.show(masking_figures.figure(found), "patch-masked")
    st.caption(
        section(
            "patch_evidence", "measured masked", pictures=found.images, cell=found.cell, draws=found.draws,
            seed=found.seed,
        )
    )  # fmt: skip
