"""The image tray in the sidebar: samples, uploads, camera and drawing; one picture is chosen and kept across pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from core.base import quote
from core.base.prose import listed, section
from core.figures.palette import photo_uri, uri
from core.networks import quoting
from core.pictures.image import ImageError, RGBImage, decode, thumbnail
from core.pictures.listing import MAX_PICTURE_BYTES
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLE, SAMPLES, STRETCHED, load_sample
from pages.parts.common import drawing_pad, strip
from pages.parts.common.address import bound
from pages.parts.common.words import note, plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator
    from streamlit.runtime.uploaded_file_manager import UploadedFile

THUMBNAIL = 320  # px
HASH = re.compile(r"[0-9a-fA-F]{16,}|(?=\w*\d)\w{28,}")  # as of files that are named by their content
CHOICE, HELD = "picture", "beside"  # the keys in the session and in the URL
STRETCH = "tray stretch"  # the ids of uploads that are in the tray a second time, stretched
NOTHING = "nothing"
MOST_NAMED = 3  # of lost pictures
LACKING, TOLD = "tray lacking", "tray told"  # the keys of names that the address asked for, and of what was said


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
    st.subheader(section("common", "picture"))
    preview, strip_place, box = st.empty(), st.container(), st.container()
    mine = own_pictures()
    names = [*reversed(mine), *(s.name for s in SAMPLES)]  # the newest first
    st.session_state["tray names"] = names
    note_lacking(names)
    if st.session_state.get(CHOICE) not in names:
        st.session_state.pop(CHOICE, None)
    name = bound(box.selectbox, section("common", "choose"), names, index=names.index(DEFAULT_SAMPLE), key=CHOICE)
    if st.session_state[drawing_pad.OPEN]:
        preview = st.empty()  # above, one of another height would move the pad under the pen
    picture = pick(name, mine)
    st.session_state["tray picture"] = picture
    with preview.container():
        show_chosen(picture)
    with strip_place:
        pictures = {one: (found.title, found.image) for one in names for found in [pick(one, mine)]}
        strip.show(pictures, list(mine), name, choose)
    hold(names, mine)


def choose(name: str) -> None:
    st.session_state[CHOICE] = name


def show_chosen(picture: Picture) -> None:
    """The picture, what is to be known of it, and what can be done about that."""
    height, width = picture.image.height, picture.image.width
    alt = section("common", "alt chosen", title=picture.title)
    small(picture, THUMBNAIL, f"{shortened(picture.title)}, {width} × {height} px. {picture.credit}", alt)
    if picture.image.note:
        note(picture.image.note)
    if picture.image.narrow:
        st.button(
            section("common", "stretch"),
            icon=":material/contrast:",
            key="tray stretch it",
            on_click=stretch,
            args=(picture.title,),
        )
    if min(height, width) < 32:
        st.caption(section("common", "small picture", side=min(height, width)))


def small(picture: Picture, side: int, caption: str, alt: str) -> None:
    """Sent with the page: a file of an earlier run may be gone when the browser asks for it."""
    pixels = thumbnail(picture.image, side).pixels
    st.image((uri if max(pixels.shape) < side else photo_uri)(pixels), plain(caption), alt=alt)


def shortened(title: str) -> str:
    """A title whose hashes are cut in their middle: nobody reads them, and its thumbnail stands beside."""
    return HASH.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", title)


def note_lacking(names: list[str]) -> None:
    """Remember what the address asks for and the tray has not: a picture of somebody's own."""
    asked = [name for key in (CHOICE, HELD) if (name := st.query_params.get(key, NOTHING)) not in (NOTHING, *names)]
    if asked:
        st.session_state[LACKING] = list(dict.fromkeys([*st.session_state.get(LACKING, ()), *asked]))


def lacking() -> None:
    """Say which pictures of the reader's own are not here: a link to one does not carry it, a reload loses it."""
    names = st.session_state["tray names"]
    lost = [name for name in strip.lost() if name not in names]
    asked = [name for name in st.session_state.get(LACKING, ()) if name not in names and name not in lost]
    if not (lost or asked) or st.session_state.get(TOLD) == (lost, asked):
        return
    with st.container(key="rx-lacking"):
        if asked:
            said = section("common", "link to own", names=listed([plain(name) for name in asked]))
            st.info(said, icon=":material/image_not_supported:")
        if lost:
            some = ", ".join(lost[:MOST_NAMED]) + (", …" if len(lost) > MOST_NAMED else "")
            said = section("common", "lost", count=len(lost), names=plain(some))
            st.info(said, icon=":material/image_not_supported:")
        st.button(
            section("common", "go on with", title=plain(chosen().title)),
            key="tray go on",
            on_click=st.session_state.update,
            args=({TOLD: (lost, asked)},),
        )


