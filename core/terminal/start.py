"""`receptive app`: the dashboard, from any folder."""

from __future__ import annotations

import runpy
import sys
from typing import Annotated

import typer

from core.base.files import APP_FOLDER
from core.base.refuse import within

app = typer.Typer()


@app.command("app")
def start(
    port: Annotated[int, typer.Option(help="Where the browser finds it.")] = 8501,
    address: Annotated[str, typer.Option(help="0.0.0.0 for a class: then others reach it.")] = "localhost",
) -> None:
    """Start the dashboard and open it in the browser."""
    within(("a port of {}", port, (1, 65_535)))
    # the settings in .streamlit beside app.py hold wherever this is started; Streamlit ends the process itself
    place = ["--server.port", str(port), "--server.address", address]
    sys.argv = ["streamlit", "run", str(APP_FOLDER / "app.py"), *place]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
