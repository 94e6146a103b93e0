"""What sparse coding layers are said to do (Dai et al., NeurIPS 2022), and how this project measured it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from core import networks
from core.base.heavy import torch
from core.base.records import kept, raw
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, Claim, Ours, Settings, untested
from core.claims.fact import Fact, fact, tiny
from core.claims.numbers import OVER_SEEDS, PERCENT, number
from core.compute.coded import sdnet_of
from core.networks import packaged, weights
from core.networks.card import title_of
from core.networks.families import ALL_CODED, SDNETS, TWINS
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import SAMPLES, load_sample
from core.studies.sparse import attack_dataset
from core.studies.sparse import dataset as sparse_dataset
from core.studies.sparse.dataset import ESTIMATED, FIXED, ORACLE, Result, spearman
from core.studies.sparse.paper import ACCURACY, FORMS

STUDY = "sparse_codes"
PAPER = "Dai et al. 2022, the authors' repository"
SWEEP = "Dai et al. 2022, the robustness sweep (the authors' repository)"
DEFINED = f"{claim.DEFINED} of Dai et al. 2022, computed by us"
NEEDED = "what a claim of robustness needs, Dai et al. 2022"
SIGMA = 0.1  # of the Gaussian noise, pixels in [0, 1]
LITES = ("lite0_sparse", "lite0")
ON_PHOTOGRAPHS, FIRST_LAYER = "stem of lite0", "first layer"  # as the page calls what was measured
MEASURED = tuple(f"sparse:{name}" for name in (*SDNETS, *TWINS))
ONE_POINT = 1.0
FIRST, EVERY, NO_SHORTCUT = range(len(FORMS))
CIFAR, CIFAR100, IMAGENET = ACCURACY
Rule = tuple[str, bool]  # a rule of choosing lambda, and whether it is the plain twin's
ON_CIFAR: Settings = {"sparse-network": SDNETS[0], "sparse-measured-coded": FIRST_LAYER}
NOISY: Settings = {
    **ON_CIFAR,
    "sparse-noise": "gaussian",
    "sparse-level-gaussian": f"{SIGMA:g}",
    "sparse-lambda": "0.5",
    "sparse-measured-noise": "gaussian",
}


def rate(result: Result, rule: str, level: float) -> float:
    """Accuracy in %, NaN where it was not measured."""
    found = np.flatnonzero(np.isclose(result.levels, level))
    if not len(found) or (rule == ESTIMATED and result.estimated is None):
        return math.nan
    return float(PERCENT * result.accuracy(rule)[found[0]])


def compared(first: Rule, second: Rule, level: float, results: Path) -> Ours | None:
    """Accuracy under `first` minus that under `second`, seed by seed, at one level of Gaussian noise."""
    found = sparse_record(results)
    known = {name for name, record in found.items() if "gaussian" in record.results}
    pairs = [pair for pair in zip(SDNETS, TWINS, strict=True) if known.issuperset(pair)]
    if not pairs:
        return None
    columns = [
        [rate(found[pair[twin]].results["gaussian"], rule, level) for pair in pairs] for rule, twin in (first, second)
    ]
    difference = numbers.over_seeds(np.subtract(columns[0], columns[1]))
    if difference is None:
        return None
    record = found[pairs[0][0]]
    words = [
        f"{number(float(np.mean(column)))} % {WORDS[rule]}"
        for column, rule in zip(columns, (first, second), strict=True)
    ]
    noise = "no noise" if level == 0 else f"σ = {level:g}"
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {words[0]}, {words[1]} ({noise}, "
        f"{record.results['gaussian'].images:,} pictures × {len(pairs)} seeds)",
        f"{record.data}; {OVER_SEEDS.format(len(pairs))}",
        record.date,
    )


def on_lite0(level: float, results: Path) -> Ours | None:
    """What a coded stem with λ told from the residual adds to lite0 at one level of Gaussian noise, in points."""
    found = sparse_record(results)
    if not set(LITES) <= set(found):
        return None
    coded, plain = (found[name].results["gaussian"] for name in LITES)
    columns = [rate(coded, ESTIMATED, level), rate(plain, FIXED, level)]
    difference = numbers.minus(*(numbers.share(value / PERCENT, coded.images) for value in columns))
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {number(columns[0])} % {WORDS[ESTIMATED, False]}, "
        f"{number(columns[1])} % of lite0 (σ = {level:g}, {coded.images:,} photographs)",
        f"{found[LITES[0]].data}; 95 % over photographs, wider than need be: both saw the same; one copy",
        found[LITES[0]].date,
    )


def cost_on_lite0(results: Path) -> Ours | None:
    """Top-1 of lite0 with a coded stem minus that of lite0, on the same photographs, in points."""
    coded, plain = (kept(raw, results / "imagenet" / f"{name}.json") for name in LITES)
    if not (coded and plain):
        return None
    right = np.array([coded["right"], plain["right"]])
    found, (mine, theirs) = numbers.paired(*right), PERCENT * right.mean(1)
    return numbers.ours(
        found,
        f"{numbers.interval(found, 'points', sign=True)}: {mine:.1f} % {WORDS[FIXED, False]}, {theirs:.1f} % of lite0 "
        f"({right.shape[1]:,} photographs)",
        f"{coded['data']}; 95 % over photographs, paired; one copy",
        coded["date"],
    )


WORDS: dict[Rule, str] = {
    (FIXED, False): "with λ as trained",
    (ESTIMATED, False): "with λ told from the residual",
    (ORACLE, False): "with the best λ in hindsight",
    (FIXED, True): "of the plain twin",
}


def ranks(kind: str, results: Path) -> Ours | None:
    """Rank correlation of the noise's strength with the best lambda, mean over seeds."""
    found = sparse_record(results)
    mine = [found[name] for name in SDNETS if name in found and kind in found[name].results]
    values = [spearman(record.results[kind]) for record in mine]
    mean = numbers.over_seeds(values, -1.0, 1.0)
    if mean is None:
        return None
    listed = ", ".join(number(v) for v in values)
    result = mine[0].results[kind]
    return numbers.ours(
        mean,
        f"rank correlation {numbers.interval(mean)}; by seed {listed} ({len(result.levels) - 1} levels, "
        f"{result.images:,} pictures)",
        f"{mine[0].data}; {OVER_SEEDS.format(len(values))}",
        mine[0].date,
    )


