"""Whether networks that a claim compares were trained alike, as their files say."""

from __future__ import annotations

from core.networks import lite, packaged, weights
from core.networks.card import title_of

FIRST = "bfloat16"  # in which networks were trained before their files told


def unlike(*names: str) -> str:
    """How packaged networks were not trained alike, as the end of what a row says: '; not trained alike: for 24 and 18
    epochs, in this order'; "" where they were. Copies of lite0 are told from lite0 itself, which taught them."""
    taught = [title_of(name) for name in names if lite.is_family(name) and name != lite.NAME]
    if lite.NAME in names and taught:
        return f"; not trained alike: {', '.join(taught)} learned to answer as lite0 does"
    files = [weights.read_metadata(weights.packaged()[name]) if name in packaged.cards() else {} for name in names]
    epochs = _apart(*(about.get("epochs", "?") for about in files))
    precisions = _apart(*(about.get("precision", FIRST) if about else "?" for about in files))
    told = [f"for {epochs} epochs"] if epochs else []
    told += [f"in {precisions}"] if precisions else []
    return f"; not trained alike: {', '.join(told)}, in this order" if told else ""


def _apart(*values: str) -> str:
    """'24 and 18', or "" where all are the same."""
    return f"{', '.join(values[:-1])} and {values[-1]}" if len(set(values)) > 1 else ""
