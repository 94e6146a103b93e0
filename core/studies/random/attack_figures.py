"""What was measured of the attack over seeds: its record, its words and its figures.

Of `random_attack` (after Xue & Roshan, arXiv 1806.05789, and Papernot et al. 2017).
"""

from __future__ import annotations

import base64
import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from PIL import Image
from plotly.subplots import make_subplots

from core.base.intervals import wilson
from core.base.records import record_of
from core.figures.palette import ACCENT, network_colours, paint, style, text_colour, translucent, uri
from core.studies.random.attack import ATTACKED, DIGITS_SPEC, Examples, Params, Result, as_float
from core.studies.random.features import FOLDER

Table = dict[str, list[object]]
RECORD = "attack.json"
CURVES = ("accuracy", "noise", "substitute", "agreement")
VIEWS = ("clean", "attacked", "noisy")
ACCENT_ON_DARK = "#56a8dc"
SIDE = 96  # px of a picture on the screen
APART = 0.055  # of accuracy: between two labels at the ends of lines
Z, QUANTILE = 1.96, 0.975  # of 95 % intervals


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


# ---- the record ----------------------------------------------------------------------------------


def as_record(found: Measured) -> dict[str, Any]:
    """As JSON can hold it: numbers to six digits, pictures as PNG addresses."""
    record = {**vars(found), "params": dataclasses.asdict(found.params)}
    for name in CURVES:
        record[name] = record[name].round(6).tolist()
    record["examples"] = [
        {k: [address(p) for p in v] if k in VIEWS else v.tolist() for k, v in vars(one).items()}
        for one in found.examples
    ]
    return record


def from_record(record: Mapping[str, Any]) -> Measured:
    """What `as_record` wrote; pictures in three channels of 256 levels."""
    params = Params(**{**record["params"], "epsilons": tuple(record["params"]["epsilons"])})
    examples = [
        Examples(**{k: np.array([picture_of(p) for p in v] if k in VIEWS else v) for k, v in one.items()})
        for one in record["examples"]
    ]
    curves = {name: np.array(record[name]) for name in CURVES}
    fixed = {name: tuple(record[name]) for name in ("targets", "seeds")}
    return Measured(**{**record, **curves, **fixed, "params": params, "examples": tuple(examples)})


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
    return [from_record(record) for record in record_of(path)["sets"]] if path.is_file() else []


# ---- words ---------------------------------------------------------------------------------------


