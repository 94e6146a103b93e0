"""The bar of a long command, and what tells it how far the work is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from core.base.worker import Progress


@contextmanager
def behind_bar(label: str) -> Iterator[Progress]:
    """A line with a bar and the time left, which the progress that is given moves."""
    with typer.progressbar(length=100, label=label) as bar:
        yield lambda done, total: bar.update(100 * done // max(total, 1) - bar.pos)
