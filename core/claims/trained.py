"""Whether networks that a claim compares were trained alike, as their files say."""

from __future__ import annotations

from core.networks import packaged, weights


def unlike(*names: str) -> str:
    """How packaged networks were not trained alike, as the end of what a row says: '; not trained alike: for 24 and 18
    epochs, in this order'; "" where they were."""
    epochs = [
        weights.read_metadata(weights.packaged()[name])["epochs"] if name in packaged.cards() else "?" for name in names
    ]
    told = f"{', '.join(epochs[:-1])} and {epochs[-1]}"
    return "" if len(set(epochs)) == 1 else f"; not trained alike: for {told} epochs, in this order"
