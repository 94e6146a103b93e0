"""What one picture's row says, study by study: numbers that one picture, one network and the settings decide alone.

Nothing here depends on the pictures beside it, which is what lets a batch be cut up in any way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import Field, fields, replace
from typing import Any

from core.base import settings as settings_of
from core.data.sets import TINY20
from core.pictures.listing import folded
from core.studies import STUDIES
from core.studies.study import ANSWER, Columns, Table

WHO: Columns = (
    *(("picture", "text"), ("folder", "text"), ("digest", "text")),
    *(("network", "text"), ("network_digest", "text")),
)
RIGHT: Columns = (("right", "bool"),)


def table(study: str) -> Table:
    """What a batch writes of a study, by its word in a terminal. Raises ValueError that lists the studies."""
    for known in STUDIES:
        if known.word == study:
            return known.table
    raise ValueError(f"expected a study of {', '.join(s.word for s in STUDIES)}, got {study!r}: choose one of them")


def columns(study: str) -> Columns:
    """The names and kinds of a row's values, in their order; where a study answers, whether it is right stands last."""
    own = table(study).columns
    return (*WHO, *own, *(RIGHT if ANSWER[0] in own else ()))


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
    known = {field.name: field for field in fields(defaults)}
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or name not in known or name in found:
            said = f"twice {name}" if name in found else repr(word)
            listed = f"one of {', '.join(known)} as field=value" if known else f"no settings for {study}"
            raise ValueError(f"expected {listed}, got {said}: write --set like that")
        found[name] = typed(known[name], text)
    return replace(defaults, **found)


def typed(field: Field[Any], text: str) -> int | float | str | None:
    """The value of a field. Raises ValueError for one of another type."""
    if str(field.type).endswith("| None") and text.lower() == "none":
        return None
    kind = settings_of.kind(field)
    try:
        return kind(text)
    except ValueError as error:
        wanted, name = "a whole number" if kind is int else "a number", field.name
        raise ValueError(f"expected {wanted} for {name}, got {text!r}: write it like --set {name}=1") from error
