"""Does feeding the input bit by bit pay? The page of core/studies/spinal_heads.py."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import cache, networks
from core.datasets import DATASETS, TORCHVISION
from core.studies import STUDIES, spinal_heads
from pages.parts import (
    frame,
    provenance,
    spinal_ablation,
    spinal_answers,
    spinal_any,
    spinal_choose,
    spinal_diagram,
    spinal_measured,
    spinal_race,
    spinal_regression,
    spinal_transfer,
    spinal_why,
    take_away,
    tray,
)

STUDY = next(s for s in STUDIES if s.slug == "spinal_heads")
DIGIT_CLASSES = 10
ANY_FIRST = "photo_resnet"


def data_name(dataset: str) -> str:
    """What a command calls the data of a race."""
    return dataset if dataset in DATASETS or dataset.lower().startswith(TORCHVISION) else "FOLDER"


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture = tray.chosen()
provenance.badges([networks.cards()[name] for name in networks.HEADED.values() if name in networks.cards()])
data, race = spinal_choose.controls()
raced, head = st.container(), st.container()
with head:
    st.header("What a spinal head is", anchor="head")
    params = spinal_choose.params(race, spinal_choose.shape(str(race["backbone"])))
    cache.wait_until_warm()
    if params is not None:
        spinal_diagram.show(params, data.classes if data and data.classes else DIGIT_CLASSES)
result = None
with raced, frame.going_on():
    result = spinal_race.show(data, params)
spinal_answers.show(picture, tray.held())
for show in (
    spinal_ablation.show,
    spinal_transfer.show,
    partial(spinal_any.show, ANY_FIRST),
    spinal_regression.show,
    spinal_why.show,
    spinal_measured.show,
):
    with frame.going_on():
        show()
if result is not None:
    shown, name = spinal_heads.params_of(result), data_name(result.dataset)
    take_away.show(
        STUDY.slug,
        spinal_heads.table(result),
        lambda source: spinal_heads.command(shown, name),
        lambda source: spinal_heads.snippet(shown, name),
        picture,
    )
