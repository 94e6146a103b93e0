"""`receptive measure`, which writes the packaged numbers, and `receptive reproduce`, which compares with them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from core.base.renamed import COMMANDS, today
from core.claims.claim import Claim, verdict
from core.overview.board import RESULTS
from core.reproduce import quick as study
from core.reproduce import run as whole
from core.reproduce.quick import Settings, Step
from core.reproduce.table import MEASUREMENTS
from core.terminal.say import INTERRUPTED, behind_bar
from core.training import measurement
from core.training.measurement import Asked, Data

app = typer.Typer()
CHANGED = 1  # exit code: a claim no longer holds
ROOT = typer.Option(help="Folder with one folder a data set: cifar10, mnist, corel, …")


@app.command()
def measure(
    key: Annotated[
        list[str] | None, typer.Argument(help="What to measure, such as shift:cifar_vgg, or spinal for all of it.")
    ] = None,
    data: Annotated[Path | None, ROOT] = None,
    work: Annotated[
        Path, typer.Option(help="Where features and finished parts are kept; a killed run goes on from there.")
    ] = Path("runs"),
) -> None:
    """Measure what the pages and claims tell; write assets/results/. Without a key: what there is to measure."""
    if not key:
        for one in MEASUREMENTS.values():
            typer.echo(f"{one.key:32} {duration(one.minutes):12} {', '.join(one.data)}".rstrip())
        return
    keys, there = whole.measurements(key), Data(data)
    if lacking := [f"{name} needs {why}" for name in keys if (why := whole.lacks(name, there))]:
        raise ValueError(f"expected all data and networks to be here, got less: {'; '.join(lacking)}: leave them out")
    for name in keys:
        with behind_bar(name) as progress:
            found = MEASUREMENTS[name].run(Asked(there, RESULTS, work, progress))
        typer.echo(f"{name}: {found}")


def renamed(ctx: typer.Context) -> None:
    """Raises ValueError that names today's command."""
    now = today(" ".join(["receptive", ctx.info_name or "", *ctx.args]))
    where = ", where FOLDER holds one folder a data set" if "FOLDER" in now else ""
    raise ValueError(f"expected a command of today, got {ctx.info_name}: run {now}{where}")


for old in COMMANDS:
    if old != "measure":
        anything = {"allow_extra_args": True, "ignore_unknown_options": True}
        app.command(old, hidden=True, context_settings=anything, add_help_option=False)(renamed)


@app.command()
def reproduce(
    claim: Annotated[
        list[str] | None, typer.Argument(help="Claims by name (`receptive claims`); all by default.")
    ] = None,
    data: Annotated[Path | None, ROOT] = None,
    work: Annotated[
        Path, typer.Option(help="Where fresh records are written; a killed run goes on from there.")
    ] = Path("runs/reproduce"),
    quick: Annotated[bool, typer.Option("--quick", help="Re-check a seeded subset of every claim instead.")] = False,
    seed: Annotated[int, typer.Option(help="With --quick: draws the subset.")] = 0,
    minutes: Annotated[float, typer.Option(help="With --quick: how long it may take.")] = 10.0,
    results: Annotated[Path | None, typer.Option(help="Records to compare with; the packaged ones by default.")] = None,
) -> None:
    """Measure what is behind the claims again and compare. With --quick, exit code 1 if a claim no longer holds."""
    packaged = results or RESULTS
    try:
        settings = Settings(seed, minutes, packaged)
        (asked, keys), there = whole.chosen(claim or ()), measurement.Data(data)
        if quick:
            check(asked, keys, there, settings)
        else:
            in_full(asked, keys, there, work, packaged)
    except KeyboardInterrupt:
        typer.echo("stopped; the same command goes on" if not quick else "stopped", err=True)
        raise typer.Exit(INTERRUPTED) from None


def in_full(asked: Sequence[Claim], keys: Sequence[str], data: Data, work: Path, packaged: Path) -> None:
    """Measure all that is not finished yet, then say what the fresh records make of the claims."""
    plan = whole.plan(keys, data, work)
    for key in plan.finished:
        typer.echo(f"{key}: finished before")
    for key, what in plan.lacking.items():
        typer.echo(f"{key}: left out, needs {what}")
    begin, expected = time.monotonic(), 0.0
    for i, key in enumerate(plan.todo):
        pace = (time.monotonic() - begin) / 60 / expected if expected else 1.0
        left = pace * sum(MEASUREMENTS[later].minutes for later in plan.todo[i:])
        with behind_bar(f"{i + 1} of {len(plan.todo)}, about {duration(left)} in all left: {key}") as progress:
            whole.measure(key, data, work, progress)
        expected += MEASUREMENTS[key].minutes
    say_verdicts(asked, packaged, work / whole.RESULTS)


def duration(minutes: float) -> str:
    """'2 h 10 min'."""
    hours, rest = divmod(max(1, round(minutes)), 60)
    return f"{hours} h {rest} min" if hours else f"{rest} min"


def say_verdicts(asked: Sequence[Claim], packaged: Path, fresh: Path) -> None:
    """Old and new verdict of every claim that has fresh records."""
    typer.echo(f"Fresh records: {fresh}")
    for claim in asked:
        if claim.measure is None:
            continue
        before, now = claim.measure(packaged), claim.measure(fresh)
        old, new = verdict(claim, before), verdict(claim, now)
        if now is None:
            typer.echo(f"{claim.name}: {old} -> not measured again")
        else:
            typer.echo(f"{claim.name}: {old} -> {new}: {now.shown}")


def check(asked: Sequence[Claim], keys: Sequence[str], data: Data, settings: Settings) -> None:
    """Re-check and say of every claim whether it holds. Raises typer.Exit with code 1 if one no longer does."""
    steps: list[Step] = []

    def finished(step: Step) -> None:
        steps.append(step)
        typer.echo(study.told(step))

    begin = time.monotonic()
    watch = lambda key, i, n: behind_bar(f"{i} of {n}: {key}")  # noqa: E731
    outcomes = study.recheck(asked, keys, data, settings, watch, finished)
    typer.echo("")
    for found in sorted(outcomes, key=lambda found: study.STATES.index(found.state)):
        typer.echo(f"{found.claim.name}: {found.state}: {found.why}")
    typer.echo("")
    typer.echo(f"{study.tally(outcomes)} {duration((time.monotonic() - begin) / 60)}. {study.RULE}")
    if any(found.state == study.FAILS for found in outcomes) or any(step.failed for step in steps):
        raise typer.Exit(CHANGED)
