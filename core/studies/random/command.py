"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Iterator

from core.studies.random import features
from core.studies.study import OfData


def lines(result: features.Result) -> Iterator[str]:
    """The finding, and the accuracy along the curve."""
    yield features.finding(result)
    for k, row in zip(result.counts, result.hits, strict=True):
        yield f"{k:>7,} features: top-1 {row[0]:.1%}, top-2 {row[1]:.1%}"


COMMAND = OfData(
    "Accuracy against the number of random features.",
    features.Params(),
    "",
    features.OWN_SIZE,
    lambda word, data, params, progress, keep: features.run(data.title, data.train, data.test, params, progress),
    lines,
)
