"""The likeliest preprocessings: what is taken is among them, and a choice of another is what commands then say."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from core import networks
from core.models import create_model
from core.models.lite import Lite0, SameConv2d, rebuilt
from core.networks import brought, lite
from core.networks.likely import SCALES, TOLD, likely, taking
from core.overview import said
from core.pictures.preprocess import Preprocessing
from core.pictures.samples import load_sample
from core.terminal.own_file import HELP, file_options


def preps():
    scale = st.sampled_from([*(pair for pair in SCALES.values() if len(pair[0]) == 1), ((0.49,), (0.2,))])
    size, spare = st.sampled_from([28, 64, 224, 300]), st.sampled_from([None, 0, 32])
    how = st.sampled_from(["bilinear", "bicubic"])
    return st.builds(
        lambda scale, size, spare, how, channels: Preprocessing(
            size, scale[0] * channels, scale[1] * channels, False, None if spare is None else size + spare, how
        ),
        scale, size, spare, how, st.sampled_from([1, 3]),
    )  # fmt: skip


@given(preps())
def test_what_is_taken_is_among_the_ways_and_none_is_there_twice(taken):
    ways = likely(taken, taken)
    found = [way.preprocessing for way in ways]
    assert found.count(taken) == 1
    assert len(set(found)) == len(found) <= 10
    for way in ways:
        prep = way.preprocessing
        assert (prep.size, len(prep.mean)) == (taken.size, len(taken.mean))
        same_scale = (prep.mean, prep.std) == (taken.mean, taken.std)
        assert same_scale or (prep.resize, prep.interpolation) == (taken.resize, taken.interpolation)
        assert (way.scale == TOLD) == ((prep.mean, prep.std) == ((0.49,) * len(prep.mean), (0.2,) * len(prep.mean)))


@given(preps())
def test_from_every_way_one_comes_back(told):
    for way in likely(told, told):
        again = [one.preprocessing for one in likely(way.preprocessing, told)]
        if way.preprocessing.mean != told.mean:
            assert told in again  # another scale, the same frame
        assert any((one.mean, one.std) == (told.mean, told.std) for one in again)
        assert any((one.resize, one.interpolation) == (told.resize, told.interpolation) for one in again)


def test_commands_say_what_was_chosen():
    data = save(create_model("resnet18", num_classes=3).state_dict())
    network = brought.open_file(data, "birds.pt")
    for way in likely(network.preprocessing, network.preprocessing):
        chosen = taking(network, way.preprocessing)
        assert (chosen.identity == network.identity) == (way.preprocessing == network.preprocessing)
        assert (chosen.card.size, chosen.card.resize) == (way.preprocessing.size, way.preprocessing.resize)
        words = dict.fromkeys(HELP, "") | dict(_pairs(chosen.card.opened.options.said))
        again = brought.open_file(data, "birds.pt", file_options(words))
        assert again.preprocessing == pytest.approx(way.preprocessing) or again.preprocessing == way.preprocessing
        assert again.labels == network.labels


def _pairs(said):
    return [
        (option.removeprefix("--").replace("-", "_"), value) for option, value in zip(*[iter(said)] * 2, strict=True)
    ]


def test_each_way_is_asked_as_the_network_itself_would_be():
    network, image = networks.load(networks.find("lite0")), load_sample("coffee")
    ways = likely(network.preprocessing, network.preprocessing)
    answers = said.in_ways(network, [way.preprocessing for way in ways], image)
    assert len(answers) == len(ways)  # a packaged network is what it is
    own = next(a for a, way in zip(answers, ways, strict=True) if way.preprocessing == network.preprocessing)
    assert own == said.of_network(network, image)
    assert own.best[0][0] == "espresso"
    raw = next(a for a, way in zip(answers, ways, strict=True) if way.scale == "bytes")
    assert raw.best != own.best


def test_a_file_that_may_be_either_build_is_asked_as_both():
    network = brought.open_file(save(lite.original().state_dict()), "mine.safetensors")
    assert network.preprocessing == lite.PREPROCESSING
    image = load_sample("motorcycle")
    own, other = said.in_ways(network, [network.preprocessing], image)
    assert own == said.of_network(network, image)
    assert other.best != own.best


@torch.inference_mode()
def test_the_other_build_has_the_same_numbers_and_other_answers():
    torch.manual_seed(0)
    net = lite.original()
    even, small = rebuilt(net, even=True), rebuilt(net, eps=1e-5)
    x = torch.rand(1, 3, 64, 64) * 2 - 1
    for other in (even, small):
        assert isinstance(other, Lite0)
        assert all(
            torch.equal(a, b) for a, b in zip(net.state_dict().values(), other.state_dict().values(), strict=True)
        )
        assert not torch.allclose(other(x), net(x), atol=1e-3)
    assert torch.equal(rebuilt(net)(x), net(x))
    assert any(isinstance(m, SameConv2d) and m.uneven for m in net.modules())  # the original is left as it was
    # on odd sides the two paddings are the same
    conv, evenly = SameConv2d(1, 1, 3, 2), SameConv2d(1, 1, 3, 2)
    evenly.load_state_dict(conv.state_dict())
    evenly.pad_evenly()
    odd, paired = torch.rand(1, 1, 7, 7), torch.rand(1, 1, 8, 8)
    assert torch.allclose(conv(odd), evenly(odd))
    assert not torch.allclose(conv(paired), evenly(paired))
