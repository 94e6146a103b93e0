"""The classes and halves that the folders of a data set tell, by the names that halves usually have, at any depth."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from core.picture_listing import folded, one_form

Folder = tuple[str, ...]  # the names of folders from the root down; () is the root
Groups = dict[str, list[Folder]]  # a folder's name -> the folders in it, and itself
Halves = dict[str, tuple[int | None, str]]  # see Layout
Classes = Sequence[tuple[int, set[str]]]  # names and their depth, from above

TRAIN_WORDS = ("train", "training", "trn", "trainval")
TEST_WORDS = ("test", "testing", "tst", "holdout", "heldout")
VAL_WORDS = ("val", "valid", "validation", "validate", "vld", "dev", "devel", "development", "eval", "evaluation")
WORDS = "|".join((*TRAIN_WORDS, *TEST_WORDS, *VAL_WORDS))
# the earlier is the half to learn from, or the half to test with, where several would do; "" is rps beside rps_test
LEARN_FROM, TEST_WITH = (*TRAIN_WORDS, "", *VAL_WORDS, *TEST_WORDS), (*TEST_WORDS, *VAL_WORDS)
PICTURES = "data|set|image|img|picture|pic|photo|sample|file|split|subset|folder|part|public|private|jpg|jpeg|png"
PLAIN = rf"(?:(?:{PICTURES})s?)"
PLAIN_NAME = re.compile(rf"{PLAIN}+")
HALF = re.compile(rf"{PLAIN}*({WORDS}){PLAIN}*")  # test, testset, imgtrain
IN_ONE = re.compile(r"(hold|held|train)[^a-z0-9]+(?=out|val)")  # hold-out, train_val
TOKENS = re.compile(r"[^\W\d_]+|\d+")
SPEAKABLE = re.compile(r"[\w -]+")
LONGEST = 60  # letters of a half's name
TWO = 2  # folders, classes: fewer tell nothing
FEW = 10  # folders with a half's name that are compared with each other
REST = "the rest"  # the half of the classes that a half lies beside
NEAR = 3  # levels in which halves are looked for to tell where the set is


class Place(NamedTuple):
    """Where the pictures of a folder belong: the `folder`, `category` and `half` of core.picture_listing.Found."""

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
        if names and (is_plain(keys[-1]) or (in_half and half_of(keys[-1]) and class_at != len(names) - 1)):
            own = category  # images and train name no class
        return Place(one_form(own), one_form(category), half)


def places(folders: Mapping[Folder, int], root: str = "") -> tuple[dict[Folder, Place], tuple[str, ...]]:
    """The class and half of each folder's pictures, and the names of the folders that were taken for the halves.

    `folders` says how many pictures lie in each itself; `root` is what the root is called. A class is the first folder
    below what only wraps it. Halves are folders with usual names (train, training_set, seg_train, val, test, ...), and
    alike but for these,

    - of which two hold folders of the same classes: ROOT/train/CLASS and ROOT/test/CLASS, val where test has none. The
      pictures of a third one have a class and no half;
    - or of which one holds class folders and no other does: the others' pictures have a half and no class;
    - or which are most of the folders beside each other and hold no classes: all pictures have a half and no class;
    - or which are all that each class holds: ROOT/CLASS/train and ROOT/CLASS/test;
    - or one of which repeats the classes that it lies beside: ROOT/CLASS and ROOT/test/CLASS.

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
    return one_form(name) if SPEAKABLE.fullmatch(one_form(name)) else half_of(folded(name))


@lru_cache(maxsize=10_000)
def meaning(name: str) -> tuple[str, str]:
    """The half's word in a folder's folded name, and what else it says: seg_train is ("train", "seg").

    Words that say nothing (set, data, images, ...) are dropped; the half's is "" where there is none, or several.
    """
    if len(name) > LONGEST:
        return "", name
    tokens = TOKENS.findall(IN_ONE.sub(r"\1", name))
    words = [match[1] for token in tokens if (match := HALF.fullmatch(token))]
    rest = " ".join(t for t in tokens if not HALF.fullmatch(t) and not PLAIN_NAME.fullmatch(t))
    return (words[0], rest) if len(words) == 1 else ("", rest if not words else name)


def half_of(name: str) -> str:
    """The half's word in a folder's folded name, "" where there is none."""
    return meaning(name)[0]


@lru_cache(maxsize=10_000)
def is_plain(name: str) -> bool:
    """Whether a folded name says only that there are pictures: images, data."""
    return len(name) <= LONGEST and PLAIN_NAME.fullmatch(name) is not None


def levels(folders: Iterable[Folder], depth: int = 0, in_half: bool = False) -> Iterator[tuple[int, Groups]]:
    """The folders at a depth by their name, and of the next ones as long as there is only one: it wraps the others.

    The last is left away if it wraps pictures alone, as CLASS/images does; within a half train/train does too, and
    the first may be the last.
    """
    first = not in_half
    while True:
        groups: Groups = defaultdict(list)
        for folder in folders:
            if len(folder) > depth:
                groups[folder[depth]].append(folder)
        if not groups:
            return
        name, folders = next(iter(groups.items()))
        last = len(groups) > 1 or all(len(folder) == depth + 1 for folder in folders)
        if last and len(groups) == 1 and not first and (is_plain(name) or (in_half and half_of(name))):
            return
        yield depth, groups
        if last:
            return
        depth, first = depth + 1, False


# ---- where the halves are ------------------------------------------------------------------------


