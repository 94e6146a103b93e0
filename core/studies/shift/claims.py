"""What anti-aliasing is said to do (Zhang, ICML 2019), and how this project measured it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core import networks
from core.base.records import kept
from core.claims import claim, numbers
from core.claims.claim import ABOVE_0, OPEN, OURS, Claim, Earlier, Ours, Settings, untested
from core.claims.fact import PICTURE, Fact, fact, tiny
from core.claims.numbers import OVER_PICTURES, Estimate
from core.claims.trained import unlike
from core.networks.card import blur_of, title_of
from core.pictures.samples import DEFAULT_SAMPLE, load_sample
from core.studies.shift import dataset as shift_dataset
from core.studies.shift import pairs, photographs, resizers
from core.studies.shift.dataset import Measured
from core.studies.shift.inside import blur_response, internal_distance
from core.studies.shift.paper import IMAGENET

STUDY = "shift_sweep"
SOURCE = "Zhang 2019, the authors' repository"
DEFINED = f"{claim.DEFINED} of Zhang 2019, computed by us"
BLURS = ("cifar_vgg", "cifar_vgg_blur2", "cifar_vgg_blur3", "cifar_vgg_blur5", "cifar_vgg_blur7")
VGG = "cifar_vgg"
LITES, CONSISTENCY = (photographs.PLAIN, "lite0_blur5"), "consistency"
PHOTOS, VGGS = ("photo_resnet", "photo_resnet_blur5"), ("cifar_vgg", "cifar_vgg_blur5")
MEASURED = "shift measured"  # the page's folded part with the figure of a data set
APART = "two networks of one seed, by two separate intervals"
ONE_RUN = "two networks of one seed, picture by picture"
Read = Callable[[Measured], Estimate]


def paper(arch: str, column: int) -> str:
    """'85.11 % → 88.25 % (ImageNet, ResNet-18, baseline → blur 5)'; column 0 is the accuracy, 1 the consistency."""
    before, after = (IMAGENET[arch][i][column] for i in (0, -1))
    return f"{before:.2f} % → {after:.2f} % (ImageNet, {arch}, baseline → blur 5)"


def consistency(record: Measured) -> Estimate:
    return numbers.percent(record.summary.consistency, record.summary.consistency_interval)


def accuracy(record: Measured) -> Estimate:
    return numbers.share(record.summary.accuracy or 0.0, record.summary.images)


def worst(record: Measured) -> Estimate:
    return numbers.share(record.summary.worst_accuracy or 0.0, record.few_images)


def gain(read: Read, names: tuple[str, str], results: Path) -> Ours | None:
    """What blur 5 adds, in points."""
    found = shift_record(results)
    if not set(names) <= set(found):
        return None
    plain, blurred = (read(found[name]) for name in names)
    record = found[names[0]]
    count = record.few_images if read is worst else record.summary.images
    difference = numbers.minus(blurred, plain)
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {numbers.around(blurred)} % with blur 5, "
        f"{numbers.around(plain)} % without ({count:,} pictures{unlike(*names[::-1])})",
        f"{record.data}; {OVER_PICTURES}",
        record.date,
    )


def fair(kind: str, names: tuple[str, str], results: Path, *, first: bool = False) -> Ours | None:
    """What blur 5 adds, in points, to one of pairs.QUANTITIES: seed by seed, on the same pictures at the same shifts.
    `first`: of the first seed alone, where there are others."""
    found = pairs.find(*names, results)
    if found is None or (first and len(found[0].plain) == 1):
        return None
    row, date = found
    gained, n = row.gains[kind], 1 if first else len(row.plain)
    difference = gained.first if first else gained.estimate
    after, before = (numbers.PERCENT * sum(shares[:n]) / n for shares in (gained.blurred, gained.plain))
    each = ", ".join(
        numbers.number(numbers.PERCENT * (b - a), sign=True) for a, b in zip(gained.plain, gained.blurred, strict=True)
    )
    at = f" × {row.pairs} pairs of shifts" if kind == CONSISTENCY else ""
    seeds = f" × {n} seeds; by seed {each}" if n > 1 else ""
    apart = dict.fromkeys(unlike(b, p) for b, p in zip(row.blurred[:n], row.plain[:n], strict=True))
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {numbers.number(after)} % with blur 5, "
        f"{numbers.number(before)} % without ({row.images:,} pictures{at}{seeds}{''.join(apart)})",
        f"{row.data}; {numbers.OVER_BOTH.format(n) if n > 1 else '95 % over pictures, in pairs; one seed'}",
        date,
    )


def on_lite0(quantity: str, results: Path) -> Ours | None:
    """What blur 5 adds to lite0's copy, in points: that copy minus a plain one that was taught in the same way, on the
    same photographs at the same shifts."""
    found = kept(photographs.measured, results / "imagenet")
    share = photographs.blurs_own([*found.values()], quantity).get(LITES[1])
    if share is None:
        return None
    plain = found[LITES[0]]
    before = photographs.shares([plain])[quantity][LITES[0]]
    difference = numbers.within(share.more, share.half)
    crops = f" × {plain.pairs} pairs of crops" if quantity == CONSISTENCY else ""
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}: {numbers.number(share.value)} % with blur 5, "
        f"{numbers.number(before.value)} % without ({plain.images:,} photographs{crops})",
        f"{plain.data}; 95 % over photographs; one copy each, taught alike to answer as lite0",
        plain.date,
    )


def trend(results: Path) -> Ours | None:
    """Rank correlation of taps and consistency."""
    found = shift_record(results)
    if not set(BLURS) <= set(found):
        return None
    taps = [blur_of(found[name].arch) or 1 for name in BLURS]
    values = [consistency(found[name]) for name in BLURS]
    correlation = numbers.rank_correlation(taps, values)
    listed = ", ".join(f"{k}: {numbers.number(v.value)} %" for k, v in zip(taps, values, strict=True))
    record = found[BLURS[0]]
    return numbers.ours(
        correlation,
        f"rank correlation {numbers.interval(correlation)}; consistency by taps: {listed} "
        f"({record.summary.images:,} pictures{unlike(*BLURS)})",
        f"{record.data}; {OVER_PICTURES}, drawn {numbers.DRAWS:,} times from their intervals",
        record.date,
    )


def settings(names: tuple[str, ...], reach: str) -> Settings:
    """The page's settings that show these networks at shifts of up to `reach` pixels, wrapping round."""
    photos = names[0].startswith("photo")
    title, family = ("photographs", "tiny-imagenet-20") if photos else ("CIFAR-10", "cifar10")
    return {
        "shift-family": title,
        f"shift-networks-{family}": names,
        "shift-R": reach,
        "shift-boundary": "circular",
        "shift-data": title,
        MEASURED: OPEN,
    }


