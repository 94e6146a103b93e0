"""Start the app with `streamlit run app.py`: the server first, and what pages need of the house while it starts."""

from __future__ import annotations

import streamlit as st

if __name__ == "__main__":
    from pages.parts.common import house

    house.show()
else:  # imported by `streamlit run`, which serves this in place of Streamlit's bare server
    from starlette.middleware import Middleware

    from core.base import memory
    from pages.parts.common import doors
    from pages.parts.home import ahead

    memory.keep()
    ahead.begin()
    app = st.App(__file__, middleware=[Middleware(doors.Door)])
