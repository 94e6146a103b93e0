"""What commands say and read alike: the picture, the networks, the data set, and the bar of a long one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import typer

from core import data as core_data
from core import networks
from core.base.worker import Progress
from core.data import public, sets
from core.data.split import Pictures
from core.networks import brought, families
from core.networks.card import Network
from core.networks.download import WeightsError
from core.networks.own_options import ASIS, FileOptions
from core.pictures import samples
from core.pictures.image import RGBImage

DATA = typer.Option(
    "--data", help="Folder with train/CLASS/ and test/CLASS/ pictures; without it torchvision downloads."
)
INTERRUPTED = 130  # what a shell says of a command that Ctrl-C stopped


@contextmanager
def behind_bar(label: str) -> Iterator[Progress]:
    """A line with a bar and the time left, which the progress that is given moves."""
    with typer.progressbar(length=100, label=label) as bar:
        yield lambda done, total: bar.update(100 * done // max(total, 1) - bar.pos)


def read_picture(photo: str) -> RGBImage:
    """A file, sample:NAME or stretched:FILE; what is to be known of how it was read is said on stderr.

    Raises ImageError, OSError, or ValueError for an unknown sample.
    """
    image = samples.read_picture(photo)
    if image.note:
        more = f" Give {samples.STRETCHED}{photo} for that." if image.narrow else ""
        typer.echo(f"{photo}: {image.note}{more}", err=True)
    return image


def asked(named: Sequence[str], otherwise: Sequence[str], options: FileOptions = ASIS) -> list[Network]:
    """The networks that a command names; by default its own, without those that are damaged, which is said.

    Raises WeightsError, UnknownModelError.
    """
    return networks.open_networks(named or intact(otherwise), options)


def intact(names: Sequence[str]) -> list[str]:
    """Those of a command's own networks that are whole, or of those that take their place; others are said on stderr.

    Raises WeightsError if none is.
    """
    whole = partial(brought.intact, say=partial(typer.echo, err=True))
    found = [card.name for card in whole(names) or whole(families.INSTEAD.get(tuple(names), ()))]
    if not found:
        raise WeightsError(f"expected one of {', '.join(names)}, found none that is whole: install Receptive again")
    return found


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
