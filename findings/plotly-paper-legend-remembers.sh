#!/usr/bin/env bash
# Guess before running: a responsive figure looks the same at a width whatever the width was before, so a horizontal
# legend that is anchored to the plot (yref="paper") comes back to its place when the window does.
# What happens, with plotly 7.1.0 (plotly.js 4.1.1) in Chromium: after the window was narrower the legend stays up to a
# dozen pixels off, over the plot's edge; one that is anchored to the figure (yref="container") is in its place.
# Needs a Chromium on this machine.
set -euo pipefail
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q plotly==7.1.0 playwright==1.65.2 2>/dev/null
"$venv/bin/python" - "$chromium" <<'PY'
import sys
import plotly
import plotly.graph_objects as go
from playwright.sync_api import sync_playwright
from plotly.offline import get_plotlyjs, get_plotlyjs_version

ANCHORS = {"paper": {"y": 1.02, "yanchor": "bottom"}, "container": {"y": 1, "yanchor": "top"}}

def figure(yref):
    bars = [go.Bar(x=[1, 2], y=[3, i + 1], name=f"series number {i} with a long name") for i in range(6)]
    legend = {"orientation": "h", "x": 0, "xanchor": "left", "yref": yref, **ANCHORS[yref]}
    return go.Figure(bars).update_layout(height=300, margin={"l": 60, "r": 20, "t": 80, "b": 40}, legend=legend).to_json()

boxes = "".join(f"<div id={yref}></div>" for yref in ANCHORS)
draw = "".join(
    f"(f => Plotly.newPlot('{yref}', f.data, f.layout, {{responsive: true}}))({figure(yref)});" for yref in ANCHORS
)
html = f"<body style='margin:0'>{boxes}<script>{get_plotlyjs()}</script><script>{draw}</script>"
TOP = """yref => { const box = document.getElementById(yref);
  return box.querySelector('.legend').getBoundingClientRect().y - box.getBoundingClientRect().y }"""
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[1], args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_content(html)
    tops = []
    for width in (1440, 1024, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(2000)
        tops.append({yref: round(page.evaluate(TOP, yref), 1) for yref in ANCHORS})
    browser.close()
print(f"plotly {plotly.__version__}, plotly.js {get_plotlyjs_version()}: px from the figure's top at 1440 px, after 1024 px:",
      tops[0], tops[2])
assert abs(tops[0]["container"] - tops[2]["container"]) < 1, "an anchor to the figure remembers too now"
assert abs(tops[0]["paper"] - tops[2]["paper"]) > 5, "an anchor to the plot comes back now"
PY
# Seen: at 1440 px {'paper': 28.4, 'container': 0}, after 1024 px {'paper': 16.4, 'container': 0}
