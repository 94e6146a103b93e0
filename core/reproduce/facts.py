"""Write down the facts that follow from definitions: assets/results/claims/exact.json, for pages without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from core.base.files import ASSETS, today, write_json
from core.base.worker import Progress, each, ignore
from core.claims import fact
from core.claims.fact import Fact
from core.networks import families
from core.studies.patch.claims import bagnet_parameters, masks_add_up, mean_of_patches, shifted_passes
from core.studies.random.claims import sign_means, similarity_ratio
from core.studies.shift.claims import blur_energy, circular_distance
from core.studies.sparse.claims import fista_later_steps, fista_two_steps
from core.studies.spinal.claims import head_multiplications, regression_counts
from core.training.measurement import Asked, Measurement, Quick, command

PATH = ASSETS / "results" / fact.EXACT


def measure(path: Path = PATH, names: Sequence[str] | None = None, progress: Progress = ignore) -> Path:
    """Compute the facts of these names, all by default, and write PATH: about a minute on one core.

    Raises ValueError for an unknown name. `progress(done, total)` may raise to stop.
    """
    names = tuple(FACTS) if names is None else names
    if unknown := sorted(set(names) - set(FACTS)):
        raise ValueError(f"expected facts of {', '.join(FACTS)}, got {', '.join(unknown)}: choose among them")
    facts = {}
    for name in each(names, progress):
        found = FACTS[name]()
        exact = {"low": found.value, "high": found.value}
        facts[name] = {"value": found.value} | exact | {k: v for k, v in asdict(found).items() if v is not None}
    write_json(path, {"facts": facts, "command": command("exact"), **today()})
    return path


FACTS: dict[str, Callable[[], Fact]] = {
    "shift-equivariance-circular": circular_distance,
    "blur-energy": blur_energy,
    "bagnet-mean-of-patches": mean_of_patches,
    "bagnet-shifted-passes": shifted_passes,
    "bagnet-masks-add-up": masks_add_up,
    "bagnet-parameters": bagnet_parameters,
    "fista-two-steps": fista_two_steps,
    "fista-later-steps": fista_later_steps,
    "random-sign-means": sign_means,
    "random-similarity-ratio": similarity_ratio,
    "spinal-multiplications-small-cnn": lambda: head_multiplications("small_cnn", "spinal_small_cnn", 320),
    "spinal-multiplications-vgg5": lambda: head_multiplications("vgg5", "spinal_vgg5", 256),
    "spinal-multiplications-cifar-vgg": lambda: head_multiplications("vgg11_bn_cifar", "spinal_vgg11_bn_cifar", 512),
    "spinal-multiplications-regression": lambda: regression_counts("multiplications"),
    "spinal-parameters-regression": lambda: regression_counts("parameters"),
    "spinal-live-regression": lambda: regression_counts("live"),
}


def run(asked: Asked) -> Path:
    return measure(asked.results / fact.EXACT, progress=asked.progress)


EXACT = Measurement(
    "exact",
    fact.EXACT,
    (),
    ("cifar_vgg", "photo_bagnet9", "photo_bagnet33", families.SDNETS[0]),
    0.5,
    run,
    Quick("every fact computed again", 15, run, writes=True),
)
