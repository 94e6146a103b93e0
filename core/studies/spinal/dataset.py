"""What this project measured on whole data sets, and the words that follow from the intervals.

Of the heads of Kabir et al. (arXiv 2007.03347).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.base.intervals import LEVEL, mean_interval, verdict, with_interval
from core.base.records import read_all
from core.data.sets import DATASETS
from core.models.heads import BACKBONES, SHORT
from core.studies.spinal import heads, paper
from core.studies.spinal.heads import Result, difference

FIRST = "digits_small_cnn"  # the race that a visitor sees first


@dataclass(frozen=True, eq=False)
class Measured:
    """One file of `receptive measure spinal`."""

    result: Result
    data: str
    command: str
    date: str
    commit: str

    @property
    def title(self) -> str:
        copy = " (JPEG copy)" if "JPEG copy" in self.data else ""
        return f"{self.result.title}{copy}, {BACKBONES[self.result.backbone].title}"


def measured(folder: Path = heads.FOLDER) -> dict[str, Measured]:
    """Every packaged race by its file's name, in the order of DATASETS."""
    names = [f"{dataset}_{backbone}" for dataset in DATASETS for backbone in BACKBONES]
    found = read_all((folder / f"{name}.json" for name in names), Measured)
    return {name: found[name] for name in names if name in found}


def claims(found: dict[str, Measured]) -> dict[str, list[str]]:
    """One row a race: what the paper says, what each head reached here, and what the paired differences show."""
    columns: dict[str, list[str]] = {"data, backbone": [], "the paper's spinal, %": []}
    columns |= {f"{short}, %": [] for short in SHORT.values()}
    columns |= {"spinal against FC": [], "spinal against FC matched": []}
    for one in found.values():
        result = one.result
        columns["data, backbone"].append(f"{one.title} ({result.last.shape[1]} seeds)")
        said = paper.BEST.get(result.title, "") if result.backbone == paper.BACKBONE else ""
        columns["the paper's spinal, %"].append(said)
        for head, short in SHORT.items():
            row = 100 * result.last[result.heads.index(head)]
            columns[f"{short}, %"].append(with_interval(*mean_interval(row)))
        for other, name in (("fc", "FC"), ("fc-matched", "FC matched")):
            mean, half = difference(result, "spinal", other)  # type: ignore[arg-type]
            shown = f"{verdict(mean, half).removesuffix(' shown')} ({with_interval(mean, half, sign=True)})"
            columns[f"spinal against {name}"].append(shown)
    return columns


def finding(found: dict[str, Measured]) -> str:
    """In how many of the races spinal is better, worse, or not shown to differ, and what chance alone would show."""
    said = []
    for other, name in (("fc", "the FC head it replaces"), ("fc-matched", "an FC head of its own size")):
        words = [verdict(*difference(one.result, "spinal", other)) for one in found.values()]  # type: ignore[arg-type]
        counted = [(word, words.count(word)) for word in ("better", "worse", "no difference shown") if word in words]
        said.append(f"against {name}: " + ", ".join(f"{word} in {n}" for word, n in counted))
    by_chance = 2 * len(found) * (1 - LEVEL)
    return (
        f"Of {len(found)} races, spinal is, {'; '.join(said)}. Of {2 * len(found)} intervals at {LEVEL:.0%}, "
        f"{by_chance:.1f} leave 0 out by chance alone, on average."
    )
