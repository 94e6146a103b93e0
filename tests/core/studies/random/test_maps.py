"""The maps of pixels, random and trained features: what is counted, what is drawn, what is kept."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from core.compute import embedding
from core.compute.embedding import NoMap
from core.compute.sign_counts import Spec
from core.data.split import Split
from core.pictures.image import png_bytes
from core.pictures.samples import load_sample
from core.studies.random import maps, maps_figures, measure_photographs
from core.studies.random.maps import (
    Params,
    agreement,
    chosen,
    class_mix,
    finding,
    fits,
    place,
    vectors,
)
from tests.helpers.networks_by_hand import Torus, by_hand

SPEC = Spec(64, 3, 1, 1, 0)
PARAMS = Params(perplexity=10)
COUNT = 150


@pytest.fixture(scope="module")
def split():
    data = load_digits()
    pixels = (data.images[:COUNT, ..., None] * 255 / 16).astype(np.uint8)
    return Split(pixels, data.target[:COUNT].astype(np.int64), tuple(map(str, range(10))))


@pytest.fixture(scope="module")
def network():
    return by_hand(Torus(), size=16)


@pytest.fixture(scope="module", autouse=True)
def short(module_patch):
    module_patch.setattr(embedding, "ITERATIONS", (60, 60))
    module_patch.setattr(embedding.fit, "__defaults__", (30, "auto", 0, (60, 60), *embedding.fit.__defaults__[4:]))


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def result(split, network, short):
    return maps.run(split, SPEC, network, PARAMS)


# ---- the Result ----------------------------------------------------------------------------------


def test_one_map_a_space(result, split, network):
    assert [m.space for m in result.maps] == ["pixels", "random", "trained"]
    assert [m.dimensions for m in result.maps] == [64, 64, 8]
    assert all(m.positions.shape == (COUNT, 2) and np.isfinite(m.positions).all() for m in result.maps)
    assert result.network == network.card.name
    assert {name: getattr(result, name) for name in vars(PARAMS)} == vars(PARAMS)
    np.testing.assert_array_equal(result.labels, split.labels)


def test_without_a_trained_network_there_are_two(split):
    found = maps.run(split, SPEC, None, PARAMS)
    assert [m.space for m in found.maps] == ["pixels", "random"]
    assert found.network == ""
    with pytest.raises(ValueError, match="expected a trained network"):
        vectors(split.pixels, "trained", SPEC)


def test_one_space_alone_is_the_same_map(result, split, network):
    alone, _ = maps.draw(vectors(split.pixels, "random", SPEC, network), split.labels, "random", PARAMS)
    np.testing.assert_array_equal(alone.positions, result.of("random").positions)


def test_larger_sets_are_drawn_from_by_the_seed(split):
    few = [chosen(split, replace(PARAMS, points=40, seed=seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(few[0], few[1])
    assert not np.array_equal(few[0], few[2])
    assert len(np.unique(few[0])) == 40
    assert (np.diff(few[0]) > 0).all()
    np.testing.assert_array_equal(chosen(split, PARAMS), np.arange(COUNT))


def test_a_kept_result_fits_its_own_settings_only(result, split, network):
    assert fits(result, split, SPEC, network, PARAMS)
    assert not fits(result, split, replace(SPEC, features=65), network, PARAMS)
    assert not fits(result, split, SPEC, None, PARAMS)
    assert not fits(result, split, SPEC, network, replace(PARAMS, seed=1))
    assert not fits(result, Split(split.pixels[:9], split.labels[:9], split.classes), SPEC, network, PARAMS)


# ---- neighbours ----------------------------------------------------------------------------------


def test_agreement_is_that_of_exact_neighbours(split):
    found = vectors(split.pixels, "pixels", SPEC)
    near = NearestNeighbors(n_neighbors=2, algorithm="brute").fit(found.astype(np.float64))
    second = near.kneighbors(found, return_distance=False)[:, 1]
    assert agreement(found, split.labels) == (split.labels[second] == split.labels).mean()


def test_agreement_by_hand():
    line = np.array([[0.0, 0], [1, 0], [1.5, 0], [9, 0]], np.float32)
    assert agreement(line, np.array([0, 0, 0, 0])) == 1
    assert agreement(line, np.array([0, 0, 1, 1])) == 0.5  # 0 -> 1 yes, 1 -> 2 no, 2 -> 1 no, 3 -> 2 yes


def test_a_picture_of_the_gallery_finds_itself_in_every_space(result, split, network):
    for found in result.maps:
        gallery = vectors(split.pixels, found.space, SPEC, network)
        kept = embedding.anchor(gallery, found.positions, found.perplexity, result.seed)
        at = place(split.pixels[7:8], found.space, gallery, kept, SPEC, network, n=4)
        assert at.nearest[0] == 7
        assert at.distances[0] == pytest.approx(0, abs=1e-4)
        assert (np.diff(at.distances) >= 0).all()
        assert np.linalg.norm(at.position - found.positions[7]) < 0.2 * np.ptp(found.positions)


def test_class_mix_counts():
    assert class_mix(np.array([2, 0, 2, 1, 2, 1])) == {2: 3, 1: 2, 0: 1}
    assert list(class_mix(np.array([2, 0, 2, 1, 2, 1]))) == [2, 1, 0]
    assert class_mix(np.array([], np.int64)) == {}


def test_the_finding_names_the_numbers(result):
    said = finding(result)
    assert said.startswith(f"On {COUNT} digits the nearest neighbour has the same class for ")
    for found in result.maps:
        assert f"{100 * found.agreement:.1f} % {maps.WORDS[found.space]}" in said


# ---- figures -------------------------------------------------------------------------------------


def test_the_map_holds_every_point_in_its_class_colour(result):
    fig = maps_figures.map_figure(result, "random")
    points = fig.data[0]
    assert isinstance(points, go.Scatter)  # few enough for shapes: no WebGL context
    np.testing.assert_array_equal(np.stack([points.x, points.y], 1), result.of("random").positions)
    assert len(set(points.marker.color)) == len(set(result.labels.tolist()))
    assert {a.text for a in fig.layout.annotations} == {f"<b>{name}</b>" for name in result.classes}
    assert fig.layout.yaxis.scaleanchor == "x"
    assert points.selectedpoints is None


def test_names_stand_at_the_medians(result):
    fig = maps_figures.map_figure(result, "pixels")
    mine = result.of("pixels").positions[result.labels == 4]
    [name] = [a for a in fig.layout.annotations if a.text == "<b>4</b>"]
    assert (name.x, name.y) == pytest.approx(tuple(np.median(mine, 0)))


def test_the_selection_and_the_placed_picture_are_marked(result):
    at = maps.Placed(np.array([1.0, 2.0], np.float32), np.array([3]), np.array([0.5]))
    fig = maps_figures.map_figure(result, "pixels", selected=[3, 5], placed=at, hover=False)
    assert fig.data[0].selectedpoints == (3, 5)
    assert fig.data[0].hoverinfo == "none"
    assert (fig.data[1].x, fig.data[1].y) == ((1.0,), (2.0,))
    assert fig.data[1].marker.symbol == "star"


def test_many_classes_are_told_apart_by_symbols():
    for count in (5, 8, 10, 11, 20, 60):
        pairs = list(zip(maps_figures.class_colours(count), maps_figures.class_symbols(count), strict=True))
        assert len(set(pairs)) == count


def test_the_mix_shows_every_class_of_the_selection(result):
    rows = list(range(30))
    fig, table = maps_figures.mix_figure(result, rows).figure, maps_figures.mix_table(result, rows)
    assert sum(fig.data[0].x) == 30 == sum(table["pictures"])
    assert list(fig.data[0].y) == table["class"]
    assert sum(table["share"]) == pytest.approx(1)


def opened(source):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.split(",")[1]))))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_sheet_holds_every_picture_where_it_says(channels):
    pictures = np.random.default_rng(0).integers(0, 256, (23, 6, 9, channels), np.uint8)
    sheet = maps_figures.sheet(pictures)
    pixels = opened(sheet.source)
    for i in (0, 7, 22):
        y, x = i // sheet.columns * sheet.height, i % sheet.columns * sheet.width
        seen = pixels[y : y + sheet.height, x : x + sheet.width]
        np.testing.assert_array_equal(seen, maps_figures.colour(pictures[i]))


def test_a_sheet_too_large_is_scaled_down(monkeypatch):
    monkeypatch.setattr(maps_figures, "SHEET_PIXELS", 400)
    pictures = np.arange(16, dtype=np.uint8).repeat(64).reshape(16, 8, 8, 1)
    sheet = maps_figures.sheet(pictures)
    assert (sheet.height, sheet.width) == (4, 4)
    assert opened(sheet.source)[0, sheet.width * (sheet.columns - 1), 0] == sheet.columns - 1


def test_thumbnails_are_enlarged_with_clear_gaps():
    pictures = np.full((3, 2, 2, 1), 200, np.uint8)
    pixels = maps_figures.thumbnails(pictures, columns=2, factor=3)
    gap = maps_figures.GAP
    assert pixels.shape == (12 + gap, 12 + gap, 4)
    assert (pixels[:6, :6] == [200, 200, 200, 255]).all()
    assert (pixels[6 : 6 + gap, :, 3] == 0).all()
    assert (pixels[6 + gap :, 6 + gap :, 3] == 0).all()  # no fourth picture


def test_the_table_has_a_row_a_point(result):
    table = maps_figures.table(result)
    assert {len(column) for column in table.values()} == {COUNT}
    assert {"picture", "class", "pixels x", "trained y"} <= set(table)


# ---- what cannot be drawn ------------------------------------------------------------------------


class Dead(Torus):
    """One whose features are the same whatever it sees: `value` in each."""

    def __init__(self, value=0.0):
        super().__init__()
        self.value = value

    def forward(self, x):
        return self.classifier(0 * x.mean(dim=(1, 2, 3))[:, None].expand(-1, 8) + self.value)


@pytest.mark.parametrize(("value", "different"), [(0.0, 1), (float("nan"), None), (float("inf"), None)])
def test_features_of_a_network_that_sees_nothing_are_refused(split, value, different):
    with pytest.raises(NoMap, match=r"^expected vectors .*, got .*: ") as refused:
        maps.run(split, SPEC, by_hand(Dead(value)), PARAMS)
    assert refused.value.different == different


def test_equal_and_few_pictures_are_refused_in_every_space(split, network):
    for kinds in (1, 4):
        pixels = split.pixels[np.arange(60) % kinds]
        for space in maps.TITLES:
            with pytest.raises(NoMap) as refused:
                maps.draw(vectors(pixels, space, SPEC, network), split.labels[:60], space, PARAMS)
            assert refused.value.different == kinds


def test_equal_photographs_are_no_gallery(tmp_path):
    for half in ("train", "test"):
        (tmp_path / half / "cat").mkdir(parents=True)
        for i in range(6):
            (tmp_path / half / "cat" / f"{i}.png").write_bytes(png_bytes(load_sample("cat")))
    with pytest.raises(NoMap, match="the same one in every row"):
        measure_photographs.measure(tmp_path, tmp_path / "record.safetensors")
    assert not (tmp_path / "record.safetensors").exists()
