"""What spinal heads are said to do (Kabir et al., arXiv 2007.03347), and how this project measured it."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

from core.base.intervals import mean_interval, with_interval
from core.base.records import kept
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, Claim, Ours, Settings, untested
from core.claims.fact import Fact, fact
from core.claims.numbers import OVER_SEEDS, PERCENT, Estimate, number
from core.models import counting, create_model
from core.models.counting import multiplications
from core.models.heads import BACKBONES, SHORT, Head
from core.studies.spinal import dataset as spinal_dataset
from core.studies.spinal import heads, regression, transfer
from core.studies.spinal import regression as spinal_regression
from core.studies.spinal import transfer as spinal_transfer
from core.studies.spinal.paper import BEST
from core.studies.spinal.transfer import MODES

STUDY = "spinal_heads"
PAPER = "Kabir et al. 2020"
REPOSITORY = "Kabir et al. 2020, the authors' repository"
DEFINED = f"{claim.DEFINED} of Kabir et al. 2020, computed by us"
OWN = "my own folder or zip"
TRANSFER = {data: (plain, spinal) for data, plain, spinal in transfer.PAPER}
FROM_SCRATCH = "this project has raced no heads on it: 200 epochs at full width take days on two cores"
COMPARED: tuple[Head, ...] = ("fc", "spinal")
OTHERS = {  # data sets of the paper's best accuracies that nobody here raced, and what the page calls them
    "KMNIST": "KMNIST",
    "QMNIST": "QMNIST",
    "EMNIST digits": "EMNIST digits",
    "EMNIST letters": "EMNIST letters",
    "EMNIST balanced": "EMNIST balanced",
    "STL-10": OWN,
    "Caltech-101": OWN,
    "Bird225": OWN,
    "Fruits-360": OWN,
}


def estimate(mean: float, half: float) -> Estimate | None:
    return None if math.isnan(half) else Estimate(mean, mean - half, mean + half)


def gain(dataset: str, backbone: str, results: Path) -> Ours | None:
    """Accuracy after the last epoch under the spinal head minus the FC head, seed by seed, in points."""
    record = spinal_record(results, f"{dataset}_{backbone}")
    if record is None or not {"spinal", "fc"} <= set(record.result.heads):
        return None
    result = record.result
    found = estimate(*heads.difference(result, "spinal", "fc"))
    rows = {head: PERCENT * row for head, row in zip(result.heads, result.last, strict=True)}
    listed = ", ".join(f"{SHORT[head]} {with_interval(*mean_interval(row))} %" for head, row in rows.items())
    return found and numbers.ours(
        found,
        f"{numbers.interval(found, 'points', sign=True)}: {listed} after {result.accuracy.shape[2]} epochs "
        f"({result.test:,} pictures)",
        f"{record.data}, {BACKBONES[backbone].title}; {OVER_SEEDS.format(result.finished_pairs)}",
        record.date,
    )


def fits(target: regression.Target, results: Path) -> Ours | None:
    """Held-out error of the feed-forward network less that of the spinal one, in thousandths."""
    record = regression_record(results)
    if record is None or target not in record[0].params.targets:
        return None
    result, about = record
    found = estimate(*regression.gain(result, target, "fc"))
    t = result.params.targets.index(target)
    rows = {n: regression.MILLI * result.last[t, i] for i, n in enumerate(result.params.networks)}
    listed = ", ".join(f"{SHORT[name]} {with_interval(*mean_interval(rows[name]))}" for name in COMPARED)
    return found and numbers.ours(
        found,
        f"{numbers.interval(found, sign=True)}: {listed} thousandths after {result.params.epochs} epochs "
        f"({result.params.test:,} held-out points)",
        f"{result.params.train:,} points with noise of σ = {result.params.sigma:g}; "
        f"{OVER_SEEDS.format(result.params.seeds)}",
        about["date"],
    )


def transfers(mode: transfer.Mode, results: Path) -> Ours | None:
    """Accuracy of a spinal head on a trained network minus that of one linear layer, in points."""
    record = transfer_record(results)
    if record is None or mode not in record[0].modes:
        return None
    result, about = record
    found = estimate(*transfer.minus(result.of(mode), "linear"))
    row = PERCENT * result.of(mode)
    listed = ", ".join(
        f"{name} {with_interval(*mean_interval(row[result.heads.index(head)]))} %"
        for head, name in (("spinal", "spinal"), ("linear", "one linear layer"))
    )
    return found and numbers.ours(
        found,
        f"{numbers.interval(found, 'points', sign=True)}: {listed} after {result.params.epochs} epochs "
        f"({result.test:,} photographs)",
        f"{about['data']}, on {about['network']}; {OVER_SEEDS.format(row.shape[1])}",
        about["date"],
    )


def counted(name: str, sentence: str, paper: str, quantity: str, value: int) -> Claim:
    return Claim(
        name, STUDY, sentence, paper, DEFINED, quantity, (value, value), partial(fact, name), ("exact",), SIZES[name]
    )


def raced(dataset: str, title: str, backbone: str, paper: str) -> Claim:
    """The claim that a spinal head beats the plain one on a data set."""
    key = "spinal-colour-backbone" if dataset == "cifar10" else "spinal-grey-backbone"
    return Claim(
        f"spinal-beats-fc-{dataset}-{backbone.replace('_', '-')}",
        STUDY,
        f"A spinal head is more accurate on {title} than the plain head it replaces ({BACKBONES[backbone].title}).",
        paper,
        PAPER if paper else f"{PAPER}, whose claim it is",
        "test accuracy of spinal minus FC, points",
        ABOVE_0,
        partial(gain, dataset, backbone),
        (f"spinal:{dataset}:{backbone}",),
        {"spinal-data": title, key: BACKBONES[backbone].title},
    )


def best(title: str) -> str:
    return f"{BEST[title]} % (spinal, best of 200 test epochs)"


def fitted(target: regression.Target, paper: str) -> Claim:
    """The claim that a spinal network fits a function better."""
    return Claim(
        f"spinal-regression-{target}", STUDY, f"A spinal network fits the {target} of its inputs with a smaller error.",
        paper, f"{REPOSITORY}: lowest training losses, no test set",
        "held-out squared error of the feed-forward network minus spinal's, thousandths", ABOVE_0,
        partial(fits, target), ("spinal-regression",), {"spinal-regression-target": target, "spinal regression": OPEN},
    )  # fmt: skip


def transferred(mode: transfer.Mode, data: str) -> Claim:
    """The claim that a spinal head serves a trained network better."""
    plain, spinal = TRANSFER[data]
    return Claim(
        f"spinal-transfer-{mode}", STUDY,
        f"On a trained network a spinal head beats the plain one ({MODES[mode]} trained).",
        f"{plain:.2f} % → {spinal:.2f} % ({data})", REPOSITORY,
        "test accuracy of spinal minus one linear layer, points",
        ABOVE_0, partial(transfers, mode), ("spinal-transfer",), {"spinal transfer": OPEN},
    )  # fmt: skip


REGRESSION: Settings = {"spinal-regression-target": "sum", "spinal regression": OPEN}
SMALL: Settings = {"spinal-grey-backbone": BACKBONES["small_cnn"].title}
SIZES: dict[str, Settings] = {
    "spinal-multiplications-small-cnn": {"spinal-data": "digits", **SMALL},
    "spinal-multiplications-vgg5": {"spinal-data": "digits", "spinal-grey-backbone": BACKBONES["vgg5"].title},
    "spinal-multiplications-cifar-vgg": {"spinal-data": "CIFAR-10"},
    "spinal-multiplications-regression": REGRESSION,
    "spinal-parameters-regression": REGRESSION,
    "spinal-live-regression": REGRESSION,
}
CLAIMS: tuple[Claim, ...] = (
    counted(
        "spinal-multiplications-small-cnn", "A spinal head halves the multiplications of the small CNN's head.",
        "16,500 → 8,480 (−48.6 %)", "multiplications of the spinal head", 8_480,
    ),
    counted(
        "spinal-multiplications-vgg5", "A spinal head saves an eighth of the multiplications of VGG-5's head.",
        "136,192 → 119,808 (−12 %)", "multiplications of the spinal head", 119_808,
    ),
    counted(
        "spinal-multiplications-cifar-vgg",
        "A spinal head saves nine tenths of the multiplications of the CIFAR VGG's head.",
        "18.9 M → 1.33 M (−93 %)", "multiplications of the spinal head", 1_331_200,
    ),
    counted(
        "spinal-multiplications-regression", "The spinal regression network multiplies a third less.",
        "21,700 → 14,000 (−35.5 %)", "multiplications of the spinal network", 14_000,
    ),
    counted(
        "spinal-parameters-regression", "The spinal regression network has a third fewer parameters.",
        "22,001 → 14,301", "parameters of the spinal network", 14_301,
    ),
    counted(
        "spinal-live-regression",
        "The regression network as published re-uses two layers: only a part of its parameters is live.",
        "8,801 of 14,301 live", "parameters that a gradient reaches", 8_801,
    ),
    raced("mnist", "MNIST", "vgg5", best("MNIST")),
    raced("mnist", "MNIST", "small_cnn", ""),
    raced("fashion-mnist", "Fashion-MNIST", "vgg5", best("Fashion-MNIST")),
    raced("fashion-mnist", "Fashion-MNIST", "small_cnn", ""),
    raced("digits", "digits", "small_cnn", ""),
    raced("cifar10", "CIFAR-10", "cifar_vgg11", ""),
    fitted("sum", "1.178 → 1.007 after 100 epochs, 0.887 → 0.855 after 200 (thousandths, feed-forward → spinal)"),
    fitted("product", "3.875 → 3.966 after 100 epochs, 3.875 → 2.217 after 200 (thousandths, feed-forward → spinal)"),
    transferred("all", "Caltech-101"),
    transferred("head", "Bird225, VGG-19-BN"),
    untested(
        "spinal-transfer-cifar10", STUDY, "On CIFAR-10 a spinal head brings a large trained network no gain.",
        "98.22 % → 98.12 % (WRN-101-2)", REPOSITORY, "a WRN-101-2 takes weeks to train on two cores", {},
    ),
    *(
        untested(
            f"spinal-best-{title.lower().replace(' ', '-')}", STUDY,
            f"A spinal network reaches {BEST[title]} % on {title}.",
            best(title), PAPER, FROM_SCRATCH, {"spinal-data": data},
        )
        for title, data in OTHERS.items()
    ),
)  # fmt: skip


REGRESSION_INPUTS = 8


def head_multiplications(plain: str, spinal: str, features: int) -> Fact:
    """Multiplications of the spinal head, beside those of the plain one."""
    heads = (create_model(name).get_submodule("head") for name in (plain, spinal))
    before, after = (multiplications(head, features) for head in heads)
    return Fact(after, f"{before:,} → {after:,} multiplications ({number(PERCENT * (after / before - 1), 1)} %)")


def regression_counts(count: str) -> Fact:
    """`count`: multiplications, parameters, or the live parameters of the published form."""
    from core.models.spinal import PublishedRegression
    from core.models.spinal_networks import regression_fc, regression_spinal

    if count == "live":
        every = counting.parameters(PublishedRegression())
        found = counting.live(PublishedRegression(), REGRESSION_INPUTS)
        return Fact(found, f"a gradient reaches {found:,} of {every:,} parameters")
    if count == "parameters":
        before, after = (counting.parameters(net) for net in (regression_fc(), regression_spinal()))
    else:
        nets = (regression_fc(), regression_spinal())
        before, after = (counting.multiplications(net, REGRESSION_INPUTS) for net in nets)
    return Fact(after, f"{before:,} → {after:,} {count} ({number(PERCENT * (after / before - 1), 1)} %)")


def spinal_record(results: Path, name: str) -> spinal_dataset.Measured | None:
    return kept(spinal_dataset.measured, results / "spinal_heads").get(name)


def transfer_record(results: Path) -> tuple[spinal_transfer.Result, dict[str, Any]] | None:
    return kept(spinal_transfer.measured, results / "spinal_heads" / spinal_transfer.RECORD.name)


def regression_record(results: Path) -> tuple[spinal_regression.Result, dict[str, Any]] | None:
    return kept(spinal_regression.measured, results / "spinal_heads" / spinal_regression.RECORD.name)
