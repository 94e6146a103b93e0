"""Ten questions for a class, each with the page and the settings on which it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.pictures.samples import DEFAULT_SAMPLE


@dataclass(frozen=True)
class Exercise:
    """`page` by its file's name, the sample `picture` that it opens with, "" where a page shows none, and what else its
    address asks for; how many `minutes` it takes, and from what `age` on, in years, pupils can answer it.

    The words are in assets/words/<language>/class.md.
    """

    page: str
    minutes: int
    age: int
    settings: Mapping[str, str] = field(default_factory=dict)
    picture: str = DEFAULT_SAMPLE

    @property
    def address(self) -> dict[str, str]:
        return ({"picture": self.picture} if self.picture else {}) | dict(self.settings)


EXERCISES = (
    Exercise("shift_sweep", 5, 13, {"shift-R": "2"}),
    Exercise("shift_sweep", 10, 15, {"shift-boundary": "circular", "shift-R": "4"}),
    Exercise("patch_evidence", 5, 12, picture="coffee"),
    Exercise("patch_evidence", 10, 13, {"patch-family": "photographs", "patch scramble": "true"}),
    Exercise("patch_evidence", 10, 14, {"patch-family": "photographs", "patch masking": "true"}),
    Exercise("sparse_codes", 10, 13, {"sparse-noise": "gaussian"}),
    Exercise("sparse_codes", 5, 14, {"sparse-noise": "none"}),
    Exercise("random_features", 10, 14, picture="coffee"),
    Exercise("spinal_heads", 10, 16, {"spinal-small_cnn-width": "16"}),
    Exercise("claims", 10, 15, picture=""),
)
