"""The exact map against the logit: by hand, by the maps themselves, and as the record tells it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.base.files import ASSETS
from core.data.split import Split
from core.pictures.image import from_pixels
from core.pictures.preprocess import to_tensor, whole
from core.studies.patch import claims, evidence, exact
from core.studies.patch.evidence import Params
from tests.core.studies.patch.test_evidence import NETS, by_maps, noisy_picture
from tests.helpers.networks_by_hand import untrained

IMAGE = from_pixels(noisy_picture(50, 75))


@pytest.fixture(scope="module")
def full():
    return evidence.run(NETS, IMAGE, Params(target=1))


def test_a_map_is_off_by_its_mean_less_the_logit():
    found = replace(by_maps([[1, 2], [3, 4]]), logits=np.array([[2.0, 1.0]]), map_says=(1,))
    off = exact.off_logit(replace(found, patches=(1,)), 0)
    assert (off.mean, off.logit, off.says, off.share) == (2.5, 2.0, 1, 0.25)
    less = exact.off_logit(replace(found, patches=(1,), other=1, map_says=(-1,)), 0)
    assert (less.logit, less.says) == (1.0, None)
    assert np.isnan(exact.Off(1.0, 0.0, None).share)


def test_the_map_of_the_networks_own_grid_and_that_of_one_that_sees_all_make_the_logit(full):
    coarse = evidence.run(NETS, IMAGE, Params(resolution="coarse", target=1))
    for m in range(2):
        assert exact.off_logit(coarse, m) is None
        assert exact.off_logit(full, m) is not None
        assert coarse.evidence[m].mean(dtype=float) == pytest.approx(coarse.logits[m, 1], rel=1e-4)
    assert exact.off_logit(replace(full, patch=(0, 17)), 0) is None
    halfway = replace(full, evidence=tuple(values[::2, ::2] for values in full.evidence))
    assert exact.off_logit(halfway, 1) is None


def test_what_the_map_says_is_the_class_of_its_largest_mean(full):
    pixels = whole(IMAGE, 40)
    for m, network in enumerate(NETS):
        every, inside = exact.means_of(network, pixels)
        assert full.map_says[m] == every.argmax()
        assert exact.off_logit(full, m).mean == pytest.approx(every[1], rel=1e-5)
        q = network.card.patch
        x = to_tensor(pixels, network.preprocessing)
        cut = [x[:, y : y + q, x0 : x0 + q] for y in range(40 - q + 1) for x0 in range(60 - q + 1)]
        with torch.no_grad():
            alone = network.engine.exact(torch.stack(cut)).numpy()
        np.testing.assert_allclose(inside, alone.mean(0), rtol=1e-3, atol=1e-5)


def test_a_map_of_a_few_classes_tells_no_first_one():
    many = untrained("bagnet9")  # of a thousand classes a map keeps those asked for
    found = evidence.run([many], from_pixels(noisy_picture(48, 48)), Params(short=48, target=3))
    assert found.map_says == (-1,)
    assert exact.off_logit(found, 0).says is None


def test_over_pictures_it_is_the_median_and_a_count():
    pictures = np.random.default_rng(1).integers(0, 256, (3, 40, 40, 3), np.uint8)
    split = Split(pictures, np.zeros(3, int), ("a",) * 5)
    found = exact.run(NETS, split)
    shares = []
    for pixels in split.pixels:
        logits = evidence.coarse(NETS[0], pixels).values.mean((1, 2))
        best = logits.argmax()
        shares.append(abs(exact.means_of(NETS[0], pixels)[0][best] / logits[best] - 1))
    assert found.off[0] == pytest.approx(np.median(shares), rel=1e-3)
    assert found.images == 3
    assert exact.table(found)["another first class"][0] == f"{found.other[0]} of 3"
    with pytest.raises(ValueError, match="expected pictures to map, got none"):
        exact.run(NETS, Split(split.pixels[:0], split.labels[:0], split.classes))


def test_the_larger_the_patches_the_further_is_the_packaged_networks_map_off():
    maps = claims.patches_record(ASSETS / "results").maps
    assert maps.images == 24
    assert list(maps.off) == sorted(maps.off)
    assert (maps.inside_off < maps.off).all()
