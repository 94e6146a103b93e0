"""Ask lite0 otherwise than it was taught, about photographs that it has not seen, and write down what that costs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from core.base import records
from core.base.files import today
from core.base.heavy import nn, torch
from core.base.worker import Progress, ignore, part
from core.data.labelled import DATA, labelled, opened, said
from core.networks import engine, lite
from core.networks.families import IMAGENET_MEAN, IMAGENET_STD
from core.overview import otherwise
from core.overview.otherwise import OWN, Otherwise
from core.overview.said import TORCH_EPS
from core.pictures.image import RGBImage
from core.pictures.preprocess import Preprocessing, seen, to_tensor
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

SOURCE = "imagenet-samples-public"  # whose photographs the statistics are estimated on
BATCH = 50  # photographs whose mean and variance are taken together; the means over all batches are kept
STEP = 4  # every so many of DATA's photographs are asked about
OWN_PREP = lite.PREPROCESSING
Way = tuple[Preprocessing, Callable[[], nn.Module]]


def preprocessings() -> dict[str, Way]:
    """What a reader may take lite0's file for, one thing changed at a time, and the two that cost most together."""
    from core.models.lite import rebuilt

    ours = lite.original
    imagenet = replace(OWN_PREP, mean=IMAGENET_MEAN, std=IMAGENET_STD)
    even = lambda: rebuilt(ours(), even=True)  # noqa: E731
    return {
        OWN: (OWN_PREP, ours),
        "imagenet": (imagenet, ours),
        "unit": (replace(OWN_PREP, mean=(0.0,) * 3, std=(1.0,) * 3), ours),
        "bytes": (replace(OWN_PREP, mean=(0.0,) * 3, std=(1 / 255,) * 3), ours),
        "bilinear": (replace(OWN_PREP, interpolation="bilinear"), ours),
        "whole": (replace(OWN_PREP, resize=None), ours),
        "even": (OWN_PREP, even),
        "imagenet and even": (imagenet, even),
        "eps": (OWN_PREP, lambda: rebuilt(ours(), eps=TORCH_EPS)),
    }


def pictures(folder: Path, step: int = 1, which: Sequence[int] | None = None) -> tuple[list[RGBImage], np.ndarray]:
    """Photographs of a set, every `step`-th or of these those at `which`, and their classes (N,). Raises DataError."""
    found = list(labelled(folder)[::step])
    found = found if which is None else [found[i] for i in which]
    return [opened(path) for path, _ in found], np.array([truth for _, truth in found])


def views(images: Sequence[RGBImage], prep: Preprocessing) -> np.ndarray:
    """uint8 (N, size, size, 3): what a network sees of them."""
    return np.stack([seen(image, prep) for image in images])


def right(net: nn.Module, prep: Preprocessing, views: np.ndarray, truth: np.ndarray, progress: Progress) -> np.ndarray:
    """(N,) 0 or 1: whether the network's first answer to each of `views` is the `truth`."""
    answers = engine.logits(engine.prepare(net), lambda which: to_tensor(views[which], prep), len(views), progress)
    return np.asarray(answers.top1 == truth, int)


def asked_in(ways: Mapping[str, Way], images: Sequence[RGBImage], truth: np.ndarray, progress: Progress) -> np.ndarray:
    """(W, N) 0 or 1: whether lite0's first answer is right, in each way."""
    found, frames = [], dict[tuple[int | None, str], np.ndarray]()
    for i, (prep, net) in enumerate(ways.values()):
        frame = (prep.resize, prep.interpolation)
        if frame not in frames:
            frames[frame] = views(images, prep)
        found.append(right(net(), prep, frames[frame], truth, part(progress, i, len(ways))))
    return np.stack(found)


def written(name: str, asked: Asked, found: Otherwise, key: str, *data: str) -> Path:
    about = {"command": command(key, *data), **today()}
    records.save(path := asked.results / "imagenet" / f"{name}.json", found, about, indent=None)
    return path


