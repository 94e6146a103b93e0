"""What can be said of a weights file beside its tensors: by its own header, or by the options of a command."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from core.networks.download import WeightsError
from core.pictures.preprocess import INTERPOLATIONS, Interpolation, Preprocessing

TOLD = frozenset({"labels", "input_size", "mean", "std"})  # by the header of a file of `receptive train`
SIDES = (1, 1024)  # px of a network's square input
LEAST_DEVIATION = 1e-4  # of pixels in [0, 1]
Layout = Literal["NCHW", "NHWC"]
LAYOUTS: tuple[Layout, ...] = ("NCHW", "NHWC")  # of an ONNX file's input
TELL = "save the file without it, or with what is right"


@dataclass(frozen=True, repr=False)
class FileOptions:
    """What the user says of a weights file; what is left empty is told by the file or guessed.

    `arch`: its architecture; `like`: the family whose labels and preprocessing it has; `part`: which of several
    networks in it; `labels` of its classes; `mean` and `std` by channel, one number for all of them alike, of pixels in
    [0, 1]; `size`: side of its square input in px, 0 for the family's; `resize`: to how many px the short side of a
    picture is scaled before that square is cut out of its middle, `size` for all of the centre square, 0 for the
    family's; `interpolation`: by which filter; `layout`: which of LAYOUTS an ONNX file takes; `words`: how a command
    said it.
    Raises WeightsError for numbers that make no sense.
    """

    arch: str = ""
    like: str = ""
    part: str = ""
    labels: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    size: int = 0
    resize: int = 0
    interpolation: Interpolation | Literal[""] = ""
    layout: str = ""
    words: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        check_numbers(self.size or SIDES[0], self.mean or (0.0,), self.std or (1.0,), "choose others")
        check_frame(self.size or SIDES[0], self.resize or None, self.interpolation or "bilinear", "choose another")

    def __repr__(self) -> str:
        """Python that makes them again, without what is left empty."""
        told = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "words"}
        return f"FileOptions({', '.join(f'{name}={value!r}' for name, value in told.items() if value)})"

    @property
    def said(self) -> tuple[str, ...]:
        """The options of a command that say this: as one said it, else made of what is told."""
        if self.words:
            return self.words
        told = {
            "--arch": self.arch,
            "--like": self.like,
            "--part": self.part,
            "--labels": listed(self.labels),
            "--mean": ",".join(map(str, self.mean)),
            "--std": ",".join(map(str, self.std)),
            "--input-size": str(self.size or ""),
            "--resize": str(self.resize or ""),
            "--interpolation": self.interpolation,
            "--layout": self.layout,
        }
        return tuple(word for option, value in told.items() if value for word in (option, value))

    def applied(self, start: Preprocessing) -> Preprocessing:
        """The preprocessing that is said, where nothing is said that of `start`. Raises WeightsError for a number of
        means or deviations that is neither 1 nor that of the channels."""
        channels = len(start.mean)
        mean, std = (value * channels if len(value) == 1 else value for value in (self.mean, self.std))
        if {len(mean or start.mean), len(std or start.std)} != {channels}:
            raise WeightsError(
                f"expected 1 or {channels} numbers for each of --mean and --std, got {len(mean)} and {len(std)}: "
                "give one a channel"
            )
        told = replace(start, mean=mean or start.mean, std=std or start.std)
        told = told if self.size in (0, start.size) else replace(told, size=self.size, resize=None)
        if self.resize:
            check_frame(told.size, self.resize, "bilinear", "choose another --resize")
            told = replace(told, resize=None if self.resize == told.size else self.resize)
        return replace(told, interpolation=self.interpolation or told.interpolation)


def check_numbers(size: int, mean: Sequence[float], std: Sequence[float], remedy: str) -> None:
    """Raises WeightsError unless a square of `size` px, and means and deviations of pixels in [0, 1], make sense."""
    if not SIDES[0] <= size <= SIDES[1]:
        raise WeightsError(f"expected an input of {SIDES[0]} to {SIDES[1]:,} px, got {size}: {remedy}")
    if not all(0 <= value <= 1 for value in mean):
        raise WeightsError(f"expected means of pixels in [0, 1], got {shown(mean)}: {remedy}")
    if not all(LEAST_DEVIATION <= value < math.inf for value in std):
        raise WeightsError(f"expected deviations of at least {LEAST_DEVIATION:g}, got {shown(std)}: {remedy}")


def check_frame(size: int, resize: object, how: str, remedy: str) -> None:
    """Raises WeightsError for a short side, None where none is said, that is no whole number of px or smaller than the
    square that is cut out, and for an interpolation that does not exist."""
    if resize is not None and (type(resize) is not int or not size <= resize <= 2 * SIDES[1]):
        raise WeightsError(f"expected to scale to {size} px or more before the crop, got {shown(resize)}: {remedy}")
    if how not in INTERPOLATIONS:
        raise WeightsError(f"expected an interpolation of {', '.join(INTERPOLATIONS)}, got {shown(how)}: {remedy}")


# ---- what a file's header tells ------------------------------------------------------------------


def told_labels(about: Mapping[str, str]) -> tuple[str, ...]:
    """The labels in a safetensors file's header, each in one line. Raises WeightsError for what is no list of names."""
    found = _json(about, "labels")
    if not isinstance(found, list) or not found or not all(map(_is_name, found)):
        raise WeightsError(f"expected a list of names as the file's own labels, got {shown(found)}: {TELL}")
    return tuple(" ".join(name.split()) for name in found)


