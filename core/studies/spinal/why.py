"""Why a spinal head: what it saves, counted, and that it can equal any plain network, shown by a construction.

Both are claims of Kabir et al. (arXiv 2007.03347); the second is §II's universal approximation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import nn, torch
from core.base.settings import check, setting
from core.models.counting import multiplications, parameters

if TYPE_CHECKING:
    from core.models.spinal import SpinalHead

FEATURES = 8  # of the toy's input; divided by 2, 4 and 8, not by the other numbers of parts
UNIT_LIMITS, WIDTH_LIMITS, SPLIT_LIMITS = (1, 24), (2, 16), (1, 8)
POINTS = 401  # at which both networks are compared
REACH = 1.0  # of t
SEED = 0


# ---- what is saved -------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def savings() -> dict[str, tuple[str | int | float, ...]]:
    """The paper's heads, without what is below them: multiplications and parameters counted from the networks."""
    from core.models import spinal_networks as made

    pairs: dict[str, tuple[Callable[[], nn.Module], Callable[[], nn.Module]]] = {
        "small CNN, digits": (made.small_cnn, made.spinal_small_cnn),
        "VGG-5, digits": (made.vgg5, made.spinal_vgg5),
        "VGG, CIFAR-10": (lambda: made.cifar_vgg_bn("vgg11"), lambda: made.spinal_cifar_vgg_bn("spinal_vgg11")),
        "regression, 8 inputs": (made.regression_fc, made.regression_spinal),
    }
    rows: list[tuple[str | int | float, ...]] = []
    for title, builders in pairs.items():
        with torch.device("meta"):
            plain, spinal = (getattr(net, "head", net) for net in (build() for build in builders))
        inputs = int(spinal.in_features)  # type: ignore[arg-type]
        before, after = multiplications(plain, inputs), multiplications(spinal, inputs)
        saved = round(100 * (before - after) / before, 1)
        rows.append((title, before, after, saved, parameters(plain), parameters(spinal)))
    names = ("head of", "multiplications, FC", "multiplications, spinal", "saved, %", "parameters, FC")
    return dict(zip((*names, "parameters, spinal"), zip(*rows, strict=True), strict=True))


# ---- the construction ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Toy:
    """A plain network of `units` hidden units on 8 inputs, to be equalled by a spinal one: layers of `width` that see
    `split` parts. Raises ValueError beyond the limits."""

    units: int = setting(8, unit="hidden units", limits=UNIT_LIMITS)
    width: int = setting(4, unit="units of width", limits=WIDTH_LIMITS)
    split: int = setting(2, unit="parts", limits=SPLIT_LIMITS)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True, eq=False)
class Twins:
    """Both networks along a line x(t) through the input space, in double precision, and how the spinal one is wired.

    `t`, `goal`, `plain`, `spinal` (N,): the function that the plain network was fitted to, and the two outputs;
    `bends` (H,) where a hidden unit switches, and `bend_heights` (H,) the output there. By layer (L,): `part` that it
    sees, `carried` sums that it hands on, `held` hidden units that the read-out takes from it, and whether it is
    `linked` to the layer before.
    """

    toy: Toy
    t: np.ndarray
    goal: np.ndarray
    plain: np.ndarray
    spinal: np.ndarray
    bends: np.ndarray
    bend_heights: np.ndarray
    part: np.ndarray
    carried: np.ndarray
    held: np.ndarray
    linked: np.ndarray
    plain_parameters: int
    spinal_parameters: int

    @property
    def layers(self) -> int:
        return len(self.part)

    @property
    def difference(self) -> float:
        """The largest one between the two outputs."""
        return float(np.abs(self.plain - self.spinal).max())

    @property
    def error(self) -> float:
        """The largest one of the plain network to its goal."""
        return float(np.abs(self.plain - self.goal).max())


def goal(t: np.ndarray) -> np.ndarray:
    """A smooth function of t in [-1, 1], of the same shape, that no few straight pieces follow."""
    return np.asarray(np.sin(2.5 * math.pi * t) * (0.5 + 0.5 * t) + 0.3 * t)


def line(t: np.ndarray) -> np.ndarray:
    """Inputs (N, 8) on a line through the input space, by `SEED`."""
    start, direction = np.random.default_rng(SEED).normal(size=(2, FEATURES))
    return np.asarray(start + t[:, None] * direction)


