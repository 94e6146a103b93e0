"""How bright is it?"""

from __future__ import annotations

import streamlit as st
from core.studies.toy import STUDY, light

from pages.parts.common import frame, provenance, tray
from pages.parts.common.words import plain

frame.require(STUDY.slug)
provenance.heading(STUDY)
st.markdown(plain(light.finding(light.run([], tray.chosen().image, light.Params()))))
