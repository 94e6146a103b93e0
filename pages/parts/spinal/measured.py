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


@folded("The paper says, we measured: every race", "spinal measured")
def show() -> None:
    """One row a race, with a verdict that follows from its intervals."""
    found = dataset.measured()
    if found:
        st.markdown(plain(dataset.finding(found)))
        charts.numbers_table(dataset.claims(found), alt="Accuracy of each head by data set, beside the paper's")
        st.caption(section("spinal_heads", "measured"))
        last = list(found.values())[-1]
        again = " · ".join(code(today(one.command)) for one in found.values())
        st.caption(f"Measure again: {again} " + plain(f"(the last: {last.date}, commit {last.commit})."))
    else:
        provenance.missing("measure spinal:digits:small_cnn")
    st.markdown("**The paper's own numbers**; not measured here, unless the table above says so.")
    charts.numbers_table(paper.table(), width="content", alt="Best accuracies as the paper reports them")
    st.caption("Kabir et al., arXiv 2007.03347.")
    st.markdown("**Limits of these numbers**")
    st.markdown(section("spinal_heads", "limits"))


@folded("Which part of the spinal head matters?", "spinal ablation")
def parts_of_the_head() -> None:
    """Layers, width, parts and their order, varied one at a time."""
    found = ablation.measured()
    if found is None:
        provenance.missing("measure spinal-ablation")
        return
    result, about = found
    names = {title: vary for vary, title in VARIED.items()}
    vary = names[bound(st.selectbox, "What is varied", list(names), key="spinal-vary")]
    st.markdown(stressed(ablation.finding(result, vary), f"{VARIED[vary].capitalize()}:"))
    charts.show(ablation_figures.sizes(result, vary), "spinal-ablation")
    params = result.params
    st.caption(
        plain(
            f"{about['data']}. Backbone: {about['backbone']}; {params.epochs} epochs, the last one counts; seeds "
            f"0 to {params.seeds - 1}, the same for every head. All else is the paper's: {PAPER.layers} layers of "
            f"width {PAPER.width}, {PAPER.split} parts, {PAPER.order}. Large marks: means with 95 % intervals "
            "over the seeds (Student's t), not over pictures; differences are paired by seed. Of twenty such "
            "intervals one misses by chance. "
        )
        + provenance.again(about)
    )


@folded("Does it help on a trained network?", "spinal transfer")
def on_a_trained_network() -> None:
    """Cats and dogs, two ways, for a network that was trained for something else; and what the paper says."""
    found = transfer.measured()
    if found is None:
        provenance.missing("measure spinal-transfer --data FOLDER")
    else:
        transferred(*found)
    st.markdown(
        "**The paper's transfer results**, not measured here: larger networks, the best test epoch, no intervals."
    )
    charts.numbers_table(transfer_figures.paper_table(), alt="Accuracies as the paper reports them")
    st.caption("Kabir et al., arXiv 2007.03347; on Flowers, its results are mixed.")


def transferred(result: transfer.Result, about: dict[str, str]) -> None:
    """The findings, the figure, and how it was done, with every number."""
    findings = [transfer.finding(result, mode) for mode in result.modes]
    st.markdown("\n".join(f"- {stressed(said, said.partition(':')[0] + ':')}" for said in findings))
    charts.show(transfer_figures.races(result), "spinal-transfer")
    params, sizes = result.params, dict(zip(result.heads, result.parameters, strict=True))
    counts = ", ".join(f"{HEADS[head]} {count:,}" for head, count in sizes.items())
    st.caption(
        plain(
            f"{about['data']}, on {about['network']} ({result.below:,} parameters below the head), which knows tabby "
            f"cats and golden retrievers from its own training. Parameters of the heads: {counts}; the hidden layer "
            f"has {params.hidden} units, the spinal head {params.layers} layers of width {params.width}; dropout "
            f"{params.dropout:g} before every layer but the single one. {params.epochs} epochs, the last one counts; "
            f"seeds 0 to {params.seeds - 1}, the same pictures in the same order under every head. The peak rates "
            f"({params.head_rate:g} and {params.all_rate:g}) are the same for all heads and were chosen on a fifth of "
            "the training photographs of cats and dogs. Small marks: seeds; large marks: means with 95 % intervals "
            "over the seeds (Student's t), not over photographs; differences are paired by seed. "
        )
        + provenance.again(about)
    )