def hold(names: list[str], mine: dict[str, RGBImage]) -> None:
    """The second slot: a picture that stays beside the chosen one on every page."""
    if st.session_state.get(HELD) not in (NOTHING, *names):
        st.session_state.pop(HELD, None)
    beside = bound(
        st.selectbox,
        section("common", "held"),
        [NOTHING, *names],
        key=HELD,
        format_func=lambda name: section("common", "nothing held") if name == NOTHING else name,
        help=section("common", "held help"),
    )
    st.session_state["tray held"] = None if beside == NOTHING else pick(beside, mine)
    if beside == NOTHING:
        label = section("common", "hold")
        st.button(label, icon=":material/push_pin:", key="tray hold", on_click=put_beside)
        return
    picture: Picture = st.session_state["tray held"]
    caption = section("common", "held picture", title=shortened(picture.title))
    small(picture, THUMBNAIL // 2, caption, section("common", "alt held", title=picture.title))
    with st.container(horizontal=True):
        st.button(section("common", "swap"), icon=":material/swap_vert:", key="tray swap", on_click=swap)
        st.button(section("common", "let go"), icon=":material/close:", key="tray let go", on_click=let_go)


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
        return Picture(name, section("common", "yours"), mine[name], None, file)
    sample = next(s for s in SAMPLES if s.name == name)
    return Picture(sample.title, sample.credit, _sample(name), name)


@st.cache_resource(max_entries=len(SAMPLES), show_spinner=False)
def _sample(name: str) -> RGBImage:
    return load_sample(name)


def own_pictures() -> dict[str, RGBImage]:
    """Uploads, the camera's picture and the drawing by name, the newest last; what cannot be read is said and left
    out."""
    sources, refused = brought()
    kept: dict[tuple[str, bool], RGBImage | ImageError] = st.session_state.setdefault("tray decoded", {})
    ids = {file.file_id for _, file in sources}
    before = {file_id for file_id, _ in kept}
    for gone in [key for key in kept if key[0] not in ids]:
        del kept[gone]
    mine: dict[str, RGBImage] = {}
    newest: dict[str, str] = {}
    uploads: dict[str, str] = {}
    for source, file in sources:
        found = decoded(kept, file)
        if isinstance(found, ImageError):
            refused.error(plain(f"{shortened(file.name)}: {found}"), icon=":material/broken_image:")
            continue
        name = unused(file.name, mine)
        mine[name] = found
        uploads[name] = file.file_id
        if file.file_id not in before:
            newest[source] = name
        if file.file_id in st.session_state.get(STRETCH, ()):
            again = decoded(kept, file, stretched=True)
            if isinstance(again, RGBImage):
                mine[STRETCHED + name] = again
    st.session_state["tray uploads by name"] = uploads
    if drawing := drawing_pad.picture():
        newest["drawing"] = unused("drawing", mine)
        mine[newest["drawing"]] = drawing
    changed = st.session_state.pop("tray changed", None)
    if changed in newest:
        st.session_state[CHOICE] = newest[changed]
    elif changed and mine and st.session_state.get(CHOICE) not in (*mine, *(s.name for s in SAMPLES)):
        st.session_state[CHOICE] = list(mine)[-1]  # the chosen one was taken away
    return mine


def brought() -> tuple[list[tuple[str, UploadedFile]], DeltaGenerator]:
    """The files of the uploader and the camera, the newest last, each with where it came from; the place to say of one
    what is wrong with it. Below them the pad."""
    files = st.file_uploader(  # of every kind: what is no picture gets our remedy, not the widget's refusal
        section("common", "add"),
        accept_multiple_files=True,
        key="tray uploads",
        on_change=choose_newest,
        args=("uploads",),
        max_upload_size=MAX_PICTURE_BYTES // 10**6,
        help=section("common", "add help"),
    )
    refused, shot = st.container(), None
    if st.toggle(section("common", "camera"), key="tray camera on", persist_state="session"):
        label = section("common", "camera label")
        shot = st.camera_input(
            label, key="tray camera", on_change=choose_newest, args=("camera",), label_visibility="collapsed"
        )
    pad_help = section("common", "draw help")
    if st.toggle(section("common", "draw"), key=drawing_pad.OPEN, persist_state="session", help=pad_help):
        drawing_pad.show(on_change=partial(choose_newest, "drawing"))
    return [("uploads", file) for file in files] + ([("camera", shot)] if shot else []), refused


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
