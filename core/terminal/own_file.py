"""The options that say what a weights file is, the same for every command that takes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import typer

from core.base.files import at_home
from core.networks.download import WeightsError
from core.networks.own_options import FileOptions, told_labels
from core.terminal import options

HELP = {
    "arch": "Architecture of a weights file; by default guessed.",
    "like": "Family whose labels and preprocessing a weights file has.",
    "part": "Which network in a weights file, where there are several, such as model_ema.",
    "labels": "Labels of a weights file: a,b,c, a list in JSON, or a text file with one a line.",
    "mean": "Mean of a weights file's pictures in [0, 1]: one number, or one a channel, such as 0.49,0.48,0.45.",
    "std": "Their standard deviation, likewise.",
    "input_size": "Side in px of a weights file's square input.",
    "resize": "Short side in px of a picture before that square is cut out; --input-size for its whole centre square.",
    "interpolation": "Filter that scales a picture for a weights file's network: bilinear or bicubic.",
    "layout": "Layout of an ONNX file's input, NCHW or NHWC; by default guessed.",
}


def with_file_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose parameter `options: FileOptions` is filled from options of its own, one for each of HELP.

    `--input-size` is `--size` too, unless the command has one that means something else.
    """
    short = [] if "size" in inspect.signature(command).parameters else ["--size"]
    own = [
        options.parameter(
            name, str, typer.Option(written(name), *(short if name == "input_size" else []), help=words), ""
        )
        for name, words in HELP.items()
    ]
    return options.taking(command, options=(own, file_options))


def written(name: str) -> str:
    """How a command writes an option of HELP."""
    return "--" + name.replace("_", "-")


def file_options(said: dict[str, str]) -> FileOptions:
    """What the words of a command say of a weights file. Raises WeightsError."""
    words = [word for name, value in said.items() if value for word in (written(name), value)]
    return FileOptions(
        arch=said["arch"],
        like=said["like"],
        part=said["part"],
        labels=labels(said["labels"]),
        mean=numbers("--mean", said["mean"]),
        std=numbers("--std", said["std"]),
        size=pixels("--input-size", said["input_size"]),
        resize=pixels("--resize", said["resize"]),
        interpolation=said["interpolation"].lower(),  # type: ignore[arg-type]  # FileOptions refuses others
        layout=said["layout"].upper(),
        words=tuple(words),
    )


def labels(said: str) -> tuple[str, ...]:
    """The lines of a text file, a list in JSON, or words between commas. Raises WeightsError where there are none, or
    no text."""
    if not said:
        return ()
    if said.startswith("[") and said.endswith("]") and not is_file(said):
        return told_labels({"labels": said})
    try:
        found = at_home(said).read_text("utf-8").splitlines() if is_file(said) else said.split(",")
    except (OSError, ValueError) as error:
        raise WeightsError(f"expected a text file of labels, got {said} ({error}): save it as UTF-8") from error
    named = tuple(name.strip() for name in found if name.strip())
    if not named:
        raise WeightsError(f"expected labels in {said!r:.60}, got none: write them like cat,dog")
    return named


def is_file(said: str) -> bool:
    """Whether there is a file of this name; words that can be no name are none."""
    try:
        return at_home(said).is_file()
    except (OSError, ValueError):  # too long for a path, or with a null byte
        return False


def pixels(option: str, said: str) -> int:
    """A whole number of px, 0 where nothing is said. Raises WeightsError."""
    if said and not (said.isdecimal() and len(said) < 5 and int(said)):
        raise WeightsError(f"expected a whole number of px for {option}, got {said!r:.40}: write it like 224")
    return int(said or 0)


def numbers(option: str, said: str) -> tuple[float, ...]:
    """Numbers between commas. Raises WeightsError."""
    try:
        return tuple(float(word) for word in said.split(",")) if said else ()
    except ValueError as error:
        raise WeightsError(f"expected numbers for {option}, got {said!r:.60}: write them like 0.5,0.5,0.5") from error
