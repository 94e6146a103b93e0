"""Random features under their SVM as a network: the packaged one is what the command makes again."""

import numpy as np
import pytest
import torch

from core import networks
from core.compute import linear_svm, sign_counts
from core.data import named
from core.models.random_depthwise import SVM_SHAPES, RandomSvm
from core.networks import weights
from core.training import svm as ship_random_svm


def test_the_digits_network_is_made_again(tmp_path):
    """To the rounding of float32: another processor sums in another order."""
    train, test = (named.load("digits", split=split) for split in ("train", "test"))
    path = ship_random_svm.fit("digits_random_svm", train, test, tmp_path)
    packaged = weights.packaged()["digits_random_svm"]
    made, kept = weights.read_state(path), weights.read_state(packaged)
    assert made.keys() == kept.keys()
    for name, tensor in made.items():
        torch.testing.assert_close(tensor, kept[name], rtol=0, atol=1e-3 * float(kept[name].abs().max()))
    about, known = weights.read_metadata(path), weights.read_metadata(packaged)
    assert {k: v for k, v in about.items() if k != "commit"} == {k: v for k, v in known.items() if k != "commit"}


def test_the_network_is_the_features_and_the_svm():
    train = named.load("digits", split="train")
    count, kernel_size, depth, channels = SVM_SHAPES["digits_random_svm"]
    found = sign_counts.features(sign_counts.build(sign_counts.Spec(count, kernel_size, depth, channels, 0)),
                                 train.pixels[:300])  # fmt: skip
    svm = linear_svm.fit(found, train.labels[:300], 10)
    net = RandomSvm("digits_random_svm")
    with torch.inference_mode():
        net.classifier.weight.copy_(torch.from_numpy(svm.weights.T.copy()))
        net.classifier.bias.copy_(torch.from_numpy(svm.bias))
        x = torch.from_numpy(train.pixels[:50]).movedim(-1, 1).float() / 255
        np.testing.assert_allclose(net(x).numpy(), linear_svm.decision(svm, found[:50]), atol=1e-4)


@pytest.mark.parametrize("name", ship_random_svm.PLANS)
def test_the_packaged_networks_say_what_they_are(name):
    card = networks.find(name)
    assert f"a linear SVM (C = 0.005) on {SVM_SHAPES[name][0]:,} random features, seed 0" in card.provenance
    assert card.family == ship_random_svm.PLANS[name]
