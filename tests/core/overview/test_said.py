"""What networks say of one picture, and how many agree."""

import numpy as np
import pytest

from core import networks
from core.networks.intact import digest
from core.overview.said import BEST, Said, of_card, of_network, vote
from core.pictures.samples import load_sample

COFFEE = load_sample("coffee")


def test_a_network_says_its_best_answers_and_shows_what_it_sees():
    network = networks.load(networks.find("lite0"))
    said = of_network(network, COFFEE)
    assert said.best[0][0] == "espresso"
    shares = [share for _, share in said.best]
    assert len(shares) == BEST
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    assert all(type(share) is float for share in shares)
    assert said.view.startswith("data:image/jpeg;base64,")
    assert said.problem == ""


def test_a_card_says_the_same_and_small_pictures_keep_their_pixels():
    card = networks.find("cifar_vgg")
    said = of_card(card, digest(card.file), COFFEE)
    assert said == of_network(networks.load(card), COFFEE)
    assert said.view.startswith("data:image/png;base64,")


def test_a_network_that_is_not_here_says_why():
    said = of_card(networks.find("resnet18"), None, COFFEE)
    assert said.best == ()
    assert "resnet18" in said.problem


def test_the_vote_goes_to_the_most_and_between_equals_to_the_surer():
    cat, dog = Said((("cat", 0.4),)), Said((("dog", 0.9), ("cat", 0.1)))
    found = vote([cat, cat, dog, Said(problem="broken")])
    assert (found.label, found.agree, found.count) == ("cat", 2, 3)
    assert found.sure == pytest.approx(0.4)
    assert vote([cat, dog]).label == "dog"
    assert vote([]) is None
    assert vote([Said(problem="broken")]) is None
    assert np.isfinite(found.sure)
