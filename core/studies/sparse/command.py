"""What a terminal asks of this study, and what it says of the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from core.networks.card import Network
from core.pictures import noise
from core.pictures.image import RGBImage, write_png
from core.studies.sparse import codes
from core.studies.sparse.figures import to_bytes
from core.studies.study import OfPicture


def lines(result: codes.Result, networks: Sequence[Network]) -> Iterator[str]:
    """The finding, the answers at each lambda, and where the networks come from."""
    titles = [n.card.title for n in networks]
    yield codes.finding(result, titles)
    for answer in codes.answers(result, titles):
        at = answer.rule if answer.lam is None else f"lambda {answer.lam:.2f} ({answer.rule})"
        yield f"{answer.who}, {at}: {answer.label} ({answer.probability:.2f})"
    if result.noise != noise.NONE:
        yield codes.noise_words(result.noise, result.level, result.arrived)
    for network in networks:
        yield f"{network.card.name}: {network.card.provenance}"


def write_reconstruction(path: Path, image: RGBImage, result: codes.Result) -> None:
    """As a PNG."""
    write_png(path, to_bytes(result.reconstruction))


COMMAND = OfPicture(
    "Code, reconstruction and answer.",
    codes.Params(noise="none", level=0.0),
    "An SDNet's name; a second one is its plain twin.",
    codes.run,
    lines,
    ("Where to write the reconstruction.", write_reconstruction),
)
