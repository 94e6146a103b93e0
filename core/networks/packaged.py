"""Networks that can be asked: an architecture, its weights, its labels, its preprocessing, and where they came from."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.data.named import DATASETS
from core.networks import intact, weights
from core.networks.own_options import Opened, told_frame, told_labels, told_numbers
from core.networks.published import PUBLISHED, published, published_names
from core.networks.weights import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

    from core.networks.engine import Engine
    from core.networks.recognise import Fit
    from core.pictures.preprocess import Frame, Interpolation, Preprocessing

Kind = Literal["trained here", "authors", "torchvision", "user", "untrained"]
KIND_WORDS: dict[Kind, str] = {
    "trained here": "trained by this project",
    "authors": "the authors' weights",
    "torchvision": "torchvision's weights",
    "user": "your own weights",
    "untrained": "untrained",
}
TORCHVISION, PLUGIN = "torchvision:", "plugin:"  # how the names of networks from there begin
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IMAGENET_SIZE, IMAGENET_RESIZE = 224, 256
FAMILIES = {  # by the pages' names
    "photographs": "tiny-imagenet-20",
    "CIFAR-10": "cifar10",
    "ImageNet": "imagenet",
    "digits": "digits",
    "MNIST": "mnist",
    "Fashion-MNIST": "fashion-mnist",
}
OWN_FAMILIES = {  # what our architectures are for
    "photo_resnet": "tiny-imagenet-20",
    "photo_bagnet9": "tiny-imagenet-20",
    "photo_bagnet17": "tiny-imagenet-20",
    "photo_bagnet33": "tiny-imagenet-20",
    "digits_cnn": "digits",
    "digits_random_svm": "digits",
    "cifar_random_svm": "cifar10",
    "fashion_cnn": "fashion-mnist",
    "small_cnn": "mnist",
    "spinal_small_cnn": "mnist",
    "matched_small_cnn": "mnist",
    "vgg5": "mnist",
    "spinal_vgg5": "mnist",
    "cifar_vgg": "cifar10",
    "cifar_resnet18": "cifar10",
    "cifar_sdnet18": "cifar10",
    "cifar_sdnet18_all": "cifar10",
    "resnet18_cifar": "cifar10",
    "resnet34_cifar": "cifar10",
    "sdnet18_cifar": "cifar10",
    "sdnet34_cifar": "cifar10",
    **{f"sdnet{n}_all{form}_cifar": "cifar10" for n in (18, 34) for form in ("", "_noshortcut")},
    "cifar_cnn": "cifar10",
    "spinal_cifar_cnn": "cifar10",
    **{f"{kind}vgg{n}_bn_cifar": "cifar10" for kind in ("", "spinal_") for n in (11, 13, 16, 19)},
    **{f"{kind}resnet{n}_w32_cifar": "cifar10" for kind in ("", "spinal_") for n in (18, 34)},
}
BAGNETS = {  # by family, rising patch size; the residual network that they are compared with
    "tiny-imagenet-20": (("photo_bagnet9", "photo_bagnet17", "photo_bagnet33"), "photo_resnet"),
    "imagenet": (("bagnet9", "bagnet17", "bagnet33"), "resnet50"),
}
DEFAULT_BAGNETS = BAGNETS["tiny-imagenet-20"][0]
SDNETS = ("cifar_sdnet18", "cifar_sdnet18_seed1", "cifar_sdnet18_seed2")  # first layer coded; one recipe, three seeds
TWINS = ("cifar_resnet18", "cifar_resnet18_seed1", "cifar_resnet18_seed2")  # the same with a plain first layer
ALL_CODED = "cifar_sdnet18_all"
DEFAULT_SDNETS = (SDNETS[0], TWINS[0])
HEADED = {  # by head, on the small CNN, trained on MNIST
    "fc": "mnist_small_cnn",
    "spinal": "mnist_spinal_small_cnn",
    "fc-matched": "mnist_matched_small_cnn",
}
CEILINGS = {  # by data set: the trained network that random features are compared with
    "digits": "digits_cnn",
    "mnist": "digits_cnn",
    "fashion-mnist": "fashion_cnn",
    "cifar10": "cifar_resnet18",
    "tiny-imagenet-20": "photo_resnet",
}
DEFAULT_NETWORKS = ("photo_resnet", "photo_resnet_blur3", "photo_resnet_blur5")
COMPARED = {  # by family: the networks that a sweep begins with
    "tiny-imagenet-20": DEFAULT_NETWORKS,
    "cifar10": ("cifar_vgg", "cifar_vgg_blur3", "cifar_vgg_blur5"),
    "imagenet": ("resnet18", "resnet18_blur5"),
    "digits": ("digits_cnn", "digits_random_svm"),
    "mnist": tuple(HEADED.values()),
    "fashion-mnist": ("fashion_cnn",),
}


def title_of(name: str) -> str:
    """A network's name as people read it."""
    name = re.sub(r"^(photo_)?bagnet(\d+)$", r"\1BagNet-\2", name)
    name = re.sub(r"sdnet(\d+)", r"SDNet-\1", name)
    name = re.sub(r"(?<=cifar_)resnet18", "ResNet-18", name).replace("_seed", " · seed ")
    return name.replace("_blur", " · blur ").replace("_", " ")


