"""Which of the folders that lie beside each other are the halves of a data set, by their names and what they hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.pictures.folder_words import (
    TEST_WORDS,
    TRAIN_WORDS,
    VAL_WORDS,
    bare,
    ends_as_half,
    half_of,
    is_plain,
    is_vehicle,
    meaning,
    no_class,
    part_of,
)

Folder = tuple[str, ...]  # the names of folders from the root down; () is the root
Groups = dict[str, list[Folder]]  # a folder's name -> the folders in it, and itself
Halves = dict[str, tuple[int | None, str]]  # see core.pictures.halves.Layout
Classes = Sequence[tuple[int, set[str]]]  # names and their depth, from above

# the earlier is the half to learn from, or the half to test with, where several would do; "" is rps beside rps_test
LEARN_FROM, TEST_WITH = (*TRAIN_WORDS, "", *VAL_WORDS, *TEST_WORDS), (*TEST_WORDS, *VAL_WORDS)
TWO = 2  # folders, classes: fewer tell nothing
FEW = 10  # folders with a half's name that are compared with each other
NEAR = 3  # levels in which halves are looked for


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


@dataclass(frozen=True)
class Beside:
    """Folders beside each other at depth `at`: what is in each, and its classes; none if it holds pictures alone."""

    at: int
    groups: Groups
    classes: Mapping[str, Classes]

    def shared(self, one: str, other: str) -> tuple[int, int]:
        """How many classes two of the folders share, and at what depth of the other."""
        return _shared(self.classes[one], self.classes[other])


def _beside(groups: Groups, at: int) -> Beside:
    found: dict[str, Classes] = {}
    for name, own in groups.items():
        within = {part for folder in own for part in folder[at + 1 :]}
        alone = len(within) < TWO and all(part == name or no_class(part) for part in within)
        # at each depth the names that may be its classes: the last are if no other half tells
        found[name] = [(d, set(inner)) for d, inner in levels(own, at + 1, in_half=True)] if not alone else []
    return Beside(at, groups, found)


def halves_beside(groups: Groups, at: int, deeper: bool) -> Halves | None:
    """Which of the folders beside each other are halves; None if none are. `deeper` ones must share two classes."""
    if len(groups) < TWO or not any(meaning(name, within=True)[0] for name in groups):
        return None
    beside, words = _beside(groups, at), {name: half_of(name) for name in groups}
    alike = [*_alike(groups, numbered=True), *_alike(groups)]
    loose = [*_alike(groups, within=True), *_unlike(words)]
    tries = [(some, TWO if deeper else 1, False) for some in alike] + [(some, TWO, True) for some in loose]
    for order in ((*TRAIN_WORDS, ""), (*VAL_WORDS, *TEST_WORDS)):  # two to test with are halves if there is no other
        for some, fewest, is_loose in tries:
            if halves := _pair(beside, some, order, fewest, is_loose):
                return halves
    if not deeper and (halves := _beside_unknown(beside, words)):
        return halves
    for some in alike:
        if halves := _beside_unlabelled(beside, some):
            return halves
    if halves := (None if deeper else _beside_unsaid(beside, words)) or _beside_classes(beside, words):
        return halves
    if deeper:
        return None
    mostly = alike if 2 * sum(map(bool, words.values())) > len(groups) else []
    return _of_none(beside, words) or next(filter(None, (_without_classes(beside, some) for some in mostly)), None)


def _alike(groups: Groups, numbered: bool = False, within: bool = False) -> list[dict[str, str]]:
    """The folders that are called alike but for a half's word, each set as name -> word, "" for none.

    `numbered`: in their numbers too, as train2017 and val2017; `within`: the word may be part of another, as in trainA.
    """
    sets: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for name in groups:
        word, rest = meaning(name, within)
        sets[rest if numbered else " ".join(part for part in rest.split() if not part.isdigit())][name] = word
    order = sorted(sets.items(), key=lambda item: (-sum(len(groups[name]) for name in item[1]), item[0]))
    return [words for _, words in order if any(words.values())]


def _unlike(words: Mapping[str, str]) -> list[dict[str, str]]:
    """The folders that may be halves of each other whatever else they say: train and seg_test, a_train and b_test.

    A train station is none beside a test track.
    """
    known = {name: word for name, word in words.items() if word}
    others = [
        {one: known[one]} | {name: word for name, word in known.items() if part_of(word) != part_of(known[one])}
        for one in sorted(filter(bare, known))[:FEW]
    ]
    return [*others, {name: word for name, word in known.items() if ends_as_half(name)}]


def _pair(
    beside: Beside, words: Mapping[str, str], order: Sequence[str], fewest: int, loose: bool = False
) -> Halves | None:
    """The two that share `fewest` classes or more, the first one's word in `order`.

    `loose`: no folder without a half's word shares two, which would make all of them classes.
    """
    for one in _by_word(words, order):
        for other in _by_word(words, TEST_WITH):
            shared, depth = beside.shared(one, other)
            if one == other or shared < fewest:
                continue
            if loose and any(
                beside.shared(one, name)[0] >= TWO for name in beside.groups if not half_of(name) and name not in words
            ):
                continue
            rest = {name: beside.shared(one, name) for name, word in words.items() if word}
            halves: Halves = {name: (its if n else None, "") for name, (n, its) in rest.items()}
            return halves | {one: (beside.classes[one][-1][0], "train"), other: (depth, "test")}
    return None


def _beside_unknown(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """A half beside one folder of the same classes, whatever that is called: train and query, learn and test.

    Not valid and invalid, nor train and bus; the others must hold no classes.
    """
    having = [name for name, classes in beside.classes.items() if classes]
    for one, other in (having, having[::-1]) if len(having) == TWO else ():
        word = words[one]
        shared, depth = beside.shared(one, other)
        fewest = min((len(names) for at, names in beside.classes[other] if at == depth), default=0)
        if not bare(one) or shared < max(TWO, min(fewest, len(beside.classes[one][-1][1]))) or word in other:
            continue
        is_train = word in TRAIN_WORDS
        if (is_train and is_vehicle(other)) or (words[other] and part_of(words[other]) == part_of(word)):
            continue
        flat: Halves = {name: (None, "") for name in words if words[name]}
        ends = ("train", "test") if is_train else ("test", "train")
        return flat | {one: (beside.classes[one][-1][0], ends[0]), other: (depth, ends[1])}
    return None


def _beside_unlabelled(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """Of folders called alike the one that holds classes, and no other of them does if it has no half's word."""
    best = _labelled(beside, words)
    worded = [name for name in words if words[name] and name != best]
    if not best or not worded or (not words[best] and any(beside.classes[name] for name in worded)):
        return None
    return dict.fromkeys(worded, (None, "test")) | {best: (beside.classes[best][-1][0], "train")}


