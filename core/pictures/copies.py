"""A data set beside its copy: the pictures that a folder or zip holds a second time, in the same place of the set."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple

from core.pictures.folder_words import half_of, is_plain, part_of
from core.pictures.half_rules import TWO, Folder, levels
from core.pictures.listing import File, folded

Folders = Mapping[Folder, Sequence[File]]  # the pictures that lie in each folder itself

COPY_OF = re.compile(r"^copy of |(?:[ _-]{1,3}(?:copy|kopie|copie|copia)|[ _-]{0,3}\(\d{1,3}\))$")  # desktops say so
DEEPEST = 30  # folders above a picture; copies are not looked for in what lies deeper
WRAPS = 3  # folders that wrap a copy at most
BESIDE = 10  # folders beside each other, of any names, that are compared with each other; more are classes
PROBES = 10  # pairs with the same name and size that are read first: if none is the same, no more are read
COMPARED = 200_000_000  # bytes that are read at most to compare files whose checksums no zip says


class Moved(NamedTuple):
    """A folder that is a copy, and the folder that it is a copy of."""

    copy: Folder
    original: Folder


Pairs = list[tuple[File, File]]  # a picture that may be a copy, and the one it may be a copy of


class Copies(NamedTuple):
    """`originals`: the path of a copied picture -> the path of the one that is kept; `moved`: copy -> original, of
    folders. Such a folder may hold pictures of its own."""

    originals: dict[Folder, Folder]
    moved: dict[Folder, Folder]

    def place(self, folder: Folder) -> Folder:
        """The folder of the original set in which lies what a folder holds."""
        for _ in range(DEEPEST if self.moved else 0):
            head = next((n for n in range(1, min(len(folder), DEEPEST) + 1) if folder[:n] in self.moved), 0)
            if not head:
                break
            folder = self.moved[folder[:head]] + folder[head:]
        return folder


def find_copies(folders: Folders) -> Copies:
    """The copies of a data set, or of parts of it, that lie beside it.

    A folder is a copy if more than half of its pictures lie in the same place of the original too: in the same folders
    under the same name (in any normal form and case), of the same size, and with the same bytes. These are compared by
    the checksums that a zip says, else read; where they have more than COMPARED bytes, an even draw of them is. An
    original is where the path leads without the folder (set/set/cat/1.png and set/cat/1.png, old/set/cat/1.png and
    set/cat/1.png), or the folder of the same name in other letters, or without "copy", or one of any name that lies
    beside it and holds folders of the same classes (data and data_backup). A half is no copy of another, nor is a
    class.
    """
    claims = _claims(folders)
    pairs = {moved: list(_alike(folders, both)) for moved, both in claims.items()}
    to_read = sum(a.size + b.size for both in pairs.values() for a, b in both if a.crc is None or b.crc is None)
    left = _pictures(folders, {moved.copy for moved in claims})
    found = Copies({}, {})
    for moved in sorted(pairs, key=lambda moved: (-len(moved.copy), moved)):  # a copy within a copy first
        new = [(a, b) for a, b in pairs[moved] if a.parts not in found.originals]
        new = [(a, b) for a, b in new if _last(b.parts, found.originals) != a.parts]
        same = _same(new, to_read) if 2 * len(new) > left[moved.copy] else []
        if 2 * len(same) > left[moved.copy] and moved.copy not in found.moved:
            found.moved[moved.copy] = moved.original
            for copy, original in same:
                found.originals[copy.parts] = original.parts
                for depth in range(1, len(moved.copy) + 1):
                    left[copy.parts[:depth]] -= 1
    return Copies({copy: _last(copy, found.originals) for copy in found.originals}, found.moved)


def _last(copy: Folder, originals: Mapping[Folder, Folder]) -> Folder:
    """The path that is kept, of a copy's copy too."""
    while copy in originals:
        copy = originals[copy]
    return copy


def _claims(folders: Folders) -> dict[Moved, list[tuple[Folder, Folder]]]:
    """The folders that may be copies by their names, each with its folders and those that these may be copies of."""
    keys = {f: (*map(_plain, f[:-1]), folded(f[-1])) for f in folders if 0 < len(f) <= DEEPEST}
    firsts: dict[Folder, Folder] = {}
    for folder, key in keys.items():
        if key not in firsts or _rank(folder) < _rank(firsts[key]):
            firsts[key] = folder
    claims: defaultdict[Moved, list[tuple[Folder, Folder]]] = defaultdict(list)
    steps = list(levels(keys.values()))
    top, beside = steps[-1] if steps else (0, {})
    for folder, key in keys.items():
        first = firsts[key]
        own = 2 if is_plain(key[-1]) else 1  # CLASS/images is a class
        if first[:-own] != folder[:-own]:
            tail = next(n for n in range(len(folder)) if n + 1 == len(folder) or first[-n - 1] != folder[-n - 1])
            claims[Moved(folder[: len(folder) - tail], first[: len(first) - tail])].append((folder, first))
        for start, end in _cuts(key, top, beside):
            if original := firsts.get(key[:start] + key[end:]):
                claims[Moved(folder[:end], original[:start])].append((folder, original))
    return claims | _claims_beside(folders, top)


