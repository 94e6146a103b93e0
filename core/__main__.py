"""The same studies from a terminal: `receptive COMMAND --help`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    import numpy as np

    from core.image import RGBImage
    from core.studies.patch_evidence import Result

app = typer.Typer(help="Five ways to watch a network see.", no_args_is_help=True, add_completion=False)
DATA = typer.Option(
    "--data", help="Folder with train/CLASS/ and test/CLASS/ pictures; without it torchvision downloads."
)


def fail(error: Exception) -> None:
    """One line on stderr and exit code 2."""
    said = error.args[0] if isinstance(error, KeyError) else error  # str() of a KeyError adds quotes
    typer.echo(" ".join(str(said).split()), err=True)
    raise typer.Exit(2)


@app.command("shift-sweep")
def shift_sweep(
    photo: Annotated[str, typer.Argument(help="A picture file, or sample:NAME for one that comes along.")],
    model: Annotated[list[str], typer.Option(help="A network's name; give it again for another.")] = [],  # noqa: B006
    max_shift: Annotated[int, typer.Option(help="Largest shift, in input pixels.")] = 16,
    boundary: Annotated[str, typer.Option(help="crop, circular or reflect.")] = "crop",
    target: Annotated[str, typer.Option(help="Class label or index; the first network's top-1 by default.")] = "",
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the Result.")] = None,
) -> None:
    """Does a one-pixel shift change the answer? Every network at every shift of a picture."""
    from core import networks
    from core.studies import shift_sweep as study
    from core.training.ship import write_json

    try:
        image = read_picture(photo)
        params = study.Params(max_shift, boundary)  # type: ignore[arg-type]
        cards = [networks.find(name) for name in model or networks.DEFAULT_NETWORKS]
        loaded = [networks.load(card) for card in cards]
        params = replace(params, target=class_index(target, loaded[0].labels))
        result = study.run(loaded, image, params)
        if out is not None:
            write_json(out, study.as_dict(result))
    except (ValueError, OSError, KeyError) as error:
        fail(error)
    typer.echo(study.finding(result, [n.card.title for n in loaded]))
    for network, share, stray in zip(loaded, study.consistency(result), result.logit_error, strict=True):
        typer.echo(
            f"{network.card.name}: consistency {share:.1%}, bfloat16 logits within {stray:.3f}; "
            f"{network.card.provenance}"
        )


@app.command("patch-evidence")
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
) -> None:
    """Which little patches made the network say so? Every patch's evidence for a class."""
    from core import networks
    from core.studies import patch_evidence as study
    from core.training.ship import write_json

    try:
        image = read_picture(photo)
        loaded = [networks.load(networks.find(name)) for name in model or networks.DEFAULT_BAGNETS]
        labels = loaded[0].labels
        params = study.Params(short, class_index(target, labels), class_index(against, labels), resolution)  # type: ignore[arg-type]
        result = study.run(loaded, image, params)
        if out is not None:
            write_json(out, study.as_dict(result), indent=None)
        if png is not None:
            write_map(png, image, result)
    except (ValueError, OSError, KeyError) as error:
        fail(error)
    typer.echo(study.finding(result, [n.card.title for n in loaded]))
    for m, network in enumerate(loaded):
        y, x = study.strongest(result, m)
        typer.echo(f"{network.card.name}: strongest patch around row {y}, column {x}; {network.card.provenance}")


def write_map(path: Path, image: RGBImage, result: Result) -> None:
    from core.preprocess import whole
    from core.studies import patch_figures

    write_png(path, patch_figures.picture(result, len(result.models) - 1, whole(image, patch_figures.UNDERLAY)))


def write_png(path: Path, pixels: np.ndarray) -> None:
    from core.image import from_pixels, png_bytes

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png_bytes(from_pixels(pixels)))


