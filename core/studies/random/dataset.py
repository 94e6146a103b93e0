"""Random features on whole data sets: how many are needed, of which shape, and what they are worth beside others.

After Xue & Roshan (arXiv 1806.05789). Everything is told apart by the same two classifiers. What took long is kept in a
working folder, so that a killed run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from core.base.heavy import torch
from core.base.records import read_all
from core.base.resume import Remember
from core.base.worker import Progress, each, ignore, part
from core.compute import sign_counts, spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import PIXELS, RANDOM, TRAINED, Similarity, similarity
from core.data.sets import DATASETS
from core.data.split import Split, seeded_part
from core.networks import engine
from core.networks.card import Network
from core.studies.random.baselines import BASELINES, Features
from core.studies.random.features import CLASSIFIERS, Classifier, answer

BLOCK = 2_000  # features a file
COMPARED = 2_000  # test pictures whose pairs the similarity is taken over


@dataclass(frozen=True)
class Plan:
    """`counts` of features of the curve, drawn `seeds` times at the shape (`kernel`, `depth`). `shapes` are tried with
    `shape_features` features, and the baselines with `fair_features` random ones beside them, on at most `part`
    training pictures. `others`: which of BASELINES."""

    kernel: int
    depth: int
    counts: tuple[int, ...]
    seeds: tuple[int, ...] = (0, 1, 2)
    shapes: tuple[tuple[int, int], ...] = ()
    shape_features: int = 500
    fair_features: int = 2_000
    part: int = 10_000
    others: tuple[str, ...] = tuple(BASELINES)


@dataclass(frozen=True, eq=False)
class Curve:
    """Of one classifier: `hits` (seeds, counts, TOP), shares of the test pictures."""

    classifier: Classifier
    counts: tuple[int, ...]
    hits: np.ndarray


@dataclass(frozen=True, eq=False)
class Shape:
    """A kernel size and a depth: `hits` (seeds, TOP) of the linear SVM."""

    kernel: int
    depth: int
    hits: np.ndarray


@dataclass(frozen=True, eq=False)
class Baseline:
    """Other features of `dimensions` numbers; `hits` {classifier: (TOP,)}."""

    name: str
    title: str
    dimensions: int
    hits: dict[Classifier, np.ndarray]


@dataclass(frozen=True, eq=False)
class Measured:
    """Everything that was found on one data set. `pixels` are (TOP,) hits of raw
    pixels; `own_head` is the share of the test pictures that the trained network itself answers right, `with_margin`
    the share where it is one that learned digits without a margin, and these pictures keep theirs: None elsewhere."""

    dataset: str
    data: str
    command: str
    date: str
    commit: str
    train_images: int
    test_images: int
    network: str
    own_head: float
    plan: Plan
    curves: tuple[Curve, ...]
    pixels: dict[Classifier, np.ndarray]
    shapes: tuple[Shape, ...]
    baselines: tuple[Baseline, ...]
    similarity: dict[str, Similarity]
    with_margin: float | None = None

    def curve(self, classifier: Classifier) -> Curve:
        return next(c for c in self.curves if c.classifier == classifier)


def random_counts(split: Split, name: str, spec: Spec, work: Path, progress: Progress = ignore) -> np.ndarray:
    """(N, spec.features) integers, extracted block by block into files of WORK that a later run finds again."""
    found = []
    for start in range(0, spec.features, BLOCK):
        few = replace(spec, features=min(BLOCK, spec.features - start), start=start)
        path = work / f"{name}_k{spec.kernel_size}_d{spec.depth}_s{spec.seed}_{start}.npy"
        watch = lambda done, total, at=start, size=few.features: progress(  # noqa: E731
            at * total + done * size, spec.features * total
        )
        found.append(sign_counts.extract(few, split.pixels, path, watch))
    return np.concatenate(found, 1)


def measure_curves(
    train: Split,
    test: Split,
    plan: Plan,
    work: Path,
    remember: Remember,
    progress: Progress = ignore,
) -> tuple[Curve, ...]:
    """Both classifiers at every count and seed; the features of a smaller count are the first of a larger one."""
    jobs = list(product(plan.seeds, CLASSIFIERS, plan.counts))
    tables: dict[int, list[np.ndarray]] = {}
    found = {}
    for i, (seed, name, k) in enumerate(jobs):
        spec = Spec(max(plan.counts), plan.kernel, plan.depth, train.pixels.shape[3], seed)
        watch = part(progress, i, len(jobs))
        load = partial(both_counts, train, test, spec, work, part(watch, 0, 2))
        tables = {seed: tables.get(seed, [])}  # of one seed at a time: they are large
        key = f"{name} {spec.kernel_size} {spec.depth} {seed} {k}"
        compute = partial(at_count, load, tables[seed], train, test, spec, k, name, part(watch, 1, 2))
        found[seed, name, k] = remember(key, compute)
        watch(1, 1)
    return tuple(
        Curve(name, plan.counts, np.array([[found[seed, name, k] for k in plan.counts] for seed in plan.seeds]))
        for name in CLASSIFIERS
    )


def both_counts(train: Split, test: Split, spec: Spec, work: Path, progress: Progress) -> list[np.ndarray]:
    """`random_counts` of test and training pictures, in this order: integers (N, spec.features) each."""
    halves = (("test", test), ("train", train))
    return [random_counts(half, name, spec, work, part(progress, i, 2)) for i, (name, half) in enumerate(halves)]


def at_count(
    load: Callable[[], list[np.ndarray]],
    tables: list[np.ndarray],
    train: Split,
    test: Split,
    spec: Spec,
    count: int,
    classifier: Classifier,
    progress: Progress,
) -> list[float]:
    """(TOP,) hits of the first `count` features; `tables` are loaded once, by the first who needs them."""
    if not tables:
        tables += load()
    test_x, train_x = (table[:, :count] for table in tables)
    scale = 1 / float(np.prod(sign_counts.map_size(spec, *train.pixels.shape[1:3])))
    hits = answer(train_x, train.labels, test_x, test.labels, classifier, progress, scale)
    return hits.tolist()  # type: ignore[no-any-return]


def measure_shapes(
    train: Split, test: Split, plan: Plan, remember: Remember, progress: Progress = ignore
) -> tuple[Shape, ...]:
    """The linear SVM at every kernel size and depth, on a part of the training pictures."""
    few = seeded_part(train, plan.part)
    found: dict[tuple[int, int], list[list[float]]] = {shape: [] for shape in plan.shapes}
    for (kernel, depth), seed in each(list(product(plan.shapes, plan.seeds)), progress):
        spec = Spec(plan.shape_features, kernel, depth, few.pixels.shape[3], seed)
        key = f"shape {kernel} {depth} {seed} {plan.shape_features} {len(few)}"
        found[kernel, depth].append(remember(key, partial(one_shape, few, test, spec)))
    return tuple(Shape(kernel, depth, np.array(rows)) for (kernel, depth), rows in found.items())


def one_shape(train: Split, test: Split, spec: Spec) -> list[float]:
    train_x, test_x = (spaces.random(split.pixels, spec) for split in (train, test))
    return answer(train_x, train.labels, test_x, test.labels, "svm").tolist()  # type: ignore[no-any-return]


def measure_baselines(
    train: Split, test: Split, plan: Plan, network: Network, remember: Remember, progress: Progress = ignore
) -> tuple[Baseline, ...]:
    """The same classifiers on random features, raw pixels, untrained networks, k-means features and a trained network,
    all on the same part of the training pictures."""
    few = seeded_part(train, plan.part)
    spec = Spec(plan.fair_features, plan.kernel, plan.depth, train.pixels.shape[3], plan.seeds[0])
    features: dict[str, tuple[str, Features]] = {
        RANDOM: ("random depthwise", partial(spaces.random, spec=spec)),
        PIXELS: ("raw pixels", spaces.pixels),
        **{
            name: (about.title, partial(about.run, learn_from=few.pixels))
            for name, about in BASELINES.items()
            if name in plan.others
        },
        TRAINED: (f"{network.card.title}, trained", partial(spaces.trained, network=network)),
    }
    found = []
    for i, (name, (title, run)) in enumerate(features.items()):
        watch = part(progress, i, len(features))
        key = f"baseline {name}" + " cut" * (name == TRAINED and spaces.is_cut(few.pixels.shape, network))
        row = remember(key, partial(one_baseline, few, test, run, name not in (RANDOM, PIXELS), watch))
        watch(1, 1)
        found.append(Baseline(name, title, int(row.pop("dimensions")), {c: np.array(h) for c, h in row.items()}))
    return tuple(found)


def measure_pixels(
    train: Split, test: Split, remember: Remember, progress: Progress = ignore
) -> dict[Classifier, np.ndarray]:
    """(TOP,) shares of each classifier on raw pixels of all training pictures."""
    row = remember("pixels of all", partial(one_baseline, train, test, spaces.pixels, False, progress))
    progress(1, 1)
    return {classifier: np.array(row[classifier]) for classifier in CLASSIFIERS}


def one_baseline(
    train: Split, test: Split, run: Features, standardised: bool, progress: Progress = ignore
) -> dict[str, Any]:
    """Dimensions and hits; `standardised` by the training pictures where the features' scale is arbitrary."""
    parts = 2 + len(CLASSIFIERS)
    train_x, test_x = (run(half.pixels, progress=part(progress, i, parts)) for i, half in enumerate((train, test)))
    if standardised:
        mean, deviation = train_x.mean(0), train_x.std(0) + 1e-6
        train_x, test_x = (train_x - mean) / deviation, (test_x - mean) / deviation
    found: dict[str, Any] = {"dimensions": train_x.shape[1]}
    for i, name in enumerate(CLASSIFIERS, 2):
        watch = part(progress, i, parts)
        found[name] = answer(train_x, train.labels, test_x, test.labels, name, watch).tolist()
    return found


