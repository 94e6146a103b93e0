"""ONNX files as networks that only answer: how one is asked where nothing is said, what it calls its classes, and the
engine that runs it.
"""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from functools import partial
from hashlib import sha256

from core.base.heavy import nn, torch
from core.data.sets import DATASETS
from core.models import IMAGENET_SIZE, family_size
from core.networks import families, one_logit, own_options, packaged, swift
from core.networks.card import ONNX, Card, Network
from core.networks.download import WeightsError
from core.networks.engine import Engine, has_bfloat16
from core.networks.onnx_bytes import About, is_onnx
from core.networks.onnx_files import Fitted, Read, asked, fits, read
from core.networks.own_options import FileOptions, Layout, Opened
from core.pictures.preprocess import Preprocessing

COLOURS = 3  # channels, where a file takes any number
LABELS = ("labels", "classes", "class_names", "names", "id2label")  # the metadata that name classes
LONGEST = 1_000_000  # characters of such metadata
FAINT = 0.1  # a file that scales pixels by less takes them in 0..255
PROBES = 3  # pictures of noise
SAME = 1e-4  # of the largest logit: how far answers in a batch may be from those one at a time


def is_one(data: bytes, title: str) -> bool:
    """Whether a file is meant to be ONNX, by its bytes or by its name."""
    return is_onnx(data) or title.lower().endswith(".onnx")


def open_file(data: bytes, title: str, options: FileOptions, word: str) -> Network:
    """As `core.networks.brought.open_file`. Raises WeightsError as `onnx_files.read`, `onnx_files.fits` and `run_by`,
    and for options that do not fit the file."""
    if said := (options.arch and "--arch") or (options.part and "--part"):
        raise WeightsError(f"expected the one network that an ONNX file holds, got {said}: leave it out")
    found, like = read(data), families.FAMILIES.get(options.like, options.like)
    layout = layout_of(found, options.layout)
    start = packaged.family_preprocessing(like) if like else None
    side = side_of(found, layout, options.size, start.size if start else 0)
    channels = found.channels(layout) or (len(start.mean) if start else COLOURS)
    fit, engine = run_by(found, layout, channels, side)
    prep = options.applied(sized(start or guessed(found, channels, fit.classes, side), side))
    if len(prep.mean) != channels:
        raise WeightsError(f"expected a mean for each of its {channels} channels, got {len(prep.mean)}: say others")
    labels, unfit = labels_of(found, fit.classes, options.labels, like)
    told = [
        f"your own ONNX file {title!r} {notes(found, fit, layout)}",
        unfit,
        "it only answers",
        "not measured by this project",
    ]
    card = Card(f"user:{title}", ONNX + layout.lower(), like or "imagenet", "user", "; ".join(filter(None, told)), side)
    if labels != families.family_labels(card.family) or side != family_size(card.family):
        card = replace(card, family=card.name)
    card = replace(packaged.framed(card, prep), opened=Opened(word, options))
    return Network(card, labels, prep, sha256(data).hexdigest(), engine, data)


def layout_of(found: Read, said: str) -> Layout:
    """The layout that is said, else the likeliest. Raises WeightsError for one that the file's input does not have."""
    chosen = [layout for layout in found.layouts if said.upper() in ("", layout)]
    if not chosen:
        own = " or ".join(found.layouts)
        raise WeightsError(f"expected the layout {own} for this ONNX file, got {said!r:.40}: leave it out")
    return chosen[0]


def side_of(found: Read, layout: Layout, said: int, usual: int) -> int:
    """The side of the file's pictures in px: its own, what is said, what its metadata tell, or what is `usual`, 0 for
    nothing. Raises WeightsError where there is none, or it takes another."""
    own = found.side(layout)
    told = own_options.told_numbers(found.about.metadata)[0] if tells(found) else 0
    side = own or said or usual or told
    if not side:
        raise WeightsError(
            "expected the side of its pictures, for this ONNX file takes any, got none: say --input-size, such as 224"
        )
    if said not in (0, side):
        raise WeightsError(f"expected pictures of {side} px, as this ONNX file takes, got {said}: leave it out")
    return side


# ---- the engine ----------------------------------------------------------------------------------


def run_by(found: Read, layout: Layout, channels: int, side: int, *, log: bool = False) -> tuple[Fitted, Engine]:
    """The file as a network of logits in the precisions that are worth it: for batches of any size where these answer
    as one picture at a time does, else for as many pictures as the file takes.

    `log`: the logarithm of its answers, for those that are probabilities. Raises WeightsError, also for answers that
    are no numbers.
    """
    from core.models.two_answers import TwoAnswers

    x = torch.rand((PROBES, channels, side, side), generator=torch.Generator().manual_seed(0))
    for fit in fits(found, layout, channels, side, log=log):
        net = asked(partial(swift.compiled, fit.model, "f32", fit.batch))
        try:
            alone, together = asked(partial(singly, net, x)), asked(partial(net, x))
        except WeightsError:
            if fit.batch:
                raise
            continue
        if not torch.isfinite(alone).all():
            raise WeightsError("expected numbers as answers to pictures of noise, got others: export the network anew")
        if torch.allclose(together, alone, rtol=0, atol=SAME * float(alone.abs().max())):
            break
    if not (log or fit.end) and is_probability(alone):
        return run_by(found, layout, channels, side, log=True)
    half = asked(partial(swift.compiled, fit.model, "bf16", fit.batch)) if has_bfloat16() else None
    if fit.classes == 1:
        return fit, Engine(TwoAnswers(net), TwoAnswers(net), half and TwoAnswers(half))
    return replace(fit, end="logarithm" if log else fit.end), Engine(net, net, half)


