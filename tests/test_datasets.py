"""Data sets: idx files are read whole or refused, digits are always there, and what is on this machine is known."""

import gzip
import struct

import numpy as np
import pytest
import torchvision.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core import datasets, weights
from core.datasets import DATASETS, DataError, load, on_this_machine, read_idx

NAMES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")}
NAMES["test"] = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def idx(array):
    """The bytes of an idx file, written from the format's definition."""
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write(folder, *, side=28, counts=(6, 4), packed=True, top=9):
    """Four idx files of seeded noise; returns {split: (pictures, labels)}."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(0)
    made = {}
    for (split, names), count in zip(NAMES.items(), counts, strict=True):
        pictures = dice.integers(0, 256, (count, side, side)).astype(np.uint8)
        labels = np.resize(np.array([0, top], np.uint8), count)
        for name, array in zip(names, (pictures, labels), strict=True):
            path = folder / (name + ".gz" * packed)
            path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
        made[split] = pictures, labels
    return made


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    """A cache folder in which nothing has been downloaded, and no way to download."""
    monkeypatch.setattr(weights, "cache_folder", lambda: tmp_path / "cache")

    def offline(*args, **options):
        raise RuntimeError("Error downloading train-images-idx3-ubyte.gz")

    for kind in ("CIFAR10", "MNIST", "FashionMNIST"):
        monkeypatch.setattr(torchvision.datasets, kind, offline)
    return tmp_path / "cache" / "datasets"


# ---- idx files -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, max_side=6)), packed=st.booleans())
def test_what_is_written_is_read(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if packed else "a")
    path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    got = read_idx(path, array.ndim)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, array)
    assert got.flags.writeable  # torch warns of arrays that are not


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_anywhere_is_refused(tmp_path, packed):
    whole = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    whole = gzip.compress(whole) if packed else whole
    path = tmp_path / ("a.gz" if packed else "a")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"^expected .*, (got|as its header says, got) .*: fetch it again$"):
            read_idx(path, 3)


def test_a_longer_file_than_declared_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(idx(np.zeros((2, 3), np.uint8)) + b"\0")
    with pytest.raises(DataError, match=r"expected 2 x 3 bytes in .*, got another number"):
        read_idx(tmp_path / "a", 2)


@pytest.mark.parametrize("magic", [b"\0\0\x08\x01", b"\0\0\x0d\x03", b"\1\0\x08\x03"])
def test_other_types_and_dimensions_are_refused(tmp_path, magic):
    (tmp_path / "a").write_bytes(magic + idx(np.zeros((2, 3, 4), np.uint8))[4:])
    with pytest.raises(DataError, match=r"^expected an idx file of bytes in 3 dimensions, got .*: check the path$"):
        read_idx(tmp_path / "a", 3)


def test_a_declaration_beyond_reason_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "MAX_IDX_BYTES", 1000)
    bomb = bytes((0, 0, 8, 3)) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    (tmp_path / "a.gz").write_bytes(gzip.compress(bomb + bytes(10**6)))
    with pytest.raises(DataError, match="fetch it again"):
        read_idx(tmp_path / "a.gz", 3)


def test_a_damaged_archive_and_a_missing_file_are_one_sentence(tmp_path):
    whole = bytearray(gzip.compress(idx(np.arange(200, dtype=np.uint8))))
    whole[20] ^= 255
    (tmp_path / "a.gz").write_bytes(whole)
    (tmp_path / "b.gz").write_bytes(b"<html>not found</html>")
    for name in ("a.gz", "b.gz", "none.gz", "none"):
        with pytest.raises(DataError, match=r"^expected .*: fetch it again$"):
            read_idx(tmp_path / name, 1)


# ---- MNIST and Fashion-MNIST ---------------------------------------------------------------------


@pytest.mark.parametrize(("name", "inside"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
@pytest.mark.parametrize("packed", [False, True])
def test_a_root_is_the_raw_folder_or_holds_it(tmp_path, name, inside, packed):
    raw = tmp_path / inside / "raw"
    made = write(raw, packed=packed)
    for root in (tmp_path, tmp_path / inside, raw):
        for split, (pictures, labels) in made.items():
            got = load(name, root, split)
            np.testing.assert_array_equal(got.pixels, pictures[..., None])
            np.testing.assert_array_equal(got.labels, labels)
            assert (got.pixels.dtype, got.labels.dtype) == (np.uint8, np.int64)
            assert got.classes == DATASETS[name].classes


def test_a_root_without_the_files_says_where_they_were_sought(tmp_path):
    with pytest.raises(DataError, match=r"^expected MNIST's four idx files .* in its raw/ or its MNIST/raw/.*"):
        load("mnist", tmp_path)


@pytest.mark.parametrize("options", [{"side": 20}, {"top": 10}, {"counts": (0, 0)}])
def test_files_of_another_data_set_are_refused(tmp_path, options):
    write(tmp_path, **options)
    with pytest.raises(
        DataError, match=r"^expected 28x28 pictures and a label below 10 .*: choose the folder of MNIST$"
    ):
        load("mnist", tmp_path)


def test_labels_that_are_fewer_than_pictures_are_refused(tmp_path):
    write(tmp_path)
    (tmp_path / f"{NAMES['train'][1]}.gz").write_bytes(gzip.compress(idx(np.zeros(5, np.uint8))))
    with pytest.raises(DataError, match="5 labels"):
        load("mnist", tmp_path)


# ---- what is on this machine ---------------------------------------------------------------------


def test_what_was_downloaded_is_known_and_read_without_torchvision(empty_cache):
    assert not on_this_machine("mnist")
    made = write(empty_cache / "MNIST" / "raw", packed=False)
    assert on_this_machine("mnist")
    assert not on_this_machine("fashion-mnist")
    np.testing.assert_array_equal(load("mnist", split="test").pixels[..., 0], made["test"][0])
    (empty_cache / "MNIST" / "raw" / NAMES["test"][1]).unlink()
    assert not on_this_machine("mnist")


def test_half_a_download_is_not_on_this_machine(empty_cache):
    folder = empty_cache / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    for name in datasets.CIFAR10_FILES:
        assert not on_this_machine("cifar10")
        (folder / name).touch()
    assert on_this_machine("cifar10")


@pytest.mark.parametrize("name", ["cifar10", "mnist", "fashion-mnist"])
def test_no_connection_is_one_sentence_with_a_remedy(empty_cache, name):
    with pytest.raises(DataError, match=r"could not be downloaded \(Error downloading .*\): check the connection"):
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
