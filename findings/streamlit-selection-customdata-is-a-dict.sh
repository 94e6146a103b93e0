#!/usr/bin/env bash
# Guess before running: the customdata of a selected point comes back from st.plotly_chart(on_select=...) as they went in:
# a row of a table, as a list.
# What happens, with Streamlit 1.67.0 and plotly 7.1.0: so it is for lists and for tables with words in them; but the rows
# of a table of numbers (NumPy, or Plotly Express' custom_data) come as a dict whose keys are "0", "1": Plotly sends such
# a table as typed bytes, whose rows the browser turns into JSON as objects. `row, column = point["customdata"]` then
# raises nothing and gives "0" and "1", the column numbers, for every point: int(row), int(column) is always the same patch.
# Instead: customdata=table.tolist(), or one number per point and a look-up of the rest in Python.
# Needs a Chromium on this machine.
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q streamlit==1.67.0 plotly==7.1.0 pandas==3.1.1 numpy==2.4.6 playwright==1.65.2 2>/dev/null
cat > "$work/app.py" <<'PY'
import json

import numpy as np, pandas as pd
import plotly.express as px, plotly.graph_objects as go
import streamlit as st

table = np.array([[7, 70], [8, 80], [9, 90]])  # the row and the column of each patch
rows = pd.DataFrame({"x": [0.0, 1.0, 2.0], "row": table[:, 0], "column": table[:, 1]})


def points(customdata):
    return go.Figure(go.Scatter(x=rows["x"], y=rows["x"], mode="markers", customdata=customdata))


figures = {"list": points(table.tolist()), "words": points(table.astype(str)), "one number": points(table[:, 0]),
           "table": points(table), "express": px.scatter(rows, x="x", y="x", custom_data=["row", "column"])}
for name, figure in figures.items():
    event = st.plotly_chart(figure.update_layout(height=250, dragmode="select"), key=name, on_select="rerun")
    st.text(json.dumps([name, [point["customdata"] for point in event.selection.points]]))
PY
cat > "$work/look.py" <<'PY'
import json, socket, subprocess, sys, time, urllib.request
from importlib.metadata import version

from playwright.sync_api import sync_playwright

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{free.getsockname()[1]}"
options = {"address": address.split(":")[0], "port": address.split(":")[1], "headless": "true", "fileWatcherType": "none"}
server = subprocess.Popen([sys.executable, "-m", "streamlit", "run", sys.argv[1], "--browser.gatherUsageStats", "false",
                           *(f"--server.{key}={value}" for key, value in options.items())],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    for _ in range(120):
        try:
            urllib.request.urlopen(f"http://{address}/_stcore/health")
            break
        except OSError:
            time.sleep(0.5)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=sys.argv[2], args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1000, "height": 2000})
        page.goto(f"http://{address}")
        plots, said = page.locator(".js-plotly-plot .nsewdrag"), page.locator("[data-testid=stText]")
        page.wait_for_function("document.querySelectorAll('.js-plotly-plot .nsewdrag').length == 5", timeout=60000)
        page.wait_for_timeout(1000)
        for i in range(5):  # a box from corner to corner
            box = plots.nth(i).bounding_box()
            page.mouse.move(box["x"] + 3, box["y"] + 3)
            page.mouse.down()
            for share in (0.5, 1):
                page.mouse.move(box["x"] + share * box["width"] - 3, box["y"] + share * box["height"] - 3, steps=5)
            page.mouse.up()
            page.wait_for_function("i => !document.querySelectorAll('[data-testid=stText]')[i].textContent.endsWith('[]]')",
                                   arg=i, timeout=30000)
        seen = dict(json.loads(text) for text in said.all_inner_texts())
        browser.close()
finally:
    server.terminate()
    server.wait()
print(f"Streamlit {version('streamlit')}, plotly {version('plotly')}: customdata of the first of three points:")
for name, values in seen.items():
    print(f"  {name}: {values[0]}")
    assert len(values) == 3
assert seen["list"] == [[7, 70], [8, 80], [9, 90]] and seen["words"][0] == ["7", "70"] and seen["one number"] == [7, 8, 9]
assert seen["table"] == seen["express"] == [{"0": 7, "1": 70}, {"0": 8, "1": 80}, {"0": 9, "1": 90}], "rows are lists now"
row, column = seen["table"][2]
assert (row, column) == ("0", "1")
PY
"$work/venv/bin/python" "$work/look.py" "$work/app.py" "$chromium"
# Seen: Streamlit 1.67.0, plotly 7.1.0: list [7, 70], words ['7', '70'], one number 7, table and express {'0': 7, '1': 70}
