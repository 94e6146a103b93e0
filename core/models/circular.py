"""A network on a torus: every padding wraps round, so that only subsampling can break shift-equivariance.

What the internal distance of Zhang (ICML 2019) is measured on: there it is 0 but for subsampling.
"""

from __future__ import annotations

import copy

from torch import nn

from core.models.blurpool import BlurPool2d
from core.models.lite import SameConv2d, same_widths

Window = nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d


def circular_twin(net: nn.Module) -> nn.Module:
    """A deep copy of `net` in which every padding wraps round; `net` is left as it is.

    Windows that do not pad but shrink the map (a 2x2 max with stride 1) pad too: a map of side H that the layer's
    stride s divides becomes one of side H/s, and moving the input by s pixels moves the output by one position
    (Zhang, ICML 2019, §3.1). Sampling positions are those of `net`: the padding before stays, the one after gives.

    Raises ValueError for a convolution whose padding is a word ("same").
    """
    twin = copy.deepcopy(net)
    for parent in list(twin.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, BlurPool2d):
                layer.mode = "circular"
            elif isinstance(layer, Window) and getattr(layer, "padding_mode", "zeros") != "circular":
                setattr(parent, name, _wrapped(layer))
    return twin


def _wrapped(layer: Window) -> nn.Module:
    """`layer` behind an explicit circular padding, or itself where it needs none."""
    if isinstance(layer.padding, str):
        raise ValueError(f"expected a padding in pixels, got {layer.padding!r}: give the convolution numbers")
    widths: list[int] = []  # left, right, top, bottom
    for axis in (1, 0):
        stride, before = pair(layer.stride)[axis], pair(layer.padding)[axis]
        if isinstance(layer, SameConv2d):
            before = same_widths(2 * stride, window(layer, axis), stride)[0]
        # in total what makes floor((H + total - window) / stride) + 1 equal H / stride
        total = max(0, window(layer, axis) - stride)
        widths += [min(before, total), total - min(before, total)]
    layer.padding = (0, 0)
    if isinstance(layer, SameConv2d):
        layer.uneven = False
    if not any(widths):
        return layer
    left, right, top, bottom = widths
    return nn.Sequential(nn.CircularPad2d((left, right, top, bottom)), layer)


def window(layer: Window, axis: int) -> int:
    """Side in pixels of what the layer looks at along an axis (0 rows, 1 columns), dilation included."""
    dilation = 1 if isinstance(layer, nn.AvgPool2d) else pair(layer.dilation)[axis]
    return dilation * (pair(layer.kernel_size)[axis] - 1) + 1


def pair(value: int | tuple[int, ...]) -> tuple[int, int]:
    """PyTorch's shorthand for both axes, (rows, columns)."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
