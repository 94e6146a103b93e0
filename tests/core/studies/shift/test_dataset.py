"""Over many pictures: every number of the summary counted again by hand, and the same answers in any chunks."""

import itertools
import json

import numpy as np
import pytest
import torch

from core.base.intervals import wilson
from core.base.worker import Stopped
from core.figures.palette import network_colours
from core.pictures.image import from_pixels, thumbnail
from core.pictures.preprocess import field_of_view, to_tensor
from core.pictures.samples import load_sample
from core.studies.shift import dataset, figures
from core.studies.shift.dataset import CORRUPTIONS, Params, Result, random_offsets, summary, variants
from tests.helpers.networks_by_hand import Torus, by_hand, trained

SMALL = Params(pairs=2, worst_reach=1, corruptions=("blur", "contrast"))
PHOTOS = ("cat", "coffee", "rocket", "flower", "horse", "brick", "coins")


@pytest.fixture(scope="module")
def pictures():
    return [thumbnail(load_sample(name), 90) for name in PHOTOS]


def chunked(pictures, size, truth=-1):
    """Chunks of (pictures, classes), all of the class `truth`."""
    parts = [pictures[i : i + size] for i in range(0, len(pictures), size)]
    return [(part, [truth] * len(part)) for part in parts]


def ask(network, pictures, params, size=100, **options):
    return dataset.run(network, chunked(pictures, size), len(pictures), params, **options)


# ---- variants and draws --------------------------------------------------------------------------


def test_variants_name_everything_once():
    names = variants(Params())
    assert names[0] == "untouched"
    assert len(names) == len(set(names)) == 1 + 3 * 2 + (9 - 1) + 5 * 3
    assert "shift 0 0" not in names
    assert "shift -1 1" in names
    assert [name for name in names if name.startswith("JPEG")] == ["JPEG 1", "JPEG 2", "JPEG 3"]
    assert variants(Params(pairs=1, worst_reach=0, corruptions=())) == ("untouched", "pair 0a", "pair 0b")


def test_offsets_do_not_depend_on_the_chunks():
    whole = random_offsets(Params(), 32, 0, 12)
    assert whole.shape == (3, 2, 12, 2)
    for size in (1, 5, 12):
        parts = [random_offsets(Params(), 32, first, min(size, 12 - first)) for first in range(0, 12, size)]
        np.testing.assert_array_equal(np.concatenate(parts, axis=2), whole)
    assert not np.array_equal(random_offsets(Params(seed=1), 32, 0, 12), whole)


def test_offsets_reach_a_quarter_of_the_side_evenly():
    many = random_offsets(Params(pairs=4), 32, 0, 1000)
    assert dataset.reach(32) == 8
    values, counts = np.unique(many, return_counts=True)
    assert values.tolist() == list(range(-8, 9))
    expected = many.size / 17
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


# ---- running -------------------------------------------------------------------------------------


def test_answers_do_not_depend_on_the_chunks(pictures):
    network = trained()
    small, whole = (
        dataset.run(network, chunked(pictures, size), [0] * len(pictures), SMALL) for size in (3, len(pictures))
    )
    np.testing.assert_array_equal(small.top1, whole.top1)
    assert small.variants == whole.variants == variants(SMALL)
    assert whole.network == "cifar_vgg"
    assert len({tuple(row) for row in whole.top1.T}) > 1


@pytest.mark.parametrize("boundary", ["circular", "crop", "reflect"])
def test_each_variant_is_what_its_name_says(pictures, boundary):
    network = trained()
    params = Params(boundary=boundary, pairs=1, worst_reach=1, corruptions=())
    result = ask(network, pictures, params)
    row = dict(zip(result.variants, result.top1, strict=True))
    offsets = random_offsets(params, 32, 0, len(pictures))

    def asked(i, dy, dx):
        view = field_of_view(pictures[i], network.preprocessing, 8, boundary)
        x = to_tensor(view[8 - dy : 40 - dy, 8 - dx : 40 - dx], network.preprocessing)
        with torch.inference_mode():
            return int(network.engine.plain(x[None]).argmax())

    for i in range(len(pictures)):
        assert row["untouched"][i] == asked(i, 0, 0)
        assert row["shift -1 1"][i] == asked(i, -1, 1)
        for side, name in enumerate(("pair 0a", "pair 0b")):
            assert row[name][i] == asked(i, *offsets[0, side, i])


def test_a_torus_is_perfectly_consistent_under_circular_shifts(pictures):
    params = Params("circular", corruptions=())
    result = ask(by_hand(Torus()), pictures, params)
    got = summary(result, params)
    assert got.consistency == 1
    assert got.consistency_sd == 0
    assert got.accuracy is None
    assert got.worst_accuracy is None


def test_all_corruptions_at_all_strengths(pictures):
    params = Params(pairs=1, worst_reach=0)
    result = ask(trained(), pictures[:2], params)
    assert result.top1.shape == (1 + 2 + 15, 2)
    assert tuple(summary(result, params).corruptions) == CORRUPTIONS


