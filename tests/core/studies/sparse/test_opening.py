"""The noise that a picture opens with: what is chosen does what is said of it, and no other level is nearer."""

from __future__ import annotations

import numpy as np
import pytest

from core import networks
from core.compute import coded
from core.networks import families
from core.pictures import noise
from core.pictures.preprocess import seen
from core.pictures.samples import load_sample
from core.studies.sparse import opening
from tests.core.studies.sparse.test_codes import plain


@pytest.fixture(scope="module")
def network():
    return networks.load(networks.find(families.DEFAULT_SDNETS[0]))


def said(network, image, found, lams):
    """The answers under a noise at some lambdas, and the one without noise as trained."""
    clean = seen(image, network.preprocessing).astype(np.float32) / 255
    noisy = noise.add(clean[None], found.noise, found.level, [0])[0]
    trained = coded.sdnet_of(network).dictionary.lam
    wanted = coded.along_lambda(network, clean, np.array([trained])).logits.argmax()
    return coded.along_lambda(network, noisy, np.array([trained, *lams])).logits.argmax(1), wanted


def test_the_noise_chosen_takes_the_answer_and_its_lambda_brings_it_back(network):
    image, shares = load_sample("motorcycle"), []
    found = opening.run(network, image, lambda done, of: shares.append((done, of)))
    assert found.rescued
    assert found.lam in opening.LAMS
    assert shares == [(0, len(opening.KINDS)), (len(opening.KINDS), len(opening.KINDS))]  # the first kind is enough
    (trained, turned), wanted = said(network, image, found, [found.lam])
    assert trained != wanted
    assert turned == wanted


def test_where_no_lambda_helps_it_is_a_noise_that_leaves_the_answer_or_none(network):
    image = load_sample("camera")
    found = opening.run(network, image)
    assert not found.rescued
    assert found.noise != noise.NONE
    (trained,), wanted = said(network, image, found, [])
    assert trained == wanted
    levels = noise.KINDS[found.noise].levels
    assert levels.index(found.level) >= len(levels) // 2
    nothing = opening.run(network, load_sample("grass"))
    assert (nothing.noise, nothing.level, nothing.rescued) == (noise.NONE, 0.0, False)


def test_few_noises_are_tried(network):
    """Each is a look or four of the network, and the reader waits for all of them."""
    for name in ("cat", "grass"):
        tried = opening.run(network, load_sample(name)).tried
        assert 4 <= tried <= len(opening.KINDS) * (4 + opening.LEVELS)


def test_a_network_without_codes_is_refused():
    with pytest.raises(ValueError, match="expected an SDNet"):
        opening.run(plain(), load_sample("cat"))
