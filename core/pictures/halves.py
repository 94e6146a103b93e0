"""The classes and halves that the folders of a data set tell, by the names that halves usually have, at any depth.

A folder or zip is read as CLASS/**, train|test/CLASS/** or CLASS/train|test/**, whatever wraps these: see `places`.
Where only one half has classes, or the classes lie beside a flat test folder, core.data.own splits it anew. Upper and
lower case and Unicode's normal forms are the same class. Folders that are all like CLASS/train/VIEW, CLASS/test/VIEW,
with the same views, cannot be told from a set under several wraps: the views are taken for the classes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from core.pictures.folder_words import half_of, is_plain
from core.pictures.half_rules import NEAR, Folder, Groups, halves_below, halves_beside, halves_of_classes, levels
from core.pictures.listing import REST, folded, one_form

SPEAKABLE = re.compile(r"[\w -]+")


class Place(NamedTuple):
    """Where the pictures of a folder belong: the `folder`, `category` and `half` of core.pictures.listing.Found."""

    folder: str
    category: str
    half: str


@dataclass(frozen=True)
class Layout:
    """What the names at each depth are: classes at `top`; where `halves` lie at depth `at` of `inside`, below these.

    `halves`: name -> (the depth of its classes, None where it has none; "train", "test", or "" for neither).
    """

    top: int = 0
    at: int = 0
    inside: Folder = ()
    halves: Mapping[str, tuple[int | None, str]] = field(default_factory=dict)

    def place(self, names: Folder, keys: Folder, root: str) -> Place:
        """Where the pictures of a folder belong; `keys` are its names folded, `root` is what the root is called."""
        class_at, half = self.top, ""
        in_half = len(keys) > self.at and keys[self.at] in self.halves and keys[: len(self.inside)] == self.inside
        if in_half:
            known, half = self.halves[keys[self.at]]
            class_at = len(names) if known is None else known
        category = names[class_at] if len(names) > class_at else ""
        own = names[-1] if names else root
        if names and (
            is_plain(keys[-1])
            or (in_half and class_at != len(names) - 1 and (half_of(keys[-1]) or len(keys) == self.at + 1))
        ):
            own = category  # images and train name no class, nor does another name of a half
        return Place(one_form(own), one_form(category), half)


def places(folders: Mapping[Folder, int], root: str = "") -> tuple[dict[Folder, Place], tuple[str, ...]]:
    """The class and half of each folder's pictures, and the names of the folders that were taken for the halves.

    `folders` says how many pictures lie in each itself; `root` is what the root is called. A class is the first folder
    below what only wraps it. Halves are folders with usual names (train, training_set, seg_train, val, test, ...), and
    alike but for these,

    - of which two hold folders of the same classes: ROOT/train/CLASS and ROOT/test/CLASS, val where test has none. The
      pictures of a third one have a class and no half. With two classes or more they may be called unlike (train and
      seg_test), or be one beside a folder of any name (train and query, learn and test);
    - or of which one holds class folders and no other does: the others' pictures have a half and no class. Beside
      ROOT/train/CLASS so have those of one other folder, or of some that say it (pred, unlabelled);
    - or which are most of the folders beside each other and hold no classes: all pictures have a half and no class;
    - or which are all that each class holds: ROOT/CLASS/train and ROOT/CLASS/test;
    - or one of which repeats the classes that it lies beside: ROOT/CLASS and ROOT/test/CLASS. If it holds no classes,
      its pictures have a half and no class, and so have those of a flat train beside it;
    - or in which everything lies below several folders: ROOT/A/train/CLASS and ROOT/B/test/CLASS.

    They may be wrapped from above (plants/train/CLASS) and within (training/training/CLASS, train/images/CLASS). Only
    halves with classes are named: none, one, or two; by their word alone where a name is more than letters, digits,
    spaces, - and _.
    """
    keys = {names: tuple(map(folded, names)) for names in folders}
    counts: defaultdict[Folder, int] = defaultdict(int)
    for names, count in folders.items():
        counts[keys[names]] += count
    layout = _layout(counts)
    found = {names: layout.place(names, keys[names], root) for names in folders}
    called: dict[str, str] = {}
    for names, place in found.items():
        if place.half and place.category:
            known, _ = layout.halves[keys[names][layout.at]]
            name = REST if known == layout.at else _said(names[layout.at])
            called[place.half] = min(name, called.get(place.half, name))  # in one of several spellings
    return found, tuple(called[half] for half in ("train", "test") if half in called)


def _said(name: str) -> str:
    """What a half's folder is called in a sentence: only its word where the name might be taken for markup."""
    return one_form(name) if SPEAKABLE.fullmatch(one_form(name)) else half_of(folded(name)) or REST


# ---- where the halves are ------------------------------------------------------------------------


def _layout(counts: Mapping[Folder, int]) -> Layout:
    """The layout of folded folders, each of which holds so many pictures itself."""
    folders, depth, top = list(counts), 0, -1
    while steps := list(levels(folders, depth)):
        at, groups = steps[-1]
        top = at if top < 0 else top
        inside = next(iter(groups.values()))[0][:at]
        if halves := halves_beside(groups, at, deeper=at > top):
            return Layout(top, at, inside, halves)
        if at == top and (halves := halves_of_classes(groups, at)):
            return Layout(top, at + 1, inside, halves)
        if at == top and (below := halves_below(groups, at)):
            return Layout(top, below[0], inside, below[1])
        folders, depth = _main(groups, at, counts), at + 1
    return Layout(max(top, 0))


def _main(groups: Groups, at: int, counts: Mapping[Folder, int]) -> list[Folder]:
    """What is in the one folder with halves' names in it, if most pictures are in it: there the set is."""
    sizes = {name: sum(counts[folder] for folder in own) for name, own in groups.items()}
    most = max(sizes, key=sizes.__getitem__)
    if 2 * sizes[most] <= sum(sizes.values()):
        return []
    near = slice(at + 1, at + 1 + NEAR)
    having = [name for name, own in groups.items() if any(half_of(part) for folder in own for part in folder[near])]
    return groups[most] if having == [most] else []
