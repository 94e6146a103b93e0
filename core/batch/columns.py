"""What one picture's row says, study by study: numbers that one picture, one network and the settings decide alone.

Nothing here depends on the pictures beside it, which is what lets a batch be cut up in any way.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.base.refuse import within
from core.data.named import TINY20
from core.networks import packaged
from core.pictures.listing import folded
from core.studies.patch import evidence
from core.studies.random import features as random_features
from core.studies.shift import sweep
from core.studies.sparse import codes

if TYPE_CHECKING:
    from torch import nn

    from core.models.random_depthwise import RandomDepthwise
    from core.networks.packaged import Network
    from core.pictures.image import RGBImage

RANDOM = "random"  # the name under which the random-features study's own network, which nobody trained, is asked
SIZE_LIMITS = (8, 512)  # px
Kind = Literal["text", "int", "float", "bool", "vector"]
Columns = tuple[tuple[str, Kind], ...]
Row = dict[str, Any]


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
        from core.compute.sign_counts import build

        return build(random_features.Params(self.features, self.depth, self.kernel, self.seed).spec(3))


@dataclass(frozen=True)
class NoParams:
    """The heads answer; there is nothing to set."""


@dataclass(frozen=True)
class Table:
    """A study in a batch: its settings and networks by default, the columns of its own, and what fills them.

    `row(network, image, params)` gives a value for each of `columns`.
    """

    params: Any
    models: tuple[str, ...]
    columns: Columns
    row: Callable[[Any, RGBImage, Any], Row]


def shift_row(network: Network, image: RGBImage, params: sweep.Params) -> Row:
    """The unshifted answer, how it fares over all shifts, and the shift at which the class asked for is least likely
    (Zhang, ICML 2019, §4)."""
    result = sweep.run([network], image, params)
    worst = int(sweep.worst_shift(result)[0])
    dy, dx = result.offsets[worst].tolist()
    return {
        "label": result.labels[result.top1[0, result.centre]],
        "probability": float(result.top1_probability[0, result.centre]),
        "shifts": len(result.offsets),
        "consistency": float(sweep.consistency(result)[0]),
        "flips": int(sweep.flips(result)[0]),
        "target": result.labels[result.target],
        "lowest": float(result.probability[0, worst]),
        "lowest_dy": dy,
        "lowest_dx": dx,
    }


def patch_row(network: Network, image: RGBImage, params: evidence.Params) -> Row:
    """The answer, the logit of the class asked for (the mean of its evidence), and the patch that says most for it
    (Brendel & Bethge, ICLR 2019, §2); rows and columns in px of the picture as the network sees it."""
    from core.base.softmax import softmax

    result = evidence.run([network], image, params)
    logits = result.logits[0]
    other = 0.0 if result.other is None else float(logits[result.other])
    y, x = evidence.strongest(result, 0)
    return {
        "label": result.labels[logits.argmax()],
        "probability": float(softmax(logits).max()),
        "target": result.labels[result.target],
        "logit": float(logits[result.target]) - other,
        "patches": result.evidence[0].size,
        "patch_row": y,
        "patch_column": x,
        "patch_logit": float(result.evidence[0].max()),
        "height": result.height,
        "width": result.width,
    }


def sparse_row(network: Network, image: RGBImage, params: codes.Params) -> Row:
    """The answer at the lambda chosen, and what is left of the picture there (Dai et al., NeurIPS 2022, §3).

    `psnr` in dB is that of the reconstruction against the clean picture; `residual` the root mean square of what the
    codes leave of the noisy one, pixels in [0, 1].
    """
    from core.base.softmax import softmax
    from core.compute import coded

    at_input = replace(params, resolution="network")
    _, seen = codes.pictures(image, at_input, network.preprocessing)
    clean, noisy = codes.pictures(image, params, network.preprocessing)
    shown = coded.code(network, noisy, params.lam, params.steps, params.solver)
    rebuilt = shown.reconstruction.clip(0, 1)
    along = coded.along_lambda(network, seen, np.array([params.lam]), params.steps, params.solver)
    probability = softmax(along.logits[0])
    return {
        "label": network.labels[probability.argmax()],
        "probability": float(probability.max()),
        "nonzero": shown.nonzero,
        "psnr": codes.psnr(clean, rebuilt),
        "residual": float(np.sqrt(np.square(noisy - rebuilt).mean(dtype=np.float64))),
    }


def feature_row(network: Network | RandomDepthwise, image: RGBImage, params: FeatureParams) -> Row:
    """The picture's features: random ones (Xue & Roshan, arXiv 1806.05789, §2), or what a trained network's last
    layer sees."""
    from core.compute.sign_counts import features
    from core.models.random_depthwise import RandomDepthwise
    from core.pictures.preprocess import seen, square

    if isinstance(network, RandomDepthwise):
        [found] = features(network, square(image, params.size)[None])
        drawn: Row = {"kernel": params.kernel, "depth": params.depth, "seed": params.seed, "size": params.size}
    else:
        found = trained_features(network, seen(image, network.preprocessing))
        drawn = {"kernel": None, "depth": None, "seed": None, "size": network.preprocessing.size}
    return {"k": len(found), **drawn, "features": found}


def trained_features(network: Network, pixels: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3) -> float32 (k,). Raises ValueError for a network that ends in no linear layer."""
    import torch

    from core.compute.spaces import as_input

    with torch.inference_mode():
        return np.asarray(headless(network)(as_input(pixels[None], network)).flatten().numpy())


