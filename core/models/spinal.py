"""SpinalNet (Kabir et al., arXiv 2007.03347): a head that is fed its input part by part, and plain heads beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LEAK = 0.01  # slope of the regression networks' LeakyReLU below zero
HeadOf = Callable[[int], nn.Module]  # number of features -> the head that reads them


class Dense(nn.Module):
    """Dropout, linear, batch norm if asked for, and an activation if there is one: (B, n) -> (B, m)."""

    def __init__(
        self, inputs: int, outputs: int, dropout: float = 0.0, norm: bool = False, leak: float | None = 0.0
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs) if norm else nn.Identity()
        self.leak = leak

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs)."""
        y: Tensor = self.norm(self.linear(self.dropout(x)))
        return y if self.leak is None else F.leaky_relu(y, self.leak)


class FCHead(nn.Module):
    """(B, in_features) -> logits (B, out_features) through hidden layers of the given widths: what a head usually is.

    `dropout` is that of every layer, or one number for each of the len(hidden) + 1 of them. Raises ValueError for a
    width below 1, and for another number of dropouts.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        hidden: Sequence[int] = (),
        dropout: float | Sequence[float] = 0.0,
        *,
        norm: bool = False,
        leak: float = 0.0,
    ) -> None:
        super().__init__()
        widths = [in_features, *hidden, out_features]
        drops = [dropout] * (len(widths) - 1) if isinstance(dropout, int | float) else list(dropout)
        if min(widths) < 1 or len(drops) != len(widths) - 1:
            raise ValueError(
                f"expected widths of at least 1 and a dropout for each of {len(widths) - 1} layers, "
                f"got {widths} and {drops}: give both again"
            )
        pairs = zip(widths[:-2], widths[1:-1], drops[:-1], strict=True)
        self.layers = nn.ModuleList(Dense(n, m, drop, norm, leak) for n, m, drop in pairs)
        self.out = Dense(widths[-2], out_features, drops[-1], leak=None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_features) -> logits (B, out_features)."""
        for layer in self.layers:
            x = layer(x)
        return self.out(x)  # type: ignore[no-any-return]


class SpinalHead(nn.Module):
    """(B, in_features) -> logits (B, out_features): the input arrives in parts, one for each layer (§II).

    The features are cut into `split` parts of equal size (the first ones one longer where it does not divide). Layer i
    sees part order[i] and the output of layer i - 1; the read-out sees the outputs of all layers, so that no layer can
    be without effect. `order` is A, B, A, B … by default. `dropout` stands before every linear layer and the read-out,
    `norm` puts a batch norm after each layer's, `leak` is the activation's slope below zero (0: ReLU).

    Raises ValueError if a size is below 1, there are more parts than features, or a part would be seen by no layer.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        width: int,
        layers: int,
        split: int = 2,
        dropout: float = 0.0,
        *,
        norm: bool = False,
        leak: float = 0.0,
        order: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        if min(in_features, out_features, width, layers, split) < 1 or split > in_features:
            raise ValueError(
                "expected at least one of everything and no more parts than features, got "
                f"{in_features} features, {out_features} outputs, width {width}, {layers} layers, {split} parts"
            )
        self.order = tuple(i % split for i in range(layers)) if order is None else tuple(order)
        if len(self.order) != layers or set(self.order) != set(range(split)):
            raise ValueError(
                f"expected {layers} layers that see each of {split} parts, got the order {self.order}: "
                "use more layers, fewer parts or another order"
            )
        self.in_features, self.out_features, self.width, self.split = in_features, out_features, width, split
        sizes = [len(part) for part in torch.arange(in_features).tensor_split(split)]
        self.layers = nn.ModuleList(
            Dense(sizes[part] + (width if i else 0), width, dropout, norm, leak) for i, part in enumerate(self.order)
        )
        self.out = Dense(layers * width, out_features, dropout, leak=None)

    def hidden(self, x: Tensor) -> Tensor:
        """(B, in_features) -> outputs of the layers (B, layers, width)."""
        parts = x.tensor_split(self.split, dim=1)
        outputs: list[Tensor] = []
        for layer, part in zip(self.spine(), self.order, strict=True):
            outputs.append(layer(torch.cat([parts[part], *outputs[-1:]], dim=1)))
        return torch.stack(outputs, dim=1)

    def spine(self) -> Sequence[nn.Module]:
        """The layers in the order in which they are run."""
        return list(self.layers)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_features) -> logits (B, out_features), read out of all layers' outputs."""
        return self.out(self.hidden(x).flatten(1))  # type: ignore[no-any-return]

    def contributions(self, x: Tensor) -> Tensor:
        """(B, in_features) -> what each layer adds to the logits (B, layers, out_features); their sum and the
        read-out's bias are the logits, in eval mode."""
        weight = self.out.linear.weight.reshape(self.out_features, -1, self.width)  # (K, layers, width)
        return torch.einsum("blw,klw->blk", self.hidden(x), weight)


class PublishedRegression(SpinalHead):
    """The regression network as it was published: where its fifth and sixth layer should run, the third and fourth
    run again, so two layers have parameters and no effect."""

    def __init__(self, in_features: int = 8, width: int = 50) -> None:
        super().__init__(in_features, 1, width, 6, leak=LEAK)

    def spine(self) -> Sequence[nn.Module]:
        return [self.layers[i] for i in (0, 1, 2, 3, 2, 3)]


