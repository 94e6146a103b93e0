"""Any network: which attributions say something of what it sees, whatever its labels, input size and channels.

It is masked as Brendel & Bethge (ICLR 2019, §3) mask for a BagNet. For each of the other methods there is a sentence
why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, each, ignore
from core.compute import attributions
from core.compute.attributions import EVIDENCE, GRAD_CAM, METHODS, OCCLUSION, RANDOM
from core.compute.placing import UNFIT
from core.networks.card import ONLY_ANSWERS, Network
from core.pictures.preprocess import to_tensor
from core.studies.patch.scramble import answers

GRADIENTS, DEEP_LIFT = "integrated gradients", "DeepLIFT"
ON_THE_WAY = (1.0, 0.75, 0.5, 0.25)  # shares of the way from the mean colour to the picture
FLAT = (
    "the gradient of the answer is zero at this picture{where}, as where a network takes signs: "
    "small changes of the picture do not move it"
)
WHY_UNFIT = {
    DEEP_LIFT: "its map would not sum to the difference of the logits: the network has a layer that Captum's rules "
    "do not cover",
    GRAD_CAM: "it needs maps, such as convolutions give, and the network has none",
}


def answer(network: Network, pixels: np.ndarray, progress: Progress = ignore) -> np.ndarray:
    """float32 (K,): probabilities of the network's classes for uint8 pixels (S, S, 3), by float32."""
    return np.asarray(answers(network, pixels[None], progress).probability[0])


def applicable(
    network: Network, pixels: np.ndarray, target: int, methods: Sequence[str] = METHODS, progress: Progress = ignore
) -> dict[str, str | None]:
    """By method None, or why it says nothing of what makes the network see class `target` in uint8 pixels (S, S, 3).

    Each gradient method is tried: it does not apply if it fails, or gives zero for every pixel (integrated gradients:
    if the gradient is zero at the picture and at points of the line from the mean colour to it).
    """
    x = to_tensor(pixels, network.preprocessing)
    return {method: reason(network, x, target, method) for method in each(methods, progress)}


def reason(network: Network, x: torch.Tensor, target: int, method: str) -> str | None:
    """One method's entry of `applicable`, for x (C, S, S) as the network sees it."""
    from core.models.bagnet import BagNet

    if method in (OCCLUSION, RANDOM):
        return None  # they ask for answers alone
    if network.card.answers_only:
        return ONLY_ANSWERS
    if method == EVIDENCE:
        fits = isinstance(network.engine.exact, BagNet)
        return None if fits else "only a BagNet's logits are sums over patches"
    along = ON_THE_WAY if method == GRADIENTS else ON_THE_WAY[:1]
    asked = "saliency" if method == GRADIENTS else method  # a gradient is enough to know
    try:
        maps = [attributions.attribution(network, x * share, target, asked) for share in along]
    except UNFIT as error:
        if isinstance(error, ValueError) and method in WHY_UNFIT:
            return WHY_UNFIT[method]
        return f"it could not be computed ({str(error).strip().partition(chr(10))[0].rstrip('.')})"
    if any(found.any() for found in maps):
        return None
    return FLAT.format(where=" and on the way to it from the mean colour" if len(along) > 1 else "")


def fitting(network: Network, why: Mapping[str, str | None]) -> tuple[str, ...]:
    """The methods of `applicable` that apply. Raises ValueError if there is none."""
    found = tuple(method for method, reason in why.items() if reason is None)
    if not found:
        raise ValueError(
            f"expected a method that applies to {network.card.name}, got {', '.join(why)}: add occlusion or random"
        )
    return found


def omissions(why: Mapping[str, str | None]) -> list[str]:
    """One sentence for each method of `applicable` that is left out."""
    return [f"{method[0].upper()}{method[1:]} is left out: {reason}." for method, reason in why.items() if reason]
