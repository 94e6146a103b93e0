"""Folders and zips of the reader's, whatever they hold: listed within bounds, left out with a reason, never a crash."""

import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
from PIL import Image

from core.base.refuse import DataError
from core.pictures import files as picture_files
from core.pictures import listing as picture_listing
from core.pictures.files import find_pictures, list_pictures, open_pictures
from core.pictures.listing import LINES, NAMED, Found, Listing, left_out, left_out_lines, summary
from tests.helpers.effort import effort
from tests.helpers.pictures import PHOTO, RAMP, chunk, save

PNG = save(Image.fromarray(PHOTO), "PNG")
MANY = 100_000  # members of the large zip
QUICK = 10  # of `effort`; the large zip takes about 2


def write(root, files):
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def zipped(files, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items() if isinstance(files, dict) else files:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo("any")
            info.filename = info.filename if info is name else name  # as it is, with zero bytes too
            archive.writestr(info, data, method)
    return buffer.getvalue()


def zip_of_many(count):
    """A zip64 of `count` pictures of one byte, in seven folders; Python's own writer takes 3 s for 100,000."""
    parts, directory, at, crc = [], [], 0, zlib.crc32(b"x")
    for i in range(count):
        name = f"class {i % 7}/{i}.png".encode()
        same = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, crc, 1, 1, len(name), 0)
        parts.append(b"PK\3\4" + same + name + b"x")
        directory.append(b"PK\1\2\x14\0" + same + struct.pack("<HHHII", 0, 0, 0, 0, at) + name)
        at += len(parts[-1])
    table = b"".join(directory)
    end = b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, count, count, len(table), at)
    locator = b"PK\6\7" + struct.pack("<IQI", 0, at + len(table), 1)
    last = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, len(table), at, 0)
    return b"".join(parts) + table + end + locator + last


def kinds(listing):
    """Name -> what it counts as, of what was left out."""
    assert sum(listing.counts.values()) == len(listing.left_out)
    return {file.name: file.kind.one for file in listing.left_out}


def names(listing):
    return [file.name for file in listing.found]


# ---- what is left out ----------------------------------------------------------------------------

COMMON = {
    "cat/1.png": PNG,
    "cat/2.JPG": PNG,
    "dog/3.png": PNG,
    "dog/deep/er/4.png": PNG,
    "notes.txt": b"no picture",
    "cat/Thumbs.db": b"x",
    "cat/._1.png": b"x",
    ".git/5.png": PNG,
    "__MACOSX/cat/6.png": b"x",
    "cat/empty.png": b"",
    "more.zip": b"PK",
    "png": PNG,
}
LEFT = {
    "notes.txt": "not a picture",
    "png": "not a picture",
    "cat/Thumbs.db": "hidden",
    "cat/._1.png": "hidden",
    "cat/empty.png": "empty",
    "more.zip": "archive within",
}
KEPT = ["cat/1.png", "cat/2.JPG", "dog/3.png", "dog/deep/er/4.png"]


def test_a_folder_and_its_zip_are_listed_alike(tmp_path):
    folder, archive = list_pictures(write(tmp_path, COMMON)), list_pictures(zipped(COMMON))
    assert names(folder) == names(archive) == KEPT
    assert kinds(folder) == LEFT | {".git": "hidden", "__MACOSX": "hidden"}
    assert kinds(archive) == LEFT | {".git/5.png": "hidden", "__MACOSX/cat/6.png": "hidden"}
    for one, other in zip(folder.found, archive.found, strict=True):
        assert (one.name, one.folder, one.category, one.size) == (other.name, other.folder, other.category, other.size)
        assert one.read() == other.read() == PNG
    assert [file.name for file in find_pictures(tmp_path)] == KEPT


def test_a_zip_is_read_from_its_path_and_nothing_is_unpacked(tmp_path, monkeypatch):
    (tmp_path / "own.zip").write_bytes(zipped(COMMON))
    monkeypatch.chdir(tmp_path)
    listing = list_pictures(tmp_path / "own.zip")
    assert names(listing) == KEPT
    assert {file.read() for file in listing.found} == {PNG}
    assert [path.name for path in tmp_path.rglob("*")] == ["own.zip"]


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "a/../../x.png",
        "/etc/x.png",
        "C:/x.png",
        "c:x.png",
        "c:\\x.png",
        "..\\x.png",
        "//host/x.png",
        "a/..",
    ],
)
def test_a_name_that_leaves_the_folder_is_left_out(name):
    listing = list_pictures(zipped({"cat/1.png": PNG, name: PNG}))
    assert names(listing) == ["cat/1.png"]
    assert kinds(listing) == {name.replace("\\", "/"): "with a name that leaves the folder"}


