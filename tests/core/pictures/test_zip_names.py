"""The names in zips of other writers: UTF-8 without its flag, code pages, Unicode fields, backslashes, normal forms."""

import io
import re
import struct
import unicodedata
import zipfile
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.pictures.files import list_pictures
from core.pictures.zip_names import UTF8_FLAG, member_names
from tests.core.pictures.test_files import PNG, kinds, names

UNIX, FAT, NTFS = 3, 0, 11


def raw_zip(members, flags=0, made_by=UNIX):
    """A zip of one picture under each of these names, given in bytes, each with its extra field."""
    out, directory = b"", b""
    for name, extra in members:
        sizes = struct.pack("<IIIHH", zlib.crc32(PNG), len(PNG), len(PNG), len(name), len(extra))
        at = len(out)
        out += b"PK\3\4" + struct.pack("<HHHHH", 20, flags, 0, 0, 33) + sizes + name + extra + PNG
        directory += b"PK\1\2" + struct.pack("<BBHHHHH", 20, made_by, 20, flags, 0, 0, 33) + sizes
        directory += struct.pack("<HHHII", 0, 0, 0, 0, at) + name + extra
    count = len(members)
    return out + directory + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(out), 0)


def plain(*members, **how):
    return raw_zip([(name, b"") for name in members], **how)


def unicode_path(name, text, version=1, crc=None):
    """Info-ZIP's extra field: the name `text` for a member whose header says `name`."""
    body = struct.pack("<BI", version, zlib.crc32(name) if crc is None else crc) + text
    return struct.pack("<HH", 0x7075, len(body)) + body


def read(data):
    """The names found, after a look that their pictures can be read."""
    listing = list_pictures(data)
    assert {file.read() for file in listing.found} == {PNG}
    return names(listing)


# ---- letters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["Bär", "犬", "кот", "naïve café", "日本語", "🐈"])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("flags", [0, UTF8_FLAG])
@pytest.mark.parametrize("made_by", [UNIX, FAT])
def test_utf8_is_read_with_and_without_the_flag(text, form, flags, made_by):
    name = unicodedata.normalize(form, f"{text}/1.png")
    listing = list_pictures(plain(name.encode(), b"cat/2.png", flags=flags, made_by=made_by))
    assert sorted(names(listing)) == sorted([name, "cat/2.png"])
    assert {file.category for file in listing.found} == {unicodedata.normalize("NFC", text), "cat"}
    assert {file.read() for file in listing.found} == {PNG}


def test_other_bytes_are_of_the_code_page():
    assert read(plain("Bär/1.png".encode("cp437"), b"cat/2.png")) == ["Bär/1.png", "cat/2.png"]
    assert read(plain("Ñandú/1.png".encode("cp437"), "日本/2.png".encode())) == ["Ñandú/1.png", "日本/2.png"]


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("cp932", ("猫", "犬表")),  # 表 ends in a backslash's byte
        ("gbk", ("猫", "狗")),
        ("big5", ("貓", "功")),
        ("euc-kr", ("고양이", "개")),
        ("cp1251", ("кот", "пёс")),
        ("latin-1", ("Bär", "Gämse")),
    ],
)
def test_other_code_pages_cannot_be_told_but_do_not_fail(encoding, texts):
    listing = list_pictures(plain(*(f"{text}/1.png".encode(encoding) for text in texts), made_by=FAT))
    assert len(listing.found) == 2
    for file in listing.found:
        assert file.name.isprintable()
        assert file.read() == PNG


def test_a_unicode_field_is_honoured_if_it_was_made_for_the_name():
    wide = "猫/1.png".encode("cp932")
    for name in (wide, b"??/1.png", b"cat/1.png"):
        assert read(raw_zip([(name, unicode_path(name, "猫/1.png".encode()))])) == ["猫/1.png"]
    other = unicode_path(b"another/1.png", b"cat/1.png")  # the member was renamed since, by a tool that left the field
    assert read(raw_zip([(b"dog/1.png", other)])) == ["dog/1.png"]
    for field in (
        unicode_path(b"dog/1.png", b"cat/1.png", version=2),
        unicode_path(b"dog/1.png", b"\xff\xfe.png"),
        unicode_path(b"dog/1.png", b""),
        struct.pack("<HH", 0x7075, 2) + b"\1\1",
    ):
        try:
            found = read(raw_zip([(b"dog/1.png", field)]))
        except (UserWarning, ValueError):  # later Pythons look at the field too, and refuse what is wrong with it
            continue
        assert found == ["dog/1.png"]
    before = struct.pack("<HHI", 0x5455, 4, 0)  # beside another field
    assert read(raw_zip([(wide, before + unicode_path(wide, "犬/1.png".encode()))])) == ["犬/1.png"]


def test_what_a_unicode_field_says_is_held_to_the_same_rules():
    fields = [(name, unicode_path(name, text)) for name, text in ((b"a/1.png", b"../1.png"), (b"a/2.png", b"/2.png"))]
    listing = list_pictures(raw_zip([(b"cat/1.png", b""), *fields, (b"a/3.png", unicode_path(b"a/3.png", b"x\0.png"))]))
    assert names(listing) == ["cat/1.png"]
    assert set(kinds(listing).values()) == {"with a name that leaves the folder"}


