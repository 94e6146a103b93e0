"""What the five papers claim, what was measured here, and where each can be seen."""

from __future__ import annotations

import streamlit as st

from core.base.prose import section
from core.overview import board
from pages.parts.claims import scoreboard
from pages.parts.common import frame

frame.require("claims")
st.title(section("claims", "title"))
rows = board.board()
scoreboard.glance(rows)
scoreboard.show()
