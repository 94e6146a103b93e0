"""The data sets that are known by name."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """What a recipe may ask for: square pictures of `size` px; `bright_on_dark` ones show bright things on black."""

    name: str
    title: str
    size: int
    classes: tuple[str, ...]
    form: str
    channels: int = 3
    bright_on_dark: bool = False


CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TINY20 = {
    "n01443537": "goldfish",
    "n01641577": "bullfrog",
    "n01910747": "jellyfish",
    "n02056570": "king penguin",
    "n02099601": "golden retriever",
    "n02123045": "tabby cat",
    "n02129165": "lion",
    "n02165456": "ladybug",
    "n02279972": "monarch",
    "n02481823": "chimpanzee",
    "n02504458": "African elephant",
    "n03393912": "freight car",
    "n04146614": "school bus",
    "n04285008": "sports car",
    "n04398044": "teapot",
    "n04486054": "triumphal arch",
    "n04507155": "umbrella",
    "n07753592": "banana",
    "n07873807": "pizza",
    "n09193705": "alp",
}
DIGITS = tuple("0123456789")
FASHION_CLASSES = (
    *("T-shirt/top", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle boot"),
)
KMNIST_CLASSES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")  # hiragana
# EMNIST's balanced classes have one for a letter's two forms where these look alike
BALANCED_CLASSES = (*DIGITS, *string.ascii_uppercase, *"abdefghnqrt")


def _like_mnist(name: str, title: str, classes: Sequence[str], counts: str) -> DataSet:
    return DataSet(name, title, 28, tuple(classes), f"28x28, {counts} pictures", channels=1, bright_on_dark=True)


_ALL = (
    DataSet(
        "digits",
        "digits",
        8,
        DIGITS,
        "scikit-learn's copy of UCI's handwritten digits, 8x8, 1,297 / 500 pictures by a seeded stratified split",
        channels=1,
        bright_on_dark=True,
    ),
    _like_mnist("fashion-mnist", "Fashion-MNIST", FASHION_CLASSES, "60,000 / 10,000"),
    _like_mnist("mnist", "MNIST", DIGITS, "60,000 / 10,000"),
    _like_mnist("kmnist", "KMNIST", KMNIST_CLASSES, "60,000 / 10,000"),
    _like_mnist("qmnist", "QMNIST", DIGITS, "60,000 / 60,000"),
    _like_mnist("emnist-digits", "EMNIST digits", DIGITS, "240,000 / 40,000"),
    _like_mnist("emnist-letters", "EMNIST letters", string.ascii_lowercase, "124,800 / 20,800"),
    _like_mnist("emnist-balanced", "EMNIST balanced", BALANCED_CLASSES, "112,800 / 18,800"),
    DataSet("cifar10", "CIFAR-10", 32, CIFAR10_CLASSES, "JPEG copy, 32x32, 50,000 / 10,000 pictures"),
    DataSet(
        "tiny-imagenet-20",
        "tiny-imagenet-20",
        64,
        tuple(TINY20.values()),
        "20 classes of Tiny ImageNet, 64x64, 10,000 / 1,000 photographs",
    ),
)
DATASETS = {about.name: about for about in _ALL}
TORCHVISION = "torchvision:"  # before the name of a class of torchvision.datasets
