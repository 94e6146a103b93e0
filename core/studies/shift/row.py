"""What a batch writes of one picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.networks import engine, families
from core.networks.card import Network
from core.networks.engine import Answers, Batch, Engine
from core.pictures.image import RGBImage
from core.pictures.preprocess import shift_offsets
from core.studies.shift import sweep
from core.studies.study import ANSWER, Row, Table

STRAYS = 4  # logits' errors in what tells two shifts apart: of each, the class's logit and the sum over all


def row(network: Network, image: RGBImage, params: sweep.Params) -> Row:
    """The unshifted answer, how it fares over all shifts, and the shift at which the class asked for is least likely
    (Zhang, ICML 2019, §4). All of it is float32's, and the two probabilities those of a picture that is asked alone."""
    swept = sweep.answer(network, image, params)
    target = sweep.assemble([network], [swept], image, params).target
    offsets = shift_offsets(params.max_shift)
    answers, worst = settled(network.engine, sweep.moved(network, image, params, offsets), swept, target)
    result = sweep.assemble([network], [answers], image, params)
    dy, dx = offsets[worst].tolist()
    return {
        "label": result.labels[result.top1[0, result.centre]],
        "probability": float(result.top1_probability[0, result.centre]),
        "shifts": len(offsets),
        "consistency": float(sweep.consistency(result)[0]),
        "flips": int(sweep.flips(result)[0]),
        "target": result.labels[target],
        "lowest": float(result.probability[0, worst]),
        "lowest_dy": dy,
        "lowest_dx": dx,
    }


def settled(asked: Engine, inputs: Batch, answers: Answers, target: int) -> tuple[Answers, int]:
    """The answers (S, K) of a sweep with those that a row tells as the network as it was built gives them, one at a
    time in float32: the unshifted one's, and that of the shift where `target` is least likely, whose index comes with
    them.

    A ladder, as the engine's is: what lies no further from the least than bfloat16 may have moved the two is asked in
    float32, and what then lies within float32's own noise of it alone.
    """
    values, known = answers.logits.copy(), answers.exact.copy()
    told, largest = log_share(values, target), float(np.abs(values).max())
    room = max(STRAYS * answers.error, 2 * engine.FLOOR * largest)
    again = np.flatnonzero(~known & (told < told.min() + room))
    if len(again):
        values[again] = engine.logits(asked, lambda which: inputs(again[which]), len(again), exact=True).logits
        known[again] = True
        told = log_share(values, target)
    near = np.flatnonzero(known & (told <= told[known].min() + engine.FLOAT32_NOISE * largest))
    for i in {len(values) // 2, *near.tolist()}:
        values[i] = alone(asked, inputs, i)
        known[i] = True
    worst = near[log_share(values[near], target).argmin()]
    return Answers(values, known, answers.error), int(worst)


def alone(asked: Engine, inputs: Batch, which: int) -> np.ndarray:
    """(K,) float32 logits of one input, through the network as it was built."""
    plain = Engine(asked.plain, asked.plain, None)
    return np.asarray(engine.logits(plain, lambda _: inputs(np.array([which])), 1, exact=True).logits[0])


def log_share(values: np.ndarray, target: int) -> np.ndarray:
    """(S,) logarithm of the class's probability, which does not saturate as a probability near 1 does."""
    wide = values.astype(np.float64)
    return np.asarray(wide[:, target] - np.logaddexp.reduce(wide, axis=1))


TABLE = Table(
    sweep.Params(),
    families.DEFAULT_NETWORKS,
    (
        *ANSWER,
        *(("shifts", "int"), ("consistency", "float"), ("flips", "int"), ("target", "text")),
        *(("lowest", "float"), ("lowest_dy", "int"), ("lowest_dx", "int")),
    ),
    row,
    ladder=True,
    trial=lambda params: replace(params, max_shift=1),
)
