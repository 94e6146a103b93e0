"""The networks that a command is asked about: those that it names, or its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from core import networks
from core.networks import brought
from core.networks.download import WeightsError
from core.networks.own_options import ASIS, FileOptions

if TYPE_CHECKING:
    from core.networks.card import Network


def asked(named: Sequence[str], otherwise: Sequence[str], options: FileOptions = ASIS) -> list[Network]:
    """The networks that a command names; by default its own, without those that are damaged, which is said.

    Raises WeightsError, UnknownModelError.
    """
    return networks.open_networks(named or intact(otherwise), options)


def intact(names: Sequence[str]) -> list[str]:
    """Those of a command's own networks that are whole; the others are said on stderr.

    Raises WeightsError if none is.
    """
    found = [card.name for card in brought.intact(names, lambda said: typer.echo(said, err=True))]
    if not found:
        raise WeightsError(f"expected one of {', '.join(names)}, found none that is whole: install Receptive again")
    return found
