"""Facts that follow from a definition: computed from the code itself, on pictures that come along, in about a minute.

Nothing here needs a data set. `fact` reads what core.reproduce.facts wrote down of them, so that a page that shows
them imports no torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.claims import records
from core.claims.claim import Ours
from core.claims.numbers import OVER_SEEDS, PERCENT, interval, number, over_seeds
from core.networks.packaged import SDNETS, title_of
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLES, load_sample
from core.studies.patch.paper import REEVALUATED

ENERGY_ABOVE = (0.50, 0.18, 0.076, 0.033, 0.015, 0.007, 0.003)  # above pi/2, 1 to 7 taps
VGG, BAGNETS, LARGEST_BAGNET = "cifar_vgg", ("photo_bagnet9", "photo_bagnet33"), "photo_bagnet33"
SMALL_BAGNET = "photo_bagnet9"
PICTURE = f"the sample picture {DEFAULT_SAMPLE}"
DEFINITION = "computed from the definition; no data"
MASK = 4  # px
MILLION = 1e6
STEPS_COMPARED = 10  # of FISTA
SEEDS = range(5)
DIGITS_FEATURES, DIGITS_KERNEL, DIGITS_DEPTH = 4_000, 3, 1
REGRESSION_INPUTS = 8
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Fact:
    """A quantity as its claim names it; `low` and `high` are the value's own where it is exact."""

    value: float
    shown: str
    data: str = DEFINITION
    low: float | None = None
    high: float | None = None


def fact(name: str, results: Path) -> Ours | None:
    """What was written down of the fact `name`, None if nothing was."""
    record = records.exact(results)
    found = record.get("facts", {}).get(name)
    return None if found is None else Ours(**found, date=record["date"])


def tiny(value: float) -> str:
    """'2 × 10⁻⁷', '0'."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.0e}".split("e")
    return f"{mantissa} × 10{str(int(power)).translate(RAISED)}"


# ---- anti-aliasing -------------------------------------------------------------------------------


def circular_distance() -> Fact:
    """Largest internal distance at multiples of each layer's own stride; the pooled features have none."""
    from core.networks import packaged
    from core.studies.shift.inside import internal_distance

    found = internal_distance(packaged.load(packaged.find(VGG)), load_sample(DEFAULT_SAMPLE), "circular")
    layers = list(zip(found.strides, found.distance, strict=True))[:-1]
    at = max(float(distance[::stride, ::stride].max()) for stride, distance in layers)
    between = max(float(distance.max()) for _, distance in layers)
    return Fact(
        at,
        f"largest distance {tiny(at)} at multiples of the stride ({between:.2f} at other shifts), {len(layers)} layers",
        f"{title_of(VGG)}, circular padding, {PICTURE}",
    )


def blur_energy() -> Fact:
    """How many of the seven energies that may alias the binomial kernels give (Zhang, ICML 2019, §3.2)."""
    from core.studies.shift.inside import blur_response

    found = [blur_response(size).energy_above for size in range(1, len(ENERGY_ABOVE) + 1)]
    # as many digits as the number that it is compared with
    digits = [2 if known > 0.1 else 3 for known in ENERGY_ABOVE]
    right = sum(round(e, d) == known for e, d, known in zip(found, digits, ENERGY_ABOVE, strict=True))
    return Fact(right, ", ".join(f"{e:.4f}" for e in found) + " for 1 to 7 taps")


# ---- patches -------------------------------------------------------------------------------------


def mean_of_patches() -> Fact:
    """The mean of the dense logits against the image's logits, relative to the largest of them."""
    import torch

    from core.compute import patches
    from core.networks import packaged
    from core.pictures.preprocess import square, to_tensor

    apart = []
    for name in BAGNETS:
        network = packaged.load(packaged.find(name))
        net = patches.bagnet_of(network)
        prep = network.preprocessing
        x = to_tensor(square(load_sample(DEFAULT_SAMPLE), prep.size), prep)
        with torch.inference_mode():
            whole = net(x[None])[0].numpy()
        apart.append(float(np.abs(patches.evidence(net, x).mean((1, 2)) - whole).max() / np.abs(whole).max()))
    worst = max(apart)
    names = " and ".join(title_of(name) for name in BAGNETS)
    return Fact(worst, f"largest relative difference {tiny(worst)}", f"{names}, {PICTURE}")