QUANTITIES: dict[str, tuple[Read, str]] = {
    "consistency": (consistency, "pairs of circular shifts that agree, with blur 5 minus without, points"),
    "accuracy": (accuracy, "test accuracy with blur 5 minus without, points"),
    "worst": (worst, "right at every circular shift of up to one pixel, with blur 5 minus without, points"),
}


def about_blur(kind: str, names: tuple[str, str], sentence: str, said: str, reach: str) -> Claim:
    """A claim that blur 5 raises one of QUANTITIES."""
    read, quantity = QUANTITIES[kind]
    apart = Earlier("2026-11-22" if kind == CONSISTENCY else pairs.RULED, APART, partial(gain, read, names))
    one_run = Earlier(pairs.RULED, ONE_RUN, partial(fair, kind, names, first=True))
    return Claim(
        name=f"blur-{kind}-{'resnet' if names == PHOTOS else 'vgg'}",
        study=STUDY,
        sentence=sentence,
        paper=said,
        source=SOURCE if said else "Zhang 2019, one of its measures (secondary notes)",
        quantity=quantity,
        holds=ABOVE_0,
        measure=partial(fair, kind, names),
        measurement=("shift-pairs",),
        settings=settings(names, reach),
        earlier=(apart, one_run) if kind == CONSISTENCY else (apart,),
    )


