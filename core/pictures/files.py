"""Picture files of the reader's, in a folder or a zip: listed within bounds and read one by one, whatever they hold."""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import struct
import weakref
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import copy
from functools import partial
from itertools import islice
from pathlib import Path

from core.base.refuse import DataError
from core.pictures import listing as kinds
from core.pictures.copies import find_copies
from core.pictures.half_rules import Folder
from core.pictures.halves import places
from core.pictures.image import SUFFIXES, ImageError, RGBImage, decode
from core.pictures.listing import (
    MAX_FILES,
    MAX_PICTURE_BYTES,
    MAX_PICTURES,
    File,
    Found,
    Kind,
    Left,
    Listing,
    counted,
    folded,
    printable,
)
from core.pictures.zip_names import member_names

ARCHIVES = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"}
SYSTEM = ("__macosx", "$recycle.bin", "system volume information", "@eadir", "thumbs.db", "desktop.ini")
HIDDEN = re.compile(rf"(^|/)(\.|({'|'.join(map(re.escape, SYSTEM))})(/|$))", re.IGNORECASE)
MAX_ZIP_BYTES = 4_000_000_000  # unpacked; pictures hardly shrink in a zip, and uploads are far smaller
MAX_DIRECTORY_BYTES = 30_000_000  # of a zip's table of contents: a member takes 46 bytes and its name
SLACK = 1 << 16  # bytes; more than zipfile unpacks at least
ENCRYPTED_BITS = 0x1 | 0x40 | 0x2000  # of a zip member's flags: its data, strongly, its place in the directory
LEAVES = re.compile(r"^/|^[A-Za-z]:|\0|(^|/)\.\.(/|$)")  # absolute, a drive's, cut off, upwards
# what decode and the members of a damaged, encrypted or exotic zip raise
UNREADABLE = (
    *(ImageError, OSError, EOFError, RuntimeError, NotImplementedError, ValueError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
)


def find_pictures(source: Path | bytes) -> list[Found]:
    """The picture files below a folder, or of a zip (its path or its bytes), sorted by name; see `list_pictures`."""
    return list(list_pictures(source).found)


def list_pictures(source: Path | bytes, most: int = MAX_PICTURES, seed: int = 0) -> Listing:
    """The picture files below a folder, or of a zip (its path or its bytes), and what was left out and why.

    Nothing is unpacked to disk and no link is followed out of the folder. Of more than `most` pictures, and of a zip
    that unpacks to more than MAX_ZIP_BYTES, a seeded draw is taken that keeps the classes even.
    Raises DataError, and nothing else: no such folder, not a zip, no picture.
    """
    left, most_bytes = Left(), float("inf")
    if isinstance(source, bytes) or os.path.isfile(source):
        files, root, most_bytes = _in_zip(source, left), "", float(MAX_ZIP_BYTES)
    elif os.path.isdir(source):
        files, root = list(_in_folder(str(source), left)), os.path.basename(os.path.realpath(source))
    else:
        raise DataError(f"expected a folder, found none at {printable(str(source))}: check the path")
    if not files:
        raise DataError(f"expected picture files ({', '.join(sorted(SUFFIXES))}), found none{_but(left)}")
    found, halves = _filed(files, root, left)
    return Listing(tuple(found), tuple(left.named), left.counts, halves).at_most(most, most_bytes, seed)


def _but(left: Left) -> str:
    """What there is instead of pictures, and the way out."""
    if not left.counts:
        return ": choose another folder"
    most = max(left.counts, key=left.counts.__getitem__)
    why = next(file.why for file in left.named if file.kind == most)
    return f", but {counted(left.counts)}: {why if ': ' in why else 'choose another folder'}"


# ---- a folder ------------------------------------------------------------------------------------


def _in_folder(root: str, left: Left) -> Iterator[File]:
    home = os.path.realpath(root)
    waiting: list[tuple[str, tuple[str, ...]]] = [(root, ())]
    room = MAX_FILES
    while waiting:
        path, parts = waiting.pop()
        inner: list[tuple[str, tuple[str, ...]]] = []
        try:
            with os.scandir(path) as entries:
                here = sorted(islice(entries, room + 1), key=lambda entry: entry.name)
        except OSError as error:
            left.add("/".join(parts) or ".", kinds.CLOSED, error.strerror or "")
            continue
        for entry in here[:room]:
            own = (*parts, entry.name)
            try:
                if entry.is_dir(follow_symlinks=False) and not HIDDEN.search(entry.name):
                    inner.append((entry.path, own))
                else:
                    yield from _entry(entry, own, home, left)
            except OSError as error:
                left.add("/".join(own), kinds.CLOSED, error.strerror or "")
        if len(here) > room:
            left.add("/".join(parts) or ".", kinds.UNSEEN)
            return
        room -= len(here)
        waiting += reversed(inner)


def _entry(entry: os.DirEntry[str], parts: tuple[str, ...], home: str, left: Left) -> Iterator[File]:
    """The file that an entry of a folder is, if it is a picture that may be read."""
    kind, why = _doubt_name(entry.name), ""
    if kind is not kinds.HIDDEN and entry.is_symlink() and (why := _doubt_link(entry.path, home)):
        kind = kinds.LINK
    if kind is None and not entry.is_file():
        kind, why = kinds.OTHER, "it is not a plain file"
    if kind is None:
        about = entry.stat()
        kind = _doubt_size(about.st_size)
        if kind is None:
            state = about.st_ino, about.st_mtime_ns, about.st_ctime_ns
            yield File(parts, about.st_size, partial(_read_file, entry.path), state=state)
            return
    left.add("/".join(parts), kind, why)


def _doubt_link(path: str, home: str) -> str:
    """Why a link is not followed; "" if it leads to a file inside the folder."""
    target = os.path.realpath(path)
    if not os.path.exists(target):
        return "the link leads nowhere, or to itself: put the picture itself here"
    if not target.startswith(home.rstrip(os.sep) + os.sep) and target != home:
        where = target if os.path.isdir(target) else os.path.dirname(target)
        return f"the link leads out of the folder: copy the pictures here, or give the folder {printable(where)}"
    return "a link to a folder that is read in its own place" if os.path.isdir(target) else ""


def _read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(MAX_PICTURE_BYTES + 1)


# ---- a zip ---------------------------------------------------------------------------------------


class _Bounded(io.BufferedReader):
    """A zip. Its table of contents is read in one piece, and becomes a thousand bytes for every member."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > max(MAX_DIRECTORY_BYTES, MAX_PICTURE_BYTES + 1):
            raise zipfile.BadZipFile(f"a table of contents of over {MAX_DIRECTORY_BYTES // 10**6} MB")
        return super().read(size)


def _in_zip(source: Path | bytes, left: Left) -> list[File]:
    archive = _opened(source)
    files: dict[tuple[str, ...], File] = {}
    for i, (member, name) in enumerate(zip(archive.infolist(), member_names(archive), strict=True)):
        if i >= MAX_FILES:
            left.add("the zip", kinds.UNSEEN)
            break
        if name.endswith("/"):  # is_dir() fails on an empty name
            continue
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        kind = _doubt_member(member, name, parts) or (kinds.TWICE if parts in files else None)
        if kind is not None:
            left.add(name, kind)
        else:
            files[parts] = File(parts, member.file_size, partial(_read_member, archive, member), member.CRC)
    return list(files.values())


def _opened(source: Path | bytes) -> zipfile.ZipFile:
    try:
        raw = io.BytesIO(source) if isinstance(source, bytes) else io.FileIO(source)
        stream = _Bounded(raw)
        try:
            archive = zipfile.ZipFile(stream)
        except BaseException:
            stream.close()
            raise
    except UNREADABLE as error:
        said = printable(str(error) or type(error).__name__)
        raise DataError(f"expected a zip of pictures, got something else ({said}): zip the folder again") from error
    weakref.finalize(archive, stream.close)  # once no picture's `read` needs it
    return archive


def _doubt_member(member: zipfile.ZipInfo, name: str, parts: tuple[str, ...]) -> Kind | None:
    if not parts or LEAVES.search(name):
        return kinds.OUTSIDE
    if (kind := _doubt_name("/".join(parts))) is not None:
        return kind
    if stat.S_ISLNK(member.external_attr >> 16):
        return kinds.LINK
    if member.flag_bits & ENCRYPTED_BITS:
        return kinds.ENCRYPTED
    # the other methods unpack a few bytes to gigabytes before they can be stopped
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return kinds.PACKED
    return _doubt_size(member.file_size)


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    # the declared size may lie: look one byte beyond it, and never take more
    longer = copy(member)
    longer.file_size = member.file_size + SLACK  # at whose end zipfile would complain of the checksum first
    with archive.open(longer) as file:
        data = file.read(member.file_size + 1)
    if len(data) != member.file_size:
        more = "more" if len(data) > member.file_size else "fewer"
        raise ImageError(f"expected the {member.file_size:,} bytes that the zip declares, got {more}: zip it again")
    return data


# ---- both ----------------------------------------------------------------------------------------


def _doubt_name(name: str) -> Kind | None:
    if HIDDEN.search(name):
        return kinds.HIDDEN
    _, dot, ending = name.rpartition(".")
    suffix = dot + ending.lower()
    if suffix in ARCHIVES:
        return kinds.NESTED
    return None if suffix in SUFFIXES else kinds.OTHER


def _doubt_size(size: int) -> Kind | None:
    if size == 0:
        return kinds.EMPTY
    return kinds.LARGE if size > MAX_PICTURE_BYTES else None


def _filed(files: Sequence[File], root: str, left: Left) -> tuple[list[Found], tuple[str, ...]]:
    """The files by name, with their classes and halves, and what the halves are called; copies are left out."""
    folders: dict[Folder, list[File]] = {}
    for file in files:
        folders.setdefault(file.parts[:-1], []).append(file)
    copies = find_copies(folders)
    for parts, original in copies.originals.items():
        left.add("/".join(parts), kinds.COPY, f"the same picture is read as {printable('/'.join(original))}")
    if copies.originals:
        folders = {f: [file for file in own if file.parts not in copies.originals] for f, own in folders.items()}
    home = {folder: copies.place(folder) for folder, own in folders.items() if own}
    counts: defaultdict[Folder, int] = defaultdict(int)
    for folder, place in home.items():
        counts[place] += len(folders[folder])
    where, halves = places(counts, root)
    found = []
    for folder, place in home.items():
        own, category, half = where[place]
        own, category = printable(own), printable(category)
        found += [
            Found(printable("/".join(f.parts)), own, f.size, f.read, category, half, f.state) for f in folders[folder]
        ]
    return sorted(found, key=lambda file: file.name), halves


def open_pictures(
    found: Sequence[Found], classes: Sequence[str], chunk: int, broken: list[str]
) -> Iterator[tuple[list[RGBImage], list[int]]]:
    """Chunks of decoded pictures and their classes (-1: neither its folder nor its category is named like a class).

    What cannot be read is left out; its name and the reason (an ImageError, say) are appended to `broken`.
    """
    index = {folded(name): i for i, name in reversed(list(enumerate(classes)))}
    for start in range(0, len(found), chunk):
        images, truth = [], []
        for file in found[start : start + chunk]:
            try:
                data = file.read()
                if len(data) > MAX_PICTURE_BYTES:
                    raise ImageError(f"expected at most {MAX_PICTURE_BYTES // 10**6} MB, got more: make it smaller")
                images.append(decode(data))
            except UNREADABLE as error:
                broken.append(f"{file.name}: {_reason(error)}")
            else:
                truth.append(index.get(folded(file.folder), index.get(folded(file.category), -1)))
        if images:
            yield images, truth


def _reason(error: Exception) -> str:
    if isinstance(error, ImageError):
        return str(error)
    said = getattr(error, "strerror", None) or printable(str(error)) or type(error).__name__
    return f"expected a file that can be read, got one that cannot ({said}): copy it again"
