"""Which pixels matter to any network? Attribution maps of one picture, and the picture masked in their order.

What `patch_masking` asks of a BagNet beside its baseline (Brendel & Bethge, ICLR 2019, §3), asked of one network alone,
whatever its labels, input size and channels: it sees the picture's centre square at its own size. Of the methods those
are used that say something of this network; for each of the others there is a sentence why not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from core.base.heavy import torch
from core.base.worker import Progress, each, ignore, part
from core.compute import attributions
from core.compute.attributions import EVIDENCE, METHODS, RANDOM
from core.figures.blocks import Plot
from core.networks import engine
from core.pictures import preprocess
from core.pictures.preprocess import to_tensor
from core.studies.patch import interaction as patch_interaction
from core.studies.patch import masking as patch_masking
from core.studies.patch import masking_figures
from core.studies.patch import scramble as patch_scramble
from core.studies.patch.masking import MODES, Mode, Trace

if TYPE_CHECKING:
    from torch import Tensor

    from core.networks.card import Network
    from core.pictures.image import RGBImage

OCCLUSION, GRADIENTS, DEEP_LIFT, GRAD_CAM = "occlusion", "integrated gradients", "DeepLIFT", "Grad-CAM"
SMALLEST_CELL, LARGEST_CELL = 2, 16  # px, of those that are chosen from the input's size
CELLS_PER_SIDE = 8
ON_THE_WAY = (1.0, 0.75, 0.5, 0.25)  # shares of the way from the mean colour to the picture
SMALLEST_TILE = 2  # px
FLAT = (
    "the gradient of the answer is zero at this picture{where}, as where a network takes signs: "
    "small changes of the picture do not move it"
)
# what a method raises that cannot follow a network; other networks than ours may raise any of them
UNFIT = (ValueError, RuntimeError, AssertionError, AttributeError, TypeError)
WHY_UNFIT = {
    DEEP_LIFT: "its map would not sum to the difference of the logits: the network has a layer that Captum's rules "
    "do not cover",
    GRAD_CAM: "it needs maps, such as convolutions give, and the network has none",
}


@dataclass(frozen=True)
class Params:
    """`target`: the class that is followed, None for the network's own answer; `cell`: the masks' side in pixels, None
    for what `cell_of` gives; `cells`, `methods`, `seed` and `draws` as patch_masking.Params has them.

    Raises ValueError for what does not exist.
    """

    target: int | None = None
    cell: int | None = None
    cells: int | None = None
    methods: tuple[str, ...] = METHODS
    seed: int = 0
    draws: int = 5

    def __post_init__(self) -> None:
        self.masking(LARGEST_CELL, self.methods)

    def masking(self, size: int, methods: tuple[str, ...]) -> patch_masking.Params:
        """These settings for an input of `size` px, with those methods."""
        cell = cell_of(size) if self.cell is None else self.cell
        return patch_masking.Params(cell, self.cells, methods, seed=self.seed, draws=self.draws)


@dataclass(frozen=True, eq=False)
class Result:
    """`pixels` uint8 (S, S, 3) as the network sees them, before it turns them grey if it does; `deletion` and
    `insertion`: the curves and maps of this network (N = 1) by the methods that apply; `left_out`: the others, each
    with the reason.
    """

    pixels: np.ndarray
    deletion: patch_masking.Result
    insertion: patch_masking.Result
    left_out: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The class that is followed."""
        return self.deletion.labels[self.deletion.target]

    def curves(self, mode: Mode) -> patch_masking.Result:
        return self.deletion if mode == "deletion" else self.insertion


def cell_of(size: int) -> int:
    """Side in pixels of the cells of an input of `size` px: an eighth of it, 2 to 16 px (8 at 64 px, 16 at 224)."""
    return min(LARGEST_CELL, max(SMALLEST_CELL, round(size / CELLS_PER_SIDE)))


def seen(network: Network, image: RGBImage) -> np.ndarray:
    """The picture's centre square at the network's size, uint8 (S, S, 3); ink on paper inverted for a network that
    knows bright things on black."""
    return preprocess.seen(image, network.preprocessing)


