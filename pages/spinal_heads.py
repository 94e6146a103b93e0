"""Does feeding the input bit by bit pay? The page of core/studies/spinal/heads.py."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import cache
from core.data.sets import DATASETS, TORCHVISION
from core.networks import families, packaged
from core.pictures.drawn import sort_of
from core.studies.spinal import STUDY, heads
from pages.parts.common import frame, provenance, take_away, tray
from pages.parts.spinal import answers, choose, diagram, measured, photographs, regression, why
from pages.parts.spinal import any as spinal_any
from pages.parts.spinal import race as spinal_race

DIGIT_CLASSES = 10
ANY_FIRST = "lite0"


def data_name(dataset: str) -> str:
    """What a command calls the data of a race."""
    return dataset if dataset in DATASETS or dataset.lower().startswith(TORCHVISION) else "FOLDER"


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture = tray.chosen()
photo = sort_of(picture.image) == "photograph"
if photo:
    with frame.going_on():
        photographs.show(picture, tray.held())
else:
    answers.show(picture, tray.held())
st.header("Trained from scratch: a race", anchor="race")
provenance.badges([packaged.cards()[name] for name in families.HEADED.values() if name in packaged.cards()])
data, race = choose.controls()
raced, head = st.container(), st.container()
with head:
    st.header("What a spinal head is", anchor="head")
    params = choose.params(race, choose.shape(str(race["backbone"])))
    cache.wait_until_warm()
    if params is not None:
        diagram.show(params, data.classes if data and data.classes else DIGIT_CLASSES)
result = None
with raced, frame.going_on():
    result = spinal_race.show(data, params)
if photo:
    answers.show(picture, tray.held())
for show in (
    measured.parts_of_the_head,
    measured.on_a_trained_network,
    partial(spinal_any.show, ANY_FIRST),
    regression.show,
    why.show,
    measured.show,
):
    with frame.going_on():
        show()
if result is not None:
    shown, name = heads.params_of(result), data_name(result.dataset)
    take_away.show(
        STUDY.slug,
        heads.table(result),
        lambda source: heads.command(shown, name),
        lambda source: heads.snippet(shown, name),
        picture,
    )
