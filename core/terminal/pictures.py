"""The picture that a command is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from core.pictures import samples

if TYPE_CHECKING:
    from core.pictures.image import RGBImage


def read_picture(photo: str) -> RGBImage:
    """A file, sample:NAME or stretched:FILE; what is to be known of how it was read is said on stderr.

    Raises ImageError, OSError, or ValueError for an unknown sample.
    """
    image = samples.read_picture(photo)
    if image.note:
        more = f" Give {samples.STRETCHED}{photo} for that." if image.narrow else ""
        typer.echo(f"{photo}: {image.note}{more}", err=True)
    return image
