"""The sample photographs: all there in the wheels, none of the heavy packages imported."""

import io
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.pictures import samples
from core.pictures.image import decode
from core.pictures.samples import DEFAULT_SAMPLE, SAMPLES, Sample, load_sample

NAMES = [sample.name for sample in SAMPLES]


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_real_picture(name):
    image = load_sample(name)
    assert min(image.height, image.width) >= 300
    assert image.pixels.std() > 15
    assert image == load_sample(name)


def test_all_are_different_and_described():
    assert len({load_sample(name).digest for name in NAMES}) == len(NAMES) == len(set(NAMES))
    assert len({sample.title for sample in SAMPLES}) == len(NAMES)
    assert all(sample.credit for sample in SAMPLES)


def test_those_the_issue_names_are_there_and_the_cat_is_first():
    assert {"cat", "astronaut", "coffee", "rocket", "motorcycle", "horse", "china", "flower"} <= set(NAMES)
    assert DEFAULT_SAMPLE == SAMPLES[0].name == "cat"


@pytest.mark.parametrize(
    ("name", "file"), [("cat", "chelsea.png"), ("astronaut", "astronaut.png"), ("motorcycle", "motorcycle_left.png")]
)
def test_pixels_are_those_of_the_file(name, file):
    path = Path(find_spec("skimage").submodule_search_locations[0]) / "data" / file
    with Image.open(path) as picture:
        np.testing.assert_array_equal(load_sample(name).pixels, np.asarray(picture))


def test_the_horse_stands_on_white():
    pixels = load_sample("horse").pixels
    assert (pixels[0, 0] == 255).all()
    assert (pixels.max(axis=2) < 10).mean() > 0.1


def test_unknown_names_get_the_nearest():
    with pytest.raises(ValueError, match="'astronaught': try astronaut"):
        load_sample("astronaught")
    with pytest.raises(ValueError, match=r"cat, astronaut, .*grass"):
        load_sample("zzz")


@pytest.mark.parametrize(("package", "file"), [("skimage", "data/gone.png"), ("no_such_package_here", "x.png")])
def test_a_missing_file_is_a_clear_error(monkeypatch, package, file):
    monkeypatch.setattr(samples, "SAMPLES", (Sample("gone", "Gone", "nobody", package, file),))
    with pytest.raises(FileNotFoundError, match=r"^expected .*, got no.*: .*install"):
        load_sample("gone")


def test_loading_imports_nothing_heavy():
    code = (
        "import sys\nfrom core.pictures.samples import SAMPLES, load_sample\n"
        "[load_sample(sample.name) for sample in SAMPLES]\n"
        "heavy = {'skimage', 'sklearn', 'scipy', 'torch', 'streamlit', 'pooch'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))\n"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_common_srgb_profile_changes_no_pixel():
    # Converting from this profile, though it means sRGB, would move one value in a thousand by one.
    path = Path(find_spec("skimage").submodule_search_locations[0]) / "data" / "astronaut.png"
    pixels = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    with Image.open(path) as picture:
        Image.fromarray(pixels).save(buffer, "PNG", icc_profile=picture.info["icc_profile"])
    np.testing.assert_array_equal(decode(buffer.getvalue()).pixels, pixels)
