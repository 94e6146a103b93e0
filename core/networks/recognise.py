"""Which network lies in a weights file: its tensors compared with those of every architecture of the registry.

Training scripts save more than a network, and under more than its names: with a prefix, beside an average of itself,
among the counts of its metrics. A network is recognised by the names and shapes of all its tensors, whatever stands
before the names; what is left over must be known to be none of it, so that no layer is left out in silence.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

from core.base.heavy import nn, torch, tv_models
from core.models import UnknownModelError, create_model, list_classifiers
from core.networks import checkpoints, one_logit
from core.networks.card import TORCHVISION, blur_of, torchvision_names
from core.networks.checkpoints import ITSELF, Part
from core.networks.download import WeightsError
from core.networks.weights import few

Shape = tuple[int, ...]
Shapes = dict[str, Shape]
COUNTED = ".num_batches_tracked"  # older files lack it; evaluation never reads it
NEAR = 0.5  # likeness from which a network is worth comparing with
UNTOLD = (
    "its tensors do not tell padding or batch norms' eps: TensorFlow's depthwise networks pad unevenly with eps 0.001, "
    "PyTorch's own evenly, with 0.00001"
)
DEPTHWISE = 3  # such layers make a network one of those
PACKAGE = "offer the network through a package instead (entry point group receptive.models)"
MEASURES = ("loss", "criterion", "metric", "accuracy", "precision", "recall", "confusion", "confmat", "auroc")
SHORT_MEASURES = {"acc", "auc", "ap", "f1", "iou", "miou", "mse", "top1", "top5"}
COUNTERS = {"n_averaged", "num_updates", "decay", "total_ops", "total_params", "class_weights", "pos_weight"}


@dataclass(frozen=True, eq=False)
class Fit:
    """A network in a file. `part`: the keys and the prefix that lead to it, "." for the file itself; `archs`: all
    architectures with such tensors, in the registry's order; `tensors` by these architectures' names; `left_out`: what
    else lies there, which is no part of it.
    """

    part: str
    archs: tuple[str, ...]
    tensors: dict[str, torch.Tensor]
    left_out: tuple[str, ...]


def fits(source: Path | bytes) -> tuple[Fit, ...]:
    """Every network in a weights file that is one of the registry's classifiers, one or more.

    Its tensors are as the file has them. Raises WeightsError: not weights (core.networks.checkpoints), or no network.
    """
    parts = checkpoints.read_parts(source)
    found = _every(parts)
    if not found:
        raise WeightsError(unknown(_largest(parts)))
    return found


def one_fit(source: Path | bytes, arch: str = "", part: str = "") -> Fit:
    """The network in a weights file, of `arch` where that is given, floating tensors as float32; `part` names one of
    several.

    Where none is of `arch`, the file's largest dict of tensors is taken for one, for `weights.load_into` to refuse.
    Raises WeightsError: as `fits`, no network, several and no `part`, a `part` that is none of them, or something in
    the network that is not a dense, finite tensor; UnknownModelError for an `arch` that is none of the registry's.
    """
    if arch and arch not in list_classifiers():
        near = ", ".join(difflib.get_close_matches(arch, list_classifiers(), n=3, cutoff=0))
        raise UnknownModelError(f"expected an architecture that gives answers, got {arch!r}: did you mean {near}?")
    parts = checkpoints.read_parts(source)
    found = [fit for fit in _every(parts) if not arch or arch in fit.archs]
    if not found:
        largest = _largest(parts)
        if not arch:
            raise WeightsError(unknown(largest))
        start = nearest(largest, [arch]).start
        named = {name.removeprefix(start): value for name, value in largest.tensors.items()}
        return Fit(largest.path, (arch,), checkpoints.plain(named), ())
    chosen = [fit for fit in found if part in ("", fit.part)]
    if len(chosen) == 1:
        return replace(chosen[0], tensors=checkpoints.plain(chosen[0].tensors))
    names = ", ".join(fit.part for fit in found)
    if part:
        choose = "leave --part out, for the file itself is one" if names == ITSELF else f"choose {names}"
        raise WeightsError(f"expected the name of a network in the file, got {part!r:.60}: {choose}")
    raise WeightsError(f"expected one network in the file, got {len(found)}: choose {names}, with --part in a command")


def _every(parts: tuple[Part, ...]) -> tuple[Fit, ...]:
    return tuple(fit for part in parts for fit in _fits(part, candidates(part)))


def _largest(parts: tuple[Part, ...]) -> Part:
    return max(parts, key=lambda part: part.size)


def candidates(part: Part) -> list[str]:
    """The classifiers of the registry whose blur has as many taps as a dict of tensors tells."""
    filters = (value.shape for name, value in part.tensors.items() if name.endswith("filt") and value.ndim == 4)
    taps = next((shape[-1] for shape in filters), None)
    return [arch for arch in list_classifiers() if blur_of(arch) == taps]


@functools.cache
def shapes(arch: str) -> Shapes:
    """The shapes of an architecture's tensors by name, the number of classes written as -1; no COUNTED ones."""
    odd = 7  # no width of ours
    with torch.device("meta"):
        found = given_shapes(create_model(arch, num_classes=odd).state_dict())
    head = [name for name, shape in found.items() if len(shape) >= 2 and shape[0] == odd][-1]
    stem = head.rpartition(".")[0]
    return {
        name: (-1, *shape[1:]) if name.rpartition(".")[0] == stem and shape and shape[0] == odd else shape
        for name, shape in found.items()
    }


