"""Ask lite0 and its copies about photographs and the samples, and write it down."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from core import networks
from core.base.files import today, write_json
from core.base.records import raw, save
from core.data.labelled import DATA, labelled, said
from core.networks import engine, lite
from core.networks.card import Network
from core.pictures.image import RGBImage
from core.pictures.preprocess import seen, to_tensor
from core.pictures.samples import SAMPLES, load_sample
from core.studies.shift.photographs import BEST, NAMES, PAIRS, Answered, answer, measured
from core.training.measurement import Asked, Measurement, Part, Quick, command, share, there

PLAN = PAIRS, 1, 20, 2.0  # pairs, every so many pictures, how many the quick check asks about and its seconds
PLANS = {"lite0_local": (0, 4, 6, 8.0), "lite0_sparse": (PAIRS, 1, 20, 3.0)}  # local: 576 patches of each picture
SAMPLES_KEY, DIGITS = "samples", 4


def run(name: str, asked: Asked) -> Path:
    """Ask a network about all pictures and write its record."""
    pairs, step, *_ = PLANS.get(name, PLAN)
    pictures = labelled(asked.data.given(DATA))[::step]
    found = answer(networks.load(networks.find(name)), pictures, asked.progress, pairs)
    when = today()
    record = Answered(
        name, *found, pairs, step, said(pictures), command(f"imagenet:{name}", DATA), when["date"], when["commit"]
    )
    save(path := asked.results / "imagenet" / f"{name}.json", record, indent=None)
    return path


def check(name: str, asked: Asked) -> list[Part]:
    """Some of the pictures again: the shares of them that are right, and among the best."""
    packaged = there(measured(asked.packaged / "imagenet").get(name))
    pictures, count = labelled(asked.data.given(DATA))[:: packaged.step], PLANS.get(name, PLAN)[2]
    which = np.sort(np.random.default_rng(asked.seed).permutation(len(pictures))[:count])
    right, five, *_ = answer(networks.load(networks.find(name)), [pictures[i] for i in which], asked.progress, 0)
    return [
        share(f"{name}: {what} of {count}", float(before[which].mean()), float(now.mean()), count)
        for what, before, now in (("top-1", packaged.right, right), (f"top-{BEST}", packaged.five, five))
    ]


def run_samples(asked: Asked) -> Path:
    """What every network says to the sample pictures: its best answers, with their probabilities."""
    nets, told = [networks.load(networks.find(name)) for name in NAMES], {}
    for i, sample in enumerate(SAMPLES):
        image = load_sample(sample.name)
        told[sample.name] = {net.card.name: best(net, image) for net in nets}
        asked.progress(i + 1, len(SAMPLES))
    record = {"answers": told, "command": command(f"imagenet:{SAMPLES_KEY}"), **today()}
    write_json(path := asked.results / "imagenet" / f"{SAMPLES_KEY}.json", record)
    return path


def best(network: Network, image: RGBImage) -> list[tuple[str, float]]:
    """The five likeliest classes of a picture, as the network sees it, with their probabilities."""
    x = to_tensor(seen(image, network.preprocessing)[None], network.preprocessing)
    [share] = engine.logits(network.engine, x.__getitem__, 1, exact=True).probability
    return [(network.labels[k], round(float(share[k]), DIGITS)) for k in np.argsort(-share, kind="stable")[:BEST]]


def check_samples(asked: Asked) -> list[Part]:
    """lite0's first answer to every sample again."""
    old = there(raw(asked.packaged / "imagenet" / f"{SAMPLES_KEY}.json") or None)["answers"]
    net, found = networks.load(networks.find(lite.NAME)), []
    for sample in SAMPLES:
        [(label, before), *_] = old[sample.name][lite.NAME]
        now = dict(best(net, load_sample(sample.name)))
        found.append(Part(f"{sample.name}: {label}", before, now.get(label, 0.0), 0.01))
    return found


PHOTOGRAPHS = (
    Measurement(
        f"imagenet:{SAMPLES_KEY}",
        f"imagenet/{SAMPLES_KEY}.json",
        (),
        NAMES,
        1,
        run_samples,
        Quick("lite0's first answers", 1, check_samples),
    ),
    *(
        Measurement(
            f"imagenet:{name}",
            f"imagenet/{name}.json",
            (DATA,),
            (name,),
            8,
            partial(run, name),
            Quick(f"{count} of the photographs", seconds, partial(check, name)),
        )
        for name, (*_, count, seconds) in ((name, PLANS.get(name, PLAN)) for name in NAMES)
    ),
)
