"""Functions of `core` that tell a `progress`, called on little: what tests/core/test_progress.py holds them to."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

import numpy as np

from core import data, networks
from core.batch import run as batch
from core.batch.work import in_this_process
from core.compute import (
    attributions,
    embedding,
    lambda_sweep,
    linear_svm,
    neighbours,
    patches,
    placing,
    sign_counts,
    spaces,
)
from core.compute.sign_counts import Spec
from core.data import named, own, public
from core.data.split import Split, every
from core.networks import engine, families
from core.pictures.files import list_pictures
from core.pictures.image import from_pixels
from core.pictures.preprocess import square, to_tensor
from core.pictures.samples import load_sample
from core.report import page
from core.studies import STUDIES
from core.studies.patch import report as patch_report
from core.studies.random import report as report_digits
from core.studies.shift import report as shift_report
from core.studies.sparse import report as sparse_report
from core.studies.spinal import report
from tests.core.data.test_public import eurosat
from tests.helpers.batch_folder import make_folder, planned

SPEC, GREY = Spec(40, 3, 1, 3), Spec(40, 3, 1, 1)
LAMS = (0.1, 0.4)


@functools.cache
def net(name):
    return networks.load(networks.find(name))


@functools.cache
def cat(side=64):
    return from_pixels(square(load_sample("cat"), side))


@functools.cache
def pictures(count=12, side=32, channels=3, classes=2):
    """A Split of noise, `classes` of them in turn, each a little brighter than the one before."""
    dice = np.random.default_rng(0)
    labels = np.arange(count) % classes
    pixels = dice.integers(0, 128, (count, side, side, channels)) + 60 * labels[:, None, None, None]
    return Split(pixels.astype(np.uint8), labels, tuple(f"class {i}" for i in range(classes)))


@functools.cache
def photos(count):
    """A Split of noise that passes for the photographs of the packaged networks."""
    found = pictures(count, 64, 3, 20)
    return Split(found.pixels, found.labels, net("photo_bagnet9").labels)


@functools.cache
def folder():
    home = Path(tempfile.mkdtemp(prefix="progress-"))
    atexit.register(shutil.rmtree, home)
    return list_pictures(make_folder(home / "pictures", 36))


def chunks(split, size=4):
    """What the studies over data sets read: pictures and labels, some at a time."""
    for start in range(0, len(split), size):
        part = slice(start, start + size)
        yield [from_pixels(p) for p in split.pixels[part]], split.labels[part].tolist()


def named_chunks(split, size=4):
    for i, (some, labels) in enumerate(chunks(split, size)):
        yield [f"{i}/{j}" for j in range(len(some))], some, labels


def afresh(call):
    """`call(folder, progress)` in an empty folder each time."""

    def run(progress):
        home = Path(tempfile.mkdtemp(prefix="progress-"))
        try:
            return call(home, progress)
        finally:
            shutil.rmtree(home)

    return run


bagnet, bagnets = functools.partial(net, "photo_bagnet9"), lambda: [net("photo_bagnet9")]
coded, twin, vgg = (functools.partial(net, n) for n in ("cifar_sdnet18", "cifar_resnet18", "cifar_vgg"))
x = functools.cache(lambda: to_tensor(cat().pixels, bagnet().preprocessing))
noisy = functools.cache(lambda: (cat(32).pixels / 255).astype(np.float32))
batch_of = functools.cache(lambda count=6: (pictures(count).pixels / 255).astype(np.float32))
vectors = functools.cache(lambda count=60: np.random.default_rng(0).normal(size=(count, 20)).astype(np.float32))
digits = functools.cache(lambda: tuple(every(named.load("digits", split=s), 200) for s in ("train", "test")))
asked = functools.cache(lambda: page.ask(load_sample("cat"), "cat", (), "sample:cat"))
card = networks.find


def svm(progress):
    split = pictures(60)
    return linear_svm.fit(spaces.pixels(split.pixels), split.labels, 2, progress=progress)


CORE = {
    **{
        f"compute.attributions.attribution:{method}": lambda p, method=method: attributions.attribution(
            bagnet(), x(), 0, method, p
        )
        for method in attributions.METHODS
    },
    "compute.placing.of": lambda p: placing.of(bagnet(), 64, 64, p),
    "compute.attributions.bagnet_evidence": lambda p: attributions.bagnet_evidence(bagnet(), x(), 0, p),
    "batch.run.run": afresh(
        lambda home, p: batch.run(
            planned(make_folder(home / "pictures", 6), chunk=2), home / "out.parquet", in_this_process, progress=p
        )
    ),
    "data.named.read_folder": afresh(
        lambda home, p: named.read_folder(make_folder(home / "pictures", 6), 40, p)
    ),
    "compute.embedding.fit": lambda p: embedding.fit(vectors(), 5, iterations=(30, 60), progress=p),
    "networks.engine.logits": lambda p: engine.logits(
        vgg().engine, lambda which: to_tensor(pictures(900).pixels[which], vgg().preprocessing), 900, p
    ),
    "compute.lambda_sweep.logits": lambda p: lambda_sweep.logits(coded(), batch_of(), LAMS, p),
    "compute.lambda_sweep.logits:without": lambda p: lambda_sweep.logits(twin(), batch_of(), None, p),
    "compute.lambda_sweep.answer": lambda p: lambda_sweep.answer(coded(), batch_of(), np.full((2, 6), 0.1), p),
    "compute.lambda_sweep.residuals": lambda p: lambda_sweep.residuals(coded(), batch_of(), LAMS, p),
    "compute.linear_svm.fit": svm,
    "compute.neighbours.nearest": lambda p: neighbours.nearest(vectors(1200), vectors(1200), 2, p),
    "data.open_data": afresh(
        lambda home, p: data.open_data(str(make_folder(home / "pictures", 36)), None, 32, p)
    ),
    "data.own.read": lambda p: own.read(folder(), 32, progress=p),
    "data.own.from_pictures": lambda p: own.from_pictures(folder().found, 32, [], p),
    "compute.patches.collect": lambda p: patches.collect(patches.bagnet_of(bagnet()), x(), None, p, step=4),
    "compute.patches.full": lambda p: patches.full(patches.bagnet_of(bagnet()), x(), [0], p, step=4),
    "report.page.finished": lambda p: page.finished(asked(), p),
    "report.page.section": lambda p: page.section(STUDIES[0], asked(), p),
    "random.report.among_photographs": lambda p: report_digits.among_photographs(asked(), (card("lite0"),), p),
    "spinal.report.photograph_part": lambda p: report.photograph_part(asked(), (card("lite0"),), p),
    "random.report.random_part": lambda p: report_digits.random_part(asked(), p),
    "spinal.report.spinal_part": lambda p: report.spinal_part(
        asked(), {head: card(name) for head, name in families.HEADED.items()}, p
    ),
    "shift.report.shift_part": lambda p: shift_report.shift_part(asked(), (card("cifar_vgg"),), p),
    "patch.report.patch_part": lambda p: patch_report.patch_part(asked(), (card("photo_bagnet9"),), p),
    "sparse.report.sparse_part": lambda p: sparse_report.sparse_part(asked(), (card("cifar_sdnet18"),), p),
    "compute.sign_counts.counts": lambda p: sign_counts.counts(sign_counts.build(SPEC), pictures(12).pixels, p),
    "compute.sign_counts.features": lambda p: sign_counts.features(sign_counts.build(SPEC), pictures(12).pixels, p),
    "compute.sign_counts.extract": afresh(
        lambda home, p: sign_counts.extract(GREY, pictures(1200, 6, 1).pixels, home / "x.npy", p)
    ),
    "compute.spaces.pixels": lambda p: spaces.pixels(pictures().pixels, p),
    "compute.spaces.random": lambda p: spaces.random(pictures().pixels, SPEC, p),
    "compute.spaces.trained": lambda p: spaces.trained(pictures(600, 8).pixels, vgg(), p),
    "data.public.load": afresh(
        lambda home, p: (eurosat(home), public.load("EuroSAT", 16, home, p))
    ),
}  # fmt: skip
