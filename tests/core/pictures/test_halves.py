"""Classes and halves: what the folders of a data set tell, whatever its halves are called and wherever they lie."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.batch.work import taken
from core.data.own import as_data_set
from core.pictures.files import list_pictures
from core.pictures.folder_words import half_of, meaning
from core.pictures.halves import places
from core.pictures.listing import summary
from tests.core.pictures.test_files import PNG, zipped


def filed(*paths):
    return {file.name: (file.category, file.half) for file in list_pictures(zipped(dict.fromkeys(paths, PNG))).found}


def test_classes_are_the_first_folders_below_what_wraps_them():
    assert filed("cat/1.png", "dog/a/b/2.png", "3.png") == {
        "cat/1.png": ("cat", ""),
        "dog/a/b/2.png": ("dog", ""),
        "3.png": ("", ""),
    }
    assert filed("zoo/cat/1.png", "zoo/dog/2.png", "zoo/3.png", "4.png") == {
        "zoo/cat/1.png": ("cat", ""),
        "zoo/dog/2.png": ("dog", ""),
        "zoo/3.png": ("", ""),
        "4.png": ("", ""),
    }
    assert filed("cat/1.png") == {"cat/1.png": ("cat", "")}
    assert filed("1.png") == {"1.png": ("", "")}


@pytest.mark.parametrize(("train", "test"), [("train", "test"), ("Train", "Val"), ("training", "validation")])
def test_train_and_test_folders_are_the_halves(train, test):
    assert filed(f"{train}/cat/1.png", f"{train}/dog/2.png", f"zoo/{test}/cat/3.png") != {}
    assert filed(f"{train}/cat/1.png", f"{train}/dog/2.png", f"{test}/cat/3.png", "extra/cat/4.png", "5.png") == {
        f"{train}/cat/1.png": ("cat", "train"),
        f"{train}/dog/2.png": ("dog", "train"),
        f"{test}/cat/3.png": ("cat", "test"),
        "extra/cat/4.png": ("extra", ""),
        "5.png": ("", ""),
    }


def test_classes_that_are_called_train_and_test_are_classes():
    assert filed("train/1.png", "bus/2.png") == {"train/1.png": ("train", ""), "bus/2.png": ("bus", "")}
    assert filed("train/a/1.png", "bus/b/2.png")["train/a/1.png"] == ("train", "")
    # an unlabelled test folder: the other one is taken
    assert filed("train/cat/1.png", "test/x/2.png", "val/cat/3.png")["val/cat/3.png"] == ("cat", "test")


def told(*folders):
    """Folder -> "CLASS HALF", "-" for none, and the halves' names; a picture in each folder."""
    found, halves = places({tuple(folder.split("/")): 1 for folder in folders})
    said = {"/".join(names): f"{place.category or '-'} {place.half or '-'}" for names, place in found.items()}
    return said, halves


def halved(train, test, classes=("cat", "dog")):
    """What `told` says of two folders that hold the same classes."""
    return {f"{where}/{c}": f"{c} {half}" for where, half in ((train, "train"), (test, "test")) for c in classes}


# ---- halves by any usual name, at any depth ------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("TRAIN", "Test"),
        ("training", "testing"),
        ("training", "validation"),
        ("Training", "PublicTest"),
        ("train", "valid"),
        ("train", "dev"),
        ("train", "eval"),
        ("train", "evaluation"),
        ("train", "holdout"),
        ("train-set", "Hold-Out"),
        ("train_set", "held out set"),
        ("training_set", "test_set"),
        ("Training Set", "validation-set"),
        ("trainset", "testset"),
        ("train_images", "test_images"),
        ("images_train", "images_val"),
        ("TrainingData", "TestData"),
        ("trn", "tst"),
        ("trainval", "test"),
        ("train_val", "test"),
        ("seg_train", "seg_test"),
        ("asl_alphabet_train", "asl_alphabet_test"),
        ("train2017", "val2017"),
        ("train", "test1"),
        ("01_train", "02_test"),
        ("split train", "split test"),
        ("rps", "rps-test-set"),
        ("images", "test_images"),
        ("val", "test"),
    ],
)
@pytest.mark.parametrize("above", ["", "plants/", "archive/plants/", "data/images/"])
@pytest.mark.parametrize("within", ["", "again", "images", "all/of it"])
def test_halves_have_any_usual_name_at_any_depth(train, test, above, within):
    inner = {"": "", "again": None}.get(within, f"/{within}")
    train, test = (f"{above}{half}{f'/{half}' if inner is None else inner}" for half in (train, test))
    want = halved(train, test)
    said, names = told(*want)
    assert said == want
    assert names == tuple(half.removeprefix(above).partition("/")[0] for half in (train, test))


@pytest.mark.parametrize(
    "name",
    [
        *("contest", "protest", "festival", "interval", "constraint", "latest", "invalid", "developer", "trainee"),
        *("trains", "train_test_split", "", "1", "x" * 100, "datasetdataset" * 5000),
    ],
)
def test_other_words_are_no_halves(name):
    assert half_of(name) == ""