def heads(arch: str) -> list[str]:
    """The names of an architecture's tensors that have a row for every class."""
    return [name for name, shape in shapes(arch).items() if shape[:1] == (-1,)]


def class_count(arch: str, tensors: dict[str, torch.Tensor]) -> int:
    """How many classes an architecture's tensors tell apart; 0 where its classifier is not among them."""
    return next((len(tensors[name]) for name in heads(arch) if name in tensors and tensors[name].ndim), 0)


def notes(fit: Fit, arch: str) -> str:
    """What is to be said of a network in a file, opened as `arch`, each after a semicolon."""
    said = []
    if others := [other for other in fit.archs if other != arch]:
        said.append(
            f"it may as well be {' or '.join(others)}, with the same tensors: the architecture is yours to choose"
        )
    if class_count(arch, fit.tensors) == 1:
        said.append(one_logit.SAID)
    if is_depthwise(fit.tensors):
        said.append(UNTOLD)
    if fit.left_out:
        said.append(f"left out, for it is no part of the network: {few(list(fit.left_out))}")
    return "".join(f"; {words}" for words in said)


def is_depthwise(tensors: dict[str, torch.Tensor]) -> bool:
    """Whether these are a network's of depthwise convolutions with batch norms, as MobileNets and EfficientNets are."""
    own = (shape for name, shape in given_shapes(tensors).items() if len(shape) == 4 and not name.endswith("filt"))
    filters = [shape for shape in own if shape[0] > shape[1] == 1 < shape[-1]]
    return len(filters) >= DEPTHWISE and any(name.endswith("running_var") for name in tensors)


def channels(arch: str) -> int:
    """How many channels the pictures have that an architecture sees; 0 where its tensors do not tell."""
    return next((shape[1] for shape in shapes(arch).values() if len(shape) == 4), 0)


def given_shapes(tensors: dict[str, torch.Tensor]) -> Shapes:
    return {name: tuple(value.shape) for name, value in tensors.items() if not name.endswith(COUNTED)}


def _fits(part: Part, archs: Iterable[str]) -> Iterator[Fit]:
    """The networks of these architectures in a dict of tensors; what is left over must be another, or beside them.

    One that stands under the name of a loss, as the network by which a loss compares, counts where there is no other.
    """
    given = given_shapes(part.tensors)
    found: dict[tuple[str, frozenset[str]], list[str]] = {}  # by what stands before the names, and all of them
    for arch in archs:
        wanted = shapes(arch)
        for start in _starts(given, wanted):
            if all(_same(given.get(start + name), shape) for name, shape in wanted.items()):
                found.setdefault((start, frozenset(start + name for name in wanted)), []).append(arch)
    found = {key: known for key, known in found.items() if not _is_measure(key[0])} or found
    for (start, own), known in found.items():
        others = {name for _, other in found if not other & own for name in other}
        rest = [name for name in given if name not in own | others]
        if all(_is_beside(part, name) for name in rest):
            counted = {name.removesuffix(".running_mean") + COUNTED for name in own if name.endswith(".running_mean")}
            tensors = {n.removeprefix(start): v for n, v in part.tensors.items() if n in own | counted}
            path = ".".join(filter(None, [part.path.removeprefix(ITSELF), start.rstrip(".")])) or ITSELF
            yield Fit(path, tuple(known), tensors, (*rest, *part.others))


def _starts(given: Shapes, wanted: Shapes) -> list[str]:
    """What may stand before an architecture's names, told by its first."""
    first = next(iter(wanted), "")
    return [name.removesuffix(first) for name in given if first and name.endswith(first)]


def _same(given: Shape | None, wanted: Shape) -> bool:
    """Whether a tensor is as it is wanted, with any number of classes."""
    if not given or wanted[:1] != (-1,):
        return given == wanted
    return given[0] > 0 and given[1:] == wanted[1:]


