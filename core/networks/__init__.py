"""The door to networks: packaged, published, torchvision's, a plug-in's or a file of the reader's own."""

from __future__ import annotations

from collections.abc import Sequence

from core.base import quote
from core.base.files import at_home
from core.models import UnknownModelError, architecture, list_classifiers
from core.networks import brought, intact, lite, timm_networks, weights
from core.networks.brought import check_options, is_file, open_file
from core.networks.card import PLUGIN, TIMM, TORCHVISION, Card, Network
from core.networks.download import WeightsError
from core.networks.families import family_labels
from core.networks.own_options import ASIS, FileOptions, told_labels
from core.networks.packaged import (
    build,
    cards,
    downloaded,
    family_preprocessing,
    file_preprocessing,
    left_out,
    of_net,
    usual_preprocessing,
)


def open_network(name: str, options: FileOptions = ASIS) -> Network:
    """The network meant by a word of a command: a name that `core.networks.find` knows, or a weights file.

    What `options` leave open is told by the file or guessed. Raises WeightsError, UnknownModelError.
    """
    if not is_file(name):
        return load(find(name))
    path = at_home(name)
    return open_file(path.read_bytes(), path.name, options, quote.path(name))


def open_networks(names: Sequence[str], options: FileOptions = ASIS) -> list[Network]:
    """The networks meant by the words of a command, the weights files among them by `options`.

    Raises WeightsError, also for options without a weights file, and UnknownModelError.
    """
    check_options(names, options)
    return [open_network(name, options) for name in names]


def find(name: str) -> Card:
    """The card called `name`; 'untrained:ARCH' gives fresh random weights (seed 0), 'torchvision:ARCH' and
    'timm:NAME' one of theirs, and 'plugin:NAME' one that an installed package offers (core.networks.brought).

    Raises WeightsError that lists the nearest names, and UnknownModelError for an unknown architecture.
    """
    if name.startswith("untrained:"):
        arch = name.removeprefix("untrained:")
        if arch not in list_classifiers():
            raise UnknownModelError(f"expected untrained:ARCH with an architecture of ours, got {arch!r}")
        row = architecture(arch)
        sentence = "untrained: random weights, seed 0; batch norms as initialised (mean 0, variance 1)"
        return Card(name, arch, row.family, "untrained", sentence, row.size)
    missing = left_out().get(name) or (lite.is_family(name) and left_out().get(lite.NAME))
    if missing:
        raise WeightsError(missing)
    if name.startswith(TIMM):
        return timm_networks.find(name)
    if name.startswith((TORCHVISION, PLUGIN)):
        return brought.find(name)
    return brought.one_of(cards(), name, "the name of a network")


def load(card: Card) -> Network:
    """Build the network, load its weights, and prepare the engine.

    Raises WeightsError if the weights are not on this machine, are damaged or do not fit, or a package's network fails.
    """
    if card.name.startswith(PLUGIN):
        return brought.of_plugin(card)
    if card.name.startswith(TIMM):
        return brought.ready(
            card, timm_networks.network(card), family_labels("imagenet"), timm_networks.preprocessing(card.arch)
        )
    if card.name.startswith(TORCHVISION):
        return brought.of_torchvision(card)
    if card.kind == "untrained":
        return build(card, None, family_labels(card.family), usual_preprocessing(card.arch, card.family))
    if lite.is_family(card.arch):
        return of_net(card, lite.network(card), family_labels("imagenet"), lite.PREPROCESSING)
    if card.kind in ("authors", "torchvision"):
        return build(card, downloaded(card), family_labels("imagenet"), family_preprocessing("imagenet"))
    if card.file is None:
        raise WeightsError(f"expected a weights file for {card.name}, got none: open it with user_network")
    data = intact.read(card.file)
    about = weights.read_metadata(data)
    return build(card, weights.read_state(data), told_labels(about), file_preprocessing(about))
