"""A folder or zip of the reader's own pictures, chosen on a page; nothing of it is copied or sent."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import streamlit as st

from core.datasets import DataError, Found, find_pictures


def choose(key: str) -> tuple[list[Found], str] | None:
    """The chosen pictures and a digest that tells this choice from others; None while there is none."""
    left, right = st.columns(2)
    path = left.text_input("Folder", key=f"{key} folder", placeholder="/home/me/pictures")
    archive = right.file_uploader("or a zip", ["zip"], key=f"{key} zip")
    source = archive.getvalue() if archive else Path(path).expanduser() if path else None
    if source is None:
        return None
    try:
        found = find_pictures(source)
    except DataError as error:
        st.error(str(error), icon=":material/folder_off:")
        return None
    about = source if isinstance(source, bytes) else repr([path, *((f.name, f.size) for f in found)]).encode()
    return found, sha256(about).hexdigest()
