"""`receptive report`: all five studies of a picture on one page."""

from __future__ import annotations

import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.image import RGBImage

app = typer.Typer()


@app.command()
def report(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    out: Annotated[Path, typer.Option(help="Where to write the page.")] = Path("report.html"),
    model: Annotated[
        list[str],
        typer.Option(help="A network's name or weights file, in place of the defaults in every study that takes it."),
    ] = [],  # noqa: B006
    title: Annotated[str, typer.Option(help="What the picture is called; by default its file's name.")] = "",
) -> None:
    """All five studies of a picture on one page that reads offline and prints."""
    image, known = picture(photo)
    if out.is_dir():
        raise ValueError(f"expected a file to write, got the folder {out}: give --out FOLDER/report.html")
    out.parent.mkdir(parents=True, exist_ok=True)
    html = with_progress(image, title or known, model, photo)
    write(out, html)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def picture(photo: str) -> tuple[RGBImage, str]:
    """A picture file, or sample:NAME, and what it is called; a sample's maker and licence go with it.

    Raises ImageError, OSError, or ValueError for a sample that does not exist.
    """
    from core.image import decode
    from core.samples import SAMPLES, load_sample

    if not photo.startswith("sample:"):
        path = Path(photo)
        return decode(path.read_bytes()), path.name
    name = photo.removeprefix("sample:")
    image = load_sample(name)
    sample = next(s for s in SAMPLES if s.name == name)
    return image, f"{sample.title} ({sample.credit})"


def with_progress(image: RGBImage, title: str, names: list[str], source: str) -> str:
    """The report, behind a bar that names the study at hand. Raises as core.report.make does."""
    from core.report import ask, finished, study_at
    from core.studies import STUDIES

    asked = ask(image, title, names, source)  # before the bar: an error is one line
    with typer.progressbar(length=100, label=STUDIES[0].title, file=sys.stderr) as bar:

        def watch(done: int, total: int) -> None:
            bar.label = study_at(done, total).title
            bar.update(100 * done // max(total, 1) - bar.pos)

        return finished(asked, watch)


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