def patch_of(arch: str) -> int | None:
    """Side in pixels of a BagNet's patches, None for other architectures."""
    found = re.search(r"bagnet(\d+)$", arch)
    return int(found[1]) if found else None


def blur_of(arch: str) -> int | None:
    """Taps of an architecture's blur, None for a plain one."""
    found = re.search(r"_blur(\d)$", arch)
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Card:
    """What is known of a network before it is loaded. Networks of one `family` share labels and input size.

    `test_accuracy` in [0, 1], None where nobody here measured it. `file` is None for an untrained network.
    """

    name: str
    arch: str
    family: str
    kind: Kind
    provenance: str
    size: int
    test_accuracy: float | None = None
    file: Path | None = None
    resize: int | None = None  # a core.pictures.preprocess.Frame, with `size`
    interpolation: Interpolation = "bilinear"
    opened: Opened | None = None  # how the reader's own came out of its file

    @property
    def blur(self) -> int | None:
        """Taps of the blur filter, None for the plain network."""
        return blur_of(self.arch)

    @property
    def patch(self) -> int | None:
        """Side in pixels of a BagNet's patches, None for other networks."""
        return patch_of(self.arch)

    @property
    def title(self) -> str:
        return title_of(self.name)


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network: `labels` (K,), `digest` of its weights, and the engine that runs it."""

    card: Card
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    digest: str
    engine: Engine

    @functools.cached_property
    def identity(self) -> str:
        """SHA-256 of all that its answers depend on: name and architecture, weights, preprocessing and labels."""
        told = repr((self.card.name, self.card.arch, self.digest, self.preprocessing, self.labels))
        return hashlib.sha256(told.encode()).hexdigest()


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
    for name, path in weights.packaged().items():
        try:
            found[name] = packaged_card(name, path)
        except WeightsError as error:
            missing[name] = str(error)
    return found, missing


def packaged_card(name: str, path: Path) -> Card:
    """The card of a weights file that `receptive train` wrote. Raises WeightsError if its header is damaged."""
    try:
        about = weights.read_metadata(path)
        data = DATASETS[about["dataset"]]
        accuracy = float(about["test_accuracy"])
        how = about.get("classifier") or f"{about['epochs']} epochs"
        sentence = (
            f"trained by this project on {data.title} ({about['dataset_form']}), {how}, "
            f"seed {about['seed']}: {accuracy:.1%} of {int(about['test_images']):,} test pictures right"
        )
        OWN_FAMILIES[re.sub("_blur[1-7]$", "", about["arch"])], told_labels(about), file_preprocessing(about)
        return Card(name, about["arch"], data.name, "trained here", sentence, int(about["input_size"]), accuracy, path)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise intact.damaged(path, "its header does not tell what it is") from error


def published_card(name: str) -> Card:
    """The card of a network whose ImageNet weights others have published."""
    kind: Kind = "authors" if name in PUBLISHED else "torchvision"
    paper = "Brendel & Bethge 2019" if "bagnet" in name else "Zhang 2019"
    owner = f"the authors' ({paper})" if kind == "authors" else "torchvision's"
    sentence = f"{owner} ImageNet weights, downloaded on demand; not measured by this project"
    return Card(name, name, "imagenet", kind, sentence, IMAGENET_SIZE, resize=IMAGENET_RESIZE)


def find(name: str) -> Card:
    """The card called `name`; 'untrained:ARCH' gives fresh random weights (seed 0), 'torchvision:ARCH' a network of
    torchvision's and 'plugin:NAME' one that an installed package offers (core.networks.brought).

    Raises WeightsError that lists the nearest names, and UnknownModelError for an unknown architecture.
    """
    import difflib

    from core.models import UnknownModelError, list_classifiers

    if name.startswith("untrained:"):
        arch = name.removeprefix("untrained:")
        if arch not in list_classifiers():
            raise UnknownModelError(f"expected untrained:ARCH with an architecture of ours, got {arch!r}")
        family = OWN_FAMILIES.get(arch.split("_blur")[0], "imagenet")
        return Card(name, arch, family, "untrained", "untrained: random weights, seed 0", family_size(family))
    if name in cards():
        return cards()[name]
    if name in left_out():
        raise WeightsError(left_out()[name])
    if name.startswith((TORCHVISION, PLUGIN)):
        from core.networks import brought

        return brought.find(name)
    near = difflib.get_close_matches(name, cards(), n=3, cutoff=0)
    raise WeightsError(f"expected the name of a network, got {name!r}: did you mean {', '.join(near)}?")


def is_here(card: Card) -> bool:
    """Whether the network can be loaded without a download."""
    return card.kind not in ("authors", "torchvision") or local_file(card).exists()


def published_name(card: Card) -> str:
    """What core.networks.weights.published knows the card's weights as."""
    return card.name.removeprefix(TORCHVISION)


