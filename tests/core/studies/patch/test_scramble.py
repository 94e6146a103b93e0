"""Shuffled tiles: nothing is lost, a bag of parts does not notice, and where a BagNet does, it is the seams."""

import numpy as np
import pytest
import torch
from torch import nn

from core.compute import patches
from core.data.split import Split
from core.figures import theme
from core.pictures.preprocess import to_tensor
from core.studies.patch import probe_figures as figures
from core.studies.patch import scramble
from core.studies.patch.dataset_figures import colours
from core.studies.patch.scramble import Params, order, run, share_whole, shuffle
from tests.helpers.networks_by_hand import Torus, by_hand, untrained

PICTURE = np.random.default_rng(5).integers(0, 256, (64, 96, 3), dtype=np.uint8)


class Bag(nn.Module):
    """(B, 3, H, W) -> (B, 5): the mean over the picture of what each `side` x `side` tile says."""

    def __init__(self, side):
        super().__init__()
        torch.manual_seed(1)
        self.read = nn.Conv2d(3, 16, side, side)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        return self.head(torch.relu(self.read(x)).mean((2, 3)))


class Corner(nn.Module):
    """Class 1 if the top left pixel is bright, class 0 otherwise."""

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        bright = self.gain * x[:, :, 0, 0].mean(1, keepdim=True)
        return torch.cat([-bright, bright], 1)


@pytest.mark.parametrize("tiles", [1, 2, 3, 5, 7, 16, 64])
def test_a_shuffle_keeps_every_pixel(tiles):
    moved = shuffle(PICTURE, tiles, 3)
    assert (moved.shape, moved.dtype) == (PICTURE.shape, np.uint8)
    before, after = (np.sort(p.reshape(-1, 3).view("u1,u1,u1").ravel()) for p in (PICTURE, np.ascontiguousarray(moved)))
    np.testing.assert_array_equal(before, after)
    assert (moved != PICTURE).any() == (tiles > 1)


