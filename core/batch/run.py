"""A study over a folder of pictures: a row a picture and network, in parts that outlive a kill, merged into a parquet.

A part is written whole or not at all, once, under its index; what computes it (this process, several, or a cluster)
does not show in it. Nor does the processor, as far as float32's sums agree: most studies are asked in float32 alone,
slower than on the page. The shift sweep climbs the engine's ladder, whose every top-1 is float32's one at a time, and
asks in float32 what its row tells beside. Its rows are thereby the same with bfloat16 and without, as surely as no
answer strays by more than the safe multiple of the measured error that core.networks.engine allows for.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core.base.files import behind_links, csv_text, whole, write_json, write_text
from core.base.heavy import pa, parquet
from core.base.records import read_back
from core.base.worker import Progress, ignore
from core.batch import columns as batch_rows
from core.batch.work import Part, Picture, Runner, Work, packed, taken, try_out, versions
from core.networks.card import Network
from core.pictures.files import list_pictures
from core.pictures.listing import HIDDEN, MAX_FILES, OTHER, Found, Listing

CHUNK = 16  # pictures of a part
SUFFIX = ".parquet"
ABOUT, LOCK, KEY = "about.json", "lock", b"receptive"
SKIPPED, READ = b"skipped", b"read"
GROUP_ROWS, GROUP_BYTES = 100_000, 64_000_000  # a row group of the merged file is as large as one of these
REMEDY = "choose another --out, or begin anew with --fresh"
AGAIN = "delete it, and run the same command again"


@dataclass(frozen=True, eq=False)
class Job:
    """A batch that has been checked: its work, the pictures listed, and how many make a part."""

    work: Work
    listing: Listing
    chunk: int = CHUNK

    @property
    def found(self) -> Sequence[Found]:
        return self.listing.found

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Names and reasons of the files that look like pictures but were not listed as such."""
        return [(file.name, file.why) for file in self.listing.left_out if file.kind not in (OTHER, HIDDEN)]

    @property
    def parts(self) -> int:
        return math.ceil(len(self.found) / self.chunk)

    def count(self, part: int) -> int:
        """How many pictures a part has."""
        return min(self.chunk, len(self.found) - part * self.chunk)

    def pictures(self, part: int) -> list[Picture]:
        """The files of a part, read now."""
        return [taken(file) for file in self.found[part * self.chunk : (part + 1) * self.chunk]]

    def changed(self, part: int, read: str) -> bool:
        """Whether the files of a part, read now, are others than those that it was computed from."""
        return digest(self.pictures(part)) != read

    def fingerprint(self) -> dict[str, Any]:
        """What a part depends on, as JSON can hold it: two runs that agree on it compute the same rows."""
        listed = hashlib.sha256()
        for file in self.found:
            listed.update(json.dumps([file.name, file.size]).encode() + b"\n")
        return {
            "study": self.work.study,
            **{f"setting {name}": value for name, value in asdict(self.work.params).items()},
            "networks": ", ".join(f"{sent.name} {sent.identity}" for sent in self.work.networks),
            "number of pictures": len(self.found),
            "list of names and sizes": listed.hexdigest(),
            "pictures a part": self.chunk,
            **{f"version of {name}": version for name, version in self.work.versions.items()},
        }


@dataclass(frozen=True)
class Report:
    """What a run found: `pictures` in all, `rows` in the file, `skipped` (name, reason), `kept` parts that an earlier
    run had left of `parts`, and whether the file was `complete` before."""

    pictures: int
    rows: int
    skipped: tuple[tuple[str, str], ...]
    kept: int
    parts: int
    complete: bool = False


def plan(study: str, source: Path, asked: Sequence[Network | None], params: Any, chunk: int = CHUNK) -> Job:
    """A batch of the pictures below a folder, or in a zip.

    Every network is tried on a grey picture, so that what a study refuses it refuses now.
    Raises ValueError (DataError, WeightsError): the study's own, no pictures, or less than one picture a part.
    """
    if chunk < 1:
        raise ValueError(f"expected one picture a part or more, got {chunk}: {CHUNK} are usual")
    work = Work(study, params, tuple(packed(network, params) for network in asked), versions())
    try_out(work)
    return Job(work, list_pictures(source, MAX_FILES), chunk)


