"""How much noise does any network's answer bear? And where it has a lambda, which lambda bears the most?

One picture, many draws of noise at every level, and the share of them at which the network still says what it says of
the clean picture. A network with a sparse coding layer (Dai et al., NeurIPS 2022, §4) is asked at every lambda; any
other has no lambda, and so one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from core.base.heavy import go, subplots
from core.base.intervals import wilson
from core.base.refuse import within
from core.base.softmax import softmax
from core.base.worker import Progress, ignore, part
from core.figures import palette
from core.figures.blocks import Plot
from core.networks.card import Network, title_of
from core.pictures import noise
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen
from core.studies.sparse import dataset
from core.studies.sparse.dataset import SEED_STEP, Params
from core.studies.sparse.dataset_figures import alike, labels

Shown = Literal["share", "probability"]
SHOWN: dict[Shown, str] = {"share": "share of draws with the clean answer", "probability": "mean P(clean answer)"}
DRAWS, DRAWS_LIMITS = 16, (1, 256)
NO_LAMBDA = "no λ"
ROW_HEIGHT, LEAST_HEIGHT = 22, 54  # px a row of a heat map, and of a panel


@dataclass(frozen=True, eq=False)
class Result:
    """One network and picture at V noise `levels`, with R lambdas `lams` (0 where there are none: then R = 1).

    `label` is its answer to the clean picture, as trained, with `clean` its probability; `kept` int (R, V): how many of
    `draws` noisy pictures get that answer; `probability` (R, V): its mean probability over the draws. `training` is the
    lambda of the training, None where there is none. `size` is the input's side in pixels.
    """

    network: str
    label: str
    clean: float
    kind: str
    levels: np.ndarray
    lams: np.ndarray
    training: float | None
    draws: int
    seed: int
    size: int
    kept: np.ndarray
    probability: np.ndarray

    @property
    def title(self) -> str:
        return title_of(self.network)

    @property
    def share(self) -> np.ndarray:
        """(R, V) of the draws, in [0, 1]."""
        return np.asarray(self.kept / self.draws)

    @property
    def trained(self) -> int:
        """The row of the training's lambda, 0 without one."""
        return 0 if self.training is None else self.lams.tolist().index(self.training)

    @property
    def rows(self) -> list[str]:
        """R names."""
        return [f"{lam:g}" for lam in self.lams] or [NO_LAMBDA]

    def values(self, shown: Shown) -> np.ndarray:
        """(R, V) what is shown: the share of the same answers, or their mean probability."""
        return self.share if shown == "share" else self.probability


