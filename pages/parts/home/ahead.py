"""What the first page wants is imported and read while the browser loads Streamlit's front end, on another core."""

from __future__ import annotations

import threading
from contextlib import suppress


def begin() -> None:
    threading.Thread(target=_read, name="ahead", daemon=True).start()


def _read() -> None:
    from core.overview import board
    from pages.parts.common import house  # noqa: F401
    from pages.parts.home import looks, samples  # noqa: F401

    with suppress(Exception):  # the page itself says what is wrong
        board.board()
        samples.items()
