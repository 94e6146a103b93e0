"""Networks that the user brings: a name of torchvision's, an installed package's, or a weights file that is guessed at.

A package offers a network through an entry point of the group `receptive.models`:

    [project.entry-points."receptive.models"]
    my-net = "my_package.nets:my_net"

    def my_net() -> core.own_networks.Plug: ...

Only `load` imports the package's code, and only of packages that the user has installed.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core import networks, packaged, weights
from core.networks import PLUGIN, TORCHVISION, Card, Network
from core.preprocess import Preprocessing
from core.weights import WeightsError

if TYPE_CHECKING:
    from torch import Tensor, nn

GROUP = "receptive.models"
WEIGHTS = "IMAGENET1K_V1"
REMEDY = "ask its authors, or remove the package"


@dataclass(frozen=True, eq=False)
class Plug:
    """What a package's factory returns. `net`: (B, C, size, size) normalised -> logits (B, K), with `labels` (K,);
    `provenance` says in a few words where its weights come from, such as "trained on our birds, 91 % right".
    """

    net: nn.Module
    preprocessing: Preprocessing
    labels: tuple[str, ...]
    provenance: str


def plugged() -> dict[str, Card]:
    """The networks that installed packages offer, by name ("plugin:NAME"); reads metadata only, imports nothing.

    A network's family, labels and input size are known once it is loaded: until then `size` is 0.
    """
    found = {}
    for point in entry_points(group=GROUP):
        owner = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        sentence = f"offered by the installed package {owner}; not measured by this project"
        name = PLUGIN + point.name
        found[name] = Card(name, point.value, name, "user", sentence, 0)
    return found


@functools.cache
def torchvision_names() -> tuple[str, ...]:
    """torchvision's classification networks with ImageNet weights; imports torchvision."""
    from torchvision import models

    names = models.list_models(module=models)
    return tuple(name for name in names if hasattr(models.get_model_weights(name), WEIGHTS))


def open_network(name: str, arch: str = "", like: str = "") -> Network:
    """The network meant by a word of a command: a name that `core.networks.find` knows, or a weights file.

    Of a file, `arch` and `like` (a family, for labels and preprocessing) are guessed where they are not given.
    Raises WeightsError, UnknownModelError.
    """
    path = Path(os.path.expanduser(name))
    if not path.is_file():
        return networks.load(networks.find(name))
    data = path.read_bytes()
    if like and like not in networks.FAMILIES.values():
        raise WeightsError(f"expected a family of {', '.join(networks.FAMILIES.values())}, got {like!r}")
    if arch and like:
        return networks.user_network(data, arch, like, path.name)
    found = guess(data)
    prep = None if like else found.preprocessing
    return networks.user_network(data, arch or found.arch, like or found.family, path.name, found.labels, prep)


def intact(names: Sequence[str], say: Callable[[str], object]) -> list[Card]:
    """The cards of packaged networks, but for those that are missing or whose file is damaged: of each `say` hears why.

    Nothing is loaded.
    """
    found = []
    for name in names:
        card = networks.cards().get(name)
        try:
            if card is None or card.file is None:
                raise WeightsError(networks.left_out().get(name) or packaged.missing(name))
            packaged.check(card.file, packaged.digest(card.file))
            found.append(card)
        except WeightsError as error:
            say(str(error))
    return found


def find(name: str) -> Card:
    """The card of "torchvision:ARCH" or "plugin:NAME". Raises WeightsError that lists the nearest names."""
    if name.startswith(PLUGIN):
        card: Card = _known(name, plugged(), f"a network of an installed package (entry point group {GROUP})")
        return card
    names = {TORCHVISION + arch: arch for arch in torchvision_names()}
    arch = _known(name, names, "a classification network of torchvision's")
    preset = _preset(arch)
    sentence = f"torchvision's {WEIGHTS} weights of {arch}, downloaded on demand; not measured by this project"
    return Card(name, arch, "imagenet" if preset.size == networks.IMAGENET_SIZE else name, "torchvision", sentence,
                preset.size)  # fmt: skip


def _known(name: str, known: dict[str, Any], what: str) -> Any:
    import difflib

    if name in known:
        return known[name]
    near = ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0)) or "none is there"
    raise WeightsError(f"expected {what}, got {name!r}: did you mean {near}?")


def _preset(arch: str) -> Preprocessing:
    from torchvision import models

    preset = models.get_model_weights(arch)[WEIGHTS].transforms()
    return Preprocessing(int(preset.crop_size[0]), tuple(preset.mean), tuple(preset.std))


def load(card: Card) -> Network:
    """The network of a card of `find`. Raises WeightsError if it is not here, or its package's code fails."""
    return _plugged(card) if card.name.startswith(PLUGIN) else _of_torchvision(card)


def _of_torchvision(card: Card) -> Network:
    from torchvision import models

    path = networks.local_file(card)
    if not path.exists():
        raise networks.not_here(card)
    # the published GoogLeNet and Inception scale their input anew; their auxiliary heads are for training only
    old: dict[str, Any] = {"transform_input": True, "init_weights": False, "aux_logits": False}
    net = models.get_model(card.arch, weights=None, **(old if card.arch in ("googlenet", "inception_v3") else {}))
    state = {name: value for name, value in weights.read_state(path).items() if not name.lower().startswith("aux")}
    weights.load_into(net, state)
    return ready(card, net, networks.family_labels("imagenet"), _preset(card.arch))