def run_preprocessing(asked: Asked) -> Path:
    """lite0 in each of the ways of `preprocessings`."""
    ways, folder = preprocessings(), asked.data.given(DATA)
    found = asked_in(ways, *pictures(folder, STEP), asked.progress)
    record = Otherwise(tuple(ways), found, said(labelled(folder)[::STEP]), "")
    return written(otherwise.PREPROCESSING, asked, record, "preprocessing", DATA)


# ---- batch statistics ----------------------------------------------------------------------------


def estimated(net: nn.Module, prep: Preprocessing, views: np.ndarray, progress: Progress = ignore) -> nn.Module:
    """A copy whose batch norms have the mean, over batches, of the statistics of what reaches them of `views`
    (N, size, size, 3); nothing else changes. torch's own `update_bn` does it."""
    other = copy.deepcopy(net)
    starts = range(0, len(views), BATCH)

    def batches() -> object:
        for i, start in enumerate(starts):
            yield to_tensor(views[start : start + BATCH], prep).contiguous(memory_format=torch.channels_last)
            progress(i + 1, len(starts))

    torch.optim.swa_utils.update_bn(batches(), other)  # type: ignore[arg-type]
    return other.eval()


def with_some(net: nn.Module, other: nn.Module, which: str) -> nn.Module:
    """A copy of `net` that has only the `which` ("running_mean", "running_var") of `other`'s batch norms."""
    mixed = copy.deepcopy(net)
    theirs = {name: value for name, value in other.state_dict().items() if name.endswith(which)}
    mixed.load_state_dict(theirs, strict=False)
    return mixed


def run_statistics(asked: Asked) -> Path:
    """lite0, but for statistics that are estimated on other photographs, or on those that it is asked about."""
    net, quarter = lite.original(), partial(part, asked.progress)
    source, _ = pictures(asked.data.given(SOURCE))
    images, truth = pictures(folder := asked.data.given(DATA), STEP)
    asked_about = views(images, OWN_PREP)
    other = estimated(net, OWN_PREP, views(source, OWN_PREP), quarter(0, 7))
    nets = {
        OWN: net,
        "means and variances": other,
        "means": with_some(net, other, "running_mean"),
        "variances": with_some(net, other, "running_var"),
        "of the same": estimated(net, OWN_PREP, asked_about, quarter(1, 7)),
    }
    found = [
        right(one, OWN_PREP, asked_about, truth, quarter(i, 7)) for i, one in enumerate(nets.values(), 7 - len(nets))
    ]
    on = f"{SOURCE}: {len(source):,} photographs, {BATCH} at a time, without labels"
    record = Otherwise(tuple(nets), np.stack(found), said(labelled(folder)[::STEP]), on)
    return written(otherwise.STATISTICS, asked, record, "batch-statistics", SOURCE, DATA)


# ---- again, within seconds -----------------------------------------------------------------------

FEW = 20  # photographs of a quick check


def check_preprocessing(asked: Asked) -> list[Part]:
    """lite0 as it was taught and in the way that costs most, of some of the photographs."""
    old, _ = there(otherwise.measured(asked.packaged / "imagenet" / f"{otherwise.PREPROCESSING}.json"))
    which = np.sort(np.random.default_rng(asked.seed).permutation(old.images)[:FEW])
    ways = {way: how for way, how in preprocessings().items() if way in (OWN, "imagenet and even")}
    now = asked_in(ways, *pictures(asked.data.given(DATA), STEP, which.tolist()), asked.progress)
    before = old.right[[old.ways.index(way) for way in ways]][:, which].mean(1)
    every = zip(ways, before, now.mean(1), strict=True)
    return [share(f"{way}: right of {FEW}", float(was), float(found), FEW) for way, was, found in every]


OTHERWISE = (
    Measurement(
        "preprocessing",
        f"imagenet/{otherwise.PREPROCESSING}.json",
        (DATA,),
        (lite.NAME,),
        6,
        run_preprocessing,
        Quick(f"two ways, {FEW} of the photographs", 6, check_preprocessing),
    ),
    Measurement(
        "batch-statistics",
        f"imagenet/{otherwise.STATISTICS}.json",
        (SOURCE, DATA),
        (lite.NAME,),
        6,
        run_statistics,
    ),
)
