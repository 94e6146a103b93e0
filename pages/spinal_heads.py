"""Does feeding the input bit by bit pay? The page of core/studies/spinal/heads.py."""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import cache
from core.base.prose import section
from core.data.sets import DATASETS, TORCHVISION
from core.networks import families, packaged
from core.studies.spinal import STUDY, heads
from pages.parts.common import frame, provenance, stage, take_away, tray
from pages.parts.spinal import answers, choose, diagram, hero, measured, pad, photographs, reading, regression, why
from pages.parts.spinal import any as spinal_any
from pages.parts.spinal import race as spinal_race

DIGIT_CLASSES = 10
ANY_FIRST = "lite0"


def data_name(dataset: str) -> str:
    """What a command calls the data of a race."""
    return dataset if dataset in DATASETS or dataset.lower().startswith(TORCHVISION) else "FOLDER"


frame.require(STUDY.slug)
provenance.heading(STUDY)
picture, at = tray.chosen(), hero.places()
read = reading.choose(at, picture)
if pad.BESIDE in st.session_state:
    at = pad.show(at)
params = None
with frame.going_on():
    if read == "photographs":
        params = photographs.show(at, picture, tray.held())
    else:
        answers.show(at, *reading.digit(read, picture), picture, tray.held())

st.header(section("spinal_heads", "race title"), anchor="race")
provenance.badges([packaged.cards()[name] for name in families.HEADED.values() if name in packaged.cards()])
data, wanted = choose.controls()
raced, head = st.container(), st.container()
with head:
    st.subheader(section("spinal_heads", "head title"), anchor="head")
    sizes = choose.params(wanted, choose.shape(str(wanted["backbone"])))
    cache.wait_until_warm()
    if sizes is not None:
        diagram.show(sizes, data.classes if data and data.classes else DIGIT_CLASSES)
result = None
with raced, frame.going_on():
    result = spinal_race.show(data, sizes)

with frame.going_on():
    why.show()
st.header(section("spinal_heads", "measured title"), anchor="measured")
for show in (
    *([partial(photographs.race, params)] if params is not None else []),
    measured.show,
    partial(spinal_any.show, ANY_FIRST),
    regression.show,
):
    with frame.going_on():
        show()
stage.try_next(STUDY)
if result is not None:
    shown, name = heads.params_of(result), data_name(result.dataset)
    take_away.show(
        STUDY.slug,
        heads.table(result),
        lambda source: heads.command(shown, name),
        lambda source: heads.snippet(shown, name),
        picture,
    )
