"""Photographs in numbers: what is written is read back, and what comes along places a newcomer where it belongs."""

import numpy as np
import pytest

from core import networks
from core.base.records import Damaged
from core.compute import embedding, gallery, spaces
from core.pictures.samples import load_sample
from core.studies.random import maps, maps_figures, photographs


@pytest.fixture(scope="module")
def packaged():
    found = gallery.read()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def lite0():
    return networks.load(networks.find("lite0"))


@pytest.fixture(scope="module")
def placed(packaged, lite0):
    return photographs.place(packaged, load_sample("motorcycle"), lite0)


def test_a_byte_a_feature_keeps_it_to_half_a_level():
    features = np.random.default_rng(0).gamma(0.5, size=(50, 7)).astype(np.float32)
    features[:, 3] = 0
    codes, scale = gallery.coded(features)
    assert codes.dtype == np.uint8
    assert (np.abs(codes * scale - features) <= scale / 2 + 1e-6).all()


def test_what_is_written_is_read_back(tmp_path):
    dice = np.random.default_rng(1)
    codes, scale = gallery.coded(dice.gamma(1, size=(40, 60)))
    values = {"pixels": dice.normal(size=(40, 70)), "random": dice.normal(size=(40, 80)), "trained": codes * scale}
    drawn = {space: embedding.fit(v.astype(np.float32), 5, iterations=(20, 20)) for space, v in values.items()}
    shares = {"pixels": 0.25, "random": 0.5, "trained": 0.75}
    about = {"data": "noise", "command": "receptive", "date": "2026-11-29", "commit": "0" * 7}
    mine = gallery.Gallery(("a", "b"), 30, np.arange(40) % 2, codes, scale, drawn, shares, about)
    gallery.write(tmp_path / "g.safetensors", mine)
    again = gallery.read(tmp_path / "g.safetensors")
    assert (again.classes, again.train, again.agreement, again.about) == (("a", "b"), 30, shares, about)
    assert len(again.digest) == 64
    np.testing.assert_array_equal(again.labels, mine.labels)
    np.testing.assert_array_equal(again.codes, codes)
    for space, one in drawn.items():
        assert again.maps[space].perplexity == one.perplexity
        np.testing.assert_allclose(again.maps[space].positions, one.positions, atol=0.02)
        np.testing.assert_allclose(again.maps[space].vectors, one.vectors, atol=0.02, rtol=2e-3)


def test_without_the_file_there_is_none_and_a_torn_one_is_told(tmp_path):
    assert gallery.read(tmp_path / "none.safetensors") is None
    (tmp_path / "torn.safetensors").write_bytes(gallery.PATH.read_bytes()[:5000])
    with pytest.raises(Damaged, match=r"torn\.safetensors as it was written, got one that is damaged"):
        gallery.read(tmp_path / "torn.safetensors")


def test_the_packaged_one_has_no_pictures_and_tells_where_it_comes_from(packaged):
    assert len(packaged) == 5233
    assert (packaged.train, len(packaged.classes)) == (3471, 100)
    assert "Caltech-101" in packaged.about["data"]
    assert packaged.about["command"].startswith("receptive measure random:photographs")
    assert gallery.PATH.stat().st_size < 10e6


def test_lite0_keeps_far_more_of_the_classes_than_pixels(packaged):
    shares = packaged.agreement
    assert shares[spaces.TRAINED] > 0.8
    assert shares[spaces.PIXELS] < 0.4


def test_a_motorcycle_lands_among_motorbikes_for_lite0(packaged, placed):
    told = {one.space: one for one in photographs.said(packaged, placed)}
    assert told["trained"].label == "Motorbikes"
    assert told["trained"].count >= 4
    assert "Motorbikes" in photographs.finding(packaged, placed)
    assert f"{100 * packaged.agreement['trained']:.1f} %" in photographs.spread(packaged)


def test_it_lies_on_the_map_near_its_neighbours(packaged, placed):
    at = placed["trained"]
    positions = packaged.maps["trained"].positions
    own = np.median(np.linalg.norm(positions[at.nearest] - at.position, axis=1))
    others = np.median(np.linalg.norm(positions - at.position, axis=1))
    assert own < others / 3


def test_the_map_shows_the_names_of_its_neighbours_classes_only(packaged, placed):
    result = photographs.result_of(packaged)
    rows = photographs.alike(packaged, placed["trained"])
    fig = maps_figures.map_figure(result, "trained", rows, placed["trained"])
    words = {a.text for a in fig.layout.annotations}
    assert "<b>Motorbikes</b>" in words
    assert len(words) < 8
    assert len(fig.data[0].x) == len(packaged)
    assert maps.finding(result).startswith("On 5,233 photographs of Caltech-101")


def test_another_folder_is_no_copy_of_the_set(packaged, tmp_path):
    from PIL import Image

    from core.base.refuse import DataError

    (tmp_path / "train" / "camera").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "train" / "camera" / "a.png")
    with pytest.raises(DataError, match="expected 5,233 photographs of 100 categories"):
        photographs.thumbnails(packaged, tmp_path, [0])