def test_a_name_with_a_zero_byte_is_left_out_and_a_plain_one_with_dots_is_not():
    data = zipped({"cat/1.png": PNG, "cat/x.pngZ.txt": PNG, "./cat/a..b.png": PNG, "cat//2.png": PNG})
    data = data.replace(b"x.pngZ.txt", b"x.png\0.txt")
    listing = list_pictures(data)
    assert names(listing) == ["cat/1.png", "cat/2.png", "cat/a..b.png"]
    assert list(kinds(listing).values()) == ["with a name that leaves the folder"]
    assert [file.read() for file in listing.found] == [PNG] * 3


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_a_zip_should_not_have_are_left_out():
    link = zipfile.ZipInfo("cat/link.png")
    link.external_attr = 0o120777 << 16
    data = zipped([("cat/1.png", PNG), ("cat/1.png", b"other"), ("cat/lock.png", PNG), (link, b"1.png")])
    at = data.rindex(b"cat/lock.png") - 46  # its entry in the table of contents
    data = data[: at + 8] + b"\x01\x00" + data[at + 10 :]
    listing = list_pictures(data)
    assert names(listing) == ["cat/1.png"]
    assert listing.found[0].read() == PNG
    assert kinds(listing) == {
        "cat/1.png": "listed twice",
        "cat/lock.png": "encrypted",
        "cat/link.png": "link that is not followed",
    }


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_bombs_of_methods_that_unpack_at_once_are_never_opened(method):
    with pytest.raises(DataError, match="found none, but 1 packed in another way"):
        list_pictures(zipped({"a/bomb.png": bytes(10**7)}, method))


def test_links_are_followed_inside_the_folder_only(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.png").write_bytes(PNG)
    root = write(tmp_path / "root", {"cat/1.png": PNG, "dog/2.png": PNG})
    (root / "dog" / "same.png").symlink_to("../cat/1.png")
    (root / "cat" / "out.png").symlink_to(tmp_path / "outside" / "secret.png")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "cat" / "loop").symlink_to(root)
    (root / "self.png").symlink_to("self.png")
    (root / "nowhere.png").symlink_to("missing.png")
    (tmp_path / "rootless").mkdir()
    (root / "near.png").symlink_to("../rootless")
    listing = list_pictures(root)
    assert names(listing) == ["cat/1.png", "dog/2.png", "dog/same.png"]
    assert listing.found[2].read() == PNG
    assert set(kinds(listing)) == {"cat/out.png", "away", "cat/loop", "self.png", "nowhere.png", "near.png"}
    assert set(kinds(listing).values()) == {"link that is not followed"}
    why = {file.name: file.why for file in listing.left_out}
    out = f"the link leads out of the folder: copy the pictures here, or give the folder {tmp_path}"
    assert (why["cat/out.png"], why["away"], why["near.png"]) == (
        f"{out}/outside",
        f"{out}/outside",
        f"{out}/rootless",
    )
    assert (
        why["self.png"] == why["nowhere.png"] == ("the link leads nowhere, or to itself: put the picture itself here")
    )
    assert why["cat/loop"] == "a link to a folder that is read in its own place"
    (tmp_path / "door").symlink_to(root)  # the root itself may be a link
    assert names(list_pictures(tmp_path / "door")) == names(listing)


def test_pipes_and_folders_named_like_pictures_are_no_pictures(tmp_path):
    write(tmp_path, {"cat/1.png": PNG, "folder.png/2.png": PNG})
    os.mkfifo(tmp_path / "cat" / "pipe.png")  # whose reader would wait for ever
    listing = list_pictures(tmp_path)
    assert names(listing) == ["cat/1.png", "folder.png/2.png"]
    assert left_out(listing) == {"file": ["cat/pipe.png"], "why it is left out": ["it is not a plain file"]}


def test_a_folder_that_does_not_open_is_left_out_and_the_others_are_read(tmp_path, monkeypatch):
    write(tmp_path, {"cat/1.png": PNG})
    monkeypatch.chdir(tmp_path)
    for _ in range(40):  # deeper than a path may be long
        os.mkdir("d" * 200)
        os.chdir("d" * 200)
    listing = list_pictures(tmp_path)
    assert names(listing) == ["cat/1.png"]
    assert [(file.kind.one, file.why) for file in listing.left_out] == [("that cannot be opened", "File name too long")]


def test_one_file_too_large_is_left_out(monkeypatch, tmp_path):
    monkeypatch.setattr(picture_files, "MAX_PICTURE_BYTES", 1000)
    files = {"cat/1.png": PNG, "cat/large.png": bytes(1001)}
    for source in (zipped(files), write(tmp_path, files)):
        assert kinds(list_pictures(source)) == {"cat/large.png": "too large"}


