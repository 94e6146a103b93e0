"""Find the picture on which each claim can be seen: every study's probes on every sample picture.

Writes assets/results/claims/live.json, which the pages' "See it live" follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core import networks
from core.base import records
from core.base.files import ASSETS, today
from core.base.worker import each
from core.claims import live
from core.claims.live import Live, Lives, Probe
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.samples import SAMPLES, load_sample
from core.studies import STUDIES
from core.training.measurement import Asked, Measurement, command

PATH = ASSETS / "results" / live.RECORD
DIGITS = 4  # after the point


@dataclass(frozen=True)
class Loaded:
    """The sample pictures by name, and the networks of probes, each loaded once."""

    pictures: dict[str, RGBImage]
    networks: dict[str, Network]

    def of(self, probe: Probe) -> list[Network]:
        """The networks that a probe asks, each loaded once."""
        for name in probe.networks:
            if name not in self.networks:
                self.networks[name] = networks.load(networks.find(name))
        return [self.networks[name] for name in probe.networks]


def probes() -> dict[str, Probe]:
    """Every study's, by the claim's name."""
    return {name: probe for study in STUDIES for name, probe in study.probes.items()}


def measure(probe: Probe, loaded: Loaded) -> Live:
    """One claim on every picture."""
    found = [round(float(probe.measure(loaded.of(probe), image)), DIGITS) for image in loaded.pictures.values()]
    settings = tuple((name, str(value)) for name, value in probe.settings.items())
    return Live(probe.quantity, probe.least, tuple(loaded.pictures), tuple(found), settings)


def run(asked: Asked) -> Path:
    """Every probe on every sample picture, in about two minutes. Raises WeightsError, OSError."""
    path = asked.results / live.RECORD
    loaded = Loaded({sample.name: load_sample(sample.name) for sample in SAMPLES}, {})
    every = probes()
    found = {name: measure(every[name], loaded) for name in each(list(every), asked.progress)}
    about = {"command": command(LIVE.key), **today()}
    records.save(path, Lives(found, f"the {len(SAMPLES)} sample pictures"), about)
    return path


LIVE = Measurement(
    "live",
    live.RECORD,
    (),
    tuple(dict.fromkeys(name for probe in probes().values() for name in probe.networks)),
    2,
    run,
)
