"""The commands that make packaged weights and numbers again: `receptive train`, `receptive measure …`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.terminal.bar import behind_bar
from core.terminal.say import DATA, WORK, load, with_bar

if TYPE_CHECKING:
    pass

app = typer.Typer()


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe's name, or 'list'.")],
    data: Annotated[Path | None, DATA] = None,
    runs: Annotated[Path, typer.Option(help="Where checkpoints are kept; a killed run goes on from there.")] = Path(
        "runs"
    ),
) -> None:
    """Train a packaged network again; write its weights and its measured numbers into assets/."""
    from core.base import files
    from core.data import named, sets
    from core.networks import families, weights
    from core.training.loop import train as train_recipe
    from core.training.recipes import RECIPES
    from core.training.ship import ship
    from core.training.svm import PLANS, fit

    if recipe == "list":
        for r in RECIPES.values():
            typer.echo(f"{r.name:24} {r.data.title}, {r.total_epochs} epochs, {r.augmentation()}")
        for name, dataset in PLANS.items():
            typer.echo(f"{name:24} {sets.DATASETS[dataset].title}, a linear SVM on random features")
        return
    if recipe in PLANS:
        train_set, test_set = load(PLANS[recipe], data, "train", "test")
        with_bar(recipe, lambda progress: fit(recipe, train_set, test_set, files.ASSETS / "weights", progress))
        return
    if recipe not in RECIPES:
        raise ValueError(f"expected a recipe of {', '.join([*RECIPES, *PLANS])}; got {recipe!r}")
    r = RECIPES[recipe]
    train_set = named.load(r.dataset, data, "train")
    with typer.progressbar(length=r.total_epochs * (len(train_set) // r.batch), label=recipe) as bar:
        net = train_recipe(r, train_set, runs / f"{recipe}.pt", lambda step: bar.update(1))
    test_set = named.load(r.dataset, data, "test")
    path = ship(r, net, train_set, test_set, files.ASSETS / "weights")
    typer.echo(f"{path}: {weights.read_metadata(path)['test_accuracy']} of {len(test_set):,} test pictures right")
    if recipe in (*families.SDNETS, *families.TWINS, families.ALL_CODED):
        measure_sparse([recipe], data)
    elif r.data.channels == 3:  # the others are measured with the random features that they are compared with
        measure(recipe, data)


@app.command()
def measure(
    network: Annotated[str, typer.Argument(help="A packaged network's name.")],
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Measure accuracy, consistency and robustness of a packaged network; write assets/results/."""
    from core.base import files
    from core.data import named, sets
    from core.networks import packaged, weights
    from core.studies.shift import measure as measure_module

    if network not in weights.packaged():
        raise ValueError(f"expected one of {', '.join(weights.packaged())}; got {network!r}")
    card = packaged.packaged_card(network, weights.packaged()[network])
    if sets.DATASETS[card.family].channels == 1:
        raise ValueError(f"expected a network of colour pictures, got {network}: measure-random {card.family}")
    test_set = named.load(card.family, data, "test")
    folder = files.ASSETS / "results" / "shift_sweep"
    with behind_bar(f"measure {network}") as progress:
        path = measure_module.measure(network, test_set, folder, progress)
    summary = json.loads(path.read_text())["summary"]
    typer.echo(f"{path}: accuracy {summary['accuracy']:.2%}, consistency {summary['consistency']:.2%}")


@app.command("measure-shift-pairs")
def measure_shift_pairs(
    data: Annotated[Path, typer.Option(help="Folder of data sets: tiny-imagenet-20/ and cifar10/.")],
) -> None:
    """Measure what a blur adds to consistency, picture by picture at the same shifts."""
    from core.studies.shift import measure_pairs as shift_measure

    tests = {name: load(name, data / name, "test")[0] for name in shift_measure.PLANS}
    with_bar("measure-shift-pairs", lambda progress: shift_measure.measure(tests, progress))


@app.command("measure-patches")
def measure_patches(data: Annotated[Path | None, DATA] = None) -> None:
    """Measure the packaged BagNets and their baseline together: accuracy, errors by class, scrambling, masking."""
    from core.studies.patch import measure as ship_patches

    [test_set] = load(ship_patches.DATASET, data, "test")
    with_bar("measure-patches", lambda progress: ship_patches.measure(test_set, progress))


@app.command("measure-sparse")
def measure_sparse(
    names: Annotated[list[str] | None, typer.Argument(help="Packaged SDNets and twins; all by default.")] = None,
    data: Annotated[Path | None, DATA] = None,
) -> None:
    """Measure the packaged SDNets and their twins under noise: accuracy at every lambda, the fit of the residual."""
    from core.networks import weights
    from core.studies.sparse import measure as ship_sparse

    if unknown := set(names or ()) - set(weights.packaged()):
        raise ValueError(f"expected names of {', '.join(ship_sparse.NAMES)}, got {', '.join(sorted(unknown))}")
    train_set, test_set = load(ship_sparse.DATASET, data, "train", "test")
    for name in names or ship_sparse.NAMES:
        with_bar(name, partial(ship_sparse.measure_network, name, train_set, test_set))


