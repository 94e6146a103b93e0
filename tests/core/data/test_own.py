"""The reader's own pictures: classes from folders, broken and hostile files left out, photographs in a set's form."""

import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core import data as core_data
from core.base.refuse import DataError
from core.data import own
from core.data.own import from_pictures
from core.data.split import Split, halves, together
from core.pictures.files import find_pictures, list_pictures
from core.pictures.image import from_pixels
from core.pictures.preprocess import in_form

COLOURS = {"cat": (200, 30, 30), "dog": (30, 30, 200), "emu": (30, 200, 30)}


def png(colour, width=12, height=10):
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def menagerie(each=5):
    return {f"zoo/{name}/{i}.png": png(colour) for name, colour in COLOURS.items() for i in range(each)}


def read(files, size=8):
    broken = []
    return from_pictures(find_pictures(zipped(files)), size, broken), broken


# ---- a folder or zip as a data set ---------------------------------------------------------------


def test_classes_are_the_folders_names_and_pictures_are_squares(tmp_path):
    for name, data in menagerie().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    seen, broken = [], []
    split = from_pictures(find_pictures(tmp_path), 8, broken, lambda done, total: seen.append((done, total)))
    assert split.classes == tuple(COLOURS)
    assert split.pixels.shape == (15, 8, 8, 3)
    for picture, label in zip(split.pixels, split.labels, strict=True):
        np.testing.assert_array_equal(picture, np.broadcast_to(COLOURS[split.classes[label]], (8, 8, 3)))
    assert broken == []
    assert seen[-1] == (15, 15)
    from_zip, _ = read(menagerie())
    np.testing.assert_array_equal(from_zip.pixels, split.pixels)
    np.testing.assert_array_equal(from_zip.labels, split.labels)


def test_broken_files_are_named_and_left_out():
    files = menagerie()
    files["zoo/cat/0.png"] = png((1, 2, 3))[:40]
    files["zoo/dog/1.png"] = b"<html>"
    files["zoo/dog/2.png"] = b"\0"
    split, broken = read(files)
    assert len(split) == 12
    assert [line.partition(":")[0] for line in broken] == ["zoo/cat/0.png", "zoo/dog/1.png", "zoo/dog/2.png"]
    assert np.bincount(split.labels).tolist() == [4, 3, 5]
    assert all((p == COLOURS[split.classes[k]]).all() for p, k in zip(split.pixels, split.labels, strict=True))


def test_a_class_of_broken_files_alone_is_no_class():
    split, broken = read(menagerie() | {f"zoo/bat/{i}.png": b"no" for i in range(3)})
    assert split.classes == tuple(COLOURS)
    assert set(split.labels) == {0, 1, 2}
    assert len(broken) == 3


def test_pictures_in_no_folder_are_left_out_and_case_makes_no_class():
    files = menagerie() | {"stray.png": png((9, 9, 9)), "zoo/CAT/deep/7.png": png(COLOURS["cat"])}
    split, broken = read(files)
    assert [name.lower() for name in split.classes] == list(COLOURS)
    assert np.bincount(split.labels).tolist() == [6, 5, 5]
    assert broken == ["stray.png: expected it in a folder named like its class"]


@pytest.mark.parametrize(
    "files",
    [
        {f"cat/{i}.png": png((1, 2, 3)) for i in range(12)},
        {f"{name}/{i}.png": png((1, 2, 3)) for name in "ab" for i in range(4)},
        {f"{name}/{i}.png": b"broken" for name in "ab" for i in range(9)},
        {f"{i}.png": png((1, 2, 3)) for i in range(12)},
    ],
    ids=["one class", "few pictures", "all broken", "no folder"],
)
def test_too_little_is_refused_in_one_sentence(files):
    said = r"^expected at least 2 folders, .* with 10 pictures in all, got .*: choose"
    with pytest.raises(DataError, match=said):
        read(files)
    with pytest.raises(DataError, match=said):
        own.read(list_pictures(zipped(files)), 8)


def test_more_pixels_than_fit_are_refused_before_a_picture_is_read(monkeypatch):
    monkeypatch.setattr(own, "MAX_BYTES", 14 * 8 * 8 * 3)
    found = find_pictures(zipped(menagerie()))
    monkeypatch.setattr(own, "open_pictures", None)
    with pytest.raises(
        DataError, match=r"^expected at most 14 pictures of 8 px, got 15: choose a smaller size or fewer"
    ):
        from_pictures(found, 8, [])


# ---- in halves -----------------------------------------------------------------------------------


