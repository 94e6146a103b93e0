"""Which picture shows a claim about patches: what each comes to on one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from core.claims.live import Probe
from core.compute.attributions import EVIDENCE, RANDOM
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen
from core.studies.patch import evidence, masking, scramble
from core.studies.patch.claims import TILES

RESNET, BAGNET = "photo_resnet", "photo_bagnet33"
LOST = f"share of the shuffles of {TILES} × {TILES} tiles at which the residual network's answer changes"
OWN = "area under the bag of features' own deletion curve, random order minus the evidence's"
OTHER = "area under the residual network's deletion curve, random order minus the evidence's"
HALF = 0.5


def scrambled(networks: Sequence[Network], image: RGBImage) -> float:
    """1 where the answer to the picture cut into tiles and shuffled is another one, 0 where it is the same."""
    [network] = networks
    pixels = seen(image, network.preprocessing)
    target = int(scramble.answers(network, pixels[None]).top1[0])
    found = scramble.run(networks, pixels, target, scramble.Params(tiles=(1, TILES)))
    return 1 - float(scramble.same_answer(found)[0, 1])


def deletion(row: int, networks: Sequence[Network], image: RGBImage) -> float:
    """`row`: 0 for the BagNet's own curve, 1 for the residual network's."""
    pixels = seen(image, networks[0].preprocessing)
    target = int(evidence.coarse(networks[0], pixels).values.mean((1, 2)).argmax())
    params = masking.Params(methods=(EVIDENCE, RANDOM), cell=masking.cell_of(pixels.shape[0]))
    found = masking.run(networks, pixels, target, params)
    return float(found.auc[row, 1] - found.auc[row, 0])


PROBES = {
    "resnet-fails-on-scrambled": Probe((RESNET,), LOST, scrambled, least=HALF),
    "evidence-own-deletion": Probe((BAGNET, RESNET), OWN, partial(deletion, 0)),
    "evidence-resnet-deletion": Probe((BAGNET, RESNET), OTHER, partial(deletion, 1)),
}
