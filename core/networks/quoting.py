"""Commands and Python lines that are shown to be copied, quoted in one place: a name in them is a name and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from core.base.quote import literal, path
from core.networks.own_options import ASIS, Opened

# how a word of another kind begins
NO_FILE = ("-", "~", "sample:", "stretched:", "torchvision:", "timm:", "plugin:", "untrained:", "user:")
NONE: Mapping[str, Opened] = MappingProxyType({})
USER = "user:"  # how the name of a network that the reader opened from a file begins


class Apart(ValueError):
    """No one command says what there is to say of several weights files."""


def file(name: str) -> str:
    """The word for a file of this name, whatever it looks like: a file `sample:cat` is ./sample:cat, and one that has
    no suffix, as networks have none, is ./photo_resnet."""
    return f"./{name}" if name.lower().startswith(NO_FILE) or "." not in name else name


def model(name: str) -> str:
    """The word for a network: its name, or for one that the reader opened from a file that file's."""
    return file(name.removeprefix(USER)) if name.startswith(USER) else path(name)


def models(names: Sequence[str], opened: Mapping[str, Opened] = NONE) -> list[str]:
    """An option --model for each network, and what was said of those that were `opened`, by name, from a file.

    Raises Apart where that is not the same of all of them.
    """
    files = [opened[name] for name in names if name in opened]
    said = list(dict.fromkeys(one.options for one in files))
    if len(said) > 1:
        raise Apart(f"expected weights files opened alike, got {len(said)} ways: use the lines of Python")
    words = [word for name in names for word in ("--model", opened[name].word if name in opened else model(name))]
    return [*words, *(said[0].said if said else ())]


def loading(names: Sequence[str], opened: Mapping[str, Opened] = NONE) -> tuple[str, str]:
    """Python lines that load networks as `nets`: the import, and the assignment."""
    imports = "from core.networks import open_network"
    if all(opened[name].options == ASIS for name in names if name in opened):
        words = literal([opened[name].word if name in opened else model(name) for name in names])
        return imports, f"nets = [open_network(name) for name in {words}]"
    calls = []
    for name in names:
        how = opened.get(name, Opened(model(name)))
        calls.append(f"open_network({literal(how.word)}{f', {how.options!r}' if how.options != ASIS else ''})")
    return f"{imports}\nfrom core.networks.own_options import FileOptions", f"nets = [{', '.join(calls)}]"