@app.command("sparse-codes")
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
) -> None:
    """What is left when lambda is turned up? Code, reconstruction and answer."""
    from core import networks
    from core.studies import sparse_codes as study
    from core.studies import sparse_figures
    from core.training.ship import write_json

    try:
        image = read_picture(photo)
        loaded = [networks.load(networks.find(name)) for name in model or networks.DEFAULT_SDNETS]
        kind, _, level = noise.partition(":")
        params = study.Params(kind, number(level), lam, steps, solver, seed, resolution)  # type: ignore[arg-type]
        result = study.run(loaded, image, params)
        if out is not None:
            write_json(out, study.as_dict(result), indent=None)
        if png is not None:
            write_png(png, sparse_figures.to_bytes(result.reconstruction))
    except (ValueError, OSError, KeyError) as error:
        fail(error)
    titles = [n.card.title for n in loaded]
    typer.echo(study.finding(result, titles))
    for answer in study.answers(result, titles):
        at = answer.rule if answer.lam is None else f"lambda {answer.lam:.2f} ({answer.rule})"
        typer.echo(f"{answer.who}, {at}: {answer.label} ({answer.probability:.2f})")
    for network in loaded:
        typer.echo(f"{network.card.name}: {network.card.provenance}")


def number(text: str) -> float:
    """The number a word of the command stands for; nothing is 0. Raises ValueError with what was expected."""
    try:
        return float(text or 0)
    except ValueError as error:
        raise ValueError(f"expected a number, got {text!r}: write it like gaussian:0.1") from error


@app.command()
def download(network: Annotated[str, typer.Argument(help="A published network's name, such as bagnet33.")]) -> None:
    """Fetch published weights from their owners, once; the app and the other commands find them."""
    from core import weights

    try:
        about = weights.published(network)
        with typer.progressbar(length=100, label=network) as bar:
            path = weights.download(
                about, progress=lambda done, total: bar.update(round(100 * done / total) - bar.pos if total else 0)
            )
    except (ValueError, OSError) as error:
        fail(error)
    typer.echo(str(path))


def class_index(target: str, labels: tuple[str, ...]) -> int | None:
    """The class meant by a label or an index. Raises ValueError with the nearest labels."""
    if not target:
        return None
    if target.isdecimal():
        return int(target)
    if target in labels:
        return labels.index(target)
    import difflib

    near = difflib.get_close_matches(target, labels, n=3, cutoff=0)
    raise ValueError(f"expected a class of the network, got {target!r}: did you mean {', '.join(near)}?")


