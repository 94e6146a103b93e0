"""Halves by rules that weigh what folders hold: called unlike, beside anything, under several wraps, without labels."""

import pytest

from core.data.own import as_data_set
from core.pictures.files import list_pictures
from core.pictures.folder_words import half_of
from core.pictures.halves import places
from core.pictures.listing import summary
from tests.core.pictures.test_files import PNG, QUICK, zipped
from tests.core.pictures.test_halves import halved, told
from tests.helpers.effort import effort


def in_each(folders):
    """A zip with another picture in each folder."""
    return zipped({f"{folder}/1.png": PNG + bytes([i]) for i, folder in enumerate(folders)})


THREE = {"train": "train", "test": "test", "val": "-"}


# ---- halves that are called unlike ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "seg_test"),
        ("train", "animals_test"),
        ("train", "test_kaggle"),
        ("seg_train", "test"),
        ("animals_train", "seg_test"),
        ("animals_train_images", "seg_val_2"),
        ("train2017", "seg_test1"),
        ("trainA", "testA"),
        ("trainB", "valB"),
        ("mytrain", "mytest"),
        ("Trainingsdaten", "Testdaten"),
        ("Trainingsbilder", "Validierungsbilder"),
        ("entrenamiento", "prueba"),
        ("treino", "teste"),
    ],
)
@pytest.mark.parametrize("above", ["", "plants/"])
@pytest.mark.parametrize("more", [(), ("pred",), ("notes", "seg_pred/seg_pred")])
def test_two_that_hold_a_halfs_word_and_the_same_classes_are_halves(train, test, above, more):
    want = halved(f"{above}{train}", f"{above}{test}")
    want |= {f"{above}{name}": f"{name.partition('/')[0]} -" for name in more}
    assert told(*want) == (want, (train, test))


def test_the_half_to_learn_from_is_found_among_three_that_are_called_unlike():
    want = halved("train", "seg_test") | {"seg_val/cat": "cat -", "seg_val/dog": "dog -"}
    assert told(*want) == (want, ("train", "seg_test"))


@pytest.mark.parametrize(
    "classes",
    [
        ("train station", "test track"),  # each says what it is
        ("train", "test drive", "bus"),
        ("steam train", "test", "bus"),
        ("train", "bus"),
        ("Train", "School Buses"),
        ("train", "bus", "car"),
        ("train", "trainee"),
        ("valid", "invalid"),
        ("test", "retest"),
        ("cat", "dog"),
        ("train", "cat", "dog"),  # which of them would be the other half?
        ("contest", "protest"),
        ("fit", "unfit"),
        ("tests", "trials"),
        ("positive test", "control"),
    ],
)
@pytest.mark.parametrize("above", ["", "set/"])
def test_classes_with_folders_of_the_same_names_stay_classes(classes, above):
    want = {f"{above}{c}/{view}": f"{c} -" for c in classes for view in ("front", "side")}
    assert told(*want) == (want, ())


# ---- a half beside one that is called anything ---------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "query"),
        ("train", "gallery"),
        ("training_set", "final"),
        ("learn", "test"),
        ("tra", "val"),
        ("fit", "holdout"),
        ("apprentissage", "test"),
        ("trening", "test"),
        ("unterricht", "Validation"),
        ("learn", "test1"),
    ],
)
@pytest.mark.parametrize("above", ["", "plants/"])
@pytest.mark.parametrize("within", ["", "/images"])
@pytest.mark.parametrize("more", [(), ("pred",)])
def test_a_half_beside_one_folder_of_the_same_classes_has_its_other_half(train, test, above, within, more):
    want = halved(f"{above}{train}", f"{above}{test}{within}") | {f"{above}{name}": f"{name} -" for name in more}
    assert told(*want) == (want, (train, test))
    listing = list_pictures(in_each(want))
    assert summary(listing).startswith(
        f"{len(want)} pictures in 2 classes, halved as their folders say ({train} and {test})"
    )


def test_one_shared_class_or_a_few_of_many_make_no_half_of_an_unknown_folder():
    for train, other in ((("cat", "dog"), ("cat", "emu")), (("cat",), ("cat",)), ("abcde", "abxyz")):
        want = {f"train/{c}": "train -" for c in train} | {f"query/{c}": "query -" for c in other}
        assert told(*want) == (want, ())
    want = {f"train/{c}": f"{c} train" for c in "abcde"} | {f"query/{c}": f"{c} test" for c in "ab"}
    assert told(*want) == (want, ("train", "query"))


def test_an_unknown_half_with_markup_in_its_name_is_not_quoted():
    listing = list_pictures(in_each(f"{half}/{c}" for half in ("train", "![x](e.org)") for c in "ab"))
    assert summary(listing) == "4 pictures in 2 classes, halved as their folders say (train and the rest)."


# ---- halves under several wraps ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trains", "tests"),
    [
        (("a/train",), ("b/test",)),
        (("archive/train",), ("archive2/test",)),
        (("archive (1)/training_set",), ("archive (2)/test_set",)),
        (("one/Train", "two/training"), ("three/val",)),
        (("100x/train", "200x/train"), ("100x/test", "200x/test")),
        (("100x/train", "200x/train", "400x/train"), ("100x/val", "400x/val")),
        (("a/x/train",), ("b/y/test",)),
    ],
)
@pytest.mark.parametrize("above", ["", "set/"])
@pytest.mark.parametrize("within", ["", "/images"])
def test_halves_are_joined_over_what_wraps_them(trains, tests, above, within):
    want = {f"{above}{t}{within}/{c}": f"{c} train" for t in trains for c in ("cat", "dog")}
    want |= {f"{above}{t}{within}/{c}": f"{c} test" for t in tests for c in ("cat", "dog")}
    said, halves = told(*want)
    assert said == want
    assert [half_of(name.lower()) in ("train", "training") for name in halves] == [True, False]


