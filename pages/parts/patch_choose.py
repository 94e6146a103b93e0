"""The patch evidence page's controls: whose BagNets, which class, against which, and how the maps are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from core.networks import Network
from pages.parts.tray import Picture


@dataclass(frozen=True, eq=False)
class Scene:
    """What the reader looks at. `bagnets`, one or more, rise in patch size and share labels; `baseline` is the
    residual network of their family, None if it is not on this machine. The networks see the whole picture with a
    short side of `short` px (core.preprocess.whole); `target` is the class whose evidence is asked for.
    """

    bagnets: tuple[Network, ...]
    baseline: Network | None
    picture: Picture
    short: int
    target: int

    @property
    def labels(self) -> tuple[str, ...]:
        return self.bagnets[0].labels