def every_layer(results: Path) -> Ours | None:
    """Accuracy with every layer coded minus that with the first alone, as the packaged weights' own files tell it."""
    del results  # the accuracies travel with the weights
    names = (ALL_CODED, SDNETS[0])
    if not set(names) <= set(packaged.cards()):
        return None
    told = [weights.read_metadata(weights.packaged()[name]) for name in names]
    every, first = (numbers.share(float(t["test_accuracy"]), int(t["test_images"])) for t in told)
    difference = numbers.minus(every, first)
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {numbers.around(every)} % with every layer coded "
        f"({told[0]['epochs']} epochs), {numbers.around(first)} % with the first ({told[1]['epochs']} epochs), "
        f"{int(told[0]['test_images']):,} pictures",
        f"CIFAR-10 ({told[0]['dataset_form']}), test set; {numbers.OVER_PICTURES}, trained for unequal times",
        "",
    )


def withstands(results: Path) -> Ours | None:
    """What the raised lambda keeps of the accuracy under PGD through the solver, in points above the trained one."""
    found = sparse_attack_record(results)
    if found is None:
        return None
    curve, eps = found.curves["linf"], found.convergence["linf"].eps
    e = int(np.abs(curve.eps - eps).argmin())
    m = next(i for i, lam in enumerate(found.lams) if lam is not None and i > 0)
    gain, error = PERCENT * float(curve.gain[m, e]), PERCENT * numbers.Z * float(curve.gain_error[m, e])
    estimate = numbers.within(gain, error)
    left = [f"{PERCENT * curve.accuracy[i, e]:.0f} % at λ = {found.lams[i]:g}" for i in (0, m)]
    return numbers.ours(
        estimate,
        f"{numbers.interval(estimate, 'points', digits=1, sign=True)}: {left[1]}, {left[0]} within "
        f"{attack_dataset.radius('linf', eps)} ({found.images} pictures, {found.steps} steps × "
        f"{found.restarts} starts)",
        f"{found.about['data']}; 95 % over pictures, paired",
        found.about["date"],
    )


def learned(form: int, data: str) -> str:
    return f"{ACCURACY[data][form]:.2f} % ({data}, {FORMS[form]})"


