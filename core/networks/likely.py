"""How a network of the reader's may have been shown its pictures while it learned: neither tensors nor graphs tell.

One thing is changed at a time from what is taken: the scale of its pixels, or what of a picture it sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.models import IMAGENET_SIZE
from core.networks import lite
from core.networks.card import Network
from core.networks.families import IMAGENET_MEAN, IMAGENET_RESIZE, IMAGENET_STD
from core.networks.packaged import framed
from core.pictures.preprocess import INTERPOLATIONS, Preprocessing

CROPPED = 128  # px: networks that see less were seldom shown a crop of something larger
TOLD = "told"
SCALES = {  # mean and deviation of pixels in [0, 1]
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "signed": ((0.5,), (0.5,)),  # -1 to 1; 127 and 128 of 255 are within a hundredth of it
    "unit": ((0.0,), (1.0,)),
    "bytes": ((0.0,), (1 / 255,)),
}


@dataclass(frozen=True)
class Way:
    """A preprocessing, and whose `scale` its mean and deviation are: a key of SCALES, or TOLD for others."""

    scale: str
    preprocessing: Preprocessing


def likely(taken: Preprocessing, told: Preprocessing) -> tuple[Way, ...]:
    """The likeliest preprocessings of a network for which `taken` is taken, and `told` was before the reader chose;
    they differ in the scale of the pixels and in the frame alone. `taken` is among them; none is there twice."""
    channels = len(taken.mean)
    scales = {
        (mean * (channels // len(mean)), std * (channels // len(std))): name
        for name, (mean, std) in SCALES.items()
        if channels % len(mean) == 0
    }
    for one in (told, taken):
        scales.setdefault((one.mean, one.std), TOLD)
    frames = [(told.resize, told.interpolation), (None, taken.interpolation)]
    if taken.size >= CROPPED:
        frames += [(round(taken.size * IMAGENET_RESIZE / IMAGENET_SIZE), how) for how in INTERPOLATIONS]  # type: ignore[misc]
    every = [replace(taken, mean=mean, std=std) for mean, std in scales]
    every += [replace(taken, resize=resize, interpolation=how) for resize, how in frames]
    return tuple(Way(scales[prep.mean, prep.std], prep) for prep in dict.fromkeys(every))


def taking(network: Network, prep: Preprocessing) -> Network:
    """The same network, asked with another preprocessing of the same size and channels; if it came out of a file,
    commands that name it say so."""
    card, opened = network.card, network.card.opened
    if opened is not None:
        options = replace(
            opened.options,
            mean=prep.mean,
            std=prep.std,
            resize=prep.resize or prep.size,
            interpolation=prep.interpolation,
            words=(),
        )
        card = replace(card, opened=replace(opened, options=options))
    return replace(network, card=framed(card, prep), preprocessing=prep)


def has_two_builds(network: Network) -> bool:
    """Whether its tensors are those of two networks: TensorFlow's EfficientNet-Lite0, which is what this project opens
    (padding that is uneven where a stride is even, eps 0.001 in batch norms), and PyTorch's (alike all round, 0.00001).
    """
    return network.card.kind == "user" and network.card.arch == lite.NAME