def shifted_passes() -> Fact:
    """The map of 64 shifted dense passes against one forward pass a pixel, relative to the largest evidence."""
    from core.compute import patches
    from core.networks import packaged
    from core.pictures.preprocess import square, to_tensor

    network = packaged.load(packaged.find(LARGEST_BAGNET))
    net, prep = patches.bagnet_of(network), network.preprocessing
    x = to_tensor(square(load_sample(DEFAULT_SAMPLE), prep.size), prep)
    rows, columns = np.mgrid[: prep.size, : prep.size]
    pixels = np.stack([rows.ravel(), columns.ravel()], 1)
    one_by_one = patches.alone(net, x, pixels, net.patch)  # (n, K)
    dense = patches.full(net, x).reshape(one_by_one.shape[1], -1).T
    apart = float(np.abs(dense - one_by_one).max() / np.abs(one_by_one).max())
    return Fact(
        apart,
        f"largest relative difference {tiny(apart)} over {len(pixels):,} patches: {patches.count_leaves(1)} dense "
        f"passes instead of {len(pixels):,}",
        f"{title_of(LARGEST_BAGNET)}, {PICTURE} at {prep.size} px",
    )


def masks_add_up() -> Fact:
    """Of two masks that no patch meets both: the joint change of the logit less the sum of the single ones."""
    from core.networks import packaged
    from core.pictures.preprocess import square
    from core.studies.patch.interaction import Params, run

    network = packaged.load(packaged.find(SMALL_BAGNET))
    pixels = square(load_sample(DEFAULT_SAMPLE), network.preprocessing.size)
    target = 0
    found = run([network], pixels, target, Params(side=MASK))
    far = found.distance >= (found.patches[0] or 0) + MASK
    scale = float(np.abs(found.both).max())
    apart, near = (float(np.abs(found.departure[0][which]).max() / scale) for which in (far, ~far))
    return Fact(
        apart,
        f"largest departure from the sum {tiny(apart)} of the largest change over {int(far.sum())} pairs further apart "
        f"than a patch and a mask ({PERCENT * near:.0f} % over the {int((~far).sum())} nearer pairs)",
        f"{title_of(SMALL_BAGNET)}, masks of {MASK} px, {PICTURE}",
    )


def bagnet_parameters() -> Fact:
    """The largest difference, in millions, between the BagNets' numbers of parameters and those reported."""
    import torch

    from core.models import create_model
    from core.models.counting import parameters

    with torch.device("meta"):
        millions = {q: parameters(create_model(f"bagnet{q}")) / MILLION for q in REEVALUATED}
    apart = max(abs(found - REEVALUATED[q][2]) for q, found in millions.items())
    listed = ", ".join(f"{found:.2f}" for found in millions.values())
    return Fact(apart, f"{listed} million for patches of {', '.join(map(str, millions))} px; at most {apart:.3f} apart")


# ---- sparse codes --------------------------------------------------------------------------------


def fista_gaps() -> np.ndarray:
    """(pictures, STEPS_COMPARED) relative distance, in %, of the paper's iterates from textbook FISTA's."""
    from itertools import islice

    import torch

    from core.compute.coded import sdnet_of
    from core.networks import packaged
    from core.pictures.preprocess import square, to_tensor

    network = packaged.load(packaged.find(SDNETS[0]))
    dictionary = sdnet_of(network).dictionary
    gaps = []
    for sample in SAMPLES:
        x = to_tensor(square(load_sample(sample.name), network.preprocessing.size), network.preprocessing)[None]
        with torch.inference_mode():
            paths = [islice(dictionary.iterates(x, dictionary.lam, s), STEPS_COMPARED) for s in ("paper", "textbook")]
            gaps.append([PERCENT * float((a - b).norm() / b.norm()) for a, b in zip(*paths, strict=True)])
    return np.array(gaps)


def fista_two_steps() -> Fact:
    apart = float(fista_gaps()[:, :2].max())
    return Fact(apart, f"{tiny(apart)} % apart after one and two steps, at most", fista_data())


