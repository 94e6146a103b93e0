"""What was measured: the races, beside what the paper says; which part of a head matters; and transfer."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.base.renamed import today
from core.studies.spinal import ablation, ablation_figures, dataset, paper, transfer, transfer_figures
from core.studies.spinal.ablation import PAPER, VARIED
from core.studies.spinal.transfer import HEADS
from pages.parts.common import charts, provenance
from pages.parts.common.address import bound, folded
from pages.parts.common.words import code, plain, stressed


def show() -> None:
    """Folded, as all that follows."""
    folded(section("spinal_heads", "races title"), "spinal measured")(races)()
    folded(section("spinal_heads", "ablation title"), "spinal ablation")(parts_of_the_head)()
    folded(section("spinal_heads", "transfer title"), "spinal transfer")(on_a_trained_network)()


def races() -> None:
    """One row a race, with a verdict that follows from its intervals."""
    found = dataset.measured()
    if found:
        st.markdown(plain(dataset.finding(found)))
        charts.numbers_table(dataset.claims(found), alt="Accuracy of each head by data set, beside the paper's")
        st.caption(section("spinal_heads", "measured"))
        last = list(found.values())[-1]
        again = " · ".join(code(today(one.command)) for one in found.values())
        st.caption(section("spinal_heads", "again", commands=again, date=plain(last.date), commit=plain(last.commit)))
    else:
        provenance.missing("measure spinal:digits:small_cnn")
    st.markdown(section("spinal_heads", "the papers"))
    charts.numbers_table(paper.table(), width="content", alt="Best accuracies as the paper reports them")
    st.caption("Kabir et al., arXiv 2007.03347.")
    st.markdown(f"**{section('spinal_heads', 'limits title')}**")
    st.markdown(section("spinal_heads", "limits"))


def parts_of_the_head() -> None:
    """Layers, width, parts and their order, varied one at a time."""
    found = ablation.measured()
    if found is None:
        provenance.missing("measure spinal-ablation")
        return
    result, about = found
    names = {title: vary for vary, title in VARIED.items()}
    vary = names[bound(st.selectbox, section("spinal_heads", "varied"), list(names), key="spinal-vary")]
    st.markdown(stressed(ablation.finding(result, vary), f"{VARIED[vary].capitalize()}:"))
    charts.show(ablation_figures.sizes(result, vary), "spinal-ablation")
    params = result.params
    st.caption(
        section(
            "spinal_heads",
            "ablation",
            data=plain(about["data"]),
            backbone=plain(about["backbone"]),
            epochs=params.epochs,
            last=params.seeds - 1,
            layers=PAPER.layers,
            width=PAPER.width,
            split=PAPER.split,
            order=plain(PAPER.order),
        )
        + f" {provenance.again(about)}"
    )


def on_a_trained_network() -> None:
    """Cats and dogs, two ways, for a network that was trained for something else; and what the paper says."""
    found = transfer.measured()
    if found is None:
        provenance.missing("measure spinal-transfer --data FOLDER")
    else:
        transferred(*found)
    st.markdown(section("spinal_heads", "transfer, the papers"))
    charts.numbers_table(transfer_figures.paper_table(), alt="Accuracies as the paper reports them")
    st.caption(section("spinal_heads", "transfer, mixed"))


def transferred(result: transfer.Result, about: dict[str, str]) -> None:
    """The findings, the figure, and how it was done, with every number."""
    findings = [transfer.finding(result, mode) for mode in result.modes]
    st.markdown("\n".join(f"- {stressed(said, said.partition(':')[0] + ':')}" for said in findings))
    charts.show(transfer_figures.races(result), "spinal-transfer")
    params, sizes = result.params, dict(zip(result.heads, result.parameters, strict=True))
    counts = ", ".join(f"{HEADS[head]} {count:,}" for head, count in sizes.items())
    st.caption(
        section(
            "spinal_heads",
            "transfer",
            data=plain(about["data"]),
            network=plain(about["network"]),
            below=result.below,
            counts=plain(counts),
            hidden=params.hidden,
            layers=params.layers,
            width=params.width,
            dropout=params.dropout,
            epochs=params.epochs,
            last=params.seeds - 1,
            head_rate=params.head_rate,
            all_rate=params.all_rate,
        )
        + f" {provenance.again(about)}"
    )
