"""Which ImageNet networks others have published, under our registry's names.

The anti-aliased ones (Zhang, ICML 2019, trained from scratch) and the BagNets (Brendel & Bethge, ICLR 2019) are
their authors' own. The baselines are torchvision's IMAGENET1K_V1, whose addresses torchvision knows: it is imported,
and asked, only for those.
"""

import difflib
import re

from core.base.heavy import tv_models
from core.models import ARCHITECTURES
from core.networks.card import WEIGHTS
from core.networks.download import Published, WeightsError

AUTHORS_BASE = "https://antialiased-cnns.s3.us-east-2.amazonaws.com/weights_v0.1"

# The first 8 hexadecimal digits of each file's SHA-256, for the filter sizes 2, 3, 4, 5.
AUTHORS_SHA256 = {
    "alexnet": ("da8aca74", "f9bbc410", "0114fe25", "4fa3706a"),
    "vgg16": ("60268e0c", "e9b0ce42", "de9267ac", "1391f70c"),
    "vgg16_bn": ("2c2052a8", "1782878a", "a1c3559b", "c500b52f"),
    "resnet18": ("6e2ee76f", "449351b9", "8c77af40", "c1eed0a1"),
    "resnet34": ("4707aed9", "16aa6c48", "55747267", "85283561"),
    "resnet50": ("f0f7589d", "a4e868d2", "994b528f", "9953c9ad"),
    "resnet101": ("3d00941d", "928f1444", "f8a116ff", "1f3745af"),
}

BAGNET_BASE = (
    "https://bitbucket.org/wielandbrendel/bag-of-feature-pretrained-models/raw/249e8fa82c0913623a807d9d35eeab9da7dcc2a8"
)
BAGNET_SHA256 = {9: ("bagnet8", "34f4ccd2"), 17: ("bagnet16", "105524de"), 33: ("bagnet32", "2ddd53ed")}

TORCHVISION_ARCHS = tuple(arch for arch, row in ARCHITECTURES.items() if row.is_torchvisions)

PUBLISHED = {
    f"{arch}_blur{k}": Published(f"{arch}_blur{k}", f"{AUTHORS_BASE}/{arch}_lpf{k}-{digest}.pth", digest, "authors")
    for arch, digests in AUTHORS_SHA256.items()
    for k, digest in zip((2, 3, 4, 5), digests, strict=True)
} | {
    f"bagnet{q}": Published(f"bagnet{q}", f"{BAGNET_BASE}/{stem}-{digest}.pth.tar", digest, "authors")
    for q, (stem, digest) in BAGNET_SHA256.items()
}


def published_names() -> list[str]:
    """Registry names that `published` knows, sorted."""
    return sorted((*PUBLISHED, *TORCHVISION_ARCHS))


def published(name: str) -> Published:
    """Where the ImageNet weights of the network `name` are published; imports torchvision for those that are its own.

    Raises WeightsError where nobody published weights for it, with the nearest names that have some, and where
    torchvision's file name carries no hash.
    """
    if name in PUBLISHED:
        return PUBLISHED[name]
    try:
        url = str(tv_models.get_model_weights(name)[WEIGHTS].url)
    except (KeyError, ValueError) as error:
        near = ", ".join(difflib.get_close_matches(name, published_names(), n=3, cutoff=0))
        raise WeightsError(
            f"expected a network with published weights, got {name!r}: choose {near} or another"
        ) from error
    found = re.search(r"-([0-9a-f]{8,64})\.pth$", url)
    if found is None:
        raise WeightsError(f"expected a hash in torchvision's file name, got {url}: use the packaged networks instead")
    return Published(name, url, found[1], "torchvision")
