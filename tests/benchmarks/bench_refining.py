"""How soon a sweep's first picture can be drawn, against all of its 33 x 33 shifts: what the Shift page asks for.

The page's own functions, in its order: of each network the smallest shifts, then the larger ones, which are spared what
is known; drawn is the first figure of the maps. Both are of one run: the first part of it, and its end.
"""

from __future__ import annotations

import time

import numpy as np

from core import networks
from core.base.worker import ignore
from core.cache import Aside
from core.networks import families
from core.networks.card import Network
from core.pictures.samples import load_sample
from core.studies.shift import figures, sweep
from core.studies.shift.sweep import Params, Result
from pages.parts.shift.asking import asked
from tests.benchmarks import table

RUNS = 5
PARAMS = Params()  # 33 x 33, as the page begins with


def swept(nets: list[Network]) -> tuple[list[float], Result]:
    """Seconds from asking to each picture drawn, and the last of them."""
    image, known, seconds = load_sample("cat"), [None] * len(nets), []
    begun = time.perf_counter()
    for reach in sweep.reaches(PARAMS.max_shift):
        known = [asked(n, image, PARAMS, reach, Aside(inner), ignore) for n, inner in zip(nets, known, strict=True)]
        found = sweep.assemble(nets, known, image, PARAMS)
        figures.maps(found, [n.card.title for n in nets]).figure.to_json()
        seconds.append(time.perf_counter() - begun)
    return seconds, found


def test_the_first_picture_of_a_sweep() -> None:
    nets = [networks.load(networks.find(name)) for name in families.COMPARED["imagenet"]]
    assert nets[0].card.name == "lite0"
    sweep.run(nets, load_sample("cat"), Params(1))  # warms up
    first, whole, answers = [], [], []
    for _ in range(RUNS):
        seconds, found = swept(nets)
        first.append(seconds[0])
        whole.append(seconds[-1])
        answers.append(found.top1)
    assert all(np.array_equal(one, answers[0]) for one in answers)
    table.record("first_of_sweep", first, whole)