def _layout(counts: Mapping[Folder, int]) -> Layout:
    """The layout of folded folders, each of which holds so many pictures itself."""
    folders, depth, top = list(counts), 0, -1
    while steps := list(levels(folders, depth)):
        at, groups = steps[-1]
        top = at if top < 0 else top
        inside = next(iter(groups.values()))[0][:at]
        if halves := _halves(groups, at, deeper=at > top):
            return Layout(top, at, inside, halves)
        if at == top and (halves := _halves_of_classes(groups, at)):
            return Layout(top, at + 1, inside, halves)
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


def _halves(groups: Groups, at: int, deeper: bool) -> Halves | None:
    """Which of the folders beside each other are halves; None if none are. `deeper` ones must share two classes."""
    said = {name: meaning(name) for name in groups}
    worded = sum(word != "" for word, _ in said.values())
    if not worded or len(groups) < TWO:
        return None
    unlabelled = 2 * worded > len(groups) and not deeper
    for numbered in (True, False):  # train2017 belongs to val2017; train to test1 only if there is no other
        sets: defaultdict[str, dict[str, str]] = defaultdict(dict)  # what the names say else -> name -> word
        for name, (word, rest) in said.items():
            key = rest if numbered else " ".join(part for part in rest.split() if not part.isdigit())
            sets[key][name] = word
        for _, words in sorted(sets.items(), key=lambda item: (-sum(len(groups[name]) for name in item[1]), item[0])):
            if any(words.values()) and (halves := _of_one_set(groups, words, at, TWO if deeper else 1, unlabelled)):
                return halves
    return _beside_classes(groups, {name: word for name, (word, _) in said.items()}, at)


def _of_one_set(groups: Groups, words: Mapping[str, str], at: int, fewest: int, unlabelled: bool) -> Halves | None:
    """`_halves` among folders that are called alike but for the half's word, "" for none.

    The two halves share `fewest` classes or more; `unlabelled`: they may have none.
    """
    learn, test = _by_word(words, LEARN_FROM), _by_word(words, TEST_WITH)
    classes = {name: _classes(groups[name], at + 1) for name in words}
    for one in learn:
        for other in test:
            shared, depth = _shared(classes[one], classes[other])
            if one != other and shared >= fewest:
                rest = {name: _shared(classes[one], classes[name]) for name, word in words.items() if word}
                halves: Halves = {name: (its if n else None, "") for name, (n, its) in rest.items()}
                return halves | {one: (classes[one][-1][0], "train"), other: (depth, "test")}
    best = next((name for name in learn if classes[name] and len(classes[name][-1][1]) >= TWO), "")
    worded = [name for name in words if words[name] and name != best]
    # without the word a folder is the half to learn from only if no other has classes
    sure = best and worded and (words[best] or not any(classes[name] for name in worded))
    if not sure and not (unlabelled and len(worded) >= TWO):
        return None
    best = best or learn[0]
    own = classes[best][-1][0] if classes[best] else None
    return dict.fromkeys(worded, (None, "test")) | {best: (own, "train")}


def _beside_classes(groups: Groups, words: Mapping[str, str], at: int) -> Halves | None:
    """The halves of ROOT/CLASS and ROOT/test/CLASS: the classes themselves are the half to learn from."""
    beside = set(groups)
    inner = {name: _classes(groups[name], at + 1) for name in _by_word(words, TEST_WITH)}
    depths = {
        name: _shared([(at, beside)], [(depth, names - {name}) for depth, names in own]) for name, own in inner.items()
    }
    found = [(name, depth) for name, (shared, depth) in depths.items() if shared >= TWO]
    if not found:
        return None
    halves: Halves = dict.fromkeys(groups, (at, "train"))
    return halves | {name: (depth, "") for name, depth in found} | {found[0][0]: (found[0][1], "test")}


def _by_word(words: Mapping[str, str], order: Sequence[str]) -> list[str]:
    """The names with a half's word in `order`, in this order; no more than FEW."""
    return sorted((name for name in words if words[name] in order), key=lambda n: (order.index(words[n]), n))[:FEW]


def _classes(folders: Iterable[Folder], depth: int) -> Classes:
    """The names of a half's folders at each depth where they may be its classes: the last if no other half tells."""
    return [(at, set(inner)) for at, inner in levels(folders, depth, in_half=True)]


def _shared(one: Classes, other: Classes) -> tuple[int, int]:
    """How many of a half's classes another one has at most, and at what depth; of equals the least deep ones."""
    pairs = [(len(one[-1][1] & names), depth) for depth, names in other if one]
    return max(pairs, key=lambda pair: pair[0], default=(0, 0))


def _halves_of_classes(groups: Groups, at: int) -> Halves | None:
    """The halves of ROOT/CLASS/train and ROOT/CLASS/test; None if the classes hold anything else."""
    words: list[set[str]] = []
    names: set[str] = set()
    for folders in groups.values():
        own = {folder[at + 1] for folder in folders if len(folder) > at + 1}
        deep = any(len(f) > at + 3 or (len(f) == at + 3 and not is_plain(f[-1])) for f in folders)
        if not own or deep or not all(map(half_of, own)):
            return None
        words.append(set(map(half_of, own)))
        names |= own
    learn = next((word for word in LEARN_FROM if all(word in own for own in words)), "")
    test = next((word for word in TEST_WITH if word != learn and sum(word in own for own in words) >= TWO), "")
    said = {learn: "train", test: "test"}
    return {name: (at, said.get(half_of(name), "")) for name in names} if learn and test else None