def _is_name(found: object) -> bool:
    """Whether it is text that can be written: blanks and halves of surrogate pairs alone are none."""
    return isinstance(found, str) and bool(found.strip()) and not re.search("[\ud800-\udfff]", found)


def told_numbers(about: Mapping[str, str]) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Input size in px, and mean and deviation by channel, in a safetensors file's header.

    Raises WeightsError for what is no whole number, no two lists of numbers of the same length, or makes no sense.
    """
    size, mean, std = (_json(about, name) for name in ("input_size", "mean", "std"))
    if type(size) is not int:
        raise WeightsError(f"expected a whole number as the file's own input_size, got {shown(size)}: {TELL}")
    for name, values in (("mean", mean), ("std", std)):
        if not isinstance(values, list) or not values or not all(type(value) in (int, float) for value in values):
            raise WeightsError(f"expected a list of numbers as the file's own {name}, got {shown(values)}: {TELL}")
    if len(mean) != len(std):
        raise WeightsError(f"expected as many deviations as means in the file, got {len(std)}, {len(mean)}: {TELL}")
    check_numbers(size, mean, std, TELL)
    return size, tuple(mean), tuple(std)


def told_frame(about: Mapping[str, str]) -> tuple[int | None, Interpolation]:
    """The short side in px that pictures are scaled to before the crop, None where the header says none, and by which
    filter. Raises WeightsError for what makes no sense."""
    size, resize = _json(about, "input_size"), _json(about, "resize") if "resize" in about else None
    how = about.get("interpolation", "bilinear")
    check_frame(size, resize, how, TELL)
    return resize, how  # type: ignore[return-value]


def _json(about: Mapping[str, str], name: str) -> Any:
    try:
        return json.loads(about.get(name, ""))
    except (ValueError, RecursionError) as error:  # RecursionError: nested too deep
        said = shown(about.get(name, "nothing"))
        raise WeightsError(f"expected JSON as the file's own {name}, got {said}: {TELL}") from error


def shown(value: object) -> str:
    """A value in at most 60 characters of one line."""
    try:
        return f"{value!r:.60}"
    except (ValueError, RecursionError):  # an integer of too many digits, lists too deep
        return f"a {type(value).__name__}"


def listed(labels: Sequence[str]) -> str:
    """Labels as --labels takes them: a,b,c, or a list in JSON where one holds a comma or could be a file's name."""
    easy = len(labels) > 1 and not labels[0].startswith("[")
    easy = easy and all(name == name.strip() and name and "," not in name for name in labels)
    return ",".join(labels) if easy or not labels else json.dumps(list(labels), ensure_ascii=False)


ASIS = FileOptions()


@dataclass(frozen=True)
class Opened:
    """How a network came out of a weights file: the `word` by which a command names it, and what was said of it."""

    word: str
    options: FileOptions = ASIS