def fall(found: Measured, before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(T,) mean fall between two accuracies (T, S), and half its 95 % interval: over seeds (Student's t), or of one
    seed over its pictures as if the two were of different ones, which is wide."""
    from scipy.special import stdtrit

    count = before.shape[1]
    if count == 1:
        variance = (before * (1 - before) + after * (1 - after))[:, 0] / found.images
        return (before - after)[:, 0], Z * np.sqrt(variance)
    gap = before - after
    return gap.mean(1), gap.std(1, ddof=1) / np.sqrt(count) * float(stdtrit(count - 1, QUANTILE))


def band(found: Measured, accuracy: np.ndarray) -> np.ndarray:
    """Accuracies (S, E) -> 95 % intervals (E, 2) within [0, 1]: over seeds, or of one seed over pictures (Wilson)."""
    if len(accuracy) == 1:
        return np.array([wilson(float(a), found.images) for a in accuracy[0]])
    middle, half = fall(found, accuracy.T, np.zeros_like(accuracy.T))
    return np.asarray(np.clip(np.stack([middle - half, middle + half], 1), 0, 1))


def verdict(names: Sequence[str], middle: np.ndarray, half: np.ndarray) -> str:
    """Which of two falls further, or that their intervals overlap; `middle` and `half` width (2,)."""
    more = int(middle.argmax())
    less = 1 - more
    if middle[more] - half[more] <= middle[less] + half[less]:
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


# ---- figures -------------------------------------------------------------------------------------


def colours(dark: bool) -> tuple[str, str]:
    """Of the random features and of the trained network."""
    return ACCENT_ON_DARK if dark else ACCENT, network_colours([None], dark)[0]


def curves(found: Measured, *, dark: bool = False) -> go.Figure:
    """Accuracy against epsilon: solid under attack, dashed under random signs, bands their 95 % intervals."""
    fig = go.Figure()
    x = np.array(found.params.epsilons)
    ends: list[tuple[float, str, str]] = []
    for t, (name, colour) in enumerate(zip(found.targets, colours(dark), strict=True)):
        for kind, values in (("attack", found.accuracy[t]), ("noise", found.noise[t])):
            add_line(fig, x, values.mean(0), band(found, values), f"{name}, {kind}", colour, kind)
            ends.append((float(values.mean(0)[-1]), f"{name}, {kind}", colour))
    style(fig, dark)
    for (_, words, colour), y in zip(sorted(ends), spread([e[0] for e in sorted(ends)]), strict=True):
        fig.add_annotation(x=x[-1], y=y, text=words, font={"color": colour}, xanchor="left", xshift=8, showarrow=False)
    fig.add_vline(x=found.params.shown, line={"color": text_colour(dark), "width": 1, "dash": "dot"}, opacity=0.6)
    fig.add_annotation(x=found.params.shown, y=1, yref="paper", text="the paper's ε", yanchor="bottom", showarrow=False)
    fig.update_layout(
        title="What is left right: attacked (solid) and under noise of the same size (dashed)",
        height=430,
        margin={"r": 230, "t": 84},
        showlegend=False,
    )
    fig.update_xaxes(title_text="ε, pixels in [0, 1]", tickvals=x, ticktext=[f"{e:.3g}" for e in x], tickangle=0)
    fig.update_xaxes(range=[-0.03 * x[-1], 1.03 * x[-1]])
    fig.update_yaxes(title_text="accuracy", tickformat=".0%", range=[-0.02, 1.04])
    return fig


def spread(heights: Sequence[float]) -> list[float]:
    """Rising heights, moved up until neighbours are APART."""
    found: list[float] = []
    for height in heights:
        found.append(max(height, found[-1] + APART) if found else height)
    return found


def add_line(
    fig: go.Figure, x: np.ndarray, y: np.ndarray, interval: np.ndarray, name: str, colour: str, kind: str
) -> None:
    """Shares y (E,) against epsilon x (E,) with the band of their `interval` (E, 2); `kind`: attack or noise."""
    fig.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([interval[:, 1], interval[::-1, 0]]),
        mode="none",
        fill="toself",
        fillcolor=translucent(colour, 0.16),
        hoverinfo="skip",
    )
    fig.add_scatter(
        x=x,
        y=y,
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2.5, "dash": "solid" if kind == "attack" else "dash"},
        marker={"size": 8, "symbol": "circle" if kind == "attack" else "diamond-open", "color": colour},
        customdata=interval,
        hovertemplate=f"{name}, ε = %{{x:.3g}}: %{{y:.1%}} (%{{customdata[0]:.1%}} to %{{customdata[1]:.1%}})"
        "<extra></extra>",
    )


def curve_table(found: Measured) -> Table:
    """A row a target and epsilon: accuracies with their 95 % intervals."""
    table: Table = {"target": [], "ε": [], "attacked": [], "noise of the same size": [], "the substitute itself": []}
    for t, name in enumerate(found.targets):
        columns = [found.accuracy[t], found.noise[t], found.substitute[t]]
        words = [
            [f"{m:.1%} ({low:.1%} to {high:.1%})" for m, (low, high) in zip(c.mean(0), band(found, c), strict=True)]
            for c in columns
        ]
        for e, row in enumerate(zip(*words, strict=True)):
            for column, entry in zip(table, (name, round(found.params.epsilons[e], 4), *row), strict=True):
                table[column].append(entry)
    return table


def pictures(one: Examples, labels: Sequence[str], shown: float, *, dark: bool = False) -> go.Figure:
    """A row a picture: as it was, the attack's change (mean of the channels, full colour at epsilon), attacked, and
    under random signs; above each what the target said."""
    heads = ("<b>Picture</b>", "<b>Change</b>", "<b>Attacked</b>", "<b>Noise</b>")
    titles = []
    for i, truth in enumerate(one.truth):
        said = (labels[truth], "&nbsp;", *(mark(labels, a[i], truth) for a in (one.after, one.after_noise)))
        titles += [f"{head}<br>{words}" if i == 0 else words for head, words in zip(heads, said, strict=True)]
    rows = len(one.truth)
    fig = make_subplots(
        max(rows, 1), 4, subplot_titles=titles, horizontal_spacing=0.03, vertical_spacing=min(0.07, 0.5 / max(rows, 1))
    )
    change = np.array([paint(d, shown, dark) / 255 for d in (one.attacked - one.clean).mean(-1)])
    for row in range(rows):
        for column, views in enumerate((one.clean, change, one.attacked, one.noisy), 1):
            view = views[row]
            factor = max(1, SIDE // max(view.shape[:2]))
            large = view.repeat(factor, 0).repeat(factor, 1)
            fig.add_image(source=address(large), hoverinfo="skip", row=row + 1, col=column)
    style(fig, dark)
    fig.update_xaxes(visible=False, constrain="domain")
    fig.update_yaxes(visible=False, constrain="domain")
    fig.update_annotations(font={"size": 12, "color": text_colour(dark)})
    fig.update_layout(height=56 + rows * (SIDE + 30), margin={"l": 8, "r": 8, "t": 48, "b": 8})
    return fig


def mark(labels: Sequence[str], answer: int, truth: int) -> str:
    """An answer, right or wrong by a mark and not by colour."""
    return f"{labels[answer]} {'✓' if answer == truth else '✗'}"


def picture_table(one: Examples, labels: Sequence[str]) -> Table:
    """A row a picture: its class and the target's answers."""
    return {
        "picture": [labels[t] for t in one.truth],
        "attacked": [labels[a] for a in one.after],
        "noise": [labels[a] for a in one.after_noise],
    }
