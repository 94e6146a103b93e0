"""Networks that can be asked: an architecture, its weights, its labels, its preprocessing, and where they came from."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from core.base import files
from core.base.heavy import nn, torch
from core.data.sets import DATASETS
from core.models import IMAGENET_SIZE, architecture, create_model, family_size
from core.networks import intact, lite, one_logit, recognise, timm_networks, weights
from core.networks import published as publishing
from core.networks.card import TORCHVISION, Card, Kind, Network
from core.networks.download import WeightsError, download
from core.networks.engine import prepare
from core.networks.families import IMAGENET_MEAN, IMAGENET_RESIZE, IMAGENET_STD, family_labels
from core.networks.own_options import told_frame, told_labels, told_numbers
from core.networks.published import PUBLISHED, published_names
from core.networks.recognise import Fit
from core.pictures.preprocess import Frame, Preprocessing

Watch = Callable[[int, int | None], None]


@functools.cache
def cards() -> dict[str, Card]:
    """Every network that can be asked for by name, packaged ones first. Reads file headers only; no torch.

    Packaged ones whose header is damaged are not among them: see `left_out`.
    """
    return _packaged()[0] | {name: published_card(name) for name in published_names()}


def left_out() -> dict[str, str]:
    """The packaged networks that are not among `cards()`, by name: for each a sentence that says why."""
    return _packaged()[1]


@functools.cache
def _packaged() -> tuple[dict[str, Card], dict[str, str]]:
    found, missing = {}, {}
    if lite.find_file() is None:
        missing[lite.NAME] = lite.MISSING
    else:
        found[lite.NAME] = lite.card()
    files = {path.stem: path for path in sorted(lite.COPIES.glob("*.safetensors"))} | weights.packaged()
    for name, path in files.items():
        if path.parent == lite.COPIES and lite.NAME in missing:
            continue  # said once
        try:
            found[name] = lite.copy_card(path) if path.parent == lite.COPIES else packaged_card(name, path)
        except WeightsError as error:
            missing[name] = str(error)
    return found, missing


def packaged_card(name: str, path: Path) -> Card:
    """The card of a weights file that `receptive train` wrote. Raises WeightsError if its header is damaged."""
    with intact.telling(path):
        about = weights.read_metadata(path)
        data = DATASETS[about["dataset"]]
        accuracy = float(about["test_accuracy"])
        how = about.get("classifier") or f"{about['epochs']} epochs"
        sentence = (
            f"trained by this project on {data.title} ({about['dataset_form']}), {how}, "
            f"seed {about['seed']}: {accuracy:.1%} of {int(about['test_images']):,} test pictures right"
        )
        architecture(about["arch"]), told_labels(about), file_preprocessing(about)
        return Card(name, about["arch"], data.name, "trained here", sentence, int(about["input_size"]), accuracy, path)


def published_card(name: str) -> Card:
    """The card of a network whose ImageNet weights others have published."""
    kind: Kind = "authors" if name in PUBLISHED else "torchvision"
    paper = "Brendel & Bethge 2019" if "bagnet" in name else "Zhang 2019"
    owner = f"the authors' ({paper})" if kind == "authors" else "torchvision's"
    sentence = f"{owner} ImageNet weights, downloaded on demand; not measured by this project"
    return Card(name, name, "imagenet", kind, sentence, IMAGENET_SIZE, resize=IMAGENET_RESIZE)


def is_here(card: Card) -> bool:
    """Whether the network can be loaded without a download."""
    if card.kind == "timm":
        return timm_networks.local_file(card) is not None
    return card.kind not in ("authors", "torchvision") or local_file(card).exists()


def published_name(card: Card) -> str:
    """What core.networks.published.published knows the card's weights as."""
    return card.name.removeprefix(TORCHVISION)


def local_file(card: Card) -> Path:
    """Where a published network's weights lie once they are downloaded."""
    return files.cache_folder() / publishing.published(published_name(card)).filename


def fetch(card: Card, watch: Watch = lambda done, total: None) -> Path:
    """A published network's weights from their owners, onto this machine. Raises WeightsError with what went wrong;
    `watch(bytes, of all or None)` is told of all but timm's."""
    if card.kind == "timm":
        return timm_networks.download(card)
    return download(publishing.published(published_name(card)), progress=watch)


def downloaded(card: Card) -> dict[str, torch.Tensor]:
    """A published network's tensors. Raises WeightsError if they are not on this machine."""
    path, name = local_file(card), published_name(card)
    if not path.exists():
        raise WeightsError(f"expected the weights of {name} in {path.parent}, found none: receptive download {name}")
    return weights.read_state(path)


