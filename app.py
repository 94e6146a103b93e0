"""The app's frame: page settings, the image tray, and one page a study. Start it with `streamlit run app.py`."""

from __future__ import annotations

import pandas  # noqa: F401  # whole, before warm_up: Plotly looks at it and must not meet it half imported
import streamlit as st
from starlette.middleware import Middleware

from core import cache
from core.base.prose import section
from core.studies import STUDIES
from pages.parts.common import doors, frame, reader, seen, tray


def page() -> None:
    """One run of the script."""
    st.set_page_config("Receptive", "assets/icon.png", layout="wide")
    st.html(frame.STYLE)
    reader.begin()
    home = st.Page("pages/home.py", title=section("common", "home"), icon=":material/home:", default=True)
    bench = st.Page("pages/networks.py", title=section("common", "networks"), icon=":material/hub:")
    claims = st.Page("pages/claims.py", title=section("claims", "name"), icon=":material/fact_check:")
    lesson = st.Page("pages/in_class.py", title=section("class", "title"), icon=":material/school:")
    studies = {s.slug: st.Page(f"pages/{s.slug}.py", title=s.title, icon=s.icon) for s in STUDIES}
    chosen = st.navigation({"": [home, bench, claims, lesson], section("common", "studies"): list(studies.values())})
    frame.leave_old_style()
    frame.follow_permalink(studies | {"networks": bench, "claims": claims, "in_class": lesson})
    if chosen == home and any(name.startswith("claims-") for name in st.query_params):
        st.switch_page(claims, query_params=frame.settings())  # the board once stood on Home
    seen.begin()
    with st.sidebar:
        tray.show()
        reader.controls()
    seen.show()
    frame.run(chosen)
    cache.warm_up()


if __name__ == "__main__":
    page()
else:  # imported by `streamlit run`, which serves this in place of Streamlit's bare server
    app = st.App(__file__, middleware=[Middleware(doors.Door)])