def answer(network: Network, pixels: np.ndarray, progress: Progress = ignore) -> np.ndarray:
    """float32 (K,): probabilities of the network's classes for uint8 pixels (S, S, 3), by float32."""
    x = to_tensor(pixels[None], network.preprocessing)
    found = engine.logits(network.engine, lambda which: x[which], 1, progress, exact=True)
    return np.asarray(found.probability[0])


def applicable(
    network: Network, x: Tensor, target: int, methods: Sequence[str] = METHODS, progress: Progress = ignore
) -> dict[str, str | None]:
    """By method None, or why it says nothing of what makes the network see class `target` in x (channels, S, S).

    Each gradient method is tried: it does not apply if it fails, or gives zero for every pixel (integrated gradients:
    if the gradient is zero at the picture and at points of the line from the mean colour to it).
    """
    return {method: reason(network, x, target, method) for method in each(methods, progress)}


def reason(network: Network, x: Tensor, target: int, method: str) -> str | None:
    """One method's entry of `applicable`, for x (C, S, S)."""
    from core.models.bagnet import BagNet

    if method in (OCCLUSION, RANDOM):
        return None  # they ask for answers alone
    if method == EVIDENCE:
        fits = isinstance(network.engine.exact, BagNet)
        return None if fits else "only a BagNet's logits are sums over patches"
    along = ON_THE_WAY if method == GRADIENTS else ON_THE_WAY[:1]
    asked = "saliency" if method == GRADIENTS else method  # a gradient is enough to know
    try:
        maps = [attributions.attribution(network, x * share, target, asked) for share in along]
    except UNFIT as error:
        if isinstance(error, ValueError) and method in WHY_UNFIT:
            return WHY_UNFIT[method]
        return f"it could not be computed ({str(error).strip().partition(chr(10))[0].rstrip('.')})"
    if any(found.any() for found in maps):
        return None
    return FLAT.format(where=" and on the way to it from the mean colour" if len(along) > 1 else "")


def run(network: Network, image: RGBImage, params: Params | None = None, progress: Progress = ignore) -> Result:
    """Mask the picture in the order of every method that applies. `progress` may raise to stop.

    Raises ValueError if the class does not exist, or none of the methods applies.
    """
    params = params or Params()
    pixels = seen(network, image)
    target = int(answer(network, pixels).argmax()) if params.target is None else params.target
    patch_scramble.check([network], target)
    x = to_tensor(pixels, network.preprocessing)
    why = applicable(network, x, target, params.methods, part(progress, 0, 2))
    asked = params.masking(network.preprocessing.size, fitting(network, why))
    watch = part(progress, 1, 2)
    traces = {
        method: trace(network, pixels, target, method, asked, part(watch, i, len(asked.methods)))
        for i, method in enumerate(asked.methods)
    }
    return assemble(network, pixels, traces, target, asked, why)


def fitting(network: Network, why: Mapping[str, str | None]) -> tuple[str, ...]:
    """The methods of `applicable` that apply. Raises ValueError if there is none."""
    found = tuple(method for method, reason in why.items() if reason is None)
    if not found:
        raise ValueError(
            f"expected a method that applies to {network.card.name}, got {', '.join(why)}: add occlusion or random"
        )
    return found


def trace(
    network: Network,
    pixels: np.ndarray,
    target: int,
    method: str,
    params: patch_masking.Params,
    progress: Progress = ignore,
) -> Trace:
    """`patch_masking.trace` of a network alone, for uint8 (H, W, C); occlusion hides the very cells that are ranked."""
    hidden = method == OCCLUSION
    maps = [occlusion(network, pixels, target, params.cell, part(progress, 0, 3))] if hidden else ()
    return patch_masking.trace(network, network, pixels, target, method, params, progress, maps)


def occlusion(network: Network, pixels: np.ndarray, target: int, cell: int, progress: Progress = ignore) -> np.ndarray:
    """float32 (S, S): what the logit of `target` loses when the pixel's cell takes the mean colour, in float32.

    Captum's occlusion with windows of a cell (`attributions.attribution` has those of 8 px), by the engine.
    """
    x = to_tensor(pixels, network.preprocessing)
    cells = patch_masking.grid(pixels.shape[0], pixels.shape[1], cell)
    where = torch.from_numpy(cells)

    def inputs(which: np.ndarray) -> Tensor:
        hidden = where == torch.from_numpy(which - 1)[:, None, None]  # input 0 hides nothing
        return x * ~hidden[:, None]

    answers = engine.logits(network.engine, inputs, int(cells.max()) + 2, progress, exact=True)
    logits = answers.logits[:, target]
    return np.asarray((logits[0] - logits[1:])[cells], np.float32)


