"""Masking: the curves against masks made by hand, orders that cannot be beaten, and the figures' numbers."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from torch import nn

from core.compute import attributions
from core.compute.attributions import EVIDENCE, METHODS, RANDOM
from core.figures import theme
from core.pictures.preprocess import to_tensor
from core.studies.patch import masking
from core.studies.patch import masking_figures as figures
from core.studies.patch.masking import MODES, Params
from tests.helpers.networks_by_hand import Torus, by_hand, untrained

PIXELS = np.random.default_rng(3).integers(0, 256, (40, 43, 3), dtype=np.uint8)
TITLES = ("BagNet-9", "resnet")
FEW = Params(methods=(EVIDENCE, "saliency", RANDOM), draws=3, seed=4)


@pytest.fixture(scope="module")
def bagnet():
    return untrained("photo_bagnet9")


@pytest.fixture(scope="module")
def baseline():
    return untrained("photo_resnet")


@pytest.fixture(scope="module")
def result(bagnet, baseline):
    return masking.run([bagnet, baseline], PIXELS, 2, FEW)


@torch.no_grad()
def probability(network, x, target):
    return network.engine.plain(x[None]).softmax(1)[0, target].item()


# ---- cells and orders ----------------------------------------------------------------------------


def test_cells_are_counted_row_by_row_and_cut_off_at_the_border():
    cells = masking.grid(40, 43, 8)
    assert cells.max() + 1 == 5 * 6
    np.testing.assert_array_equal(cells[8:16, 40:], 11)
    np.testing.assert_array_equal(np.bincount(cells.ravel())[:6], [64, 64, 64, 64, 64, 24])


def test_cells_rank_by_the_sum_of_their_attributions():
    found = np.zeros((16, 20), np.float32)
    found[3, 9] = 5  # cell 1
    found[8:, :8] = 0.05  # cell 3: 3.2 in all
    found[0, 0] = -1  # cell 0
    np.testing.assert_array_equal(masking.ranking(found, 8), [1, 3, 2, 4, 5, 0])


def test_the_turn_of_every_pixel():
    turn = masking.places(np.array([1, 3, 2, 4, 5, 0]), 16, 20, 8)
    assert turn[0, 0] == 5
    assert turn[3, 9] == 0
    assert turn[15, 19] == 4
    assert turn.shape == (16, 20)


def test_a_cell_that_lies_in_the_blind_rim_for_the_most_part_has_no_rank_and_no_turn():
    found = np.random.default_rng(0).normal(size=(64, 64))
    order = masking.ranking(found, 8, ((0, 57), (0, 57)))
    assert sorted(order) == [8 * row + column for row in range(7) for column in range(7)]
    rest = [cell for cell in masking.ranking(found, 8) if cell in set(order.tolist())]
    np.testing.assert_array_equal(order, rest)
    turn = masking.places(order, 64, 64, 8)
    assert (turn[56:] == 49).all()
    assert (turn[:, 56:] == 49).all()
    assert turn[:56, :56].max() == 48
    assert masking.inside_of((0, 217), 224, 16).all()  # of the last 16 px nine are seen
    np.testing.assert_array_equal(masking.inside_of((8, 40), 43, 8), [False, True, True, True, True, False])


@pytest.mark.parametrize("mode", MODES)
def test_the_blind_rim_is_neither_masked_nor_shown(mode, bagnet, baseline):
    pixels = np.random.default_rng(5).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    found = masking.run([bagnet, baseline], pixels, 2, Params(methods=(EVIDENCE, "saliency"), mode=mode))
    assert found.order.shape == (2, 2, 49)
    assert found.cells == 49
    ends = [masking.shown(bagnet, pixels, found.order[0, 0], 49, 8, mode)[at] for at in (np.s_[56:], np.s_[:, 56:])]
    colour = np.round(255 * np.array(bagnet.preprocessing.mean))
    for end, whole in zip(ends, (pixels[56:], pixels[:, 56:]), strict=True):
        assert (end == (whole if mode == "deletion" else colour)).all()


# ---- the curves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_curve_is_the_answer_to_pictures_masked_by_hand(mode, baseline):
    order = np.random.default_rng(0).permutation(30)
    curve = masking.follow(baseline, PIXELS, order, 6, replace(FEW, mode=mode))
    assert curve.shape == (31,)
    x, cells = to_tensor(PIXELS, baseline.preprocessing), masking.grid(40, 43, 8)
    for k in (0, 1, 11, 30):
        chosen = np.isin(cells, order[:k])
        kept = torch.from_numpy(chosen if mode == "insertion" else ~chosen)
        assert curve[k] == pytest.approx(probability(baseline, torch.where(kept, x, 0), 6), rel=1e-4)


def test_the_ends_of_deletion_and_insertion_meet(bagnet):
    trace = masking.trace(bagnet, bagnet, PIXELS, 2, "occlusion", Params(seen=((0, 40), (0, 43))))
    whole = probability(bagnet, to_tensor(PIXELS, bagnet.preprocessing), 2)
    empty = probability(bagnet, torch.zeros(3, 40, 43), 2)
    np.testing.assert_allclose(trace.deletion[0, [0, -1]], [whole, empty], rtol=1e-4)
    np.testing.assert_allclose(trace.insertion[0, [0, -1]], [empty, whole], rtol=1e-4)
    assert trace.deletion.shape == trace.insertion.shape == (1, 31)


def test_no_order_beats_the_exact_attributions_of_a_linear_network():
    class Linear(nn.Module):  # two classes, so that the probability rises with the logit's margin
        def __init__(self):
            super().__init__()
            torch.manual_seed(0)
            self.fc = nn.Linear(3 * 24 * 24, 1)

        def forward(self, x):
            logit = self.fc(x.flatten(1))
            return torch.cat([logit, -logit], 1)

    with torch.random.fork_rng():
        network = by_hand(Linear(), classes=2)
    pixels = PIXELS[:24, :24]
    params = Params(methods=("integrated gradients", RANDOM), draws=20)
    x = to_tensor(pixels, network.preprocessing)
    best = masking.ranking(attributions.attribution(network, x, 0, "integrated gradients"), 8)
    chance = [masking.ranking(attributions.attribution(network, x, 0, RANDOM, seed=s), 8) for s in range(20)]
    for mode, sign in zip(MODES, (1, -1), strict=True):
        asked = replace(params, mode=mode)
        lowest = masking.follow(network, pixels, best, 0, asked)
        others = np.stack([masking.follow(network, pixels, order, 0, asked) for order in chance])
        assert (sign * (others - lowest) > -1e-6).all()
        assert (sign * (masking.area(others) - masking.area(lowest)) > 0).all()


def test_both_networks_answer_the_same_masks_of_the_evidence_and_of_chance(result):
    evidence, saliency, random = range(3)
    np.testing.assert_array_equal(result.order[0, evidence], result.order[1, evidence])
    np.testing.assert_array_equal(result.order[0, random], result.order[1, random])
    assert (result.order[0, saliency] != result.order[1, saliency]).any()
    assert result.probability.shape == (2, 3, 21)  # of 5 x 6 cells the BagNet sees 4 x 5
    assert result.maps.shape == (2, 3, 40, 43)
    assert result.cells == 20
    np.testing.assert_allclose(result.probability[:, :, 0], np.repeat(result.untouched[:, None], 3, 1), rtol=1e-5)


def test_every_network_explains_itself(result, bagnet, baseline):
    for network, row, shared in zip((bagnet, baseline), result.maps, (True, False), strict=True):
        x = to_tensor(PIXELS, network.preprocessing)
        np.testing.assert_array_equal(row[1], attributions.attribution(network, x, 2, "saliency"))
        evidence = attributions.attribution(bagnet, to_tensor(PIXELS, bagnet.preprocessing), 2, EVIDENCE)
        np.testing.assert_array_equal(row[0], evidence)
        assert shared or (row[1] != evidence).any()


def test_chance_is_a_mean_over_seeded_draws(result, baseline):
    x = to_tensor(PIXELS, baseline.preprocessing)
    maps, seen = [attributions.attribution(baseline, x, 2, RANDOM, seed=s) for s in (4, 5, 6)], ((0, 33), (0, 41))
    draws = np.stack([masking.follow(baseline, PIXELS, masking.ranking(m, 8, seen), 2, FEW) for m in maps])
    np.testing.assert_allclose(result.probability[1, 2], draws.mean(0), rtol=1e-5)
    np.testing.assert_allclose(result.spread[1, 2], draws.std(0), atol=1e-7)
    assert result.spread[1, 2].max() > 0
    assert result.auc_spread[1, 2] == pytest.approx(masking.area(draws).std(), rel=1e-4)
    np.testing.assert_array_equal(result.spread[:, :2], 0)


def test_the_area_is_the_mean_height():
    lines = np.stack([np.full(11, 0.4), np.linspace(1, 0, 11), np.linspace(0, 1, 11) ** 2])
    np.testing.assert_allclose(masking.area(lines), [0.4, 0.5, 0.335], atol=1e-12)
    assert masking.area(np.array([[0.3], [0.4]])).tolist() == [0.3, 0.4]  # no cell is seen: nothing is masked


def test_the_paper_masks_at_most_100_cells(baseline):
    for cell, cells, longest in ((2, None, 100), (8, None, 30), (8, 5, 5)):
        order = np.arange(masking.grid(*PIXELS.shape[:2], cell).max() + 1)
        assert len(masking.follow(baseline, PIXELS, order, 0, Params(cell, cells))) == 1 + longest
    found = masking.run([untrained("photo_bagnet9")], PIXELS, 0, Params(cells=2, methods=(EVIDENCE,)))
    assert found.probability.shape == (1, 1, 3)


def test_insertion_is_told_from_the_same_traces(bagnet, result):
    traces = [[masking.trace(bagnet, bagnet, PIXELS, 2, m, FEW) for m in FEW.methods]]
    deleted, inserted = (masking.assemble([bagnet], traces, 2, replace(FEW, mode=mode)) for mode in MODES)
    np.testing.assert_array_equal(deleted.probability[0], result.probability[0])
    np.testing.assert_allclose(inserted.probability[0, 0, -1], result.untouched[0], rtol=1e-5)
    assert inserted.mode == "insertion"


# ---- refusals ------------------------------------------------------------------------------------


def test_networks_that_cannot_be_compared(bagnet, baseline):
    with pytest.raises(ValueError, match="share their labels"):
        masking.run([bagnet, by_hand(Torus())], PIXELS, 0, FEW)
    with pytest.raises(ValueError, match="expected a BagNet"):
        masking.run([baseline], PIXELS, 0, FEW)
    with pytest.raises(ValueError, match="class of 0 to 19, got 20"):
        masking.run([bagnet], PIXELS, 20, FEW)


# ---- what the reader sees ------------------------------------------------------------------------


@pytest.fixture
def known(result):
    """A result whose curves are straight lines of our own."""
    down = np.stack([np.linspace(0.8, 0, 31), np.full(31, 0.8), np.linspace(0.8, 0.3, 31)])
    p = np.stack([down, down[::-1]])
    return replace(result, probability=p, untouched=np.array([0.8, 0.8]), auc=masking.area(p))


def test_the_finding_counts_the_cells_until_the_answer_is_half(known):
    np.testing.assert_array_equal(masking.turning(known), [[15, -1, 24], [24, -1, 15]])
    words = masking.finding(known, TITLES)
    assert "for BagNet-9 (untouched 0.80) after 15 cells, in random order after 24 cells" in words
    assert f"Least area under the curve: {EVIDENCE} for BagNet-9, {RANDOM} for resnet" in words
    risen = replace(known, mode="insertion", probability=0.8 - known.probability, auc=0.8 - known.auc)
    np.testing.assert_array_equal(masking.turning(risen), [[15, -1, 24], [24, -1, 15]])
    assert f"Largest area under the curve: {EVIDENCE} for BagNet-9" in masking.finding(risen, TITLES)


def test_the_picture_with_its_first_cells_masked_or_shown(bagnet, result):
    order = result.order[0, 0]
    colour = np.round(255 * np.array(bagnet.preprocessing.mean))
    masked = masking.grid(40, 43, 8) == order[0]
    gone = masking.shown(bagnet, PIXELS, order, 1, 8, "deletion")
    only = masking.shown(bagnet, PIXELS, order, 1, 8, "insertion")
    np.testing.assert_array_equal(gone[~masked], PIXELS[~masked])
    np.testing.assert_array_equal(only[masked], PIXELS[masked])
    assert (gone[masked] == colour).all()
    assert (only[~masked] == colour).all()
    np.testing.assert_array_equal(masking.shown(bagnet, PIXELS, order, 0, 8, "deletion"), PIXELS)


def test_the_curves_carry_the_results_numbers(result, dark):
    fig = figures.curves(result, TITLES, k=3).figure
    lines = [t for t in fig.data if t.mode == "lines"]
    assert len(lines) == 6
    for i, axis in enumerate(("x", "x2")):
        mine = {t.name.split(":")[0]: t for t in lines if (t.xaxis or "x") == axis}
        areas = [float(t.name.split(": ")[1].split(" ")[0]) for t in mine.values()]
        assert areas == sorted(areas)
        for m, method in enumerate(result.methods):
            np.testing.assert_array_equal(mine[method].y, result.probability[i, m])
            assert f"{result.auc[i, m]:.3f}" in mine[method].name
        assert len({(t.line.color, t.line.dash) for t in mine.values()}) == 3
    bands = [t for t in fig.data if t.fill == "toself"]
    assert len(bands) == 2
    assert isinstance(figures.curves(result, result.models).figure, go.Figure)


def test_every_method_has_a_line_of_its_own():
    for look in theme.THEMES:
        with theme.drawn(look):
            lines = [figures.line_of(m) for m in METHODS]
            assert len({line["color"] for line in lines}) == len(METHODS)


def test_the_strip_shows_every_map_but_chance_and_the_evidence_once(result):
    fig = figures.strip(result, TITLES).figure
    assert len(fig.data) == 3
    assert {a.text for a in fig.layout.annotations} == {EVIDENCE, "saliency", "BagNet-9", "resnet"}


def test_the_tables_hold_the_numbers(result):
    areas = figures.auc_table(result, TITLES)
    assert areas["ranked by"] == list(result.methods)
    assert areas["resnet"][0] == f"{result.auc[1, 0]:.3f}"
    assert "±" in areas["resnet"][2]
    table = figures.curve_table(result, TITLES)
    assert {len(column) for column in table.values()} == {21}
    np.testing.assert_allclose(table["BagNet-9, saliency"], result.probability[0, 1], atol=1e-5)
