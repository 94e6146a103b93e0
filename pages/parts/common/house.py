"""The app's frame: page settings, the image tray, and one page a study."""

from __future__ import annotations

import streamlit as st

from core import cache
from core.base.prose import section
from core.studies import STUDIES
from pages.parts.common import frame, handed, reader, seen, tray


def show() -> None:
    """One run of the script."""
    st.set_page_config("Receptive", "assets/icon.png", layout="wide")
    st.html(frame.STYLE)
    reader.begin()
    handed.hold()
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
    handed.drawn()
    cache.warm_up()
