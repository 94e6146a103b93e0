"""How far do you get without learning anything?

The features of a random depthwise signed network (Xue & Roshan, arXiv 1806.05789), told apart by a linear SVM
(C = 0.005) or by their nearest neighbours: accuracy against their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.base import quote, settings
from core.base.files import ASSETS
from core.base.intervals import difference
from core.base.refuse import SEEDS
from core.base.settings import check, setting
from core.base.worker import Progress, ignore, part
from core.compute import linear_svm, neighbours, spaces
from core.compute.sign_counts import Spec
from core.data import own
from core.data.split import Split
from core.studies import quoted

Classifier = Literal["svm", "knn"]
CLASSIFIERS: dict[Classifier, str] = {"svm": "linear SVM", "knn": "5 nearest neighbours"}
FEATURE_LIMITS, DEPTH_LIMITS = (1, 100_000), (0, 6)
KERNELS = (1, 3, 5, 7)
FIRST_COUNT = 250  # features at the start of the curve, which doubles from there
TOP = 5  # top-1 to top-5 are kept
FOLDER = ASSETS / "results" / "random_features"


@dataclass(frozen=True)
class Params:
    """`features` of kernel size `kernel` and `depth` blocks, drawn from `seed`, told apart by `classifier`.

    Raises ValueError for what does not exist.
    """

    features: int = setting(1000, "How many random features.", limits=FEATURE_LIMITS)
    depth: int = setting(1, "Blocks after the first convolution.", limits=DEPTH_LIMITS, unit="blocks of depth")
    kernel: int = setting(3, "Side of the filters in px: 1, 3, 5 or 7.", choices=KERNELS)
    seed: int = setting(0, "Seed of the network.", limits=SEEDS, unit="as the seed")
    classifier: Classifier = setting("svm", "svm (linear) or knn (5 neighbours).", choices=CLASSIFIERS)

    def __post_init__(self) -> None:
        check(self)

    def spec(self, channels: int) -> Spec:
        return Spec(self.features, self.kernel, self.depth, channels, self.seed)

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of features along the curve: 250, doubled until `features` is reached."""
        steps = [FIRST_COUNT]
        while steps[-1] * 2 < self.features:
            steps.append(steps[-1] * 2)
        return (*(k for k in steps if k < self.features), self.features)


@dataclass(frozen=True, eq=False)
class Result:
    """Of test pictures: `hits` (P, TOP) is the share whose class is among the first 1 to TOP answers with `counts` (P,)
    features; `pixel_hits` (TOP,) the same with raw pixels."""

    title: str
    classes: tuple[str, ...]
    train: int
    test: int
    features: int
    depth: int
    kernel: int
    seed: int
    classifier: Classifier
    counts: np.ndarray
    hits: np.ndarray
    pixel_hits: np.ndarray


def run(title: str, train: Split, test: Split, params: Params, progress: Progress = ignore) -> Result:
    """Features of both splits, and the classifier at every count. `progress(done, total)` may raise to stop.

    Raises ValueError if there are fewer than two classes or no pictures.
    """
    stages = len(params.counts) + 3
    train_x, test_x = (features(half, params, part(progress, i, stages)) for i, half in enumerate((train, test)))
    hits = [
        answer(train_x[:, :k], train.labels, test_x[:, :k], test.labels, params.classifier, part(progress, i, stages))
        for i, k in enumerate(params.counts, 2)
    ]
    pixels = pixel_answer(train, test, params, part(progress, stages - 1, stages))
    return collect(title, train, test, params, hits, pixels)


def features(split: Split, params: Params, progress: Progress = ignore) -> np.ndarray:
    """float32 (N, params.features) in [-1, 1] of a split's N pictures."""
    return spaces.random(split.pixels, params.spec(split.pixels.shape[3]), progress)


def pixel_answer(train: Split, test: Split, params: Params, progress: Progress = ignore) -> np.ndarray:
    """(TOP,) hits of the same classifier on raw pixels."""
    train_x, test_x = (spaces.pixels(half.pixels) for half in (train, test))
    return answer(train_x, train.labels, test_x, test.labels, params.classifier, progress)


def answer(
    train_x: np.ndarray,
    train_labels: np.ndarray,
    test_x: np.ndarray,
    test_labels: np.ndarray,
    classifier: Classifier,
    progress: Progress = ignore,
    scale: float = 1.0,
) -> np.ndarray:
    """(TOP,) shares of the test pictures (M, D) whose class is among the first answers of the classifier.

    `scale` is what the SVM takes the features times (1 / positions for counts).
    """
    classes = int(train_labels.max()) + 1
    if classifier == "svm":
        svm = linear_svm.fit(train_x, train_labels, classes, scale=scale, progress=progress)
        return hits(linear_svm.decision(svm, test_x), test_labels)
    found, _ = neighbours.nearest(test_x, train_x, min(neighbours.VOTERS, len(train_x)), progress)
    return hits(neighbours.votes(found, train_labels, classes), test_labels)


def hits(values: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Scores (M, K) -> (TOP,): the share of rows whose label is among the 1, 2, … TOP largest."""
    order = (-values).argsort(1, kind="stable")[:, :TOP]
    found = (order == labels[:, None]).cumsum(1).mean(0)
    return np.concatenate([found, np.full(TOP - len(found), found[-1])])


def collect(
    title: str, train: Split, test: Split, params: Params, found: Sequence[np.ndarray], pixel_hits: np.ndarray
) -> Result:
    """The Result of the hits `found`, (TOP,) each, for all or the first of `params.counts`; `pixel_hits` (TOP,)."""
    counts, hits = np.array(params.counts[: len(found)]), np.array(found).reshape(-1, TOP)
    about = title, tuple(train.classes), len(train), len(test)
    return Result(*about, **vars(params), counts=counts, hits=hits, pixel_hits=pixel_hits)


def finding(result: Result) -> str:
    """One sentence: the last accuracy beside raw pixels, and what the interval of their difference shows."""
    ours, raw = float(result.hits[-1, 0]), float(result.pixel_hits[0])
    low, high = difference(ours, raw, result.test)
    verdict = "better" if low > 0 else "worse" if high < 0 else "with so few pictures that may be chance"
    gap, *ends = (f"{100 * value:+.1f}".replace("-", "−") for value in (ours - raw, low, high))
    whose = "yours" if result.title == own.TITLE else result.title
    return (
        f"{int(result.counts[-1]):,} features that nobody learned tell {ours:.1%} of {result.test:,} test pictures of "
        f"{whose} right by {CLASSIFIERS[result.classifier]}, their raw pixels {raw:.1%}: {verdict} "
        f"({gap} points, 95 % interval {' to '.join(ends)})."
    )


def table(result: Result) -> dict[str, list[float | int | str]]:
    """Accuracy in % by number of features; the last row is raw pixels."""
    columns: dict[str, list[float | int | str]] = {"features": [*map(int, result.counts), "raw pixels"]}
    rows = [*result.hits, result.pixel_hits]
    for k in range(TOP):
        columns[f"top-{k + 1}, %"] = [round(100 * float(row[k]), 2) for row in rows]
    return columns


OWN_SIZE = 32  # px at which a folder's pictures are read


def command(params: Params, dataset: str) -> str:
    """The terminal command that computes the same."""
    words = settings.words(params)
    return quote.command("receptive", "random-features", quote.path(dataset), *words, "--json", "out.json")


def snippet(params: Params, dataset: str) -> str:
    """Python lines that compute the same."""
    return quoted.data_snippet(__name__, params, dataset, OWN_SIZE, "data.title")
