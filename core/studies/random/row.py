"""What a batch writes of one picture."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import nn, torch
from core.base.refuse import within
from core.compute import spaces
from core.compute.sign_counts import build, features
from core.compute.spaces import as_input
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen, square
from core.studies.random import features as random_features
from core.studies.study import Row, Table

if TYPE_CHECKING:
    from core.models.random_depthwise import RandomDepthwise


RANDOM = "random"  # the name under which the random-features study's own network, which nobody trained, is asked
SIZE_LIMITS = (8, 512)  # px


@dataclass(frozen=True)
class FeatureParams:
    """`features` of kernel size `kernel` and `depth` blocks, drawn from `seed`, of pictures of `size` px.

    Trained networks take their own input size instead. Raises ValueError for what does not exist.
    """

    features: int = 1000
    kernel: int = 3
    depth: int = 1
    seed: int = 0
    size: int = 32

    def __post_init__(self) -> None:
        random_features.Params(self.features, self.depth, self.kernel, self.seed)
        within(("px of size", self.size, SIZE_LIMITS))

    def build(self) -> RandomDepthwise:
        """The network of colour pictures."""
        return build(random_features.Params(self.features, self.depth, self.kernel, self.seed).spec(3))


def row(network: Network | RandomDepthwise, image: RGBImage, params: FeatureParams) -> Row:
    """The picture's features: random ones (Xue & Roshan, arXiv 1806.05789, §2), or what a trained network's last
    layer sees, or the logits of one that only answers, float32 (k,). Raises ValueError for a network that ends in no
    linear layer."""
    from core.models.random_depthwise import RandomDepthwise

    if isinstance(network, RandomDepthwise):
        [found] = features(network, square(image, params.size)[None])
        drawn: Row = {"kernel": params.kernel, "depth": params.depth, "seed": params.seed, "size": params.size}
    else:
        x = as_input(seen(image, network.preprocessing)[None], network)
        with torch.inference_mode():
            found = np.asarray(reader(network)(x).flatten().numpy())
        drawn = {"kernel": None, "depth": None, "seed": None, "size": network.preprocessing.size}
    return {"k": len(found), **drawn, "features": found}


@functools.lru_cache(maxsize=8)
def reader(network: Network) -> nn.Module:
    """core.compute.spaces.reader, which copies the network, once for all pictures."""
    return spaces.reader(network)


TABLE = Table(
    FeatureParams(),
    (RANDOM,),
    (
        *(("k", "int"), ("kernel", "int"), ("depth", "int"), ("seed", "int"), ("size", "int")),
        ("features", "vector"),
    ),
    row,
)
