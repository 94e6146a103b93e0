"""Background and object: what is changed is changed there only, and distances are on the scale that is told."""

import numpy as np
import pytest

from core.base.records import as_json, from_json, save
from core.data.split import Split
from core.figures.palette import uri
from core.pictures.files import find_pictures
from core.pictures.image import from_pixels, png_bytes
from core.pictures.object_mask import MIDDLE, Box
from core.studies.random import background as study
from core.studies.random import background_dataset as dataset
from core.studies.random import background_figures as figures
from tests.helpers.networks_by_hand import Torus, by_hand

RNG = np.random.default_rng(0)
NETWORK = by_hand(Torus())
SIDE = 16
PARAMS = study.Params(whole_box=True, features=16, depth=1, seeds=(0, 1), size=SIDE, near=3)
SPECS = PARAMS.specs


def noise(*shape):
    return RNG.integers(0, 256, (*shape, SIDE, SIDE, 3), np.uint8)


PICTURE, OTHER, TILES = noise(), noise(), noise(8)
MIDDLE_BOX = MIDDLE.inside(SIDE, SIDE)


@pytest.fixture(scope="module")
def result():
    against = study.gallery([str(i) for i in range(len(TILES))], TILES)
    known = study.embed(TILES, SPECS, NETWORK)
    return study.run(from_pixels(PICTURE), from_pixels(OTHER), PARAMS, NETWORK, against, known)


@pytest.fixture(scope="module")
def found():
    labels = np.repeat([0, 1, 2], 4)
    queries = Split(noise(12), labels, ("a", "b", "c"))
    return dataset.measure(queries, Split(noise(9), np.arange(9) % 3, ("a", "b", "c")), SPECS, NETWORK)


# ---- changes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", study.CHANGES)
def test_only_the_part_is_changed(change):
    after = study.changed(PICTURE, MIDDLE_BOX, change, OTHER)
    np.testing.assert_array_equal(after[~MIDDLE_BOX], PICTURE[~MIDDLE_BOX])
    assert after.dtype == np.uint8
    expected = {"grey": np.full_like(PICTURE, 128), "swapped": OTHER}.get(change)
    if expected is not None:
        np.testing.assert_array_equal(after[MIDDLE_BOX], expected[MIDDLE_BOX])


def test_the_blur_takes_nothing_in_from_the_other_part():
    bright = np.where(MIDDLE_BOX[..., None], np.uint8(255), np.uint8(10)).repeat(3, -1)
    assert set(np.unique(study.changed(bright, ~MIDDLE_BOX, "blurred", OTHER))) == {10, 255}
    rough = study.changed(PICTURE, ~MIDDLE_BOX, "blurred", OTHER)[~MIDDLE_BOX]
    assert rough.std() < 0.5 * PICTURE[~MIDDLE_BOX].std()


def test_versions_are_the_picture_then_backgrounds_then_objects():
    every = study.versions(PICTURE, MIDDLE_BOX, OTHER)
    assert len(every) == 1 + len(study.VERSIONS) == 7
    np.testing.assert_array_equal(every[0], PICTURE)
    for (where, _), version in zip(study.VERSIONS, every[1:], strict=True):
        kept = MIDDLE_BOX if where == "background" else ~MIDDLE_BOX
        np.testing.assert_array_equal(version[kept], PICTURE[kept])
        assert (version[~kept] != PICTURE[~kept]).mean() > 0.9
    with pytest.raises(ValueError, match="change"):
        study.changed(PICTURE, MIDDLE_BOX, "melted", OTHER)


def test_the_object_is_what_the_mask_finds_or_the_box():
    y, x = np.mgrid[:200, :200]
    disc = (y - 100) ** 2 + (x - 100) ** 2 < 50**2
    image = from_pixels(np.where(disc[..., None], (220, 40, 20), (30, 120, 60)).astype(np.uint8))
    found = study.object_of(image, MIDDLE, 50)
    small = disc[2::4, 2::4]
    assert (found & small).sum() / (found | small).sum() > 0.9
    np.testing.assert_array_equal(study.object_of(image, MIDDLE, 50, whole_box=True), MIDDLE.inside(50, 50))


# ---- one picture ---------------------------------------------------------------------------------