def under_noise(
    name: str, sentence: str, quantity: str, holds: tuple[float, float], first: Rule, second: Rule
) -> Claim:
    return Claim(
        name, STUDY, sentence, "", SWEEP, quantity, holds, partial(compared, first, second, SIGMA), MEASURED, NOISY
    )


def about_lite0(
    name: str, sentence: str, paper: str, quantity: str, holds: tuple[float, float],
    measure: Callable[[Path], Ours | None], room: str, settings: Settings,
) -> Claim:  # fmt: skip
    """A claim about lite0's copy with a coded stem. `room` of its measurements: what their keys begin with."""
    return Claim(
        name, STUDY, sentence, paper, PAPER if paper else SWEEP, quantity, holds, measure,
        tuple(f"{room}:{network}" for network in LITES),
        {"sparse-network": LITES[0], "sparse-measured-coded": ON_PHOTOGRAPHS, **settings},
        less="training: only the stem and what follows it learned anew, without noise or labels",
    )  # fmt: skip


def rising(kind: str) -> Claim:
    """The claim that the best lambda rises with one kind of noise."""
    level = {"gaussian": "0.1", "shot": "30", "speckle": "0.35", "impulse": "0.15"}[kind]
    return Claim(
        f"lambda-rises-{kind}",
        STUDY,
        f"The stronger the {kind} noise, the larger the best λ.",
        "",
        SWEEP,
        "rank correlation of the noise with the best λ in hindsight",
        (0.0, 1.0),
        partial(ranks, kind),
        MEASURED,
        {**ON_CIFAR, "sparse-noise": kind, f"sparse-level-{kind}": level, "sparse-measured-noise": kind},
    )


def of_fista(name: str, sentence: str, paper: str, after: str, holds: tuple[float, float], steps: str) -> Claim:
    quantity = f"relative distance of the codes after {after}, %"
    settings = {**ON_CIFAR, "sparse-steps": steps, "sparse-solver": "paper"}
    return Claim(name, STUDY, sentence, paper, DEFINED, quantity, holds, partial(fact, name), ("exact",), settings)


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "first-layer-costs-nothing",
        STUDY,
        "A sparse coding layer in place of the first convolution costs no accuracy.",
        learned(FIRST, CIFAR),
        PAPER,
        "accuracy minus that of the plain twin, points; no cost: within one point, our reading",
        (-ONE_POINT, math.inf),
        partial(compared, (FIXED, False), (FIXED, True), 0.0),
        MEASURED,
        {**ON_CIFAR, "sparse-noise": "none", "sparse-measured-noise": "gaussian"},
    ),
    Claim(
        "every-layer-costs-little",
        STUDY,
        "Coding every layer costs hardly more than coding the first.",
        f"{ACCURACY[CIFAR][FIRST]:.2f} % → {ACCURACY[CIFAR][EVERY]:.2f} % ({CIFAR})",
        PAPER,
        "accuracy with every layer coded minus the first alone, points; hardly: within one point, our reading",
        (-ONE_POINT, math.inf),
        every_layer,
        (f"weights:{ALL_CODED}", f"weights:{SDNETS[0]}"),
        {**ON_CIFAR, "sparse-noise": "none"},
        less="fewer epochs, and fewer for the network with every layer coded than for the other",
    ),
    about_lite0(
        "first-layer-costs-nothing-lite0", "A coded stem costs a mobile ImageNet network no accuracy.",
        learned(FIRST, IMAGENET), "top-1 minus that of lite0, points; no cost: within one point, our reading",
        (-ONE_POINT, math.inf), cost_on_lite0, "imagenet", {"sparse-noise": "none"},
    ),
    about_lite0(
        "coded-beats-plain-lite0", "Under noise, a coded stem beats the plain one on photographs of 1,000 kinds.", "",
        "top-1 at σ = 0.2 with λ told from the residual minus that of lite0, points", ABOVE_0,
        partial(on_lite0, 0.2), "photographs", {"sparse-noise": "gaussian", "sparse-level-gaussian": "0.2"},
    ),
    under_noise(
        "raised-lambda-helps", "Under noise, a larger λ than in training gives more right answers.",
        "accuracy at σ = 0.1 with the best λ in hindsight minus λ as trained, points", ABOVE_0,
        (ORACLE, False), (FIXED, False),
    ),
    under_noise(
        "estimated-lambda-helps", "The residual tells which λ to take: no labels are needed.",
        "accuracy at σ = 0.1 with λ told from the residual minus λ as trained, points", ABOVE_0,
        (ESTIMATED, False), (FIXED, False),
    ),
    under_noise(
        "estimated-near-oracle", "λ told from the residual is as good as the best in hindsight.",
        "accuracy at σ = 0.1, told from the residual minus best in hindsight, points; as good: within one point",
        (-ONE_POINT, math.inf), (ESTIMATED, False), (ORACLE, False),
    ),
    under_noise(
        "coded-beats-twin-under-noise", "Under noise, a coded first layer beats a plain convolution.",
        "accuracy at σ = 0.1 with λ told from the residual minus the plain twin's, points", ABOVE_0,
        (ESTIMATED, False), (FIXED, True),
    ),
    *(rising(kind) for kind in ("gaussian", "shot", "speckle", "impulse")),
    Claim(
        "raised-lambda-withstands-attack",
        STUDY,
        "A raised λ also withstands an attack that goes through the solver.",
        "",
        NEEDED,
        "accuracy under PGD within 2/255 at the raised λ minus λ as trained, points",
        ABOVE_0,
        withstands,
        ("sparse-attack",),
        {**ON_CIFAR, "sparse-noise": "none", "sparse-lambda": "0.4", "sparse attack": OPEN},
    ),
    of_fista(
        "fista-two-steps", "The reference's solver is textbook FISTA for the two steps that it takes.",
        "equal for two steps", "one and two steps", (0.0, 1e-3), "2",
    ),
    of_fista(
        "fista-later-steps", "From the third step on the two part.",
        "2 to 6 % apart from step 3", "3 to 10 steps", (2.0, 6.0), "5",
    ),
    untested(
        "no-shortcuts", STUDY, "Even without shortcuts, coding every layer keeps the accuracy.",
        learned(NO_SHORTCUT, CIFAR), PAPER, "no such network was trained here: 220 epochs at full width take days on "
        "two cores", {},
    ),
    untested(
        "sdnet-cifar100", STUDY, "A coded first layer serves on 100 classes.", learned(FIRST, CIFAR100), PAPER,
        "this project has no copy of CIFAR-100", {},
    ),
    untested(
        "sdnet-imagenet", STUDY, "A coded first layer serves on ImageNet.", learned(FIRST, IMAGENET), PAPER,
        "this project has no copy of ImageNet; what 1,000 other photographs of its kinds bear out stands in the row on "
        "a coded stem of lite0", {},
    ),
)  # fmt: skip


