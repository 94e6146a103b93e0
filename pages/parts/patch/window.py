"""A window as large as a patch, to drag over the photo: what that patch alone says. Every number is there already."""

from __future__ import annotations

import numpy as np

from core.base.prose import section
from core.cache import Call
from core.networks.card import Network
from core.studies.patch import evidence, wipe
from core.studies.patch.evidence import Map
from pages.parts.common import player, waiting
from pages.parts.patch.choose import Scene

_window = player.component("receptive_patch_window", __file__, '<div class="window"></div>')


def show(scene: Scene, network: Network) -> None:
    """Asks `network`, one of the scene's, for its own grid if nobody has; the page does not wait for it."""
    waiting.later(
        Call(evidence.coarse, network, scene.pixels),
        section("patch_evidence", "asking", count=1),
        lambda found: draw(found, scene, network, scene.pixels),
    )


def draw(found: Map, scene: Scene, network: Network, pixels: np.ndarray) -> None:
    asked = wipe.window(found, scene.labels, network, pixels)
    words = {
        "title": section("patch_evidence", "window", title=network.card.title),
        "alone": section("patch_evidence", "window alone"),
        "photo": section("patch_evidence", "window photo"),
    }
    more = {
        "photo": wipe.photo(scene.picture.image),
        "target": scene.labels[scene.target],
        "words": words,
        "player": player.words(section("patch_evidence", "window place")),
    }
    _window(key="patch-window", data=asked | more)
