"""On which picture a claim is seen: the choice by verdict, and the probes against what the studies say."""

import math

import numpy as np
import pytest

from core import networks
from core.claims.live import Live, lives
from core.overview import board
from core.pictures.samples import SAMPLES, load_sample
from core.reproduce import live
from core.studies.shift import sweep
from core.studies.sparse import live as sparse_live

CLAIMS = {claim.name: claim for claim in board.CLAIMS}


def of(*values, least=0.0):
    return Live("points", least, tuple("abcdef"[: len(values)]), values)


def test_the_picture_shows_the_verdict_most_clearly():
    found = of(-2.0, 3.0, math.nan, 1.0)
    assert found.shows("reproduced in miniature") == ("b", 3.0)
    assert found.shows("not reproduced") == ("b", 3.0)
    assert found.shows("contradicted") == ("a", -2.0)
    assert (found.held, found.told) == (2, 3)


def test_where_no_picture_shows_it_there_is_none():
    assert of(-1.0, 0.0).shows("reproduced in miniature") is None
    assert of(1.0, 2.0).shows("contradicted") is None
    assert of(math.nan).shows("reproduced in miniature") is None
    assert of(1.0, least=1.0).shows("reproduced in miniature") is None


def test_every_probe_is_of_a_claim_that_was_measured_and_opens_what_the_claim_opens():
    for name, probe in live.probes().items():
        assert CLAIMS[name].measure is not None
        assert all(name in networks.cards() for name in probe.networks)
        listed = [v for k, v in CLAIMS[name].settings.items() if k.startswith("shift-networks")]
        assert not listed or set(probe.networks) == set(listed[0])


def test_the_record_is_of_every_probe_on_every_sample():
    found = lives(board.RESULTS)
    assert found.keys() == live.probes().keys()
    for name, one in found.items():
        assert one.names == tuple(sample.name for sample in SAMPLES)
        assert (one.quantity, one.least) == (live.probes()[name].quantity, live.probes()[name].least)
        assert one.settings == tuple(live.probes()[name].settings.items())


def test_without_a_record_nothing_is_known(tmp_path):
    assert lives(tmp_path) == {}


def test_the_record_says_what_is_computed():
    """One of the shifts, by the study's own count of pairs."""
    name = "blur-consistency-vgg"
    found = lives(board.RESULTS)[name]
    nets = [networks.load(networks.find(one)) for one in live.probes()[name].networks]
    at = found.names.index("coffee")
    plain, blurred = sweep.consistency(sweep.run(nets, load_sample("coffee"), sweep.Params(8, "circular")))
    assert found.values[at] == pytest.approx(100 * (blurred - plain), abs=1e-3)


def test_a_larger_lambda_is_compared_with_the_trained_one_on_the_answer_without_noise():
    network = networks.load(networks.find(sparse_live.ONE[0]))
    found = sparse_live.sure(network, load_sample("coffee"), "none", 0, (0.1, 0.5))
    assert found.shape == (2,)
    assert np.all((found >= 0) & (found <= 1))
