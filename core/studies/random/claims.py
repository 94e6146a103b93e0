"""What random depthwise features are said to do (Xue & Roshan, arXiv 1806.05789), and how this project measured it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.base.heavy import torch
from core.base.ranks import spearman
from core.base.records import kept, raw
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, Claim, Ours, untested
from core.claims.fact import Fact, fact, tiny
from core.claims.numbers import OVER_SEEDS, PERCENT, Estimate, Z
from core.compute import gallery, sign_counts, spaces
from core.compute.sign_counts import Spec
from core.compute.spaces import PIXELS, RANDOM, similarity
from core.data import named
from core.studies.random import attack_dataset, background_dataset, retrieval_dataset
from core.studies.random.background import VERSIONS
from core.studies.random.paper import FEATURES, ROWS

STUDY = "random_features"
PAPER = "Xue & Roshan 2018"
ABSTRACT = "Xue & Roshan 2018, the abstract"
LISTED = "a study of Xue & Roshan 2018"
DEFINED = f"{claim.DEFINED} of Xue & Roshan 2018, computed by us"
TOP1 = {row[0]: row[2] for row in ROWS}
TOP2 = {row[0]: row[3] for row in ROWS}
SAID = {title: f"{top1} % ({title}, {FEATURES:,} features)" for title, top1 in TOP1.items()}
CIFAR, MNIST = "CIFAR-10", "MNIST"
FAR = 10.0  # points: our reading of "far above", and of "much"
WITHIN = 1.0  # points below the paper's accuracy, with a small part of its features
NEAR = 10  # pictures of a page of answers
ON_CIFAR = {"random-measured": CIFAR}
HALF = 50.0
OTHERS = {"vgg16": "VGG16", "resnet18": "ResNet-18", "densenet121": "DenseNet"}
SWAPPED = VERSIONS.index(("background", "swapped"))


Told = tuple[np.ndarray, str, str]  # a quantity (seeds,), the words that follow it, and its unit


def by_svm(name: str, quantity: Callable[[dict[str, Any], list[int], np.ndarray], Told], results: Path) -> Ours | None:
    """`Ours` of a quantity of a data set's record, the numbers of features (K,), and the linear SVM's top-1 to top-5
    accuracies in % (seeds, K, 5) with them."""
    record = random_record(results, name)
    if record is None:
        return None
    curve = next(c for c in record["curves"] if c["classifier"] == "svm")
    values, words, unit = quantity(record, curve["counts"], PERCENT * np.array(curve["hits"]))
    found = numbers.over_seeds(values, *(() if unit else (-1.0, 1.0)))
    return found and numbers.ours(
        found,
        f"{numbers.interval(found, unit, sign=unit == 'points')}{words} ({record['test_images']:,} pictures × "
        f"{len(values)} draws)",
        f"{record['data']}; {OVER_SEEDS.format(len(values))}",
        record["date"],
    )


def above_pixels(record: dict[str, Any], counts: list[int], hits: np.ndarray) -> Told:
    """Top-1 of the most random features minus that of raw pixels, in points, as `by_svm` asks."""
    mine, plain = hits[:, -1, 0], PERCENT * record["pixels"]["svm"][0]
    words = f": {mine.mean():.1f} % with {counts[-1]:,} features, {plain:.1f} % of raw pixels"
    return mine - plain, words, "points"


def accuracy(record: dict[str, Any], counts: list[int], hits: np.ndarray) -> Told:
    """Top-1 of the most random features, in %, as `by_svm` asks."""
    return hits[:, -1, 0], f" with {counts[-1]:,} features", "%"


def second_guess(record: dict[str, Any], counts: list[int], hits: np.ndarray) -> Told:
    """What a second guess adds, in points, as `by_svm` asks."""
    first, second = hits[:, -1, 0], hits[:, -1, 1]
    words = f": top-2 {second.mean():.1f} %, top-1 {first.mean():.1f} % with {counts[-1]:,} features"
    return second - first, words, "points"


def grows(record: dict[str, Any], counts: list[int], hits: np.ndarray) -> Told:
    """Rank correlation of the number of features with top-1, as `by_svm` asks."""
    values = np.array([spearman(counts, row) for row in hits[:, :, 0]])
    listed = ", ".join(f"{k:,}: {m:.1f} %" for k, m in zip(counts, hits[:, :, 0].mean(0), strict=True))
    return values, f" rank correlation; {listed}", ""


def above_untrained(other: str, results: Path) -> Ours | None:
    """Top-1 of random features minus that of an untrained network's last layer, linear SVM, in points."""
    record = random_record(results, "cifar10")
    rows = {} if record is None else {b["name"]: b for b in record["baselines"]}
    if record is None or not {RANDOM, other} <= set(rows):
        return None
    mine, theirs = (numbers.share(rows[n]["hits"]["svm"][0], record["test_images"]) for n in (RANDOM, other))
    found = numbers.minus(mine, theirs)
    few = min(record["plan"]["part"], record["train_images"])
    return numbers.ours(
        found,
        f"{numbers.interval(found, 'points', digits=1, sign=True)}: {mine.value:.1f} % of "
        f"{rows[RANDOM]['dimensions']:,} random features, {theirs.value:.1f} % of {rows[other]['title']}'s "
        f"{rows[other]['dimensions']:,} ({record['test_images']:,} pictures, {few:,} to learn from)",
        f"{record['data']}; 95 % over pictures, one draw each",
        record["date"],
    )