STEPS_COMPARED = 10  # of FISTA


def fista_gaps() -> np.ndarray:
    """(pictures, STEPS_COMPARED) relative distance, in %, of the paper's iterates from textbook FISTA's."""
    network = networks.load(networks.find(SDNETS[0]))
    dictionary = sdnet_of(network).dictionary
    gaps = []
    for sample in SAMPLES:
        x = to_tensor(square(load_sample(sample.name), network.preprocessing.size), network.preprocessing)[None]
        with torch.inference_mode():
            paths = [islice(dictionary.iterates(x, dictionary.lam, s), STEPS_COMPARED) for s in ("paper", "textbook")]
            gaps.append([PERCENT * float((a - b).norm() / b.norm()) for a, b in zip(*paths, strict=True)])
    return np.array(gaps)


FISTA_DATA = f"the first layer of {title_of(SDNETS[0])} at its own λ, {len(SAMPLES)} sample pictures"


def fista_two_steps() -> Fact:
    apart = float(fista_gaps()[:, :2].max())
    return Fact(apart, f"{tiny(apart)} % apart after one and two steps, at most", FISTA_DATA)


def fista_later_steps() -> Fact:
    """The mean over pictures, and its range over the steps."""
    later = fista_gaps()[:, 2:].mean(0)
    low, high = float(later.min()), float(later.max())
    return Fact(
        float(later.mean()),
        f"{number(low, 1)} to {number(high, 1)} % apart after 3 to {STEPS_COMPARED} steps, mean over pictures",
        f"{FISTA_DATA}; the interval is the range over the steps",
        low,
        high,
    )


def sparse_record(results: Path) -> dict[str, sparse_dataset.Measured]:
    return kept(sparse_dataset.measured, results / "sparse_codes")


def sparse_attack_record(results: Path) -> attack_dataset.Measured | None:
    return kept(attack_dataset.measured, results / "sparse_codes")