def fitted(units: int) -> tuple[nn.Linear, nn.Linear]:
    """A plain network of `units` hidden units, (8 -> units) and (units -> 1), near `goal` along `line`.

    Hidden weights are drawn by `SEED`, with their bends spread over the line; the read-out is the least squares one.
    """
    dice = np.random.default_rng(SEED + 1)
    origin, end = line(np.array([0.0, 1.0]))
    weight = dice.normal(size=(units, FEATURES))
    weight /= np.abs(weight @ (end - origin))[:, None]  # a slope of one along the line
    bends = -REACH + 2 * REACH * (np.arange(units) + 0.2 + 0.6 * dice.random(units)) / units
    bias = -weight @ origin - bends * (weight @ (end - origin))
    inner, outer = nn.Linear(FEATURES, units), nn.Linear(units, 1)
    t = np.linspace(-REACH, REACH, POINTS)
    columns = np.column_stack([np.maximum(line(t) @ weight.T + bias, 0), np.ones(POINTS)])
    best = np.linalg.lstsq(columns, goal(t), rcond=1e-6)[0]
    with torch.no_grad():
        for parameter, values in (
            (inner.weight, weight), (inner.bias, bias), (outer.weight, best[None, :-1]), (outer.bias, best[-1:]),
        ):  # fmt: skip
            parameter.copy_(torch.from_numpy(values))
    return inner, outer


def run(toy: Toy) -> Twins:
    """Fit the plain network, set the spinal one by hand, and run both."""
    from core.models.spinal import equal_to

    inner, outer = fitted(toy.units)
    twin = equal_to(inner, outer, toy.width, toy.split)
    plain = nn.Sequential(inner, nn.ReLU(), outer).double()  # the same numbers: rounding shows in the last digits only
    t = np.linspace(-REACH, REACH, POINTS)
    with torch.no_grad():
        x = torch.from_numpy(line(t))
        ours, theirs = plain(x)[:, 0].numpy(), twin.double()(x)[:, 0].numpy()
        at = inner(torch.from_numpy(line(np.array([0.0, 1.0])))).numpy()  # (2, H)
    bends = np.sort(-at[0] / (at[1] - at[0]))
    counts = (parameters(plain), parameters(twin))
    heights = np.interp(bends, t, ours)
    return Twins(toy, t, goal(t), ours, theirs, bends, heights, np.array(twin.order), *roles(twin), *counts)


def roles(twin: SpinalHead) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each layer (L,), read from its weights: sums that it hands on as two numbers each, hidden units that the
    read-out takes from it, and whether it takes anything from the layer before."""
    width, linked, used = twin.width, [False], []
    for i, layer in enumerate(twin.layers):
        weight = layer.get_parameter("linear.weight").detach().numpy()
        used.append(int((weight != 0).any(1).sum()))
        if i:
            linked.append(bool((weight[:, -width:] != 0).any()))
    read = twin.out.linear.weight.detach().numpy().reshape(twin.out_features, -1, width)  # (K, L, width)
    held = (read != 0).any(0).sum(1)
    carried = np.where(held > 0, 0, np.array(used) // 2)
    return carried, held, np.array(linked)


def finding(twins: Twins) -> str:
    """One sentence or two: how equal, and at what price."""
    toy, holding = twins.toy, int((twins.held > 0).sum())
    at_once = toy.width // 2
    units = "1 hidden unit needs" if toy.units == 1 else f"{toy.units} hidden units need"
    sums = f"{at_once} sum{'s' * (at_once > 1)}"
    layers = f"{twins.layers} layer{'s' * (twins.layers > 1)}"
    return (
        f"The two networks differ by at most {twins.difference:.1g} on {len(twins.t)} inputs. A width of {toy.width} "
        f"takes {sums} at a time through {toy.split} part{'s' * (toy.split > 1)}, so {units} {layers}: "
        f"{twins.layers - holding} to carry sums, {holding} to hold hidden units. "
        f"With {twins.spinal_parameters:,} parameters against {twins.plain_parameters:,}, this shows what a spinal "
        "network can compute, not that it is cheaper."
    )