def retrieves(results: Path) -> Ours | None:
    """Precision among the nearest NEAR by random features minus that by pixels, in points."""
    record = retrieval_record(results)
    if record is None:
        return None
    found = []
    for space in (RANDOM, PIXELS):
        mean, error = np.mean([(r.precision[NEAR - 1], r.error[NEAR - 1]) for r in record.of(space)], 0)
        found.append(around(PERCENT * mean, PERCENT * Z * error))  # the seeds share their queries
    difference = numbers.minus(*found)
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', digits=1, sign=True)}: of the nearest {NEAR}, {found[0].value:.1f} % "
        f"by {record.features:,} random features are of the query's group, {found[1].value:.1f} % by pixels "
        f"({record.images} queries × {len(record.of(RANDOM))} draws)",
        f"{record.about['data']}; 95 % over queries",
        record.about["date"],
    )


def among_photographs(results: Path) -> Ours | None:
    """Photographs whose nearest other one is of their class: the share by random features minus that by pixels."""
    found = gallery.read(results / "random_features" / gallery.PATH.name)
    if found is None:
        return None
    learned, random, pixels = (numbers.share(found.agreement[s], len(found)) for s in (spaces.TRAINED, RANDOM, PIXELS))
    difference = numbers.minus(random, pixels)
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', digits=1, sign=True)}: {random.value:.1f} % by random features, "
        f"{pixels.value:.1f} % by pixels, {learned.value:.1f} % by a trained network's ({len(found):,} photographs)",
        f"{found.about['data']}; 95 % over photographs, one draw of the features",
        found.about["date"],
    )


def around(value: float, half: float) -> Estimate:
    """A value, and half its interval to each side."""
    return Estimate(float(value), float(value - half), float(value + half))


def attacked(results: Path) -> Ours | None:
    """What the attack takes from random features beyond noise of the same size, in points."""
    sets = [found for found in random_attacks_record(results) if len(found.seeds) >= 3]
    if not sets:
        return None
    record = next((found for found in sets if found.about["dataset"] == CIFAR), sets[0])
    e = record.shown
    noisy, after = record.noise[..., e], record.accuracy[..., e]
    middle, half = attack_dataset.fall(record, noisy, after)
    found = around(PERCENT * middle[0], PERCENT * half[0])
    return numbers.ours(
        found,
        f"{numbers.interval(found, 'points', digits=1)} taken: {PERCENT * record.accuracy[0, :, 0].mean():.1f} % right "
        f"at first, {PERCENT * noisy[0].mean():.1f} % under random signs, {PERCENT * after[0].mean():.1f} % under the "
        f"attack, ε = {record.params.shown:g} ({record.images} pictures × {len(record.seeds)} seeds)",
        f"{record.about['data']}; {OVER_SEEDS.format(len(record.seeds))}",
        str(record.about["date"]),
    )


