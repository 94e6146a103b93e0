"""The image tray in the sidebar: samples, uploads, camera and drawing; one picture is chosen and kept across pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.base import quote
from core.networks import quoting
from core.pictures.image import SUFFIXES, ImageError, RGBImage, decode, thumbnail
from core.pictures.listing import MAX_PICTURE_BYTES
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLE, SAMPLES, STRETCHED, load_sample
from pages.parts.common import drawing_pad
from pages.parts.common.address import bound
from pages.parts.common.words import note, plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

THUMBNAIL = 320  # px
CHOICE, HELD = "picture", "beside"  # the keys in the session and in the URL
STRETCH = "tray stretch"  # the ids of uploads that are in the tray a second time, stretched
NOTHING = "nothing"


@dataclass(frozen=True)
class Picture:
    """The chosen picture. `sample` is its name among the samples, None for the user's own; `file` the upload's name
    where that is shown stretched."""

    title: str
    credit: str
    image: RGBImage
    sample: str | None
    file: str = ""

    @property
    def source(self) -> str:
        """How a command or a snippet names it; the user's own is a file of its name, wherever that lies."""
        if self.file:
            return STRETCHED + quote.path(self.file)
        return quoting.file(self.title) if self.sample is None else SAMPLE + self.sample


def show() -> None:
    """Lay out the tray and remember the chosen picture for this run."""
    st.subheader("Picture")
    preview = st.empty()
    mine = own_pictures()
    names = [*mine, *(s.name for s in SAMPLES)]
    if st.session_state.get(CHOICE) not in names:
        st.session_state.pop(CHOICE, None)
    chosen = bound(st.selectbox, "Choose from the tray", names, index=names.index(DEFAULT_SAMPLE), key=CHOICE)
    if st.session_state[drawing_pad.OPEN]:
        preview = st.empty()  # above, one of another height would move the pad under the pen
    picture = pick(chosen, mine)
    st.session_state["tray picture"] = picture
    with preview.container():
        show_chosen(picture)
    hold(names, mine)


def show_chosen(picture: Picture) -> None:
    """The picture, what is to be known of it, and what can be done about that."""
    height, width = picture.image.height, picture.image.width
    small(picture, THUMBNAIL, f"{picture.title}, {width} × {height} px. {picture.credit}", "chosen")
    if picture.image.note:
        note(picture.image.note)
    if picture.image.narrow:
        st.button(
            "Stretch it", icon=":material/contrast:", key="tray stretch it", on_click=stretch, args=(picture.title,)
        )
    if min(height, width) < 32:
        note(f"Only the centre {min(height, width)} px square is used, much enlarged: expect little from it.")


def small(picture: Picture, side: int, caption: str, which: str) -> None:
    pixels = thumbnail(picture.image, side).pixels
    st.image(pixels, plain(caption), alt=f"The {which} picture: {picture.title}", output_format="PNG")