@app.command("measure-attacks")
def measure_attacks(data: Annotated[Path | None, DATA] = None) -> None:
    """Attack the packaged SDNet and its plain twin through the whole unrolled network."""
    from core.studies.sparse import measure_attack

    [test_set] = load(measure_attack.DATASET, data, "test")
    with_bar("measure-attacks", lambda progress: measure_attack.measure(test_set, progress))


@app.command("measure-random")
def measure_random(
    dataset: Annotated[str, typer.Argument(help="digits, mnist, fashion-mnist or cifar10.")],
    data: Annotated[Path | None, DATA] = None,
    work: Annotated[Path, WORK] = Path("runs/random"),
) -> None:
    """Measure random features on a data set: accuracy against their number and shape, beside other features."""
    from core.studies.random import measure as ship_random

    if dataset not in ship_random.PLANS:
        raise ValueError(f"expected one of {', '.join(ship_random.PLANS)}, got {dataset!r}")
    train_set, test_set = load(dataset, data, "train", "test")
    with_bar(dataset, lambda progress: ship_random.measure(dataset, train_set, test_set, work, progress))


@app.command("measure-spinal")
def measure_spinal(
    dataset: Annotated[str, typer.Argument(help="digits, mnist, fashion-mnist or cifar10.")],
    data: Annotated[Path | None, DATA] = None,
    backbone: Annotated[str, typer.Option(help="small_cnn, vgg5 or cifar_vgg11.")] = "small_cnn",
    work: Annotated[Path, WORK] = Path("runs/spinal"),
) -> None:
    """Measure spinal, plain and matched heads on a data set, several seeds each; write assets/results/spinal_heads/."""
    from core.studies.spinal import measure as ship_spinal

    plan = ship_spinal.PLANS.get((dataset, backbone))
    if plan is None:
        known = ", ".join(" on ".join(reversed(pair)) for pair in ship_spinal.PLANS)
        raise ValueError(f"expected one of {known}; got {backbone} on {dataset}")
    train_set, test_set = load(dataset, data, "train", "test")
    with_bar(dataset, lambda progress: ship_spinal.measure(dataset, train_set, test_set, plan, work, progress))


@app.command("measure-spinal-ablation")
def measure_spinal_ablation(work: Annotated[Path, WORK] = Path("runs/spinal")) -> None:
    """Measure spinal heads of other sizes and orders on digits."""
    from core.studies.spinal import measure_ablation

    train_set, test_set = load("digits", None, "train", "test")
    with_bar("measure-spinal-ablation", lambda progress: measure_ablation.measure(train_set, test_set, work, progress))


@app.command("measure-spinal-transfer")
def measure_spinal_transfer(
    data: Annotated[Path, typer.Option(help="Folder with train/CLASS/ and test/CLASS/ photographs.")],
    work: Annotated[Path, WORK] = Path("runs/spinal"),
) -> None:
    """Measure new heads on a trained network: the head alone trained, and everything."""
    from core.studies.spinal import measure_transfer

    with_bar("measure-spinal-transfer", lambda progress: measure_transfer.measure(data, work, progress))


@app.command("measure-spinal-regression")
def measure_spinal_regression(work: Annotated[Path, WORK] = Path("runs/spinal")) -> None:
    """Measure plain and spinal regression on four functions, on held-out data beside the noise floor."""
    from core.studies.spinal import measure_regression

    with_bar("measure-spinal-regression", lambda progress: measure_regression.measure(progress, work))


@app.command("measure-retrieval")
def measure_retrieval(
    data: Annotated[Path, typer.Option(help="Folder with GROUP/ or train/GROUP/ pictures, such as Corel's.")],
    work: Annotated[Path | None, WORK] = None,
) -> None:
    """Measure retrieval by pixels, random and trained features: leave one picture out of a gallery."""
    from core.studies.random import measure_retrieval as ship_random_retrieval

    with_bar("measure-retrieval", lambda progress: ship_random_retrieval.measure_retrieval(data, progress, work))


@app.command("measure-background")
def measure_background(data: Annotated[Path | None, DATA] = None, work: Annotated[Path | None, WORK] = None) -> None:
    """Measure what changes when the background of a photograph is blurred or swapped."""
    from core.studies.random import measure_retrieval as random_measure_retrieval

    train_set, test_set = load(random_measure_retrieval.BACKGROUND_DATA, data, "train", "test")
    with_bar(
        "measure-background",
        lambda progress: random_measure_retrieval.measure_background(train_set, test_set, progress, work),
    )


@app.command("measure-random-attack")
def measure_random_attack(data: Annotated[Path | None, DATA] = None) -> None:
    """Attack random features and a trained network through a substitute that sees only their answers."""
    from core.studies.random import measure_attack as ship_random_attack

    train_set, test_set = load("cifar10", data, "train", "test")
    with_bar("measure-random-attack", lambda progress: ship_random_attack.measure(train_set, test_set, progress))


@app.command("first-look")
def first_look() -> None:
    """Write the packaged results that the pages open with."""
    from core.overview import first_look

    for path, finding in first_look.write():
        typer.echo(f"{path}: {finding}")
