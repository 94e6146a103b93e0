"""What can be set: the fields of a study's Params, each with the words, limits and choices that pages, commands and the
check of a value read there."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection
from typing import Any

from core.base.refuse import Limits, within


@dataclasses.dataclass(frozen=True)
class Setting:
    """`help`: what it is; `limits`, counted in `unit` (core.base.refuse.within), or `choices`: what it may be.

    `option`: how a command writes it, by default --its-name; `is_class`: a command takes a class's label or its index;
    `read` makes fields of a command's word, and `write` the word of the Params, "" for none.
    """

    help: str = ""
    limits: Limits | None = None
    unit: str = ""
    choices: Collection[object] = ()
    option: str = ""
    is_class: bool = False
    read: Callable[[str], dict[str, Any]] | None = None
    write: Callable[[Any], str] | None = None


def setting(default: Any, help: str = "", **about: Any) -> Any:
    """The default of a field of Params, with what there is to know of it (Setting)."""
    return dataclasses.field(default=default, metadata={"setting": Setting(help, **about)})


def settings(params: Any) -> dict[dataclasses.Field[Any], Setting]:
    """The fields of Params, or of their class, that a command can set."""
    return {field: field.metadata["setting"] for field in dataclasses.fields(params) if "setting" in field.metadata}


def check(params: Any) -> None:
    """Raises ValueError at the first setting outside of its limits or choices; None is always one."""
    for field, about in settings(params).items():
        value = getattr(params, field.name)
        if about.limits and value is not None:
            within((about.unit or field.name, value, about.limits))
        if about.choices and value not in about.choices:
            article = "an" if field.name[0] in "aeiou" else "a"
            known = ", ".join(map(str, about.choices))
            raise ValueError(f"expected {article} {field.name} of {known}, got {value!r}: choose one of them")


def option(field: dataclasses.Field[Any], about: Setting) -> str:
    """How a command writes a setting."""
    return about.option or "--" + field.name.replace("_", "-")


def kind(field: dataclasses.Field[Any]) -> type[int] | type[float] | type[str]:
    """What a field's word is read as."""
    names = set(re.findall(r"\w+", str(field.type)))
    return int if "int" in names else float if "float" in names else str


def words(params: Any) -> list[str]:
    """The options of a command that set the same; what is None needs none."""
    found = []
    for field, about in settings(params).items():
        value = getattr(params, field.name)
        said = about.write(params) if about.write else f"{value:g}" if isinstance(value, float) else str(value)
        found += [option(field, about), said] if said and value is not None else []
    return found
