#!/usr/bin/env bash
# Guess before running: a number_input bound to the address (bind="query-params") keeps its default when the address
# holds what is no number for it, as it does for letters.
# What happens, with Streamlit 1.67.0: letters, and numbers beyond the limits, are mended; a value that becomes infinity
# as a float (1e309) raises OverflowError in a whole-number input, and the page ends in an exception.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q streamlit==1.67.0 2>/dev/null
"$venv/bin/python" - 2>/dev/null <<'PY'
import streamlit
from streamlit.testing.v1 import AppTest

PAGE = """
import streamlit as st
st.text(st.number_input("n", 0, 100, 5, key="n", bind="query-params"))
"""

seen = {}
for value in ("abc", "12", "101", "1e309"):
    app = AppTest.from_string(PAGE)
    app.query_params["n"] = value
    app.run()
    seen[value] = "the exception page" if app.exception else app.text[0].value
print(f"Streamlit {streamlit.__version__}: {seen}")
assert seen["abc"] == "5" and seen["12"] == "12"
assert seen["1e309"] == "the exception page", "infinity is mended now"
PY
# Seen: Streamlit 1.67.0: {'abc': '5', '12': '12', '101': '5', '1e309': 'the exception page'}
