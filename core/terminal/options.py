"""Options made of what is to be set, each described where it belongs: a study's settings, and what is one of many."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from core.base import settings
from core.terminal.say import class_index

Group = tuple[list[inspect.Parameter], Callable[[dict[str, Any]], Any]]


def parameter(name: str, kind: Any, about: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """An option or argument (`about`: typer's) of a command; without a default it must be given."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, about])


def one(name: str, kind: Any, about: Any, default: Any = inspect.Parameter.empty) -> Group:
    """A single `parameter`, read as it is."""
    return [parameter(name, kind, about, default)], lambda given: given[name]


def nothing(value: Any) -> Group:
    """No option at all: always that value."""
    return [], lambda given: value


def of(defaults: Any) -> Group:
    """An option for each setting of `defaults`, a study's Params. What reads them gives a function: the Params, of the
    labels of the networks asked, () where no setting is a class. It raises ValueError as Params does."""
    known = settings.settings(defaults)
    own = []
    for field, about in known.items():
        value, kind = getattr(defaults, field.name), settings.kind(field)
        if about.write:
            value, kind = about.write(defaults) or "none", str
        elif about.is_class:
            value, kind = "", str
        kind = kind | None if value is None else kind  # type: ignore[assignment]
        own.append(parameter(field.name, kind, typer.Option(settings.option(field, about), help=about.help), value))

    def read(given: dict[str, Any]) -> Callable[[Sequence[str]], Any]:
        def params(labels: Sequence[str] = ()) -> Any:
            found: dict[str, Any] = {}
            for field, about in known.items():
                value = given[field.name]
                if about.read:
                    found |= about.read(value)
                else:
                    found[field.name] = class_index(value, tuple(labels)) if about.is_class else value
            return dataclasses.replace(defaults, **found)

        return params

    return own, read


def taking(command: Callable[..., None], **groups: Group) -> Callable[..., None]:
    """The command with the options of a group in place of its parameter of that name, and what reads them fills it."""

    @functools.wraps(command)
    def filled(**given: Any) -> None:
        found = {name: read({p.name: given.pop(p.name) for p in own}) for name, (own, read) in groups.items()}
        command(**given, **found)

    every: list[inspect.Parameter] = []
    for p in inspect.signature(command, eval_str=True).parameters.values():
        every += groups[p.name][0] if p.name in groups else [p.replace(kind=inspect.Parameter.KEYWORD_ONLY)]
    filled.__signature__ = inspect.Signature(every)  # type: ignore[attr-defined]
    filled.__annotations__ = {p.name: p.annotation for p in every}
    return filled
