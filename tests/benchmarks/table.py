"""What the benchmarks measured, and the table that it makes in `tests/benchmarks/README.md` and README.md.

A benchmark ends in `record`, which keeps its paired runs in `measured.json` and writes both tables again:
`pytest -n 0 -o python_files='bench_*.py' tests/benchmarks -s` measures everything, one file of them its own rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
MEASURED = HERE / "measured.json"
README, FRONT = HERE / "README.md", HERE.parents[1] / "README.md"
BETWEEN = re.compile(r"(?<=<!-- speed -->\n).*?(?=<!-- /speed -->\n)", re.DOTALL)


@dataclass(frozen=True)
class Row:
    """One thing that is measured: `ours` against `base`, and the ratio wanted: at least (`faster`), or at most.

    `faster` rows say how many times less ours takes; the others which share of the baseline ours takes.
    `headline`: the words of README.md, where it stands there, with {ratio}, {ours} and {base}.
    """

    key: str
    what: str
    base: str
    wanted: float
    faster: bool = True
    unit: str = "s"
    headline: str = ""


ROWS = (
    Row("verdict", "upload of a new photograph to its first verdict, Shift page", "before's 64 px networks", 0.5, False,
        headline="A new photograph's first verdict on the Shift page: {ours}, {ratio} of the time before."),
    Row("first_of_sweep", "the first picture of a 33 x 33 sweep", "the whole sweep", 0.1, False),
    Row("sweep_fast", "33 x 33 sweep of `lite0`, with the extra `fast`", "plain", 4.5,
        headline="1,089 shifts of a 224 px photograph, with the extra `fast`: {ours}, {ratio} as fast as one by one."),
    Row("sweep_torch", "the same without it", "plain", 2.5),
    Row("sweep_64", "33 x 33 sweep of the 64 px networks (the slowest of three)", "plain", 9.0),
    Row("local_map", "exact map of `lite0_local` at 224 px", "patch by patch in batches", 30.0,
        headline="The exact patch map at 224 px: {ours}, {ratio} as fast as patch by patch."),
    Row("lambdas", "14 lambdas over one photograph with `lite0_sparse`, logits", "the whole network for each", 2.5),
    Row("residuals", "the same, residuals alone", "the whole network for each", 20.0),
    Row("slider_lambda", "slider of lambda: change to new picture in Chromium", "0.1 s", 1.0, False),
    Row("slider_wipe", "the wipe: change to new picture in Chromium", "0.1 s", 1.0, False),
    Row("slider_frame", "the moving frame: change to new picture in Chromium", "0.1 s", 1.0, False),
    Row("cold_home", "cold start: `streamlit run` to Home at rest", "before", 0.5, False,
        headline="`streamlit run` to Home at rest: {ours}, {ratio} of the time before."),
    Row("cold_shift", "cold start: `streamlit run` to Shift's first figure", "before", 0.5, False),
    Row("report", "`receptive report` of a new photograph, processor time", "before", 0.5, False),
    Row("batch", "`receptive batch shift-sweep`, rows equal", "before", 2.0,
        headline="`receptive batch shift-sweep`: {ratio} as many rows a second as before."),
    Row("tests", "default test run, wall time on two cores", "8 minutes", 1.0, False),
    Row("ci", "`.ci/run` in all", "12 minutes", 1.0, False),
    Row("memory_walk", "memory of the server after a walk over all pages with five photographs", "before", 0.6, False,
        "MB"),
    Row("memory_changes", "memory of the server after 60 changes of picture", "before", 0.6, False, "MB"),
    Row("memory_growth", "memory after 60 changes of picture", "after the tenth", 1.0, False, "MB"),
)  # fmt: skip


def record(key: str, ours: Sequence[float], base: Sequence[float], note: str = "") -> str:
    """Keep paired runs (the i-th of `ours` with the i-th of `base`, in the row's unit), write both tables again, and
    give back the row's line. Raises KeyError for a row that is not in `ROWS`, ValueError for runs without a pair."""
    if not ours or len(ours) != len(base):
        raise ValueError(f"expected paired runs, got {len(ours)} of ours and {len(base)} of the baseline's")
    {row.key: row for row in ROWS}[key]
    known = measured() | {key: {"ours": list(ours), "base": list(base), "note": note}}
    ordered = {row.key: known[row.key] for row in ROWS if row.key in known}
    MEASURED.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    write()
    told = next(line for row, line in zip(shown(), lines(), strict=True) if row.key == key)
    print("\n" + told)
    return told


def write() -> None:
    for path, text in tables().items():
        path.write_text(BETWEEN.sub(lambda _, text=text: text, path.read_text(encoding="utf-8")), encoding="utf-8")


def measured() -> dict[str, dict[str, object]]:
    return json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}


def tables() -> dict[Path, str]:
    """{file: what stands in it between its marks}."""
    head = "| what | ours | baseline | | ratio, median of paired runs (spread) | wanted |\n|---|---|---|---|---|---|\n"
    front = "".join(f"- {words(row)}\n" for row in shown() if row.headline)
    return {README: head + "".join(line + "\n" for line in lines()), FRONT: front}


def shown() -> list[Row]:
    return [row for row in ROWS if row.key in measured()]


def lines() -> list[str]:
    return [line(row) for row in shown()]


def line(row: Row) -> str:
    runs = measured()[row.key]
    ours, base, found = runs["ours"], runs["base"], ratios(row)
    note = f" ({runs['note']})" if runs["note"] else ""
    met = median(found) >= row.wanted if row.faster else median(found) <= row.wanted
    bound = f"{'at least' if row.faster else 'at most'} {row.wanted:g}{'' if met else ': **missed**'}"
    told = f"{median(found):.2g} ({min(found):.2g} to {max(found):.2g}; {len(found)} pairs)"
    return f"| {row.what}{note} | {amount(ours, row)} | {row.base} | {amount(base, row)} | {told} | {bound} |"


def ratios(row: Row) -> list[float]:
    runs = measured()[row.key]
    return [b / a if row.faster else a / b for a, b in zip(runs["ours"], runs["base"], strict=True)]  # type: ignore[call-overload]


def amount(values: Sequence[float], row: Row) -> str:
    middle = median(values)
    return f"{middle:,.0f} {row.unit}" if middle >= 100 else f"{middle:.2g} {row.unit}"


def words(row: Row) -> str:
    runs = measured()[row.key]
    ratio = median(ratios(row))
    told = f"{ratio:.2g} times" if row.faster else f"{ratio:.2g}"
    return row.headline.format(ratio=told, ours=amount(runs["ours"], row), base=amount(runs["base"], row))


if __name__ == "__main__":  # python -m tests.benchmarks.table, after a change of words
    write()
