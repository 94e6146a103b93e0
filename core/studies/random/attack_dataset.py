"""How the attack on random features (Xue & Roshan 2018) goes on a whole data set, over seeds: its record, read back."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.base.intervals import mean_interval, wilson
from core.base.records import REINSTALL, as_json, from_json, read_back
from core.claims.numbers import Z
from core.figures.palette import uri
from core.studies.random.attack import ATTACKED, DIGITS_SPEC, Examples, Params, Result, as_float
from core.studies.random.features import FOLDER

RECORD = "attack.json"
CURVES = ("accuracy", "noise", "substitute", "agreement")
VIEWS = ("clean", "attacked", "noisy")


@dataclass(frozen=True, eq=False)
class Measured:
    """T targets attacked with S `seeds` at E epsilons. `accuracy`, `noise`, `substitute` (T, S, E) and `agreement`
    (T, S) as in Result; `images` attacked a seed; `examples`: the first seed's, one a target; `about`: where from."""

    targets: tuple[str, ...]
    seeds: tuple[int, ...]
    images: int
    params: Params
    accuracy: np.ndarray
    noise: np.ndarray
    substitute: np.ndarray
    agreement: np.ndarray
    examples: tuple[Examples, ...]
    about: dict[str, Any]

    @property
    def shown(self) -> int:
        """Index of the epsilon at which the finding is told."""
        return self.params.epsilons.index(self.params.shown)


def gather(
    results: Sequence[Sequence[Result]], seeds: Sequence[int], images: int, params: Params, about: Mapping[str, Any]
) -> Measured:
    """`results` by target and seed, as one."""
    names = tuple(row[0].target for row in results)
    curves = {name: np.array([[getattr(r, name) for r in row] for row in results]) for name in CURVES}
    examples = tuple(row[0].examples for row in results)
    return Measured(names, tuple(seeds), images, params, **curves, examples=examples, about=dict(about))


def of_digits(results: Sequence[Result], params: Params) -> Measured:
    """One live attack on each of DIGITS_TARGETS."""
    return gather([[result] for result in results], (params.seed,), ATTACKED, params, digits_about())


def digits_about() -> dict[str, Any]:
    """What the attack on digits is told with."""
    return {
        "dataset": "Digits",
        "data": "scikit-learn's digits, 8 x 8 pixels; half trained on, others attacked",
        "labels": [str(digit) for digit in range(10)],
        "spec": DIGITS_SPEC,
    }


def as_record(found: Measured) -> dict[str, Any]:
    """As JSON can hold it: numbers to six digits, pictures as PNG addresses."""
    shown = [vars(one) | {name: [address(p) for p in getattr(one, name)] for name in VIEWS} for one in found.examples]
    return dict(as_json(vars(found) | {"examples": shown}, 6))


def from_record(record: Mapping[str, Any]) -> Measured:
    """What `as_record` wrote; pictures in three channels of 256 levels."""
    shown = [one | {name: np.array([picture_of(p) for p in one[name]]) for name in VIEWS} for one in record["examples"]]
    return from_json(Measured, {**record, "examples": shown})


def address(picture: np.ndarray) -> str:
    """float (H, W, C) in [0, 1] -> a PNG data address; grey ones in three channels."""
    pixels = (picture * 255).round().astype(np.uint8)
    return uri(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy())


def picture_of(source: str) -> np.ndarray:
    """The inverse of `address`, float32 (H, W, 3) in [0, 1]."""
    return as_float(np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))))


def measured(folder: Path = FOLDER) -> list[Measured]:
    """What was measured and packaged in FOLDER, one a data set; nothing if it was not."""
    path = folder / RECORD
    if not path.is_file():
        return []
    with read_back(path, remedy=REINSTALL):
        return [from_record(record) for record in json.loads(path.read_text())["sets"]]


def fall(found: Measured, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) mean fall between two accuracies (T, S), and half its 95 % interval: over seeds (Student's t), or of one
    seed over its pictures as if the two were of different ones, which is wide."""
    gap = before - after
    if gap.shape[1] == 1:
        variance = (before * (1 - before) + after * (1 - after))[:, 0] / found.images
        return gap[:, 0], Z * np.sqrt(variance)
    middle, half = np.transpose([mean_interval(seeds) for seeds in gap])
    return middle, half


def band(found: Measured, accuracy: np.ndarray) -> np.ndarray:
    """Accuracies (S, E) -> 95 % intervals (E, 2) within [0, 1]: over seeds, or of one seed over pictures (Wilson)."""
    if len(accuracy) == 1:
        return np.array([wilson(float(a), found.images) for a in accuracy[0]])
    middle, half = fall(found, accuracy.T, np.zeros_like(accuracy.T))
    return np.asarray(np.clip(np.stack([middle - half, middle + half], 1), 0, 1))


def verdict(names: Sequence[str], middle: np.ndarray, half: np.ndarray) -> str:
    """Which of two falls further, or that the interval of their difference holds 0; `middle` and `half` width (2,)."""
    more = int(middle.argmax())
    if middle[more] - middle[1 - more] <= np.hypot(*half):
        return "no difference between the two is shown"
    return f"{names[more]}: the larger fall"


def finding(found: Measured) -> str:
    """Who falls further at params' epsilon, and how much of it noise of the same size takes as well."""
    return " ".join(findings(found))


def findings(found: Measured) -> list[str]:
    """The sentences of `finding`."""
    at = found.shown
    clean, attacked, noisy = found.accuracy[..., 0], found.accuracy[..., at], found.noise[..., at]
    total, extra = fall(found, clean, attacked), fall(found, noisy, attacked)
    falls = [
        f"{name} from {c:.1%} to {a:.1%} ({points(*t)})"
        for name, c, a, t in zip(found.targets, clean.mean(1), attacked.mean(1), zip(*total, strict=True), strict=True)
    ]
    beyond = [f"{name} {points(*e)}" for name, e in zip(found.targets, zip(*extra, strict=True), strict=True)]
    random = found.targets[0]
    shown = bool(extra[0][0] > extra[1][0])
    return [
        f"{found.about['dataset']}, ε = {found.params.shown:g}: the attack takes {' and '.join(falls)}; "
        f"{verdict(found.targets, *total)}.",
        f"Beyond what noise of the same size takes: {', '.join(beyond)}; {verdict(found.targets, *extra)}.",
        f"The attack takes more from {random} than noise does: they do not withstand it."
        if shown
        else f"That the attack takes more from {random} than noise does is not shown.",
    ]


def points(middle: float, half: float) -> str:
    """A fall in percentage points, with its interval."""
    return f"{round(-100 * middle, 1) + 0.0:+.1f} ± {100 * half:.1f} points".replace("-", "−")