def test_train_and_test_folders_are_the_halves_and_nothing_is_drawn():
    files = {f"set/train/{name}/{i}.png": png(colour) for name, colour in COLOURS.items() for i in range(4)}
    files |= {f"set/test/{name}/{i}.png": png(COLOURS[name]) for name in ("cat", "dog") for i in range(3)}
    files |= {"set/test/dog/torn.png": b"x", "set/other/cat/0.png": png((1, 1, 1)), "set/0.png": png((1, 1, 1))}
    data = own.read(list_pictures(zipped(files)), 8)
    assert data.train.classes == data.test.classes == tuple(COLOURS)
    assert np.bincount(data.train.labels).tolist() == [4, 4, 4]
    assert np.bincount(data.test.labels).tolist() == [3, 3]
    for split in (data.train, data.test):
        assert all((p == COLOURS[split.classes[k]]).all() for p, k in zip(split.pixels, split.labels, strict=True))
    assert data.summary == (
        "18 pictures in 3 classes, halved as their folders say (train and test); "
        "3 files left out: 2 outside train and test, 1 broken."
    )
    assert data.left_out["file"] == ["set/test/dog/torn.png", "set/0.png", "set/other/cat/0.png"]
    assert len(data.lines) == 4


def test_a_half_of_broken_pictures_is_refused():
    files = {f"train/{name}/{i}.png": png(colour) for name, colour in COLOURS.items() for i in range(4)}
    with pytest.raises(DataError, match=r"^expected pictures to learn from and others to test with, got 12 and 0 "):
        own.read(list_pictures(zipped(files | {"test/cat/0.png": b"broken"})), 8)


def test_a_half_without_classes_is_left_out_and_a_fifth_of_the_other_is_drawn():
    files = {f"zoo/train/{name}/{i}.png": png(colour) for name, colour in COLOURS.items() for i in range(10)}
    files |= {f"zoo/{half}/{i}.png": png((9, 9, 9)) for half in ("test", "val") for i in range(7)}
    data = own.read(list_pictures(zipped(files | {"zoo/train/stray.png": png((1, 1, 1))})), 8)
    assert data.train.classes == tuple(COLOURS)
    assert (len(data.train), len(data.test)) == (24, 6)
    assert data.summary == (
        "30 pictures in 3 classes, those of the folder train; "
        "15 files left out: 14 in a half without classes, 1 in no class folder."
    )
    for split in (data.train, data.test):
        assert all((p == COLOURS[split.classes[k]]).all() for p, k in zip(split.pixels, split.labels, strict=True))


def test_of_three_labelled_parts_test_is_the_test_half_and_val_is_left_out():
    files = {
        f"{half}/{name}/{i}.png": png(colour)
        for half, count in (("train", 4), ("val", 3), ("test", 2))
        for name, colour in COLOURS.items()
        for i in range(count)
    }
    data = own.read(list_pictures(zipped(files)), 8)
    assert (len(data.train), len(data.test)) == (12, 6)
    assert data.summary == (
        "18 pictures in 3 classes, halved as their folders say (train and test); 9 files left out: 9 outside train and "
        "test."
    )


def test_halves_without_labels_are_refused_with_the_reason():
    files = {f"{half}/{i}.png": png((1, 2, 3)) for half in ("train", "test") for i in range(9)}
    with pytest.raises(DataError, match=r"got 0 readable pictures in 0 \(left out: 18 in a half without classes\): ch"):
        own.read(list_pictures(zipped(files)), 8)


def test_composed_and_decomposed_names_are_one_class_and_halves_meet():
    files = {
        f"{half}/{c}r/{i}.png": png((1, 2, 3))
        for half, c in (("train", "B\u00e4"), ("test", "Ba\u0308"))
        for i in range(5)
    }
    files |= {f"{half}/Katze/{i}.png": png((3, 2, 1)) for half in ("train", "test") for i in range(5)}
    data = own.read(list_pictures(zipped(files)), 8)
    assert data.train.classes == data.test.classes == ("B\u00e4r", "Katze")
    assert [np.bincount(split.labels).tolist() for split in (data.train, data.test)] == [[5, 5], [5, 5]]


def test_without_such_folders_a_fifth_is_drawn(tmp_path):
    for name, data in menagerie(10).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    data = core_data.open_data(str(tmp_path), None, 8)
    assert (len(data.train), len(data.test)) == (24, 6)
    assert (data.title, data.summary, data.lines) == (tmp_path.name, "30 pictures in 3 classes.", ())


def test_more_pictures_than_fit_are_drawn_evenly_and_said(monkeypatch):
    monkeypatch.setattr(own, "MAX_BYTES", 12 * 8 * 8 * 3)
    data = own.read(list_pictures(zipped(menagerie())), 8)
    assert np.bincount(together(data.train, data.test).labels).tolist() == [4, 4, 4]
    assert data.summary == "12 pictures in 3 classes; 3 files left out: 3 beyond the limit."
    assert "12 of 15 pictures are taken" in data.lines[0]


