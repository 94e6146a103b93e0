"""Idx files are read whole or refused, and the sets that come in them are what torchvision reads from the same."""

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import torchvision.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from core.base.refuse import DataError
from core.data import idx
from core.data.idx import IDX_FILES, find_folder, read_idx
from core.data.named import load
from core.data.sets import DATASETS

CODES = {"ubyte": 8, "int": 12}
TYPES = {"ubyte": np.uint8, "int": np.dtype(">i4")}
HALVES = {"train": 6, "test": 4}  # pictures of the sets that are written here
MNIST_LIKE = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "kmnist": "KMNIST"}
EMNIST = {f"emnist-{subset}": subset for subset in ("digits", "letters", "balanced")}
NAMES = (*MNIST_LIKE, *EMNIST, "qmnist")


def packed_idx(array, kind="ubyte"):
    """The bytes of an idx file, written from the format's definition."""
    head = bytes((0, 0, CODES[kind], array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(TYPES[kind]).tobytes()


def folder_of(name):
    return MNIST_LIKE.get(name) or ("QMNIST" if name == "qmnist" else "EMNIST")


def names_of(name, split):
    if name == "qmnist":
        return f"qmnist-{split}-images-idx3-ubyte", f"qmnist-{split}-labels-idx2-int"
    begin = f"{name}-{split}" if name in EMNIST else {"train": "train", "test": "t10k"}[split]
    return f"{begin}-images-idx3-ubyte", f"{begin}-labels-idx1-ubyte"


def write(folder, name="mnist", *, halves=("train", "test"), counts=HALVES, side=28, packed=True, top=None):
    """The idx files of a set: seeded noise as its first and its last class; {split: (upright pictures, classes)}."""
    folder.mkdir(parents=True, exist_ok=True)
    dice, top, made = np.random.default_rng(0), top or len(DATASETS[name].classes) - 1, {}
    for split in halves:
        pictures = dice.integers(0, 256, (counts[split], side, side)).astype(np.uint8)
        classes = np.resize([0, top], counts[split])
        rows = dice.integers(-(2**31), 2**31, (counts[split], 8))  # QMNIST's other columns: writer, hash and so on
        rows[:, 0] = classes
        stored = pictures.transpose(0, 2, 1) if name in EMNIST else pictures
        labels = rows if name == "qmnist" else classes + (name == "emnist-letters")
        for file, array in zip(names_of(name, split), (stored, labels), strict=True):
            data = packed_idx(array, file.rsplit("-")[-1])
            (folder / (file + ".gz" * packed)).write_bytes(gzip.compress(data) if packed else data)
        made[split] = pictures, classes
    return made


# ---- idx files -----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(
    array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6))
    | arrays(np.int32, array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)),
    packed=st.booleans(),
)
def test_what_is_written_is_read(tmp_path_factory, array, packed):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if packed else "a")
    kind = "ubyte" if array.dtype == np.uint8 else "int"
    data = packed_idx(array, kind)
    path.write_bytes(gzip.compress(data) if packed else data)
    got = read_idx(path, array.ndim, kind)
    assert got.dtype == TYPES[kind]
    np.testing.assert_array_equal(got, array)
    assert got.flags.writeable  # torch warns of arrays that are not


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_cut_anywhere_is_refused(tmp_path, packed, kind):
    whole = packed_idx(np.arange(24).reshape(2, 3, 4), kind)
    whole = gzip.compress(whole) if packed else whole
    path = tmp_path / ("a.gz" if packed else "a")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError, match=r"^expected .*, (got|as its header says, got) .*: fetch it again$"):
            read_idx(path, 3, kind)


def test_a_longer_file_than_declared_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(packed_idx(np.zeros((2, 3))) + b"\0")
    with pytest.raises(DataError, match=r"expected 2 x 3 bytes in .*, got another number"):
        read_idx(tmp_path / "a", 2)
    (tmp_path / "a").write_bytes(packed_idx(np.zeros((2, 3)), "int") + b"\0\0\0\0")
    with pytest.raises(DataError, match=r"expected 2 x 3 32-bit integers in .*, got another number"):
        read_idx(tmp_path / "a", 2, "int")


@pytest.mark.parametrize("magic", ["00 00 08 01", "00 00 0d 03", "00 00 0c 03", "01 00 08 03"])
def test_other_types_and_dimensions_are_refused(tmp_path, magic):
    (tmp_path / "a").write_bytes(bytes.fromhex(magic) + packed_idx(np.zeros((2, 3, 4)))[4:])
    said = rf"^expected an idx file of bytes in 3 dimensions, got .*, which begins with {magic}: check the path$"
    with pytest.raises(DataError, match=said):
        read_idx(tmp_path / "a", 3)