def _claims_beside(folders: Folders, top: int) -> dict[Moved, list[tuple[Folder, Folder]]]:
    """The folders beside each other at the `top` of the set that may be copies by what they hold, whatever their names.

    They share two folders of classes or more, which may be wrapped within. Of two the one with more pictures is the
    original, then the one with the shorter name. Beside two halves no half is compared with anything, and nothing that
    lies in one half with what lies in another.
    """
    groups: defaultdict[str, list[Folder]] = defaultdict(list)
    for folder in folders:
        if top < len(folder) <= DEEPEST:
            groups[folded(folder[top])].append(folder)
    sets: list[tuple[str, Folder, dict[Folder, Folder]]] = []  # in the order of originals
    for name, own in groups.items() if TWO <= len(groups) <= BESIDE else ():
        root = tuple(names[0] for names in takewhile(lambda names: len({*names}) == 1, zip(*own, strict=False)))
        sets.append((name, root, {tuple(map(folded, folder[len(root) :])): folder for folder in own}))
    sets.sort(key=lambda one: (-sum(len(folders[folder]) for folder in one[2].values()), *_rank(one[1])))
    halves = {name: {part_of(word) for part in root[top:] if (word := half_of(folded(part)))} for name, root, _ in sets}
    several = len(set().union(*halves.values())) > 1
    claims = {}
    for i, (name, root, inner) in enumerate(sets):
        for first, original, originals in sets[:i]:
            shared = inner.keys() & originals.keys()
            classes = {part for key in shared for part in key if not (is_plain(part) or half_of(part))}
            apart = several and halves[name] != halves[first]
            if len(classes) >= TWO and not apart and _plain(name) != _plain(first):
                claims[Moved(root, original)] = [(inner[key], originals[key]) for key in sorted(shared)]
    return claims


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    """A folder's name folded, without what says that it is a copy."""
    name = folded(name)
    return COPY_OF.sub("", name) or name


def _rank(folder: Folder) -> tuple[int, Folder]:
    """The least is the original: without "copy" in its name."""
    return sum(map(len, folder)), folder


def _cuts(key: Folder, top: int, beside: Mapping[str, object]) -> Iterator[tuple[int, int]]:
    """The folders of a path, from one depth up to another, without which it may lead to an original.

    They repeat those before them, or wrap one of the names that lie `beside` each other at the `top` of the set; no
    half wraps a copy.
    """
    cuts = [(i, i + 1) for i in range(top + 1, len(key)) if key[i] == key[i - 1]]
    cuts += [(top, end) for end in range(top + 1, min(top + WRAPS + 1, len(key))) if key[end] in beside]
    known = set()
    for start, end in cuts:
        while end < len(key) and key[start] == key[end]:
            start, end = start + 1, end + 1
        if (start, end) in known:
            continue
        known.add((start, end))
        repeats = start >= end - start and key[start:end] == key[start - (end - start) : start]
        if repeats or (end < len(key) and not any(map(half_of, key[start:end]))):
            yield start, end


def _pictures(folders: Folders, copies: set[Folder]) -> dict[Folder, int]:
    """How many pictures lie below each of some folders."""
    depths = sorted({len(copy) for copy in copies})
    total: defaultdict[Folder, int] = defaultdict(int)
    for folder, files in folders.items() if copies else ():
        for depth in depths:
            if folder[:depth] in copies and depth <= len(folder):
                total[folder[:depth]] += len(files)
    return total


def _alike(folders: Folders, both: Sequence[tuple[Folder, Folder]]) -> Iterator[tuple[File, File]]:
    """The pictures of folders that may be copies with those of the others that have their name and size."""
    for copy, original in both:
        known = {file.parts[-1]: file for file in folders[original]}
        alike = {folded(name): known[name] for name in sorted(known, reverse=True)}
        for file in folders[copy]:
            other = known.get(file.parts[-1]) or alike.get(folded(file.parts[-1]))
            if other is not None and other.size == file.size:
                yield file, other


def _same(pairs: Pairs, to_read: int) -> Pairs:
    """The pairs with the same bytes.

    Where all pairs have more bytes `to_read` than COMPARED, a share of these is read: the rest is as all of it are.
    """
    known = [(a, b) for a, b in pairs if a.crc is not None and a.crc == b.crc]
    unread = [(a, b) for a, b in pairs if a.crc is None or b.crc is None]
    read = unread[:: max(math.ceil(to_read / COMPARED), 1)]
    step = max(math.ceil(len(read) / PROBES), 1)
    same = [(a, b) for a, b in read[::step] if _bytes_agree(a, b)]
    if same:
        same += [(a, b) for i, (a, b) in enumerate(read) if i % step and _bytes_agree(a, b)]
    return known + (unread if len(same) == len(read) else same)


def _bytes_agree(one: File, other: File) -> bool:
    try:
        return one.read() == other.read()
    except OSError:
        return False
