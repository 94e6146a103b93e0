"""A data set beside its copy: each picture once, the copy left out with its original; nothing else is a copy."""

import os
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.pictures import copies
from core.pictures import files as picture_files
from core.pictures.files import list_pictures
from core.pictures.listing import COPY, summary
from tests.core.pictures.test_files import QUICK, kinds, names, write, zipped
from tests.helpers.effort import effort

CLASSES = ("cat", "dog")


def a_set(where="", classes=CLASSES, count=4, more=0):
    """Pictures of classes below a folder, the same ones wherever that is; `more` is another picture's number."""
    inside = f"{where}/" if where else ""
    return {f"{inside}{c}/{i}.png": f"{c} {i} {more}".encode() for c in classes for i in range(count)}


def listed(files, tmp_path, source):
    """The listing of these files as a zip or a folder."""
    return list_pictures(zipped(files) if source == "zip" else write(tmp_path / "root", files))


@pytest.fixture(params=["zip", "folder"])
def source(request):
    return request.param


# ---- copies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("original", "copy"),
    [
        ("set", "set/set"),
        ("set", "set/set/set"),
        ("PlantVillage", "plantvillage/PlantVillage"),
        ("PlantVillage", "plantvillage"),
        ("", "cells"),
        ("", "old/cells"),
        ("set", "old/set"),
        ("set", "backup/2024/set"),
        ("all/set", "all/set/set"),
        ("all/set", "all/old/set"),
        ("set", "set copy"),
        ("set", "set - Copy"),
        ("set", "Copy of set"),
        ("set", "set_backup"),
        ("set", "set_v2"),
        ("set", "backup of last year"),
        ("a", "b"),
        ("data", "more/of it"),
        ("zoo/a", "zoo/b"),
        ("set", "set (1)"),
        ("set", "set_copy"),
        ("B\u00e4ume", "Ba\u0308ume/Ba\u0308ume"),
        ("B\u00e4ume", "Ba\u0308ume"),
    ],
)
@pytest.mark.parametrize("halves", [(), ("train", "test"), ("a_train", "seg_val")])
def test_a_set_beside_its_copy_is_counted_once(original, copy, halves, tmp_path, source):
    parts = [(original, copy)] if not halves else [
        tuple("/".join(filter(None, (where, half))) for where in (original, copy)) for half in halves
    ]  # fmt: skip
    once = {name: data for part, _ in parts for name, data in a_set(part).items()}
    again = {name: data for _, part in parts for name, data in a_set(part).items()}
    alone = list_pictures(zipped(once))
    both = listed(once | again, tmp_path, source)
    assert names(both) == sorted(once)
    assert set(kinds(both).values()) == {"copy of another"}
    assert set(kinds(both)) == set(again)
    assert [(f.category, f.half) for f in both.found] == [(f.category, f.half) for f in alone.found]
    assert both.halves == alone.halves
    assert all(file.why.startswith("the same picture is read as ") for file in both.left_out)
    assert {file.why.rpartition(" ")[2] for file in both.left_out} == set(once) or " " in copy


def test_a_copy_of_a_copy_names_the_one_that_is_read():
    listing = list_pictures(zipped(a_set("s") | a_set("s/s") | a_set("s/s/s")))
    assert names(listing) == sorted(a_set("s"))
    assert {(file.name, file.why) for file in listing.left_out} == {
        (f"s/{more}{name}", f"the same picture is read as s/{name}") for more in ("s/", "s/s/") for name in a_set()
    }
    assert summary(listing) == "8 pictures in 2 classes; 16 files left out: 16 copies of others."


def test_of_two_sets_beside_each_other_the_larger_is_kept(tmp_path, source):
    listing = listed(a_set("a") | a_set("b", count=5) | a_set("b", ("emu",)) | a_set("c"), tmp_path, source)
    assert names(listing) == sorted(a_set("b", count=5) | a_set("b", ("emu",)))
    assert summary(listing) == "14 pictures in 3 classes; 16 files left out: 16 copies of others."


def test_a_half_is_no_copy_but_its_backup_is(tmp_path, source):
    train, test = a_set("train"), a_set("test", more=1)
    listing = listed(train | test | a_set("train_backup") | a_set("old"), tmp_path, source)
    assert set(train | test) <= set(names(listing))
    assert listing.halves == ("train", "test")
    assert listing.counts == {COPY: 8}
    listing = listed(train | a_set("old2"), tmp_path / "two", source)
    assert listing.counts == {COPY: 8}
    assert {file.category for file in listing.found} == {"cat", "dog"}


def test_what_only_the_copy_holds_is_filed_with_the_original(tmp_path, source):
    files = a_set("set") | a_set("set/set") | {"set/set/cat/new.png": b"new", "set/set/emu/1.png": b"emu"}
    listing = listed(files, tmp_path, source)
    assert Counter(file.category for file in listing.found) == {"cat": 5, "dog": 4, "emu": 1}
    assert listing.counts == {COPY: 8}


def test_a_macs_shadow_of_a_copy_stays_hidden():
    files = a_set("x/train") | a_set("x/test") | a_set("x/x/train") | a_set("x/x/test")
    shadows = {f"x/__MACOSX/{name.rpartition('/')[0]}/._{name.rpartition('/')[2]}": b"x" for name in files}
    listing = list_pictures(zipped(files | shadows))
    assert names(listing) == sorted(name for name in files if not name.startswith("x/x/"))
    assert summary(listing) == (
        "16 pictures in 2 classes, halved as their folders say (train and test); "
        "48 files left out: 32 hidden, 16 copies of others."
    )


