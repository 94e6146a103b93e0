"""What does each depth of a network keep of the picture, if every layer on its main path is a sparse coding layer?

Each layer claims x = D*z of its input (Dai et al., NeurIPS 2022, §3), so two things can be asked. How far is that from
true: the relative residual ||x - D*z|| / ||x|| of every layer. And what picture do the codes of a depth stand for: its
maps are led back to pixels through the dictionaries below it, and through nothing that was fitted to pictures.

The way back (`decode`) is linear. It starts from what the picture adds to the maps of a depth, h(x) - h(0), where x = 0
is an even picture of the mean colour. Going down through a block, whose output is main path plus shortcut,
  1. the sum is split between the two channel by channel, in proportion to their variances: gamma_2^2 of the main path's
     last batch norm against gamma_s^2 of the shortcut's, or, where the shortcut is the input itself, the variance of
     that by the same count (the best linear guess if the two are uncorrelated). The true activations of the shortcut
     are not used: they would hand the picture over;
  2. each share goes back through its batch norms (times sqrt(var + eps) / gamma) and its dictionaries (codes z to D*z),
     or the pseudo-inverse of the shortcut's 1x1 convolution, at the pixels which that sees;
  3. the two estimates of the block's input are added. The ReLU after the sum is taken for the identity.
At the stem, the codes' D*z is a picture. One number then gives each picture the contrast of the one that was coded: two
steps of the solver leave codes too small, and more so with every layer.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import F, nn, torch
from core.base.worker import Progress, ignore
from core.compute import coded
from core.networks.card import Network

if TYPE_CHECKING:
    from core.models.sdnet import Block, SDNet
    from core.models.sparse import SparseConv2d

    See = Callable[[str, SparseConv2d, torch.Tensor, torch.Tensor], None]  # name, layer, its input, its codes

MOST_PIXELS = 2**16  # of the picture that is led through the network; its layers cost as much as 40 of the first


@dataclass(frozen=True, eq=False)
class Result:
    """L coded layers in the order in which they are run, and D depths: the stem, then every block.

    `layers` (L,) names; `residual` (L,): ||x - D*z|| / ||x|| of the layer's own input, NaN where that is all zero;
    `nonzero` (L,): the share of codes that are not zero; `depths` (D,) names;
    `coded` float32 (H, W, 3): the picture; `pictures` float32 (D, H, W, 3): what each depth stands for, at the contrast
    of the picture, may leave [0, 1]; `correlation` (D,): Pearson's, with the picture (0 if nothing is left); `sides`
    (D, 2): height and width of the maps; `logits` float32 (K,).
    """

    network: str
    lam: float
    layers: tuple[str, ...]
    residual: np.ndarray
    nonzero: np.ndarray
    depths: tuple[str, ...]
    coded: np.ndarray
    pictures: np.ndarray
    correlation: np.ndarray
    sides: np.ndarray
    logits: np.ndarray


def run(network: Network, pixels: np.ndarray, lam: float | None = None, progress: Progress = ignore) -> Result:
    """One picture, float (H, W, 3) in [0, 1], through every depth. `lam` is the first layer's, as in SDNet.forward; the
    others keep their own.

    `progress(steps done, all)` may raise to stop. Raises ValueError for a network whose layers are not all coded, for
    an ImageNet one, and for a picture of more than MOST_PIXELS.
    """
    from core.models.sparse import SparseConv2d

    net = all_coded(network)
    height, width = pixels.shape[:2]
    if height * width > MOST_PIXELS:
        raise ValueError(f"expected at most {MOST_PIXELS} pixels, got {height} x {width}: shrink the picture first")
    x = coded.to_input(network, pixels)[None]
    steps = sum(isinstance(module, SparseConv2d) for module in net.modules()) + len(blocks(net)) + 1
    found: dict[str, tuple[float, float]] = {}  # by layer

    def see(name: str, layer: SparseConv2d, given: torch.Tensor, codes: torch.Tensor) -> None:
        found[name] = layer_numbers(layer, given[:1], codes[:1])
        progress(len(found), steps)

    with torch.inference_mode():
        logits, maps = walk(net, torch.cat([x, torch.zeros_like(x)]), lam, see)
        added = [m[:1] - m[1:] for m in maps]
        back = decode(net, added, (height, width), lambda done: progress(len(found) + done, steps))
        pictures = coded.to_pixels(network, torch.stack([at_contrast(picture, x[0]) for picture in back]))
    return Result(
        network=network.card.name,
        lam=net.dictionary.lam if lam is None else lam,
        layers=tuple(found),
        residual=np.array([residual for residual, _ in found.values()]),
        nonzero=np.array([nonzero for _, nonzero in found.values()]),
        depths=("stem", *(f"block {i}" for i in range(1, len(maps)))),
        coded=pixels.astype(np.float32),
        pictures=pictures,
        correlation=np.array([correlation(picture.numpy(), x[0].numpy()) for picture in back]),
        sides=np.array([m.shape[2:] for m in maps]),
        logits=logits[0].numpy(),
    )


def all_coded(network: Network) -> SDNet:
    """The float32 SDNet. Raises ValueError if not all its layers are coded, or its stem has two layers."""
    from core.models.sdnet import SDNet

    net = coded.sdnet_of(network)
    if not isinstance(net, SDNet):
        raise ValueError(f"expected a CIFAR SDNet with all layers coded, got {network.card.name} with plain layers")
    plain = not blocks(net)[0].is_coded
    if plain or net.imagenet:
        what = "plain layers" if plain else "a second layer in its stem, whose variance no batch norm tells"
        raise ValueError(f"expected a CIFAR SDNet with all layers coded, got {network.card.name} with {what}")
    return net


def blocks(net: SDNet) -> list[Block]:
    from core.models.sdnet import Block

    return [module for module in net.modules() if isinstance(module, Block)]


def layer_numbers(layer: SparseConv2d, given: torch.Tensor, codes: torch.Tensor) -> tuple[float, float]:
    """||x - D*z|| / ||x||, NaN for x = 0, and the share of non-zero codes, of one picture.

    `given` (1, C, H, W) is the layer's input, `codes` (1, K, H', W').
    """
    missed = (layer.repeated(given) - layer.reconstruct(codes, given)).norm()
    whole = layer.repeated(given).norm()
    return float(missed / whole) if whole > 0 else float("nan"), float((codes != 0).float().mean())


def walk(net: SDNet, x: torch.Tensor, lam: float | None, see: See) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """SDNet.forward, layer by layer: the logits (B, K), and the maps after the stem and after every block.

    `see` is told of every coded layer as it is run; nothing is kept on the network.
    """
    stem = net.dictionary
    codes = stem(x, lam)
    see("stem", stem, x, codes)
    maps = [net.layer0[1:](codes)]
    for i, block in enumerate(blocks(net), 1):
        h = maps[-1]
        y = h
        for name, convolution, bn in (("first", block.conv1, block.bn1), ("second", block.conv2, block.bn2)):
            layer = coder(convolution)
            codes = layer(y)
            see(f"block {i}, {name}", layer, y, codes)
            y = bn(codes)
        maps.append(F.relu(y + block.shortcut(h)) if block.has_shortcut else y)
    return net.linear(maps[-1].mean(dim=(2, 3))), maps


def coder(convolution: nn.Module) -> SparseConv2d:
    return convolution.dn  # type: ignore[return-value]


def decode(
    net: SDNet, added: list[torch.Tensor], size: tuple[int, ...], done: Callable[[int], None] = lambda _: None
) -> torch.Tensor:
    """The way back of the module docstring: of each depth's (1, C, H', W') a picture, (D, 3, H, W), not yet scaled.

    All depths go down together, each joining where it begins.
    """
    split = variances(net)
    sizes = [m.shape[2:] for m in added]
    going = added[-1]
    every = blocks(net)
    for i in range(len(every), 0, -1):
        below = down(every[i - 1], going, split[i - 1], sizes[i - 1])
        going = torch.cat([added[i - 1], below])
        done(len(every) + 1 - i)
    pictures = rebuild(net.dictionary, going * inverse(net.layer0[1]), size)
    done(len(every) + 1)
    return pictures


def variances(net: SDNet) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """(C,) of every block's main path and shortcut, by channel, as far as the batch norms tell."""
    pairs = []
    coming = norm(net.layer0[1]).weight.square()
    for block in blocks(net):
        main = block.bn2.weight.square()
        if not block.has_shortcut:
            shortcut = torch.zeros_like(main)
        else:
            shortcut = norm(block.shortcut[1]).weight.square() if len(block.shortcut) else coming
        pairs.append((main, shortcut))
        coming = main + shortcut
    return pairs


