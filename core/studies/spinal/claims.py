"""What spinal heads are said to do (Kabir et al., arXiv 2007.03347), and how this project measured it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.base.intervals import mean_interval, with_interval
from core.base.records import kept
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, Claim, Ours, Settings, untested
from core.claims.fact import Fact, fact
from core.claims.numbers import OVER_SEEDS, PERCENT, number
from core.models import create_model
from core.models.counting import multiplications, parameters
from core.models.heads import BACKBONES, SHORT, Head
from core.studies.spinal import dataset as spinal_dataset
from core.studies.spinal import heads, photographs, regression, transfer
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


def ours(
    change: tuple[float, float], unit: str, rows: Mapping[str, np.ndarray], after: str, data: str, date: str
) -> Ours | None:
    """A mean difference over seeds, with the half width of its interval, None for too few; and what is reached: rows
    (seeds,) of values by name."""
    mean, half = change
    if math.isnan(half):
        return None
    found = numbers.within(mean, half)
    mark = " %" if unit else ""
    listed = ", ".join(f"{name} {with_interval(*mean_interval(row))}{mark}" for name, row in rows.items())
    return numbers.ours(found, f"{numbers.interval(found, unit, sign=True)}: {listed} {after}", data, date)


def gain(dataset: str, backbone: str, results: Path) -> Ours | None:
    """Accuracy after the last epoch under the spinal head minus the FC head, seed by seed, in points."""
    record = spinal_record(results, f"{dataset}_{backbone}")
    if record is None or not {"spinal", "fc"} <= set(record.result.heads):
        return None
    result = record.result
    return ours(
        heads.difference(result, "spinal", "fc"),
        "points",
        {SHORT[head]: PERCENT * row for head, row in zip(result.heads, result.last, strict=True)},
        f"after {result.accuracy.shape[2]} epochs ({result.test:,} pictures)",
        f"{record.data}, {BACKBONES[backbone].title}; {OVER_SEEDS.format(result.finished_pairs)}",
        record.date,
    )


def fits(target: regression.Target, results: Path) -> Ours | None:
    """Held-out error of the feed-forward network less that of the spinal one, in thousandths."""
    record = regression_record(results)
    if record is None or target not in record[0].params.targets:
        return None
    (result, about), params = record, record[0].params
    rows = dict(zip(params.networks, regression.MILLI * result.last[params.targets.index(target)], strict=True))
    return ours(
        regression.gain(result, target, "fc"),
        "",
        {SHORT[name]: rows[name] for name in COMPARED},
        f"thousandths after {params.epochs} epochs ({params.test:,} held-out points)",
        f"{params.train:,} points with noise of σ = {params.sigma:g}; {OVER_SEEDS.format(params.seeds)}",
        about["date"],
    )


def transfers(mode: transfer.Mode, results: Path) -> Ours | None:
    """Accuracy of a spinal head on a trained network minus that of one linear layer, in points."""
    record = transfer_record(results)
    if record is None or mode not in record[0].modes:
        return None
    result, about = record
    rows = dict(zip(result.heads, PERCENT * result.of(mode), strict=True))
    return ours(
        transfer.minus(result.of(mode), "linear"),
        "points",
        {transfer.HEADS[head]: rows[head] for head in ("spinal", "linear")},
        f"after {result.params.epochs} epochs ({result.test:,} photographs)",
        f"{about['data']}, on {about['network']}; {OVER_SEEDS.format(result.params.seeds)}",
        about["date"],
    )


def on_lite0(results: Path) -> Ours | None:
    """Accuracy of a spinal head on lite0's features of photographs minus that of one linear layer, in points."""
    record = kept(photographs.measured, results / "spinal_heads" / photographs.RECORD.name)
    if record is None:
        return None
    result, about = record
    rows = dict(zip(result.heads, PERCENT * result.accuracy, strict=True))
    return ours(
        transfer.minus(result.accuracy, "linear"),
        "points",
        {transfer.HEADS[head]: rows[head] for head in ("spinal", "linear")},
        f"after {result.params.epochs} epochs ({result.test:,} photographs)",
        f"{about['data']}, on {about['network']}; {OVER_SEEDS.format(result.params.seeds)}",
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
        {"spinal-data": title, key: BACKBONES[backbone].title, "spinal measured": OPEN},
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
    Claim(
        "spinal-transfer-lite0", STUDY, "On an ImageNet network's features a spinal head beats the plain one.",
        "{:.2f} % → {:.2f} % (Caltech-101)".format(*TRANSFER["Caltech-101"]), REPOSITORY,
        "test accuracy of spinal minus one linear layer, points", ABOVE_0, on_lite0, ("spinal:photographs",),
        {"spinal photo race": OPEN},
    ),
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


def saved(before: int, after: int, count: str) -> Fact:
    return Fact(after, f"{before:,} → {after:,} {count} ({number(PERCENT * (after / before - 1), 1)} %)")


def head_multiplications(plain: str, spinal: str, features: int) -> Fact:
    """Multiplications of the spinal head, beside those of the plain one."""
    before, after = (multiplications(create_model(name).get_submodule("head"), features) for name in (plain, spinal))
    return saved(before, after, "multiplications")


def regression_counts(count: str) -> Fact:
    """`count`: multiplications, parameters, or the live parameters of the published form."""
    if count == "live":
        every, found = regression.counts("published")
        return Fact(found, f"a gradient reaches {found:,} of {every:,} parameters")
    nets = (regression.build("fc"), regression.build("spinal"))
    before, after = (parameters(n) if count == "parameters" else multiplications(n, regression.INPUTS) for n in nets)
    return saved(before, after, count)


def spinal_record(results: Path, name: str) -> spinal_dataset.Measured | None:
    return kept(spinal_dataset.measured, results / "spinal_heads").get(name)


def transfer_record(results: Path) -> tuple[transfer.Result, dict[str, Any]] | None:
    return kept(transfer.measured, results / "spinal_heads" / transfer.RECORD.name)


def regression_record(results: Path) -> tuple[regression.Result, dict[str, Any]] | None:
    return kept(regression.measured, results / "spinal_heads" / regression.RECORD.name)