def run(
    job: Job, out: Path, runner: Runner, *, fresh: bool = False, command: str = "", progress: Progress = ignore
) -> Report:
    """Compute the parts that are missing, in OUT.parts, and merge all of them into OUT, in the order of the pictures.

    What was left out is in a CSV beside it. A file that is complete already is left alone; `fresh` begins anew, and a
    part whose files have changed since is computed again. `progress(done, total)` counts the pictures of the missing
    parts; it may raise to stop, as Ctrl-C may: what is done is kept. Raises ValueError: OUT or its parts are of another
    run, or another process is at them; OSError.
    """
    with claimed(parts_folder(out)) as folder:
        if fresh:
            for path in (out, skipped_path(out), *left_over(folder)):
                path.unlink(missing_ok=True)
        if out.exists():
            return finished(job, out)
        agree(job.fingerprint(), folder)
        missing = [i for i in range(job.parts) if is_missing(job, i, part_path(folder, i))]
        total, done = sum(map(job.count, missing)), 0
        progress(done, total)
        read: dict[int, str] = {}

        def chunks() -> Iterator[tuple[int, list[Picture]]]:
            for i in missing:
                pictures = job.pictures(i)
                read[i] = digest(pictures)
                yield i, pictures

        with closing(runner(job.work, chunks())) as computed:
            for index, part in computed:
                write_part(job, part_path(folder, index), part, read[index])
                done += job.count(index)
                progress(done, total)
        rows, skipped = merge(job, folder, out, command)
    return Report(len(job.found), rows, tuple(skipped), job.parts - len(missing), job.parts)


def provenance(out: Path) -> dict[str, Any]:
    """What a finished file says of its run: study, params, networks, versions, command, fingerprint.

    Raises ValueError if it is not a file that `run` wrote.
    """
    try:
        told = parquet.read_schema(out).metadata
        about: dict[str, Any] = json.loads(told[KEY])
        return about
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"expected the result of a batch in {out}, got another file: {REMEDY}") from error


# ---- files ---------------------------------------------------------------------------------------


def check_out(out: Path) -> None:
    """Raises ValueError for a path that cannot become the file, OSError for links in a circle."""
    if out.suffix != SUFFIX or out.is_dir():
        came = "a folder" if out.is_dir() else repr(out.name)
        raise ValueError(f"expected a file to write that ends in {SUFFIX}, got {came}: name one with --out")
    behind_links(out)


def parts_folder(out: Path) -> Path:
    return out.with_name(out.name + ".parts")


def skipped_path(out: Path) -> Path:
    return out.with_suffix(".skipped.csv")


def part_path(folder: Path, index: int) -> Path:
    return folder / f"part-{index:06}{SUFFIX}"


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """The folder of the parts, for one process at a time; it goes when nothing but the claim is left in it.

    Raises ValueError if another process is at it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ValueError(
            f"expected to be alone in {folder}, another run is at it: wait for it, or choose another --out"
        ) from error
    try:
        yield folder
    finally:
        lock.release()
        if all(path.name == LOCK for path in folder.iterdir()):
            (folder / LOCK).unlink(missing_ok=True)
            with suppress(OSError):  # a file that somebody has just put there
                folder.rmdir()


def left_over(folder: Path) -> list[Path]:
    """What runs have left in the folder of the parts: nothing else is ever removed from it."""
    return [path for pattern in ("part-*", ".*.tmp", ABOUT) for path in folder.glob(pattern)]


def agree(wanted: dict[str, Any], folder: Path) -> None:
    """Note what the parts in `folder` depend on, or raise ValueError if it was noted differently."""
    path, kept = folder / ABOUT, None
    if not path.exists():
        write_json(path, wanted)
        return
    with suppress(ValueError):
        kept = json.loads(path.read_text())
    check_same(kept, wanted, folder)


def check_same(kept: Any, wanted: dict[str, Any], where: Path) -> None:
    """Raises ValueError that says what differs."""
    if kept == wanted:
        return
    if not isinstance(kept, dict):
        raise ValueError(f"expected to read in {where} of what run it is, got something else: {REMEDY}")
    for name in [*wanted, *kept]:
        was, now = (side.get(name, "none") for side in (kept, wanted))
        if was != now:
            raise ValueError(f"expected {where} to be of this run, but its {name} was {was} and is now {now}: {REMEDY}")


def schema(study: str) -> Any:
    """The columns of a study's file, as pyarrow has them."""
    kinds = {"text": "string", "int": "int64", "float": "float64", "bool": "bool", "vector": pa.list_(pa.float32())}
    return pa.schema([(name, kinds[kind]) for name, kind in batch_rows.columns(study)])


