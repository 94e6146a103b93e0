"""The same studies from a terminal: `receptive COMMAND --help`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from core.base.records import as_json
from core.networks.own_options import FileOptions
from core.pictures.image import write_png
from core.studies.patch.figures import write_map
from core.terminal.asked import asked
from core.terminal.bar import behind_bar
from core.terminal.commands import app
from core.terminal.own_file import with_file_options
from core.terminal.pictures import read_picture
from core.terminal.say import DATA, class_index, number, read_dataset


@app.command("shift-sweep")
@with_file_options
def shift_sweep(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    model: Annotated[list[str], typer.Option(help="A network's name; give it again for another.")] = [],  # noqa: B006
    max_shift: Annotated[int, typer.Option(help="Largest shift, in input pixels.")] = 16,
    boundary: Annotated[str, typer.Option(help="crop, circular or reflect.")] = "crop",
    target: Annotated[str, typer.Option(help="Class label or index; the first network's top-1 by default.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
    *,
    options: FileOptions,
) -> None:
    """Does a one-pixel shift change the answer? Every network at every shift of a picture."""
    from core.base.files import write_json
    from core.networks import families
    from core.studies.shift import sweep as study

    image = read_picture(photo)
    params = study.Params(max_shift, boundary)  # type: ignore[arg-type]
    loaded = asked(model, families.DEFAULT_NETWORKS, options)
    params = replace(params, target=class_index(target, loaded[0].labels))
    result = study.run(loaded, image, params)
    if out is not None:
        write_json(out, as_json(result))
    typer.echo(study.finding(result, [n.card.title for n in loaded]))
    for network, share, stray in zip(loaded, study.consistency(result), result.logit_error, strict=True):
        typer.echo(
            f"{network.card.name}: consistency {share:.1%}, bfloat16 logits within {stray:.3f}; "
            f"{network.card.provenance}"
        )


@app.command("patch-evidence")
@with_file_options
def patch_evidence(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    model: Annotated[list[str], typer.Option(help="A BagNet's name; give it again for another.")] = [],  # noqa: B006
    target: Annotated[
        str, typer.Option("--class", help="Class label or index; by default the last BagNet's answer.")
    ] = "",
    against: Annotated[str, typer.Option(help="A class whose evidence is subtracted.")] = "",
    short: Annotated[int | None, typer.Option(help="Short side in px that the networks see.")] = None,
    resolution: Annotated[str, typer.Option(help="coarse (the network's own grid) or full (every pixel).")] = "full",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
    png: Annotated[Path | None, typer.Option(help="Where to write the last BagNet's map over the picture.")] = None,
    *,
    options: FileOptions,
) -> None:
    """Which little patches made the network say so? Every patch's evidence for a class."""
    from core.base.files import write_json
    from core.networks import families
    from core.studies.patch import evidence

    image = read_picture(photo)
    loaded = asked(model, families.DEFAULT_BAGNETS, options)
    labels = loaded[0].labels
    params = evidence.Params(short, class_index(target, labels), class_index(against, labels), resolution)  # type: ignore[arg-type]
    result = evidence.run(loaded, image, params)
    if out is not None:
        write_json(out, as_json(result), indent=None)
    if png is not None:
        write_map(png, image, result)
    typer.echo(evidence.finding(result, [n.card.title for n in loaded]))
    for m, network in enumerate(loaded):
        y, x = evidence.strongest(result, m)
        typer.echo(f"{network.card.name}: strongest patch around row {y}, column {x}; {network.card.provenance}")


@app.command("sparse-codes")
@with_file_options
def sparse_codes(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    model: Annotated[list[str], typer.Option(help="An SDNet's name; a second one is its plain twin.")] = [],  # noqa: B006
    lam: Annotated[float, typer.Option("--lambda", help="The price of a code that is not zero.")] = 0.2,
    steps: Annotated[int, typer.Option(help="Steps of the solver.")] = 2,
    solver: Annotated[str, typer.Option(help="textbook, paper or ista.")] = "textbook",
    noise: Annotated[str, typer.Option(help="KIND:LEVEL, such as gaussian:0.1; none by default.")] = "none",
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    resolution: Annotated[str, typer.Option(help="network (its input) or own (the photograph's).")] = "network",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
    png: Annotated[Path | None, typer.Option(help="Where to write the reconstruction.")] = None,
    *,
    options: FileOptions,
) -> None:
    """What is left when lambda is turned up? Code, reconstruction and answer."""
    from core.base.files import write_json
    from core.networks import families
    from core.studies.sparse import codes
    from core.studies.sparse import figures as sparse_figures

    image = read_picture(photo)
    loaded = asked(model, families.DEFAULT_SDNETS, options)
    kind, _, level = noise.partition(":")
    params = codes.Params(kind, number(level), lam, steps, solver, seed, resolution)  # type: ignore[arg-type]
    result = codes.run(loaded, image, params)
    if out is not None:
        write_json(out, as_json(result), indent=None)
    if png is not None:
        write_png(png, sparse_figures.to_bytes(result.reconstruction))
    titles = [n.card.title for n in loaded]
    typer.echo(codes.finding(result, titles))
    for answer in codes.answers(result, titles):
        at = answer.rule if answer.lam is None else f"lambda {answer.lam:.2f} ({answer.rule})"
        typer.echo(f"{answer.who}, {at}: {answer.label} ({answer.probability:.2f})")
    for network in loaded:
        typer.echo(f"{network.card.name}: {network.card.provenance}")