@pytest.mark.parametrize("name", [b"caf\xe9.png", b"\x1b[31mred.png", b"new\nline.png", "\u202egnp.exe.png".encode()])
def test_odd_names_can_be_shown_and_sent(tmp_path, name):
    (tmp_path / "cat").mkdir()
    with open(os.fsencode(tmp_path / "cat") + b"/" + name, "wb") as file:
        file.write(PNG)
    with open(os.fsencode(tmp_path / "cat") + b"/" + name[:-4] + b".txt", "wb") as file:
        file.write(b"")
    listing = list_pictures(tmp_path)
    for shown in (listing.found[0].name, listing.left_out[0].name):
        assert shown.isprintable()
        assert shown.encode()
    assert listing.found[0].read() == PNG


@pytest.mark.parametrize("source", ["nowhere", "a" * 5000, "nul\0byte", "~"])
def test_what_is_no_folder_is_refused_in_one_sentence(tmp_path, source):
    with pytest.raises(DataError, match=r"^expected a folder, found none at .*: check the path$"):
        list_pictures(tmp_path / source)


def test_what_was_left_out_is_said_where_nothing_is_left(tmp_path):
    write(tmp_path, {"a.txt": b"x", "b.txt": b"x", "c.png": b""})
    with pytest.raises(DataError, match=r"found none, but 2 not pictures, 1 empty: choose another folder$"):
        list_pictures(tmp_path)


def test_the_way_out_is_said_where_all_is_left_out_for_one_reason(tmp_path):
    store = write(tmp_path / "store", {"1.png": PNG})
    (tmp_path / "root" / "cat").mkdir(parents=True)
    (tmp_path / "root" / "cat" / "1.png").symlink_to(store / "1.png")
    with pytest.raises(DataError) as error:
        list_pictures(tmp_path / "root")
    assert str(error.value).endswith(
        "found none, but 1 link that is not followed: the link leads out of the folder: copy the pictures here, "
        f"or give the folder {store}"
    )
    with pytest.raises(DataError, match=r"found none, but 2 archives within: an archive inside: unpack it first$"):
        list_pictures(zipped({"a/1.zip": b"x", "a/2.zip": b"x"}))


# ---- bounds --------------------------------------------------------------------------------------


def test_a_zip_of_a_hundred_thousand_is_listed_in_seconds():
    data = zip_of_many(MANY)
    listing, took = effort(list_pictures, data)
    assert took < QUICK
    assert len(listing.found) == picture_listing.MAX_PICTURES
    counts = [sum(file.folder == f"class {c}" for file in listing.found) for c in range(7)]
    assert max(counts) - min(counts) <= 1
    assert sum(listing.counts.values()) == MANY - picture_listing.MAX_PICTURES
    assert len(listing.left_out) == NAMED
    assert listing.found[-1].read() == b"x"
    assert summary(listing) == "20,000 pictures in 7 classes; 80,000 files left out: 80,000 beyond the limit."


def test_a_draw_is_even_seeded_and_leaves_small_classes_whole(tmp_path):
    sizes = {"rare": 3, "some": 20, "many": 200}
    write(tmp_path, {f"{name}/{i:03}.png": PNG for name, n in sizes.items() for i in range(n)})
    listing, again, other = (list_pictures(tmp_path, 50, seed) for seed in (0, 0, 1))
    assert [sum(file.category == name for file in listing.found) for name in sizes] == [3, 20, 27]
    assert names(listing) == names(again) == sorted(names(listing)) != names(other)
    assert listing.left_out[0].why == "50 of 223 pictures are taken, evenly by class, with seed 0"
    assert len(list_pictures(tmp_path, 223).found) == 223


def test_a_zip_that_unpacks_to_too_much_gives_what_fits(monkeypatch):
    monkeypatch.setattr(picture_files, "MAX_ZIP_BYTES", 5000)
    listing = list_pictures(zipped({f"{name}/{i}.png": bytes(1000) for name in "ab" for i in range(10)}))
    assert sorted(file.folder for file in listing.found) == ["a", "a", "a", "b", "b"]
    assert sum(file.size for file in listing.found) <= 5000
    assert sum(listing.counts.values()) == 15


def test_no_more_than_a_bound_of_files_is_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(picture_files, "MAX_FILES", 10)
    files = {f"{name}/{i}.png": PNG for name in "abc" for i in range(6)}
    for source in (write(tmp_path, files), zipped(files)):
        listing = list_pictures(source)
        assert 4 <= len(listing.found) <= 10
        assert set(kinds(listing).values()) == {"not read to its end"}