def background(results: Path) -> Ours | None:
    """Share of answers by the nearest picture that another background changes, in %."""
    record = background_record(results)
    if record is None:
        return None
    rows = record.of(RANDOM)
    changed, swapped = (float(np.mean([r.changed[i] for r in rows])) for i in (SWAPPED, SWAPPED + len(VERSIONS) // 2))
    found = numbers.share(changed, record.images)
    return numbers.ours(
        found,
        f"{numbers.interval(found, '%', digits=0)} of the answers change with another background, "
        f"{PERCENT * swapped:.0f} % with another object ({record.images} photographs × {len(rows)} draws)",
        f"{record.about['data']}; 95 % over photographs",
        record.about["date"],
    )


def elsewhere(title: str, top2: str = "") -> Claim:
    """A claim about a data set of which no copy is here."""
    also = f"; top-2 about {top2} %" if top2 else ""
    return untested(
        f"random-{title.lower()}",
        STUDY,
        f"Random features and a linear SVM serve on {title}.",
        SAID[title] + also,
        PAPER,
        f"this project has no copy of {title}",
        {"random-data": "my own folder or zip"},
    )


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "random-above-pixels", STUDY, "Without learning any feature, a linear SVM comes far above raw pixels.",
        SAID[CIFAR], PAPER, "top-1 of random features minus raw pixels, points; far: 10 or more, our reading",
        (FAR, math.inf), partial(by_svm, "cifar10", above_pixels), ("random:cifar10",), ON_CIFAR,
    ),
    Claim(
        "random-above-pixels-photographs", STUDY,
        "Without learning any feature, like photographs lie nearer each other than by raw pixels.", "", LISTED,
        "share whose nearest other is of their class, random features minus pixels, points", ABOVE_0,
        among_photographs, ("random:photographs",), {"random-data": "photographs"},
    ),
    Claim(
        "random-mnist", STUDY, "Random features tell handwritten digits apart nearly without fail.",
        SAID[MNIST], PAPER, "top-1 accuracy, %; nearly: at most a point below the paper's, whose features are more",
        (float(TOP1[MNIST]) - WITHIN, 100.0), partial(by_svm, "mnist", accuracy), ("random:mnist",),
        {"random-data": MNIST, "random-measured": MNIST}, less=f"fewer features than {FEATURES:,}",
    ),
    Claim(
        "random-second-guess", STUDY, "Where the first answer is wrong, the second is often right.",
        f"{TOP1[CIFAR]} % → about {TOP2[CIFAR]} % top-2 ({CIFAR}, {FEATURES:,} features)", PAPER,
        "top-2 minus top-1, points; often: 10 or more, our reading", (FAR, 100.0),
        partial(by_svm, "cifar10", second_guess), ("random:cifar10",),
        ON_CIFAR,
    ),
    Claim(
        "random-more-features", STUDY, "The more random features, the better.", "", LISTED,
        "rank correlation of their number with top-1 accuracy", (0.0, 1.0), partial(by_svm, "cifar10", grows),
        ("random:cifar10",), ON_CIFAR,
    ),
    *(
        Claim(
            f"random-above-untrained-{name}", STUDY,
            f"Random depthwise features beat the last layer of an untrained {title}.", "", LISTED,
            "top-1 of random features minus the untrained network's, points", ABOVE_0, partial(above_untrained, name),
            ("random:cifar10",), ON_CIFAR,
        )
        for name, title in OTHERS.items()
    ),
    Claim(
        "random-similarity-ratio", STUDY, "Random features keep classes further apart than pixels do.", "", LISTED,
        "ratio of similarities (between classes over within) of pixels minus of random features", ABOVE_0,
        partial(fact, "random-similarity-ratio"), ("exact",), {"random-data": "digits", "random-measured": "digits"},
    ),
    Claim(
        "random-retrieval", STUDY, "Random features find pictures of the same kind better than pixels do.", "", LISTED,
        f"share of the nearest {NEAR} pictures that are of the query's group, random minus pixels, points", ABOVE_0,
        retrieves, ("retrieval",), {"random-retrieval-metric": "euclidean"},
    ),
    Claim(
        "random-fooled-by-substitute", STUDY, "The random network does not withstand an attack through a substitute.",
        "it fails the attack", ABSTRACT, "accuracy that the attack takes beyond random signs of its size, points",
        ABOVE_0, attacked, ("random-attack",), {"random-attack-set": CIFAR, "random attack": OPEN},
    ),
    Claim(
        "random-background", STUDY, "Random features answer by the background, too.", "", LISTED,
        "share of answers that change with the background, %; too: more than half, our reading", (HALF, 100.0),
        background, ("background",), {"random background": OPEN, "random-object": "the box itself"},
    ),
    Claim(
        "random-sign-means", STUDY, "The mean of a map of signs is 2 PPV − 1, ROCKET's proportion of positives.",
        "an identity", DEFINED, "largest difference between the two", (0.0, 1e-6), partial(fact, "random-sign-means"),
        ("exact",), {"random-data": "digits"},
    ),
    elsewhere("CIFAR-100"),
    elsewhere("STL-10", TOP2["STL-10"]),
    elsewhere("mini-ImageNet", TOP2["mini-ImageNet"]),
)  # fmt: skip


