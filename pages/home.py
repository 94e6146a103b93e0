"""What this is, what each study asks, and the first finding at a glance."""

from __future__ import annotations

import streamlit as st

from core import first_look, networks
from core.samples import DEFAULT_SAMPLE, load_sample
from core.studies import STUDIES, shift_dataset, shift_figures, shift_sweep
from core.weights import ASSETS
from pages.parts import charts

st.title("Five ways to watch a network see")
st.markdown(
    "Drop a photo into the tray on the left and see what papers found out about convolutional networks, "
    "on networks that you can ask yourself. Everything runs on this machine; nothing leaves it unasked."
)

cards = [networks.find(name) for name in networks.DEFAULT_NETWORKS if name in networks.cards()]
sample = load_sample(DEFAULT_SAMPLE)
result = first_look.find(cards, sample.digest, shift_sweep.Params())
for study in STUDIES:
    with st.container(border=True):
        st.subheader(study.question)
        st.caption(f"[{study.paper}]({study.link})")
        if result is not None:
            titles = [card.title for card in cards]
            st.markdown(shift_sweep.finding(result, titles))
            charts.show(
                shift_figures.maps(result, titles, dark=charts.dark()),
                "home-maps",
                "Maps of the probability of the cat's class over all shifts, one for each network",
            )
        st.page_link(f"pages/{study.slug}.py", label=f"Open {study.title}", icon=study.icon)

records = shift_dataset.measured(ASSETS / "results" / "shift_sweep")
if records:
    st.subheader("Measured by this project")
    st.dataframe(
        {
            "network": list(records),
            "accuracy, %": [round(100 * (r.summary.accuracy or 0), 2) for r in records.values()],
            "consistency, %": [round(100 * r.summary.consistency, 2) for r in records.values()],
            "pictures": [r.summary.images for r in records.values()],
            "data": [r.data for r in records.values()],
            "date": [r.date for r in records.values()],
        },
        hide_index=True,
        alt="Accuracy and consistency of every packaged network",
    )
    st.caption("Each row comes from a file in assets/results, written by `receptive measure NETWORK`.")
