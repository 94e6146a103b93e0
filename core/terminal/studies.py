"""The same studies from a terminal: `receptive COMMAND --help`. A study says what its command asks and says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from core.base.files import write_json
from core.base.records import as_json
from core.networks.own_options import FileOptions
from core.pictures.files import list_pictures
from core.pictures.listing import left_out_lines
from core.studies import STUDIES
from core.studies.random import retrieval
from core.studies.study import OfData, OfPicture, Study
from core.terminal import options as terminal_options
from core.terminal.commands import app
from core.terminal.own_file import with_file_options
from core.terminal.say import DATA, asked, behind_bar, read_dataset, read_picture

Photo = Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")]
Json = Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")]
SETS = "digits, mnist …, torchvision:NAME, or your own folder or zip."
SIDE = "Side in px that your own pictures are scaled to."


def of_picture(study: Study, asks: OfPicture) -> Callable[..., None]:
    """The command of a study that asks networks of a picture."""

    def command(
        photo: Photo, model: list[str], params: Any, out: Json = None, png: Path | None = None, *, options: FileOptions
    ) -> None:
        image, loaded = read_picture(photo), asked(model, study.networks, options)
        result = asks.run(loaded, image, params(loaded[0].labels))
        if out is not None:
            write_json(out, as_json(result), indent=None)
        if asks.png and png is not None:
            asks.png[1](png, image, result)
        for line in asks.lines(result, loaded):
            typer.echo(line)

    taken = terminal_options.taking(
        command,
        model=terminal_options.one("model", list[str], typer.Option(help=asks.models), []),
        params=terminal_options.of(asks.params),
        png=terminal_options.one("png", Path | None, typer.Option(help=asks.png[0]), None)
        if asks.png
        else terminal_options.nothing(None),
    )
    return with_file_options(taken)


def of_data(study: Study, asks: OfData) -> Callable[..., None]:
    """The command of a study that asks a data set."""

    def command(data: str, params: Any, side: int | None, folder: Path | None, out: Path | None) -> None:
        def keep(result: Any) -> None:
            if out is not None:
                write_json(out, as_json(result), indent=None)

        chosen = params()
        found = read_dataset(data, folder, asks.side(chosen) if callable(asks.side) else side or 0)
        with behind_bar(data) as progress:
            result = asks.run(data, found, chosen, progress, keep)
        keep(result)
        for line in asks.lines(result):
            typer.echo(line)

    one = terminal_options.one
    named = one("data", str, typer.Option(help=SETS), asks.data)
    where = one("folder", Path | None, typer.Option(help="Where the named data set lies."), None)
    if not asks.data:
        named = one("dataset", str, typer.Argument(help=SETS))
        where = one("data", Path | None, DATA, None)
    return terminal_options.taking(
        command,
        data=named,
        params=terminal_options.of(asks.params),
        side=terminal_options.nothing(None)
        if callable(asks.side)
        else one("size", int, typer.Option(help=SIDE), asks.side),
        folder=where,
        out=one("out", Path | None, typer.Option("--json", help=asks.out), None),
    )


for study in STUDIES:
    asks = study.command
    made = of_picture(study, asks) if isinstance(asks, OfPicture) else of_data(study, asks)
    app.command(study.word, help=f"{study.question} {asks.about}")(made)


@app.command()
@with_file_options
@partial(terminal_options.taking, params=terminal_options.of(retrieval.Params()))
def retrieve(
    photo: Photo,
    gallery: Annotated[Path, typer.Option(help="Folder or zip of the pictures to search.")],
    model: Annotated[str, typer.Option(help="The trained network to compare with.")] = "photo_resnet",
    *,
    params: Any,
    out: Json = None,
    options: FileOptions,
) -> None:
    """The nearest pictures of a folder by pixels, by random features, and by a trained network."""
    chosen, image, [network] = params(), read_picture(photo), asked([model], (), options)
    listing = list_pictures(gallery)
    with behind_bar("retrieve") as progress:
        result = retrieval.run(image, listing.found, chosen, network, progress)
    if out is not None:
        write_json(out, retrieval.as_dict(result))
    for line in left_out_lines(listing, result.broken):
        typer.echo(line, err=True)
    typer.echo(retrieval.answer(result))
    for space, indices, distances in zip(result.spaces, result.indices, result.distances, strict=True):
        for i, distance in zip(indices, distances, strict=True):
            typer.echo(f"{space:8} {distance:9.3f}  {result.names[i]}")
    typer.echo(f"{network.card.name}: {network.card.provenance}")