def measure_similarity(test: Split, plan: Plan, network: Network, progress: Progress = ignore) -> dict[str, Similarity]:
    """Of the first COMPARED test pictures of a seeded order, in all three spaces; random: the first seed."""
    few = seeded_part(test, COMPARED)
    spec = Spec(max(plan.counts), plan.kernel, plan.depth, few.pixels.shape[3], plan.seeds[0])
    vectors: dict[str, Features] = {
        PIXELS: spaces.pixels,
        RANDOM: partial(spaces.random, spec=spec),
        TRAINED: partial(spaces.trained, network=network),
    }
    return {
        space: similarity(run(few.pixels, progress=part(progress, i, len(vectors))), few.labels)
        for i, (space, run) in enumerate(vectors.items())
    }


def right(
    test: Split, network: Network, form: Callable[[np.ndarray, Network], torch.Tensor] = spaces.as_input
) -> float:
    """The share of the test pictures, brought into `form`, that the network itself answers right, in float32."""
    inputs = lambda which: form(test.pixels[which], network)  # noqa: E731
    found = engine.logits(network.engine, inputs, len(test), exact=True)
    return float((found.top1 == test.labels).mean())


def measured(folder: Path) -> dict[str, Measured]:
    """Every record of FOLDER by data set."""
    return {one.dataset: one for one in read_all(folder.glob("dataset_*.json"), Measured).values()}


def cut(title: str, network: str, folder: Path) -> Measured | None:
    """The record of the data set of that title if the network sees its pictures cut to their ink, and did then."""
    found = (one for one in measured(folder).values() if one.with_margin is not None and one.network == network)
    return next((one for one in found if DATASETS[one.dataset].title == title), None)


def band(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, smallest and largest of `values` (seeds,)."""
    return float(values.mean()), float(values.min()), float(values.max())


def finding(found: Measured) -> str:
    """What the largest number of features reaches, beside pixels and training, in a sentence."""
    curve, plan = found.curve("svm"), found.plan
    top1, low, high = band(100 * curve.hits[:, -1, 0])
    top2, pixels = 100 * float(curve.hits[:, -1, 1].mean()), 100 * float(found.pixels["svm"][0])
    return (
        f"With {curve.counts[-1]:,} random features (kernel {plan.kernel}, depth {plan.depth}) a linear SVM tells "
        f"{top1:.1f} % of {found.test_images:,} test pictures right ({low:.1f} to {high:.1f} over {len(curve.hits)} "
        f"seeds), and {top2:.1f} % in two answers; raw pixels {pixels:.1f} %, the trained network "
        f"{100 * found.own_head:.1f} %."
    )
