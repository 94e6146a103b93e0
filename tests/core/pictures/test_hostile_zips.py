"""Zips that nobody means well with: only DataError is raised, nothing is written, no more than declared is read."""

import contextlib
import os
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.base.refuse import DataError
from core.pictures.files import UNREADABLE, list_pictures, open_pictures
from core.pictures.listing import left_out_lines, summary
from tests.core.pictures.test_files import PNG, zipped

ODD = ("..", ".", "", "a", "b", "C:", "\\", "..\\x", "\0", "con", "a" * 300, "é", "\u202e", "\n", "__MACOSX", ".x")
NAMES = (
    st.lists(st.sampled_from((*ODD, "train", "test")), min_size=1, max_size=5)
    .map("/".join)
    .map(lambda name: f"{name}.png")
)
MEMBERS = st.lists(st.tuples(NAMES, st.sampled_from([PNG, b"", b"x", bytes(5000), PNG[:30]])), min_size=1, max_size=8)
METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")


def attempt(source):
    """List and read all there is; the names that are found, None where it was refused."""
    try:
        listing = list_pictures(source)
    except DataError:
        return None
    broken = []
    total = sum(len(images) for images, _ in open_pictures(listing.found, ("a",), 3, broken))
    assert total + len(broken) == len(listing.found)
    assert all(line.isprintable() for line in [summary(listing, broken), *left_out_lines(listing, broken)])
    for file in listing.found:
        assert not {"..", "", "."} & set(file.name.split("/"))
        with contextlib.suppress(UNREADABLE):
            assert len(file.read()) == file.size
    return [file.name for file in listing.found]


@pytest.fixture(scope="module", autouse=True)
def nothing_written(tmp_path_factory):
    """A working directory in which, and beside which, nothing may appear."""
    here = tmp_path_factory.mktemp("outer") / "inner"
    here.mkdir()
    before = os.getcwd()
    os.chdir(here)
    yield
    os.chdir(before)
    assert list(here.parent.rglob("*")) == [here]


@settings(max_examples=150, deadline=None)
@given(members=MEMBERS, method=METHODS)
def test_hostile_names_raise_nothing(members, method):
    found = attempt(zipped(members, method))
    fair = {name for name, data in members if set(name[:-4].split("/")) <= {"a", "b", "con", "é", "train"} and data}
    assert fair <= set(found or ())


@settings(max_examples=300, deadline=None)
@given(data=st.data(), members=MEMBERS, method=METHODS)
def test_changed_bytes_raise_nothing(data, members, method):
    raw = bytearray(zipped(members, method))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + 1] = data.draw(st.binary(min_size=0, max_size=3))
    attempt(bytes(raw))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), members=MEMBERS)
def test_a_changed_table_of_contents_raises_nothing(data, members):
    raw = bytearray(zipped(members))
    start = raw.index(b"PK\1\2")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(start, len(raw) - 4))
        raw[at : at + 4] = struct.pack("<I", data.draw(st.sampled_from([0, 1, 0xFFFF, 2**31, 2**32 - 1, 0x02014B50])))
    attempt(bytes(raw))


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.tuples(*[st.sampled_from([0, 1, 100, len(PNG) - 1, 2**31, 2**32 - 2, 2**32 - 1])] * 2),
    method=METHODS,
)
def test_sizes_that_lie_raise_nothing(sizes, method):
    """The sizes that the table of contents declares for a member, packed and unpacked."""
    raw = bytearray(zipped({"a/1.png": PNG, "a/lie.png": PNG}, method))
    at = raw.rindex(b"a/lie.png") - 46 + 20
    raw[at : at + 8] = struct.pack("<II", *sizes)
    attempt(bytes(raw))


def test_a_member_that_holds_more_than_it_declares_is_broken_and_gives_no_more():
    raw = bytearray(zipped({"a/1.png": PNG, "a/bomb.png": bytes(10**7)}))
    for at in (raw.index(b"a/bomb.png") - 30 + 22, raw.rindex(b"a/bomb.png") - 46 + 24):
        raw[at : at + 4] = struct.pack("<I", 100)
    listing, broken = list_pictures(bytes(raw)), []
    assert [file.size for file in listing.found] == [len(PNG), 100]
    assert sum(len(images) for images, _ in open_pictures(listing.found, (), 8, broken)) == 1
    assert broken == ["a/bomb.png: expected the 100 bytes that the zip declares, got more: zip it again"]


@settings(max_examples=60, deadline=None)
@given(raw=st.binary(max_size=400))
def test_any_bytes_are_a_zip_or_a_data_error(raw):
    attempt(raw)
    assert attempt(raw + zipped({"a/1.png": PNG})) == ["a/1.png"]
    attempt(zipped({"a/1.png": PNG}) + raw)
