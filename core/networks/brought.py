"""Networks that the user brings: a name of torchvision's, an installed package's, or a weights file that is guessed at.

A package offers a network through an entry point of the group `receptive.models`:

    [project.entry-points."receptive.models"]
    my-net = "my_package.nets:my_net"

    def my_net() -> core.own_networks.Plug: ...

Only `load` imports the package's code, and only of packages that the user has installed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from core.base.files import at_home
from core.base.heavy import nn, torch, tv_models
from core.models import IMAGENET_SIZE, architecture
from core.networks import families, lite, one_logit, onnx_files, onnx_networks, own_options, quoting, recognise, weights
from core.networks import intact as packaged
from core.networks import packaged as networks
from core.networks.card import ONNX, PLUGIN, TORCHVISION, WEIGHTS, Card, Network, torchvision_names
from core.networks.download import WeightsError
from core.networks.engine import prepare
from core.networks.own_options import ASIS, FileOptions, Opened
from core.networks.recognise import Fit
from core.pictures.preprocess import Preprocessing

T = TypeVar("T")
GROUP = "receptive.models"
REMEDY = "ask its authors, or remove the package"


@dataclass(frozen=True, eq=False)
class Plug:
    """What a package's factory returns. `net`: (B, C, size, size) normalised -> logits (B, K), with `labels` (K,), or
    one logit (B, 1), read by the sigmoid, with the names of no and yes or of yes alone; `provenance` says in a few
    words where its weights come from, such as "trained on our birds, 91 % right".
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


def check_options(names: Sequence[str], options: FileOptions) -> None:
    """Raises WeightsError for options of weights files where none of the names is one."""
    if options != ASIS and not any(is_file(name) for name in names):
        said = " ".join(options.said) or "its options"
        raise WeightsError(f"expected a weights file for {said}, got {', '.join(names) or 'none'}: give --model FILE")


def is_file(name: str) -> bool:
    """Whether a word of a command is a weights file, and no packaged network's name."""
    return name not in networks.cards() and at_home(name).is_file()


def open_file(data: bytes, title: str, options: FileOptions = ASIS, word: str = "") -> Network:
    """The network in the bytes of a weights file or of ONNX; `word`: how a command names the file, by default as one
    of that title.

    Raises WeightsError.
    """
    like = families.FAMILIES.get(options.like, options.like)
    if like and like not in families.FAMILIES.values():
        raise WeightsError(f"expected a family of {', '.join(families.FAMILIES.values())}, got {like!r}")
    if onnx_networks.is_one(data, title):
        return onnx_networks.open_file(data, title, options, word or quoting.file(title))
    if options.layout:
        raise WeightsError(f"expected an ONNX file for --layout, got {title!r:.80}: leave it out")
    fit = recognise.one_fit(data, options.arch, options.part)
    found = _guess(fit, written(data))
    arch, family = options.arch or found.arch, like or found.family
    start = (None if like else found.preprocessing) or networks.usual_preprocessing(arch, family)
    labels = options.labels or (() if like else found.labels)
    network = networks.user_network(fit, arch, family, title, labels, options.applied(start), options.part)
    sentence = network.card.provenance + (f"; {found.unfit}" if found.unfit and not labels else "")
    opened = Opened(word or quoting.file(title), options)
    return replace(network, card=replace(network.card, provenance=sentence, opened=opened))


def opened(cards: Iterable[Card]) -> dict[str, Opened]:
    """How the reader's own among some networks came out of their files, by name."""
    return {card.name: card.opened for card in cards if card.opened}


def intact(names: Sequence[str], say: Callable[[str], object]) -> list[Card]:
    """The cards of packaged networks, but for those that are missing or whose file is damaged: of each `say` hears why.

    Nothing is loaded; what is wrong with several is said once.
    """
    found, told = [], dict[str, None]()
    for name in names:
        card = networks.cards().get(name)
        try:
            if lite.is_family(name):
                lite.checked_file()
            if card is None or card.file is None:
                raise WeightsError(networks.left_out().get(name) or packaged.missing(name))
            if card.kind != "package":
                packaged.check(card.file, packaged.digest(card.file))
            found.append(card)
        except WeightsError as error:
            told[str(error)] = None
    for sentence in told:
        say(sentence)
    return found


