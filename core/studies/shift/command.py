"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.networks.card import Network
from core.studies.shift import sweep
from core.studies.study import OfPicture


def lines(result: sweep.Result, networks: Sequence[Network]) -> Iterator[str]:
    """The finding, and each network's consistency and provenance."""
    yield sweep.finding(result, [n.card.title for n in networks])
    for network, share, stray in zip(networks, sweep.consistency(result), result.logit_error, strict=True):
        yield (
            f"{network.card.name}: consistency {share:.1%}, bfloat16 logits within {stray:.3f}; "
            f"{network.card.provenance}"
        )


COMMAND = OfPicture(
    "Every network at every shift of a picture.",
    sweep.Params(),
    "A network's name; give it again for another.",
    sweep.run,
    lines,
)