def test_distances_are_in_mean_distances_to_the_gallery(result):
    flat = result.pictures.reshape(7, -1) / 255
    tiles = TILES.reshape(len(TILES), -1) / 255
    scale = np.linalg.norm(tiles - flat[0], axis=1).mean()
    np.testing.assert_allclose(result.moved[0], np.linalg.norm(flat[1:] - flat[0], axis=1) / scale, rtol=1e-5)
    assert result.rows == (("pixels", None), ("random", 0), ("random", 1), ("trained", None))
    assert result.moved.shape == result.kept.shape == (4, 6)


def test_neighbours_are_the_nearest_and_kept_counts_them(result):
    flat, tiles = result.pictures.reshape(7, -1) / 255, TILES.reshape(len(TILES), -1) / 255
    order = np.linalg.norm(flat[:, None] - tiles, axis=2).argsort(1)[:, :3]
    np.testing.assert_array_equal(result.nearest[0], order)
    for v in range(6):
        assert result.kept[0, v] == pytest.approx(len(set(order[0]) & set(order[1 + v])) / 3)


def test_nothing_moves_where_nothing_changes():
    against = study.gallery([str(i) for i in range(len(TILES))], TILES)
    image = from_pixels(PICTURE)
    same = study.run(image, image, PARAMS, NETWORK, against, study.embed(TILES, SPECS, NETWORK))
    swapped = [i for i, (_, change) in enumerate(study.VERSIONS) if change == "swapped"]
    np.testing.assert_allclose(same.moved[:, swapped], 0, atol=1e-6)
    np.testing.assert_array_equal(same.kept[:, swapped], 1)
    assert (same.answers[1:][swapped] == same.answers[0]).all()
    np.testing.assert_allclose(same.probability.sum(1), 1, rtol=1e-5)


def test_a_gallery_of_one_equal_picture_is_no_division_by_zero():
    against = study.gallery(["itself"], PICTURE[None])
    known = study.embed(PICTURE[None], SPECS, NETWORK)
    only = study.run(from_pixels(PICTURE), from_pixels(OTHER), PARAMS, NETWORK, against, known)
    assert np.isfinite(only.moved).all()
    np.testing.assert_array_equal(only.kept, 1)


def test_tiles_of_the_samples_leave_the_picture_out():
    tiles = study.sample_tiles(8, "cat")
    assert len(tiles.names) == len(tiles.pictures) == 11 * 14
    assert tiles.pictures.shape[1:] == (8, 8, 3)
    assert not any("cat" in name for name in tiles.names)