def digest(pictures: Sequence[Picture]) -> str:
    """SHA-256 of the names and bytes of the files of a part."""
    total = hashlib.sha256()
    for picture in pictures:
        own = hashlib.sha256(picture.data).hexdigest()
        total.update(json.dumps([picture.name, own, picture.reason]).encode() + b"\n")
    return total.hexdigest()


def is_missing(job: Job, part: int, path: Path) -> bool:
    """Whether a part has yet to be computed."""
    if not path.exists():
        return True
    with read_back(path, remedy=AGAIN):
        read = parquet.read_metadata(path).metadata[READ].decode()
    return job.changed(part, read)


def write_part(job: Job, path: Path, part: Part, read: str) -> None:
    """Write a part's rows, with what it was read from and left out in the file's own metadata."""
    about = schema(job.work.study).with_metadata({SKIPPED: json.dumps(part.skipped), READ: read})
    rows = pa.Table.from_pylist(part.rows, schema=about)
    whole(path, lambda fresh: parquet.write_table(rows, fresh))


def merge(job: Job, folder: Path, out: Path, command: str) -> tuple[int, list[tuple[str, str]]]:
    """Write OUT and the list of what was left out, and remove the parts: the number of rows, and that list."""
    skipped, read, rows = list(job.left_out), [], 0
    for i in range(job.parts):
        with read_back(part_path(folder, i), remedy=AGAIN):
            about = parquet.read_metadata(part_path(folder, i))
            skipped += [(name, reason) for name, reason in json.loads(about.metadata[SKIPPED])]
            read.append(about.metadata[READ].decode())
            rows += about.num_rows
    noted = json.dumps({**told(job, command), "rows": rows, "skipped": skipped, "read": read})
    columns = schema(job.work.study).with_metadata({KEY: noted})

    def write(fresh: Path) -> None:
        with parquet.ParquetWriter(fresh, columns) as writer:
            for group in groups(job, folder):
                writer.write_table(group.replace_schema_metadata(columns.metadata))

    if skipped:
        write_text(skipped_path(out), csv_text({"name": [n for n, _ in skipped], "reason": [r for _, r in skipped]}))
    else:
        skipped_path(out).unlink(missing_ok=True)
    whole(out, write)
    for path in left_over(folder):
        path.unlink()
    return rows, skipped


def groups(job: Job, folder: Path) -> Iterator[Any]:
    """The rows of all parts in their order, in tables that are large enough for a row group."""
    gathered: list[Any] = []
    for i in range(job.parts):
        with read_back(part_path(folder, i), remedy=AGAIN):
            gathered.append(parquet.ParquetFile(part_path(folder, i)).read().replace_schema_metadata(None))
        if sum(t.num_rows for t in gathered) >= GROUP_ROWS or sum(t.nbytes for t in gathered) >= GROUP_BYTES:
            yield pa.concat_tables(gathered).combine_chunks()
            gathered = []
    if gathered:
        yield pa.concat_tables(gathered).combine_chunks()


def told(job: Job, command: str) -> dict[str, Any]:
    """The provenance that goes into the file."""
    names = ("name", "digest", "arch", "provenance")
    return {
        "study": job.work.study,
        "params": asdict(job.work.params),
        "networks": [{name: getattr(sent, name) for name in names} for sent in job.work.networks],
        "versions": job.work.versions,
        "command": command,
        "fingerprint": job.fingerprint(),
    }


def finished(job: Job, out: Path) -> Report:
    """The Report of a file that is complete. Raises ValueError if it is of another run."""
    about = provenance(out)
    check_same(about.get("fingerprint"), job.fingerprint(), out)
    if any(job.changed(i, read) for i, read in enumerate(about["read"])):
        raise ValueError(f"expected {out} to be of these pictures, but some have changed since: {REMEDY}")
    for path in left_over(parts_folder(out)):  # a run that was killed after its last word
        path.unlink()
    skipped = tuple((name, reason) for name, reason in about["skipped"])
    return Report(len(job.found), about["rows"], skipped, job.parts, job.parts, complete=True)