def test_a_table_of_contents_that_would_fill_the_memory_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(picture_files, "MAX_DIRECTORY_BYTES", 100)
    monkeypatch.setattr(picture_files, "MAX_PICTURE_BYTES", 100)
    data = zipped({f"a/{i}.png": b"x" for i in range(10)})
    (tmp_path / "own.zip").write_bytes(data)
    for source in (data, tmp_path / "own.zip"):
        with pytest.raises(DataError, match="table of contents"):
            list_pictures(source)


def test_a_deep_wrapper_and_many_strays_take_no_quadratic_time():
    deep = "/".join("d" * 9_000) + "/x.png"
    data = zipped({deep: PNG, deep[:-5] + "/y/z.png": PNG} | {f"{i}.png": b"x" for i in range(5000)})
    listing, took = effort(list_pictures, data)
    assert took < QUICK
    assert len(listing.found) == 5002


# ---- broken pictures -----------------------------------------------------------------------------


def test_broken_pictures_are_named_with_a_reason_and_odd_ones_are_read():
    jpeg = save(Image.fromarray(PHOTO), "JPEG")
    huge = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    frames = [Image.fromarray(PHOTO), Image.fromarray(255 - PHOTO)]
    exif = Image.Exif()
    exif[274] = 6  # to be turned by a quarter
    files = {
        "a/cut.jpg": jpeg[: len(jpeg) // 2],
        "a/text.png": b"not a picture at all",
        "a/huge.png": huge + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""),
        "b/moving.gif": save(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "b/cmyk.jpg": save(Image.fromarray(PHOTO).convert("CMYK"), "JPEG"),
        "b/deep.png": save(Image.fromarray(RAMP.astype(np.uint16) * 257), "PNG"),
        "b/turned.jpg": save(Image.fromarray(PHOTO), "JPEG", exif=exif),
    }
    broken = []
    listing = list_pictures(zipped(files))
    read = [image for images, _ in open_pictures(listing.found, (), 2, broken) for image in images]
    assert len(read) == 4
    assert (read[-1].height, read[-1].width) == (PHOTO.shape[1], PHOTO.shape[0])
    assert [line.partition(": expected ")[0] for line in broken] == ["a/cut.jpg", "a/huge.png", "a/text.png"]
    assert summary(listing, broken) == "4 pictures in 2 classes; 3 files left out: 3 broken."
    table = left_out(listing, broken)
    assert table["file"] == ["a/cut.jpg", "a/huge.png", "a/text.png"]
    assert all(why.startswith("expected ") for why in table["why it is left out"])


def test_a_file_that_went_away_or_may_not_be_read_is_broken(tmp_path):
    listing = list_pictures(write(tmp_path, {"a/1.png": PNG, "a/2.png": PNG}))
    (tmp_path / "a" / "1.png").unlink()
    broken = []
    assert sum(len(images) for images, _ in open_pictures(listing.found, (), 8, broken)) == 1
    assert broken == [
        "a/1.png: expected a file that can be read, got one that cannot (No such file or directory): copy it again"
    ]


def test_the_class_of_a_picture_is_a_folder_above_it():
    found = find_pictures(zipped({"CAT/deep/1.png": PNG, "set/dog/2.png": PNG, "set/emu/3.png": PNG}))
    [(_, truth)] = open_pictures(found, ("dog", "cat"), 8, [])
    assert truth == [1, 0, -1]


# ---- what is said --------------------------------------------------------------------------------


def test_the_sentence_counts_every_kind():
    one = Found("a/1.png", "a", 1, bytes, "a")
    assert summary(Listing((one,))) == "1 picture in 1 class."
    assert summary(Listing((Found("1.png", "", 1, bytes),))) == "1 picture."
    left = picture_listing.Left()
    for i in range(1200):
        left.add(f"{i}.txt", picture_listing.OTHER)
    left.add("x.zip", picture_listing.NESTED)
    listing = Listing((one, one), tuple(left.named), left.counts)
    assert len(listing.left_out) == NAMED + 1
    assert summary(listing, ["a/1.png: expected a picture, got none: go"]) == (
        "1 picture in 1 class; 1,202 files left out: 1,200 not pictures, 1 archive within, 1 broken."
    )
    lines = left_out_lines(listing, ["a/1.png: expected a picture, got none: go"])
    assert len(lines) == LINES + 1
    assert lines[0] == "left out: a/1.png: expected a picture, got none: go"
    assert lines[-1] == summary(listing, [""])
    assert left_out_lines(Listing((one,))) == []