def build(
    card: Card, state: dict[str, torch.Tensor] | None, labels: Sequence[str], preprocessing: Preprocessing
) -> Network:
    """A Network of `card.arch` with `state` (or, without one, random weights from seed 0)."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = create_model(card.arch, num_classes=len(labels))
    if state is not None:
        weights.load_into(net, state)
    return of_net(card, net, labels, preprocessing)


def of_net(card: Card, net: nn.Module, labels: Sequence[str], preprocessing: Preprocessing) -> Network:
    """A Network of a module of our registry that has its numbers."""
    digest = weights.state_digest(net.state_dict())
    return Network(framed(card, preprocessing), tuple(labels), preprocessing, digest, prepare(net))


def framed(card: Card, frame: Frame) -> Card:
    """The card with the frame that the network's preprocessing has."""
    return replace(card, size=frame.size, resize=frame.resize, interpolation=frame.interpolation)


def check_comparable(networks: Sequence[Network]) -> None:
    """Raises ValueError if there is no network, or their labels differ."""
    if not networks or any(n.labels != networks[0].labels for n in networks):
        raise ValueError(
            f"expected networks that share their labels, got {[n.card.name for n in networks]}: compare one family"
        )


def usual_preprocessing(arch: str, family: str) -> Preprocessing:
    """What an architecture's networks of a family are asked with, where nothing else is said."""
    return lite.PREPROCESSING if lite.is_family(arch) else family_preprocessing(family)


def family_preprocessing(family: str) -> Preprocessing:
    """A family's own size, mean and deviation: ImageNet's, or those of a packaged network of the family."""
    for card in cards().values():
        if card.family == family and family in DATASETS and card.file is not None:
            return file_preprocessing(weights.read_metadata(card.file))
    size = family_size(family)
    return Preprocessing(size, IMAGENET_MEAN, IMAGENET_STD, resize=IMAGENET_RESIZE if size == IMAGENET_SIZE else None)


def file_preprocessing(about: dict[str, str]) -> Preprocessing:
    """The preprocessing that a weights file's metadata tell. Raises WeightsError where they tell none."""
    data = DATASETS.get(about.get("dataset", ""))
    return Preprocessing(*told_numbers(about), data is not None and data.bright_on_dark, *told_frame(about))


def user_network(
    data: bytes | Fit,
    arch: str,
    family: str,
    title: str = "mine",
    labels: Sequence[str] = (),
    preprocessing: Preprocessing | None = None,
    part: str = "",
) -> Network:
    """The user's own weights (a safetensors file, a torch state dict, or what was found in one) in an architecture.

    `family` decides labels, input size, mean and deviation where they are not given; with another number of classes
    the labels are numbers, and one logit becomes two answers (core.networks.one_logit). With classes or an input of
    its own the network is a family of its own. `part` names one of several networks in the file.
    Raises WeightsError: not weights, weights of another architecture, not as many labels as classes, or a mean for
    other channels or an input of another size than the network takes.
    """
    found = recognise.one_fit(data, arch, part) if isinstance(data, bytes) else data
    state, count = found.tensors, recognise.class_count(arch, found.tensors)
    known = tuple(labels) or family_labels(family)
    if count == 1:
        known = one_logit.two_labels(labels)
        state = one_logit.widened(state, recognise.heads(arch))
    elif count and count != len(known):
        if labels:
            raise WeightsError(f"expected {count} labels, as many as the file tells apart, got {len(labels)}")
        known = tuple(f"class {i}" for i in range(count))
    where = f"{title} ({part})" if part else title
    name = where if arch in found.archs[:1] else f"{where} as {arch}"  # the same tensors may be two networks
    like = Card(f"user:{name}", arch, family, "user", "", family_size(family))
    prep = preprocessing or usual_preprocessing(arch, family)
    sees = recognise.channels(arch)
    if sees and len(prep.mean) != sees:
        raise WeightsError(f"expected a mean for each of the {sees} channels that {arch} sees, got {len(prep.mean)}")
    own = known != family_labels(family) or prep.size != like.size
    sentence = f"your own file {where!r} as {arch}{recognise.notes(found, arch)}; not measured by this project"
    network = build(replace(like, provenance=sentence, family=like.name if own else family), state, known, prep)
    if prep.size != like.size:
        recognise.check_side(network.engine.plain, len(prep.mean), prep.size)
    return network
