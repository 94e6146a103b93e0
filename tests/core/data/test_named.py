"""Data sets: digits are always there, what is on this machine is known, and what is not is downloaded or asked for."""

import gzip
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torchvision.datasets

from core.base.refuse import DataError
from core.data import named
from core.data.named import load, on_this_machine
from core.data.sets import DATASETS
from core.models import family_size
from core.networks import families
from tests.core.data.test_idx import EMNIST, NAMES, folder_of, names_of, write


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache folder in which nothing has been downloaded, and no connection to download with."""
    monkeypatch.setenv("RECEPTIVE_CACHE", str(tmp_path / "cache"))

    def offline(*args, **options):
        raise URLError("no route to host")

    for module in (torchvision.datasets.mnist, torchvision.datasets.cifar):
        monkeypatch.setattr(module, "download_and_extract_archive", offline)
    return tmp_path / "cache" / "datasets"


@pytest.fixture
def connection(empty_cache, tmp_path, monkeypatch):
    """Servers that give out small sets of noise; the list of what was fetched from them."""
    fetched = []

    def fetch(url, download_root, filename=None, md5=None):
        fetched.append(Path(url).name)
        served = tmp_path / "served"
        if fetched[-1] == "gzip.zip":  # all of EMNIST
            for name in EMNIST:
                write(Path(download_root) / "gzip", name)
            return
        [packed] = served.rglob(fetched[-1])
        (Path(download_root) / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))

    monkeypatch.setattr(torchvision.datasets.mnist, "download_and_extract_archive", fetch)
    return fetched


# ---- what is on this machine ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_what_was_downloaded_is_known_and_read_without_a_connection(empty_cache, name):
    assert not on_this_machine(name)
    folder = empty_cache / folder_of(name) / "raw"
    made = write(folder, name, packed=False)
    assert [other for other in NAMES if on_this_machine(other)] == [name]
    for split, (pictures, classes) in made.items():
        np.testing.assert_array_equal(load(name, split=split).pixels[..., 0], pictures)
        np.testing.assert_array_equal(load(name, split=split).labels, classes)
    (folder / names_of(name, "test")[1]).unlink()
    assert not on_this_machine(name)
    assert len(load(name)) == len(made["train"][1])
    with pytest.raises(DataError, match="could not be downloaded"):
        load(name, split="test")


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_here_is_downloaded_once(connection, tmp_path, name):
    made = write(tmp_path / "served", name)
    for _ in range(2):
        for split, (pictures, classes) in made.items():
            got = load(name, split=split)
            np.testing.assert_array_equal(got.pixels[..., 0], pictures)
            np.testing.assert_array_equal(got.labels, classes)
    assert len(connection) == len(set(connection)) == (1 if name in EMNIST else 4)
    assert on_this_machine(name)


def test_half_a_download_is_not_on_this_machine(empty_cache):
    folder = empty_cache / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in named.CIFAR10_FILES:
        assert not on_this_machine("cifar10")
        (folder / name).touch()
    assert on_this_machine("cifar10")


@pytest.mark.parametrize("name", ["cifar10", *NAMES])
def test_no_connection_is_one_sentence_with_a_remedy(empty_cache, name):
    with pytest.raises(DataError, match=r"^.* could not be downloaded \(.*no route to host.*\): check the conn"):
        load(name)


def test_a_set_without_a_download_asks_for_a_folder():
    assert not on_this_machine("tiny-imagenet-20")
    with pytest.raises(DataError, match="expected --data FOLDER"):
        load("tiny-imagenet-20")


# ---- digits --------------------------------------------------------------------------------------


def test_digits_are_always_here_in_two_halves_that_share_nothing():
    from sklearn.datasets import load_digits

    assert on_this_machine("digits")
    train, test = load("digits"), load("digits", split="test")
    assert (train.pixels.shape, test.pixels.shape) == ((1297, 8, 8, 1), (500, 8, 8, 1))
    assert train.pixels.dtype == np.uint8
    assert (train.pixels.min(), train.pixels.max()) == (0, 255)
    source = load_digits()
    want = sorted(np.rint(picture * 255 / 16).astype(np.uint8).tobytes() for picture in source.data)
    assert sorted(p.tobytes() for p in np.concatenate([train.pixels, test.pixels])) == want
    np.testing.assert_array_equal(
        np.bincount(train.labels) + np.bincount(test.labels), np.bincount(source.target, minlength=10)
    )


def test_the_digits_are_split_by_class_and_the_same_every_time():
    train, test = load("digits"), load("digits", split="test")
    shares = np.bincount(test.labels) / (np.bincount(test.labels) + np.bincount(train.labels))
    assert np.abs(shares - 500 / 1797).max() < 0.005
    again = load("digits", split="test")
    np.testing.assert_array_equal(again.pixels, test.pixels)
    np.testing.assert_array_equal(again.labels, test.labels)


@pytest.mark.parametrize("about", DATASETS.values(), ids=DATASETS)
def test_grey_sets_are_the_bright_ones_on_black(about):
    assert DATASETS[about.name] is about
    assert about.channels == (1 if about.bright_on_dark else 3)
    assert len(set(about.classes)) == len(about.classes)


@pytest.mark.parametrize("name", NAMES)
def test_the_sets_like_mnist_are_small_and_grey(name):
    about = DATASETS[name]
    assert (about.name, about.size, about.channels, about.bright_on_dark) == (name, 28, 1, True)
    assert families.family_labels(name) == about.classes
    assert family_size(name) == 28


def test_the_titles_tell_the_sets_apart():
    assert len({about.title for about in DATASETS.values()}) == len(DATASETS)
