"""What bags of local features are said to do (Brendel & Bethge, ICLR 2019), and how this project measured it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from core import networks
from core.base.heavy import torch
from core.base.records import kept, raw
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, Claim, Ours, untested
from core.claims.fact import PICTURE, Fact, fact, tiny
from core.claims.numbers import OVER_PICTURES, PERCENT, Estimate
from core.claims.trained import unlike
from core.compute import patches
from core.compute.attributions import EVIDENCE, RANDOM
from core.models import create_model
from core.models.counting import parameters
from core.networks.card import Network, title_of
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies.patch import dataset
from core.studies.patch import scrambled as scrambled_photographs
from core.studies.patch.dataset import Measured, Summary
from core.studies.patch.interaction import Params, run
from core.studies.patch.paper import PAPER_TOP5, REEVALUATED

Told = tuple[Estimate, str, str]  # a quantity, what follows it in words, and whose data it is of
STUDY = "patch_evidence"
PAPER = "Brendel & Bethge 2019, the authors' repository"
REEVALUATION = f"{claim.REEVALUATED} of the authors' weights"
NOTES = "secondary notes on Brendel & Bethge 2019"
DEFINED = f"{claim.DEFINED} of Brendel & Bethge 2019, computed by us"
LISTED = "an experiment of Brendel & Bethge 2019"
PHOTOGRAPHS = {"patch-family": "photographs"}
LITES = ("lite0_local", "lite0")
TOP5_OF_17 = 80.5
VGG_BEFORE, VGG_AFTER = 90.1, 79.4  # top-5 of VGG-16 on pictures whose texture is scrambled
NEAR = 5.0  # points: our reading of "near"
ALIKE = 0.5  # correlation: our reading of "the same classes"
TILES = 4  # a side: tiles of 16 px
SMALLEST, MIDDLE, LARGEST = REEVALUATED


def rate(found: Summary, patch: int | None, top5: bool) -> Estimate:
    """Top-1 or top-5 accuracy of the BagNet of this patch, None for the residual network, in percent."""
    i = found.patches.index(patch)
    if top5:
        return numbers.percent(found.top5[i], found.top5_interval[i])
    return numbers.percent(found.accuracy[i], found.accuracy_interval[i])


def about(record: Measured) -> str:
    return f"{record.data}; {OVER_PICTURES}"


def rises(top5: bool, record: Measured) -> Told | None:
    """Rank correlation of patch size and accuracy."""
    if not set(REEVALUATED) <= set(record.summary.patches):
        return None
    values = [rate(record.summary, q, top5) for q in REEVALUATED]
    found = numbers.rank_correlation(list(REEVALUATED), values)
    listed = ", ".join(f"{q} px: {numbers.around(v)} %" for q, v in zip(REEVALUATED, values, strict=True))
    shown = f"rank correlation {numbers.interval(found)}; {listed} ({record.summary.images:,} pictures)"
    return found, shown, f"{about(record)}, drawn {numbers.DRAWS:,} times from their intervals"


def alike(record: Measured, *patches: int | None) -> str:
    """Whether the networks of these patches, None for the residual one, were trained alike, in words."""
    return unlike(*(record.summary.networks[record.summary.patches.index(patch)] for patch in patches))


def gap(patch: int, other: int | None, record: Measured) -> Told | None:
    """Top-5 of one network minus that of another, in points."""
    if not {patch, other} <= set(record.summary.patches):
        return None
    a, b = (rate(record.summary, q, True) for q in (patch, other))
    found = numbers.minus(a, b)
    against = "the residual network" if other is None else f"{other} px"
    shown = (
        f"{numbers.interval(found, 'points', sign=True)}: {numbers.around(a)} % with patches of {patch} px, "
        f"{numbers.around(b)} % with {against} ({record.summary.images:,} pictures{alike(record, patch, other)})"
    )
    return found, shown, about(record)


def scrambled(record: Measured) -> Told | None:
    """What the residual network loses where the tiles of a picture are shuffled, in points."""
    if record.scramble is None or TILES not in record.scramble.tiles:
        return None
    found, n = record.summary, record.summary.images
    i, t = found.patches.index(None), record.scramble.tiles.index(TILES)
    before, after = rate(found, None, False), numbers.share(float(record.scramble.accuracy[i, t]), n)
    lost = numbers.minus(before, after)
    shown = (
        f"{numbers.interval(lost, 'points')} lost: {numbers.around(before)} % → {numbers.around(after)} % with "
        f"{TILES} × {TILES} tiles shuffled ({n:,} pictures)"
    )
    return lost, shown, f"{about(record)}; tiles are shuffled here, the paper scrambles textures"


def same_classes(record: Measured) -> Told | None:
    """Correlation, over classes, of the error rates of the largest patches and of the residual network."""
    found = record.summary
    if not {LARGEST, None} <= set(found.patches):
        return None
    i, j = found.patches.index(LARGEST), found.patches.index(None)
    estimate = Estimate(float(found.correlation[i, j]), *map(float, found.correlation_interval[i, j]))
    if np.isnan(estimate).any():
        return None
    shown = (
        f"r = {numbers.interval(estimate)} over {len(found.labels)} classes, patches of {LARGEST} px against the "
        f"residual network{alike(record, LARGEST, None)}"
    )
    return estimate, shown, f"{record.data}; about 95 %, {found.draws:,} bootstrap draws of the pictures"


def deletion(row: int, record: Measured) -> Told | None:
    """Mean area under the deletion curve in random order less that in the evidence's order. `row` 0: the BagNet's own
    answer, 1: the residual network's."""
    masked = record.masking
    if masked is None:
        return None
    means, halves = (values[row] for values in masked.of("deletion"))
    chance, evidence = (
        numbers.within(float(means[m]), float(halves[m])) for m in map(masked.methods.index, (RANDOM, EVIDENCE))
    )
    found = numbers.minus(chance, evidence)
    shown = (
        f"{numbers.interval(found, sign=True, digits=3)}: area {evidence.value:.3f} in the evidence's order, "
        f"{chance.value:.3f} in random order ({masked.images} pictures)"
    )
    return found, shown, f"{record.data}; 95 % over pictures"