def test_a_third_half_under_several_wraps_is_none():
    want = {f"{w}/{h}/{c}": f"{c} {own}" for w in "ab" for h, own in THREE.items() for c in ("cat", "dog")}
    assert told(*want) == (want, ("train", "test"))


@pytest.mark.parametrize(
    "folders",
    [
        ("pets/train/cat", "pets/train/dog", "pets/test/cat", "pets/test/dog", "plants/train/rose", "plants/test/rose"),
        ("pets/train/cat", "pets/train/dog", "plants/test/rose", "plants/test/ivy"),
        ("cat/train/1", "cat/test/2", "dog/train/3", "dog/test/4"),
        ("cat/train/a", "cat/test/a", "dog/train/a", "dog/test/a"),
        ("a/train/cat", "a/train/dog", "b/test/cat", "b/test/dog", "c"),
        ("a/train/cat", "a/train/dog", "b/train/cat", "b/train/dog"),
    ],
)
def test_other_folders_that_hold_halves_stay_classes(folders):
    assert told(*folders) == ({folder: f"{folder.partition('/')[0]} -" for folder in folders}, ())


# ---- pictures without labels beside classes ------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "flat"),
    [
        (("cat", "dog"), ("test",)),
        (("cat", "dog", "emu"), ("val/images",)),
        (("cat", "dog"), ("train", "test")),
        (("cat", "dog"), ("train_set", "val", "Testing")),
        (("cat", "dog"), ("test1", "unlabelled_test")),
        (("cat/a", "dog/b"), ("holdout/holdout",)),
        (("train", "bus", "car"), ("test",)),
        (("train", "bus"), ("val",)),
    ],
)
@pytest.mark.parametrize("above", ["", "zoo/"])
def test_a_half_without_classes_beside_the_classes_is_left_out_and_said(classes, flat, above):
    want = {f"{above}{c}": f"{c.partition('/')[0]} train" for c in classes} | {f"{above}{h}": "- test" for h in flat}
    assert told(*want) == (want, ("the rest",))
    listing = list_pictures(in_each(want))
    assert {file.folder for file in listing.found if not file.category} == {""}
    left, s = len(flat), "s" * (len(flat) > 1)
    assert summary(as_data_set(listing, 8)) == (
        f"{len(classes)} pictures in {len(classes)} classes; {left} file{s} left out: {left} in a half without classes."
    )


@pytest.mark.parametrize(
    "classes",
    [
        ("cat", "dog", "train"),
        ("bus", "car", "train"),
        ("valid", "invalid", "blurred"),
        ("valid", "invalid"),
        ("dev", "prod"),
        ("test", "control"),
        ("positive test", "negative test", "invalid"),
        ("crash test", "cat", "dog"),
        ("train station", "airport", "harbour"),
        ("test/a", "test/b", "cat", "dog"),  # a class with folders of its own
    ],
)
def test_classes_that_are_called_like_a_half_stay_classes(classes):
    want = {c: f"{c.partition('/')[0]} -" for c in classes}
    assert told(*want) == (want, ())


# ---- pictures without labels beside the labelled half --------------------------------------------


@pytest.mark.parametrize(
    ("train", "flat"),
    [
        *(("train", name) for name in ("pred", "submission", "unlabeled", "Unlabelled Data", "sample_images", "new")),
        *(("train", name) for name in ("to sort", "vorhersage", "seg_test", "animals_test/images", "pred/pred")),
        *(("seg_train/seg_train", name) for name in ("pred", "test_images")),
        ("Trainingsdaten", "Testdaten"),
    ],
)
@pytest.mark.parametrize("above", ["", "plants/"])
def test_pictures_alone_beside_the_labelled_half_have_no_class(train, flat, above):
    want = {f"{above}{train}/{c}": f"{c} train" for c in ("cat", "dog")} | {f"{above}{flat}": "- test"}
    assert told(*want) == (want, (train.partition("/")[0],))
    listing = list_pictures(in_each(want))
    assert summary(as_data_set(listing, 8)) == (
        f"2 pictures in 2 classes, those of the folder {train.partition('/')[0]}; "
        "1 file left out: 1 in a half without classes."
    )


def test_several_folders_beside_the_labelled_half_have_no_class_if_they_say_so():
    want = {f"train/{c}": f"{c} train" for c in ("cat", "dog")}
    want |= dict.fromkeys(("pred", "submission", "sample_images", "to sort"), "- test")
    assert told(*want) == (want, ("train",))


@pytest.mark.parametrize(
    "folders",
    [
        ("train/steam", "train/diesel", "bus"),
        ("train/steam", "train/diesel", "buses", "cars"),
        ("train/steam", "train/diesel", "horse", "camel"),
        ("train station/indoor", "train station/outdoor", "airport"),
        ("test/a", "test/b", "control"),
        ("train/a", "pred"),
    ],
)
def test_a_class_with_folders_of_its_own_stays_a_class(folders):
    assert told(*folders) == ({folder: f"{folder.partition('/')[0]} -" for folder in folders}, ())


@pytest.mark.parametrize(
    "name", ["test {}", "train {}/cat", "q{}q test/a", "train q{}q", "x/train{}", "{}/train/a", "{} bus"]
)
def test_many_folders_take_no_quadratic_time(name):
    folders = {tuple(name.format(i if i % 2 else f"v{i}").split("/")): 1 for i in range(20_000)}
    (found, _), took = effort(places, folders)
    assert len(found) == 20_000
    assert took < QUICK