def _labelled(beside: Beside, words: Mapping[str, str]) -> str:
    """The first to learn from that holds two classes or more, "" if none does."""
    return next(
        (n for n in _by_word(words, LEARN_FROM) if beside.classes[n] and len(beside.classes[n][-1][1]) >= TWO), ""
    )


def _beside_unsaid(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """The only one that holds classes, to learn from, beside pictures alone: train/CLASS and pred.

    These say that they have no labels, or are one folder beside a plain train: of several each may be a class, and
    beside a bus a train is one.
    """
    having = [name for name, classes in beside.classes.items() if classes]
    if len(having) != 1 or words[having[0]] not in TRAIN_WORDS or not _labelled(beside, {having[0]: words[having[0]]}):
        return None
    best, others = having[0], [name for name in beside.groups if name != having[0]]
    unknown = [name for name in others if not (bare(name) or no_class(name))]
    if len(unknown) > bare(best) or any(map(is_vehicle, others)):
        return None
    return dict.fromkeys(others, (None, "test")) | {best: (beside.classes[best][-1][0], "train")}


def _of_none(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """The pictures of no class that lie beside two classes or more: CLASS and a flat test.

    A flat train is left only where another half is: alone it is the class of trains, as it is beside a bus. Where a
    name holds another's word, as invalid does valid, both are classes.
    """
    trains = any(map(is_vehicle, beside.groups))
    worded = {n for n in words if bare(n) and not (trains and words[n] in TRAIN_WORDS)}
    if any(beside.classes[name] for name in worded) or all(words[name] in TRAIN_WORDS for name in worded):
        return None
    classes = [name for name in beside.groups if name not in worded]
    said = {words[name] for name in worded}
    if len(classes) < TWO or any(word in name for word in said for name in classes):
        return None
    return dict.fromkeys(classes, (beside.at, "train")) | dict.fromkeys(worded, (None, "test"))


def _without_classes(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """Halves alone, two or more: their pictures have no class."""
    best = _labelled(beside, words)
    worded = [name for name in words if words[name] and name != best]
    if len(worded) < TWO:
        return None
    best = best or _by_word(words, LEARN_FROM)[0]
    own = beside.classes[best][-1][0] if beside.classes[best] else None
    return dict.fromkeys(worded, (None, "test")) | {best: (own, "train")}


def _beside_classes(beside: Beside, words: Mapping[str, str]) -> Halves | None:
    """The halves of ROOT/CLASS and ROOT/test/CLASS: the classes themselves are the half to learn from."""
    at, names = beside.at, set(beside.groups)
    found = []
    for name in _by_word(words, TEST_WITH):
        shared, depth = _shared([(at, names)], [(depth, own - {name}) for depth, own in beside.classes[name]])
        found += [(name, depth)] if shared >= TWO else []
    if not found:
        return None
    halves: Halves = dict.fromkeys(beside.groups, (at, "train"))
    return halves | {name: (depth, "") for name, depth in found} | {found[0][0]: (found[0][1], "test")}


def _by_word(words: Mapping[str, str], order: Sequence[str]) -> list[str]:
    """The names with a half's word in `order`, in this order; no more than FEW."""
    return sorted((name for name in words if words[name] in order), key=lambda n: (order.index(words[n]), n))[:FEW]


def _shared(one: Classes, other: Classes) -> tuple[int, int]:
    """How many of a half's classes another one has at most, and at what depth; of equals the least deep ones."""
    pairs = [(len(one[-1][1] & names), depth) for depth, names in other if one]
    return max(pairs, key=lambda pair: pair[0], default=(0, 0))


def halves_of_classes(groups: Groups, at: int) -> Halves | None:
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


def halves_below(groups: Groups, at: int) -> tuple[int, Halves] | None:
    """The depth and halves of A/train/CLASS and B/test/CLASS, and of A and B which hold both.

    All folders lie in halves at this depth, and in each of what wraps them are two or more of the classes of both.
    """
    folders = [folder for own in groups.values() for folder in own]
    for depth in range(at + 1, at + 1 + NEAR) if len(groups) >= TWO else ():
        if not all(len(folder) > depth and half_of(folder[depth]) for folder in folders):
            continue
        joined: Groups = defaultdict(list)
        for folder in folders:
            joined[part_of(half_of(folder[depth]))].append(folder)
        halves = _pair(_beside(joined, depth), {name: name for name in joined}, LEARN_FROM, TWO)
        of = {folder: halves[part_of(half_of(folder[depth]))] for folder in folders} if halves else {}
        named = {f: (f[known], half) for f, (known, half) in of.items() if known is not None and len(f) > known}
        both = set.intersection(*({c for c, own in named.values() if own == half} for half in ("train", "test")))
        wraps = [{named[folder][0] for folder in own if folder in named} for own in groups.values()]
        if halves and all(len(names & both) >= TWO for names in wraps):
            return depth, {folder[depth]: of[folder] for folder in folders}
    return None
