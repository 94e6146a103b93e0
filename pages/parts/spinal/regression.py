"""Fitting functions: the regression experiment on held-out data, and one seed of it trained while the reader waits."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.cache import Call
from core.studies.spinal import regression, regression_figures
from core.studies.spinal.regression import FUNCTIONS, NETWORKS, Params, Target
from pages.parts.common import charts, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain

LAST, BY_EPOCH = "after the last epoch", "by epoch"
LIVE = Params(seeds=1, epochs=60, every=3)  # a minute's patience at most, on a slow machine
LARGEST_SEED = 9999


def show() -> None:
    """Folded: reads the packaged record when opened."""
    folded(section("spinal_heads", "regression title"), "spinal regression")(content)()


def content() -> None:
    found = regression.measured()
    if found is not None:
        packaged(*found)
    else:
        provenance.missing("measure spinal-regression")
    papers()
    live()


def packaged(result: regression.Result, record: dict[str, object]) -> None:
    finding = regression_figures.finding(result)
    st.markdown(f"**{plain(finding)}**")
    shown = bound(
        st.segmented_control, section("spinal_heads", "held-out error"), [LAST, BY_EPOCH], default=LAST, required=True,
        key="spinal-regression-view",
    )  # fmt: skip
    draw = regression_figures.panels if shown == LAST else regression_figures.by_epoch
    charts.show(draw(result), f"spinal-regression-{'last' if shown == LAST else 'epochs'}")
    params = result.params
    ours = " and ".join(f"{f.title}, {f.formula}" for t in params.targets if not (f := FUNCTIONS[t]).papers)
    floor = plain(regression_figures.floor_words(result))
    st.caption(section("spinal_heads", "regression, errors", seeds=params.seeds, floor=floor))
    product = FUNCTIONS["product"]
    st.markdown(
        section(
            "spinal_heads", "regression, targets and networks", ours=plain(ours), sigma=params.sigma,
            low=product.low, high=product.high,
        )
    )  # fmt: skip
    st.markdown(f"**{section('spinal_heads', 'dead layers')}** {plain(regression_figures.dead_words(result))}")
    st.caption(
        section("spinal_heads", "regression, how", optimiser=plain(record["optimiser"]), batch=params.batch)
        + f" {provenance.again(record)}"
    )
    st.markdown(f"**{section('spinal_heads', 'no test')}** {plain(regression_figures.lowest_words(result))}")


def papers() -> None:
    st.markdown(section("spinal_heads", "regression, the papers"))
    charts.numbers_table(
        regression_figures.paper_table(), width="content",
        alt="Training losses of the regression experiment as the paper reports them",
    )  # fmt: skip
    st.caption(section("spinal_heads", "regression, scales"))


def live() -> None:
    """One seed of each network, trained now in the inference worker."""
    st.subheader(section("spinal_heads", "regression, train"))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target: Target = bound(
            st.selectbox, section("spinal_heads", "target"), list(FUNCTIONS), key="spinal-regression-target", width=200
        )
        seed = int(
            bound(
                st.number_input,
                section("spinal_heads", "seed"),
                0,
                LARGEST_SEED,
                key="spinal-regression-seed",
                width=140,
            )
        )
    function = FUNCTIONS[target]
    st.markdown(plain(f"{function.title.capitalize()} ({function.whose}): y = {function.formula} + noise"))
    if not st.toggle(section("spinal_heads", "train", count=len(NETWORKS)), key="spinal regression train"):
        return
    what = f"Training {len(NETWORKS)} networks for {LIVE.epochs} epochs on {LIVE.train:,} points"
    calls = [Call(regression.lesson, LIVE, target, network, seed) for network in NETWORKS]
    answers = waiting.ask_all(calls, what, "spinal regression")
    lessons = [answer for answer in answers if answer is not None]
    if not lessons:
        return
    charts.show(regression_figures.learned(lessons), "spinal-regression-live")
    st.caption(
        section(
            "spinal_heads", "regression, live", seed=seed, epochs=LIVE.epochs, train=LIVE.train, test=LIVE.test,
            sigma=LIVE.sigma,
        )
    )  # fmt: skip
