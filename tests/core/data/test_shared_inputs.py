"""The made data sets of ../shared/inputs (or RECEPTIVE_INPUTS): each of them comes as its README says."""

import subprocess
import sys
from collections import Counter

import pytest

from core.base.refuse import DataError
from core.data import own
from core.pictures.files import list_pictures
from core.pictures.listing import SUFFIXES, left_out, summary
from tests.helpers.handed import MAKER, NO_MAKER

SIZE = 8
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not MAKER.is_file(), reason=NO_MAKER),
]

OF_TWO = {"n0": 10, "n1": 10}, {"n0": 5, "n1": 5}
# name -> pictures by class of the train and of the test half ({}: our own split is taken), and what is left out
ROWS = {
    "labelled_train_flat_test.zip": ({"Charlock": 12, "Maize": 12}, {}, "9 in a half without classes"),
    "labelled_train_flat_val.zip": ({"n01440764": 12, "n01443537": 12}, {}, "9 in a half without classes"),
    "tiny_imagenet_as_published.zip": (
        *({"n01443537": 10, "n01629819": 10}, {}),
        "16 in a half without classes, 1 not a picture",
    ),
    "training_training.zip": (*OF_TWO, ""),
    "training_set_twice.zip": ({"cats": 10, "dogs": 10}, {"cats": 5, "dogs": 5}, ""),
    "copy_and_shadow.zip": (
        *({"NORMAL": 10, "PNEUMONIA": 10}, {"NORMAL": 5, "PNEUMONIA": 5}),
        "33 hidden, 32 copies of others, 2 outside train and test",
    ),
    "same_folder_in_other_case.zip": ({"Potato_healthy": 10, "Tomato_blight": 10}, {}, "20 copies of others"),
    "backslashes.zip": ({"cat": 10, "dog": 10}, {}, ""),
    "utf8_without_the_flag.zip": ({"Bär": 10, "Katze": 10, "犬": 10}, {}, ""),
    "utf8_with_the_flag_nfd.zip": ({"Bär": 10, "Katze": 10, "犬": 10}, {}, ""),
    "cp437_names.zip": ({"Bär": 10, "Katze": 10}, {}, ""),
    "cp932_alone.zip": ({name.encode("cp932").decode("cp437"): 10 for name in "猫犬"}, {}, ""),
    "nfc_train_nfd_test": ({"Bär": 10, "Gämse": 10}, {"Bär": 5, "Gämse": 5}, ""),
    "nfc_and_nfd_mixed": ({"Bär": 15, "Katze": 10}, {}, ""),
    "checkpoints.zip": ({"cat": 10, "dog": 10}, {}, "6 hidden"),
    "duplicates.zip": ({"a": 150, "b": 150}, {}, ""),
    "jfif.zip": ({"cat": 12, "dog": 12}, {}, ""),
    "ppm_pgm.zip": ({"a": 6, "b": 6}, {}, ""),
}
NEEDS = {"jfif.zip": ".jfif", "ppm_pgm.zip": ".ppm", "batch_one": ".jfif"}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder of data sets, made now."""
    root = tmp_path_factory.mktemp("inputs")
    subprocess.run([sys.executable, MAKER, root, "datasets"], check=True, capture_output=True)
    return root / "datasets"


def known(name):
    if NEEDS.get(name, ".png") not in SUFFIXES:
        pytest.skip(f"{NEEDS[name]} is not read yet")


@pytest.mark.parametrize("name", ROWS)
def test_a_data_set_comes_as_it_should(made, name):
    known(name)
    train, test, left = ROWS[name]
    data = own.read(list_pictures(made / name), SIZE)
    assert data.train.classes == data.test.classes == tuple(sorted(train))
    counts = [Counter(split.classes[i] for i in split.labels) for split in (data.train, data.test)]
    assert counts == [train, test] if test else counts[0] + counts[1] == Counter(train)
    assert data.summary.partition("left out: ")[2].removesuffix(".") == left


def test_every_made_data_set_has_a_row(made):
    assert {path.name for path in made.iterdir()} == {*ROWS, "links_out", "store", "batch_one"}


def test_links_out_say_why_and_what_to_do(made):
    with pytest.raises(DataError) as error:
        list_pictures(made / "links_out")
    assert str(error.value).endswith(
        "found none, but 20 links that are not followed: the link leads out of the folder: copy the pictures here, or "
        f"give the folder {(made / 'store').resolve()}"
    )
    whole = list_pictures(made)  # which holds both ends of the links
    assert sum(file.name.startswith("links_out/") for file in whole.found) == 20


def test_pictures_in_no_folder_are_no_data_set(made):
    listing = list_pictures(made / "store")
    assert summary(listing) == "20 pictures."
    with pytest.raises(DataError, match=r"left out: 20 in no class folder"):
        own.read(listing, SIZE)


def test_a_folder_for_a_batch_has_its_classes(made):
    known("batch_one")
    listing = list_pictures(made / "batch_one")
    assert Counter(file.folder for file in listing.found) == {"cat": 3, "dog": 1}
    assert left_out(listing)["file"] == []
