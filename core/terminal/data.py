"""`receptive download-data`: fetch a public data set once, for the pages and the other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.base.files import write_json
from core.data import public

app = typer.Typer()


@app.command("download-data")
def download_data(
    name: Annotated[str, typer.Argument(help="A class of torchvision.datasets, such as STL10, or 'list'.")],
    out: Annotated[Path | None, typer.Option("--json", help="Where to write which folder it lies in.")] = None,
) -> None:
    """Fetch a public data set from its owner, once; it is then found as torchvision:NAME."""
    if name == "list":
        for about in public.SETS.values():
            here = "; on this machine" if public.on_this_machine(about.name) else ""
            typer.echo(f"{about.word:25} {about.about}{here}")
        return
    if said := public.announcement(name):
        typer.echo(said, err=True)
    folder = public.download(name)
    if out is not None:
        write_json(out, {"name": public.named(name), "folder": str(folder)})
    typer.echo(str(folder))
