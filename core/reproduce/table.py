"""How each measurement is re-checked within seconds: the table, and those that take a subset of the pictures.

Where packaged networks are tested, a seeded subset of the test pictures is measured by the same code into a temporary
folder, from which the claims are computed as they are from the packaged records. For the others see reproduce_parts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from core import networks
from core.base.worker import part
from core.claims import fact
from core.compute.attributions import EVIDENCE, RANDOM
from core.reproduce import facts
from core.reproduce.run import SHIFTED, TOLD
from core.studies.patch import measure as ship_patches
from core.studies.patch.masking import Params as Masking
from core.studies.random import claims as random_claims
from core.studies.random import measure_again, measure_retrieval
from core.studies.shift import claims as shift_claims
from core.studies.shift import measure as shift_measure
from core.studies.shift import measure_pairs
from core.studies.sparse import attack_dataset, claims, measure_attack
from core.studies.sparse import measure as ship_sparse
from core.studies.sparse.dataset import FIXED
from core.studies.spinal import measure_again as spinal_measure_again
from core.training import ship
from core.training.measurement import (
    CIFAR,
    COREL,
    FEATURES,
    PHOTOGRAPHS,
    POINT,
    Asked,
    Check,
    Part,
    percent,
    share,
    there,
)

SHIFT_PICTURES, SHIFT_FEW = 500, 200  # test pictures; those of them at every small shift and corrupted
PAIRED_PICTURES, PAIRS = 400, 4
TOLD_PICTURES = 1_000
PATCH_PICTURES, PATCH_MASKED = 300, 12
NOISY_PICTURES, NOISY_FEW = 200, 60  # with Gaussian noise; with the others
ATTACKED = 30
QUERIES = 60


def exact(asked: Asked) -> list[Part]:
    facts.measure(asked.results / fact.EXACT, progress=asked.progress)
    return []


def shift(dataset: str, name: str, asked: Asked) -> list[Part]:
    some = asked.test(dataset, SHIFT_PICTURES)
    shift_measure.measure(name, some, asked.results / "shift_sweep", asked.progress, few=SHIFT_FEW)
    return []


def shift_pairs(asked: Asked) -> list[Part]:
    """Fewer pictures and pairs of shifts, the same networks and the same code."""
    tests = {name: asked.test(name, PAIRED_PICTURES) for name in measure_pairs.PLANS}
    few = replace(measure_pairs.PARAMS, pairs=PAIRS)
    measure_pairs.measure(tests, asked.progress, asked.results / shift_claims.SHIFT_PAIRS, few)
    return []


def told(name: str, asked: Asked) -> list[Part]:
    network, some = networks.load(networks.find(name)), asked.test(CIFAR, TOLD_PICTURES)
    found = ship.accuracy(network.engine.plain, some, network.preprocessing, asked.progress)
    return [share(f"accuracy of {name}", network.card.test_accuracy or 0.0, found, len(some))]


def patches(asked: Asked) -> list[Part]:
    """A subset of the photographs, fewer still masked, by the evidence and by chance alone."""
    some = asked.test(PHOTOGRAPHS, PATCH_PICTURES)
    two = Masking(methods=(EVIDENCE, RANDOM), seed=ship_patches.SEED)
    folder = asked.results / "patch_evidence"
    ship_patches.measure(some, asked.progress, folder=folder, masked=PATCH_MASKED, masking=two)
    return []


def sparse(asked: Asked) -> list[Part]:
    """Each network with the packaged line; besides, its accuracy over the levels of each noise, as trained."""
    train, some = asked.data.split(CIFAR, "train"), asked.test(CIFAR, NOISY_PICTURES)
    packaged = claims.sparse_record(asked.packaged)
    for i, name in enumerate(ship_sparse.NAMES):
        watch = part(asked.progress, i, len(ship_sparse.NAMES))
        ship_sparse.measure_network(
            *(name, train, some),
            percent(watch),
            asked.results / "sparse_codes",
            few=NOISY_FEW,
            line=packaged[name].fit,
        )
    fresh = claims.sparse_record(asked.results)
    return [
        share(
            f"accuracy of {name} under {kind} noise, mean over levels",
            float(packaged[name].results[kind].accuracy(FIXED).mean()),
            float(now.accuracy(FIXED).mean()),
            now.images,
        )
        for name in ship_sparse.NAMES
        for kind, now in fresh[name].results.items()
    ]


def sparse_attack(asked: Asked) -> list[Part]:
    """At the one radius that the claim is told at, with as many steps and starts."""
    radii = {norm: (eps,) for norm, eps in attack_dataset.CONVERGENCE_EPS.items()}
    steps, starts = measure_attack.PARAMS.steps, measure_attack.PARAMS.restarts
    measure_attack.measure(
        asked.test(CIFAR, ATTACKED),
        asked.progress,
        folder=asked.results / "sparse_codes",
        attacked=ATTACKED,
        eps=radii,
        steps=(steps // 2, steps),
        restarts=(1, starts),
    )
    return []


def retrieval(asked: Asked) -> list[Part]:
    """With one draw of the features over the whole gallery; besides, that draw's precision and the pixels' own."""
    spec = measure_retrieval.COREL_SPECS[asked.seed % len(measure_retrieval.COREL_SPECS)]
    folder = asked.results / FEATURES
    measure_retrieval.measure_retrieval(asked.data.given(COREL), asked.progress, folder=folder, specs=(spec,))
    before, now = (there(random_claims.retrieval_record(path)) for path in (asked.packaged, asked.results))
    found = []
    for ranking in now.rankings:
        old = next(r for r in before.of(ranking.space, ranking.metric) if r.seed == ranking.seed)
        what = f"mean average precision by {ranking.space} ({ranking.metric})"
        found.append(Part(what, old.average, ranking.average, POINT / 2))
    return found


def background(asked: Asked) -> list[Part]:
    """Fewer queries among all neighbours, with one draw of the features."""
    spec = measure_retrieval.BACKGROUND_SPECS[asked.seed % len(measure_retrieval.BACKGROUND_SPECS)]
    train, some = asked.data.split(PHOTOGRAPHS, "train"), asked.test(PHOTOGRAPHS, QUERIES)
    folder = asked.results / FEATURES
    measure_retrieval.measure_background(train, some, asked.progress, folder=folder, specs=(spec,))
    return []


FIRST = "the first epoch of one network of the race trained again, under the schedule of all"
CHECKS: dict[str, Check] = {
    "exact": Check("every fact computed again", 15, exact, True),
    **{
        f"weights:{name}": Check(
            f"accuracy of the packaged network on {TOLD_PICTURES:,} of the test pictures", 5, partial(told, name), False
        )
        for name in TOLD
    },
    **{
        f"shift:{name}": Check(
            f"{SHIFT_PICTURES} of the test pictures, {SHIFT_FEW} of them at every small shift",
            5,
            partial(shift, dataset, name),
            True,
        )
        for dataset, names in SHIFTED.items()
        for name in names
    },
    "shift-pairs": Check(
        f"{PAIRED_PICTURES} test pictures of each data set, {PAIRS} pairs of shifts", 20, shift_pairs, True
    ),
    "patches": Check(
        f"{PATCH_PICTURES} of the test photographs, {PATCH_MASKED} of them masked cell by cell", 25, patches, True
    ),
    "sparse": Check(
        f"{NOISY_PICTURES} of the test pictures with Gaussian noise, {NOISY_FEW} with each other; the packaged line",
        60,
        sparse,
        True,
    ),
    "sparse-attack": Check(
        f"{ATTACKED} of the test pictures, the packaged attack at the radius of the claim", 30, sparse_attack, True
    ),
    "random:digits": Check(
        "one draw of the features again", 3, partial(measure_again.random_curve, "digits", (250, 1_000, 4_000)), False
    ),
    "random:mnist": Check(
        "250 features of one draw again, all pictures", 30, partial(measure_again.random_curve, "mnist", (250,)), False
    ),
    "random:fashion-mnist": Check(
        "250 features of one draw again, all pictures",
        30,
        partial(measure_again.random_curve, "fashion-mnist", (250,)),
        False,
    ),
    "random:cifar10": Check(
        f"the packaged SVM of one draw and untrained networks on {measure_again.UNTRAINED_PICTURES} of the test "
        "pictures, raw pixels on all",
        90,
        measure_again.random_cifar,
        False,
    ),
    "retrieval": Check(
        "one draw of the features over the whole gallery, pixels and the trained network", 60, retrieval, True
    ),
    "background": Check(
        f"{QUERIES} of the test photographs among all neighbours, one draw of the features", 10, background, True
    ),
    "random-attack": Check(
        "one seed of the attack on digits again; CIFAR-10's takes minutes", 4, measure_again.substitute_attack, False
    ),
    "spinal:digits:small_cnn": Check(
        "one network of the race trained again",
        5,
        partial(spinal_measure_again.spinal, "digits", "small_cnn", None),
        False,
    ),
    "spinal:mnist:small_cnn": Check(FIRST, 6, partial(spinal_measure_again.spinal, "mnist", "small_cnn", 1), False),
    "spinal:fashion-mnist:small_cnn": Check(
        FIRST, 6, partial(spinal_measure_again.spinal, "fashion-mnist", "small_cnn", 1), False
    ),
    "spinal:mnist:vgg5": Check(FIRST, 20, partial(spinal_measure_again.spinal, "mnist", "vgg5", 1), False),
    "spinal:fashion-mnist:vgg5": Check(
        FIRST, 20, partial(spinal_measure_again.spinal, "fashion-mnist", "vgg5", 1), False
    ),
    "spinal:cifar10:cifar_vgg11": Check(
        FIRST, 40, partial(spinal_measure_again.spinal, CIFAR, "cifar_vgg11", 1), False
    ),
    "spinal-ablation": Check("one network of the ablation trained again", 4, spinal_measure_again.ablation, False),
    "spinal-transfer": Check(
        "one seed of every head trained alone again, and one with everything below it",
        20,
        spinal_measure_again.transfer,
        False,
    ),
    "spinal-regression": Check(
        "one seed of the paper's two targets trained again, plain and spinal",
        20,
        spinal_measure_again.regression,
        False,
    ),
}