def test_bytes_are_not_taken_for_integers(tmp_path):
    (tmp_path / "a").write_bytes(packed_idx(np.zeros((2, 8))))
    with pytest.raises(DataError, match=r"^expected an idx file of 32-bit integers in 2 dimensions, .* 00 00 08 02: "):
        read_idx(tmp_path / "a", 2, "int")


@pytest.mark.parametrize("shape", [(2**32 - 1,) * 3, (0, 2**32 - 1, 2**32 - 1), (1, 1, 201_000_000)])
@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_a_declaration_beyond_reason_is_not_believed(tmp_path, monkeypatch, name, shape):
    bomb = bytes((0, 0, 8, 3)) + struct.pack(">3I", *shape) + bytes(10**6)
    (tmp_path / name).write_bytes(gzip.compress(bomb) if name == "a.gz" else bomb)
    monkeypatch.setattr(np, "empty", None)  # nothing is reserved for it
    with pytest.raises(
        DataError, match=rf"^expected at most 200 MB, got .* says {' x '.join(map(str, shape))} bytes: "
    ):
        read_idx(tmp_path / name, 3)


def test_the_largest_set_fits_the_bound():
    assert DATASETS["emnist-digits"].form == "28x28, 240,000 / 40,000 pictures"
    assert idx.MAX_IDX_BYTES >= 240_000 * 28 * 28


def test_a_damaged_archive_and_a_missing_file_are_one_sentence(tmp_path):
    whole = bytearray(gzip.compress(packed_idx(np.arange(200))))
    whole[20] ^= 255
    (tmp_path / "a.gz").write_bytes(whole)
    (tmp_path / "b.gz").write_bytes(b"<html>not found</html>")
    for name in ("a.gz", "b.gz", "none.gz", "none"):
        with pytest.raises(DataError, match=r"^expected .*: fetch it again$"):
            read_idx(tmp_path / name, 1)


# ---- the sets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("packed", [False, True])
def test_a_root_is_the_raw_folder_or_holds_it(tmp_path, name, packed):
    raw = tmp_path / folder_of(name) / "raw"
    made = write(raw, name, packed=packed)
    for root in (tmp_path, tmp_path / folder_of(name), raw):
        for split, (pictures, classes) in made.items():
            got = load(name, root, split)
            np.testing.assert_array_equal(got.pixels, pictures[..., None])
            np.testing.assert_array_equal(got.labels, classes)
            assert (got.pixels.dtype, got.labels.dtype) == (np.uint8, np.int64)
            assert got.pixels.flags.c_contiguous
            assert got.classes == DATASETS[name].classes


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("split", HALVES)
def test_torchvision_reads_the_same_from_the_same_files(tmp_path, name, split):
    write(tmp_path / folder_of(name) / "raw", name, packed=False)
    options = {"split": EMNIST[name]} if name in EMNIST else {}
    theirs = getattr(torchvision.datasets, folder_of(name))(str(tmp_path), train=split == "train", **options)
    ours = load(name, tmp_path, split)
    assert len(theirs) == len(ours) == HALVES[split]
    for i, (picture, label) in enumerate(theirs):
        stored = np.asarray(picture)
        np.testing.assert_array_equal(ours.pixels[i, ..., 0], stored.T if name in EMNIST else stored)
        assert ours.labels[i] == label - (name == "emnist-letters")
        if name not in ("qmnist", "mnist", "fashion-mnist"):  # these three have names of our own
            assert ours.classes[ours.labels[i]] == theirs.classes[label]


def test_the_classes_are_named_as_torchvision_names_them():
    theirs = torchvision.datasets.EMNIST.classes_split_dict
    assert DATASETS["kmnist"].classes == tuple(torchvision.datasets.KMNIST.classes)
    assert DATASETS["emnist-digits"].classes == tuple(theirs["digits"])
    assert DATASETS["emnist-balanced"].classes == tuple(theirs["balanced"])
    assert ("N/A", *DATASETS["emnist-letters"].classes) == tuple(theirs["letters"])
    assert [name.split(" - ")[0] for name in torchvision.datasets.QMNIST.classes] == list(DATASETS["qmnist"].classes)


def test_every_set_of_idx_files_is_known():
    assert set(IDX_FILES) == set(NAMES) < set(DATASETS)


def test_the_subsets_of_emnist_share_a_folder(tmp_path):
    made = {name: write(tmp_path, name) for name in EMNIST}
    for name in EMNIST:
        np.testing.assert_array_equal(load(name, tmp_path, "test").labels, made[name]["test"][1])


