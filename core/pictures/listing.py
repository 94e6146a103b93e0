"""What a folder or zip of the reader's holds: the pictures, and what is left out of it, counted and named."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from core.pictures.image import SUFFIXES

MAX_FILES = 300_000  # looked at, pictures or not
MAX_PICTURES = 20_000
MAX_PICTURE_BYTES = 50_000_000
NAMED = 1_000  # files of a kind that are left out by name; further ones are only counted
HALVES = ("train", "test")
REST = "the rest"  # the half of the classes that a half lies beside
LINES = 10  # that a terminal command spends on what was left out


class Kind(NamedTuple):
    """Why a file is left out: what one and what several are called, and the reason."""

    one: str
    many: str
    why: str


OTHER = Kind("not a picture", "not pictures", f"its name does not end in {', '.join(sorted(SUFFIXES))}")
HIDDEN = Kind("hidden", "hidden", "hidden, or made by the operating system")
EMPTY = Kind("empty", "empty", "it has 0 bytes")
LARGE = Kind("too large", "too large", f"it has more than {MAX_PICTURE_BYTES // 10**6} MB")
NESTED = Kind("archive within", "archives within", "an archive inside: unpack it first")
LINK = Kind("link that is not followed", "links that are not followed", "a link: put the picture itself here")
CLOSED = Kind("that cannot be opened", "that cannot be opened", "the system does not open it")
OUTSIDE = Kind("with a name that leaves the folder", "with names that leave the folder", "its name leaves the folder")
TWICE = Kind("listed twice", "listed twice", "a file of the same name was listed before")
ENCRYPTED = Kind("encrypted", "encrypted", "it is encrypted: zip it again without a password")
PACKED = Kind("packed in another way", "packed in other ways", "only stored and deflated members are read")
UNSEEN = Kind("not read to its end", "not read to the end", f"{MAX_FILES:,} files were looked at, and no more")
BEYOND = Kind("beyond the limit", "beyond the limit", "more than can be read")
NO_CLASS = Kind("in no class folder", "in no class folder", "expected it in a folder named like its class")
NO_HALF = Kind("outside train and test", "outside train and test", "it lies outside the folders of the two halves")
UNLABELLED = Kind("in a half without classes", "in a half without classes", "its half has no folders of classes")
COPY = Kind("copy of another", "copies of others", "the set holds the same picture in its other copy")
BROKEN = Kind("broken", "broken", "it cannot be read")


class File(NamedTuple):
    """A picture file as it is met: `parts` of its path below the root, `size` in bytes, how to read it, its checksum
    where a zip says it, and `state`, which another file put in its place has not."""

    parts: tuple[str, ...]
    size: int
    read: Callable[[], bytes]
    crc: int | None = None
    state: tuple[int, ...] = ()


class LeftOut(NamedTuple):
    """A file that is not read as a picture, and why."""

    name: str
    kind: Kind
    why: str


@dataclass(frozen=True)
class Found:
    """A picture file of the user's: `folder` is the name of the folder it lies in, its class where that is one.

    `category` is its class by ImageFolder's convention, ROOT/CLASS/**: the first folder below the root and below what
    only wraps it; "" where it lies in none. `half` is "train" or "test" where ROOT/train/CLASS and ROOT/test/CLASS (or
    val) are given, by any name that core.pictures.halves.places knows; one of the two may be unlabelled, without
    categories. `folder` and `category` are in the normal form of `one_form`, `name` is as the file is called. `size` in
    bytes; `read` may raise one of core.pictures.files.UNREADABLE; `state`: other for a file put in its place.
    """

    name: str
    folder: str
    size: int
    read: Callable[[], bytes]
    category: str = ""
    half: str = ""
    state: tuple[int, ...] = ()


@dataclass
class Left:
    """What is left out, as it is met."""

    counts: Counter[Kind] = field(default_factory=Counter)
    named: list[LeftOut] = field(default_factory=list)

    def add(self, name: str, kind: Kind, why: str = "") -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= NAMED:
            self.named.append(LeftOut(printable(name), kind, why or kind.why))


@dataclass(frozen=True)
class Listing:
    """The pictures of a folder or zip, sorted by name, and what is left out: `counts` of all, NAMED of a kind named.

    `halves` are the names of the folders that were taken for the halves and hold classes: of both, of one, or none.
    """

    found: tuple[Found, ...]
    left_out: tuple[LeftOut, ...] = ()
    counts: Mapping[Kind, int] = field(default_factory=dict)
    halves: tuple[str, ...] = ()

    def without(self, unwanted: Callable[[Found], bool], kind: Kind, why: str = "") -> Listing:
        """The listing with these pictures left out."""
        left = Left(Counter(self.counts), list(self.left_out))
        kept = []
        for file in self.found:
            if unwanted(file):
                left.add(file.name, kind, why)
            else:
                kept.append(file)
        return replace(self, found=tuple(kept), left_out=tuple(left.named), counts=left.counts)

    def at_most(self, count: int, most_bytes: float = float("inf"), seed: int = 0) -> Listing:
        """`count` pictures, of `most_bytes` bytes together, by a seeded draw that keeps classes and halves even.

        Every class of every half gives one picture in turn, until one more would be too much.
        """
        if len(self.found) <= count and sum(file.size for file in self.found) <= most_bytes:
            return self
        dice = np.random.default_rng(seed)
        groups: defaultdict[tuple[str, str], list[Found]] = defaultdict(list)
        for file in self.found:
            groups[file.half, (file.category or file.folder).lower()].append(file)
        shuffled = ([own[i] for i in dice.permutation(len(own))] for _, own in sorted(groups.items()))
        turns = [pair for own in shuffled for pair in enumerate(own)]
        turns.sort(key=lambda pair: pair[0])
        together = np.cumsum([file.size for _, file in turns])
        enough = min(count, int(np.searchsorted(together, most_bytes, side="right")))
        kept = {id(file) for _, file in turns[:enough]}
        why = f"{enough:,} of {len(self.found):,} pictures are taken, evenly by class, with seed {seed}"
        return self.without(lambda file: id(file) not in kept, BEYOND, why)


def printable(text: str) -> str:
    """A name that can be shown, sent and stored anywhere: no control characters, no bytes that are no letters."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def one_form(name: str) -> str:
    """A name in Unicode's composed normal form, in which it is shown."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def folded(name: str) -> str:
    """The form in which names are the same: composed or not, in upper or lower case."""
    return name.lower() if name.isascii() else one_form(one_form(name).lower())


def counted(counts: Mapping[Kind, int]) -> str:
    """The kinds of what was left out, the most frequent first."""
    most = sorted(counts.items(), key=lambda item: -item[1])
    return ", ".join(f"{n:,} {kind.one if n == 1 else kind.many}" for kind, n in most if n)


def summary(listing: Listing, broken: Sequence[str] = ()) -> str:
    """One sentence: how many pictures of how many classes, and how many files were left out and why.

    `broken` has a line for each picture of the listing that could not be read.
    """
    count = len(listing.found) - len(broken)
    said = f"{count:,} picture{'' if count == 1 else 's'}"
    halved = {file.half for file in listing.found if file.half}
    classes = {file.category.lower() for file in listing.found if file.category and (file.half or not halved)}
    if classes:
        said += f" in {len(classes):,} class{'' if len(classes) == 1 else 'es'}"
    if len(listing.halves) == len(HALVES):
        said += f", halved as their folders say ({' and '.join(map(printable, listing.halves))})"
    elif listing.halves and listing.halves != (REST,):
        said += f", those of the folder {printable(listing.halves[0])}"
    counts = Counter(listing.counts) + Counter({BROKEN: len(broken)})
    total = counts.total()
    return f"{said}; {total:,} file{'' if total == 1 else 's'} left out: {counted(counts)}." if total else f"{said}."


def left_out(listing: Listing, broken: Sequence[str] = ()) -> dict[str, list[str]]:
    """A table of what was left out, name and reason: broken pictures first, at most NAMED of a kind."""
    rows = [line.partition(": expected ")[::2] for line in broken[:NAMED]]
    named = [(name, f"expected {why}" if why else BROKEN.why) for name, why in rows]
    named += [(file.name, file.why) for file in listing.left_out]
    return {"file": [name for name, _ in named], "why it is left out": [why for _, why in named]}


def left_out_lines(listing: Listing, broken: Sequence[str] = ()) -> list[str]:
    """What a terminal says of it: the first LINES of the table, and the sentence; nothing if nothing is left out."""
    names, reasons = left_out(listing, broken).values()
    if not names:
        return []
    lines = [f"left out: {name}: {why}" for name, why in list(zip(names, reasons, strict=True))[:LINES]]
    return [*lines, summary(listing, broken)]