def fista_later_steps() -> Fact:
    """The mean over pictures, and its range over the steps."""
    later = fista_gaps()[:, 2:].mean(0)
    low, high = float(later.min()), float(later.max())
    return Fact(
        float(later.mean()),
        f"{number(low, 1)} to {number(high, 1)} % apart after 3 to {STEPS_COMPARED} steps, mean over pictures",
        f"{fista_data()}; the interval is the range over the steps",
        low,
        high,
    )


def fista_data() -> str:
    return f"the first layer of {title_of(SDNETS[0])} at its own λ, {len(SAMPLES)} sample pictures"


# ---- random features -----------------------------------------------------------------------------


def sign_means() -> Fact:
    """Of the features of scikit-learn's digits: the mean of a sign map less 2 PPV - 1."""
    import torch

    from core.compute import sign_counts
    from core.data import named

    pixels = named.load("digits", split="test").pixels
    net = sign_counts.build(sign_counts.Spec(1_000, DIGITS_KERNEL, DIGITS_DEPTH, 1, 0))
    with torch.inference_mode():
        x = torch.from_numpy(pixels).movedim(-1, 1).float() / 255
        positive = (net.features_map(x) > 0).double().mean((2, 3)).numpy()
    apart = float(np.abs(sign_counts.features(net, pixels) - (2 * positive - 1)).max())
    return Fact(
        apart,
        f"largest difference {tiny(apart)} over {positive.size:,} features",
        f"{len(pixels)} of scikit-learn's digits",
    )


def similarity_ratio() -> Fact:
    """The pixels' ratio of similarities less the random features', on digits. Raises ValueError for too few seeds."""
    from core.compute import spaces
    from core.compute.sign_counts import Spec
    from core.compute.similarity import similarity
    from core.data import named

    test = named.load("digits", split="test")
    plain = similarity(spaces.pixels(test.pixels), test.labels).ratio
    specs = [Spec(DIGITS_FEATURES, DIGITS_KERNEL, DIGITS_DEPTH, 1, seed) for seed in SEEDS]
    ratios = [similarity(spaces.random(test.pixels, spec), test.labels).ratio for spec in specs]
    found = over_seeds([plain - ratio for ratio in ratios])
    if found is None:
        raise ValueError(f"expected three seeds or more, got {len(ratios)}: an interval needs them")
    return Fact(
        found.value,
        f"{interval(found, '', 3, sign=True)}: ratio {plain:.3f} of pixels, {np.mean(ratios):.3f} of "
        f"{DIGITS_FEATURES:,} random features",
        f"{len(test)} of scikit-learn's digits; cosine of all pairs between classes over within, a definition of ours; "
        f"{OVER_SEEDS.format(len(ratios))}",
        found.low,
        found.high,
    )


# ---- spinal heads --------------------------------------------------------------------------------


def head_multiplications(plain: str, spinal: str, features: int) -> Fact:
    """Multiplications of the spinal head, beside those of the plain one."""
    from core.models import create_model
    from core.models.counting import multiplications

    heads = (create_model(name).get_submodule("head") for name in (plain, spinal))
    before, after = (multiplications(head, features) for head in heads)
    return Fact(after, f"{before:,} → {after:,} multiplications ({number(PERCENT * (after / before - 1), 1)} %)")


def regression_counts(count: str) -> Fact:
    """`count`: multiplications, parameters, or the live parameters of the published form."""
    from core.models import counting
    from core.models.spinal import PublishedRegression
    from core.models.spinal_networks import regression_fc, regression_spinal

    if count == "live":
        every = counting.parameters(PublishedRegression())
        found = counting.live(PublishedRegression(), REGRESSION_INPUTS)
        return Fact(found, f"a gradient reaches {found:,} of {every:,} parameters")
    if count == "parameters":
        before, after = (counting.parameters(net) for net in (regression_fc(), regression_spinal()))
    else:
        nets = (regression_fc(), regression_spinal())
        before, after = (counting.multiplications(net, REGRESSION_INPUTS) for net in nets)
    return Fact(after, f"{before:,} → {after:,} {count} ({number(PERCENT * (after / before - 1), 1)} %)")


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