def _plugged(card: Card) -> Network:
    point: EntryPoint = next(p for p in entry_points(group=GROUP) if PLUGIN + p.name == card.name)
    try:
        factory: Callable[[], Plug] = point.load()
        plug = factory()
        check(plug)
    except Exception as error:  # the package's own code may raise anything
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(f"expected {card.name} to give a network, got a failure ({said}): {REMEDY}") from error
    size, labels = plug.preprocessing.size, tuple(plug.labels)
    sentence = f"{card.provenance.split(';')[0]}: {plug.provenance}; not measured by this project"
    return ready(replace(card, size=size, provenance=sentence), plug.net, labels, plug.preprocessing)


def check(plug: Plug) -> None:
    """Ask the network about a grey square. Raises ValueError unless it answers with a logit for each label."""
    import torch

    if not isinstance(plug, Plug):
        raise ValueError(f"expected a core.own_networks.Plug, got a {type(plug).__name__}")
    if plug.preprocessing.size < 1:
        raise ValueError(f"expected an input of 1 px or more, got {plug.preprocessing.size}")
    if not plug.labels or not all(isinstance(label, str) for label in plug.labels):
        raise ValueError("expected a label, a string, for each class, got none or others")
    side, channels = plug.preprocessing.size, len(plug.preprocessing.mean)
    with torch.inference_mode():
        answer = plug.net.eval()(torch.zeros(1, channels, side, side))
    if not isinstance(answer, torch.Tensor) or answer.shape != (1, len(plug.labels)):
        got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise ValueError(f"expected logits of shape (1, {len(plug.labels)}), one a label, got {got}")


def ready(card: Card, net: nn.Module, labels: Sequence[str], preprocessing: Preprocessing) -> Network:
    """A Network of a module that is not of our registry: nothing is known of its layers' order, so none are folded."""
    from core.engine import prepare

    digest = weights.state_digest(net.state_dict())
    return Network(card, tuple(labels), preprocessing, digest, prepare(net, folds=False))


@dataclass(frozen=True)
class Guess:
    """What a weights file seems to be: the `arch` that its tensors fit; how many `classes` it tells apart; the `family`
    whose preprocessing and labels go with it; `labels` and `preprocessing` where the file itself tells them.
    """

    arch: str
    classes: int
    family: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing | None


def guess(data: bytes) -> Guess:
    """What the bytes of a safetensors file or a torch state dict seem to be; nothing in them is run.

    Raises WeightsError: not weights, or no architecture of the registry has such tensors.
    """
    about, state = _written(data), weights.read_state(data)
    arch = fitting(state)
    if arch is None:
        some = ", ".join(list(state)[:3])
        raise WeightsError(
            f"expected the tensors of an architecture that this project knows, got {len(state)} others ({some} …): "
            "offer the network through a package instead (entry point group receptive.models)"
        )
    family = networks.OWN_FAMILIES.get(arch.split("_blur")[0], "imagenet")
    classes = networks.class_count(arch, state, len(networks.family_labels(family)))
    labels = tuple(json.loads(about["labels"])) if about else ()
    written = networks.file_preprocessing(about) if about else None
    return Guess(arch, classes, family, labels if len(labels) == classes else (), written)


def _written(data: bytes) -> dict[str, str]:
    """The provenance that a file of `receptive train` carries; {} for others, and where it cannot be read."""
    try:
        about = weights.read_metadata(data)
        networks.file_preprocessing(about)
        json.loads(about["labels"])
    except (WeightsError, ValueError, KeyError, TypeError):
        return {}
    return about


def fitting(state: dict[str, Tensor]) -> str | None:
    """The first classifier of the registry whose tensors have these names and shapes, with any number of classes."""
    from core.models import list_classifiers

    blur = next((value.shape[-1] for name, value in state.items() if name.endswith("filt") and value.ndim == 4), None)
    given = {name: tuple(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}
    names = (arch for arch in list_classifiers() if networks.blur_of(arch) == blur)
    return next((arch for arch in names if _same(given, shapes(arch))), None)


@functools.cache
def shapes(arch: str) -> dict[str, tuple[int, ...]]:
    """The shapes of an architecture's tensors by name, the number of classes written as -1."""
    import torch

    from core.models import create_model

    odd = 7  # no width of ours
    with torch.device("meta"):
        state = create_model(arch, num_classes=odd).state_dict()
    found = {name: tuple(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}
    head = [name for name, shape in found.items() if len(shape) >= 2 and shape[0] == odd][-1]
    stem = head.rpartition(".")[0]
    return {
        name: (-1, *shape[1:]) if name.rpartition(".")[0] == stem and shape and shape[0] == odd else shape
        for name, shape in found.items()
    }


def _same(given: dict[str, tuple[int, ...]], wanted: dict[str, tuple[int, ...]]) -> bool:
    return given.keys() == wanted.keys() and all(
        shape == given[name] or (shape[:1] == (-1,) and shape[1:] == given[name][1:]) for name, shape in wanted.items()
    )
