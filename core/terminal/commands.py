"""The terminal's app: every module of commands puts its own on it."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from core.base.records import in_words


class Commands(TyperGroup):
    """All commands: what goes wrong in any of them is one line on stderr and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the words name. Raises typer.Exit with code 2 for what goes wrong in it."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # of `receptive networks | head`: typer ends quietly
            raise
        except (ValueError, OSError) as error:
            typer.echo(in_words(error), err=True)
            raise typer.Exit(2) from error


app = typer.Typer(help="Five ways to watch a network see.", cls=Commands, no_args_is_help=True, add_completion=False)
