"""What the records of this room hold, as tables: of the page's measured part and of assets/results/README.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.networks.card import title_of
from core.studies.shift.claims import shift_record
from core.studies.shift.dataset import Summary

HEADLINE = "blur-consistency-resnet"  # the claim that stands for this study on the first page
Table = dict[str, list[object]]


def tables(results: Path) -> dict[str, Table]:
    """What was measured -> its table, of the records below a results folder."""
    found = {title_of(name): record for name, record in shift_record(results).items()}
    summaries = [record.summary for record in found.values()]
    if not found:
        return {}
    return {
        "Accuracy, and consistency: the share of pictures for which two random circular shifts, up to a quarter of the "
        "side, get the same answer": {
            **table(summaries, list(found)),
            "test set": [record.data.partition(" (")[0] for record in found.values()],
        },
    }


def table(summaries: Sequence[Summary], titles: Sequence[str]) -> Table:
    """A row a network: accuracy and consistency in %, pictures."""

    def percent(value: float | None) -> float | None:
        return None if value is None else round(100 * value, 2)

    return {
        "network": list(titles),
        "accuracy, %": [percent(s.accuracy) for s in summaries],
        "consistency, %": [percent(s.consistency) for s in summaries],
        "sd over draws": [percent(s.consistency_sd) for s in summaries],
        "right at every small shift, %": [percent(s.worst_accuracy) for s in summaries],
        "pictures": [s.images for s in summaries],
    }


def corruption_table(summaries: Sequence[Summary], titles: Sequence[str]) -> Table:
    """A row a network, corruption and strength: accuracy and answers that change, as shares."""
    rows = [
        (title, kind, i + 1, accuracy, changed)
        for s, title in zip(summaries, titles, strict=True)
        for kind, values in s.corruptions.items()
        for i, (accuracy, changed) in enumerate(values)
    ]
    names = ("network", "corruption", "strength", "accuracy", "answers that change")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