def test_named_sets_and_unknown_names():
    digits = core_data.open_data("digits", None, 99)
    assert (digits.title, digits.train.pixels.shape, digits.lines) == ("digits", (1297, 8, 8, 1), ())
    with pytest.raises(DataError, match=r"^expected one of digits, .*torchvision:NAME, or a folder or zip"):
        core_data.open_data("nowhere", None, 8)


# ---- hostile zips --------------------------------------------------------------------------------


def test_nothing_is_written_wherever_a_name_points(tmp_path, monkeypatch):
    inside = tmp_path / "here"
    inside.mkdir()
    monkeypatch.chdir(inside)
    files = menagerie() | {"../../evil/0.png": png((5, 5, 5)), "/etc/0.png": png((6, 6, 6)), "../0.png": b"x"}
    data = own.read(list_pictures(zipped(files)), 8)
    assert data.train.classes == tuple(COLOURS)
    assert data.left_out["file"] == ["../../evil/0.png", "/etc/0.png", "../0.png"]
    assert list(tmp_path.rglob("*")) == [inside]


def test_a_member_that_declares_less_than_it_holds_gives_no_more():
    data = bytearray(zipped(menagerie() | {"zoo/emu/lie.png": bytes(10**6)}))
    said = struct.pack("<I", 10**6)
    while (at := data.find(said)) >= 0:  # in its own header and in the directory
        data[at : at + 4] = struct.pack("<I", 100)
    found = find_pictures(bytes(data))
    liar = next(f for f in found if f.name.endswith("lie.png"))
    assert liar.size == 100
    broken = []
    assert len(from_pictures(found, 8, broken)) == 15
    assert [line.partition(":")[0] for line in broken] == ["zoo/emu/lie.png"]


def test_a_picture_that_unpacks_to_too_many_pixels_is_left_out():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    split, broken = read(
        menagerie() | {"zoo/emu/huge.png": huge + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")}
    )
    assert len(split) == 15
    assert "megapixels" in broken[0]


# ---- two halves ----------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=6), seed=st.integers(0, 99))
def test_halves_share_nothing_and_hold_every_class(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    pixels = np.arange(len(labels), dtype=np.uint8)[:, None, None, None]
    split = Split(pixels, labels, tuple(f"class {i}" for i in range(len(counts))))
    train, test = halves(split, seed)
    both = together(train, test)
    np.testing.assert_array_equal(np.sort(both.pixels.ravel()), pixels.ravel())
    assert both.classes == split.classes
    for label, count in enumerate(counts):
        tested = int((test.labels == label).sum())
        assert tested == max(int(count > 1), round(count / 5))
        assert (train.labels == label).sum() == count - tested >= 1
    np.testing.assert_array_equal(halves(split, seed)[1].pixels, test.pixels)


# ---- a photograph in the data set's form ---------------------------------------------------------


def stroke(ink, paper, side=64):
    """A photograph of an upright stroke, wider than it is high."""
    pixels = np.full((side, side + 20, 3), paper, np.uint8)
    pixels[8:-8, side // 2 + 6 : side // 2 + 14] = ink
    return from_pixels(pixels)


@pytest.mark.parametrize(("ink", "paper"), [(20, 235), (235, 20), (90, 140), (140, 90)])
def test_ink_on_paper_and_chalk_on_a_board_become_bright_on_black(ink, paper):
    form = in_form(stroke(ink, paper), 16, channels=1, bright_on_dark=True)
    assert form.shape == (1, 16, 16, 1)
    assert form.dtype == np.uint8
    assert form[0, 8, 8, 0] > 200
    assert form[0, :, 0].max() < 30
    assert (form.min(), form.max()) == (0, 255)


def test_a_photograph_and_its_negative_have_the_same_form():
    one, other = (in_form(stroke(*pair), 28, 1, True) for pair in ((40, 200), (215, 55)))
    np.testing.assert_allclose(one.astype(int), other, atol=2)


def test_other_sets_keep_the_photographs_own_brightness():
    picture = stroke(90, 140)
    colour = in_form(picture, 32)
    assert colour.shape == (1, 32, 32, 3)
    assert (colour[0, 0, 0] == 140).all()
    grey = in_form(from_pixels(np.full((5, 9, 3), (255, 0, 0), np.uint8)), 8, channels=1)
    assert (grey == 76).all()  # the luma of red, ITU-R 601


def test_a_flat_photograph_stays_flat():
    assert (in_form(from_pixels(np.full((9, 9, 3), 77, np.uint8)), 8, 1, True) == 77).all()
