"""What a study is to the rest of the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "int", "float", "bool", "vector"]


Columns = tuple[tuple[str, Kind], ...]


Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """One room of the house: `slug` names its file here, its page and its terminal command."""

    slug: str
    title: str
    question: str
    paper: str
    link: str
    icon: str
