"""Which part of the spinal head matters? Its sizes are varied one at a time.

The small CNN of Kabir et al. (arXiv 2007.03347, §III) with its spinal head on scikit-learn's digits: other numbers of
layers, widths, parts, and the order in which the parts are seen, everything else as the paper has it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.base.intervals import mean_interval, with_interval
from core.base.records import read
from core.base.settings import check, setting
from core.data.split import Split
from core.models.heads import BACKBONES, SHORT, Order, Shape
from core.models.heads import Head as Head
from core.studies.spinal import heads
from core.studies.spinal.heads import EPOCH_LIMITS, FOLDER, SEED_LIMITS, judged

Vary = Literal["layers", "width", "split", "order"]
VARIED: dict[Vary, str] = {  # fields of Shape
    "layers": "number of layers",
    "width": "width of a layer",
    "split": "number of parts",
    "order": "order of the parts",
}
DATASET, BACKBONE = "digits", "small_cnn"
PAPER = BACKBONES[BACKBONE].shape
RECORD = FOLDER / "ablation.json"


@dataclass(frozen=True)
class Params:
    """What each size is set to, the others staying the paper's, `seeds` times for `epochs`.

    Raises ValueError for what does not exist.
    """

    seeds: int = setting(10, limits=SEED_LIMITS)
    epochs: int = setting(15, limits=EPOCH_LIMITS)
    layers: tuple[int, ...] = (2, 4, 6, 8, 12)
    width: tuple[int, ...] = (2, 4, 8, 16, 32)
    split: tuple[int, ...] = (1, 2, 3, 4, 6)
    order: tuple[Order, ...] = ("alternating", "blocks")

    def __post_init__(self) -> None:
        check(self)
        for vary in VARIED:
            values = getattr(self, vary)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"expected different values of the {VARIED[vary]}, got {values}: give each one once")
            self.shapes(vary)  # raises for sizes that do not exist

    def shapes(self, vary: Vary) -> tuple[Shape, ...]:
        """The head at each value of what is varied."""
        return tuple(replace(PAPER, **{vary: value}) for value in getattr(self, vary))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Every network to train, each once: the plain head, the paper's spinal one, and its variations."""
        shapes = dict.fromkeys((PAPER, *(shape for vary in VARIED for shape in self.shapes(vary))))
        return (Setting("fc", PAPER), *(Setting("spinal", shape) for shape in shapes))


@dataclass(frozen=True)
class Setting:
    """A head and, for the spinal one, its sizes."""

    head: Head
    shape: Shape


@dataclass(frozen=True, eq=False)
class Result:
    """`accuracy` (C, S) in [0, 1] of the `test` pictures after the last epoch, by setting and seed; `parameters` (C,)
    of the heads."""

    train: int
    test: int
    params: Params
    settings: tuple[Setting, ...]
    parameters: np.ndarray
    accuracy: np.ndarray

    def row(self, setting: Setting) -> np.ndarray:
        """(S,) accuracy in %."""
        return np.asarray(100 * self.accuracy[self.settings.index(setting)])

    def count(self, setting: Setting) -> int:
        """Parameters of the setting's head."""
        return int(self.parameters[self.settings.index(setting)])


def blank(train: Split, test: Split, params: Params) -> Result:
    """The Result before anything is trained: heads counted, accuracies NaN."""
    settings = params.settings
    counts = [heads.counts(BACKBONE, s.head, s.shape, len(train.classes))[0] for s in settings]
    accuracy = np.full((len(settings), params.seeds), np.nan)
    return Result(len(train), len(test), params, settings, np.array(counts), accuracy)


def one(train: Split, test: Split, setting: Setting, seed: int, epochs: int) -> float:
    """Accuracy of one network after its last epoch: a race of the study with a single runner.

    Raises ValueError if there are fewer training pictures than a batch.
    """
    big, small = (heads.fitted(split, BACKBONE) for split in (train, test))
    params = heads.Params(BACKBONE, (setting.head,), epochs=epochs, **asdict(setting.shape))
    *_, (_, accuracy) = heads.race(big, small, params, setting.head, seed, DATASET)
    return accuracy


def difference(result: Result, shape: Shape) -> tuple[float, float]:
    """Mean over the seeds of a spinal head minus the paper's, in percentage points, and the half width of its 95 %
    interval."""
    return mean_interval(result.row(Setting("spinal", shape)) - result.row(Setting("spinal", PAPER)))


def finding(result: Result, vary: Vary) -> str:
    """One sentence: what each value does to the accuracy, against the paper's value and the plain head."""
    paper = getattr(PAPER, vary)
    others = [shape for shape in result.params.shapes(vary) if shape != PAPER]
    changes = "; ".join(f"{getattr(shape, vary)}: {judged(difference(result, shape), ', ')}" for shape in others)
    own, plain = (with_interval(*mean_interval(result.row(Setting(head, PAPER)))) for head in ("spinal", "fc"))
    return (
        f"{VARIED[vary].capitalize()}: at the paper's value, {paper}, {own} % of {result.test:,} test pictures are "
        f"right ({SHORT['fc']} head: {plain}). In points against that: {changes or 'nothing else was tried'}."
    )


def measured(path: Path = RECORD) -> tuple[Result, dict[str, Any]] | None:
    """What `receptive measure spinal-ablation` wrote, with where it came from; None without the file."""
    return read(path, Result)
