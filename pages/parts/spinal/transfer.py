"""Does a spinal head serve better on a network that was trained for something else: cats and dogs, two ways."""

from __future__ import annotations

import streamlit as st

from core.studies.spinal import transfer, transfer_figures
from core.studies.spinal.transfer import HEADS, Result
from pages.parts.common import charts
from pages.parts.common.address import bound
from pages.parts.common.words import Markdown, again, plain


def show() -> None:
    """Folded away; what `receptive measure spinal-transfer` found, and what the paper says."""
    with bound(st.expander, "Does it help on a trained network?", key="spinal transfer", on_change="rerun") as box:
        if not box.open:
            return
        found = transfer.measured()
        if found is None:
            st.markdown("Not measured on this machine yet: run `receptive measure spinal-transfer --data FOLDER`.")
        else:
            packaged(*found)
        st.markdown(
            "**The paper's transfer results**, not measured here: larger networks, the best test epoch, no intervals."
        )
        charts.numbers_table(transfer_figures.paper_table(), alt="Accuracies as the paper reports them")
        st.caption("Kabir et al., arXiv 2007.03347; on Flowers, its results are mixed.")


def packaged(result: Result, about: dict[str, str]) -> None:
    findings = [transfer.finding(result, mode) for mode in result.modes]
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in findings))
    charts.show(transfer_figures.races(result), "spinal-transfer")
    st.caption(method(result, about))


def method(result: Result, about: dict[str, str]) -> Markdown:
    """How it was done, with every number."""
    params, sizes = result.params, dict(zip(result.heads, result.parameters, strict=True))
    counts = ", ".join(f"{HEADS[head]} {count:,}" for head, count in sizes.items())
    return Markdown(
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
        + again(about["command"], about["date"], about["commit"])
    )
