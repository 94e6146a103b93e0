"""The image tray in the sidebar: samples, uploads and camera; one picture is chosen and kept across pages."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.image import ImageError, RGBImage, decode, thumbnail
from core.samples import DEFAULT_SAMPLE, SAMPLES, load_sample

FORMATS = ["png", "jpg", "jpeg", "webp", "bmp", "tif", "tiff", "gif"]
THUMBNAIL = 320  # px
CHOICE = "picture"  # the key in the session and in the URL


@dataclass(frozen=True)
class Picture:
    """The chosen picture. `sample` is its name among the samples, None for the user's own."""

    title: str
    credit: str
    image: RGBImage
    sample: str | None


def show() -> None:
    """Lay out the tray and remember the chosen picture for this run."""
    st.subheader("Picture")
    preview = st.empty()
    mine = own_pictures()
    names = [*mine, *(s.name for s in SAMPLES)]
    if st.session_state.get(CHOICE) not in names:
        st.session_state.pop(CHOICE, None)
    chosen = st.selectbox(
        "Choose from the tray",
        names,
        index=names.index(DEFAULT_SAMPLE),
        key=CHOICE,
        bind="query-params",
    )
    picture = pick(chosen, mine)
    st.session_state["tray picture"] = picture
    height, width = picture.image.height, picture.image.width
    preview.image(
        thumbnail(picture.image, THUMBNAIL).pixels,
        caption=f"{picture.title}, {width} × {height} px. {picture.credit}",
        alt=f"The chosen picture: {picture.title}",
        output_format="PNG",
    )
    if min(height, width) < 32:
        st.caption(f"Only the centre {min(height, width)} px square is used, much enlarged: expect little from it.")


def chosen() -> Picture:
    """The tray's chosen picture in this run."""
    picture: Picture = st.session_state["tray picture"]
    return picture


def pick(name: str, mine: dict[str, RGBImage]) -> Picture:
    if name in mine:
        return Picture(name, "Yours; it stays on this machine.", mine[name], None)
    sample = next(s for s in SAMPLES if s.name == name)
    return Picture(sample.title, sample.credit, _sample(name), name)


@st.cache_resource(max_entries=len(SAMPLES), show_spinner=False)
def _sample(name: str) -> RGBImage:
    return load_sample(name)


def own_pictures() -> dict[str, RGBImage]:
    """Uploads and the camera's picture by name; what cannot be read is said and left out."""
    files = st.file_uploader(
        "Add your own",
        FORMATS,
        accept_multiple_files=True,
        key="tray uploads",
        on_change=choose_newest,
        help="PNG, JPEG, WebP, BMP, TIFF or GIF (first frame), up to 25 megapixels. Nothing leaves this machine.",
    )
    if st.toggle("Use the camera", key="tray camera on", persist_state="session"):
        shot = st.camera_input("Camera", key="tray camera", on_change=choose_newest, label_visibility="collapsed")
        files = [*files, shot] if shot else files
    kept: dict[str, RGBImage | ImageError] = st.session_state.setdefault("tray decoded", {})
    for gone in kept.keys() - {file.file_id for file in files}:
        del kept[gone]
    mine: dict[str, RGBImage] = {}
    for file in files:
        if file.file_id not in kept:
            kept[file.file_id] = attempt(file.getvalue())
        found = kept[file.file_id]
        if isinstance(found, ImageError):
            st.error(f"{file.name}: {found}", icon=":material/broken_image:")
        else:
            mine[unused(file.name, mine)] = found
    if st.session_state.pop("tray newest", False) and mine:
        st.session_state[CHOICE] = list(mine)[-1]
    return mine


def attempt(data: bytes) -> RGBImage | ImageError:
    try:
        return decode(data)
    except ImageError as error:
        return error


def unused(name: str, taken: dict[str, RGBImage]) -> str:
    """`name`, numbered if two files share it."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} ({number})"
    return free


def choose_newest() -> None:
    st.session_state["tray newest"] = True
