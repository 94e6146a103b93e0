"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.networks.card import Network
from core.studies.patch import evidence, figures
from core.studies.study import OfPicture


def lines(result: evidence.Result, networks: Sequence[Network]) -> Iterator[str]:
    """The finding, and each network's strongest patch and provenance."""
    yield evidence.finding(result, [n.card.title for n in networks])
    for m, network in enumerate(networks):
        y, x = evidence.strongest(result, m)
        yield f"{network.card.name}: strongest patch around row {y}, column {x}; {network.card.provenance}"


COMMAND = OfPicture(
    "Every patch's evidence for a class.",
    evidence.Params(),
    "A BagNet's name; give it again for another.",
    evidence.run,
    lines,
    ("Where to write the last BagNet's map over the picture.", figures.write_map),
)
