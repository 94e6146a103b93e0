"""Which picture shows a claim about shifts: what each comes to on one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.claims import numbers
from core.claims.live import Probe
from core.claims.numbers import PERCENT, Estimate
from core.networks.card import Network, blur_of
from core.pictures.image import RGBImage
from core.pictures.preprocess import Boundary
from core.studies.shift import sweep
from core.studies.shift.claims import BLURS, LITES, PHOTOS, VGGS

STEADIER = "pairs of shifts that agree with blur 5 minus without, points"
STURDIER = "one-pixel shifts at which the answer changes without the blur minus with it"
RISING = "rank correlation of the blur's taps with the pairs of shifts that agree"
NEAR, NEARER = 8, 4  # px: as far as the page then shows


def swept(networks: Sequence[Network], image: RGBImage, reach: int, boundary: Boundary) -> sweep.Result:
    return sweep.run(networks, image, sweep.Params(reach, boundary))


def steadier(reach: int, boundary: Boundary, networks: Sequence[Network], image: RGBImage) -> float:
    plain, blurred = sweep.consistency(swept(networks, image, reach, boundary))
    return PERCENT * float(blurred - plain)


def sturdier(networks: Sequence[Network], image: RGBImage) -> float:
    plain, blurred = sweep.flips(swept(networks, image, 1, "circular"))
    return float(plain - blurred)


def rising(networks: Sequence[Network], image: RGBImage) -> float:
    taps = [blur_of(network.card.arch) or 1 for network in networks]
    found = sweep.consistency(swept(networks, image, NEAR, "circular"))
    return numbers.rank_correlation(taps, [Estimate(float(v), float(v), float(v)) for v in found]).value


WIDE, CLOSE = partial(steadier, NEAR, "circular"), partial(steadier, NEARER, "crop")
PROBES = {
    "blur-consistency-resnet": Probe(PHOTOS, STEADIER, WIDE, settings={"shift-R": str(NEAR)}),
    "blur-consistency-vgg": Probe(VGGS, STEADIER, WIDE),
    "blur-consistency-lite0": Probe(LITES, STEADIER, CLOSE, settings={"shift-R": str(NEARER)}),
    "blur-size-consistency": Probe(BLURS, RISING, rising),
    "blur-worst-resnet": Probe(PHOTOS, STURDIER, sturdier),
    "blur-worst-vgg": Probe(VGGS, STURDIER, sturdier),
}
