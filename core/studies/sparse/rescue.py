"""How often does turning lambda bring an answer back that noise took, and how often does it spoil one?

Where the opening example of the page comes from (Dai et al., NeurIPS 2022, §4.3): it was chosen among these cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.records import read_one
from core.base.worker import Progress, ignore
from core.compute import coded
from core.networks.card import Network
from core.pictures import noise
from core.pictures.preprocess import seen
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLES, load_sample
from core.studies.sparse.codes import OPENING

RECORD = "rescue_{}.json"  # one a network
LAMS = (0.3, 0.5, 0.7, 0.9, 1.1, 1.3)  # tried, beside the training's
SEEDS = 12  # of the noise on the sample that the page opens with
STRENGTH = -2  # of each noise's levels: the strongest but one


@dataclass(frozen=True)
class Case:
    """One sample under one noise. `wanted`: the answer without noise, `noisy` with it, both at the training's lambda;
    `right`: those of LAMS at which `wanted` is the answer under noise."""

    picture: str
    noise: str
    level: float
    seed: int
    wanted: str
    noisy: str
    right: tuple[float, ...]


@dataclass(frozen=True)
class Counts:
    """Of `tried` cases: `fooled` by the noise as trained; of these `rescued` at a lambda; of the others `ruined`."""

    tried: int
    fooled: int
    rescued: int
    ruined: int


@dataclass(frozen=True)
class Rescue:
    """The cases of one network, and where they come from."""

    network: str
    arch: str
    digest: str
    data: str
    command: str
    date: str
    commit: str
    training: float
    cases: tuple[Case, ...]

    @property
    def seeds(self) -> list[Case]:
        """The sample that the page opens with, under every noise and seed."""
        return [case for case in self.cases if case.picture == DEFAULT_SAMPLE]

    @property
    def samples(self) -> list[Case]:
        """Every sample under every noise, with the opening's seed."""
        return [case for case in self.cases if case.seed == OPENING.seed]


def counts(cases: Iterable[Case], lam: float = OPENING.lam) -> Counts:
    """What one `lam` of LAMS for all does to the answers. Raises ValueError for another lambda."""
    if lam not in LAMS:
        raise ValueError(f"expected a lambda of {LAMS}, got {lam}: only these were tried")
    every = list(cases)
    fooled = [case for case in every if case.noisy != case.wanted]
    held = [case for case in every if case.noisy == case.wanted]
    return Counts(
        len(every), len(fooled), sum(lam in case.right for case in fooled), sum(lam not in case.right for case in held)
    )


def planned() -> list[tuple[str, str, int]]:
    """(sample, kind of noise, seed) of every case: the seeds of the first sample, and all samples with one seed."""
    seeds = [(DEFAULT_SAMPLE, kind, seed) for kind in noise.KINDS for seed in range(SEEDS)]
    others = [sample.name for sample in SAMPLES if sample.name != DEFAULT_SAMPLE]
    return seeds + [(name, kind, OPENING.seed) for name in others for kind in noise.KINDS]


def run(network: Network, plan: Sequence[tuple[str, str, int]], progress: Progress = ignore) -> list[Case]:
    """Ask an SDNet about the cases of `plan`. `progress(cases done, cases)` may raise to stop.

    Raises ValueError for a network without a coding layer.
    """
    trained, cases = coded.sdnet_of(network).dictionary.lam, []
    for name, kind, seed in plan:
        level = noise.KINDS[kind].levels[STRENGTH]
        clean = seen(load_sample(name), network.preprocessing).astype(np.float32) / 255
        noisy = noise.add(clean[None], kind, level, [seed])[0]
        wanted = int(coded.logits_along(network, clean, np.array([trained]))[0].argmax())
        said = coded.logits_along(network, noisy, np.array([trained, *LAMS])).argmax(1)
        right = tuple(lam for lam, answer in zip(LAMS, said[1:], strict=True) if answer == wanted)
        cases.append(Case(name, kind, level, seed, network.labels[wanted], network.labels[said[0]], right))
        progress(len(cases), len(plan))
    return cases


def measured(folder: Path, network: str) -> Rescue | None:
    """What `receptive measure rescue` wrote of a network into FOLDER, None without it. Raises Damaged, OSError."""
    return read_one(folder / RECORD.format(network), Rescue)
