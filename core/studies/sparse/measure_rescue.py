"""Search for noises under which turning lambda brings the answer back, and write down how often it did.

The opening example of the page is one of these cases, so the page says how many there were.
"""

from __future__ import annotations

from pathlib import Path

from core import networks
from core.base.files import today
from core.base.records import save
from core.compute import coded
from core.networks import families
from core.networks.card import Network
from core.studies.sparse import rescue
from core.studies.sparse.codes import FOLDER
from core.training.measurement import Asked, Measurement, command

NAME = families.DEFAULT_SDNETS[0]


def run(asked: Asked) -> Path:
    """Ask the network about every case, and write its record."""
    network = networks.load(networks.find(NAME))
    path = asked.results / FOLDER.name / rescue.RECORD.format(NAME)
    save(path, record(network, rescue.run(network, rescue.planned(), asked.progress)))
    return path


def record(network: Network, cases: list[rescue.Case]) -> rescue.Rescue:
    """What is kept of the cases that were tried with a network."""
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


RESCUE = Measurement(
    f"rescue:{NAME}",
    f"{FOLDER.name}/{rescue.RECORD.format(NAME)}",
    (),
    (NAME,),
    2,
    run,
)