class Headed(nn.Module):
    """Logits (B, K) = head(backbone(x)), with log-softmax on top if asked for.

    `names` maps the beginning of a parameter's path here to the one in the reference's state dict, which `state_dict`
    and `load_state_dict` speak; the backbone's own names stand at the root.
    """

    def __init__(
        self, backbone: nn.Module, head: nn.Module, names: Mapping[str, str] | None = None, *, log_softmax: bool = False
    ) -> None:
        super().__init__()
        self.backbone, self.head, self.log_softmax = backbone, head, log_softmax
        self.names = {"backbone.": ""} | dict(names or {})
        self.register_state_dict_post_hook(_to_reference)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_from_reference)  # type: ignore[no-untyped-call]

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (B, C, H, W) -> logits (B, out_features), or log-probabilities where `log_softmax` is set."""
        logits: Tensor = self.head(self.backbone(x))
        return logits.log_softmax(1) if self.log_softmax else logits


def reference_name(name: str, names: Mapping[str, str]) -> str:
    """A parameter's path in the reference's state dict: the longest beginning that `names` knows is replaced."""
    known = max((start for start in names if name.startswith(start)), key=len, default=None)
    return name if known is None else names[known] + name.removeprefix(known)


def _to_reference(module: Headed, state: dict[str, Any], prefix: str, _: object) -> None:
    for name in [name for name in state if name.startswith(prefix)]:
        state[prefix + reference_name(name.removeprefix(prefix), module.names)] = state.pop(name)


def _from_reference(module: Headed, state: dict[str, Any], prefix: str, *_: object) -> None:
    paths = [*dict(module.named_parameters()), *dict(module.named_buffers())]
    ours = {prefix + reference_name(path, module.names): prefix + path for path in paths}
    for name in [name for name in state if name in ours]:
        state[ours[name]] = state.pop(name)


def layer_names(layers: int, out: str, first: str, rest: str, start: int = 2) -> dict[str, str]:
    """`names` of a head: its first layer, the others by a pattern with their number, and the read-out."""
    paths = [first, *(rest.format(i) for i in range(start, start + layers - 1))]
    linears = {f"head.layers.{i}.linear.": f"{path}." for i, path in enumerate(paths)}
    return linears | {"head.out.linear.": f"{out}."}


def spinal_names(layers: int, *, dropout: bool = True, norm: bool = False) -> dict[str, str]:
    """The reference's names of a spinal head: each of its layers is a sequence that may begin with dropout."""
    at = 1 if dropout else 0
    layer = f"fc_spinal_layer{{}}.{at}"
    names = layer_names(layers, f"fc_out.{at}", layer.format(1), layer)
    norms = {f"head.layers.{i}.norm.": f"fc_spinal_layer{i + 1}.{at + 1}." for i in range(layers)}
    return names | norms if norm else names


def with_head(backbone: nn.Module, head: HeadOf) -> Headed:
    """A torchvision network, or one of ours, whose fully connected part is replaced by head(number of features).

    The fully connected part is what follows from the first linear layer of `fc`, `classifier`, `head` or `heads` on.
    The backbone is changed in place; for transfer, `freeze` it or train everything. Raises ValueError without such a
    part.
    """
    for name in ("fc", "classifier", "head", "heads"):
        part = getattr(backbone, name, None)
        children = list(part.children()) if isinstance(part, nn.Sequential) else [part]
        first = next((i for i, child in enumerate(children) if isinstance(child, nn.Linear)), None)
        if first is not None:
            linear = children[first]
            assert isinstance(linear, nn.Linear)
            setattr(backbone, name, nn.Sequential(*children[:first]))
            return Headed(backbone, head(linear.in_features), {"head.": f"{name}."})
    raise ValueError(
        f"expected a network that ends in fully connected layers, "
        f"got {type(backbone).__name__}: choose another backbone"
    )


def freeze(net: Headed) -> Headed:
    """The same network, of which training changes the head only (the backbone's batch statistics stay too)."""
    net.backbone.requires_grad_(False)
    net.backbone.eval()
    net.backbone.train = lambda mode=True: net.backbone  # type: ignore[method-assign]
    return net


@torch.no_grad()
def equal_to(inner: nn.Linear, outer: nn.Linear, width: int, split: int = 2) -> SpinalHead:
    """A spinal head, set by hand, that computes outer(relu(inner(x))): §II's universal approximation, by construction.

    A layer sees one part of x only, so the sum that a hidden unit needs is carried from layer to layer as the pair
    relu(s), relu(-s); the layer that sees the last part ends it. `width` // 2 units take `split` layers. Raises
    ValueError for a width below 2.
    """
    if width < 2:
        raise ValueError(f"expected a width of 2 or more, to carry a sum and its negative, got {width}: widen it")
    units = width // 2
    groups = math.ceil(inner.out_features / units)
    head = SpinalHead(inner.in_features, outer.out_features, width, groups * split, split)
    for parameter in head.parameters():
        parameter.zero_()
    parts = inner.weight.tensor_split(split, dim=1)  # (H, part)
    for i, layer in enumerate(head.layers):
        group, part = divmod(i, split)
        mine = slice(group * units, (group + 1) * units)
        weight = parts[part][mine]
        n, seen = weight.shape
        assert isinstance(layer, Dense)
        linear = layer.linear
        last = part == split - 1
        for start, sign in ((0, 1.0),) if last else ((0, 1.0), (units, -1.0)):
            linear.weight[start : start + n, :seen] = sign * weight
            if part:
                carried = sign * torch.eye(n)
                linear.weight[start : start + n, seen : seen + n] = carried
                linear.weight[start : start + n, seen + units : seen + units + n] = -carried
        if last:
            linear.bias[:n] = inner.bias[mine]
            head.out.linear.weight[:, i * width : i * width + n] = outer.weight[:, mine]
    head.out.linear.bias.copy_(outer.bias)
    return head
