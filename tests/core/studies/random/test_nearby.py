"""The nearest pictures of a gallery in three spaces: against scikit-learn's, by fewer features, and in words."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from core.compute import gallery
from core.pictures.samples import load_sample
from core.studies.random import answers, maps_figures, nearby, photographs
from core.studies.random.maps import Placed
from core.studies.random.nearby import Nearby, chance, distances, find, halved, kind, most, ranks, usual

DICE = np.random.default_rng(0)
GALLERIES = {space: DICE.normal(size=(200, d)).astype(np.float32) for space, d in (("pixels", 9), ("random", 20))}
GALLERIES["trained"] = DICE.normal(size=(200, 5)).astype(np.float32)
QUERIES = {space: DICE.normal(size=(1, vectors.shape[1])).astype(np.float32) for space, vectors in GALLERIES.items()}


@pytest.fixture(scope="module")
def found():
    return find(QUERIES, GALLERIES, 6)


def test_features_are_halved_down_to_one():
    assert halved(1000) == (1, 2, 4, 8, 16, 32, 63, 125, 250, 500, 1000)
    assert halved(1) == (1,)


def test_the_nearest_are_scikit_learns(found):
    for i, (space, vectors) in enumerate(GALLERIES.items()):
        [away], [near] = NearestNeighbors(n_neighbors=6).fit(vectors).kneighbors(QUERIES[space])
        assert found.nearest[i].tolist() == near.tolist()
        np.testing.assert_allclose(found.distances[i], away, rtol=1e-5)


def test_the_first_features_alone_are_asked(found):
    assert found.counts.tolist() == [1, 2, 3, 5, 10, 20]
    for count, near in zip(found.counts, found.few_nearest, strict=True):
        away = np.linalg.norm(GALLERIES["random"][:, :count] - QUERIES["random"][:, :count], axis=1)
        assert near.tolist() == np.argsort(away, kind="stable")[:6].tolist()
    assert found.few_nearest[-1].tolist() == found.nearest[1].tolist()


def test_a_picture_has_its_place_in_every_space(found):
    for i in range(3):
        assert found.ranks[i, :, i].tolist() == [1, 2, 3, 4, 5, 6]
    away = np.array([[3.0, 1.0, 2.0], [1.0, 2.0, 3.0]])
    assert ranks(away, np.array([[1, 0]])).tolist() == [[[1, 2], [3, 1]]]


def test_blocks_of_rows_change_no_distance(monkeypatch):
    whole = distances(QUERIES["random"][0], GALLERIES["random"], (3, 20))
    monkeypatch.setattr(nearby, "ROWS_AT_ONCE", 7)
    np.testing.assert_array_equal(distances(QUERIES["random"][0], GALLERIES["random"], (3, 20)), whole)


def test_a_picture_of_the_gallery_is_nobodys_stranger_and_one_far_off_is():
    same = find({space: vectors[:1] for space, vectors in GALLERIES.items()}, GALLERIES)
    assert same.lonelier == 1
    assert find({space: query + 100 for space, query in QUERIES.items()}, GALLERIES).lonelier == 0
    assert (usual(GALLERIES["trained"]) > 0).all()


def test_a_small_gallery_gives_all_it_has():
    few = {space: vectors[:4] for space, vectors in GALLERIES.items()}
    assert find(QUERIES, few).nearest.shape == (3, 4)


def a_nearby(*rows):
    near, none = np.array(rows), np.empty((0, 0))
    return Nearby(("pixels", "random", "trained"), near, near, none, none, none, none, none, 1.0)


def test_the_kind_is_what_half_of_the_trained_networks_nearest_show():
    labels = np.array([7, 7, 7, 7, 2, 3, 4])
    told = kind(a_nearby([4, 5, 6, 0], [0, 1, 4, 5], [0, 1, 4, 5]), labels)
    assert (told.label, told.counts, told.of) == (7, (1, 2, 2), 4)
    assert kind(a_nearby([0, 1, 2, 3], [0, 1, 2, 3], [0, 4, 5, 6]), labels) is None


def test_most_are_of_the_first_of_equals():
    assert most(np.array([7, 7, 7, 7, 2, 3, 4])) == (7, 4)
    assert most(np.array([5, 2, 2, 5])) == (5, 2)
    assert most(np.array([9, 8])) == (9, 1)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("African elephant", True), ("grand piano", True), ("leopard", True), ("sports car", True), ("wombat", False),
        ("street sign", False), ("tabby", False), ("harvestman", False), ("side", False),
    ],
)  # fmt: skip
def test_a_label_is_among_the_kinds_by_its_words(label, told):
    kinds = ("elephant", "grand piano", "Leopards", "car side", "stop sign", "wild cat", "cougar face")
    assert nearby.is_among(label, kinds) is told


def test_chance_is_that_of_two_different_pictures():
    assert chance(np.array([0, 0, 1, 1])) == pytest.approx(1 / 3)
    assert chance(np.arange(5)) == 0


def test_the_table_has_a_row_for_each_of_the_nearest(found):
    told = nearby.table(found, np.arange(200) % 3, ("a", "b", "c"), ("one", "two", "three"))
    assert {len(column) for column in told.values()} == {18}
    assert told["place in two"][6:12] == [1, 2, 3, 4, 5, 6]


@pytest.fixture(scope="module")
def packed():
    return gallery.there()


def test_what_comes_along_of_the_first_sample_is_what_is_computed(packed):
    from core import networks

    card, image = networks.find(gallery.NETWORK), load_sample("cat")
    network = networks.load(card)
    look = photographs.packaged_nearest(packed, card, image.digest)
    now = photographs.nearest_to(packed, image, network)
    assert look.nearest.tolist() == now.nearest.tolist()
    assert look.few_nearest.tolist() == now.few_nearest.tolist()
    placed = photographs.place(packed, image, network)
    assert [placed[space].nearest.tolist() for space in now.spaces] == now.nearest.tolist()
    said = answers.packaged(card, image.digest)
    assert [label for label, _ in said.best] == [label for label, _ in answers.run(image, network).best]


def test_a_likeness_shows_the_colours_that_come_along(packed):
    shown = photographs.likenesses(packed, np.arange(3))
    assert shown.shape == (3, 32, 32, 3)
    assert shown.dtype == np.uint8
    assert shown.std() > 10


def test_colours_tell_the_kinds_of_the_nearest_apart(packed):
    result, rows = photographs.result_of(packed), np.array([0, 1, 2000, 4000])
    told = maps_figures.told_apart(result, Placed(np.zeros(2), rows, np.zeros(4)))
    assert set(told) == set(result.labels[rows].tolist())
    assert len(set(told.values())) == len(told)
