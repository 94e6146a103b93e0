"""What is known of a network before it is loaded: its card; and the loaded network itself."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.base.heavy import tv_models
from core.models.receptive_field import LOCAL_PATCH
from core.networks.engine import Engine
from core.networks.own_options import Opened
from core.pictures.preprocess import Interpolation, Preprocessing

WEIGHTS = "IMAGENET1K_V1"  # of torchvision's: those that its networks first came with
TORCHVISION, TIMM, PLUGIN = "torchvision:", "timm:", "plugin:"  # how the names of networks from there begin
Kind = Literal["trained here", "package", "authors", "torchvision", "timm", "user", "untrained"]
KIND_WORDS: dict[Kind, str] = {
    "trained here": "trained by this project",
    "package": "a public package's weights",
    "authors": "the authors' weights",
    "torchvision": "torchvision's weights",
    "timm": "timm's weights",
    "user": "your own weights",
    "untrained": "untrained",
}


TIMMS_BLUR, TIMMS_AVERAGING = "timm's blur", "timm's averaging"  # not the paper's
ONNX = "onnx-"  # how the architecture of an ONNX file begins, before its layout
ONLY_ANSWERS = "an ONNX file only answers: it shows no layers and gives no gradients"
COME_ALONG: tuple[Kind, ...] = ("trained here", "package")


@functools.cache
def torchvision_names() -> tuple[str, ...]:
    """torchvision's classification networks with ImageNet weights; imports torchvision."""
    names = tv_models.list_models(module=tv_models)
    return tuple(name for name in names if hasattr(tv_models.get_model_weights(name), WEIGHTS))


def title_of(name: str) -> str:
    """A network's name as people read it. What timm calls blurred is not this project's `_blur<taps>`."""
    if name.startswith(TIMM):
        return name.replace("_", " ")
    name = re.sub(r"^(photo_)?bagnet(\d+)$", r"\1BagNet-\2", name)
    name = re.sub(r"sdnet(\d+)", r"SDNet-\1", name)
    name = re.sub(r"(?<=cifar_)resnet18", "ResNet-18", name).replace("_seed", " · seed ")
    return name.replace("_blur", " · blur ").replace("_", " ")


def patch_of(arch: str) -> int | None:
    """Side in pixels of the patches that a network of local features sees, None for other architectures."""
    found = re.search(r"bagnet(\d+)$", arch)
    if found is None:
        return LOCAL_PATCH if arch == "lite0_local" else None
    return int(found[1])


def blur_of(arch: str) -> int | None:
    """Taps of an architecture's blur, None for a plain one."""
    found = re.search(r"_blur(\d)$", arch)
    return int(found[1]) if found else None


def made_of(arch: str) -> str:
    """What of an architecture of this project's is not as its title's words would have it, "" for nothing."""
    return TIMMS_BLUR if arch.startswith("resnetblur") else TIMMS_AVERAGING if arch.startswith("resnetaa") else ""


@dataclass(frozen=True)
class Card:
    """What is known of a network before it is loaded. Networks of one `family` share labels and input size.

    `test_accuracy` in [0, 1], None where nobody here measured it. `file` is None for an untrained network. `made`: what
    of it is its package's own though another's has the same name, such as a blur that is not the paper's.
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
    made: str = ""

    @property
    def answers_only(self) -> bool:
        """Whether there is nothing in it to look into."""
        return self.arch.startswith(ONNX)

    @property
    def blur(self) -> int | None:
        """Taps of the paper's blur, None without: a blur of timm's is another."""
        return None if self.kind == "timm" else blur_of(self.arch)

    @property
    def patch(self) -> int | None:
        return patch_of(self.arch)

    @property
    def title(self) -> str:
        return " · ".join(filter(None, [title_of(self.name), self.made or made_of(self.arch)]))


@dataclass(frozen=True, eq=False)
class Network:
    """A loaded network: `labels` (K,), `digest` of its weights, and the engine that runs it; `file`: the bytes of one
    that only answers."""

    card: Card
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    digest: str
    engine: Engine
    file: bytes = b""

    @functools.cached_property
    def identity(self) -> str:
        """SHA-256 of all that its answers depend on: name and architecture, weights, preprocessing and labels."""
        told = repr((self.card.name, self.card.arch, self.digest, self.preprocessing, self.labels))
        return hashlib.sha256(told.encode()).hexdigest()


def inside(network: Network) -> Engine:
    """The modules of a network, to look into. Raises ValueError for one that only answers."""
    if network.card.answers_only:
        raise ValueError(
            f"expected a network to look into, got {network.card.name}: {ONLY_ANSWERS}, so open its weights file"
        )
    return network.engine
