"""`receptive download-data`: fetch a public data set once, for the pages and the other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command("download-data")
def download_data(
    name: Annotated[str, typer.Argument(help="A class of torchvision.datasets, such as STL10, or 'list'.")],
    out: Annotated[Path | None, typer.Option("--json", help="Where to write which folder it lies in.")] = None,
) -> None:
    """Fetch a public data set from its owner, once; it is then found as torchvision:NAME."""
    from core import torchvision_data
    from core.files import write_json

    if name == "list":
        for about in torchvision_data.SETS.values():
            here = "; on this machine" if torchvision_data.on_this_machine(about.name) else ""
            typer.echo(f"{about.word:25} {about.about}{here}")
        return
    if said := torchvision_data.announcement(name):
        typer.echo(said, err=True)
    folder = torchvision_data.download(name)
    if out is not None:
        write_json(out, {"name": torchvision_data.named(name), "folder": str(folder)})
    typer.echo(str(folder))
