"""Commands that list networks and fetch published ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.base.files import write_json
from core.networks import brought, packaged, published
from core.networks import download as networks_download
from core.overview import coverage
from core.terminal.commands import app


@app.command("networks")
def list_networks(
    every: Annotated[bool, typer.Option("--all", help="Also those that are downloaded on demand.")] = False,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the matrix.")] = None,
) -> None:
    """Which network runs in which study, and why not where it does not."""
    for said in packaged.left_out().values():
        typer.echo(said, err=True)
    named = packaged.cards() | brought.plugged()
    cards = [card for card in named.values() if every or card.kind in ("trained here", "user")]
    if out is not None:
        write_json(out, coverage.table(cards))
    for card in cards:
        typer.echo(f"{card.name}: {card.provenance}")
        for cell in coverage.row(card):
            typer.echo(f"  {cell.mark} {cell.part.name}{cell.more}")
    typer.echo(coverage.finding(cards))


@app.command()
def download(network: Annotated[str, typer.Argument(help="A published network's name, such as bagnet33.")]) -> None:
    """Fetch published weights from their owners, once; the app and the other commands find them."""
    about = published.published(network)
    with typer.progressbar(length=100, label=network) as bar:
        path = networks_download.download(
            about, progress=lambda done, total: bar.update(round(100 * done / total) - bar.pos if total else 0)
        )
    typer.echo(str(path))