def test_progress_counts_pictures(pictures):
    seen = []
    params = Params(pairs=1, worst_reach=0, corruptions=())
    ask(by_hand(Torus()), pictures, params, 3, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_stop_keeps_what_was_done(pictures):
    def stop_at_six(done, total):
        if done >= 6:
            raise Stopped

    network, params = trained(), Params(pairs=1, worst_reach=0, corruptions=())
    stopped = ask(network, pictures, params, 3, progress=stop_at_six)
    np.testing.assert_array_equal(stopped.top1, ask(network, pictures, params, 3).top1[:, :6])
    assert stopped.truth.tolist() == [-1] * 6
    assert summary(stopped, params).images == 6


def test_no_pictures_is_said_so():
    empty = ask(by_hand(Torus()), [], SMALL)
    assert empty.top1.shape == (len(variants(SMALL)), 0)
    with pytest.raises(ValueError, match=r"^expected at least one picture, got none: "):
        summary(empty, SMALL)


# ---- the summary ---------------------------------------------------------------------------------


def made_up(seed, n=40, unknown=5, params=SMALL):
    """Answers thrown with dice, often right; the class of the last `unknown` pictures is not known."""
    dice = np.random.default_rng(seed)
    truth = dice.integers(0, 3, n)
    names = variants(params)
    top1 = np.where(dice.random((len(names), n)) < 0.9, truth, dice.integers(0, 3, (len(names), n)))
    truth[n - unknown :] = -1
    return Result("made up", names, top1, truth)


@pytest.mark.parametrize("seed", range(5))
def test_the_summary_counted_by_hand(seed):
    result = made_up(seed)
    row = {name: result.top1[i].tolist() for i, name in enumerate(result.variants)}
    known = [i for i, t in enumerate(result.truth) if t >= 0]
    n = result.top1.shape[1]

    def share_right(name):
        return sum(row[name][i] == result.truth[i] for i in known) / len(known)

    got = summary(result, SMALL)
    assert (got.network, got.images, got.draws) == ("made up", 40, 2)
    assert got.accuracy == pytest.approx(share_right("untouched"))
    assert got.accuracy_interval == pytest.approx(wilson(got.accuracy, 35))
    agree = [sum(row[f"pair {d}a"][i] == row[f"pair {d}b"][i] for i in range(n)) / n for d in range(2)]
    assert got.consistency == pytest.approx(sum(agree) / 2)
    assert got.consistency_sd == pytest.approx(abs(agree[0] - agree[1]) / np.sqrt(2))
    small = ["untouched", *(f"shift {a} {b}" for a, b in itertools.product((-1, 0, 1), repeat=2) if a or b)]
    always = sum(all(row[name][i] == result.truth[i] for name in small) for i in known) / len(known)
    assert got.worst_accuracy == pytest.approx(always)
    assert 0 < always < got.accuracy < 1
    for kind in SMALL.corruptions:
        for strength in (1, 2, 3):
            right, changed = got.corruptions[kind][strength - 1]
            name = f"{kind} {strength}"
            assert right == pytest.approx(share_right(name))
            assert changed == pytest.approx(sum(row[name][i] != row["untouched"][i] for i in range(n)) / n)


def test_one_pair_has_no_spread():
    params = Params(pairs=1, worst_reach=1, corruptions=())
    assert summary(made_up(0, params=params), params).consistency_sd == 0


@pytest.mark.parametrize(
    ("share", "n", "low", "high"),
    [  # Wilson score intervals of 95 %, as tabulated
        (0.0, 10, 0.0, 0.2775),
        (1.0, 10, 0.7225, 1.0),
        (0.5, 10, 0.2366, 0.7634),
        (15 / 148, 148, 0.0624, 0.1605),  # Newcombe 1998, table I
        (81 / 263, 263, 0.2553, 0.3662),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_against_known_values(share, n, low, high):
    assert wilson(share, n) == pytest.approx((low, high), abs=1e-4)


# ---- figures -------------------------------------------------------------------------------------


def test_figures_of_the_whole_data_set(dark):
    summaries = [summary(made_up(seed), SMALL) for seed in range(3)]
    titles, blurs = ["A", "B", "C"], [None, 3, 7]
    points = figures.scatter(summaries, titles, blurs).figure
    shown = {(trace.y[0], trace.xaxis): trace for trace in points.data}
    for title, s in zip(titles, summaries, strict=True):
        assert shown[title, "x"].x[0] == 100 * s.consistency
        assert shown[title, "x2"].x[0] == 100 * s.accuracy
    steadiest = max(zip(summaries, titles, strict=True), key=lambda pair: pair[0].consistency)[1]
    assert points.data[-1].y[0] == steadiest  # the last row is the uppermost
    assert all(min(trace.error_x.array[0], trace.error_x.arrayminus[0]) > 0 for trace in points.data)
    for flips in (False, True):
        panels = figures.corruption_plot(summaries, titles, blurs, flips=flips).figure
        json.loads(panels.to_json())
        assert len(panels.data) == 3 * len(SMALL.corruptions)
        start = 0 if flips else 100 * summaries[0].accuracy
        values = [100 * entry[int(flips)] for entry in summaries[0].corruptions["blur"]]
        assert list(panels.data[0].y) == [start, *values]


def test_no_two_networks_share_a_look(dark):
    blurs = [None] * 5 + [3, 5, 5]
    assert len(set(figures.looks(blurs))) == len(blurs)
    assert [look[0] for look in figures.looks(blurs)] == network_colours(blurs)


def test_figures_without_known_classes():
    unknown = summary(made_up(0, unknown=40), SMALL)
    assert unknown.accuracy is None
    assert len(figures.scatter([unknown], ["A"], [None]).figure.data) == 0
    fig = figures.corruption_plot([unknown], ["A"], [None], flips=False).figure
    assert list(fig.data[0].y) == [None] * 4


def test_pictures_of_any_size_are_taken():
    odd = [from_pixels(np.full((*size, 3), 40, np.uint8)) for size in ((1, 1), (3, 500), (32, 32))]
    result = ask(by_hand(Torus()), odd, SMALL)
    assert summary(result, SMALL).consistency == 1
