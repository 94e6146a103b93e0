"""Functions of `core.studies` that tell a `progress`, called on little: what tests/core/test_progress.py holds them
to."""

import functools
from dataclasses import replace

import numpy as np
import torch
from PIL import Image

from core.base import resume
from core.compute import attacks, gallery, spaces
from core.networks import families
from core.overview import first_look, said
from core.pictures.samples import load_sample
from core.studies.patch import (
    closer,
    evidence,
    exact,
    gist,
    interaction,
    masking,
    masking_dataset,
    methods,
    scramble,
    scrambled,
    wall,
)
from core.studies.patch import dataset as patch_dataset
from core.studies.random import answers as random_answers
from core.studies.random import attack as random_attack
from core.studies.random import (
    background,
    background_dataset,
    baselines,
    dataset,
    features,
    look,
    maps,
    maps_figures,
    nearby,
    photographs,
    retrieval,
    retrieval_dataset,
)
from core.studies.random import glance as random_glance
from core.studies.shift import dataset as shift_dataset
from core.studies.shift import inside, many, pairs, resizers, sweep, two_measures
from core.studies.shift import photographs as shift_photographs
from core.studies.sparse import (
    arrived,
    attack,
    attack_dataset,
    codes,
    depths,
    dictionary,
    draws,
    frames,
    opening,
    rescue,
)
from core.studies.sparse import dataset as sparse_dataset
from core.studies.sparse import glance as sparse_glance
from core.studies.spinal import answers, regression, transfer
from core.studies.spinal import heads as spinal_heads
from core.studies.spinal import photographs as spinal_photographs
from tests.helpers.progress_table import (
    GREY,
    LAMS,
    SPEC,
    afresh,
    bagnet,
    batch_of,
    cat,
    chunks,
    coded,
    digits,
    folder,
    named_chunks,
    net,
    noisy,
    photos,
    pictures,
    twin,
    vectors,
    vgg,  # fmt: skip
)

FEW = masking.Params(cells=3, draws=2)
TWO_METHODS = masking.Params(cells=2, methods=("saliency", "random"), draws=2)
truth = functools.cache(lambda count=6: pictures(count).labels)
QUICK_ATTACK = attack.Params(steps=2, restarts=2)
PLAN = dataset.Plan(3, 1, (10, 20), (0, 1), ((1, 0), (3, 1)), 20, 20, 12, ("k-means",))


@functools.cache
def target():
    return random_attack.random_target(GREY, digits()[0])


def sources(count=40):
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3)).astype(np.uint8)


def an_attack(progress):
    params = random_attack.Params(seed_pictures=10, rounds=1, epochs=2, epsilons=(0.0, 0.25), shown=0.25)
    _, pool = random_attack.digits()
    return random_attack.run(target(), *random_attack.draw(pool, params, 20), params, progress)


def a_background(progress):
    params = background.Params(features=20, depth=1, seeds=(0, 1), size=32, near=3)
    against = background.own_gallery(folder().found, 32)
    known = background.embed(against.pictures, params.specs, vgg())
    return background.run(cat(), load_sample("coffee"), params, vgg(), against, known, progress)


def a_regression(**others):
    return regression.Params(**{"seeds": 2, "epochs": 4, "train": 60, "test": 60, "every": 2, "batch": 20} | others)


def an_ensemble(progress):
    params = a_regression(targets=("sum",), networks=("fc",))
    learn, test = regression.points(params, "sum", [0])
    ensemble = regression.Ensemble([regression.build("fc", 0)])
    return list(regression.train(ensemble, learn, test, params, [0], progress))


def some_scores(progress):
    found = transfer.features("two", pictures(), pictures(), vgg())
    return transfer.scores_on(found, transfer.Params(epochs=2), 0, progress)


def a_book(progress, seed=0):
    return baselines.learn(sources(), 0, 8, progress)