def local_file(card: Card) -> Path:
    """Where a published network's weights lie once they are downloaded."""
    return weights.cache_folder() / published(published_name(card)).filename


def load(card: Card) -> Network:
    """Build the network, load its weights, and prepare the engine.

    Raises WeightsError if the weights are not on this machine, are damaged or do not fit, or a package's network fails.
    """
    if card.name.startswith((TORCHVISION, PLUGIN)):
        from core.networks import brought

        return brought.load(card)
    if card.kind == "untrained":
        return build(card, None, family_labels(card.family), family_preprocessing(card))
    if card.kind in ("authors", "torchvision"):
        path = local_file(card)
        if not path.exists():
            raise not_here(card)
        return build(card, weights.read_state(path), family_labels("imagenet"), family_preprocessing(card))
    if card.file is None:
        raise WeightsError(f"expected a weights file for {card.name}, got none: open it with user_network")
    data = intact.read(card.file)
    about = weights.read_metadata(data)
    return build(card, weights.read_state(data), told_labels(about), file_preprocessing(about))


def not_here(card: Card) -> WeightsError:
    name, folder = published_name(card), weights.cache_folder()
    return WeightsError(f"expected the weights of {name} in {folder}, found none: receptive download {name}")


def build(card: Card, state: dict[str, Tensor] | None, labels: Sequence[str], preprocessing: Preprocessing) -> Network:
    """A Network of `card.arch` with `state` (or, without one, random weights from seed 0)."""
    import torch

    from core.models import create_model
    from core.networks.engine import prepare

    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = create_model(card.arch, num_classes=len(labels))
    if state is not None:
        weights.load_into(net, state)
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


def family_labels(family: str) -> tuple[str, ...]:
    """The names of a family's classes (K,): the data set's, or ImageNet's thousand,."""
    if family in DATASETS:
        return DATASETS[family].classes
    from torchvision.models import ResNet18_Weights

    return tuple(ResNet18_Weights.IMAGENET1K_V1.meta["categories"])


def family_preprocessing(card: Card) -> Preprocessing:
    """The family's own mean and deviation: ImageNet's, or those of a packaged network of the family."""
    from core.pictures.preprocess import Preprocessing

    for other in cards().values():
        if other.family == card.family and other.file is not None:
            return file_preprocessing(weights.read_metadata(other.file))
    resize = IMAGENET_RESIZE if card.size == IMAGENET_SIZE else None
    return Preprocessing(card.size, IMAGENET_MEAN, IMAGENET_STD, resize=resize)


def file_preprocessing(about: dict[str, str]) -> Preprocessing:
    """The preprocessing that a weights file's metadata tell. Raises WeightsError where they tell none."""
    from core.pictures.preprocess import Preprocessing

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
    from core.networks import one_logit, recognise

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
    prep = preprocessing or family_preprocessing(like)
    sees = recognise.channels(arch)
    if sees and len(prep.mean) != sees:
        raise WeightsError(f"expected a mean for each of the {sees} channels that {arch} sees, got {len(prep.mean)}")
    own = known != family_labels(family) or prep.size != like.size
    sentence = f"your own file {where!r} as {arch}{recognise.notes(found, arch)}; not measured by this project"
    network = build(replace(like, provenance=sentence, family=like.name if own else family), state, known, prep)
    if prep.size != like.size:
        recognise.check_side(network.engine.plain, len(prep.mean), prep.size)
    return network


def family_size(family: str) -> int:
    return DATASETS[family].size if family in DATASETS else IMAGENET_SIZE
