"""Strokes of ink open the digit networks, photographs the photograph networks."""

import numpy as np
import pytest

from core.data import named
from core.pictures.drawn import sort_of
from core.pictures.image import from_pixels
from core.pictures.samples import SAMPLES, load_sample


def strokes(ground, ink, side=200, width=16):
    """A seven, drawn with straight strokes."""
    pixels = np.full((side, side, 3), ground, np.uint8)
    pixels[side // 4 : side // 4 + width, side // 4 : 3 * side // 4] = ink
    for y in range(side // 4, 4 * side // 5):
        x = 3 * side // 4 - (y - side // 4) // 2
        pixels[y, x - width : x] = ink
    return pixels


@pytest.mark.parametrize("sample", [s.name for s in SAMPLES])
def test_every_sample_is_a_photograph(sample):
    assert sort_of(load_sample(sample)) == "photograph"


@pytest.mark.parametrize(("ground", "ink"), [(255, 0), (0, 255), (235, 40), (20, 200)])
def test_strokes_are_a_drawing(ground, ink):
    assert sort_of(from_pixels(strokes(ground, ink))) == "drawing"


@pytest.mark.parametrize("light", [(250, 240, 225), (225, 235, 250)])
def test_a_photographed_drawing_may_have_warm_or_cold_light_noise_and_a_shadow(light):
    dice = np.random.default_rng(0)
    pixels = strokes(235, 40).astype(float) * np.array(light) / 250
    pixels *= np.linspace(1, 0.92, pixels.shape[1])[None, :, None]
    pixels += dice.normal(0, 4, pixels.shape[:2])[..., None]
    assert sort_of(from_pixels(pixels.clip(0, 255).astype(np.uint8))) == "drawing"


def test_colour_texture_a_plain_sheet_and_a_line_of_text_are_photographs():
    dice = np.random.default_rng(0)
    red = strokes(255, 0)
    red[(red == 0).all(2)] = (220, 30, 30)
    assert sort_of(from_pixels(red)) == "photograph"
    assert sort_of(from_pixels(dice.integers(0, 256, (64, 64, 1)).repeat(3, 2).astype(np.uint8))) == "photograph"
    assert sort_of(from_pixels(np.full((50, 50, 3), 255, np.uint8))) == "photograph"
    assert sort_of(from_pixels(np.concatenate([strokes(255, 0)] * 4, axis=1))) == "photograph"


def test_the_little_digits_of_scikit_learn_are_drawings():
    pixels = named.load("digits", split="test").pixels
    assert {sort_of(from_pixels(one.repeat(3, -1))) for one in pixels[:200]} == {"drawing"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 3)])
def test_pictures_of_hardly_a_pixel_are_told_too(shape):
    assert sort_of(from_pixels(np.zeros((*shape, 3), np.uint8))) == "photograph"


def body(ground=98, shape=190, dark=12):
    """A dark body on a plain ground, as a black swan on water."""
    y, x = np.mgrid[:shape, :shape] / shape
    inside = ((x - 0.5) / 0.3) ** 2 + ((y - 0.6) / 0.12) ** 2 < 1
    return np.where(inside[..., None], dark, ground).astype(float).repeat(3, 2)


@pytest.mark.parametrize("ground", [130, 230])
def test_a_dark_body_with_a_small_red_part_is_a_photograph(ground):
    plain, red = body(ground), body(ground)
    red[60:76, 40:60] = (200, 30, 30)  # the beak: less than one pixel in a hundred
    assert sort_of(from_pixels(plain.astype(np.uint8))) == "drawing"
    assert sort_of(from_pixels(red.astype(np.uint8))) == "photograph"


def test_soft_shading_beside_the_ink_is_a_photograph():
    grey = body(230)
    shadow = 60 * np.exp(-(((np.mgrid[:190, :190][0] - 150) / 18) ** 2))  # of 255 darker, fading away slowly
    grey -= shadow[..., None] * (grey > 100)
    assert sort_of(from_pixels(grey.clip(0, 255).astype(np.uint8))) == "photograph"


def test_ripples_on_the_ground_are_a_photograph():
    grey = body(130)
    grey += (28 * np.sin(np.mgrid[:190, :190][0] / 3))[..., None] * (grey > 100)
    assert sort_of(from_pixels(grey.clip(0, 255).astype(np.uint8))) == "photograph"


def test_a_page_of_many_little_strokes_is_a_photograph():
    few, many = np.full((180, 180), 255, np.uint8), np.full((180, 180), 255, np.uint8)
    for count, sheet in ((2, few), (4, many)):
        for row in range(count):
            for column in range(count):
                sheet[20 + 40 * row : 44 + 40 * row, 20 + 40 * column : 28 + 40 * column] = 0
    assert sort_of(from_pixels(few[..., None].repeat(3, 2))) == "drawing"
    assert sort_of(from_pixels(many[..., None].repeat(3, 2))) == "photograph"


def test_ink_under_warm_light_is_grey():
    warm = strokes(255, 20) * np.array([0.98, 0.84, 0.66])  # an electric bulb
    assert sort_of(from_pixels(warm.astype(np.uint8))) == "drawing"