def hold(names: list[str], mine: dict[str, RGBImage]) -> None:
    """The second slot: a picture that stays beside the chosen one on every page."""
    if st.session_state.get(HELD) not in (NOTHING, *names):
        st.session_state.pop(HELD, None)
    beside = bound(
        st.selectbox,
        "Held beside it",
        [NOTHING, *names],
        key=HELD,
        help="Every study then shows this picture's answer too, under the chosen one's, with the same settings.",
    )
    st.session_state["tray held"] = None if beside == NOTHING else pick(beside, mine)
    if beside == NOTHING:
        st.button("Hold this picture", icon=":material/push_pin:", key="tray hold", on_click=put_beside)
        return
    picture: Picture = st.session_state["tray held"]
    small(picture, THUMBNAIL // 2, f"Held: {picture.title}", "held")
    with st.container(horizontal=True):
        st.button("Swap", icon=":material/swap_vert:", key="tray swap", on_click=swap)
        st.button("Let go", icon=":material/close:", key="tray let go", on_click=let_go)


def put_beside() -> None:
    st.session_state[HELD] = st.session_state[CHOICE]


def swap() -> None:
    """The held picture becomes the chosen one, and the other way round."""
    st.session_state[CHOICE], st.session_state[HELD] = st.session_state[HELD], st.session_state[CHOICE]


def let_go() -> None:
    st.session_state[HELD] = NOTHING


def held() -> Picture | None:
    """The picture held beside the chosen one in this run; None if there is none, or it is the same."""
    found: Picture | None = st.session_state.get("tray held")
    return None if found is None or found.image.digest == chosen().image.digest else found


def chosen() -> Picture:
    """The tray's chosen picture in this run."""
    picture: Picture = st.session_state["tray picture"]
    return picture


def pick(name: str, mine: dict[str, RGBImage]) -> Picture:
    if name in mine:
        again = name.startswith(STRETCHED) and name not in st.session_state["tray uploads by name"]
        file = name.removeprefix(STRETCHED) if again else ""
        return Picture(name, "Yours; it stays on this machine.", mine[name], None, file)
    sample = next(s for s in SAMPLES if s.name == name)
    return Picture(sample.title, sample.credit, _sample(name), name)


@st.cache_resource(max_entries=len(SAMPLES), show_spinner=False)
def _sample(name: str) -> RGBImage:
    return load_sample(name)


def own_pictures() -> dict[str, RGBImage]:
    """Uploads, the camera's picture and the drawing by name; what cannot be read is said and left out."""
    files = st.file_uploader(
        "Add your own",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        key="tray uploads",
        on_change=choose_newest,
        args=("uploads",),
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
        help="PNG, JPEG, WebP, BMP, TIFF, GIF, AVIF or PPM (first frame), up to 25 megapixels. Nothing leaves this "
        "machine.",
    )
    shot = None
    if st.toggle("Use the camera", key="tray camera on", persist_state="session"):
        shot = st.camera_input(
            "Camera", key="tray camera", on_change=choose_newest, args=("camera",), label_visibility="collapsed"
        )
    pad_help = "A digit, say: with the mouse, a pen or a finger. It stays in the tray until you clear it."
    if st.toggle("Draw a picture", key=drawing_pad.OPEN, persist_state="session", help=pad_help):
        drawing_pad.show(on_change=partial(choose_newest, "drawing"))
    sources = [("uploads", file) for file in files] + ([("camera", shot)] if shot else [])
    kept: dict[tuple[str, bool], RGBImage | ImageError] = st.session_state.setdefault("tray decoded", {})
    ids = {file.file_id for _, file in sources}
    for gone in [key for key in kept if key[0] not in ids]:
        del kept[gone]
    mine: dict[str, RGBImage] = {}
    newest: dict[str, str] = {}
    uploads: dict[str, str] = {}
    for source, file in sources:
        found = decoded(kept, file)
        if isinstance(found, ImageError):
            st.error(plain(f"{file.name}: {found}"), icon=":material/broken_image:")
            continue
        newest[source] = unused(file.name, mine)
        mine[newest[source]] = found
        uploads[newest[source]] = file.file_id
        if file.file_id in st.session_state.get(STRETCH, ()):
            again = decoded(kept, file, stretched=True)
            if isinstance(again, RGBImage):
                mine[STRETCHED + newest[source]] = again
    st.session_state["tray uploads by name"] = uploads
    if drawing := drawing_pad.picture():
        newest["drawing"] = unused("drawing", mine)
        mine[newest["drawing"]] = drawing
    changed = st.session_state.pop("tray changed", None)
    if changed and mine:
        st.session_state[CHOICE] = newest.get(changed, list(mine)[-1])
    return mine


def decoded(
    kept: dict[tuple[str, bool], RGBImage | ImageError], file: UploadedFile, stretched: bool = False
) -> RGBImage | ImageError:
    """An upload's picture, decoded once, or why there is none."""
    key = file.file_id, stretched
    if key not in kept:
        kept[key] = attempt(file.getvalue(), stretched)
    return kept[key]


def attempt(data: bytes, stretched: bool = False) -> RGBImage | ImageError:
    if len(data) > MAX_PICTURE_BYTES:
        most = f"{MAX_PICTURE_BYTES // 10**6} MB"
        return ImageError(f"expected a picture of at most {most}, got {len(data) / 1e6:.0f} MB: make it smaller")
    try:
        return decode(data, stretched)
    except ImageError as error:
        return error


def stretch(name: str) -> None:
    """Put an upload into the tray a second time, from its darkest sample to its brightest, and choose that."""
    file_id = st.session_state["tray uploads by name"][name]
    st.session_state[STRETCH] = {*st.session_state.get(STRETCH, ()), file_id}
    st.session_state[CHOICE] = STRETCHED + name


def unused(name: str, taken: dict[str, RGBImage]) -> str:
    """`name`, numbered if two files share it."""
    number, free = 2, name
    while free in taken:
        number, free = number + 1, f"{name} ({number})"
    return free


def choose_newest(source: str) -> None:
    """Choose what came last from the uploads, the camera or the pad, once it has been read."""
    st.session_state["tray changed"] = source
