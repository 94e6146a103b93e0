"""Networks to ask in tests: every packaged one, and small ones whose answers can be told beforehand."""

import torch
from torch import nn

from core import networks
from core.models import create_model
from core.networks import families, weights
from core.networks.card import Card, Network
from core.networks.engine import prepare
from core.pictures.preprocess import Preprocessing

PACKAGED = list(weights.packaged())
SIGNS = ("cifar_random_svm", "digits_random_svm")  # random features: no batch norm, no bfloat16
GREY = ("digits_cnn", "digits_random_svm", "fashion_cnn", *families.HEADED.values())  # one channel


def plain_net(name):
    """A packaged network's module, built and loaded without the engine."""
    path = weights.packaged()[name]
    about = weights.read_metadata(path)
    net = create_model(about["arch"], num_classes=int(about["num_classes"]))
    weights.load_into(net, weights.read_state(path))
    return net.eval()


def by_hand(net, *, size=16, classes=5, name="by hand"):
    """A Network of `net` whose preprocessing only scales the pixels to [-1, 1]."""
    card = Card(name, name, "by hand", "untrained", "made for a test", size)
    labels = tuple(f"class {i}" for i in range(classes))
    digest = weights.state_digest(net.state_dict())
    return Network(card, labels, Preprocessing(size, (0.5,) * 3, (0.5,) * 3), digest, prepare(net))


class Torus(nn.Module):
    """(B, 3, H, W) -> (B, classes): two circularly padded convolutions, then the mean of the map."""

    def __init__(self, *, stride=1, classes=5):
        super().__init__()
        torch.manual_seed(3)
        self.first = nn.Conv2d(3, 8, 3, stride, padding=1, padding_mode="circular")
        self.second = nn.Conv2d(8, 8, 3, padding=1, padding_mode="circular")
        self.classifier = nn.Linear(8, classes)

    def forward(self, x):
        maps = torch.relu(self.second(torch.relu(self.first(x))))
        return self.classifier(maps.mean(dim=(2, 3)))


def untrained(arch):
    """Random weights (seed 0) under our own name, the same on every machine."""
    return networks.load(networks.find(f"untrained:{arch}"))


def trained():
    """The packaged network that every test may rely on: CIFAR-10's baseline."""
    return networks.load(networks.find("cifar_vgg"))
