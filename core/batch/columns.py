"""What one picture's row says, study by study: numbers that one picture, one network and the settings decide alone.

Nothing here depends on the pictures beside it, which is what lets a batch be cut up in any way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from core.data.sets import TINY20
from core.networks import families
from core.pictures.listing import folded
from core.studies.patch import evidence
from core.studies.patch.row import patch_row
from core.studies.random.row import RANDOM, FeatureParams, feature_row
from core.studies.shift import sweep
from core.studies.shift.row import shift_row
from core.studies.sparse import codes
from core.studies.sparse.row import sparse_row
from core.studies.spinal.row import NoParams, head_row
from core.studies.study import Columns, Row

if TYPE_CHECKING:
    from core.pictures.image import RGBImage


@dataclass(frozen=True)
class Table:
    """A study in a batch: its settings and networks by default, the columns of its own, and what fills them.

    `row(network, image, params)` gives a value for each of `columns`.
    """

    params: Any
    models: tuple[str, ...]
    columns: Columns
    row: Callable[[Any, RGBImage, Any], Row]


ANSWER: Columns = (("label", "text"), ("probability", "float"))
WHO: Columns = (
    *(("picture", "text"), ("folder", "text"), ("digest", "text")),
    *(("network", "text"), ("network_digest", "text")),
)
TABLES: dict[str, Table] = {
    "shift-sweep": Table(
        sweep.Params(),
        families.DEFAULT_NETWORKS,
        (
            *ANSWER,
            *(("shifts", "int"), ("consistency", "float"), ("flips", "int"), ("target", "text")),
            *(("lowest", "float"), ("lowest_dy", "int"), ("lowest_dx", "int"), ("right", "bool")),
        ),
        shift_row,
    ),
    "patch-evidence": Table(
        evidence.Params(resolution="coarse"),  # a map around every pixel costs 64 times as much
        families.DEFAULT_BAGNETS,
        (
            *ANSWER,
            *(("target", "text"), ("logit", "float"), ("patches", "int")),
            *(("patch_row", "int"), ("patch_column", "int"), ("patch_logit", "float")),
            *(("height", "int"), ("width", "int"), ("right", "bool")),
        ),
        patch_row,
    ),
    "sparse-codes": Table(
        codes.Params(noise="none"),
        families.DEFAULT_SDNETS[:1],
        (*ANSWER, ("nonzero", "float"), ("psnr", "float"), ("residual", "float"), ("right", "bool")),
        sparse_row,
    ),
    "random-features": Table(
        FeatureParams(),
        (RANDOM,),
        (
            *(("k", "int"), ("kernel", "int"), ("depth", "int"), ("seed", "int"), ("size", "int")),
            ("features", "vector"),
        ),
        feature_row,
    ),
    "spinal-heads": Table(
        NoParams(),
        tuple(families.HEADED.values()),
        (("head", "text"), *ANSWER, ("right", "bool")),
        head_row,
    ),
}


def table(study: str) -> Table:
    """Raises ValueError that lists the studies."""
    if study not in TABLES:
        raise ValueError(f"expected a study of {', '.join(TABLES)}, got {study!r}: choose one of them")
    return TABLES[study]


def columns(study: str) -> Columns:
    """The names and kinds of a row's values, in their order."""
    return (*WHO, *table(study).columns)


def is_right(label: str, folder: str, labels: Sequence[str]) -> bool | None:
    """Whether an answer is the name of the picture's folder, case and normal form aside; None where that is no class.

    A folder may have the WordNet id of one of the twenty kinds of photographs.
    """
    name = folded(TINY20.get(folder, folder))
    return folded(label) == name if name in map(folded, labels) else None


def settings(study: str, words: Sequence[str]) -> Any:
    """The study's Params with each 'field=value' of `words`, read as the field's type ('none' where it may be None).

    Raises ValueError that lists the fields, and the Params' own for a value that does not exist.
    """
    defaults = table(study).params
    known = {field.name: str(field.type) for field in fields(defaults)}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known or name in found:
            said = f"twice {name}" if name in found else repr(word)
            listed = f"one of {', '.join(known)} as field=value" if known else f"no settings for {study}"
            raise ValueError(f"expected {listed}, got {said}: write --set like that")
        found[name] = typed(name, known[name], text)
    return replace(defaults, **found)


def typed(name: str, annotation: str, text: str) -> int | float | str | None:
    """The value of a field whose type is written as `annotation`. Raises ValueError for one of another type."""
    kinds = set(re.findall(r"\w+", annotation))
    if "None" in kinds and text.lower() == "none":
        return None
    number: Callable[[str], int | float] | None = int if "int" in kinds else float if "float" in kinds else None
    if number is None:
        return text
    try:
        return number(text)
    except ValueError as error:
        wanted = "a whole number" if number is int else "a number"
        raise ValueError(f"expected {wanted} for {name}, got {text!r}: write it like --set {name}=1") from error
