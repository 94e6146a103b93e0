"""The commands that make packaged weights and first looks again: `receptive train`, `receptive first-look`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from core.base import files
from core.base.worker import Progress
from core.data import named, sets
from core.networks import weights
from core.overview import first_look as home
from core.studies import STUDIES
from core.studies.first_look import FOLDER
from core.studies.shift import measure as shift
from core.studies.sparse import measure as sparse
from core.terminal.say import DATA, behind_bar
from core.training.recipes import RECIPES
from core.training.ship import ship

app = typer.Typer()


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's name, or 'list'.")],
    data: Annotated[Path | None, DATA] = None,
    runs: Annotated[Path, typer.Option(help="Where checkpoints are kept; a killed run goes on from there.")] = Path(
        "runs"
    ),
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile the network first: needs a C++ compiler, up to twice as fast.")
    ] = False,
) -> None:
    """Train a packaged network again; write its weights and its measured numbers into assets/."""
    from core.training import distil
    from core.training.loop import train as train_recipe
    from core.training.svm import PLANS, fit

    if recipe == "list":
        for r in RECIPES.values():
            typer.echo(f"{r.name:24} {r.data.title}, {r.total_epochs} epochs, {r.augmentation()}")
        for copied in distil.COPIES.values():
            typer.echo(f"{copied.name:24} photographs without labels, {copied.steps:,} steps, answers as lite0")
        for name, dataset in PLANS.items():
            typer.echo(f"{name:24} {sets.DATASETS[dataset].title}, a linear SVM on random features")
        return
    if recipe in PLANS:
        train_set, test_set = (named.load(PLANS[recipe], data, split) for split in ("train", "test"))
        with_bar(recipe, lambda progress: fit(recipe, train_set, test_set, files.ASSETS / "weights", progress))
        return
    if recipe in distil.COPIES:
        how = distil.COPIES[recipe]
        with typer.progressbar(length=how.steps, label=recipe) as bar:
            shown = distil.photographs(data or Path())
            path = distil.learn(how, shown, runs / f"{recipe}.pt", lambda done, steps, loss: bar.update(done - bar.pos))
        typer.echo(str(path))
        return
    if recipe not in RECIPES:
        raise ValueError(f"expected a recipe of {', '.join([*RECIPES, *distil.COPIES, *PLANS])}; got {recipe!r}")
    r = RECIPES[recipe]
    train_set = named.load(r.dataset, data, "train")
    with typer.progressbar(length=r.total_epochs * (len(train_set) // r.batch), label=recipe) as bar:
        net = train_recipe(r, train_set, runs / f"{recipe}.pt", lambda *step: bar.update(1), compiled=compiled)
    test_set = named.load(r.dataset, data, "test")
    path = ship(r, net, train_set, test_set, files.ASSETS / "weights")
    typer.echo(f"{path}: {weights.read_metadata(path)['test_accuracy']} of {len(test_set):,} test pictures right")
    results = files.ASSETS / "results"
    if recipe in shift.CODED:
        folder, work = results / "sparse_codes", runs / "sparse"
        with_bar(recipe, lambda progress: sparse.measure_network(recipe, train_set, test_set, folder, work, progress))
    elif recipe in shift.MEASURED:  # the others are measured with the random features that they are compared with
        folder = results / "shift_sweep"
        with_bar(recipe, lambda progress: shift.measure(recipe, test_set, folder, progress))


def with_bar(label: str, measure: Callable[[Progress], Path]) -> None:
    """Run `measure(progress)` behind a bar and say which file it wrote."""
    with behind_bar(label) as progress:
        path = measure(progress)
    typer.echo(str(path))


@app.command("first-look")
def first_look() -> None:
    """Write the packaged results that the pages open with."""
    of_studies = (look for study in STUDIES for look in study.first_looks())
    for name, key, fields, finding in itertools.chain(of_studies, home.first_looks()):
        path = FOLDER / f"{name}.json"
        files.write_json(path, {"key": key, "command": "receptive first-look", "result": fields}, indent=None)
        typer.echo(f"{path}: {finding}")