def singly(net: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) -> (B, K), one at a time."""
    return torch.cat([net(x[i : i + 1]) for i in range(len(x))])


def is_probability(answers: torch.Tensor) -> bool:
    """Whether rows of answers (B, K) are shares that sum to 1."""
    whole = answers.sum(1)
    return answers.shape[1] > 1 and bool((answers >= 0).all()) and torch.allclose(whole, torch.ones_like(whole))


# ---- what is not said ----------------------------------------------------------------------------


def guessed(found: Read, channels: int, classes: int, side: int) -> Preprocessing:
    """What a file's pictures are asked with, where nothing is said: as its metadata tell, as it is where it normalises
    them itself, as the packaged data of such pictures and as many classes, else with ImageNet's mean and deviation.

    Raises WeightsError where its metadata make no sense.
    """
    if tells(found):
        return packaged.file_preprocessing(found.about.metadata)
    if found.scale is not None:
        return Preprocessing(side, (0.0,) * channels, (1 / 255 if found.scale < FAINT else 1.0,) * channels)
    for family in families.FAMILIES.values():
        data = DATASETS.get(family)
        if data and (data.channels, data.size, len(data.classes)) == (channels, side, classes):
            return packaged.family_preprocessing(family)
    if channels == 1:
        return Preprocessing(side, (0.5,), (0.5,))
    return Preprocessing(side, families.IMAGENET_MEAN, families.IMAGENET_STD)


def tells(found: Read) -> bool:
    """Whether the file's metadata tell labels, size, mean and deviation, as files of `receptive train` do."""
    return found.about.metadata.keys() >= own_options.TOLD


def sized(start: Preprocessing, side: int) -> Preprocessing:
    """The same for pictures of `side` px, which are cut out of slightly larger ones where they are ImageNet's."""
    if start.size == side and start.resize is not None:
        return start
    return replace(start, size=side, resize=families.IMAGENET_RESIZE if side == IMAGENET_SIZE else None)


def labels_of(found: Read, classes: int, said: tuple[str, ...], like: str) -> tuple[tuple[str, ...], str]:
    """The names of the answers: those that are said, the family's that it is like, the file's own, ImageNet's thousand,
    or numbers; and that the file's own do not fit, "" where they do.

    Raises WeightsError where another number is said.
    """
    count, told = (2 if classes == 1 else classes), told_labels(found.about)
    if classes == 1 and (said or len(told) in (1, 2)):
        return one_logit.two_labels(said or told), ""
    if said and len(said) != count:
        raise WeightsError(
            f"expected {count} labels, as many as the file tells apart, got {len(said)}: name each class"
        )
    family = families.family_labels(like or "imagenet")
    for names in (said, family if like else (), told, family):
        if len(names) == count:
            return names, ""
    unfit = f"the file's own {len(told)} labels are left out, for it tells apart {count} classes" if told else ""
    return tuple(f"class {i}" for i in range(count)), unfit


def told_labels(about: About) -> tuple[str, ...]:
    """The classes that a file's metadata name: a list in JSON, or names by number in JSON or as Python writes them;
    () where there are none."""
    for key in LABELS:
        text = about.metadata.get(key, "")[:LONGEST]
        for parse in (json.loads, ast.literal_eval):
            try:
                names = parse(text)
                if isinstance(names, dict):
                    names = [name for _, name in sorted((int(number), name) for number, name in names.items())]
                return own_options.told_labels({"labels": json.dumps(names)})
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, WeightsError):
                continue
    return ()


def notes(found: Read, fit: Fitted, layout: Layout) -> str:
    """What is particular about a file, after its name."""
    channels, side = (count or "?" for count in (found.channels(layout), found.side(layout)))
    maker = "".join(filter(str.isprintable, found.about.producer))[:40]
    said = [f"from {maker}" if maker else "", f"{channels} × {side} × {side} ({layout})"]
    if fit.end:
        said.append("the logarithm of its probabilities" if fit.end == "logarithm" else f"its {fit.end} left out")
    if found.scale is not None:
        said.append("it scales pixels itself")
    if fit.batch:
        said.append("one picture at a time" if fit.batch == 1 else f"{fit.batch:,} pictures at a time")
    if fit.classes == 1:
        said.append(one_logit.SAID)
    return ", ".join(filter(None, said))