def find(name: str) -> Card:
    """The card of "torchvision:ARCH" or "plugin:NAME". Raises WeightsError that lists the nearest names."""
    if name.startswith(PLUGIN):
        return one_of(plugged(), name, f"a network of an installed package (entry point group {GROUP})")
    names = {TORCHVISION + arch: arch for arch in torchvision_names()}
    arch = one_of(names, name, "a classification network of torchvision's")
    prep = preset(arch)
    sentence = f"torchvision's {WEIGHTS} weights of {arch}, downloaded on demand; not measured by this project"
    family = "imagenet" if prep.size == IMAGENET_SIZE else name
    return networks.framed(Card(name, arch, family, "torchvision", sentence, prep.size), prep)


def one_of(known: Mapping[str, T], name: str, what: str) -> T:
    """What is known by a name. Raises WeightsError that lists the nearest names."""
    if name in known:
        return known[name]
    near = ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0)) or "none is there"
    raise WeightsError(f"expected {what}, got {name!r}: did you mean {near}?")


def preset(arch: str) -> Preprocessing:
    """What the published weights of a network of torchvision's were evaluated with: size, filter, mean, deviation."""
    own = tv_models.get_model_weights(arch)[WEIGHTS].transforms()
    frame: dict[str, Any] = {"resize": int(own.resize_size[0]), "interpolation": own.interpolation.value}
    return Preprocessing(int(own.crop_size[0]), tuple(own.mean), tuple(own.std), **frame)


def of_torchvision(card: Card) -> Network:
    """One of torchvision's networks. Raises WeightsError if its weights are not on this machine."""
    state = networks.downloaded(card)
    # the published GoogLeNet and Inception scale their input anew; their auxiliary heads are for training only
    old: dict[str, Any] = {"transform_input": True, "init_weights": False, "aux_logits": False}
    net = tv_models.get_model(card.arch, weights=None, **(old if card.arch in ("googlenet", "inception_v3") else {}))
    weights.load_into(net, {name: value for name, value in state.items() if not name.lower().startswith("aux")})
    return ready(card, net, families.family_labels("imagenet"), preset(card.arch))


def of_plugin(card: Card) -> Network:
    """An installed package's network. Raises WeightsError if the package's code fails."""
    point: EntryPoint = next(p for p in entry_points(group=GROUP) if PLUGIN + p.name == card.name)
    try:
        factory: Callable[[], Plug] = point.load()
        plug = as_classes(factory())
    except Exception as error:  # the package's own code may raise anything
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise WeightsError(f"expected {card.name} to give a network, got a failure ({said}): {REMEDY}") from error
    labels = tuple(plug.labels)
    sentence = f"{card.provenance.split(';')[0]}: {plug.provenance}; not measured by this project"
    return ready(replace(card, provenance=sentence), plug.net, labels, plug.preprocessing)


def check(plug: Plug) -> None:
    """Ask the network about a grey square. Raises ValueError unless it answers with a logit for each label, or with one
    for yes and no."""
    as_classes(plug)


def as_classes(plug: Plug) -> Plug:
    """The same network, or one of two answers where it gives one logit. Raises ValueError as `check` does."""
    if not isinstance(plug, Plug):
        raise ValueError(f"expected a core.own_networks.Plug, got a {type(plug).__name__}")
    if plug.preprocessing.size < 1:
        raise ValueError(f"expected an input of 1 px or more, got {plug.preprocessing.size}")
    if not plug.labels or not all(isinstance(label, str) for label in plug.labels):
        raise ValueError("expected a label, a string, for each class, got none or others")
    side, channels = plug.preprocessing.size, len(plug.preprocessing.mean)
    with torch.inference_mode():
        answer = plug.net.eval()(torch.zeros(1, channels, side, side))
    got = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
    if got == (1, 1):
        from core.models.two_answers import TwoAnswers

        said = f"{plug.provenance}, {one_logit.SAID}" if plug.provenance else one_logit.SAID
        return replace(plug, net=TwoAnswers(plug.net), labels=one_logit.two_labels(plug.labels), provenance=said)
    if got != (1, len(plug.labels)):
        raise ValueError(f"expected logits of shape (1, {len(plug.labels)}), one a label, got {got}")
    return plug


