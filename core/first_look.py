"""Results that are packaged with the app, so that a visitor's first page is finished on arrival.

`receptive first-look` writes them; a page uses one only if picture, weights and settings are the very same.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.networks import Card, file_digest
from core.studies.shift_sweep import Params, Result, from_dict
from core.weights import ASSETS

FOLDER = ASSETS / "results" / "first_look"


def key(cards: Sequence[Card], picture: str, params: Params) -> dict[str, Any]:
    """What a packaged result was made from: the picture's digest, each weights file's digest, and the settings."""
    files = [[card.name, file_digest(card.file) if card.file else None] for card in cards]
    return {"picture": picture, "networks": files, "params": asdict(params)}


def find(cards: Sequence[Card], picture: str, params: Params) -> Result | None:
    """The packaged sweep made from exactly this, or None."""
    path = FOLDER / "shift_sweep.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text())
    return from_dict(record["result"]) if record["key"] == key(cards, picture, params) else None
