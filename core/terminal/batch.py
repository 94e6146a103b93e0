"""`receptive batch`: a study over a folder, a row a picture and network."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from core.base import quote
from core.batch import cluster, columns
from core.batch import run as whole
from core.batch.run import Job, Report, skipped_path
from core.batch.work import Runner, in_processes, in_this_process, open_models
from core.networks.own_options import FileOptions
from core.pictures.listing import summary
from core.studies.random import row
from core.terminal.own_file import with_file_options
from core.terminal.say import INTERRUPTED, intact

app = typer.Typer()


@app.command()
@with_file_options
def batch(
    study: Annotated[str, typer.Argument(help="shift-sweep, patch-evidence, sparse-codes, random-features, …")],
    folder: Annotated[Path, typer.Argument(help="Folder or zip of pictures; folders in it are their classes.")],
    model: Annotated[list[str], typer.Option(help="Name, untrained:ARCH or weights file; again for another.")] = [],  # noqa: B006
    out: Annotated[Path, typer.Option(help="The parquet to write; what is done so far lies beside it.")] = Path(
        "results.parquet"
    ),
    setting: Annotated[list[str], typer.Option("--set", help="A study's setting as FIELD=VALUE.")] = [],  # noqa: B006
    jobs: Annotated[int, typer.Option(help="Processes on this machine; 0: one a core.")] = 0,
    scheduler: Annotated[str, typer.Option(help="A Dask scheduler, tcp://HOST:PORT: run on its workers.")] = "",
    chunk: Annotated[int, typer.Option(help="Pictures a part: what a kill costs at most, a process.")] = 16,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew: what an earlier run left is removed.")] = False,
    *,
    options: FileOptions,
) -> None:
    """Ask a study of every picture in a folder. A killed run goes on where it was; a finished one is left alone."""
    words = ["receptive", "batch", study, quote.path(str(folder)), *again("--model", model), *again("--set", setting)]
    words += [*options.said, "--out", quote.path(str(out)), "--chunk", str(chunk)]
    try:
        whole.check_out(out)
        params = columns.settings(study, setting)
        with ExitStack() as stack:
            runner = None
            if scheduler:
                runner = cluster.on_cluster(stack.enter_context(cluster.connected(scheduler)))
            own = columns.table(study).models
            asked = open_models(model or (own if row.RANDOM in own else intact(own)), options)
            job = whole.plan(study, folder, asked, params, chunk)
            report = computed(job, out, runner or here(job, jobs), fresh, quote.command(*words))
    except KeyboardInterrupt:
        typer.echo(f"stopped: what is done is kept in {whole.parts_folder(out)}; the same command goes on", err=True)
        raise typer.Exit(INTERRUPTED) from None
    tell(job, report, out)


def again(option: str, values: Sequence[str]) -> list[str]:
    """An option once for each of its values."""
    return [word for value in values for word in (option, value)]


def here(job: Job, jobs: int) -> Runner:
    """Processes of this machine, no more than there are pictures. Raises ValueError for a negative number of them."""
    if jobs < 0:
        raise ValueError(f"expected 1 process or more, or 0 for one a core, got {jobs}: choose another --jobs")
    count = min(jobs or cores(), len(job.found))
    return in_processes(count) if count > 1 else in_this_process


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def computed(job: Job, out: Path, runner: Runner, fresh: bool, command: str) -> Report:
    """core.batch.run.run behind a bar of the pictures that are missing."""
    with typer.progressbar(length=len(job.found), label=job.work.study, show_pos=True) as bar:

        def watch(done: int, total: int) -> None:
            bar.length = total  # what an earlier run has done would make the time left too short
            bar.update(done - bar.pos)

        return whole.run(job, out, runner, fresh=fresh, command=command, progress=watch)


def tell(job: Job, report: Report, out: Path) -> None:
    """What was found, on stdout."""
    if report.complete:
        typer.echo(f"{out} is complete already: nothing was computed; --fresh begins anew")
    elif report.kept:
        typer.echo(f"{report.kept:,} of {report.parts:,} parts were there from an earlier run")
    typer.echo(f"{out}: {report.rows:,} rows of {summary(job.listing)}")
    if report.skipped:
        typer.echo(f"without a row: {len(report.skipped):,}, for reasons listed in {skipped_path(out)}")
    for sent in job.work.networks:
        typer.echo(f"{sent.name}: {sent.provenance}")
