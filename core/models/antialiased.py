"""The ImageNet networks of Zhang, "Making Convolutional Networks Shift-Invariant Again" (ICML 2019).

Each is torchvision's own network whose strided parts are replaced in place (§3.2), so that the parameters
keep their names and the published checkpoints load with strict=True:

    max-pool, stride s     ->  max-pool, stride 1, then blur with stride s
    convolution, stride s  ->  convolution, stride 1, then (norm and) ReLU, then blur with stride s
    average pool, stride s ->  blur with stride s

All networks map (B, 3, H, W) to logits (B, num_classes); `blur` is the number of taps, 1..7; `padding` is
the blur's: "reflect", "replicate" or "zero" (ValueError otherwise). A reflected border needs feature maps
larger than the blur's padding.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from torch import Tensor, nn
from torchvision.models import VGG, AlexNet, DenseNet, MobileNetV2, ResNet, get_model
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import BasicBlock, Bottleneck

from core.models.blurpool import BlurPool2d


def plain(arch: str, num_classes: int) -> nn.Module:
    """torchvision's network of this name, untrained."""
    net: nn.Module = get_model(arch, weights=None, num_classes=num_classes)
    return net


def blurred_alexnet(
    arch: str, blur: int, num_classes: int, *, pool_only: bool = False, padding: str = "reflect"
) -> AlexNet:
    """AlexNet. Its stem has stride 2 and a blur after the ReLU (`pool_only`: stride 4 and no blur)."""
    net: AlexNet = plain(arch, num_classes)
    stem = net.features[0]
    layers = _blurred_pools(net.features, blur, padding)
    if not pool_only:
        stem.stride = (2, 2)
        layers.insert(2, BlurPool2d(stem.out_channels, blur, padding=padding))
    net.features = nn.Sequential(*layers)
    return net


def blurred_vgg(arch: str, blur: int, num_classes: int, *, padding: str = "reflect") -> VGG:
    """VGG-11/13/16/19, with or without batch norm: its only strided parts are the five max-pools."""
    net: VGG = plain(arch, num_classes)
    net.features = nn.Sequential(*_blurred_pools(net.features, blur, padding))
    return net


def _blurred_pools(features: nn.Sequential, blur: int, padding: str) -> list[nn.Module]:
    """The layers of `features`; every max-pool loses its stride of 2 to a blur that follows it."""
    layers: list[nn.Module] = []
    channels = 0
    for layer in features:
        if isinstance(layer, nn.Conv2d):
            channels = layer.out_channels
        if isinstance(layer, nn.MaxPool2d):
            layers.append(nn.MaxPool2d(layer.kernel_size, stride=1))
            layers.append(BlurPool2d(channels, blur, padding=padding))
        else:
            layers.append(layer)
    return layers


def blurred_resnet(
    arch: str, blur: int, num_classes: int, *, pool_only: bool = True, padding: str = "reflect"
) -> ResNet:
    """ResNet, ResNeXt and Wide ResNet. The stem convolution keeps its stride unless `pool_only` is False."""
    net: ResNet = plain(arch, num_classes)
    channels = net.conv1.out_channels
    # kernel 2 where torchvision has 3: the paper's stem, as its checkpoints were trained
    pool = [nn.MaxPool2d(2, stride=1), BlurPool2d(channels, blur, padding=padding)]
    if not pool_only:
        net.conv1.stride = (1, 1)
        pool.insert(0, BlurPool2d(channels, blur, padding=padding))
    net.maxpool = nn.Sequential(*pool)
    for block in net.modules():
        if isinstance(block, BasicBlock | Bottleneck) and block.stride > 1:
            _blur_residual(block, blur, padding)
    return net


def _blur_residual(block: BasicBlock | Bottleneck, blur: int, padding: str) -> None:
    """Blur between the strided convolution's ReLU and the next convolution, and before the shortcut's."""
    strided, following = ("conv2", "conv3") if isinstance(block, Bottleneck) else ("conv1", "conv2")
    block.get_submodule(strided).stride = (1, 1)
    conv = block.get_submodule(following)
    setattr(block, following, nn.Sequential(_blur_before(conv, blur, block.stride, padding), conv))
    conv, norm = block.downsample
    conv.stride = (1, 1)
    block.downsample = nn.Sequential(_blur_before(conv, blur, block.stride, padding), conv, norm)


def _blur_before(conv: nn.Conv2d, blur: int, stride: int, padding: str) -> BlurPool2d:
    return BlurPool2d(conv.in_channels, blur, stride, padding=padding)


