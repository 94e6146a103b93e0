"""What a setting may be: one sentence for whatever lies outside."""

from __future__ import annotations

MAX_UPLOAD_MB = 300  # of a file that a page takes, .streamlit/config.toml says the same; a ResNet-152 has 241
Limits = tuple[int, int]  # the smallest and the largest
SEEDS = (0, 2**32 - 1)
SIZE_LIMITS = (1, 1_024)  # px a side, to which the reader's pictures are scaled
LARGEST = 1e12  # level of noise, and price of a code: float32 holds its square


def within(*settings: tuple[str, int, Limits]) -> None:
    """Raises ValueError at the first (name, value, limits) whose value lies outside of them.

    A name is what is counted, "seeds", or holds {} where the limits stand: "a largest shift of {} px".
    """
    for name, value, (low, high) in settings:
        if not low <= value <= high:
            said = (name if "{}" in name else f"{{}} {name}").format(f"{low:,} to {high:,}")
            raise ValueError(f"expected {said}, got {value:,}: choose one of them")


class DataError(ValueError):
    """A data set that cannot be read: what was expected, what came, what to do."""