@app.command("random-features")
def random_features(
    dataset: Annotated[str, typer.Argument(help="digits, mnist …, torchvision:NAME, or your own folder or zip.")],
    features: Annotated[int, typer.Option(help="How many random features.")] = 1000,
    depth: Annotated[int, typer.Option(help="Blocks after the first convolution.")] = 1,
    kernel: Annotated[int, typer.Option(help="Side of the filters in px: 1, 3, 5 or 7.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the network.")] = 0,
    classifier: Annotated[str, typer.Option(help="svm (linear) or knn (5 neighbours).")] = "svm",
    size: Annotated[int, typer.Option(help="Side in px that your own pictures are scaled to.")] = 32,
    data: Annotated[Path | None, DATA] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
) -> None:
    """How far do you get without learning anything? Accuracy against the number of random features."""
    from core.base.files import write_json
    from core.studies.random import features as features_module

    params = features_module.Params(features, depth, kernel, seed, classifier)  # type: ignore[arg-type]
    title, (train, test) = read_dataset(dataset, data, size)
    with behind_bar(dataset) as progress:
        result = features_module.run(title, train, test, params, progress)
    if out is not None:
        write_json(out, as_json(result))
    typer.echo(features_module.finding(result))
    for k, row in zip(result.counts, result.hits, strict=True):
        typer.echo(f"{k:>7,} features: top-1 {row[0]:.1%}, top-2 {row[1]:.1%}")


@app.command("spinal-heads")
def spinal_heads(
    data: Annotated[str, typer.Option(help="digits, mnist …, torchvision:NAME, or your own folder or zip.")] = "digits",
    heads: Annotated[str, typer.Option(help="fc, spinal, fc-matched: those to compare.")] = "fc,spinal,fc-matched",
    seeds: Annotated[int, typer.Option(help="How often each is trained.")] = 5,
    epochs: Annotated[int, typer.Option(help="Passes over the training pictures.")] = 15,
    backbone: Annotated[str, typer.Option(help="small_cnn, vgg5 or cifar_vgg11.")] = "small_cnn",
    width: Annotated[int, typer.Option(help="Units of a spinal layer; 0: the backbone's own.")] = 0,
    layers: Annotated[int, typer.Option(help="Spinal layers; 0: the backbone's own.")] = 0,
    split: Annotated[int, typer.Option(help="Parts that the features are cut into.")] = 2,
    order: Annotated[str, typer.Option(help="alternating (A B A B) or blocks (A A B B).")] = "alternating",
    folder: Annotated[Path | None, typer.Option(help="Where the named data set lies.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result, as it grows.")] = None,
) -> None:
    """Does feeding the input bit by bit pay? Trains the heads side by side and compares them seed by seed."""
    from core.base.files import write_json
    from core.data.sets import DATASETS, TORCHVISION
    from core.models.heads import BACKBONES
    from core.studies.spinal import heads as heads_module

    def keep(result: heads_module.Result) -> None:
        if out is not None:
            write_json(out, as_json(result), indent=None)

    params = heads_module.Params(backbone, tuple(heads.split(",")), seeds, epochs, width, layers, split, order)  # type: ignore[arg-type]
    title, (train, test) = read_dataset(data, folder, BACKBONES[backbone].side)
    with typer.progressbar(length=seeds * epochs * len(params.heads), label=data) as bar:
        result = heads_module.run(
            data if data in DATASETS or data.lower().startswith(TORCHVISION) else title,
            train,
            test,
            params,
            lambda done, _: bar.update(done - bar.pos),
            keep,
        )
    typer.echo(heads_module.finding(result))


@app.command()
@with_file_options
def retrieve(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    gallery: Annotated[Path, typer.Option(help="Folder or zip of the pictures to search.")],
    model: Annotated[str, typer.Option(help="The trained network to compare with.")] = "photo_resnet",
    features: Annotated[int, typer.Option(help="How many random features.")] = 1000,
    kernel: Annotated[int, typer.Option(help="Side of the filters in px.")] = 3,
    depth: Annotated[int, typer.Option(help="Blocks after the first convolution.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the network.")] = 0,
    size: Annotated[int, typer.Option(help="Side in px at which pictures are compared.")] = 64,
    count: Annotated[int, typer.Option(help="How many of the nearest to list.")] = 8,
    metric: Annotated[str, typer.Option(help="euclidean or cosine.")] = "euclidean",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
    *,
    options: FileOptions,
) -> None:
    """The nearest pictures of a folder by pixels, by random features, and by a trained network."""
    from core.base.files import write_json
    from core.pictures.files import list_pictures
    from core.pictures.listing import left_out_lines
    from core.studies.random import retrieval

    params = retrieval.Params(features, kernel, depth, seed, size, count, metric)  # type: ignore[arg-type]
    image, [network] = read_picture(photo), asked([model], (), options)
    listing = list_pictures(gallery)
    with typer.progressbar(length=len(listing.found), label="retrieve") as bar:
        result = retrieval.run(image, listing.found, params, network, lambda done, _: bar.update(done - bar.pos))
    if out is not None:
        write_json(out, retrieval.as_dict(result))
    for line in left_out_lines(listing, result.broken):
        typer.echo(line, err=True)
    typer.echo(retrieval.answer(result))
    for space, indices, distances in zip(result.spaces, result.indices, result.distances, strict=True):
        for i, distance in zip(indices, distances, strict=True):
            typer.echo(f"{space:8} {distance:9.3f}  {result.names[i]}")
    typer.echo(f"{network.card.name}: {network.card.provenance}")
