"""The heads that are compared, and the backbones that they sit on, by name. torch is imported when one is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.base.heavy import nn, torch
from core.base.refuse import within
from core.models.counting import matched_width, parameters

if TYPE_CHECKING:
    from core.models.spinal import Headed

Head = Literal["fc", "spinal", "fc-matched"]
HEADS: dict[Head, str] = {
    "fc": "fully connected",
    "spinal": "spinal",
    "fc-matched": "fully connected, as many parameters and the same dropout as spinal",
}
SHORT: dict[Head, str] = {"fc": "FC", "spinal": "spinal", "fc-matched": "FC matched"}
Order = Literal["alternating", "blocks"]
ORDERS: dict[Order, str] = {"alternating": "A B A B: the parts take turns", "blocks": "A A B B: part after part"}
NARROW, NARROW_DROPOUT = 16, 0.2  # channels and dropout of our VGGs; the paper's have 64, and take 0.5
WIDTH_LIMITS, LAYER_LIMITS, SPLIT_LIMITS = (1, 512), (1, 24), (1, 8)


@dataclass(frozen=True)
class Shape:
    """A spinal head's: `layers` layers of `width` that see `split` parts of the features in `order`.

    Raises ValueError for what does not exist.
    """

    width: int
    layers: int
    split: int = 2
    order: Order = "alternating"

    def __post_init__(self) -> None:
        within(
            ("units of width", self.width, WIDTH_LIMITS),
            ("layers", self.layers, LAYER_LIMITS),
            ("parts", self.split, SPLIT_LIMITS),
        )
        if self.order not in ORDERS:
            raise ValueError(f"expected an order of {', '.join(ORDERS)}, got {self.order!r}")
        if self.layers < self.split:
            raise ValueError(
                f"expected a layer for each of {self.split} parts, got {self.layers} layers: "
                "use more layers or fewer parts"
            )

    @property
    def parts(self) -> tuple[int, ...]:
        """The part that each layer sees."""
        if self.order == "alternating":
            return tuple(i % self.split for i in range(self.layers))
        return tuple(i * self.split // self.layers for i in range(self.layers))


@dataclass(frozen=True)
class Backbone:
    """What stands below the heads, and the sizes of the heads that the paper puts on it (scaled with its channels).

    `hidden`, `dropout` and `norm` are the plain head's; `spinal_dropout` and `shape` the spinal one's. `sides` are the
    pictures' sides that it takes; `half` whether bfloat16 trains it faster.
    """

    title: str
    features: int
    hidden: tuple[int, ...]
    dropout: tuple[float, ...]
    shape: Shape
    norm: bool = False
    spinal_dropout: float = NARROW_DROPOUT
    side: int = 28
    peak_rate: float = 0.1
    batch: int = 128
    half: bool = True


BACKBONES = {
    "small_cnn": Backbone(
        "small CNN", 320, (50,), (0.0, 0.5), Shape(8, 6), spinal_dropout=0.0, peak_rate=0.05, batch=64, half=False
    ),
    "vgg5": Backbone(
        f"VGG-5, {NARROW} channels", 4 * NARROW, (8 * NARROW,), (NARROW_DROPOUT,) * 2, Shape(2 * NARROW, 4), norm=True
    ),
    "cifar_vgg11": Backbone(
        f"VGG-11, {NARROW} channels",
        8 * NARROW,
        (64 * NARROW,) * 2,
        (0.0, NARROW_DROPOUT, NARROW_DROPOUT),
        Shape(8 * NARROW, 4),
        side=32,
    ),
}


def matched_head(backbone: Backbone, classes: int, hidden: Sequence[int]) -> nn.Module:
    """A plain head with the spinal head's dropout: what is left between the two is how they are wired."""
    from core.models.spinal import FCHead

    return FCHead(backbone.features, classes, hidden, backbone.spinal_dropout, norm=backbone.norm)


def build_head(backbone: Backbone, head: Head, shape: Shape, classes: int) -> nn.Module:
    """(B, backbone.features) -> logits (B, classes)."""
    from core.models.spinal import FCHead, SpinalHead

    if head == "fc":
        return FCHead(backbone.features, classes, backbone.hidden, backbone.dropout, norm=backbone.norm)
    if head == "fc-matched":
        return matched_head(backbone, classes, matched_hidden(backbone, shape, classes))
    return SpinalHead(
        backbone.features,
        classes,
        shape.width,
        shape.layers,
        shape.split,
        backbone.spinal_dropout,
        norm=backbone.norm,
        order=shape.parts,
    )


def matched_hidden(backbone: Backbone, shape: Shape, classes: int) -> tuple[int, ...]:
    """Hidden widths, all equal, at which the plain head's number of parameters is nearest to the spinal head's."""
    with torch.device("meta"):
        target = parameters(build_head(backbone, "spinal", shape, classes))
    depth = len(backbone.hidden)
    width = matched_width(lambda w: matched_head(backbone, classes, (w,) * depth), target)
    return (width,) * depth


def build(name: str, head: Head, shape: Shape, classes: int, channels: int) -> Headed:
    """The network of backbone `name` under a head: (B, channels, side, side) -> logits (B, classes).

    From one state of torch's generator, the backbone begins with the same numbers under every head.
    """
    from core.models import spinal_networks

    backbone = BACKBONES[name]

    def on(features: int) -> nn.Module:
        return build_head(backbone, head, shape, classes)

    if name == "small_cnn":
        return spinal_networks.small_cnn(classes, in_channels=channels, head=on)
    if name == "vgg5":
        return spinal_networks.vgg5(classes, in_channels=channels, width=NARROW, head=on)
    return spinal_networks.cifar_vgg_bn("vgg11", classes, base=NARROW, head=on)
