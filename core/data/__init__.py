"""The door to labelled pictures: a name, a folder, a zip or a public data set."""

from __future__ import annotations

from pathlib import Path

from core.base.files import at_home
from core.base.refuse import SIZE_LIMITS, DataError, within
from core.base.worker import Progress, ignore
from core.data import public
from core.data.named import both
from core.data.own import read
from core.data.sets import DATASETS, TORCHVISION
from core.data.split import Pictures
from core.pictures.files import list_pictures


def open_data(name: str, root: Path | None, size: int, progress: Progress = ignore) -> Pictures:
    """A data set in DATASETS, torchvision:NAME (as squares of `size` px), or the reader's own folder or zip.

    `root` is where the named ones lie; what is not on this machine is downloaded. Raises DataError with what to do, and
    ValueError for a size outside of SIZE_LIMITS.
    """
    within(("px a side", size, SIZE_LIMITS))
    if name in DATASETS:
        return both(name, root, progress)
    if name.lower().startswith(TORCHVISION):
        return public.load(name, size, root, progress)
    path = at_home(name)
    if not path.exists():
        known = f"{', '.join(DATASETS)}, {TORCHVISION}NAME"
        raise DataError(f"expected one of {known}, or a folder or zip of your own pictures, got {name!r}")
    return read(list_pictures(path), size, path.stem, progress)