# ---- one class in two normal forms ---------------------------------------------------------------


def test_names_are_compared_in_one_normal_form_and_case():
    forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD") for text in ("Bär", "BÄR")]
    listing = list_pictures(plain(*(f"{c}/{i}.png".encode() for i, c in enumerate([*forms, "Katze"]))))
    assert len(listing.found) == 5
    assert {file.category.lower() for file in listing.found} == {"bär", "katze"}
    assert {file.folder for file in listing.found} == {"Bär", "BÄR", "Katze"}


# ---- backslashes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("made_by", [UNIX, FAT, NTFS])
def test_backslashes_alone_separate_folders(made_by):
    data = plain(b"pets\\cat\\1.png", b"pets\\dog\\2.png", b"pets\\dog\\", b"readme.txt", made_by=made_by)
    assert read(data) == ["pets/cat/1.png", "pets/dog/2.png"]
    assert {file.category for file in list_pictures(data).found} == {"cat", "dog"}


@pytest.mark.parametrize("made_by", [UNIX, FAT, NTFS, 19])
@pytest.mark.parametrize("second", [rb"pets\dog\2.png", rb"pets/dog\2.png", rb"pets\dog/2.png", b"pets/dog/2.png"])
def test_backslashes_beside_slashes_separate_folders_too(second, made_by):
    data = plain(b"pets/cat/1.png", second, rb"pets/emu\3.png", rb"pets\emu/", made_by=made_by)
    assert read(data) == ["pets/cat/1.png", "pets/dog/2.png", "pets/emu/3.png"]
    assert {file.category for file in list_pictures(data).found} == {"cat", "dog", "emu"}


@pytest.mark.parametrize("made_by", [UNIX, FAT])
@pytest.mark.parametrize("mixed", [lambda i: i % 2, lambda i: True])
def test_no_half_of_a_zip_with_mixed_separators_is_lost(made_by, mixed):
    paths = [f"{half}/{c}/{i}.png" for half in ("train", "test") for c in ("cat", "dog") for i in range(4)]
    odd = [path.replace("/", "\\", 1) if mixed(i) else path for i, path in enumerate(paths)]
    listing = list_pictures(plain(*map(str.encode, odd), made_by=made_by))
    assert names(listing) == sorted(paths)
    assert not listing.counts
    assert listing.halves == ("train", "test")


def test_a_name_with_slashes_and_its_twin_with_backslashes_are_listed_once():
    listing = list_pictures(plain(b"cat/1.png", b"cat\\1.png", made_by=UNIX))
    assert names(listing) == ["cat/1.png"]
    assert kinds(listing) == {"cat/1.png": "listed twice"}


@pytest.mark.parametrize(
    "name",
    [
        *(rb"..\x.png", rb"a\..\..\x.png", rb"C:\x.png", rb"c:x.png", rb"\x.png", rb"\\host\share\x.png"),
        *(rb"\\?\C:\x.png", b"a\\x.png\0.txt", rb"a/..\x.png", rb"\..\x.png"),
    ],
)
@pytest.mark.parametrize("made_by", [UNIX, FAT, NTFS])
@pytest.mark.parametrize("beside", [rb"cat\1.png", b"cat/1.png"])
def test_what_leads_out_is_refused_with_backslashes_too(name, made_by, beside):
    listing = list_pictures(plain(b"1.png", beside, name, made_by=made_by))
    assert set(names(listing)) == {"1.png", "cat/1.png"}
    assert list(kinds(listing).values()) == ["with a name that leaves the folder"]


# ---- any names -----------------------------------------------------------------------------------

ODD = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from([b"\\", b"..", b"/", b"C:", b"\0", b"\x95\\", "é".encode(), "é".encode("cp437"), b"\xed\xa0\x80"]),
)
NAMES = st.lists(ODD, max_size=4).map(lambda parts: b"/".join(parts) + b".png")
FIELDS = st.one_of(
    st.just(lambda name: b""),
    st.binary(min_size=1, max_size=20).map(lambda text: lambda name: unicode_path(name, text)),
    st.binary(max_size=30).map(lambda body: lambda name: struct.pack("<HH", 0x7075, len(body)) + body),
)


@settings(max_examples=400, deadline=None)
@given(
    members=st.lists(st.tuples(NAMES, FIELDS), min_size=1, max_size=6),
    made_by=st.sampled_from([0, 3, 6, 10, 11, 14, 19]),
)
@example([(b"\x83\\\x83\\.png", lambda name: b"")], 0)
@example([(b".png", lambda name: unicode_path(name, b"/"))], 0)  # a folder, by its own field
def test_any_name_is_found_or_left_out(members, made_by):
    data = raw_zip([(b"cat/1.png", b""), *((name, field(name)) for name, field in members)], made_by=made_by)
    listing = list_pictures(data)
    assert "cat/1.png" in names(listing)
    folders = [name for name in member_names(zipfile.ZipFile(io.BytesIO(data))) if name.endswith("/")]
    assert len(listing.found) + len(listing.left_out) + len(folders) == len(members) + 1
    for file in listing.found:
        assert all(text.isprintable() for text in (file.name, file.category, file.folder))
        assert not {"..", "", "."} & set(file.name.split("/"))
        assert not re.match("[A-Za-z]:", file.name)  # a drive of Windows
        assert file.read() == PNG
