"""Where a house shows its studies, printed as JSON: run in a copy of the house that has the toy study."""

import json
from pathlib import Path

import pyarrow.parquet
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from core.overview import board
from core.terminal import app

begin = PagesManager.__init__


def with_navigation(self: PagesManager, *args: object, **kwargs: object) -> None:
    """AppTest makes every run a server's first, for which Streamlit takes pages/ for an old-style app."""
    begin(self, *args, **kwargs)
    PagesManager.uses_pages_directory = False


def page(**query: str) -> list[str]:
    """What a page says, and the pages that it links to."""
    shown = AppTest.from_file(Path("app.py").resolve(), default_timeout=300)
    for name, value in query.items():
        shown.query_params[name] = value
    said: list[str] = []
    while not any(one.startswith("The toy sees") for one in said):  # Home does not wait for its looks
        shown.run()
        said = [element.value for element in (*shown.title, *shown.subheader, *shown.markdown, *shown.exception)]
        assert not shown.exception, said
    return [*said, *(link.proto.label for link in shown.get("page_link"))]


def terminal(*words: str) -> str:
    return CliRunner().invoke(app, words).output


PagesManager.__init__ = with_navigation
found = {
    "page": page(study="toy_light"),
    "home": page(),
    "help": terminal("--help"),
    "limits": terminal("toy-light", "sample:cat", "--gain", "10"),
    "command": terminal("toy-light", "sample:cat", "--gain", "3", "--json", "out.json"),
    "result": json.loads(Path("out.json").read_text()),
    "batch": terminal("batch", "toy-light", "pictures", "--jobs", "1", "--set", "gain=4", "--out", "rows.parquet"),
    "rows": pyarrow.parquet.read_table("rows.parquet").to_pylist(),
    "claims": terminal("claims", "--study", "toy-light"),
    "verdicts": {claim.name: verdict for claim, _, verdict in board.board()},
    "networks": terminal("networks"),
    "report": terminal("report", "sample:cat", "--out", "report.html"),
    "printed": Path("report.html").read_text(),
}
found["printed"] = [line for line in found["printed"].splitlines() if "oy" in line and len(line) < 400]
print(json.dumps(found))
