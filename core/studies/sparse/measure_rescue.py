"""Search for noises under which turning lambda brings the answer back, and write down how often it did.

The opening example of the page is one of these cases, so the page says how many there were.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core import networks
from core.base.files import today
from core.base.records import save
from core.compute import coded
from core.networks import families
from core.networks.card import Network
from core.studies.sparse import rescue
from core.studies.sparse.codes import FOLDER, OPENING
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

NAME = families.DEFAULT_SDNETS[0]
QUICK = 8  # cases of the quick check


def run(asked: Asked) -> Path:
    """Ask the network about every case, and write its record."""
    network = networks.load(networks.find(NAME))
    path = asked.results / FOLDER.name / rescue.RECORD.format(NAME)
    save(path, record(network, rescue.run(network, rescue.planned(), asked.progress)))
    return path


def record(network: Network, cases: list[rescue.Case]) -> rescue.Rescue:
    return rescue.Rescue(
        network=network.card.name,
        arch=network.card.arch,
        digest=network.digest,
        data="the sample pictures, the opening one under twelve draws of every noise, the others under one",
        command=command(f"rescue:{NAME}"),
        training=float(coded.sdnet_of(network).dictionary.lam),
        cases=tuple(cases),
        **today(),
    )


def check(asked: Asked) -> list[Part]:
    """Some of the cases again: how often the answer is the clean one at the opening's lambda."""
    before = there(rescue.measured(asked.packaged / FOLDER.name, NAME)).cases
    which = np.sort(np.random.default_rng(asked.seed).choice(len(before), QUICK, replace=False))
    some = [before[i] for i in which]
    plan = [(case.picture, case.noise, case.seed) for case in some]
    now = rescue.run(networks.load(networks.find(NAME)), plan, asked.progress)
    shares = [np.mean([OPENING.lam in case.right for case in cases]) for cases in (some, now)]
    return [share(f"answers as without noise at λ = {OPENING.lam:g}", float(shares[0]), float(shares[1]), QUICK)]


RESCUE = Measurement(
    f"rescue:{NAME}",
    f"{FOLDER.name}/{rescue.RECORD.format(NAME)}",
    (),
    (NAME,),
    2,
    run,
    Quick(f"{QUICK} of the cases again", 8, check),
)