def ready(card: Card, net: nn.Module, labels: Sequence[str], preprocessing: Preprocessing) -> Network:
    """A Network of a module that is not of our registry: nothing is known of its layers' order, so none are folded."""
    framed, digest = networks.framed(card, preprocessing), weights.state_digest(net.state_dict())
    return Network(framed, tuple(labels), preprocessing, digest, prepare(net, folds=False))


@dataclass(frozen=True)
class Guess:
    """What a network in a file seems to be: its `part` of the file; the `archs` that its tensors fit, of which
    the first is taken; how many `classes` it tells apart (two for one logit); the `family` whose preprocessing and
    labels go with it; `labels` and `preprocessing` where the file itself tells them; what is to be `said` of it,
    and of labels in the file that are `unfit`. Of an ONNX file: the `layouts` that its input may have, and whether it
    takes pictures of `any_size`, so that one has to be said.
    """

    part: str
    archs: tuple[str, ...]
    classes: int
    family: str
    labels: tuple[str, ...]
    preprocessing: Preprocessing | None
    said: str
    unfit: str
    layouts: tuple[str, ...] = ()
    any_size: bool = False

    @property
    def arch(self) -> str:
        return self.archs[0]


def guesses(data: bytes, title: str = "") -> tuple[Guess, ...]:
    """What the networks in the bytes of a safetensors file, a torch file or ONNX seem to be; nothing in them is run.

    Raises WeightsError: not weights, what the file tells of itself makes no sense, no architecture of the registry
    has such tensors, or as `onnx_files.read` does.
    """
    if onnx_networks.is_one(data, title):
        return (_guess_onnx(data),)
    about = written(data)
    return tuple(_guess(fit, about) for fit in recognise.fits(data))


def guess(data: bytes, arch: str = "", part: str = "") -> Guess:
    """What the one network in a file seems to be, of `arch` where that is given. Raises WeightsError as
    `recognise.one_fit` does, and where what the file tells of itself makes no sense."""
    return _guess(recognise.one_fit(data, arch, part), written(data))


def _guess(fit: Fit, about: dict[str, str]) -> Guess:
    arch = fit.archs[0]
    family = architecture(arch).family
    count = recognise.class_count(arch, fit.tensors)
    classes = 2 if count == 1 else count or len(families.family_labels(family))
    told = own_options.told_labels(about) if about else ()
    labels = one_logit.two_labels(told) if len(told) == count == 1 else told if len(told) == classes else ()
    unfit = f"the file's own {len(told)} labels are left out, for it tells apart {classes} classes"
    prep, said = networks.file_preprocessing(about) if about else None, recognise.notes(fit, arch).removeprefix("; ")
    return Guess(fit.part, fit.archs, classes, family, labels, prep, said, unfit if told and not labels else "")


def _guess_onnx(data: bytes) -> Guess:
    found = onnx_files.read(data)
    layout = found.layouts[0]
    channels = found.channels(layout) or onnx_networks.COLOURS
    side = onnx_networks.side_of(found, layout, 0, IMAGENET_SIZE)
    fit = next(onnx_files.fits(found, layout, channels, side))
    labels, unfit = onnx_networks.labels_of(found, fit.classes, (), "")
    prep = onnx_networks.sized(onnx_networks.guessed(found, channels, fit.classes, side), side)
    mean, std = (", ".join(f"{value:.3g}" for value in values) for values in (prep.mean, prep.std))
    said = f"an ONNX file {onnx_networks.notes(found, fit, layout)}; a guess: mean {mean}, deviation {std}"
    archs, open_size = tuple(ONNX + layout.lower() for layout in found.layouts), not found.side(layout)
    return Guess("", archs, len(labels), "imagenet", labels, prep, said, unfit, found.layouts, open_size)


def written(data: bytes) -> dict[str, str]:
    """The provenance in a file that tells, as those of `receptive train` do, its labels, size, mean and deviation; {}
    for others, whatever they tell."""
    try:
        about = weights.read_metadata(data)
    except WeightsError:
        return {}
    return about if about.keys() >= own_options.TOLD else {}