def answered(measure: Callable[[Measured], Told | None], results: Path) -> Ours | None:
    """What `measure` tells of the packaged networks' record; None where that, or what it asks for, is not there."""
    record = patches_record(results)
    told = None if record is None else measure(record)
    return None if record is None or told is None else numbers.ours(*told, record.date)


def five_best(results: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """bool (N,) twice: whether the class of a photograph is among the five best of lite0 where it sees patches alone,
    and of lite0; None without their records."""
    local, whole = (kept(raw, results / "imagenet" / f"{name}.json") for name in LITES)
    if not (local and whole):
        return None
    return np.array(local["five"]), np.array(whole["five"])[:: local["step"]]


def on_lite0(results: Path) -> Ours | None:
    """Top-5 of lite0 where it sees patches alone minus that of whole pictures, the same photographs, in points."""
    pair, local = five_best(results), kept(raw, results / "imagenet" / f"{LITES[0]}.json")
    if pair is None or local is None:
        return None
    mine, theirs = pair
    return numbers.ours(
        found := numbers.paired(mine, theirs),
        f"{numbers.interval(found, 'points', sign=True)}: {PERCENT * mine.mean():.1f} % with patches of {LARGEST} px, "
        f"{PERCENT * theirs.mean():.1f} % with the whole picture ({len(mine):,} photographs)",
        f"{local['data']}; 95 % over photographs",
        local["date"],
    )


def lite0_scrambled(name: str, results: Path) -> Ours | None:
    """What lite0 or its copy loses of top-5 where the tiles of a photograph are shuffled, in points."""
    record = kept(scrambled_photographs.measured, results / scrambled_photographs.RECORD)
    if record is None or name not in record.networks or record.tiles[1:] != (TILES,):
        return None
    before, after = record.of(name)
    return numbers.ours(
        lost := numbers.paired(before, after),
        f"{numbers.interval(lost, 'points')} lost: {PERCENT * before.mean():.1f} % → {PERCENT * after.mean():.1f} % "
        f"with {TILES} × {TILES} tiles shuffled ({len(before):,} photographs)",
        f"{record.data}; 95 % over photographs; tiles are shuffled here, the paper scrambles textures",
        record.date,
    )


def shares(column: int) -> str:
    """'46.39 → 58.80 → 66.66 %' of the re-evaluation; column 0 is top-1, 1 is top-5."""
    return " → ".join(f"{row[column]:.2f}" for row in REEVALUATED.values()) + " % (ImageNet, 9 → 17 → 33 px)"


def measured(
    name: str,
    sentence: str,
    paper: str,
    source: str,
    quantity: str,
    holds: tuple[float, float],
    measure: Callable[[Measured], Told | None],
    settings: dict[str, str],
) -> Claim:
    """A claim that the packaged networks' record answers."""
    asked, there = partial(answered, measure), {**PHOTOGRAPHS, **settings}
    return Claim(name, STUDY, sentence, paper, source, quantity, holds, asked, ("patches",), there)


def exact(
    name: str, sentence: str, paper: str, source: str, quantity: str, holds: tuple[float, float],
    settings: dict[str, str],
) -> Claim:  # fmt: skip
    return Claim(name, STUDY, sentence, paper, source, quantity, holds, partial(fact, name), ("exact",), settings)


BAGS = {"patch measured photographs": OPEN}
MASKED = {"patch masking": OPEN, "patch-masking-mode": "deletion", "patch-masking-q": "33"}
CLAIMS: tuple[Claim, ...] = (
    exact(
        "bagnet-mean-of-patches",
        "A picture's logit is the mean of its patches' logits.",
        "an identity",
        DEFINED,
        "largest difference between the mean and the logit, relative to the largest logit",
        (0.0, 2e-5),
        {**PHOTOGRAPHS, "patch-resolution": "coarse"},
    ),
    exact(
        "bagnet-shifted-passes",
        "The map around every pixel takes no forward pass a patch: 64 shifted dense passes give the same.",
        "50,176 forward passes for 224 × 224 px in the authors' code; 64 by the definition",
        DEFINED,
        "largest difference between the two maps, relative to the largest evidence",
        (0.0, 2e-5),
        {**PHOTOGRAPHS, "patch-resolution": "full"},
    ),
    exact(
        "bagnet-masks-add-up",
        "Two masks further apart than a patch change the logit by the sum of what each changes alone.",
        "",
        LISTED,
        "largest departure of the joint change from the sum, relative to the largest change",
        (0.0, 2e-5),
        {**PHOTOGRAPHS, "patch-mask": "4", "patch interaction": OPEN},
    ),
    exact(
        "bagnet-parameters",
        "The BagNets have 15.7, 16.2 and 18.3 million parameters.",
        " / ".join(f"{row[2]:.1f}" for row in REEVALUATED.values()) + " million (9, 17, 33 px)",
        REEVALUATION,
        "largest difference from the three numbers, millions",
        (0.0, 0.05),
        {"patch-family": "ImageNet"},
    ),
    measured(
        "patch-size-top1", "The larger the patches, the better the first answer.", shares(0), REEVALUATION,
        "rank correlation of patch size with top-1 accuracy", (0.0, 1.0), partial(rises, False), BAGS,
    ),
    measured(
        "patch-size-top5", "The larger the patches, the more often the class is among the five best.", shares(1),
        REEVALUATION, "rank correlation of patch size with top-5 accuracy", (0.0, 1.0), partial(rises, True), BAGS,
    ),
    measured(
        "patch-33-near-resnet", "Patches of 33 px alone come near a network that sees the whole picture.",
        f"{PAPER_TOP5[LARGEST]} % top-5 (ImageNet, 33 px)", PAPER,
        f"top-5 of 33 px minus the residual network's, points; near: within {NEAR:g}, our reading",
        (-NEAR, NEAR), partial(gap, LARGEST, None), BAGS,
    ),
    Claim(
        "patch-33-near-lite0", STUDY,
        "Patches of 33 px alone come near an ImageNet network that sees the whole picture.",
        f"{PAPER_TOP5[LARGEST]} % top-5 (ImageNet, 33 px)", PAPER,
        f"top-5 of lite0_local minus that of lite0, points; near: within {NEAR:g}, our reading",
        (-NEAR, NEAR), on_lite0, tuple(f"imagenet:{name}" for name in LITES),
        {"patch-family": "ImageNet", "patch measured imagenet": OPEN},
        less="training: lite0 learned what enlarged patches look like, on a few thousand photographs",
    ),
    measured(
        "patch-17-near-33", "Patches of 17 px lose little against patches of 33 px.",
        f"{TOP5_OF_17} % top-5 with 17 px, {PAPER_TOP5[LARGEST]} % with 33 px (ImageNet)", NOTES,
        "top-5 of 17 px minus 33 px, points; little: no more than in the paper",
        (TOP5_OF_17 - PAPER_TOP5[LARGEST], float("inf")), partial(gap, MIDDLE, LARGEST), BAGS,
    ),
    measured(
        "resnet-fails-on-scrambled", "A residual network fails where a picture's parts are scrambled.",
        f"VGG-16 keeps {VGG_BEFORE} % → {VGG_AFTER} % top-5; ResNet and DenseNet fail", NOTES,
        f"points of accuracy lost with {TILES} × {TILES} tiles shuffled; to fail: to lose more than that VGG-16",
        (VGG_BEFORE - VGG_AFTER, 100.0), scrambled,
        {"patch-tiles": str(TILES), "patch scramble": OPEN},
    ),
    *(
        Claim(
            f"{name.replace('_', '-')}-on-scrambled", STUDY, sentence,
            f"VGG-16 keeps {VGG_BEFORE} % → {VGG_AFTER} % top-5; ResNet and DenseNet fail", NOTES,
            f"points of top-5 that {title_of(name)} loses with {TILES} × {TILES} tiles shuffled; {meaning}",
            holds, partial(lite0_scrambled, name), ("scrambled",),
            {"patch-family": "ImageNet", "patch-tiles": str(TILES), "patch scramble": OPEN},
        )
        for name, sentence, meaning, holds in (
            (LITES[1], "A mobile ImageNet network fails where a picture's parts are scrambled.",
             "to fail: to lose more than that VGG-16", (VGG_BEFORE - VGG_AFTER, 100.0)),
            (LITES[0], "Where it sees patches alone, it survives that.",
             "to survive: to lose no more than that VGG-16", (-100.0, VGG_BEFORE - VGG_AFTER)),
        )
    ),
    measured(
        "bagnet-same-hard-classes", "Bags of features find the same classes hard as a residual network.", "", LISTED,
        f"correlation of the two networks' error rates over classes; alike: above {ALIKE}, our reading",
        (ALIKE, 1.0), same_classes,
        {"patch-errors-over": "classes", **BAGS},
    ),
    measured(
        "evidence-own-deletion", "Masking the most supportive patches first takes the bag of features' answer away.",
        "", LISTED, "area under the deletion curve, random order minus the evidence's", ABOVE_0,
        partial(deletion, 0), MASKED,
    ),
    measured(
        "evidence-resnet-deletion", "Its evidence points at what a residual network uses, too.",
        "", LISTED, "area under the residual network's deletion curve, random order minus the evidence's", ABOVE_0,
        partial(deletion, 1), MASKED,
    ),
    untested(
        "vgg16-survives-scrambling", STUDY, "VGG-16 survives scrambled texture.",
        f"{VGG_BEFORE} % → {VGG_AFTER} % top-5 (ImageNet)", NOTES,
        "this project has no copy of ImageNet's test pictures to make textures from, nor a VGG-16; what 250 other "
        "photographs of its kinds bear out stands in the rows on lite0",
        {**PHOTOGRAPHS, "patch-tiles": str(TILES), "patch scramble": OPEN},
    ),
    untested(
        "bagnet-speed", STUDY, "A bag of features answers more slowly than a residual network.",
        "155 pictures a second against 570 of ResNet-50", NOTES,
        "the figure is a GPU's; a time on two cores would tell of them", {"patch-family": "ImageNet"},
    ),
)  # fmt: skip


SMALL_BAGNET, LARGE_BAGNET = BAGNETS = "photo_bagnet9", "photo_bagnet33"
MASK = 4  # px


def on_sample(name: str) -> tuple[Network, np.ndarray]:
    """A packaged network, and the sample picture as it sees it, uint8 (S, S, 3)."""
    network = networks.load(networks.find(name))
    return network, square(load_sample(DEFAULT_SAMPLE), network.preprocessing.size)


def mean_of_patches() -> Fact:
    """The mean of the dense logits against the image's logits, relative to the largest of them."""
    apart = []
    for name in BAGNETS:
        network, pixels = on_sample(name)
        net, x = patches.bagnet_of(network), to_tensor(pixels, network.preprocessing)
        with torch.inference_mode():
            whole = net(x[None])[0].numpy()
        apart.append(float(np.abs(patches.evidence(net, x).mean((1, 2)) - whole).max() / np.abs(whole).max()))
    worst = max(apart)
    names = " and ".join(title_of(name) for name in BAGNETS)
    return Fact(worst, f"largest relative difference {tiny(worst)}", f"{names}, {PICTURE}")


def shifted_passes() -> Fact:
    """The map of 64 shifted dense passes against one forward pass a pixel, relative to the largest evidence."""
    network, picture = on_sample(LARGE_BAGNET)
    net, x = patches.bagnet_of(network), to_tensor(picture, network.preprocessing)
    pixels = np.indices(picture.shape[:2]).reshape(2, -1).T
    one_by_one = patches.alone(net, x, pixels, net.patch)  # (n, K)
    dense = patches.full(net, x).reshape(one_by_one.shape[1], -1).T
    apart = float(np.abs(dense - one_by_one).max() / np.abs(one_by_one).max())
    return Fact(
        apart,
        f"largest relative difference {tiny(apart)} over {len(pixels):,} patches: {patches.count_leaves(1)} dense "
        f"passes instead of {len(pixels):,}",
        f"{title_of(LARGE_BAGNET)}, {PICTURE} at {len(picture)} px",
    )


def masks_add_up() -> Fact:
    """Of two masks that no patch meets both: the joint change of the logit less the sum of the single ones."""
    network, pixels = on_sample(SMALL_BAGNET)
    found = run([network], pixels, 0, Params(side=MASK))
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
    with torch.device("meta"):
        millions = {q: parameters(create_model(f"bagnet{q}")) / 1e6 for q in REEVALUATED}
    apart = max(abs(found - REEVALUATED[q][2]) for q, found in millions.items())
    listed = ", ".join(f"{found:.2f}" for found in millions.values())
    return Fact(apart, f"{listed} million for patches of {', '.join(map(str, millions))} px; at most {apart:.3f} apart")


def patches_record(results: Path) -> dataset.Measured | None:
    return kept(dataset.measured, results / "patch_evidence")
