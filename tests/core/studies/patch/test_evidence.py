"""The study's numbers against counts by hand, and what its maps mean."""

from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest

from core.figures.palette import paint, signed_scale
from core.pictures.image import from_pixels
from core.pictures.preprocess import to_tensor, whole
from core.studies.patch import closer, evidence, figures
from core.studies.patch.evidence import Map, Params, Result
from tests.core.models.test_bagnet import settled
from tests.helpers.networks_by_hand import by_hand, untrained


def noisy_picture(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def bagnet(patch, size=40):
    network = by_hand(settled(patch), size=size, name=f"bagnet{patch}")
    assert network.card.patch == patch
    return network


NETS = [bagnet(9), bagnet(17)]


@pytest.fixture(scope="module")
def image():
    return from_pixels(noisy_picture(50, 75))


@pytest.fixture(scope="module")
def result(image):
    return evidence.run(NETS, image, Params())


def test_maps_have_one_number_a_pixel_and_logits_one_a_class(result):
    assert (result.height, result.width) == (40, 60)
    assert [e.shape for e in result.evidence] == [(40, 60)] * 2
    assert result.logits.shape == (2, 5)
    assert result.patch == (9, 17)
    assert result.patches == (4 * 7, 3 * 6)


def test_the_mean_of_the_coarse_map_is_the_networks_logit(image):
    coarse = evidence.run(NETS, image, Params(resolution="coarse"))
    for m, network in enumerate(NETS):
        x = to_tensor(whole(image, 40), network.preprocessing)[None]
        logits = network.engine.plain(x)[0].detach().numpy()
        np.testing.assert_allclose(coarse.logits[m], logits, rtol=1e-4, atol=1e-5)
        assert coarse.evidence[m].mean() == pytest.approx(logits[coarse.target], rel=1e-4)


def test_the_full_map_is_every_patch_asked_alone(image, result):
    pixels = whole(image, 40)
    for m, network in enumerate(NETS):
        for y, x in [(0, 0), (39, 59), (13, 42), (20, 7)]:
            alone = closer.patch_at(network, pixels, y, x)
            assert result.evidence[m][y, x] == pytest.approx(alone.logits[result.target], rel=1e-4, abs=1e-5)
            assert alone.probability.sum() == pytest.approx(1)


def test_the_default_class_is_what_the_networks_answer_together_and_another_is_taken_as_asked(image, result):
    assert result.target == evidence.voted(result.logits)
    other = (result.target + 2) % 5
    assert evidence.run(NETS, image, Params(target=other)).target == other


@pytest.mark.parametrize(
    ("logits", "voted"),
    [
        ([[0, 0, 9]], 2),
        ([[5, 0, 0], [5, 0, 0], [0, 0, 99]], 0),  # two of three, however sure the third is
        ([[0, 3, 0], [0, 0, 9]], 2),  # of two answers the likelier
        ([[0, 9, 0], [0, 0, 3]], 1),
        ([[5, 0, 0], [0, 5, 0], [0, 4, 5]], 1),  # of three answers the likeliest together
        ([[4, 0, 3.9], [0, 4, 3.9]], 0),  # never a class that nobody answers; of equals the first
    ],
)
def test_the_class_that_most_networks_answer(logits, voted):
    assert evidence.voted([np.array(one, float) for one in logits]) == voted


def test_a_class_against_itself_is_refused_whether_it_was_asked_for_or_answered(image, result):
    with pytest.raises(ValueError, match=r"^expected two classes to compare, got .+ for both: subtract another one"):
        evidence.run(NETS, image, Params(target=3, other=3))
    with pytest.raises(ValueError, match=r"^expected two classes to compare"):
        evidence.run(NETS, image, Params(other=result.target))


def test_two_classes_compared_are_the_difference_of_their_maps(image):
    one, two, both = (
        evidence.run(NETS, image, p) for p in (Params(target=1), Params(target=3), Params(target=1, other=3))
    )
    for m in range(2):
        np.testing.assert_allclose(both.evidence[m], one.evidence[m] - two.evidence[m], atol=1e-6)


def test_a_network_of_many_classes_keeps_only_those_asked_for():
    assert evidence.kept_classes(20, 3, None) == tuple(range(20))
    assert evidence.kept_classes(1000, 30, None) == (30,)
    assert evidence.kept_classes(1000, 30, 7) == (7, 30)


def test_the_scale_ends_at_the_99th_percentile_of_all_maps(result):
    every = np.concatenate([np.abs(e).ravel() for e in result.evidence])
    assert evidence.limit(result) == pytest.approx(np.percentile(every, 99))


def by_maps(*maps, target=0, other=None):
    """A Result whose maps are given."""
    n = len(maps)
    arrays = tuple(np.asarray(m, np.float32) for m in maps)
    y, x = (tuple(np.arange(a.shape[i]) for a in arrays) for i in (0, 1))
    h, w = arrays[0].shape
    names = tuple(f"net{i}" for i in range(n))
    return Result(
        names, ("cat", "dog"), "0", h, w, "full", target, other, (9,) * n, (4,) * n, np.eye(2)[[0] * n], y, x, arrays
    )


@pytest.mark.parametrize(
    ("values", "share"),
    [([[4, 0], [0, 0]], 1 / 4), ([[1, 1], [1, 1]], 2 / 4), ([[3, 1], [-9, 1]], 1 / 4), ([[2, 2], [1, -5]], 2 / 4)],
)
def test_half_of_the_evidence_by_hand(values, share):
    assert evidence.half_of_the_evidence(by_maps(values))[0] == pytest.approx(share)


def test_half_of_no_evidence_is_not_a_number_and_the_finding_says_so():
    found = by_maps([[-1, -2], [0, -1]])
    assert np.isnan(evidence.half_of_the_evidence(found)[0])
    assert "comes from no patch of A" in evidence.finding(found, ["A"])


def test_the_finding_names_answers_and_shares():
    found = by_maps([[4, 0], [0, 0]], [[1, 1], [1, 1]])
    assert evidence.finding(found, ["A", "B"]) == (
        "All say cat. Half of the evidence for cat comes from 25 % of the patches of A and 50 % of the patches of B."
    )


def test_the_strongest_patch_is_where_the_map_is_largest(result):
    for m in range(2):
        y, x = evidence.strongest(result, m)
        bottom, right = evidence.sides_seen(result, m)
        assert (
            result.evidence[m][y, x] == result.evidence[m][:bottom, :right].max() == evidence.in_sight(result, m).max()
        )


def test_evidence_in_the_blind_rim_counts_nowhere():
    values = np.zeros((16, 12))
    values[2, 3], values[12, 3], values[2, 11] = 1, 9, 9  # patches of 9 px end at row and column 9
    found = by_maps(values)
    assert evidence.sides_seen(found, 0) == (9, 9)
    assert evidence.strongest(found, 0) == (2, 3)
    assert evidence.half_of_the_evidence(found)[0] == pytest.approx(1 / 81)
    assert evidence.in_sight(replace(found, patch=(0,)), 0).shape == (16, 12)


def test_the_picture_is_hatched_where_nothing_is_seen(result, image):
    drawn = figures.picture(result, 0, whole(image, 40), zoom=2)
    rim = np.ones(drawn.shape[:2], bool)
    rim[: 2 * 33, : 2 * 57] = False
    assert set(np.unique(drawn[rim])) == {figures.DARK, figures.LIGHT}
    np.testing.assert_array_equal(figures.hatched(drawn, *drawn.shape[:2]), drawn)


def test_the_nearest_patch_of_the_grid_is_the_one_that_has_a_share(image):
    coarse = evidence.run(NETS, image, Params(resolution="coarse"))
    for (y, x), near in {(0, 0): (4, 4), (11, 12): (12, 12), (39, 59): (28, 52), (7, 55): (4, 52)}.items():
        assert closer.nearest(coarse, 0, y, x) == near
        assert closer.on_grid(coarse, 0, *near)
        assert not closer.on_grid(coarse, 0, y, x) or (y, x) == near


def test_a_patch_of_the_grid_adds_its_share_of_the_logit(image):
    """All patches of the grid together add up to the whole logit."""
    coarse = evidence.run(NETS, image, Params(resolution="coarse"))
    pixels = whole(image, 40)
    for m, network in enumerate(NETS):
        places = [(y, x) for y in coarse.y[m] for x in coarse.x[m]]
        assert all(closer.on_grid(coarse, m, y, x) for y, x in places)
        shares = [closer.share(coarse, m, closer.patch_at(network, pixels, y, x)) for y, x in places]
        assert sum(adds for adds, _ in shares) == pytest.approx(coarse.logits[m, coarse.target], rel=1e-4)
        assert sum(part for _, part in shares) == pytest.approx(1, rel=1e-4)


def test_a_crop_at_the_border_is_filled_with_the_mean_colour(image):
    pixels = whole(image, 40)
    crop = closer.crop_at(NETS[0], pixels, 0, 0)
    assert crop.shape == (9, 9, 3)
    assert (crop[:4] == 128).all()
    assert np.array_equal(crop[4:, 4:], pixels[:5, :5])


def test_patches_are_most_like_themselves(image):
    pixels = whole(image, 40)
    found = closer.alike(NETS[1], pixels, 16, 24)
    assert found.values.shape == (1, 10, 15)
    assert found.values[0, 4, 6] == pytest.approx(1, abs=1e-5)
    assert found.values.max() <= 1 + 1e-6


def test_equal_textures_are_alike_and_others_are_not():
    tile = noisy_picture(20, 20)
    flat = np.full((20, 40, 3), 90, np.uint8)
    pixels = np.concatenate([np.concatenate([tile, flat, tile], 1), np.full((20, 80, 3), 200, np.uint8)])
    found = closer.alike(NETS[0], pixels, 10, 10, step=2)
    there, elsewhere = found.values[0, 5, 35], found.values[0, 5, 20]
    assert there == pytest.approx(1, abs=1e-3)
    assert elsewhere < 0.5


@pytest.mark.parametrize(("shape", "step"), [((64, 96), 2), ((224, 336), 4), ((320, 960), 8)])
def test_large_pictures_are_compared_at_fewer_places(shape, step):
    assert closer.alike_step(NETS[0], np.zeros((*shape, 3))) == step


def test_spots_are_the_best_and_lie_apart():
    values = np.zeros((1, 8, 8), np.float32)
    values[0, 1, 1], values[0, 1, 2], values[0, 6, 6], values[0, 4, 4] = 5, 4, 3, 2
    grid = Map(np.arange(8), np.arange(8), (0,), values)
    assert [s[:2] for s in closer.spots(grid, 3, 2)] == [(1, 1), (6, 6), (4, 4)]
    assert closer.spots(grid, 1, 2, without=(1, 1))[0] == (6, 6, 3.0)


# ---------------------------------------------------------------- pictures of every size


@pytest.mark.parametrize(("height", "width", "seen"), [(5000, 5000, (40, 40)), (40, 4000, (40, 120)), (1, 1, (40, 40))])
def test_any_picture_gives_a_bounded_map(height, width, seen):
    image = from_pixels(np.full((height, width, 3), 127, np.uint8))
    found = evidence.run([NETS[1]], image, Params())
    assert found.evidence[0].shape == seen
    assert np.isfinite(found.evidence[0]).all()


def test_a_grey_picture_says_the_same_everywhere_inside():
    found = evidence.run([NETS[1]], from_pixels(np.full((40, 40, 3), 60, np.uint8)), Params())
    inside = found.evidence[0][8:-8, 8:-8]
    np.testing.assert_allclose(inside, inside[0, 0], rtol=1e-4)


# ---------------------------------------------------------------- refusals


def test_refusals_of_networks_and_classes(image):
    with pytest.raises(ValueError, match=r"^expected networks that share labels, got "):
        evidence.run([], image, Params())
    with pytest.raises(ValueError, match=r"^expected a class of 0 to 4, got 9"):
        evidence.run(NETS, image, Params(target=9))
    with pytest.raises(ValueError, match=r"^expected a BagNet, or lite0 or a copy of it, got untrained:photo_resnet"):
        evidence.run([untrained("photo_resnet")], image, Params())
    with pytest.raises(ValueError, match=r"^expected a short side of 33 px or more"):
        evidence.run([bagnet(33, size=24)], image, Params())


# ---------------------------------------------------------------- figures, JSON and words


def test_every_map_shows_the_evidence_on_one_zero_centred_scale(result, image, dark):
    fig = figures.maps(result, ["A", "B"], whole(image, 40), chosen=(1, 16, 24)).figure
    heat = [t for t in fig.data if isinstance(t, go.Heatmap)]
    assert len(heat) == 2
    for trace, values in zip(heat, result.evidence, strict=True):
        np.testing.assert_allclose(np.asarray(trace.z), values)
        assert trace.coloraxis == "coloraxis"
    axis = fig.layout.coloraxis
    assert axis.cmin == -axis.cmax == -evidence.limit(result)
    assert len(fig.layout.images) == 4
    points = [t for t in fig.data if t.type == "scatter"]
    for i, (trace, values) in enumerate(zip(points, result.evidence, strict=True)):
        assert len(trace.x) <= figures.MOST_CLICKS
        assert set(trace.customdata) == {i}
        for y, x, said in zip(trace.y, trace.x, trace.text, strict=True):
            assert said == f"{values[y, x]:.2f}"
    *rims, frame = fig.layout.shapes
    edges = [(at.x0 + 0.5, at.y0 + 0.5, at.x1 + 0.5, at.y1 + 0.5) for at in rims]
    assert edges == 2 * [(0, 33, 60, 40), (57, 0, 60, 33)]  # of both networks: no patch reaches there
    assert (frame.x1 - frame.x0, (frame.y0 + frame.y1) / 2, (frame.x0 + frame.x1) / 2) == (17, 16, 24)


def test_a_coarse_maps_cells_lie_on_their_patches_centres(image):
    coarse = evidence.run(NETS, image, Params(resolution="coarse"))
    heat = [t for t in figures.maps(coarse, ["A", "B"], whole(image, 40)).figure.data if isinstance(t, go.Heatmap)]
    assert [(t.x0, t.dx, t.y0, t.dy) for t in heat] == [(4, 8, 4, 8), (8, 8, 8, 8)]


def test_paint_is_the_scale_with_zero_in_the_middle():
    assert paint(np.array([[0.0]]), 2).tolist() == [[[0xF7, 0xF7, 0xF7]]]
    ends = paint(np.array([[-5.0, 5.0]]), 2)[0]
    scale = [colour for _, colour in signed_scale()]
    for colour, words in zip(ends, (scale[0], scale[-1]), strict=True):
        assert "#" + bytes(colour.tolist()).hex() == words


def test_the_written_picture_is_a_whole_factor_larger(result, image):
    pixels = whole(image, 40)
    drawn = figures.picture(result, 0, pixels, zoom=3)
    assert drawn.shape == (120, 180, 3)
    assert drawn.dtype == np.uint8
    assert drawn.std() > 5


def test_bars_hold_the_asked_class_even_if_it_is_not_among_the_best(image):
    patch = closer.Patch(np.zeros((9, 9, 3), np.uint8), np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0]))
    labels = list("abcdef")
    (bars,) = figures.patch_logits(patch, labels, target=5).figure.data
    assert list(bars.y) == ["a", "b", "c", "d", "f"]
    assert list(bars.x) == [5.0, 4.0, 3.0, 2.0, 0.0]


def test_the_table_has_one_row_a_patch(result):
    table = figures.evidence_table(result)
    assert {len(column) for column in table.values()} == {2 * 40 * 60}


def test_the_snippet_makes_the_figure(monkeypatch):
    found = evidence.run([untrained("photo_bagnet9")], from_pixels(noisy_picture(64, 64)), Params())
    text = evidence.snippet(found, Params(), "sample:cat").replace("fig.show()", "")
    space = {}
    exec(text, space)
    assert len([t for t in space["fig"].data if isinstance(t, go.Heatmap)]) == 1
    assert space["result"].models == ("untrained:photo_bagnet9",)