# ---- what is missing and what does not belong ----------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("here", "away"), [("train", "test"), ("test", "train")])
def test_one_split_is_read_without_the_other(tmp_path, name, here, away):
    made = write(tmp_path, name, halves=(here,))
    np.testing.assert_array_equal(load(name, tmp_path, here).pixels[..., 0], made[here][0])
    with pytest.raises(DataError) as caught:
        load(name, tmp_path, away)
    wanted, found = (" and ".join(names_of(name, away)), ", ".join(names_of(name, here)))
    assert str(caught.value) == (
        f"expected the {away} files of {DATASETS[name].title}, {wanted} (plain or .gz), in {tmp_path}, in its raw/ or "
        f"its {folder_of(name)}/raw/, found only {found}: fetch the missing ones too"
    )


def test_pictures_without_labels_are_not_a_split(tmp_path):
    write(tmp_path)
    (tmp_path / f"{names_of('mnist', 'test')[1]}.gz").unlink()
    assert len(load("mnist", tmp_path)) == HALVES["train"]
    with pytest.raises(DataError, match=r"found only train-images-idx3-ubyte, .*, t10k-images-idx3-ubyte: fetch"):
        load("mnist", tmp_path, "test")


@pytest.mark.parametrize("root", [".", "nowhere", "x" * 5000, "nul\0"])
def test_a_root_without_the_files_says_where_they_were_sought(tmp_path, root):
    with pytest.raises(DataError, match=r"^expected the test files of MNIST, .* its MNIST/raw/, found neither: check"):
        find_folder(tmp_path / root, IDX_FILES["mnist"], "test", "MNIST")


@pytest.mark.parametrize(
    ("options", "came"),
    [
        ({"side": 20}, "6 pictures of 20x20 and 6 labels from 0 to 9"),
        ({"top": 10}, "6 pictures of 28x28 and 6 labels from 0 to 10"),
        ({"counts": {"train": 0, "test": 0}}, "0 pictures of 28x28 and 0 labels"),
    ],
)
def test_files_of_another_data_set_are_refused(tmp_path, options, came):
    write(tmp_path, **options)
    said = rf"^expected 28x28 pictures, each with a label from 0 to 9, .*, got {came}: choose the folder of MNIST$"
    with pytest.raises(DataError, match=said):
        load("mnist", tmp_path)


@pytest.mark.parametrize(
    ("name", "labels", "came"),
    [
        ("emnist-letters", [0, 1, 2, 3, 4, 26], "from 1 to 26, .* from 0 to 26"),
        ("emnist-letters", [1, 1, 1, 1, 1, 27], "from 1 to 26, .* from 1 to 27"),
        ("emnist-balanced", [0, 1, 2, 3, 4, 47], "from 0 to 46, .* from 0 to 47"),
        ("qmnist", [[-1] * 8] * 6, "from 0 to 9, .* from -1 to -1"),
        ("qmnist", np.zeros((6, 0)), "6 pictures of 28x28 and 0 labels:"),
        ("qmnist", np.zeros((5, 8)), "6 pictures of 28x28 and 5 labels from 0 to 0:"),
        ("mnist", np.zeros(5), "6 pictures of 28x28 and 5 labels from 0 to 0:"),
    ],
)
def test_labels_that_do_not_belong_to_the_pictures_are_refused(tmp_path, name, labels, came):
    write(tmp_path, name, halves=("train",))
    file = names_of(name, "train")[1]
    (tmp_path / f"{file}.gz").write_bytes(gzip.compress(packed_idx(np.array(labels), file.rsplit("-")[-1])))
    with pytest.raises(DataError, match=came):
        load(name, tmp_path)


def test_qmnist_refuses_labels_of_bytes(tmp_path):
    write(tmp_path, "qmnist", halves=("train",))
    (tmp_path / f"{names_of('qmnist', 'train')[1]}.gz").write_bytes(gzip.compress(packed_idx(np.zeros((6, 8)))))
    with pytest.raises(DataError, match="expected an idx file of 32-bit integers"):
        load("qmnist", tmp_path)


# ---- real files ----------------------------------------------------------------------------------


@pytest.mark.data
def test_the_test_set_of_kmnist_is_whole(data_folder, tmp_path):
    if not (data_folder / "KMNIST").is_dir():
        pytest.skip(f"KMNIST is not among the data packs at {data_folder}")
    got = load("kmnist", data_folder / "KMNIST", "test")
    assert got.pixels.shape == (10_000, 28, 28, 1)
    assert np.bincount(got.labels).tolist() == [1000] * 10
    assert np.median(got.pixels) == 0 < 30 < got.pixels.mean() < 60  # bright on dark
    with pytest.raises(DataError, match=r"found only t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte: fetch"):
        load("kmnist", data_folder / "KMNIST")
    raw = Path(shutil.copytree(data_folder / "KMNIST", tmp_path / "raw"))
    assert load("kmnist", raw.parent, "test").labels.tobytes() == got.labels.tobytes()
