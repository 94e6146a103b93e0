"""The race of heads: paired, deterministic, resumable to look at, and honest about what it shows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from core.data import named as datasets
from core.models import counting
from core.models.heads import BACKBONES, HEADS, Shape, build
from core.studies import spinal
from core.studies.spinal import figures, heads
from core.studies.spinal.heads import Params, difference, finding, params_of, run, table

SHORT = Params(seeds=2, epochs=2)


def digits(count, split="train"):
    whole = datasets.load("digits", split=split)
    return replace(whole, pixels=whole.pixels[:count], labels=whole.labels[:count])


TRAIN, TEST = digits(192), digits(100, "test")


@pytest.fixture(scope="module")
def raced():
    """(result, every Result that was published on the way, the progress told)."""
    published, told = [], []
    result = run("digits", TRAIN, TEST, SHORT, lambda *at: told.append(at), published.append)
    return result, published, told


def curves(accuracy, **changed):
    """A result with these accuracies (H, S, E), to draw and to talk about."""
    accuracy = np.asarray(accuracy, float)
    blank = heads.blank("digits", TRAIN, TEST, Params(seeds=accuracy.shape[1], epochs=accuracy.shape[2]))
    return replace(blank, accuracy=accuracy, loss=accuracy, **changed)


# ---- training ------------------------------------------------------------------------------------


def test_all_heads_grow_together(raced):
    result, published, told = raced
    assert result.accuracy.shape == result.loss.shape == (3, 2, 2)
    assert not np.isnan(result.accuracy).any()
    assert result.epochs_done == len(published) == 12
    assert [one.epochs_done for one in published] == list(range(1, 13))
    first = published[5]
    assert not np.isnan(first.accuracy[:, :, 0]).any()
    assert np.isnan(first.accuracy[:, :, 1]).all()
    assert told[0] == (0, 12)
    assert told[-1] == (12, 12)


def test_training_learns():
    train = datasets.load("digits")
    result = run("digits", train, datasets.load("digits", split="test"), Params(heads=("spinal",), seeds=1, epochs=8))
    assert result.accuracy[0, 0, -1] > 0.9
    assert result.loss[0, 0, -1] < 0.6 * result.loss[0, 0, 0]


def test_a_head_is_trained_the_same_alone_and_in_company(raced):
    alone = run("digits", TRAIN, TEST, replace(SHORT, heads=("spinal",)))
    assert np.array_equal(alone.loss[0], raced[0].loss[1])
    assert np.array_equal(alone.accuracy[0], raced[0].accuracy[1])


def test_seeds_differ(raced):
    assert len(np.unique(raced[0].loss[:, :, 0])) == 6


def test_stopping_in_the_middle_leaves_what_was_published():
    class Stop(Exception):
        pass

    published = []

    def stop(done, total):
        if done == 4:
            raise Stop

    with pytest.raises(Stop):
        run("digits", TRAIN, TEST, SHORT, stop, published.append)
    assert published[-1].epochs_done == 4
    assert "no epoch is finished by all heads yet" in finding(published[0])


def test_too_few_pictures_are_refused():
    few = digits(40)
    with pytest.raises(ValueError, match=r"^expected at least 64 training pictures, got 40: give more of them$"):
        run("digits", few, TEST, SHORT)


def test_sizes_are_the_networks_own(raced):
    shape = BACKBONES["small_cnn"].shape
    for h, head in enumerate(HEADS):
        net = build("small_cnn", head, shape, 10, 1)
        assert raced[0].parameters[h] == counting.parameters(net.head)
        whole, below = (counting.multiplications(part, 1, 28, 28) for part in (net, net.backbone))
        assert raced[0].multiplications[h] == whole - below


def test_pictures_are_scaled_to_the_backbone():
    assert heads.fitted(TRAIN, "small_cnn").pixels.shape == (192, 28, 28, 1)
    colour = replace(TRAIN, pixels=np.full((4, 28, 28, 3), 77, np.uint8), labels=TRAIN.labels[:4])
    assert heads.fitted(colour, "vgg5") is colour
    larger = heads.fitted(colour, "cifar_vgg11").pixels
    assert larger.shape == (4, 32, 32, 3)
    assert (larger == 77).all()


# ---- what is asked -------------------------------------------------------------------------------


def test_each_part_has_a_layer():
    with pytest.raises(ValueError, match="a layer for each of 4 parts, got 3 layers"):
        Params(split=4, layers=3)


def test_the_papers_sizes_are_the_default():
    assert Params().shape == Shape(8, 6)
    assert Params(width=16, split=3).shape == Shape(16, 6, 3)


def test_command_and_snippet_say_what_was_run(raced):
    params = params_of(raced[0])
    assert params.shape == SHORT.shape
    assert (params.heads, params.seeds, params.epochs) == (SHORT.heads, 2, 2)
    words = heads.command(params, "digits").split()
    assert words[:4] == ["receptive", "spinal-heads", "--data", "digits"]
    assert words[words.index("--heads") + 1] == "fc,spinal,fc-matched"
    compile(heads.snippet(params, "digits"), "snippet", "exec")


# ---- what is said --------------------------------------------------------------------------------


def test_the_finding_follows_from_the_intervals():
    rows = np.array([[0.95, 0.96, 0.97], [0.96, 0.97, 0.98], [0.90, 0.95, 1.0]])[:, :, None]
    result = curves(rows)
    assert difference(result, "spinal", "fc") == pytest.approx((1.0, 0.0), abs=1e-9)
    said = finding(result)
    assert "spinal 97.00 ± 2.48 %" in said
    assert "Spinal is better than FC (+1.00 ± 0.00 points) and not shown to differ from FC matched (" in said
    assert "Spinal is worse than FC" in finding(curves(rows[[1, 0, 2]]))
    two = finding(curves(rows[:, :2]))
    assert "by so few seeds not to be told from FC (+1.00 points) or FC matched (+4.00 points)" in two
    alone = replace(curves(rows), heads=("fc",), accuracy=rows[:1])
    assert finding(alone).endswith("FC 96.00 ± 2.48 % of 100 test pictures right.")


def test_a_half_finished_race_speaks_of_the_epochs_that_all_have():
    rows = np.full((3, 3, 4), np.nan)
    rows[:, :, 0] = [[0.5, 0.5, 0.5], [0.6, 0.6, 0.7], [0.5, 0.6, 0.4]]
    rows[0, :, 1] = 0.99
    said = finding(curves(rows))
    assert said.startswith("After 1 of 4 epochs on 192 digits pictures: FC 50.00")
    assert math.isnan(difference(curves(rows), "spinal", "fc")[0])


def test_the_table_has_a_row_a_network(raced):
    rows = table(raced[0])
    assert len({len(column) for column in rows.values()}) == 1
    assert len(rows["seed"]) == 6
    assert rows["epoch 2, %"][2] == round(100 * raced[0].accuracy[1, 0, 1], 2)
    assert None in table(raced[1][3])["epoch 2, %"]


def test_figures_draw_whatever_is_there(raced, dark):
    for result in (raced[0], *raced[1]):
        fig = spinal.figure(result)
        named = [trace for trace in fig.data if trace.showlegend is not False]
        assert [trace.name for trace in named] == ["FC", "spinal", "FC matched"]
        for h, trace in enumerate(named):
            known = ~np.isnan(result.accuracy[h]).all(0)
            assert np.allclose(trace.y, 100 * np.nanmean(result.accuracy[h][:, known], 0))
    assert len({trace.line.color for trace in named}) == len({trace.line.dash for trace in named}) == 3


def test_differences_are_drawn_with_their_verdict():
    rows = np.array([[0.95, 0.96, 0.97], [0.96, 0.97, 0.98], [0.90, 0.95, 1.0]])[:, :, None]
    fig = figures.differences(curves(rows)).figure
    said = list(dict.fromkeys(label for trace in fig.data for label in trace.y))
    assert said[0] == "spinal minus FC<br><b>+1.00 ± 0.00:<br>better</b>"
    assert said[1].endswith("no difference shown</b>")