@functools.lru_cache(maxsize=8)
def headless(network: Network) -> nn.Module:
    """core.compute.spaces.headless, which copies the network, once for all pictures."""
    from core.compute import spaces

    return spaces.headless(network.engine.exact)


def head_row(network: Network, image: RGBImage, params: NoParams) -> Row:
    """What one head answers to the picture in MNIST's form (Kabir et al., arXiv 2007.03347)."""
    from core.models.spinal import SpinalHead
    from core.studies.spinal import answers

    known = {name: head for head, name in packaged.HEADED.items()}
    is_spinal = isinstance(answers.headed(network).head, SpinalHead)
    head: Any = known.get(network.card.name, "spinal" if is_spinal else "fc")
    result = answers.run([network], image, answers.Params((head,)))
    return {
        "head": head,
        "label": result.labels[result.top1[0]],
        "probability": float(result.probability[0].max()),
    }


ANSWER: Columns = (("label", "text"), ("probability", "float"))
WHO: Columns = (
    *(("picture", "text"), ("folder", "text"), ("digest", "text")),
    *(("network", "text"), ("network_digest", "text")),
)
TABLES: dict[str, Table] = {
    "shift-sweep": Table(
        sweep.Params(),
        packaged.DEFAULT_NETWORKS,
        (
            *ANSWER,
            *(("shifts", "int"), ("consistency", "float"), ("flips", "int"), ("target", "text")),
            *(("lowest", "float"), ("lowest_dy", "int"), ("lowest_dx", "int"), ("right", "bool")),
        ),
        shift_row,
    ),
    "patch-evidence": Table(
        evidence.Params(resolution="coarse"),  # a map around every pixel costs 64 times as much
        packaged.DEFAULT_BAGNETS,
        (
            *ANSWER,
            *(("target", "text"), ("logit", "float"), ("patches", "int")),
            *(("patch_row", "int"), ("patch_column", "int"), ("patch_logit", "float")),
            *(("height", "int"), ("width", "int"), ("right", "bool")),
        ),
        patch_row,
    ),
    "sparse-codes": Table(
        codes.Params(noise="none"),
        packaged.DEFAULT_SDNETS[:1],
        (*ANSWER, ("nonzero", "float"), ("psnr", "float"), ("residual", "float"), ("right", "bool")),
        sparse_row,
    ),
    "random-features": Table(
        FeatureParams(),
        (RANDOM,),
        (
            *(("k", "int"), ("kernel", "int"), ("depth", "int"), ("seed", "int"), ("size", "int")),
            ("features", "vector"),
        ),
        feature_row,
    ),
    "spinal-heads": Table(
        NoParams(),
        tuple(packaged.HEADED.values()),
        (("head", "text"), *ANSWER, ("right", "bool")),
        head_row,
    ),
}


def table(study: str) -> Table:
    """Raises ValueError that lists the studies."""
    if study not in TABLES:
        raise ValueError(f"expected a study of {', '.join(TABLES)}, got {study!r}: choose one of them")
    return TABLES[study]


def columns(study: str) -> Columns:
    """The names and kinds of a row's values, in their order."""
    return (*WHO, *table(study).columns)


def is_right(label: str, folder: str, labels: Sequence[str]) -> bool | None:
    """Whether an answer is the name of the picture's folder, case and normal form aside; None where that is no class.

    A folder may have the WordNet id of one of the twenty kinds of photographs.
    """
    name = folded(TINY20.get(folder, folder))
    return folded(label) == name if name in map(folded, labels) else None


def settings(study: str, words: Sequence[str]) -> Any:
    """The study's Params with each 'field=value' of `words`, read as the field's type ('none' where it may be None).

    Raises ValueError that lists the fields, and the Params' own for a value that does not exist.
    """
    defaults = table(study).params
    known = {field.name: str(field.type) for field in fields(defaults)}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known or name in found:
            said = f"twice {name}" if name in found else repr(word)
            listed = f"one of {', '.join(known)} as field=value" if known else f"no settings for {study}"
            raise ValueError(f"expected {listed}, got {said}: write --set like that")
        found[name] = typed(name, known[name], text)
    return replace(defaults, **found)


def typed(name: str, annotation: str, text: str) -> int | float | str | None:
    """The value of a field whose type is written as `annotation`. Raises ValueError for one of another type."""
    kinds = set(re.findall(r"\w+", annotation))
    if "None" in kinds and text.lower() == "none":
        return None
    number: Callable[[str], int | float] | None = int if "int" in kinds else float if "float" in kinds else None
    if number is None:
        return text
    try:
        return number(text)
    except ValueError as error:
        wanted = "a whole number" if number is int else "a number"
        raise ValueError(f"expected {wanted} for {name}, got {text!r}: write it like --set {name}=1") from error