DIGITS_FEATURES, DIGITS_KERNEL, DIGITS_DEPTH, SEEDS = 4_000, 3, 1, range(5)


def sign_means() -> Fact:
    """Of the features of scikit-learn's digits: the mean of a sign map less 2 PPV - 1."""
    pixels = named.load("digits", split="test").pixels
    net = sign_counts.build(sign_counts.Spec(1_000, DIGITS_KERNEL, DIGITS_DEPTH, 1, 0))
    with torch.inference_mode():
        x = torch.from_numpy(pixels).movedim(-1, 1).float() / 255
        positive = (net.signs(x)[-1] > 0).double().mean((2, 3)).numpy()
    apart = float(np.abs(sign_counts.features(net, pixels) - (2 * positive - 1)).max())
    return Fact(
        apart,
        f"largest difference {tiny(apart)} over {positive.size:,} features",
        f"{len(pixels)} of scikit-learn's digits",
    )


def similarity_ratio() -> Fact:
    """The pixels' ratio of similarities less the random features', on digits. Raises ValueError for too few seeds."""
    test = named.load("digits", split="test")
    plain = similarity(spaces.pixels(test.pixels), test.labels).ratio
    specs = [Spec(DIGITS_FEATURES, DIGITS_KERNEL, DIGITS_DEPTH, 1, seed) for seed in SEEDS]
    ratios = [similarity(spaces.random(test.pixels, spec), test.labels).ratio for spec in specs]
    found = numbers.over_seeds([plain - ratio for ratio in ratios])
    if found is None:
        raise ValueError(f"expected three seeds or more, got {len(ratios)}: an interval needs them")
    return Fact(
        found.value,
        f"{numbers.interval(found, '', 3, sign=True)}: ratio {plain:.3f} of pixels, {np.mean(ratios):.3f} of "
        f"{DIGITS_FEATURES:,} random features",
        f"{len(test)} of scikit-learn's digits; cosine of all pairs between classes over within, a definition of ours; "
        f"{OVER_SEEDS.format(len(ratios))}",
        found.low,
        found.high,
    )


def random_record(results: Path, name: str) -> dict[str, Any] | None:
    """The fields of a core.studies.random.dataset.Measured, whose module needs torch, for which no page waits."""
    return kept(raw, results / "random_features" / f"dataset_{name}.json") or None


def retrieval_record(results: Path) -> retrieval_dataset.Measured | None:
    return kept(retrieval_dataset.measured, results / "random_features")


def background_record(results: Path) -> background_dataset.Measured | None:
    return kept(background_dataset.measured, results / "random_features")


def random_attacks_record(results: Path) -> list[attack_dataset.Measured]:
    return kept(attack_dataset.measured, results / "random_features")