def heads(progress):
    params = spinal_heads.Params(heads=("fc", "spinal"), seeds=2, epochs=2)
    return spinal_heads.run("digits", *digits(), params, progress)


@functools.cache
def photographs_in_numbers():
    return gallery.read()


def two_spaces(count):
    dice = np.random.default_rng(count)
    return {space: dice.normal(size=(count, 8)).astype(np.float32) for space in ("pixels", "random")}


def two_of_a_set(home, progress):
    """Thumbnails from a folder that is the very set that four numbers stand for."""
    for half in ("train", "test"):
        for name in ("a", "b"):
            (home / half / name).mkdir(parents=True)
            Image.fromarray(cat(32).pixels).save(home / half / name / "x.png")
    found = replace(photographs_in_numbers(), classes=("a", "b"), train=2, labels=np.array([0, 1, 0, 1]))
    return photographs.thumbnails(found, home, [0, 3], progress)


def two_photographs(home, progress):
    for i in range(2):
        Image.fromarray(cat(240).pixels).save(home / f"{i}.png")
    return shift_photographs.answer(net("lite0"), [(home / f"{i}.png", 282) for i in range(2)], progress, 0)


def large_photographs(home):
    for i in range(2):
        Image.fromarray(cat(299).pixels).save(home / f"{i}.png")
    return [(home / f"{i}.png", 3) for i in range(2)]


def two_layers(progress):
    params = transfer.Params(seeds=1, epochs=1, layers=2)
    return spinal_photographs.states(photographs_in_numbers(), params, progress)


