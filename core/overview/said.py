"""What each network says of one picture, and how many of them agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core import networks
from core.base.worker import Progress, each, ignore
from core.figures.palette import photo_uri, uri
from core.networks import engine
from core.networks.card import Card, Network
from core.networks.download import WeightsError
from core.networks.likely import has_two_builds
from core.pictures.image import RGBImage, from_pixels, thumbnail
from core.pictures.preprocess import Preprocessing, seen, to_tensor

TORCH_EPS = 1e-5  # that of torch's batch norms where nothing else is said
BEST = 3  # answers of a network
VIEW = 144  # px: as large as the picture in a network's eyes is shown


@dataclass(frozen=True)
class Said:
    """A network's best answers, (label, probability in 0..1) best first, and `view`, an address that holds the picture
    as it sees it, no larger than VIEW px; or `problem`, a sentence, why it says nothing."""

    best: tuple[tuple[str, float], ...] = ()
    view: str = ""
    problem: str = ""


def of_card(card: Card, weights: str | None, image: RGBImage, progress: Progress = ignore) -> Said:
    """What the network of a card on this machine says. `weights`, its file's digest, tells the answer from others'.

    What keeps it from being loaded is said, so that one damaged network does not silence the others.
    """
    try:
        return of_network(networks.load(card), image, progress)
    except WeightsError as error:
        return Said(problem=str(error))


def of_network(network: Network, image: RGBImage, progress: Progress = ignore) -> Said:
    """What a loaded network says of the picture as it sees it, in float32."""
    pixels = seen(image, network.preprocessing)
    x = to_tensor(pixels, network.preprocessing)[None]
    logits = engine.logits(network.engine, lambda which: x[which], 1, progress, exact=True).logits[0]
    share = np.exp(logits - logits.max())
    share /= share.sum()
    best = tuple((network.labels[i], float(share[i])) for i in np.argsort(-share, kind="stable")[:BEST])
    small = thumbnail(from_pixels(pixels), VIEW).pixels
    return Said(best, (photo_uri if len(pixels) > VIEW else uri)(small))


def in_ways(
    network: Network, ways: Sequence[Preprocessing], image: RGBImage, progress: Progress = ignore
) -> tuple[Said, ...]:
    """What a loaded network says of the picture under each preprocessing, in float32; last, where its tensors are those
    of two networks, what the other one says as it is."""
    asked = [replace(network, preprocessing=prep) for prep in ways]
    if has_two_builds(network):
        from core.models.lite import rebuilt

        other = rebuilt(network.engine.plain, even=True, eps=TORCH_EPS)  # type: ignore[arg-type]
        asked.append(replace(network, engine=engine.prepare(other)))
    return tuple(of_network(one, image) for one in each(asked, progress))


@dataclass(frozen=True)
class Vote:
    """`label` is what most networks say: `agree` of `count`; `sure`, the mean probability that those give it."""

    label: str
    agree: int
    count: int
    sure: float


def vote(answers: Sequence[Said]) -> Vote | None:
    """Which label most networks put first, the surer one where two have as many; None where none answered."""
    first = [said.best[0] for said in answers if said.best]
    if not first:
        return None
    votes = Counter(label for label, _ in first)
    total = {label: sum(p for one, p in first if one == label) for label in votes}
    label = max(votes, key=lambda one: (votes[one], total[one]))
    return Vote(label, votes[label], len(first), total[label] / votes[label])