def run(network: Network, image: RGBImage, params: Params, draws: int = DRAWS, progress: Progress = ignore) -> Result:
    """Ask `network` about `draws` of the noise at each level on the picture's centre square at its own size, in
    float32; they are the same for every level and network.

    A grey network gets the mean of the noisy colours. `progress` may raise to stop.
    Raises ValueError if the training lambda is not among those that are tried, and for draws outside DRAWS_LIMITS.
    """
    from core.compute import lambda_sweep

    within(("draws of noise", draws, DRAWS_LIMITS))
    prep = network.preprocessing
    training = dataset.training_lambda(network, params)
    pixels = seen(image, prep)[None]  # (1, S, S, 3)
    lams = None if training is None else params.lams
    row = 0 if lams is None or training is None else lams.index(training)
    first = softmax(lambda_sweep.logits(network, noise.unit(pixels), lams, exact=True))[row, 0]
    target = int(first.argmax())
    seeds = [params.seed * SEED_STEP + i for i in range(draws)]
    kept = np.zeros((len(lams or (0,)), len(params.levels)), np.int64)
    probability = np.zeros(kept.shape)
    for v, level in enumerate(params.levels):
        count = draws if level else 1  # of clean pictures one tells of all
        noisy = noise.add(pixels.repeat(count, 0), params.kind, level, seeds[:count])
        told = part(progress, v, len(params.levels))
        found = softmax(lambda_sweep.logits(network, noisy, lams, told, exact=True))  # (R, count, K)
        kept[:, v] = (found.argmax(2) == target).sum(1) * (draws // count)
        probability[:, v] = found[..., target].mean(1)
    return Result(
        network=network.card.name,
        label=network.labels[target],
        clean=float(first[target]),
        kind=params.kind,
        levels=np.array(params.levels),
        lams=np.array(lams or (), float),
        training=training,
        draws=draws,
        seed=params.seed,
        size=prep.size,
        kept=kept,
        probability=probability,
    )


def bears(result: Result) -> np.ndarray:
    """int (R,): how many levels, from the weakest on, leave the answer as it was in half of the draws or more."""
    return np.asarray(np.logical_and.accumulate(result.share >= 0.5, axis=1).sum(1))


def finding(result: Result) -> str:
    """Up to which noise the clean picture's answer stays, as trained and at the best lambda."""
    row, kept = result.trained, bears(result)
    said = (
        f"{result.title} answers {result.label} to the clean picture (P = {result.clean:.2f}). Of {result.draws} draws "
        f"of {result.kind} noise, at least half leave that answer {up_to(result, row)}"
    )
    if result.training is None:
        return f"{said}. λ is not applicable: {result.title} has no coding layer, so it has one row."
    said += f" at λ = {result.training:g}, as trained"
    best = max(range(len(kept)), key=lambda r: (kept[r], result.kept[r].sum()))
    if kept[best] == kept[row]:
        return f"{said}; no other λ that was tried bears a stronger one."
    return f"{said}, and {up_to(result, best)} at λ = {result.lams[best]:g}, the best in hindsight."


def up_to(result: Result, row: int) -> str:
    """The strongest noise that a lambda bears, in words."""
    last = int(bears(result)[row]) - 1
    if last < 0 or not result.levels[last]:
        return "at no level that was tried"
    end = ", the strongest that was tried" if last == len(result.levels) - 1 else ""
    return f"up to {labels(result)[last]} (mean P = {result.probability[row, last]:.2f}){end}"


def figure(results: Sequence[Result], shown: Shown = "share") -> Plot:
    """A panel a network: a heat map of lambda against noise level, one row where there is no lambda. The training's
    lambda is named. Raises ValueError for results that differ in noise or levels, or if there are none."""
    first = alike(results)[0]
    names = labels(first)
    heights = [max(LEAST_HEIGHT, ROW_HEIGHT * len(r.kept)) for r in results]
    gap = 44 / sum(heights)
    heads = [f"<b>{palette.verbatim(r.title)}</b>, {r.size} px: {palette.verbatim(r.label)}" for r in results]
    fig = subplots.make_subplots(
        len(results), 1, shared_xaxes=True, row_heights=heights, vertical_spacing=gap / (1 + gap * len(results)),
        subplot_titles=heads,
    )  # fmt: skip
    for place, r in enumerate(results, 1):
        values = r.values(shown)
        fig.add_trace(
            go.Heatmap(
                z=values, x=names, y=r.rows, coloraxis="coloraxis", xgap=1, ygap=1,
                texttemplate="%{z:.2f}" if len(values) == 1 else None,
                hovertemplate=f"{palette.verbatim(r.title)}, λ %{{y}}, %{{x}}: %{{z:.2f}}<extra></extra>",
            ), row=place, col=1,
        )  # fmt: skip
        if r.training is not None:
            names_of = [f"trained: {name}" if i == r.trained else name for i, name in enumerate(r.rows)]
            fig.update_yaxes(title_text="λ", tickvals=r.rows, ticktext=names_of, row=place, col=1)
    palette.style(fig)
    fig.update_yaxes(type="category", showgrid=False, nticks=0)
    fig.update_xaxes(type="category")
    bar = {"title": {"text": SHOWN[shown], "side": "right"}, "thickness": 14, "tickformat": ".1f"}
    fig.update_layout(
        title=f"How much {first.kind} noise an answer bears",
        coloraxis={"colorscale": palette.PROBABILITY_SCALE, "cmin": 0, "cmax": 1, "colorbar": bar},
        height=150 + sum(heights) + 44 * len(results),
        margin={"t": 84, "l": 96},
    )
    fig.update_annotations(font={"size": 13, "color": palette.text_colour()})
    findings = " ".join(finding(result) for result in results)
    alt = f"Heat maps of the {SHOWN[shown]} over lambda and noise level, one a network. {findings}"
    return Plot(fig, alt, lambda: table(results))


def table(results: Sequence[Result]) -> dict[str, list[Any]]:
    """A row a network, lambda and level, with the 95 % interval of the share (Wilson)."""
    rows = [
        (r.title, r.label, lam, level, int(k), r.draws, round(100 * low, 1), round(100 * high, 1), round(float(p), 4))
        for r in results
        for lam, kept, mean in zip(r.rows, r.kept, r.probability, strict=True)
        for level, k, p in zip(labels(r), kept, mean, strict=True)
        for low, high in [wilson(float(k) / r.draws, r.draws)]
    ]
    heads = (
        *("network", "clean answer", "λ", "noise", "draws with the clean answer", "of"),
        *("share from, %", "to, %", "mean P(clean answer)"),
    )
    return {head: list(column) for head, column in zip(heads, zip(*rows, strict=True), strict=True)}
