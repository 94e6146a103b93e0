"""What commands say and read alike."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from core import data as core_data
from core.base.worker import Progress
from core.data import named, public, sets
from core.terminal.bar import behind_bar

if TYPE_CHECKING:
    from core.data.split import Pictures, Split


def read_dataset(name: str, root: Path | None, size: int) -> Pictures:
    """A named data set, torchvision:NAME, or the reader's folder or zip.

    What is about to be downloaded and what was left out is said on stderr.
    """
    if name.lower().startswith(sets.TORCHVISION) and (said := public.announcement(name, root)):
        typer.echo(said, err=True)
    data = core_data.open_data(name, root, size)
    for line in data.lines:
        typer.echo(line, err=True)
    return data


def class_index(target: str, labels: tuple[str, ...]) -> int | None:
    """The class meant by a label or an index. Raises ValueError with the nearest labels."""
    if not target:
        return None
    if target.isdecimal():
        return int(target)
    if target in labels:
        return labels.index(target)

    near = difflib.get_close_matches(target, labels, n=3, cutoff=0)
    raise ValueError(f"expected a class of the network, got {target!r}: did you mean {', '.join(near)}?")


DATA = typer.Option(
    "--data", help="Folder with train/CLASS/ and test/CLASS/ pictures; without it torchvision downloads."
)


def load(name: str, data: Path | None, *splits: str) -> list[Split]:
    """Splits of a data set. Raises DataError, OSError."""
    return [named.load(name, data, split) for split in splits]


def with_bar(label: str, measure: Callable[[Progress], Path]) -> None:
    """Run `measure(progress)` behind a bar and say which file it wrote."""
    with behind_bar(label) as progress:
        path = measure(progress)
    typer.echo(str(path))