def assemble(
    network: Network,
    pixels: np.ndarray,
    traces: Mapping[str, Trace],
    target: int,
    params: patch_masking.Params,
    why: Mapping[str, str | None],
) -> Result:
    """The Result of the traces that there are, by method; `why` as `applicable` gives it."""
    asked = replace(params, methods=tuple(traces))
    deletion, insertion = (
        patch_masking.assemble([network], [list(traces.values())], target, replace(asked, mode=mode)) for mode in MODES
    )
    left_out = tuple((method, reason) for method, reason in why.items() if reason is not None)
    return Result(pixels, deletion, insertion, left_out)


def scramble(
    network: Network, pixels: np.ndarray, target: int, seed: int = 0, progress: Progress = ignore
) -> patch_scramble.Result:
    """`patch_scramble.run` of uint8 (H, W, C) for one network, in as many tiles as leave SMALLEST_TILE px each."""
    tiles = tuple(n for n in patch_scramble.TILES if len(pixels) // n >= SMALLEST_TILE)
    return patch_scramble.run([network], pixels, target, patch_scramble.Params(tiles, seed=seed), progress)


def interaction(
    network: Network, pixels: np.ndarray, target: int, pairs: int = 200, seed: int = 0, progress: Progress = ignore
) -> patch_interaction.Result:
    """`patch_interaction.run` of uint8 (H, W, C) for one network, with masks of `cell_of` px."""
    params = patch_interaction.Params(cell_of(len(pixels)), pairs, seed)
    return patch_interaction.run([network], pixels, target, params, progress)


def best(result: Result, mode: Mode = "deletion") -> str:
    """The method with the least area under the curve (deletion) or the largest (insertion), chance aside where another
    is there."""
    curves = result.curves(mode)
    areas = dict(zip(curves.methods, curves.auc[0], strict=True))
    methods = [method for method in areas if method != RANDOM] or [RANDOM]
    return (min if mode == "deletion" else max)(methods, key=areas.__getitem__)


def finding(result: Result, title: str, mode: Mode = "deletion") -> str:
    """What the network says of the picture, which order tells soonest, and how chance compares."""
    curves, method = result.curves(mode), best(result, mode)
    areas = dict(zip(curves.methods, curves.auc[0], strict=True))
    turn = int(patch_masking.turning(curves)[0, curves.methods.index(method)])
    done = "Masked" if mode == "deletion" else "Shown alone"
    chance = f", in random order {areas[RANDOM]:.3f}" if RANDOM in areas and method != RANDOM else ""
    return (
        f"{title} sees {result.label} in the picture with P = {curves.untouched[0]:.2f}. {done} in the order of "
        f"{method}, {when(turn, curves.order.shape[2], mode)}; area under the curve {areas[method]:.3f}{chance}."
    )


def when(k: int, cells: int, mode: Mode) -> str:
    """When P passes half of the untouched picture's, in words; k < 0 for never."""
    if k == 0 and mode == "insertion":
        return "P is beyond half of that before a cell is shown"
    falls = "falls to" if mode == "deletion" else "reaches"
    return f"P never {falls} half of that" if k < 0 else f"P {falls} half of that after {k} of {cells} cells"


def omissions(result: Result) -> list[str]:
    """One sentence for each method that is left out."""
    return [f"{method[0].upper()}{method[1:]} is left out: {reason}." for method, reason in result.left_out]


def figure(result: Result, title: str, mode: Mode = "deletion", *, k: int | None = None) -> Plot:
    """The curves, one line a method; `k` cells are marked."""
    return masking_figures.curves(result.curves(mode), [title], k=k)


def table(result: Result, title: str, mode: Mode = "deletion") -> dict[str, list[object]]:
    """The probability at every k, one column a method."""
    return masking_figures.curve_table(result.curves(mode), [title])