def test_what_a_name_says_besides_a_half():
    assert meaning("seg_train") == ("train", "seg")
    assert meaning("training_set") == ("training", "")
    assert meaning("traina") == ("", "traina")
    assert meaning("traina", within=True) == meaning("atrain", within=True) == ("train", "a")
    assert meaning("seg_train", within=True) == ("train", "seg")


def test_wrappers_may_differ_between_the_halves_and_hold_more():
    want = halved("plants/train/images", "plants/val") | {"docs": "docs -"}
    assert told(*want) == (want, ("train", "val"))
    want = halved("seg/seg_train/seg_train", "seg/seg_test/seg_test") | {"seg/seg_pred/seg_pred": "seg_pred -"}
    assert told(*want) == (want, ("seg_train", "seg_test"))


def test_classes_may_hold_folders_of_pictures():
    want = {f"{half}/{c}/images": f"{c} {half}" for half in ("train", "test") for c in ("n01", "n02")}
    assert told(*want)[0] == want
    assert told("n01/images")[0] == {"n01/images": "n01 -"}
    assert told("images")[0] == {"images": "images -"}
    assert told("train/n01/images", "val/images", "test/images")[0] == {
        "train/n01/images": "n01 train",
        "val/images": "- test",
        "test/images": "- test",
    }


@pytest.mark.parametrize(
    "name", ["![x](e.org)_{}", "<b>{}<b>", "{}\n# 1", "[{}](javascript:1)", "*{}*", "{}.data", "`{}`"]
)
def test_a_sentence_holds_no_markup_of_a_folders_name(name):
    paths = [f"{name.format(half)}/{c}/1.png" for half in ("train", "test") for c in "ab"]
    listing = list_pictures(zipped(dict.fromkeys(paths, PNG)))
    assert summary(listing) == "4 pictures in 2 classes, halved as their folders say (train and test)."


def test_a_third_half_has_classes_and_is_none():
    want = halved("train", "test") | {"val/cat": "cat -", "val/dog": "dog -", "eval": "- -", "notes": "notes -"}
    assert told(*want) == (want, ("train", "test"))
    listing = list_pictures(zipped({f"{folder}/1.png": PNG for folder in want}))
    assert summary(listing) == "8 pictures in 2 classes, halved as their folders say (train and test)."
    assert summary(as_data_set(listing, 8)) == (
        "4 pictures in 2 classes, halved as their folders say (train and test); "
        "4 files left out: 4 outside train and test."
    )


def test_halves_may_lie_below_the_classes():
    want = {f"{c}/{half}": f"{c} {half}" for c in ("cat", "dog", "train") for half in ("train", "test")}
    assert told(*want) == (want, ("train", "test"))
    deeper = {f"zoo/{folder}/images": said for folder, said in want.items()} | {"zoo/cat/val/images": "cat -"}
    assert told(*deeper) == (deeper, ("train", "test"))
    own = {f"{c}/{c}_{half}": f"{c} {half}" for c in ("cat", "dog") for half in ("train", "test")}
    assert told(*own) == (own, ("cat_train", "cat_test"))
    # or a class may have halves of its own among others that have none
    for more in ("emu", "cat/other", "dog/train/indoor"):
        assert set(told(*want, more)[1]) == set()


def test_a_test_folder_may_lie_beside_the_classes_that_it_repeats():
    want = {"cat": "cat train", "dog": "dog train", "emu": "emu train", "test/cat": "cat test", "test/dog": "dog test"}
    said, halves = told(*want)
    assert (said, halves) == (want, ("the rest", "test"))


# ---- halves without labels -----------------------------------------------------------------------


@pytest.mark.parametrize("flat", [("test",), ("val",), ("val/images", "test/images"), ("test/test",), ("dev_set",)])
def test_a_half_without_classes_has_none(flat):
    want = {f"set/train/{c}": f"{c} train" for c in ("cat", "dog")} | {f"set/{half}": "- test" for half in flat}
    assert told(*want) == (want, ("train",))


def test_a_half_of_other_folders_than_the_classes_has_no_classes():
    want = {"train/cat": "cat train", "train/dog": "dog train", "test/batch 1": "- test", "test/batch 2": "- test"}
    assert told(*want) == (want, ("train",))


@pytest.mark.parametrize("folders", [("train", "test"), ("images/train", "images/val", "images/test"), ("val", "test")])
def test_halves_alone_are_never_classes(folders):
    said, halves = told(*folders)
    assert {words.split()[0] for words in said.values()} == {"-"}
    assert halves == ()


# ---- classes that are called like halves ---------------------------------------------------------


@pytest.mark.parametrize(
    "others", [("bus",), ("bus", "car"), ("bus", "car", "test drive"), ("cat", "bus", "boat", "trial")]
)
def test_vehicles_are_classes(others):
    want = {name: f"{name} -" for name in ("train", *others)}
    assert told(*want) == (want, ())
    inner = halved("train", "test", ("train", *others))
    assert told(*inner) == (inner, ("train", "test"))
    inner = {f"{folder}/images": said for folder, said in inner.items()}
    assert told(*inner) == (inner, ("train", "test"))


