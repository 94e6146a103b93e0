"""The networks that Kabir et al. (arXiv 2007.03347, §III) compare: one backbone under a plain and a spinal head.

The backbone is built first: from one seed, it begins with the same numbers whatever head follows.
"""

from __future__ import annotations

from collections import OrderedDict

import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, conv3x3
from torchvision.models.vgg import cfgs, make_layers

from core.models.sdnet import BLOCKS
from core.models.spinal import LEAK, FCHead, Headed, HeadOf, SpinalHead, layer_names, spinal_names

VGG_PLANS = {"vgg11": "A", "vgg13": "B", "vgg16": "D", "vgg19": "E"}  # as torchvision and its paper letter them
VGG_BASE = 64  # channels of the plans' first convolution
MATCHED_HIDDEN = 26  # units at which the small CNN's plain head has most nearly its spinal head's parameters


class SmallBackbone(nn.Module):
    """(B, C, S, S) -> features (B, 20 ((S - 12) / 4)^2), 320 for 28 px: two 5x5 convolutions, each pooled."""

    def __init__(self, in_channels: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 10, 5)
        self.conv2 = nn.Conv2d(10, 20, 5)
        self.dropout = nn.Dropout2d(0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, S, S) -> features (B, F), F = 20 ((S - 12) / 4)^2."""
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        return F.relu(F.max_pool2d(self.dropout(self.conv2(x)), 2)).flatten(1)


def small_cnn(num_classes: int = 10, *, in_channels: int = 1, size: int = 28, head: HeadOf | None = None) -> Headed:
    """(B, C, S, S) -> log-probabilities (B, num_classes): one hidden layer of 50, or the given head."""
    backbone, features = SmallBackbone(in_channels), 20 * ((size - 12) // 4) ** 2
    plain = head(features) if head else FCHead(features, num_classes, (50,), (0.0, 0.5))
    return Headed(backbone, plain, layer_names(1, "fc2", "fc1", ""), log_softmax=True)


def spinal_small_cnn(
    num_classes: int = 10, *, in_channels: int = 1, size: int = 28, width: int = 8, layers: int = 6
) -> Headed:
    """The same backbone under `layers` spinal layers of `width`, without dropout (the paper's 6 of 8)."""
    backbone = SmallBackbone(in_channels)
    head = SpinalHead(20 * ((size - 12) // 4) ** 2, num_classes, width, layers)
    return Headed(backbone, head, layer_names(layers, "fc2", "fc1", "fc1_{}", start=1), log_softmax=True)


def matched_small_cnn(num_classes: int = 10, *, in_channels: int = 1) -> Headed:
    """The same backbone under a plain head as big as the spinal one, and like it without dropout: ours, to be fair."""
    return small_cnn(
        num_classes, in_channels=in_channels, head=lambda features: FCHead(features, num_classes, (MATCHED_HIDDEN,))
    )


def vgg5_backbone(in_channels: int = 1, width: int = 64) -> nn.Sequential:
    """(B, C, 28, 28) -> features (B, 4 width): ten 3x3 convolutions in four pooled stages."""
    stages: OrderedDict[str, nn.Module] = OrderedDict()
    inputs = in_channels
    for i, (channels, convolutions) in enumerate(((width, 2), (2 * width, 2), (4 * width, 3), (4 * width, 3)), 1):
        layers: list[nn.Module] = []
        for _ in range(convolutions):
            layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU()]
            inputs = channels
        stages[f"l{i}"] = nn.Sequential(*layers, nn.MaxPool2d(2))
    stages["flat"] = nn.Flatten()
    return nn.Sequential(stages)


def vgg5(num_classes: int = 10, *, in_channels: int = 1, width: int = 64, head: HeadOf | None = None) -> Headed:
    """(B, C, 28, 28) -> log-probabilities (B, num_classes): one hidden layer of 8 width, or the given head."""
    backbone = vgg5_backbone(in_channels, width)
    plain = head(4 * width) if head else FCHead(4 * width, num_classes, (8 * width,), 0.5, norm=True)
    names = {
        "head.layers.0.linear.": "classifier.1.",
        "head.layers.0.norm.": "classifier.2.",
        "head.out.linear.": "classifier.5.",
    }
    return Headed(backbone, plain, names, log_softmax=True)


def spinal_vgg5(num_classes: int = 10, *, in_channels: int = 1, width: int = 64, layers: int = 4) -> Headed:
    """The same backbone under `layers` spinal layers of 2 `width` (the paper's 4 of 128)."""
    backbone = vgg5_backbone(in_channels, width)
    head = SpinalHead(4 * width, num_classes, 2 * width, layers, dropout=0.5, norm=True)
    return Headed(backbone, head, spinal_names(layers, norm=True), log_softmax=True)


def cifar_cnn_backbone() -> nn.Sequential:
    """(B, 3, 32, 32) -> features (B, 4096): six 3x3 convolutions, pooled after every second."""
    layers: list[nn.Module] = []
    inputs = 3
    for i, (first, second) in enumerate(((32, 64), (128, 128), (256, 256))):
        layers += [nn.Conv2d(inputs, first, 3, padding=1), nn.BatchNorm2d(first), nn.ReLU()]
        layers += [nn.Conv2d(first, second, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.Dropout2d(0.05)] if i == 1 else []
        inputs = second
    return nn.Sequential(OrderedDict(conv_layer=nn.Sequential(*layers), flat=nn.Flatten()))


def cifar_cnn(num_classes: int = 10) -> Headed:
    """(B, 3, 32, 32) -> logits (B, num_classes): hidden layers of 1024 and 512."""
    backbone, head = cifar_cnn_backbone(), FCHead(4096, num_classes, (1024, 512), (0.1, 0.0, 0.1))
    names = {f"head.layers.{i}.linear.": f"fc_layer.{at}." for i, at in enumerate((1, 3))}
    return Headed(backbone, head, names | {"head.out.linear.": "fc_layer.6."})


def spinal_cifar_cnn(num_classes: int = 10, *, width: int = 128, layers: int = 4) -> Headed:
    """The same backbone under `layers` spinal layers of `width` (the paper's 4 of 128)."""
    backbone, head = cifar_cnn_backbone(), SpinalHead(4096, num_classes, width, layers, dropout=0.1)
    return Headed(backbone, head, spinal_names(layers))


def cifar_vgg_backbone(arch: str, base: int = VGG_BASE) -> nn.Sequential:
    """(B, 3, 32, 32) -> features (B, 8 base): the plan of VGG-11, 13, 16 or 19 with batch norms."""
    plan = [step if step == "M" else step * base // VGG_BASE for step in cfgs[VGG_PLANS[arch]]]
    return nn.Sequential(OrderedDict(features=make_layers(plan, batch_norm=True), flat=nn.Flatten()))


def cifar_vgg_bn(arch: str, num_classes: int = 10, *, base: int = VGG_BASE, head: HeadOf | None = None) -> Headed:
    """`vgg<11|13|16|19>_bn_cifar`: (B, 3, 32, 32) -> logits; hidden layers of 4096 and 4096, or the given head."""
    backbone, features = cifar_vgg_backbone(arch.partition("_")[0], base), 8 * base
    plain = head(features) if head else FCHead(features, num_classes, (64 * base, 64 * base), (0.0, 0.5, 0.5))
    names = {f"head.layers.{i}.linear.": f"classifier.{3 * i}." for i in range(2)}
    names |= {"head.out.linear.": "classifier.6."}
    return Headed(backbone, plain, names)


def spinal_cifar_vgg_bn(arch: str, num_classes: int = 10, *, base: int = VGG_BASE, layers: int = 4) -> Headed:
    """`spinal_vgg<11|13|16|19>_bn_cifar`: spinal layers as wide as the features are many (the paper's 4 of 512)."""
    backbone = cifar_vgg_backbone(arch.split("_")[1], base)
    return Headed(backbone, SpinalHead(8 * base, num_classes, 8 * base, layers, dropout=0.5), spinal_names(layers))


class ResidualBlock(BasicBlock):  # type: ignore[misc]  # torchvision has no types
    """torchvision's block, but that no activation follows the sum, and the shortcut's convolution is 3x3."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, stride)
        self.downsample: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(conv3x3(inputs, outputs, stride), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H', W'): sides divided by the stride, rounded up."""
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return y + self.downsample(x)  # type: ignore[no-any-return]


class ResNetBackbone(nn.Module):
    """(B, 3, 32, 32) -> features (B, side^2 8 base): a 3x3 stem and four stages of residual blocks, then the maximum.

    `side`: the maps are cut into side x side parts, row by row, of which each has a maximum for every channel.
    """

    def __init__(self, arch: str, base: int, side: int = 1) -> None:
        super().__init__()
        self.side = side
        self.conv1 = nn.Conv2d(3, base, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(base)
        inputs = base
        for i, count in enumerate(BLOCKS[int(arch.removeprefix("resnet"))]):
            outputs = base * 2**i
            first = ResidualBlock(inputs, outputs, 2 if i else 1)
            rest = (ResidualBlock(outputs, outputs, 1) for _ in range(count - 1))
            self.add_module(f"conv{i + 2}_x", nn.Sequential(first, *rest))
            inputs = outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> features (B, F): the maxima of the maps' first part, then of the next."""
        x = F.relu(self.bn(self.conv1(x)))
        for i in range(4):
            x = getattr(self, f"conv{i + 2}_x")(x)
        return F.adaptive_max_pool2d(x, self.side).flatten(2).transpose(1, 2).flatten(1)


def cifar_resnet(arch: str, num_classes: int = 10, *, base: int = 32) -> Headed:
    """`resnet<18|34>_w32_cifar`: (B, 3, 32, 32) -> logits (B, num_classes), read by one linear layer."""
    backbone = ResNetBackbone(arch.partition("_")[0], base)
    return Headed(backbone, FCHead(8 * base, num_classes), {"head.out.linear.": "fc_layer."})


def spinal_cifar_resnet(arch: str, num_classes: int = 10, *, base: int = 32, side: int = 2) -> Headed:
    """`spinal_resnet<18|34>_w32_cifar`: side x side parts of the maps, a spinal layer of 8 base units for each."""
    backbone, width, layers = ResNetBackbone(arch.split("_")[1], base, side), 8 * base, side**2
    head = SpinalHead(layers * width, num_classes, width, layers, split=layers)
    return Headed(backbone, head, layer_names(layers, "fc_layer", "fc1", "fc1_{}", start=1))


def regression_fc(inputs: int = 8) -> FCHead:
    """(B, inputs) -> (B, 1): the feed-forward network of the regression experiment, 200 and 100 wide."""
    return FCHead(inputs, 1, (200, 100), leak=LEAK)


def regression_spinal(inputs: int = 8) -> SpinalHead:
    """(B, inputs) -> (B, 1): its spinal form, six layers of 50, all of them live."""
    return SpinalHead(inputs, 1, 50, 6, leak=LEAK)
