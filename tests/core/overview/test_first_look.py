"""Home's quick looks, computed: of a photograph and of a drawn digit, the same as the studies find."""

import numpy as np
import pytest

from core import networks
from core.base.prose import spoken
from core.compute import spaces
from core.compute.gallery import SIDE, SPEC
from core.figures import theme
from core.overview import first_look
from core.pictures.image import from_pixels
from core.pictures.preprocess import square
from core.pictures.samples import load_sample
from core.studies import STUDIES
from core.studies.random import glance as random_glance
from core.studies.shift import glance as shift_glance

BY_SLUG = {study.slug: study for study in STUDIES}


@pytest.fixture(scope="module")
def drawing():
    """A thick ring on white: a nought."""
    row, column = np.indices((120, 120)) - 60
    ring = abs(np.hypot(row, column) - 36) < 8
    return from_pixels(np.where(ring, 0, 255)[..., None].repeat(3, -1).astype(np.uint8))


def looked(study, image):
    return study.look([networks.load(networks.find(name)) for name in study.looks_with(image)], image)


@pytest.mark.parametrize("slug", ["sparse_codes", "random_features", "spinal_heads"])
def test_the_packaged_look_is_what_is_computed(slug):
    study, image = BY_SLUG[slug], load_sample("cat")
    cards = [networks.find(name) for name in study.looks_with(image)]
    kept = first_look.packaged(first_look.name_of(study), study.looked, cards, image)
    with spoken("en"):
        assert study.glance(kept, image).finding == study.glance(looked(study, image), image).finding


@pytest.mark.parametrize("slug", ["shift_sweep", "random_features", "spinal_heads"])
def test_a_drawn_digit_is_looked_at_by_what_knows_digits(slug, drawing):
    study = BY_SLUG[slug]
    assert not any(name.startswith("lite0") for name in study.looks_with(drawing))
    glance = study.glance(looked(study, drawing), drawing)
    assert glance.finding
    if slug != "shift_sweep":
        assert "0" in glance.finding.split("by features")[0]


def test_who_answers_knows_the_kind_of_picture(drawing):
    for image, label in ((drawing, "0"), (load_sample("coffee"), "espresso")):
        found = first_look.answer(networks.load(networks.find(first_look.answers_with(image))), image)
        assert found.labels[0] == label
        assert list(found.probability) == sorted(found.probability, reverse=True)


def test_one_picture_s_random_features_are_those_of_many(drawing):
    little = square(load_sample("coffee"), SIDE)[None]
    np.testing.assert_allclose(random_glance.by_chance(little, SPEC), spaces.random(little, SPEC), atol=1e-6)


def test_squares_tell_a_changed_answer_by_colour_and_by_a_cross():
    differs = np.zeros((3, 3), bool)
    differs[0, 2] = True
    with theme.drawn("light"):
        canvas = shift_glance.squares(differs)
    side = shift_glance.CELL
    kept, changed = canvas[:side, :side], canvas[:side, -side:]
    assert len(np.unique(kept.reshape(-1, 4), axis=0)) == 1
    assert {tuple(pixel) for pixel in changed.reshape(-1, 4)} >= {(255, 255, 255, 255)}
    assert canvas[:, side][:, 3].max() == 0