def test_own_pictures_are_read_and_broken_ones_listed(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.png").write_bytes(png_bytes(from_pixels(TILES[i])))
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    own = study.own_gallery(find_pictures(tmp_path), SIDE)
    np.testing.assert_array_equal(own.pictures, TILES[:3])
    assert [line.split(":")[0] for line in own.broken] == ["broken.jpg"]
    names = ["0.png", "1.png", "2.png"]
    assert own.digest == study.gallery(names, TILES[:3]).digest
    assert own.digest not in (study.gallery(names, TILES[1:4]).digest, study.gallery(["x"] * 3, TILES[:3]).digest)
    for file in tmp_path.glob("*.png"):
        file.unlink()
    with pytest.raises(ValueError, match="choose others"):
        study.own_gallery(find_pictures(tmp_path), SIDE)


# ---- over a set ----------------------------------------------------------------------------------


def test_every_picture_gets_the_background_of_another_class():
    labels = np.repeat([0, 1, 2], [5, 1, 1])
    partner = dataset.partners(labels)
    assert (labels[partner] != labels).all()
    with pytest.raises(ValueError, match="two classes"):
        dataset.partners(np.zeros(4, int))


def test_shares_by_hand():
    answers = np.array([[0, 1, 2, 0], [0, 1, 0, 0], [1, 2, 0, 1]])
    right, changed = dataset.shares(answers, np.array([0, 1, 0, 1]))
    assert right.tolist() == [0.5, 0.75, 0.5]
    assert changed.tolist() == [0.25, 1]


def test_neighbours_by_hand():
    known = np.array([[0.0], [1.0], [10.0]])
    nearest, moved, kept = study.neighbours(np.array([[[0.1]], [[9.0]]]), known, 3)
    assert nearest[..., 0].tolist() == [[0], [2]]
    assert moved[0] == pytest.approx(8.9 / ((0.1 + 0.9 + 9.9) / 3))
    assert kept.tolist() == [1]


def test_measured_by_the_network_and_in_every_space(found):
    assert [(row.who, row.seed) for row in found.rows] == [
        ("network", None), ("pixels", None), ("trained", None), ("random", 0), ("random", 1),
    ]  # fmt: skip
    assert found.box == pytest.approx(MIDDLE_BOX.mean())
    for row in found.rows:
        assert row.accuracy.shape == (7,)
        assert np.isnan(row.moved).all() == (row.who == "network")
        assert ((row.changed >= 0) & (row.changed <= 1)).all()
        # an answer that stays right has not changed, nor one that changes stayed right
        assert (np.abs(row.accuracy[1:] - row.accuracy[0]) <= row.changed + 1e-9).all()
    with pytest.raises(ValueError, match="Spec"):
        dataset.measure(Split(TILES, np.arange(8) % 2, ("a", "b")), None, (), NETWORK)


def test_the_record_is_read_back(found, tmp_path):
    save(tmp_path / dataset.RECORD, found)
    again = dataset.measured(tmp_path)
    assert figures.share_table(again) == figures.share_table(found)
    assert dataset.finding(again) == dataset.finding(found)
    with pytest.raises(ValueError, match="receptive measure background"):
        from_json(dataset.Measured, as_json(found) | {"versions": ["sky painted"]})


# ---- figures and words ---------------------------------------------------------------------------


def test_the_bars_are_the_distances(result, dark):
    fig = figures.bars(result).figure
    pixels = [t for t in fig.data if t.name == "pixels"]
    np.testing.assert_array_equal(np.r_[pixels[0].y, pixels[1].y], result.moved[0])
    randoms = [t for t in fig.data if t.name == "random features"]
    for trace, part in zip(randoms, (slice(3), slice(3, 6)), strict=True):
        np.testing.assert_allclose(trace.y + trace.error_y.array, result.moved[1:3, part].max(0))
        np.testing.assert_allclose(trace.y - trace.error_y.arrayminus, result.moved[1:3, part].min(0))
    assert len({(t.marker.color, t.marker.pattern.shape) for t in fig.data}) == 3
    fig.to_json()


def test_the_pictures_are_the_versions_and_say_the_answers(result):
    fig = figures.pictures(result).figure
    assert [image.source for image in fig.layout.images] == [uri(picture) for picture in result.pictures]
    for text, answer in zip(fig.data[0].text, result.answers, strict=True):
        assert result.labels[answer] in text
        assert ("≠" in text) == (answer != result.answers[0])


def test_the_box_is_drawn_and_all_but_the_object_fades():
    box = Box(0.25, 0.25, 0.75, 0.75)
    grey = np.full((41, 41, 3), 100, np.uint8)
    drawn = figures.framed(grey, box, box.inside(41, 41))
    assert (drawn[20, 20] == 100).all()
    assert (drawn[2, 2] > 180).all()
    assert drawn[10, 20].tolist() == drawn[20, 10].tolist() == drawn[30, 20].tolist() == [0xD5, 0x5E, 0x00]


def test_the_shares_have_intervals_and_the_table_every_number(found):
    fig = figures.shares(found).figure
    own = next(t for t in fig.data if t.name == dataset.WORDS["network"])
    low, high = found.interval(float(own.y[0]))
    assert own.y[0] + own.error_y.array[0] == pytest.approx(high)
    assert own.y[0] - own.error_y.arrayminus[0] == pytest.approx(low)
    table = figures.share_table(found)
    assert len(table["version"]) == 7 * len(dataset.WORDS)
    at = table["who"].index(dataset.WORDS["pixels"]) + len(dataset.WORDS)
    assert table["changed, %"][at] == round(100 * float(found.of("pixels")[0].changed[0]), 1)


def test_sentences_hold_the_numbers(result, found):
    swapped = study.VERSIONS.index(("background", "swapped"))
    assert f"{result.moved[0, swapped]:.0%} by pixels" in study.finding(result, "Torus")
    assert "nearest pictures stay" in study.neighbour_words(result)
    assert f"{found.of('network')[0].changed[swapped]:.0%}" in dataset.finding(found)
