"""Networks of the package timm ("timm:NAME") with its ImageNet weights, read from this machine or fetched when asked.

Their own scale, crop, filter, mean and deviation come from timm's description of the weights. Weights are read as
safetensors only, from where huggingface_hub keeps them; nothing of a file is run.

Some of them are blurred, but not as Zhang (ICML 2019) blurs: timm has layers of its own, whose kernels are in no
weights file, and its ResNets blur behind a padded max-pool of 3 x 3 where the paper's have 2 x 2 without padding. So
they are named as timm's.
"""

from __future__ import annotations

import difflib
import functools
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.base.heavy import huggingface_hub, nn, timm, torch
from core.models import IMAGENET_SIZE
from core.networks import weights
from core.networks.card import TIMM, TIMMS_AVERAGING, TIMMS_BLUR, Card
from core.networks.download import WeightsError
from core.pictures.preprocess import INTERPOLATIONS, Preprocessing

FILE = "model.safetensors"
CLASSES = 1000


def check() -> None:
    """Raises WeightsError without the package."""
    if find_spec("timm") is None:
        raise WeightsError("expected the package timm for timm:NAME, found none: pip install 'receptive[timm]'")


@functools.cache
def names() -> tuple[str, ...]:
    """Those with published weights for ImageNet's thousand classes that take the centre square of a picture."""
    return tuple(name for name in timm.list_pretrained() if fits(timm.models.get_pretrained_cfg(name)))


def fits(about: Any) -> bool:
    """Whether weights that timm describes so answer ImageNet's classes, and see pictures as this project shows them."""
    is_square = about.input_size[1] == about.input_size[2] and about.crop_mode == "center"
    known = about.num_classes == CLASSES and "in1k" in about.tag and about.interpolation in INTERPOLATIONS
    return bool(is_square and known and about.hf_hub_id and not about.custom_load)


@dataclass(frozen=True)
class Made:
    """What timm builds a network of: in how many places it `blurs` or `averages` where others only take a stride;
    whether its stem pools over `pooled` px before the first blur, 0 for no such pool; whether it pads as TensorFlow
    does (`same`); and what its batch norms add to their variances (`eps`)."""

    blurs: int
    averages: int
    pooled: int
    same: bool
    eps: tuple[float, ...]

    @property
    def title(self) -> str:
        """What a network's title says of it, "" for nothing."""
        return TIMMS_BLUR if self.blurs else TIMMS_AVERAGING if self.averages else ""

    @property
    def said(self) -> str:
        """What is to be said of it, each after a semicolon."""
        told, places = [], f"{self.blurs or self.averages} stride{'s' * (self.blurs + self.averages > 1)}"
        if self.blurs:
            pool = f", behind a padded max-pool of {self.pooled} x {self.pooled} px in the stem" if self.pooled else ""
            told.append(
                f"blurred by timm's own layers at {places}{pool}, not as in the paper (Zhang 2019)"
                "; the blur is in no weights file"
            )
        elif self.averages:
            told.append(f"subsampled by timm's averages at {places}, not by the paper's blur (Zhang 2019)")
        if self.same:
            told.append(f"padded as TensorFlow pads, eps {' and '.join(f'{eps:g}' for eps in self.eps)} in batch norms")
        return "".join(f"; {words}" for words in told)


@functools.cache
def made(word: str) -> Made:
    """What timm builds the network of a name of; built without memory for its numbers."""
    with torch.device("meta"):
        net = timm.create_model(word, pretrained=False)
    layers = dict(net.named_modules())
    blurs = [name for name, layer in layers.items() if isinstance(layer, timm.layers.BlurPool2d)]
    before = (layers.get(f"{name.removesuffix('1')}0") for name in blurs if name.endswith(".1"))
    pools = [layer.kernel_size for layer in before if isinstance(layer, nn.MaxPool2d) and layer.padding]
    averages = [name for name, layer in layers.items() if name.endswith("aa") and isinstance(layer, nn.AvgPool2d)]
    same = any(type(layer).__name__.endswith("Same") for layer in layers.values())  # timm's word for such layers
    eps = sorted({layer.eps for layer in layers.values() if isinstance(layer, nn.BatchNorm2d)})
    return Made(len(blurs), len(averages), pools[0] if pools else 0, same, tuple(eps))  # type: ignore[arg-type]


def find(name: str) -> Card:
    """The card of "timm:NAME" or "timm:NAME.TAG". Raises WeightsError: no package, or no such name."""
    check()
    word = name.removeprefix(TIMM)
    known = {**dict.fromkeys(names()), **dict.fromkeys(one.partition(".")[0] for one in names())}
    if word not in known or not fits(timm.models.get_pretrained_cfg(word)):
        near = ", ".join(difflib.get_close_matches(word, names(), n=3, cutoff=0))
        raise WeightsError(f"expected a network of timm's with ImageNet weights, got {word!r}: did you mean {near}?")
    about = timm.models.get_pretrained_cfg(word)
    prep = preprocessing(word)
    sentence = (
        f"timm's weights {about.architecture}.{about.tag} ({about.license or 'licence not told'}), on demand "
        f"from {about.hf_hub_id}{made(word).said}; not measured by this project"
    )
    family = "imagenet" if prep.size == IMAGENET_SIZE else name
    card = Card(name, word, family, "timm", sentence, prep.size, made=made(word).title)
    return replace(card, resize=prep.resize, interpolation=prep.interpolation)


def preprocessing(word: str) -> Preprocessing:
    """What the weights were evaluated with: timm scales the short side to size / crop_pct, rounded down."""
    about = timm.models.get_pretrained_cfg(word)
    size = int(about.input_size[-1])
    resize = int(size / about.crop_pct)
    return Preprocessing(size, tuple(about.mean), tuple(about.std), resize=resize, interpolation=about.interpolation)


def local_file(card: Card) -> Path | None:
    """Where the weights lie on this machine, None where they do not."""
    repository = timm.models.get_pretrained_cfg(card.arch).hf_hub_id
    found = huggingface_hub.try_to_load_from_cache(repository, FILE)
    return Path(found) if isinstance(found, str) else None


def download(card: Card) -> Path:
    """Fetch the weights from their owners' repository, once. Raises WeightsError with what went wrong."""
    repository = timm.models.get_pretrained_cfg(card.arch).hf_hub_id
    try:
        return Path(huggingface_hub.hf_hub_download(repository, FILE))
    except Exception as error:  # its errors are those of three libraries
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(
            f"{card.title} could not be downloaded from {repository} ({why}): check the connection"
        ) from error


def network(card: Card) -> Any:
    """The network with its weights, in eval mode. Raises WeightsError if these are not here or do not fit."""
    path = local_file(card)
    if path is None:
        raise WeightsError(
            f"expected the weights of {card.name} on this machine, found none: receptive download {card.name}"
        )
    net = timm.create_model(card.arch, pretrained=False)
    weights.load_into(net, weights.read_state(path))
    return net.eval()
