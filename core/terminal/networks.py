"""Commands that list networks and fetch published ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.base.files import write_json
from core.networks import brought, find, packaged, published
from core.networks.card import COME_ALONG, TIMM
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
    cards = [card for card in named.values() if every or card.kind in (*COME_ALONG, "user")]
    if out is not None:
        write_json(out, coverage.table(cards))
    for card in cards:
        typer.echo(f"{card.name}: {card.provenance}")
        for cell in coverage.row(card):
            typer.echo(f"  {cell.mark} {cell.part.name}{cell.more}")
    typer.echo(coverage.finding(cards))


@app.command()
def download(
    network: Annotated[str, typer.Argument(help="A published network's name, such as bagnet33 or timm:NAME.")],
) -> None:
    """Fetch published weights from their owners, once; the app and the other commands find them."""
    card = find(network) if network.startswith(TIMM) else packaged.published_card(published.published(network).name)
    with typer.progressbar(length=100, label=network) as bar:
        path = packaged.fetch(card, lambda done, total: bar.update(round(100 * done / total) - bar.pos if total else 0))
    typer.echo(str(path))
