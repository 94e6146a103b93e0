"""Ten questions for a class, each with the page and the settings on which it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exercise:
    """`page` by its file's name, and what its address asks for; the words are in assets/words/<language>/class.md."""

    page: str
    settings: Mapping[str, str] = field(default_factory=dict)


EXERCISES = (
    Exercise("shift_sweep", {"shift-R": "2"}),
    Exercise("shift_sweep", {"shift-boundary": "circular", "shift-R": "4"}),
    Exercise("patch_evidence", {"picture": "coffee"}),
    Exercise("patch_evidence", {"patch-family": "photographs", "patch scramble": "true"}),
    Exercise("patch_evidence", {"patch-family": "photographs", "patch masking": "true"}),
    Exercise("sparse_codes", {"sparse-noise": "gaussian"}),
    Exercise("sparse_codes", {"sparse-noise": "none"}),
    Exercise("random_features", {"picture": "coffee"}),
    Exercise("spinal_heads", {"spinal-small_cnn-width": "16"}),
    Exercise("claims"),
)
