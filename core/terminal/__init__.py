"""The terminal: `receptive COMMAND --help`."""

from __future__ import annotations

import sys

import typer

from core.base import memory
from core.terminal import batch, claims, data, measure, networks, numbers, report, start, studies, train
from core.terminal.commands import app

__all__ = ["app", "main", "networks", "studies"]

for module in (start, numbers, train, report, batch, data, claims, measure):
    app.add_typer(module.app)


def main() -> None:
    """Run the command; what is wrong with the words of a command is one line on stderr and exit code 2."""
    memory.keep()
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer raises has no public name of its own
            raise
        if message := error.format_message():
            typer.echo(f"{message} Try --help.", err=True)
        else:
            error.show()  # type: ignore[attr-defined]  # no command at all: the list of them
        code = 2
    sys.exit(code)
