"""Which picture shows a claim about sparse codes: what each comes to on one.

Sample pictures have no label: an answer counts as right that is the network's own to the picture without noise.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from core.base.ranks import spearman
from core.base.softmax import softmax
from core.claims.live import Probe
from core.compute import coded
from core.networks.card import Network
from core.networks.families import SDNETS, TWINS
from core.pictures import noise
from core.pictures.image import RGBImage
from core.studies.sparse import attack, codes
from core.studies.sparse.claims import LITES
from core.studies.sparse.codes import LAMBDAS

SIGMA, SIGMA_LITE, RAISED, ATTACKED = 0.1, 0.2, 0.5, 0.4
LEVELS = 5  # of a kind of noise, over its range
UNDER = "probability of the answer to the clean picture"
BETTER = f"{UNDER} with a larger λ minus as trained"
TOLD = f"{UNDER} with λ told from the residual minus as trained"
NEARLY = f"{UNDER} with λ told from the residual minus the best"
BEATS = f"{UNDER}, of the coded network with λ told from the residual minus the plain one's"
RISES = "rank correlation of the noise with the λ that serves the answer best"
WITHSTANDS = f"{UNDER} under the attack at the raised λ minus as trained"
AS_GOOD = -0.01


def sure(network: Network, image: RGBImage, kind: str, level: float, lams: Sequence[float]) -> np.ndarray:
    """(L,) the probability, with noise and at each lambda, of what the network says without noise."""
    clean, noisy = pictures(network, image, kind, level)
    said = int(coded.answer(network, clean).argmax())
    return np.asarray(softmax(coded.logits_along(network, noisy, np.array(lams)))[:, said])


def pictures(network: Network, image: RGBImage, kind: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Without and with noise, as the page adds it: float32 (H, W, 3) each."""
    return codes.pictures(image, codes.Params(noise=kind, level=level), network.preprocessing)


def told(network: Network, image: RGBImage, level: float) -> float:
    """The lambda that the residual asks for, the trained one without a fit."""
    _, noisy = pictures(network, image, "gaussian", level)
    found = codes.estimate(network, noisy, codes.packaged_fit(network))
    return coded.sdnet_of(network).dictionary.lam if math.isnan(found) else found


def raised(networks: Sequence[Network], image: RGBImage) -> float:
    trained = coded.sdnet_of(networks[0]).dictionary.lam
    low, high = sure(networks[0], image, "gaussian", SIGMA, (trained, RAISED))
    return float(high - low)


def estimated(networks: Sequence[Network], image: RGBImage) -> float:
    trained = coded.sdnet_of(networks[0]).dictionary.lam
    low, high = sure(networks[0], image, "gaussian", SIGMA, (trained, told(networks[0], image, SIGMA)))
    return float(high - low)


def near_best(networks: Sequence[Network], image: RGBImage) -> float:
    found = sure(networks[0], image, "gaussian", SIGMA, (told(networks[0], image, SIGMA), *LAMBDAS))
    return float(found[0] - found.max())


def beats(level: float, networks: Sequence[Network], image: RGBImage) -> float:
    """How much surer the first network, at the lambda that the residual asks for, is under noise of what it says
    without, than its twin without lambda is of its own."""
    mine, twin = networks
    [ours] = sure(mine, image, "gaussian", level, (told(mine, image, level),))
    clean, noisy = pictures(twin, image, "gaussian", level)
    theirs = softmax(coded.answer(twin, noisy))[coded.answer(twin, clean).argmax()]
    return float(ours - theirs)


def rises(kind: str, networks: Sequence[Network], image: RGBImage) -> float:
    """How the best lambda goes along with the level of one kind of noise, over some levels."""
    every = noise.KINDS[kind].levels
    levels = [every[round(i)] for i in np.linspace(0, len(every) - 1, LEVELS)]
    best = [LAMBDAS[int(sure(networks[0], image, kind, level, LAMBDAS).argmax())] for level in levels]
    return spearman(range(LEVELS), best)


def withstands(networks: Sequence[Network], image: RGBImage) -> float:
    """How much surer of its first answer the network is after an attack at a raised lambda than at the trained one."""
    pixels = (pictures(networks[0], image, "none", 0)[0] * 255).round().astype(np.uint8)
    left = [attack.look(networks[0], pixels, attack.Params(steps=10, restarts=1), lam) for lam in (None, ATTACKED)]
    low, high = (float(one.after[one.before.argmax()]) for one in left)
    return high - low


ONE, PAIR = SDNETS[:1], (SDNETS[0], TWINS[0])
PROBES = {
    "coded-beats-plain-lite0": Probe(LITES, BEATS, partial(beats, SIGMA_LITE)),
    "raised-lambda-helps": Probe(ONE, BETTER, raised),
    "estimated-lambda-helps": Probe(ONE, TOLD, estimated),
    "estimated-near-oracle": Probe(ONE, NEARLY, near_best, least=AS_GOOD),
    "coded-beats-twin-under-noise": Probe(PAIR, BEATS, partial(beats, SIGMA)),
    **{f"lambda-rises-{kind}": Probe(ONE, RISES, partial(rises, kind)) for kind in noise.KINDS},
    "raised-lambda-withstands-attack": Probe(ONE, WITHSTANDS, withstands),
}