STUDIES = {
    "overview.said.of_network": lambda p: said.of_network(vgg(), cat(32), p),
    "overview.said.in_ways": lambda p: said.in_ways(vgg(), [vgg().preprocessing] * 2, cat(32), p),
    "overview.first_look.answer": lambda p: first_look.answer(vgg(), cat(32), p),
    "patch.gist.object_box": lambda p: gist.object_box(cat().pixels, p),
    "random.glance.among_photographs": lambda p: random_glance.among_photographs(net("lite0"), cat(), p),
    "random.glance.among_digits": lambda p: random_glance.among_digits(cat(32), p),
    "sparse.glance.run": lambda p: sparse_glance.run([coded(), twin()], cat(32), p),
    "spinal.photographs.states": two_layers,
    "spinal.photographs.look": lambda p: spinal_photographs.look(
        photographs_in_numbers(), cat(), net("lite0"), spinal_photographs.PLAN, {}, p
    ),
    "random.photographs.place": lambda p: photographs.place(photographs_in_numbers(), cat(), net("lite0"), p),
    "random.photographs.nearest_to": lambda p: photographs.nearest_to(
        photographs_in_numbers(), cat(), net("lite0"), p
    ),
    "random.nearby.find": lambda p: nearby.find(two_spaces(1), two_spaces(30), progress=p),
    "random.answers.run": lambda p: random_answers.run(cat(), net("lite0"), p),
    "random.answers.told": lambda p: random_answers.told(cat(224).pixels[None], net("lite0"), p),
    "random.photographs.thumbnails": afresh(two_of_a_set),
    "shift.photographs.answer": afresh(two_photographs),
    "shift.many.ask": lambda p: many.ask(
        [vgg(), net("cifar_vgg_blur3")], [(cat(), 3), (cat(64), 3)], 2, "circular",
        many.everywhere(sweep.Params(1, "circular")), p,
    ),
    "shift.pairs.quantities": lambda p: pairs.quantities(
        vgg(), pictures(300), shift_dataset.Params(pairs=1, corruptions=()), p
    ),
    "shift.pairs.compare": lambda p: pairs.compare(
        [vgg()], [net("cifar_vgg_blur3")], pictures(300), shift_dataset.Params(pairs=1, corruptions=()), p
    ),
    "shift.resizers.answers_kept": afresh(
        lambda home, p: resizers.answers_kept(net("photo_resnet"), large_photographs(home), p)
    ),
    "shift.two_measures.answer": afresh(
        lambda home, p: two_measures.answer(net("photo_resnet"), large_photographs(home), p, 1)
    ),
    "patch.scrambled.run": afresh(
        lambda home, p: scrambled.run([net("photo_resnet")], large_photographs(home), (1, 4), 0, p)
    ),
    "spinal.photographs.best_known": lambda p: spinal_photographs.best_known(
        photographs_in_numbers(), net("lite0"), p
    ),
    "spinal.photographs.answer": lambda p: spinal_photographs.answer(
        photographs_in_numbers(), cat(), net("lite0"), p
    ),
    "patch.closer.alike": lambda p: closer.alike(bagnet(), cat().pixels, 20, 20, p),
    "patch.dataset.run": lambda p: patch_dataset.run([bagnet()], photos(40), p),
    "patch.evidence.coarse": lambda p: evidence.coarse(bagnet(), cat().pixels, p),
    "patch.evidence.phases": lambda p: evidence.phases(bagnet(), cat().pixels, [0], p, step=4),
    "patch.evidence.full": lambda p: evidence.full(bagnet(), cat(32).pixels, [0], p),
    **{
        f"patch.evidence.run:{at}": lambda p, at=at: evidence.run(
            [bagnet(), net("photo_bagnet17")], cat(), evidence.Params(short=48, resolution=at), p
        )
        for at in evidence.RESOLUTIONS
    },
    "patch.exact.run": lambda p: exact.run([bagnet()], photos(2), p),
    "patch.interaction.run": lambda p: interaction.run(
        [bagnet(), net("photo_resnet")], cat().pixels, 0, interaction.Params(pairs=8), p
    ),
    "patch.masking.run": lambda p: masking.run(
        [bagnet(), net("photo_resnet")], cat().pixels, 0, TWO_METHODS, p
    ),
    "patch.masking.traces": lambda p: masking.traces([vgg()], cat(32).pixels, 0, TWO_METHODS, p),
    "patch.masking.occlusion": lambda p: masking.occlusion(vgg(), cat(32).pixels, 0, 8, p),
    "patch.methods.answer": lambda p: methods.answer(vgg(), cat(32).pixels, p),
    "patch.methods.applicable": lambda p: methods.applicable(vgg(), cat(32).pixels, 0, ("saliency", "random"), p),
    "patch.masking.trace": lambda p: masking.trace(bagnet(), bagnet(), cat().pixels, 0, "occlusion", FEW, p),
    "patch.masking.follow": lambda p: masking.follow(bagnet(), cat().pixels, np.arange(64), 0, FEW, p),
    "patch.masking_dataset.run": lambda p: masking_dataset.run(
        bagnet(), net("photo_resnet"), photos(3), TWO_METHODS, p
    ),
    "patch.scramble.run": lambda p: scramble.run(
        [bagnet()], cat().pixels, 0, scramble.Params((1, 2), 2), p
    ),
    "patch.scramble.measure": lambda p: scramble.measure([bagnet()], photos(6), (1, 2), 0, p),
    "patch.wall.run": lambda p: wall.run(
        bagnet(), named_chunks(photos(8)), 8, wall.Params(0, 64, 4), p
    ),
    "random.attack.random_target": lambda p: random_attack.random_target(GREY, digits()[0], p),
    "random.attack.on_digits": lambda p: random_attack.on_digits(
        "random", random_attack.Params(seed_pictures=10, rounds=1, epochs=1), p
    ),
    "random.attack.run": an_attack,
    "random.background.own_gallery": lambda p: background.own_gallery(folder().found, 32, p),
    "random.retrieval.embed": lambda p: retrieval.embed(pictures().pixels, [SPEC], vgg(), p),
    "random.background.run": a_background,
    "random.background_dataset.measure": lambda p: background_dataset.measure(
        pictures(6), pictures(20), [SPEC], vgg(), progress=p
    ),
    "random.baselines.untrained": lambda p: baselines.untrained(sources(80), p, arch="resnet18"),
    "random.baselines.k_means": lambda p: baselines.k_means(sources(80), p, centroids=8),
    "random.baselines.learn": a_book,
    "random.baselines.encode": lambda p: baselines.encode(sources(80), a_book(lambda done, total: None), p),
    "random.dataset.random_counts": afresh(
        lambda home, p: dataset.random_counts(pictures(), "x", SPEC, home, p)
    ),
    "random.dataset.both_counts": afresh(
        lambda home, p: dataset.both_counts(pictures(), pictures(6), SPEC, home, p)
    ),
    "random.dataset.measure_curves": afresh(
        lambda home, p: dataset.measure_curves(
            *digits(), PLAN, home, resume.remembering(home / "kept"), p
        )
    ),
    "random.dataset.measure_baselines": afresh(
        lambda home, p: dataset.measure_baselines(
            *digits(), PLAN, net("digits_cnn"), resume.remembering(home / "kept"), p
        )
    ),
    "random.dataset.measure_similarity": lambda p: dataset.measure_similarity(
        digits()[1], PLAN, net("digits_cnn"), p
    ),
    "random.features.run": lambda p: features.run(
        "digits", *digits(), features.Params(features=40, classifier="knn"), p
    ),
    "random.features.features": lambda p: features.features(pictures(), features.Params(40), p),
    "random.features.pixel_answer": lambda p: features.pixel_answer(*digits(), features.Params(40), p),
    "random.features.answer": lambda p: features.answer(
        vectors(), np.arange(60) % 3, vectors(), np.arange(60) % 3, "svm", p
    ),
    **{
        f"random.maps.vectors:{space}": lambda p, space=space: maps.vectors(
            pictures(600, 8).pixels, space, SPEC, vgg(), p
        )
        for space in ("pixels", "random", "trained")
    },
    "random.maps_figures.sheet": lambda p: maps_figures.sheet(pictures().pixels, progress=p),
    "random.look.balanced": lambda p: look.balanced(cat(32).pixels, SPEC, p),
    "random.look.run": lambda p: look.run(cat(32).pixels, SPEC, 0, p),
    "random.dataset.measure_pixels": afresh(
        lambda home, p: dataset.measure_pixels(*digits(), resume.remembering(home / "kept"), p)
    ),
    "random.dataset.measure_shapes": afresh(
        lambda home, p: dataset.measure_shapes(
            *digits(), PLAN, resume.remembering(home / "kept"), p
        )
    ),
    "random.dataset.one_baseline": lambda p: dataset.one_baseline(*digits(), spaces.pixels, True, p),
    "random.dataset.at_count": lambda p: dataset.at_count(
        lambda: [np.arange(80).reshape(20, 4) % 7] * 2, [], pictures(20), pictures(20), SPEC, 3, "svm", p
    ),
    "random.maps.draw": lambda p: maps.draw(
        vectors(), np.arange(60) % 3, "pixels", maps.Params(points=60, perplexity=5), p
    ),
    "random.maps.run": lambda p: maps.run(
        pictures(40, 8, 1), GREY, net("digits_cnn"), maps.Params(points=40, perplexity=5), p
    ),
    "random.retrieval.run": lambda p: retrieval.run(
        cat(), folder().found, retrieval.Params(features=20, size=32, count=2), vgg(), p
    ),
    "random.retrieval_dataset.measure": lambda p: retrieval_dataset.measure(
        pictures().pixels, pictures().labels, ("one", "two"), [SPEC], vgg(), progress=p
    ),
    "shift.dataset.run": lambda p: shift_dataset.run(
        vgg(), chunks(pictures(8)), 8, shift_dataset.Params(pairs=1, corruptions=()), p
    ),
    "shift.inside.internal_distance": lambda p: inside.internal_distance(vgg(), cat(), "circular", p),
    "shift.sweep.run": lambda p: sweep.run([vgg(), net("cifar_vgg_blur3")], cat(), sweep.Params(2), p),
    "shift.sweep.answer": lambda p: sweep.answer(vgg(), cat(), sweep.Params(2), p),
    "sparse.draws.run": lambda p: draws.run(
        coded(), cat(32), sparse_dataset.Params(levels=(0.0, 0.1), lams=LAMS), 2, p
    ),
    "sparse.attack.attack": lambda p: attack.attack(coded(), batch_of(), truth(), QUICK_ATTACK, None, p),
    "compute.attacks.ascend": lambda p: attacks.ascend(
        coded().engine.plain, torch.from_numpy(batch_of()).movedim(-1, 1), torch.from_numpy(truth()), attacks.LINF,
        eps=0.01, stride=0.01, steps=2, restarts=1, seed=0, progress=p
    ),
    "sparse.attack.curve": lambda p: attack.curve(
        coded(), batch_of(), truth(), QUICK_ATTACK, (0.0, 0.01), None, p
    ),
    "sparse.attack.look": lambda p: attack.look(coded(), noisy(), QUICK_ATTACK, None, p),
    "sparse.attack_dataset.measure": lambda p: attack_dataset.measure(
        [(coded(), 0.1), (twin(), None)], pictures(6), QUICK_ATTACK, eps={"linf": (0.0, 0.01), "l2": (0.0, 0.1)},
        convergence_eps={"linf": 0.01, "l2": 0.1}, steps=(1, 2), restarts=(1,), progress=p
    ),
    "sparse.attack_dataset.converge": lambda p: attack_dataset.converge(
        coded(), batch_of(), truth(), QUICK_ATTACK, (1, 2), (1, 2), None, p
    ),
    **{
        f"sparse.codes.run:{at}": lambda p, at=at: codes.run(
            [coded(), twin()], cat(), codes.Params(resolution=at), p
        )
        for at in ("network", "own")
    },
    "sparse.codes.swept": lambda p: codes.swept([coded(), twin()], cat(), codes.Params(), p),
    "sparse.codes.descend": lambda p: codes.descend(coded(), cat(), codes.Params(), p),
    "sparse.frames.run": lambda p: frames.run([coded(), twin()], cat(), codes.Params(), p),
    "sparse.opening.run": lambda p: opening.run(coded(), cat(), p),
    "sparse.arrived.run": lambda p: arrived.run(pictures(3, 8).pixels, 3, progress=p),
    "sparse.rescue.run": lambda p: rescue.run(coded(), [("cat", "shot", 0), ("coffee", "impulse", 1)], p),
    "sparse.dataset.run": lambda p: sparse_dataset.run(
        coded(), chunks(pictures(8)), 8, sparse_dataset.Params(levels=(0.0, 0.1), lams=LAMS), progress=p
    ),
    "sparse.depths.run": lambda p: depths.run(net(families.ALL_CODED), noisy(), 0.1, p),
    "sparse.dictionary.run": lambda p: dictionary.run(
        coded(), noisy(), codes.Params(lam=0.2), p, clean=noisy()
    ),
    "spinal.answers.run": lambda p: answers.run(
        [net(name) for name in families.HEADED.values()], cat(), answers.Params(tuple(families.HEADED)), p
    ),
    "spinal.heads.run": heads,
    "spinal.regression.train": an_ensemble,
    "spinal.regression.race": lambda p: regression.race(a_regression(), "sum", "spinal", (), p),
    "spinal.regression.lesson": lambda p: regression.lesson(a_regression(), "sine", "fc", 0, p),
    "spinal.transfer.features": lambda p: transfer.features("two", pictures(), pictures(6), vgg(), None, p),
    "spinal.transfer.scores_on": some_scores,
}  # fmt: skip