class BlurredBasic(BasicBlock):  # type: ignore[misc]  # torchvision has no types
    """torchvision's block, which halves by a pooling after the first ReLU, none of which is in its state."""

    def __init__(self, inplanes: int, planes: int, stride: int = 1, *rest: Any, **more: Any) -> None:
        super().__init__(inplanes, planes, stride, *rest, **more)
        self.conv1.stride = (1, 1)
        self.pool: nn.Module = hidden_blur(planes) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K, H', W'): sides divided by the stride, rounded up."""
        y = self.pool(self.relu(self.bn1(self.conv1(x))))
        y = self.bn2(self.conv2(y)) + (x if self.downsample is None else self.downsample(x))
        return self.relu(y)  # type: ignore[no-any-return]


class BlurredBottleneck(Bottleneck):  # type: ignore[misc]  # torchvision has no types
    """The same of the block with three convolutions: it halves after the second."""

    def __init__(self, inplanes: int, planes: int, stride: int = 1, *rest: Any, **more: Any) -> None:
        super().__init__(inplanes, planes, stride, *rest, **more)
        self.conv2.stride = (1, 1)
        self.pool: nn.Module = hidden_blur(self.conv2.out_channels) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, K, H', W'): sides divided by the stride."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.pool(self.relu(self.bn2(self.conv2(y))))
        y = self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x))
        return self.relu(y)  # type: ignore[no-any-return]


def hidden_blur(channels: int) -> BlurPool2d:
    """Tri-3 that is no part of the state."""
    return BlurPool2d(channels, 3, in_state=False)


def pooled_resnet(arch: str, num_classes: int) -> ResNet:
    """timm's `resnetblur18`, `resnetblur50` and `resnetaa50`, whose tensors are the plain ResNet's.

    Unlike Zhang's, the stem's max-pool has a kernel of 3, and shortcuts keep their stride.
    """
    block, blocks = (BlurredBasic, [2, 2, 2, 2]) if arch.endswith("18") else (BlurredBottleneck, [3, 4, 6, 3])
    net = ResNet(block, blocks, num_classes)
    net.maxpool = nn.Sequential(nn.MaxPool2d(3, 1, 1), hidden_blur(net.conv1.out_channels))
    if arch == "resnetaa50":  # means of 2 x 2 in place of all of that
        net.maxpool = nn.AvgPool2d(2)
        for one in net.modules():
            if isinstance(one, BlurredBottleneck) and isinstance(one.pool, BlurPool2d):
                one.pool = nn.AvgPool2d(2)
    return net


def blurred_densenet(
    arch: str, blur: int, num_classes: int, *, pool_only: bool = True, padding: str = "reflect"
) -> DenseNet:
    """DenseNet. The stem convolution keeps its stride unless `pool_only` is False; the transitions blur."""
    net: DenseNet = plain(arch, num_classes)
    channels = net.features.conv0.out_channels
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for name, layer in net.features.named_children():
        if name == "pool0":
            layers["maxpool0"] = nn.MaxPool2d(layer.kernel_size, stride=1, padding=layer.padding)
            layers[name] = BlurPool2d(channels, blur, padding=padding)
            continue
        layers[name] = layer
        if name == "relu0" and not pool_only:
            net.features.conv0.stride = (1, 1)
            layers["blur0"] = BlurPool2d(channels, blur, padding=padding)
        if name.startswith("transition"):
            layer.pool = BlurPool2d(layer.conv.out_channels, blur, padding=padding)
    net.features = nn.Sequential(layers)
    return net


def blurred_mobilenet(arch: str, blur: int, num_classes: int, *, padding: str = "reflect") -> MobileNetV2:
    """MobileNetV2. A strided inverted residual blurs after its depthwise convolution; the stem keeps its stride."""
    net: MobileNetV2 = plain(arch, num_classes)
    for block in net.features:
        if isinstance(block, InvertedResidual) and block.stride > 1:
            *before, project, norm = block.conv
            before[-1][0].stride = (1, 1)
            pool = _blur_before(project, blur, block.stride, padding)
            block.conv = nn.Sequential(*before, pool, project, norm)
    dropout, linear = net.classifier
    # the published checkpoints number the linear layer 0; a named dropout before it leaves that number free
    net.classifier = nn.Sequential(OrderedDict([("dropout", dropout), ("0", linear)]))
    return net