def _is_beside(part: Part, name: str) -> bool:
    """Whether a tensor is known to be no layer's: whole numbers, counters, and what losses and metrics keep."""
    value = part.tensors[name]
    whole = not (value.is_floating_point() or value.is_complex() or value.is_quantized)
    return whole or name.rpartition(".")[2] in COUNTERS or _is_measure(name)


def _is_measure(name: str) -> bool:
    words = re.findall(r"[a-z]+\d*", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return any(word in SHORT_MEASURES or any(long in word for long in MEASURES) for word in words)


# ---- what is nearly known ------------------------------------------------------------------------


def unknown(part: Part) -> str:
    """Why a dict of tensors is no network of the registry: which is the nearest, and where the two differ.

    Where none is near, torchvision's other classification networks are looked at too, as they are with 1,000 classes.
    """
    found = nearest(part, candidates(part) or ["resnet18"])
    if found.likeness < NEAR:
        other = nearest(part, [TORCHVISION + name for name in torchvision_names()])
        found = other if other.likeness > found.likeness else found
    lead = f"expected the tensors of an architecture that this project knows, got {len(part.tensors)} others"
    remedy = f"{PACKAGE}; mind that {UNTOLD}" if is_depthwise(part.tensors) else PACKAGE
    if not found.likeness:
        return f"{lead} ({few(list(part.tensors))}): {remedy}"
    return f"{lead}; the nearest is {found.arch}, but {differences(found.given, found.arch)}: {remedy}"


@dataclass(frozen=True)
class Near:
    """An architecture that a dict of tensors is like: `likeness` 1 for the very same; `start`: what then stands before
    its names; `given`: the shapes of its layers without that."""

    arch: str
    likeness: float
    start: str
    given: Shapes


def nearest(part: Part, archs: Iterable[str]) -> Near:
    """Which of the architectures a dict of tensors is most like, if what all names begin with, or what stands before
    the architecture's first, is left off."""
    shaped = given_shapes(part.tensors)
    layers = {name: shape for name, shape in shaped.items() if not _is_beside(part, name)} or shaped
    parted = [name.split(".")[:-1] for name in layers]
    common = [words[0] for words in takewhile(lambda words: len(set(words)) == 1, zip(*parted, strict=False))]
    shared = "".join(f"{word}." for word in common)
    found = []
    for arch in archs:
        wanted = known_shapes(arch)
        for start in {"": 0, shared: 0, **dict.fromkeys(_starts(layers, wanted))}:
            given = {name.removeprefix(start): shape for name, shape in layers.items()}
            found.append(Near(arch, _likeness(given, wanted), start, given))
    return max(found, key=lambda near: near.likeness)


@functools.cache
def known_shapes(arch: str) -> Shapes:
    """`shapes`, or those of one of torchvision's networks with ImageNet's classes; {} for those that need memory."""
    if not arch.startswith(TORCHVISION):
        return shapes(arch)
    options = {"init_weights": False} if arch.endswith(("googlenet", "inception_v3")) else {}
    try:
        with torch.device("meta"):
            net = tv_models.get_model(arch.removeprefix(TORCHVISION), weights=None, **options)
            return given_shapes(net.state_dict())
    except NotImplementedError:  # RegNets compute their widths in tensors
        return {}


def _likeness(given: Shapes, wanted: Shapes) -> float:
    """The share of names that both have, those with the same shape twice."""
    common = given.keys() & wanted.keys()
    return (len(common) + sum(_same(given[n], wanted[n]) for n in common)) / max(1, len(given) + len(wanted))


def differences(given: Shapes, arch: str) -> str:
    """Where named shapes differ from an architecture's, in words."""
    wanted = known_shapes(arch)
    other = [
        f"{name} is {given[name]}, {arch} has {str(shape).replace('-1', 'any')}"
        for name, shape in wanted.items()
        if name in given and not _same(given[name], shape)
    ]
    missing, more = [name for name in wanted if name not in given], [name for name in given if name not in wanted]
    said = [few(other, "; ")] if other else []
    said += [f"{few(missing)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []
    said += [f"{few(more)} {'is' if len(more) == 1 else 'are'} not in {arch}"] if more else []
    return "; ".join(said)


def check_side(net: nn.Module, channels: int, side: int) -> None:
    """Raises WeightsError for a network that has no answer to a square of `side` px."""
    try:
        with torch.inference_mode():
            net(torch.zeros(1, channels, side, side))
    except (RuntimeError, ValueError) as error:  # torch's own of a map that is used up, a BagNet's of its patch
        said = " ".join(str(error).split())[:160]
        raise WeightsError(
            f"expected an input that the network can answer, got {side} px ({said}): choose another size"
        ) from error