def read_picture(photo: str) -> RGBImage:
    from core.image import decode
    from core.samples import load_sample

    if photo.startswith("sample:"):
        return load_sample(photo.removeprefix("sample:"))
    return decode(Path(photo).read_bytes())


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's name, or 'list'.")],
    data: Annotated[Path | None, DATA] = None,
    runs: Annotated[Path, typer.Option(help="Where checkpoints are kept; a killed run goes on from there.")] = Path(
        "runs"
    ),
) -> None:
    """Train a packaged network again; write its weights and its measured numbers into assets/."""
    from core import datasets, networks, weights
    from core.training.loop import train as train_recipe
    from core.training.recipes import RECIPES
    from core.training.ship import ship

    if recipe == "list":
        for r in RECIPES.values():
            typer.echo(f"{r.name:24} {r.data.title}, {r.total_epochs} epochs, {r.augmentation()}")
        return
    if recipe not in RECIPES:
        fail(ValueError(f"expected a recipe of {', '.join(RECIPES)}; got {recipe!r}"))
    r = RECIPES[recipe]
    try:
        train_set = datasets.load(r.dataset, data, "train")
        with typer.progressbar(length=r.total_epochs * (len(train_set) // r.batch), label=recipe) as bar:
            net = train_recipe(r, train_set, runs / f"{recipe}.pt", lambda step: bar.update(1))
        test_set = datasets.load(r.dataset, data, "test")
        path = ship(r, net, train_set, test_set, weights.ASSETS / "weights")
    except (ValueError, OSError) as error:
        fail(error)
    typer.echo(f"{path}: {weights.read_metadata(path)['test_accuracy']} of {len(test_set):,} test pictures right")
    if recipe in (*networks.SDNETS, *networks.TWINS, networks.ALL_CODED):
        measure_sparse([recipe], data)
    else:
        measure(recipe, data)


@app.command()
def measure(
    network: Annotated[str, typer.Argument(help="A packaged network's name.")],
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Measure accuracy, consistency and robustness of a packaged network; write assets/results/."""
    from core import datasets, networks, weights
    from core.training import ship

    try:
        card = networks.packaged_card(network, weights.packaged()[network])
        test_set = datasets.load(card.family, data, "test")
        with typer.progressbar(length=len(test_set), label=f"measure {network}") as bar:
            path = ship.measure(
                network,
                test_set,
                weights.ASSETS / "results" / "shift_sweep",
                lambda done, _: bar.update(done - bar.pos),
            )
    except KeyError:
        fail(ValueError(f"expected one of {', '.join(weights.packaged())}; got {network!r}"))
    except (ValueError, OSError) as error:
        fail(error)
    summary = json.loads(path.read_text())["summary"]
    typer.echo(f"{path}: accuracy {summary['accuracy']:.2%}, consistency {summary['consistency']:.2%}")


@app.command("measure-patches")
def measure_patches(data: Annotated[Path | None, DATA] = None) -> None:
    """Measure the packaged BagNets and their baseline together: accuracy, errors by class, scrambling, masking."""
    from core import datasets
    from core.training import ship_patches

    try:
        test_set = datasets.load(ship_patches.DATASET, data, "test")
        with typer.progressbar(length=100, label="measure-patches") as bar:
            path = ship_patches.measure(test_set, lambda done, total: bar.update(100 * done // total - bar.pos))
    except (ValueError, OSError) as error:
        fail(error)
    typer.echo(str(path))


@app.command("measure-sparse")
def measure_sparse(
    names: Annotated[list[str] | None, typer.Argument(help="Packaged SDNets and twins; all by default.")] = None,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Measure the packaged SDNets and their twins under noise: accuracy at every lambda, the fit of the residual."""
    from core import datasets, weights
    from core.training import ship_sparse

    try:
        if unknown := set(names or ()) - set(weights.packaged()):
            raise ValueError(f"expected names of {', '.join(ship_sparse.NAMES)}, got {', '.join(sorted(unknown))}")
        train_set, test_set = (datasets.load(ship_sparse.DATASET, data, split) for split in ("train", "test"))
        for name in names or ship_sparse.NAMES:
            with typer.progressbar(length=100, label=name) as bar:
                watch = lambda done, total, bar=bar: bar.update(100 * done // total - bar.pos)  # noqa: E731
                path = ship_sparse.measure_network(name, train_set, test_set, watch)
            typer.echo(str(path))
    except (ValueError, OSError, KeyError) as error:
        fail(error)


@app.command("measure-attacks")
def measure_attacks(data: Annotated[Path | None, DATA] = None) -> None:
    """Attack the packaged SDNet and its plain twin through the whole unrolled network."""
    from core import datasets
    from core.training import ship_sparse_attack

    try:
        test_set = datasets.load(ship_sparse_attack.DATASET, data, "test")
        with typer.progressbar(length=100, label="measure-attacks") as bar:
            path = ship_sparse_attack.measure(test_set, lambda done, total: bar.update(100 * done // total - bar.pos))
    except (ValueError, OSError) as error:
        fail(error)
    typer.echo(str(path))


@app.command("first-look")
def first_look() -> None:
    """Write the packaged results that the pages open with."""
    from core import first_look

    for path, finding in first_look.write():
        typer.echo(f"{path}: {finding}")


def main() -> None:
    """Run the command; what is wrong with the words of a command is one line on stderr and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer raises has no public name of its own
            raise
        if message := error.format_message():
            typer.echo(f"{message} Try --help.", err=True)
        else:
            error.show()  # type: ignore[attr-defined]  # no command at all: the list of them
        code = 2
    sys.exit(code)


if __name__ == "__main__":
    main()