def test_every_tile_is_moved_whole_and_none_stays():
    ids = np.arange(12 * 18).reshape(12, 18)
    picture = np.repeat((ids // 1)[..., None], 3, 2).astype(np.uint8)
    cuts = [shuffle(picture, 3, 7), picture]
    moved, still = (c.reshape(3, 4, 3, 6, 3).swapaxes(1, 2).reshape(9, -1) for c in cuts)
    found = (moved[:, None] == still[None]).all(2)
    np.testing.assert_array_equal(found.sum(0), 1)
    np.testing.assert_array_equal(found.sum(1), 1)
    assert not found.diagonal().any()


def test_what_is_left_over_is_an_even_border_that_stays():
    picture = PICTURE[:11, :13]  # 4 tiles of 2 x 3 px leave 3 rows, 1 above and 2 below, and 1 column
    moved = shuffle(picture, 4, 0)
    for edge in (np.s_[:1], np.s_[9:], np.s_[:, 12:]):
        np.testing.assert_array_equal(moved[edge], picture[edge])
    assert (moved[1:9, :12] != picture[1:9, :12]).any()


def test_a_seed_decides_and_leaves_the_picture_alone():
    before = PICTURE.copy()
    np.testing.assert_array_equal(shuffle(PICTURE, 4, 9), shuffle(PICTURE, 4, 9))
    assert (shuffle(PICTURE, 4, 9) != shuffle(PICTURE, 4, 10)).any()
    np.testing.assert_array_equal(PICTURE, before)


def test_every_order_without_a_fixed_tile_is_about_as_likely():
    drawn, counts = np.unique([order(4, seed) for seed in range(1800)], axis=0, return_counts=True)
    assert len(drawn) == 9  # as many derangements of 4 as there are
    assert (drawn != np.arange(4)).all()
    assert abs(counts - 200).max() < 5 * np.sqrt(200)


@pytest.mark.parametrize("tiles", [0, -1, 65])
def test_tiles_that_cannot_be_cut_are_refused(tiles):
    with pytest.raises(ValueError, match="1 to 64 tiles per side"):
        shuffle(PICTURE, tiles, 0)


def test_a_bag_of_tiles_does_not_notice_and_others_do():
    square = PICTURE[:, :64]
    nets = [by_hand(Bag(8), name="parts"), by_hand(Bag(64), name="all at once")]
    result = run(nets, square, 2, Params(tiles=(1, 2, 4, 8), shuffles=3))
    bag, all_at_once = result.probability
    np.testing.assert_allclose(bag, bag[0, 0], rtol=1e-5)
    assert (np.abs(all_at_once[1:] - all_at_once[0, 0]) > 1e-3 * all_at_once[0, 0]).all()
    odd = run(nets[:1], square, 2, Params(tiles=(1, 3)))  # seams across the tiles that the network reads
    assert np.ptp(odd.probability) > 1e-4 * bag[0, 0]


def test_results_are_the_networks_answers_to_each_shuffle():
    network = by_hand(Torus())
    params = Params(tiles=(1, 2, 5), shuffles=2, seed=11)
    result = run([network], PICTURE, 3, params)
    assert result.probability.shape == result.top1.shape == result.top1_probability.shape == (1, 3, 2)
    for t, tiles in enumerate(params.tiles):
        for s in range(2):
            x = to_tensor(shuffle(PICTURE, tiles, 11 + s), network.preprocessing)
            with torch.inference_mode():
                p = network.engine.plain(x[None])[0].softmax(0).numpy()
            assert result.probability[0, t, s] == pytest.approx(p[3], rel=1e-5)
            assert result.top1[0, t, s] == p.argmax()
            assert result.top1_probability[0, t, s] == pytest.approx(p.max(), rel=1e-5)


def test_a_patch_that_no_seam_crosses_keeps_its_evidence():
    """Tiles of 16 px move by whole strides, so a BagNet-9 finds each whole patch again, elsewhere."""
    network = untrained("photo_bagnet9")
    net = patches.bagnet_of(network)
    picture = PICTURE[:, :64]
    ids = np.repeat((np.arange(64 * 64) // 64 // 16 * 4 + np.arange(64 * 64) % 64 // 16).reshape(64, 64, 1), 3, 2)
    source = shuffle(ids.astype(np.uint8), 4, 2)[::16, ::16, 0]  # which tile lies where
    before, after = (
        patches.evidence(net, to_tensor(p, network.preprocessing)) for p in (picture, shuffle(picture, 4, 2))
    )
    for (i, j), tile in np.ndenumerate(source):
        y, x = divmod(int(tile), 4)
        np.testing.assert_allclose(after[:, 2 * i, 2 * j], before[:, 2 * y, 2 * x], rtol=1e-4, atol=1e-7)
    assert share_whole(64, 64, 4, 9) == pytest.approx(16 / 49)  # these, of 7 x 7


@pytest.mark.parametrize("patch", [9, 17, 33])
@pytest.mark.parametrize("tiles", [1, 2, 3, 5, 8])
def test_whole_patches_counted_one_by_one(tiles, patch):
    """Each tile in its own colour, in place: a whole patch sees one colour; the border is one more."""
    height, width = 67, 90
    h, w = height // tiles, width // tiles
    top, left = (height - tiles * h) // 2, (width - tiles * w) // 2
    rows = np.digitize(np.arange(height), top + h * np.arange(tiles + 1)) if tiles > 1 else np.zeros(height, int)
    columns = np.digitize(np.arange(width), left + w * np.arange(tiles + 1)) if tiles > 1 else np.zeros(width, int)
    colour = rows[:, None] * 100 + columns
    spots = [(y, x) for y in range(0, height - patch + 1, 8) for x in range(0, width - patch + 1, 8)]
    one = [len(np.unique(colour[y : y + patch, x : x + patch])) == 1 for y, x in spots]
    assert share_whole(height, width, tiles, patch) == pytest.approx(np.mean(one))


def test_a_packaged_baseline_minds_more_than_nothing():
    from core import networks as core_networks

    result = run([core_networks.load(core_networks.find("photo_resnet"))], PICTURE, 0, Params(tiles=(1, 4), shuffles=2))
    assert np.abs(result.probability[:, 1] - result.probability[:, 0]).min() > 1e-3
    assert np.isnan(result.whole).all()


def test_accuracy_over_a_data_set_by_hand():
    """Only the top left pixel counts: untouched all are right; shuffled, what comes there decides."""
    rng = np.random.default_rng(0)
    pixels = np.repeat(rng.choice([0, 255], (40, 8, 8, 1)), 3, 3).astype(np.uint8)
    truth = (pixels[:, 0, 0, 0] > 0).astype(np.int64)
    seen = []
    network = by_hand(Corner(), classes=2)
    accuracy = scramble.measure(
        [network], Split(pixels, truth, ("dark", "bright")), (1, 2, 8), 4, lambda *at: seen.append(at)
    )
    expected = [
        np.mean([(shuffle(p, t, 4 + i)[0, 0, 0] > 0) == truth[i] for i, p in enumerate(pixels)]) for t in (1, 2, 8)
    ]
    np.testing.assert_allclose(accuracy, [expected])
    assert accuracy[0, 0] == 1 > accuracy[0, 1:].max()
    assert seen[-1] == (120, 120)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_networks_and_classes_that_do_not_fit_are_refused():
    network = by_hand(Torus())
    for networks, target, said in (
        ([], 0, "share their labels"),
        ([network, by_hand(Torus(classes=3), classes=3)], 0, "share their labels"),
        ([network], 5, "class of 0 to 4"),
        ([network], -1, "class of 0 to 4"),
    ):
        with pytest.raises(ValueError, match=said):
            run(networks, PICTURE, target, Params())


def test_the_finding_the_curves_and_the_table_hold_the_numbers():
    nets = [untrained("photo_bagnet9"), untrained("photo_bagnet33"), untrained("photo_resnet")]
    result = run(nets, PICTURE[:, :64], 3, Params(tiles=(1, 2, 4), shuffles=2, seed=5))
    titles = ["BagNet-9", "BagNet-33", "plain"]
    label, mean = result.labels[3], result.probability.mean(2)
    kept = scramble.same_answer(result)
    said = scramble.finding(result, titles, 4)
    for i, title in enumerate(titles):
        part = f"from {mean[i, 0]:.2f} to {mean[i, 2]:.2f} for {title} (same answer at {2 * kept[i, 2]:.0f} of 2)"
        assert part in said
    assert f"{mean[2, 0]:.2f} for plain" in scramble.finding(result, titles, 1)
    for look in theme.THEMES:
        with theme.drawn(look):
            fig = figures.scramble_curves(result, titles, tiles=2).figure
            lines = [trace for trace in fig.data if trace.name]
            np.testing.assert_allclose([t.y for t in lines], mean)
            assert [t.line.color for t in lines] == colours([9, 33, None])
            assert f"P({label})" in fig.layout.yaxis.title.text
            strip = figures.scramble_strip(PICTURE[:, :64], result).figure
            np.testing.assert_array_equal(strip.data[2].z, shuffle(PICTURE[:, :64], 4, 5))
            assert "seed 5" in strip.layout.title.text
            fig.to_json(), strip.to_json()
    table = figures.scramble_table(result, titles)
    assert {len(column) for column in table.values()} == {9}
    assert table[f"P({label}) mean"][5] == pytest.approx(mean[1, 2], abs=1e-5)
    assert table["patches that no seam crosses, share"][2] == pytest.approx(16 / 49, abs=1e-4)
    assert table["patches that no seam crosses, share"][8] is None