def down(
    block: Block, y: torch.Tensor, split: tuple[torch.Tensor, torch.Tensor], size: tuple[int, ...]
) -> torch.Tensor:
    """From the output (B, C', H', W') of a block to its input, of height and width `size`."""
    main, shortcut = split
    total = main + shortcut
    # a channel with no variance holds nothing, and goes nowhere
    per = (total != 0) / total.where(total != 0, total.new_ones(()))
    middle = rebuild(coder(block.conv2), y * over(block.bn2.weight * spread(block.bn2) * per), y.shape[2:])
    x = rebuild(coder(block.conv1), middle * inverse(block.bn1), size)
    if not block.has_shortcut:
        return x
    if not len(block.shortcut):
        return x + y * over(shortcut * per)
    last = norm(block.shortcut[1])
    return x + unconvolved(block.shortcut[0], y * over(last.weight * spread(last) * per), size)


def rebuild(layer: SparseConv2d, codes: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """D*z of codes (B, K, H', W') with height and width `size`."""
    return layer.reconstruct(codes, codes.new_empty(1).expand(1, 1, *size))


def unconvolved(convolution: nn.Module, y: torch.Tensor, size: tuple[int, ...]) -> torch.Tensor:
    """The least x (B, C, *size) that a 1x1 convolution leads nearest to y (B, K, H', W'): zero between its strides."""
    assert isinstance(convolution, nn.Conv2d)
    x = y.new_zeros(len(y), convolution.in_channels, *size)
    down, right = convolution.stride
    x[..., ::down, ::right] = torch.einsum("ck,bkhw->bchw", torch.linalg.pinv(convolution.weight[..., 0, 0]), y)
    return x


def norm(module: nn.Module) -> nn.BatchNorm2d:  # what a Sequential holds, to the type checker
    return module  # type: ignore[return-value]


def spread(bn: nn.BatchNorm2d) -> torch.Tensor:
    """(C,) the deviation that a batch norm divides by."""
    assert bn.running_var is not None
    return (bn.running_var + bn.eps).sqrt()


def inverse(module: nn.Module) -> torch.Tensor:
    """(C, 1, 1) what undoes a batch norm's factor; 0 where that is 0, for nothing came through."""
    bn = norm(module)
    alive = bn.weight != 0
    return over(spread(bn) * alive / bn.weight.where(alive, bn.weight.new_ones(())))


def over(channels: torch.Tensor) -> torch.Tensor:
    """(C,) -> (C, 1, 1): a factor for maps."""
    return channels[:, None, None]


def at_contrast(picture: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """(3, H, W) normalised values (0: the mean colour) times one factor, so that their root mean square is `like`'s."""
    own = picture.square().mean().sqrt()
    return picture * (like.square().mean().sqrt() / own) if own > 0 else picture


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's over all values of two arrays of the same shape; 0 where one of the two is constant."""
    constant = not (np.ptp(a) > 0 and np.ptp(b) > 0)
    return 0.0 if constant else float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def shrunk(pixels: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) as `run` takes it: of one with more than MOST_PIXELS, the means of blocks."""
    height, width = pixels.shape[:2]
    block = next(n for n in itertools.count(1) if (height // n) * (width // n) <= MOST_PIXELS)
    kept = pixels[: height // block * block, : width // block * block]
    blocks_ = kept.reshape(height // block, block, width // block, block, 3)
    return np.asarray(blocks_.mean((1, 3), dtype=np.float64).astype(np.float32))


def finding(result: Result) -> str:
    """The one sentence that says what is on screen."""
    middle, last = len(result.depths) // 2, len(result.depths) - 1
    parts = [f"{result.correlation[i]:.2f} from {result.depths[i]}" for i in (middle, last)]
    seen = np.flatnonzero(np.isfinite(result.residual))
    if not len(seen) or not result.correlation.any():
        return f"At λ = {result.lam:g} nothing of the picture gets past the stem: its codes are all zero."
    best, worst = seen[result.residual[seen].argmin()], seen[result.residual[seen].argmax()]
    return (
        f"Led back to pixels, the stem's codes correlate with the picture at {result.correlation[0]:.2f}, then "
        f"{' and '.join(parts)}. A layer's own reconstruction misses {result.residual[best]:.0%} of "
        f"its input ({result.layers[best]}) to {result.residual[worst]:.0%} ({result.layers[worst]})."
    )
