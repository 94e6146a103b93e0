"""Photographs of ImageNet's classes that a list names."""

import csv

import pytest
from PIL import Image

from core.base.refuse import DataError
from core.data import labelled


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "images/cat.png")
    return tmp_path


def listed(folder, rows, columns=("file", "index")):
    with (folder / "labels.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)
    return folder


def test_pictures_come_with_their_classes(folder):
    [(path, truth)] = labelled.labelled(listed(folder, [("images/cat.png", 282)]))
    assert (path.name, truth) == ("cat.png", 282)
    assert labelled.opened(path).pixels.shape == (4, 4, 3)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([("images/cat.png", 1000)], ("file", "index"), "got class 1000"),
        ([("images/none.png", 3)], ("file", "index"), "none.png"),
        ([("images/cat.png", "cat")], ("file", "index"), "invalid literal"),
        ([("images/cat.png", 3)], ("name", "index"), "got 'file'"),
        ([], ("file", "index"), "got none"),
    ],
)
def test_a_list_that_does_not_fit_is_refused(folder, rows, columns, said):
    with pytest.raises(DataError, match=said):
        labelled.labelled(listed(folder, rows, columns))


def test_without_a_list_it_says_what_is_wanted(tmp_path):
    with pytest.raises(DataError, match="with the columns file and index, found none"):
        labelled.labelled(tmp_path)


def test_a_picture_that_cannot_be_read_is_named(folder):
    (folder / "images" / "cat.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"cat\.png"):
        labelled.opened(folder / "images" / "cat.png")