def about_lite0(name: str, sentence: str, said: str, quantity: str, what: str) -> Claim:
    """A claim about blur 5 in EfficientNet-Lite0, taught to answer as it does."""
    return Claim(
        name=name,
        study=STUDY,
        sentence=sentence,
        paper=said,
        source=SOURCE if said else "Zhang 2019, one of its measures (secondary notes)",
        quantity=what,
        holds=ABOVE_0,
        measure=partial(on_lite0, quantity),
        measurement=tuple(f"imagenet:{name}" for name in LITES),
        settings={
            **dict.fromkeys(("shift-family", "shift-data"), "ImageNet"),
            "shift-networks-imagenet": LITES,
            MEASURED: OPEN,
        },
        less="training: the copy is taught to answer as a plain network does, for a few thousand steps",
    )


def on_imagenet(arch: str, networks: tuple[str, ...]) -> Claim:
    """A claim about an ImageNet network, which is not measured here."""
    return untested(
        f"blur-consistency-{arch.lower()}",
        STUDY,
        f"Blur 5 makes {arch} more consistent under shifts.",
        paper(arch, 1),
        SOURCE,
        "this project has no copy of ImageNet's test pictures, and trained no network of this kind; what 1,000 other "
        "photographs of ImageNet's kinds bear out of a mobile network stands in the rows on lite0",
        {"shift-family": "ImageNet", "shift-networks-imagenet": networks},
    )


def behind_resizers(family: str, results: Path) -> Ours | None:
    """How many more answers the plain network behind an antialiased resizer keeps, under one pixel of the photograph,
    than the blurred one behind OpenCV's bilinear, in points on the same photographs."""
    found = resizers.outweighs(family, results)
    if found is None:
        return None
    record, difference = found
    plain, blurred = record.networks[0], record.networks[-1]
    kept_by = {
        f"{title_of(name)}, {resizer}": numbers.number(record.estimate(name, resizer).value)
        for resizer in ("antialiased", "opencv")
        for name in (plain, blurred)
    }
    listed = "; ".join(f"{what} {value} %" for what, value in kept_by.items())
    return numbers.ours(
        difference,
        f"{numbers.interval(difference, 'points', sign=True)}; answers kept: {listed} ({record.images:,} photographs"
        f"{unlike(plain, blurred)})",
        f"{record.data}; a window of {record.window} px moved by one pixel, then scaled; 95 % over photographs",
        record.date,
    )


def about_resizers(family: str, sentence: str) -> Claim:
    """A claim of our own: the resizer before a network decides more than the blur inside it. Its range was fixed before
    anything was measured: a plain network behind a good resizer keeps more than a blurred one behind a careless one."""
    names = resizers.PAIRS[family]
    title, known = ("photographs", "tiny-imagenet-20") if family == "photo_resnet" else ("ImageNet", "imagenet")
    return Claim(
        name=f"resizer-outweighs-blur-{family.replace('_', '-')}",
        study=STUDY,
        sentence=sentence,
        paper="",
        source=OURS,
        quantity="answers kept under one pixel of the photo by the plain network with an antialiased resizer, minus by "
        "blur 5 with OpenCV's bilinear, points",
        holds=ABOVE_0,
        measure=partial(behind_resizers, family),
        measurement=(f"resizers:{family}",),
        settings={"shift-family": title, f"shift-networks-{known}": names, "shift resizers": OPEN},
    )


