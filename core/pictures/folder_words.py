"""What the name of a folder says in a data set: which half, that there are pictures, or that these have no labels."""

from __future__ import annotations

import re
from functools import lru_cache

TRAIN_WORDS = (
    *("train", "training", "trn", "trainval"),
    *("entrenamiento", "apprentissage", "entrainement", "entraînement", "treinamento", "treino", "addestramento"),
)
TEST_WORDS = ("test", "testing", "tst", "holdout", "heldout", "prueba", "pruebas", "teste")
VAL_WORDS = (
    *("val", "valid", "validation", "validate", "vld", "dev", "devel", "development", "eval", "evaluation"),
    *("validierung", "validación", "validacion", "validação", "validacao", "validazione"),
)
# the longest first: a word within a name is as long as can be
WORDS = "|".join(sorted((*TRAIN_WORDS, *TEST_WORDS, *VAL_WORDS), key=len, reverse=True))
PICTURES = (
    "data|set|image|img|picture|pic|photo|sample|file|split|subset|folder|part|public|private|jpg|jpeg|png|"
    "s?daten|s?bilder|dato|donnée|donnee|imagen|imagene"
)
PLAIN = rf"(?:(?:{PICTURES})s?)"
PLAIN_NAME = re.compile(rf"{PLAIN}+")
HALF = re.compile(rf"{PLAIN}*({WORDS}){PLAIN}*")  # test, testset, imgtrain
WITHIN = re.compile(WORDS)
IN_ONE = re.compile(r"(hold|held|train)[^a-z0-9]+(?=out|val)")  # hold-out, train_val
TOKENS = re.compile(r"[^\W\d_]+|\d+")
UNLABELLED = re.compile(
    r"unlabell?ed|nolabels?|unannotated|unknowns?|unseen|preds?|predict|predictions?|inference|submissions?|extras?|"
    r"demo|new|misc"
)
VEHICLES = re.compile(  # beside which a train is one
    r"(?:ambulance|(?:aero|air)?plane|aircraft|auto|automobile|bicycle|bike|boat|bus|car|coach|ferry|helicopter|jeep|"
    r"lorry|metro|moped|motor(?:bike|cycle)|rickshaw|scooter|ship|subway|taxi|tractor|tram|truck|van|vehicle|yacht)"
    r"(?:e?s)?|lorries|ferries|taxies"
)
LONGEST = 60  # letters of a half's name


@lru_cache(maxsize=10_000)
def meaning(name: str, within: bool = False) -> tuple[str, str]:
    """The half's word in a folder's folded name, and what else it says: seg_train is ("train", "seg").

    Words that say nothing (set, data, images, ...) are dropped; the half's is "" where there is none, or several.
    `within`: it may be part of another word, trainA is ("train", "a").
    """
    if len(name) > LONGEST:
        return "", name
    tokens = TOKENS.findall(IN_ONE.sub(r"\1", name))
    words, rest = [], []
    if within and not any(map(HALF.fullmatch, tokens)):
        tokens = WITHIN.sub(r" \g<0> ", " ".join(tokens)).split()
    for token in tokens:
        if match := HALF.fullmatch(token):
            words.append(match[1])
        elif not PLAIN_NAME.fullmatch(token):
            rest.append(token)
    return (words[0], " ".join(rest)) if len(words) == 1 else ("", name if words else " ".join(rest))


def half_of(name: str) -> str:
    """The half's word in a folder's folded name, "" where there is none."""
    return meaning(name)[0]


def part_of(word: str) -> str:
    """Which of the three parts that a set may have a half's word names: "train", "test" or "val"."""
    return next(words[0] for words in (TRAIN_WORDS, TEST_WORDS, VAL_WORDS) if word in words)


def bare(name: str) -> bool:
    """Whether a folded name says a half, and at most a number or that it has no labels besides."""
    word, rest = meaning(name)
    return word != "" and all(token.isdigit() or UNLABELLED.fullmatch(token) for token in rest.split())


def ends_as_half(name: str) -> bool:
    """Whether a folded name says its half last: seg_train, seg_train_images_2; no train station."""
    tokens = [t for t in TOKENS.findall(name) if not (t.isdigit() or PLAIN_NAME.fullmatch(t))]
    return half_of(name) != "" and HALF.fullmatch(tokens[-1]) is not None


@lru_cache(maxsize=10_000)
def is_plain(name: str) -> bool:
    """Whether a folded name says only that there are pictures: images, data."""
    return len(name) <= LONGEST and PLAIN_NAME.fullmatch(name) is not None


def no_class(name: str) -> bool:
    """Whether a folded name says only that there are pictures, or that these have no labels: images, pred."""
    word, rest = meaning(name)
    return not (word or name.isdigit()) and all(t.isdigit() or UNLABELLED.fullmatch(t) for t in rest.split())


def is_vehicle(name: str) -> bool:
    """Whether a folded name is that of a vehicle, beside which "train" may be the class of trains."""
    return any(map(VEHICLES.fullmatch, TOKENS.findall(name)))