def test_a_half_alone_is_the_set():
    for where in ("train", "set/train", "train/train"):
        assert told(f"{where}/cat", f"{where}/dog") == ({f"{where}/cat": "cat -", f"{where}/dog": "dog -"}, ())


def test_two_sets_with_halves_of_their_own_stay_two_classes():
    folders = [f"{top}/{half}/{c}" for top, c in (("pets", "cat"), ("plants", "rose")) for half in ("train", "test")]
    assert told(*folders) == ({folder: f"{folder.partition('/')[0]} -" for folder in folders}, ())


# ---- what rows say -------------------------------------------------------------------------------


def test_the_folder_of_a_row_is_the_class_and_no_half():
    paths = ("train/n01/images/1.png", "train/n02/images/2.png", "val/images/3.png", "test/4.png", "test/other/5.png")
    found = list_pictures(zipped(dict.fromkeys(paths, PNG))).found
    assert {file.name: taken(file).folder for file in found} == {
        "train/n01/images/1.png": "n01",
        "train/n02/images/2.png": "n02",
        "val/images/3.png": "",
        "test/4.png": "",
        "test/other/5.png": "other",
    }
    paths = ("cat/train/1.png", "dog/train/2.png", "cat/test/3.png", "dog/test/4.png")
    found = list_pictures(zipped(dict.fromkeys(paths, PNG))).found
    assert [taken(file).folder for file in found] == [file.folder for file in found] == ["cat", "cat", "dog", "dog"]


# ---- any tree ------------------------------------------------------------------------------------

CLASSES = st.lists(
    st.sampled_from(["cat", "Dog", "n01440764", "train", "bus", "0", "7", "Bär", "Baum test", "données", "images of"]),
    min_size=2,
    max_size=6,
    unique_by=str.lower,
)
ENDS = st.sampled_from(["", "set", "_set", "-set", " Data", "_images", "2017", "_dataset"])
TRAIN = st.sampled_from(["train", "training", "TRAIN", "Training", "trn"])
TEST = st.sampled_from(["test", "testing", "val", "Valid", "validation", "dev", "eval", "holdout", "TEST", "hold-out"])
START = st.sampled_from(["", "", "seg_", "my plants "])
WRAPS = st.lists(st.sampled_from(["archive", "plants", "data", "images", "plants"]), max_size=3).map("/".join)
INNER = st.sampled_from(["", "again", "images", "all"])
OWN = st.sampled_from(["", "images", "a/b"])


@settings(max_examples=400, deadline=None)
@given(
    classes=CLASSES, words=st.tuples(START, TRAIN, TEST, ENDS), above=WRAPS, inner=st.tuples(INNER, INNER),
    own=OWN, labelled=st.booleans(), more=st.sets(st.sampled_from(["notes", "logs", "figures"]), max_size=2),
)  # fmt: skip
@example(["train", "bus"], ("", "train", "test", ""), "", ("again", "again"), "images", True, set())
def test_halves_and_classes_of_any_such_tree_are_found(classes, words, above, inner, own, labelled, more):
    start, *halves, end = words
    roots = []
    for half, within in zip(halves, inner, strict=True):
        half = f"{start}{half}{end}"
        roots.append("/".join(filter(None, (above, half, half if within == "again" else within))))
    want = {"/".join(filter(None, (roots[0], c, own))): (c, "train") for c in classes}
    if labelled:
        want |= {"/".join(filter(None, (roots[1], c, own))): (c, "test") for c in classes}
    else:
        want[roots[1]] = ("", "test")
    want |= {"/".join(filter(None, (above, name))): (name, "") for name in more}
    found, names = places({tuple(folder.split("/")): 1 for folder in want})
    assert {"/".join(folder): (place.category, place.half) for folder, place in found.items()} == want
    assert names == tuple(f"{start}{half}{end}" for half in halves[: 1 + labelled])


ODD = ["pred", "query", "bus", "traina", "testa", "animals_test", "valid", "invalid"]  # what some rule weighs
ANY = st.sampled_from(
    ["train", "test", "val", "cat", "dog", "CAT", "images", "a", "test_set", "seg_train", "1", "Bä", *ODD]
)
TREES = st.dictionaries(st.lists(ANY, max_size=5).map(tuple), st.integers(1, 9), max_size=12)


@settings(max_examples=600, deadline=None)
@given(folders=TREES)
def test_any_tree_has_a_place_for_every_folder(folders):
    found, names = places(folders, "root")
    assert found.keys() == folders.keys()
    for folder, place in found.items():
        assert place.half in ("train", "test", "")
        assert place.category in {"", *folder, *(["B\u00e4"] if "Ba\u0308" in folder else [])}
        assert place.folder in {"root" if not folder else "", place.category, *folder, "B\u00e4"}
    labelled = {place.half for place in found.values() if place.half and place.category}
    assert len(names) == len(labelled)
    assert places(dict(reversed(folders.items())), "root") == (found, names)  # whatever their order