# ---- no copies -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        a_set("set") | a_set("set/set", more=1),  # other pictures of the same names and sizes
        a_set("pets") | a_set("plants", more=1),  # two sets
        a_set("pets") | a_set("plants", ("emu", "rat")),
        a_set("pets", ("cat",)) | a_set("plants", ("cat",)),  # one class tells no set
        a_set("pets", count=9) | dict(list(a_set("plants", count=9).items())[:8]) | a_set("plants", more=1),
        a_set("a/train") | a_set("b/test"),
        a_set("all") | a_set("train") | a_set("test"),
        a_set("train") | a_set("seg_test"),
        {f"{c}/{view}/{i}.png": b"same" for c in "ab" for view in ("images", "photos") for i in range(3)},
        {f"{c}/{half}/{i}.png": b"same" for c in ("cat", "dog") for half in ("train", "test") for i in range(3)},
        a_set("pets") | a_set("pets/more", classes=("emu", "rat")),
        a_set("train") | a_set("test"),  # halves that share pictures
        a_set("set/train") | a_set("set/val") | a_set("set/test"),
        a_set() | a_set("train") | a_set("test"),  # a split beside what was split
        {f"{c}/{i}.png": b"same" for c in "ab" for i in range(9)},  # the same pictures under other names
        {f"{c}/{i}.png": b"%d" % i for c in ("cat", "cat (1)", "cat copy", "CAT") for i in range(3)},
        {f"{c}/{i}.png": b"%d" % i for c in ("B\u00e4r", "Ba\u0308r", "Katze") for i in range(3)},
        {f"{c}/images/{i}.png": b"%d" % i for c in ("B\u00e4r", "Ba\u0308r", "Katze") for i in range(3)},
        a_set("train", ("train", "bus")) | a_set("test", ("train", "bus")),
        {f"{c}/{half}/{i}.png": b"%d" % i for c in ("train", "bus") for half in ("train", "test") for i in range(3)},
        a_set("set", count=9) | dict(list(a_set("set/set").items())[:3]) | a_set("set/set", ("emu",)),  # less than half
    ],
)
def test_other_pictures_are_no_copies(files, tmp_path, source):
    listing = listed(files, tmp_path, source)
    assert names(listing) == sorted(files)
    assert not listing.counts


def test_files_are_read_only_where_the_names_and_sizes_agree(tmp_path, monkeypatch):
    seen, reader = [], picture_files._read_file

    def watched(path):
        seen.append(os.path.relpath(path, tmp_path))
        return reader(path)

    monkeypatch.setattr(picture_files, "_read_file", watched)
    longer = {f"set/set/{name}": data + b" longer" for name, data in a_set().items()}
    assert len(list_pictures(write(tmp_path, a_set("set") | a_set("others", more=10) | longer)).found) == 24
    assert seen == []
    assert len(list_pictures(write(tmp_path, a_set("set/set"))).found) == 16
    assert sorted(seen) == sorted([*a_set("set"), *a_set("set/set")])


def test_of_two_sets_with_pictures_of_one_size_few_are_read(tmp_path, monkeypatch):
    reads, reader = [], picture_files._read_file
    monkeypatch.setattr(picture_files, "_read_file", lambda path: reads.append(path) or reader(path))
    root = write(tmp_path, a_set("front", count=500) | a_set("side", count=500, more=1))
    assert len(list_pictures(root).found) == 2000
    assert 0 < len(reads) <= 2 * copies.PROBES


def test_of_many_bytes_an_even_draw_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(copies, "COMPARED", 200)
    files = a_set("set", count=100) | a_set("set/set", count=100)
    root = write(tmp_path, files)
    assert len(list_pictures(root).found) == 200
    write(root, {"set/set/cat/0.png": b"cat 9 0"})  # of the draw: the others are copies only if they were read
    assert len(list_pictures(root).found) == 400


def test_a_picture_that_cannot_be_read_is_no_copy(tmp_path, monkeypatch):
    def fails(path):
        raise PermissionError("no")

    monkeypatch.setattr(picture_files, "_read_file", fails)
    assert len(list_pictures(write(tmp_path, a_set("set") | a_set("set/set"))).found) == 16


# ---- any tree ------------------------------------------------------------------------------------

PARTS = st.sampled_from(["a", "A", "b", "a copy", "a (1)", "train", "test", "images", "c", "d"])
FILES = st.sampled_from(["1.png", "2.png", "1.PNG"])
PATHS = st.tuples(st.lists(PARTS, max_size=5), FILES).map(lambda path: "/".join((*path[0], path[1])))


@settings(max_examples=500, deadline=None)
@given(files=st.dictionaries(PATHS, st.sampled_from([b"x", b"y", b"xy"]), min_size=1, max_size=14))
def test_of_any_tree_no_picture_is_lost(files):
    listing = list_pictures(zipped(files))
    kept = set(names(listing))
    assert kept | set(kinds(listing)) == set(files)
    assert len(kept) + len(listing.left_out) == len(files)
    for file in listing.left_out:
        original = file.why.removeprefix("the same picture is read as ")
        assert original in kept
        assert files[original] == files[file.name]
        assert original.rpartition("/")[2].lower() == file.name.rpartition("/")[2].lower()


@pytest.mark.parametrize("count", [20_000])
def test_many_folders_and_repeats_take_no_quadratic_time(count):
    deep = zipped({f"{'a/' * (i % 28)}{i // 28}/{'b/' * (i % 3)}x.png": b"x" for i in range(count)})
    wide = zipped({f"a ({i % 999})/{i // 999}/train {i}/x.png": b"x" for i in range(count)})
    for data in (deep, wide):
        listing, took = effort(list_pictures, data)
        assert listing.found
        assert took < QUICK
