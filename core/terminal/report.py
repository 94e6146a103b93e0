"""`receptive report`: all five studies of a picture on one page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from core.base.files import behind_links, write_text
from core.networks.own_options import FileOptions
from core.pictures.image import RGBImage
from core.pictures.samples import SAMPLE, SAMPLES
from core.report.page import ask, finished, study_at
from core.studies import STUDIES
from core.terminal.own_file import with_file_options
from core.terminal.say import read_picture

app = typer.Typer()


@app.command()
@with_file_options
def report(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("report.html"),
    model: Annotated[
        list[str],
        typer.Option(help="A network's name or weights file, in place of the defaults in every study that takes it."),
    ] = [],  # noqa: B006
    title: Annotated[str, typer.Option(help="What the picture is called; by default its file's name.")] = "",
    *,
    options: FileOptions,
) -> None:
    """All five studies of a picture on one page that reads offline and prints."""
    image, known = picture(photo)
    if out.is_dir():
        raise ValueError(f"expected a file to write, got the folder {out}: give --out FOLDER/report.html")
    behind_links(out).parent.mkdir(parents=True, exist_ok=True)
    asked = ask(image, title or known, model, photo, options)  # before the bar: an error is one line
    with typer.progressbar(length=100, label=STUDIES[0].title, file=sys.stderr) as bar:

        def watch(done: int, total: int) -> None:
            bar.label = study_at(done, total).title
            bar.update(100 * done // max(total, 1) - bar.pos)

        html = finished(asked, watch)
    write_text(out, html)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def picture(photo: str) -> tuple[RGBImage, str]:
    """The picture, and what it is called; a sample's maker and licence go with it. Raises as `read_picture` does."""
    image = read_picture(photo)
    if not photo.startswith(SAMPLE):
        return image, Path(photo).name
    sample = next(s for s in SAMPLES if s.name == photo.removeprefix(SAMPLE))
    return image, f"{sample.title} ({sample.credit})"
