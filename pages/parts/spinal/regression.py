"""Fitting functions: the regression experiment on held-out data, and one seed of it trained while the reader waits."""

from __future__ import annotations

import streamlit as st

from core.base.records import record_of
from core.studies.spinal import regression, regression_figures
from core.studies.spinal.regression import COMMAND, FUNCTIONS, NETWORKS, RECORD, Lesson, Network, Params, Target
from pages.parts.common import charts, waiting
from pages.parts.common.address import bound
from pages.parts.common.words import again, plain

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


def show() -> None:
    """Folded away; reads the packaged record when opened."""
    with bound(
        st.expander,
        "Does it fit functions better? The regression experiment on held-out data",
        key="spinal regression",
        on_change="rerun",
    ) as box:
        if not box.open:
            return
        if RECORD.is_file():
            packaged(record_of(RECORD))
        else:
            st.markdown(f"Not measured on this machine yet: run `{COMMAND}`.")
        papers()
        live()


def packaged(record: dict[str, object]) -> None:
    result = regression.from_dict(record["result"])
    finding = regression_figures.finding(result)
    st.markdown(f"**{plain(finding)}**")
    shown = bound(
        st.segmented_control, "Held-out error", [LAST, BY_EPOCH], default=LAST, required=True,
        key="spinal-regression-view",
    )  # fmt: skip
    draw = regression_figures.panels if shown == LAST else regression_figures.by_epoch
    charts.show(draw(result), f"spinal-regression-{'last' if shown == LAST else 'epochs'}")
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
        "not the end of a shorter one. " + again(record["command"], record["date"], record["commit"])
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
    answers = waiting.compute([task(target, network, seed) for network in NETWORKS], what, "spinal regression")
    lessons = [answer for answer in answers if answer is not None]
    if not lessons:
        return
    charts.show(regression_figures.learned(lessons), "spinal-regression-live")
    st.caption(
        f"Seed {seed}, {LIVE.epochs} epochs on {LIVE.train:,} noisy points (σ = {LIVE.sigma:g}), tested on "
        f"{LIVE.test:,}. Left: all eight inputs take one value, over the range where nearly all points have their "
        "mean. One seed ranks nobody: the figure above has the intervals."
    )


def task(target: Target, network: Network, seed: int) -> waiting.Task[Lesson]:
    name = ("spinal regression", LIVE, target, network, seed)
    return name, lambda progress: regression.lesson(LIVE, target, network, seed, progress)
