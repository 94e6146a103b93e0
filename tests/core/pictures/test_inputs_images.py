"""The pictures of `../shared/inputs` come as its README says; `make_inputs.py` there makes them."""

import importlib.util
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from core.pictures.files import list_pictures, open_pictures
from core.pictures.image import RGBImage, decode
from tests.helpers.handed import MAKER, NO_MAKER
from tests.helpers.pictures import attempt
from tests.helpers.profiles import ADOBE, P3, from_linear, in_srgb

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not MAKER.is_file(), reason=NO_MAKER),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    subprocess.run([sys.executable, str(MAKER), str(folder), "images", "datasets"], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def photo():
    spec = importlib.util.spec_from_file_location("make_inputs", MAKER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.photo()


@pytest.fixture(scope="module")
def came(made):
    """Every picture by its name: an RGBImage, or the sentence that refuses it."""
    return {path.name: attempt(path.read_bytes()) for path in sorted((made / "images").iterdir())}


def grey_of(photo):
    from PIL import Image

    return np.asarray(Image.fromarray(photo).convert("L"))


def off(image, expected):
    assert isinstance(image, RGBImage), image
    expected = np.asarray(expected)
    expected = np.broadcast_to(expected[..., None] if expected.ndim == 2 else expected, image.pixels.shape)
    return np.abs(image.pixels.astype(float) - expected).max()


def test_nothing_else_is_refused(came):
    refused = {name for name, outcome in came.items() if isinstance(outcome, str)}
    assert refused == {"camera.dng", "first_bytes.cr3", "first_bytes.j2k"}
    assert all("damaged" not in came[name] and ": " in came[name] for name in refused)
    assert "a raw camera file" in came["camera.dng"]
    assert "a raw camera file" in came["first_bytes.cr3"]
    assert "JPEG 2000" in came["first_bytes.j2k"]


EXACT = [
    *("plain.png", "text_ztxt_1.6mb.png", "text_itxt_packed_1.6mb.png", "text_plain_1.6mb.png", "text_many_72mb.png"),
    *("crc_pHYs.png", "crc_tEXt.png", "crc_iCCP.png", "gama_1.0.png", "gama_0.45455.png", "chrm_p3_gama.png"),
    *("float32_rgb.tif", "uint16_rgb.tif", "uint8_5bands.tif", "uint16_4bands.tif", "uint32_rgb.tif"),
    *(
        "bigtiff_motorola.tif",
        "bitfields_rgb32.bmp",
        "moving.webp",
        "moving.png",
        "moving_default_image.png",
        "pages.tif",
    ),
    *(f"turned_{turn}.{end}" for turn in range(1, 9) for end in ("png", "webp", "tif")),
]
CLOSE = {
    **{f"turned_{turn}.jpg": 8 for turn in range(1, 9)},
    "from_browser.jfif": 8,
    "CAMERA.JPE": 8,
    "stereo.mpo": 10,
    "cmyk_adobe.jpg": 2,
    "cmyk_no_adobe.jpg": 2,
    "bitfields_xrgb4444.bmp": 9,
}


@pytest.mark.parametrize("name", [*EXACT, *CLOSE])
def test_the_photo_comes(came, photo, name):
    assert off(came[name], photo) <= CLOSE.get(name, 0)


def test_colours_are_converted(came, photo):
    linear = np.rint(from_linear(np.linspace(0, 1, 256)) * 255)
    by_jpeg = decode_without_profile(came)
    for name, expected, tolerance in (
        ("cicp_p3.png", in_srgb(photo, P3), 1),
        ("icc_p3.png", in_srgb(photo, P3), 2),
        ("icc_p3_samsung_name.jpg", in_srgb(by_jpeg, P3), 3),
        ("icc_linear_g10_name.png", linear[photo], 2),
        ("icc_linear_gimp_name.png", linear[photo], 2),
        ("icc_adobe.jpg", in_srgb(by_jpeg, ADOBE, curve=lambda v: v ** (563 / 256)), 3),
        ("iccp_swapped.png", photo[..., [1, 0, 2]], 2),
        ("iccp_swapped_1.3mb.png", photo[..., [1, 0, 2]], 2),
        ("icc_swapped_1.3mb.jpg", by_jpeg[..., [1, 0, 2]], 3),
        ("icc_grey_on_16bit.png", linear[grey_of(photo)], 1),
        ("icc_grey_g18.png", np.rint(from_linear((grey_of(photo) / 255) ** (461 / 256)) * 255), 1),
    ):
        assert off(came[name], expected) <= tolerance, name


def decode_without_profile(came):
    """The photo after the JPEG that others carry a profile in: the same encoder, no profile."""
    return came["from_browser.jfif"].pixels


def test_deep_samples_are_shown_by_one_rule(came, photo):
    red, grey = photo[..., 0], grey_of(photo)
    ramp = np.arange(256)[None].repeat(8, 0)
    blobs = (np.hypot(*np.mgrid[-24:24, -32:32]) / 40 * 255).clip(8, 248)
    for name, expected, tolerance in (
        *((f"float{bits}_grey.tif", red, 0) for bits in (16, 32, 64)),
        ("float32_nan_grey.tif", np.where(red / 255 > 0.9, 0, red), 0),
        ("uint16_grey_alpha.tif", grey, 0),
        ("uint8_grey_alpha.tif", grey, 0),
        ("int16_ramp_to_32767.tif", ramp, 1),
        ("int16_ramp_from_minus_1.tif", np.concatenate([ramp[:7], ramp[:1] * 0]), 1),
        ("float32_0_255.tif", blobs, 0.51),
        ("float32_0_1_overshoot.tif", np.where(blobs > 247, 255, blobs), 5.5),
        ("int16_hounsfield.tif", np.rint((grey - grey.min()) / np.ptp(grey) * 255.0), 1),
        ("int16_positive.tif", np.rint(grey / grey.max() * 255), 1),
        ("uint16_12bit_maxsample.tif", grey, 1),
        ("uint16_12bit_values.tif", grey / 16, 1),
    ):
        assert off(came[name], expected) <= tolerance, name


def test_what_is_to_be_said_is_said(came, made):
    for name in (
        "int16_ramp_to_32767",
        "int16_ramp_from_minus_1",
        "int16_hounsfield",
        "int16_positive",
        "uint32_label",
    ):
        assert "as white" in came[f"{name}.tif"].note
    narrow = {name for name, image in came.items() if isinstance(image, RGBImage) and image.narrow}
    assert narrow == {"uint16_12bit_values.tif"}
    assert "of 65,535" in came["uint16_12bit_values.tif"].note
    stretched = decode((made / "images" / "uint16_12bit_values.tif").read_bytes(), stretch=True)
    assert (stretched.pixels.min(), stretched.pixels.max()) == (0, 255)


def test_the_full_size_page_is_shown(came):
    assert came["thumbnail_first.tif"].pixels.shape == (480, 640, 3)


@pytest.mark.parametrize(("name", "count"), [("jfif.zip", 24), ("ppm_pgm.zip", 12), ("batch_one", 4)])
def test_suffixes_in_folders_and_zips(made, name, count):
    listing = list_pictures(made / "datasets" / name)
    broken: list[str] = []
    read = sum(len(images) for images, _ in open_pictures(listing.found, [], 50, broken))
    assert (len(listing.found), read, broken, listing.left_out) == (count, count, [], ())
    if name.endswith(".zip"):
        with zipfile.ZipFile(made / "datasets" / name) as archive:
            assert len(archive.namelist()) == count
