"""The command and the lines of Python that make a study's result again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.base import quote, settings
from core.networks import quoting
from core.networks.own_options import Opened
from core.pictures.samples import opening


def command(
    word: str, params: Any, source: str, models: Sequence[str], opened: Mapping[str, Opened], *more: str
) -> str:  # fmt: skip
    """What a terminal asks of the picture `source` and these networks, with the weights files `opened`.

    Raises quoting.Apart.
    """
    asked = [quote.path(source), *quoting.models(models, opened), *settings.words(params)]
    return quote.command("receptive", word, *asked, "--json", "out.json", *more)


def snippet(
    room: str,
    module: str,
    params: Any,
    source: str,
    models: Sequence[str],
    opened: Mapping[str, Opened],
    shown: str = "",
) -> str:
    """Python lines that make the hero figure again from `core`, as `fig`; `shown`: what it takes beside the result."""
    (imports, image), (more, nets) = opening(source), quoting.loading(models, opened)
    lines = [
        imports,
        more,
        f"from core.studies import {room}",
        f"from core.studies.{room} import {module}",
        "",
        image,
        nets,
        f"params = {module}.{quote.literal(params)}",
        f"result = {module}.run(nets, image, params)",
        f"fig = {room}.figure(result{shown})",
        "fig.show()",
    ]
    return "\n".join(lines)


def data_snippet(module: str, params: Any, dataset: str, side: int, title: str) -> str:
    """Python lines that make the result of a study of a data set again; `title`: how they call its pictures."""
    lines = [
        "from core.data import open_data",
        f"from {module} import Params, finding, run",
        "",
        f"data = open_data({quote.literal(dataset)}, None, size={side})",
        f"result = run({title}, data.train, data.test, {quote.literal(params)})",
        "print(finding(result))",
    ]
    return "\n".join(lines)
