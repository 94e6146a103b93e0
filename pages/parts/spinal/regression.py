"""Fitting functions: the regression experiment on held-out data, and one seed of it trained while the reader waits."""

from __future__ import annotations

import streamlit as st

from core.cache import Call
from core.studies.spinal import regression, regression_figures
from core.studies.spinal.regression import FUNCTIONS, NETWORKS, Params, Target
from pages.parts.common import charts, provenance, waiting
from pages.parts.common.address import bound, folded
from pages.parts.common.words import plain

LAST, BY_EPOCH = "after the last epoch", "by epoch"
LIVE = Params(seeds=1, epochs=60, every=3)  # a minute's patience at most, on a slow machine
LARGEST_SEED = 9999
WHOSE = (
    "**Targets.** The paper's: the sum of the eight inputs, and their product. The definitions of its other two are "
    "not known to us; ours in their place: {ours}. Inputs are drawn evenly from [0, 1]; for the product from "
    "[{low:g}, {high:g}], because a product of eight numbers below 1 is nearly always nearly 0. A target is the "
    "function and Gaussian noise of σ = {sigma:g}."
)
NETWORK_WORDS = (
    "**FC**: 200 and 100 wide. **Spinal**: six layers of 50, all live. **Spinal as published**: two of its layers have "
    "no effect. **FC matched**: two equal layers with as many parameters as spinal. From one seed all see the same "
    "points in the same batches; one recipe for all, whose rate was chosen in a small trial with FC alone."
)


@folded("Does it fit functions better? The regression experiment on held-out data", "spinal regression")
def show() -> None:
    """Reads the packaged record when opened."""
    found = regression.measured()
    if found is not None:
        packaged(*found)
    else:
        provenance.missing("measure-spinal-regression")
    papers()
    live()


def packaged(result: regression.Result, record: dict[str, object]) -> None:
    finding = regression_figures.finding(result)
    st.markdown(f"**{plain(finding)}**")
    shown = bound(
        st.segmented_control, "Held-out error", [LAST, BY_EPOCH], default=LAST, required=True,
        key="spinal-regression-view",
    )  # fmt: skip
    draw = regression_figures.panels if shown == LAST else regression_figures.by_epoch
    charts.show(
        draw(result, dark=charts.dark()),
        f"spinal-regression-{'last' if shown == LAST else 'epochs'}",
        f"Held-out error of each network on each target, {shown}, with the noise floor. {finding}",
        regression_figures.table(result),
    )
    params = result.params
    ours = " and ".join(f"{f.title}, {f.formula}" for t in params.targets if not (f := FUNCTIONS[t]).papers)
    st.caption(
        f"Means over {params.seeds:d} seeds and, after the last epoch, their 95 % intervals (Student's t); each "
        "scale is the panel's own. *Better* and *worse*: the interval of the differences seed by seed leaves 0 out; "
        "about one comparison in twenty would by chance. "
        f"{plain(regression_figures.floor_words(result))}"
    )
    product = FUNCTIONS["product"]
    st.markdown(
        WHOSE.format(ours=plain(ours), sigma=float(params.sigma), low=float(product.low), high=float(product.high))
    )
    st.markdown(NETWORK_WORDS)
    st.markdown(f"**Dead layers.** {plain(regression_figures.dead_words(result))}")
    st.caption(
        f"{plain(record['optimiser'])}, batches of {params.batch:d}; half of the epochs is the middle of that cycle, "
        "not the end of a shorter one. " + provenance.again(record)
    )
    st.markdown(f"**Training loss is no test.** {plain(regression_figures.lowest_words(result))}")


def papers() -> None:
    st.markdown("**The paper's own numbers**, not measured here: the lowest loss of any training batch, no test set.")
    charts.numbers_table(
        regression_figures.paper_table(), width="content",
        alt="Training losses of the regression experiment as the paper reports them",
    )  # fmt: skip
    st.caption(
        "Kabir et al., arXiv 2007.03347. Its noise and inputs are not known to us: the scales are not comparable."
    )


def live() -> None:
    """One seed of each network, trained now in the inference worker."""
    st.markdown("#### Train one seed now")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target: Target = bound(
            st.selectbox, "Target function", list(FUNCTIONS), key="spinal-regression-target", width=200
        )
        seed = int(bound(st.number_input, "Seed", 0, LARGEST_SEED, key="spinal-regression-seed", width=140))
    function = FUNCTIONS[target]
    st.markdown(plain(f"{function.title.capitalize()} ({function.whose}): y = {function.formula} + noise"))
    if not st.toggle(f"Train {len(NETWORKS)} networks", key="spinal regression train"):
        return
    what = f"Training {len(NETWORKS)} networks for {LIVE.epochs} epochs on {LIVE.train:,} points"
    calls = [Call(regression.lesson, LIVE, target, network, seed) for network in NETWORKS]
    answers = waiting.ask_all(calls, what, "spinal regression")
    lessons = [answer for answer in answers if answer is not None]
    if not lessons:
        return
    charts.show(
        regression_figures.learned(lessons, dark=charts.dark()),
        "spinal-regression-live",
        f"What each network has learned of the {function.title}, beside the truth, and its held-out error by epoch",
        regression_figures.lesson_table(lessons),
    )
    st.caption(
        f"Seed {seed}, {LIVE.epochs} epochs on {LIVE.train:,} noisy points (σ = {LIVE.sigma:g}), tested on "
        f"{LIVE.test:,}. Left: all eight inputs take one value, over the range where nearly all points have their "
        "mean. One seed ranks nobody: the figure above has the intervals."
    )