CLAIMS: tuple[Claim, ...] = (
    about_blur(
        "consistency", PHOTOS, "Anti-aliasing makes a residual network more consistent under shifts.",
        paper("ResNet-18", 1), "16",
    ),
    about_blur(
        "consistency", VGGS, "Anti-aliasing makes a VGG more consistent under shifts.",
        paper("VGG16", 1), "8",
    ),
    about_blur(
        "accuracy", PHOTOS, "Blurring costs a residual network no accuracy: it gains some.",
        paper("ResNet-18", 0), "16",
    ),
    about_blur(
        "accuracy", VGGS, "Blurring costs a VGG no accuracy: it gains some.", paper("VGG16", 0), "8"
    ),
    about_lite0(
        "blur-consistency-lite0", "Anti-aliasing makes a mobile ImageNet network more consistent under shifts.",
        paper("MobileNetV2", 1), CONSISTENCY,
        "pairs of crops that agree with blur 5 minus those of the plain copy, points",
    ),
    about_lite0(
        "blur-accuracy-lite0", "Blurring costs a mobile ImageNet network no accuracy: it gains some.",
        paper("MobileNetV2", 0), "top-1", "top-1 with blur 5 minus that of the plain copy, points",
    ),
    about_lite0(
        "blur-one-pixel-lite0",
        "Anti-aliasing keeps a mobile ImageNet network's answer when a photograph moves by one of its own pixels.",
        "", "under one pixel",
        "moves by one pixel that keep the answer, with blur 5 minus those of the plain copy, points",
    ),
    Claim(
        name="blur-size-consistency",
        study=STUDY,
        sentence="The larger the blur, the more consistent the network.",
        paper=" → ".join(f"{row[1]:.2f}" for row in IMAGENET["VGG16"]) + " % (ImageNet, VGG16, plain and 2 to 5 taps)",
        source=SOURCE,
        quantity="rank correlation of the blur's taps with the share of pairs of circular shifts that agree",
        holds=(0.0, 1.0),
        measure=trend,
        measurement=tuple(f"shift:{name}" for name in BLURS),
        settings=settings(BLURS, "8"),
    ),
    about_blur(
        "worst", PHOTOS, "A blurred residual network keeps more right answers at the worst one-pixel shift.",
        "", "1",
    ),
    about_blur("worst", VGGS, "A blurred VGG keeps more right answers at the worst one-pixel shift.", "", "1"),
    Claim(
        name="shift-equivariance-circular",
        study=STUDY,
        sentence="Moved by multiples of its stride, wrapping round, a layer's map moves along exactly.",
        paper="internal distance 0",
        source=DEFINED,
        quantity="largest cosine distance of any layer at multiples of its stride",
        holds=(0.0, 1e-6),
        measure=partial(fact, "shift-equivariance-circular"),
        measurement=("exact",),
        settings={
            "shift-family": "CIFAR-10",
            "shift-networks-cifar10": VGGS[:1],
            "shift-boundary": "circular",
            "shift inside": OPEN,
        },
    ),
    Claim(
        name="blur-energy",
        study=STUDY,
        sentence="Every further tap leaves less of the energy above half the sampling rate to alias.",
        paper="0.50, 0.18, 0.076, 0.033, 0.015, 0.007, 0.003 of the kernel's energy, 1 to 7 taps",
        source=DEFINED,
        quantity="how many of the seven numbers the kernels themselves give",
        holds=(7, 7),
        measure=partial(fact, "blur-energy"),
        measurement=("exact",),
        settings={},
    ),
    on_imagenet("AlexNet", ("alexnet", "alexnet_blur5")),
    on_imagenet("ResNet-50", ("resnet50", "resnet50_blur5")),
    on_imagenet("DenseNet-121", ("densenet121",)),
    on_imagenet("MobileNetV2", ("mobilenet_v2",)),
    about_resizers("photo_resnet", "What scales a photograph to 64 px outweighs the blur inside the network."),
    about_resizers("lite0", "What scales a photograph to 224 px outweighs the blur inside a mobile ImageNet network."),
)  # fmt: skip


ENERGY_ABOVE = (0.50, 0.18, 0.076, 0.033, 0.015, 0.007, 0.003)  # above pi/2, 1 to 7 taps


def circular_distance() -> Fact:
    """Largest internal distance at multiples of each layer's own stride; the pooled features have none."""
    found = internal_distance(networks.load(networks.find(VGG)), load_sample(DEFAULT_SAMPLE), "circular")
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
    found = [blur_response(size).energy_above for size in range(1, len(ENERGY_ABOVE) + 1)]
    # as many digits as the number that it is compared with
    digits = [2 if known > 0.1 else 3 for known in ENERGY_ABOVE]
    right = sum(round(e, d) == known for e, d, known in zip(found, digits, ENERGY_ABOVE, strict=True))
    return Fact(right, ", ".join(f"{e:.4f}" for e in found) + " for 1 to 7 taps")


def shift_record(results: Path) -> dict[str, shift_dataset.Measured]:
    return kept(shift_dataset.measured, results / "shift_sweep")
