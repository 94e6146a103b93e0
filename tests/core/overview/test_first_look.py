"""Home's quick looks, computed: of a photograph and of a drawn digit, the same as the studies find."""

import numpy as np
import pytest

from core import networks
from core.base.prose import spoken
from core.compute import spaces
from core.compute.gallery import SIDE, SPEC
from core.figures import theme
from core.networks import families
from core.overview import first_look
from core.pictures.image import from_pixels
from core.pictures.preprocess import shift_offsets, square
from core.pictures.samples import load_sample
from core.studies import STUDIES
from core.studies.patch import evidence
from core.studies.random import glance as random_glance
from core.studies.shift import glance as shift_glance
from core.studies.shift import sweep

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


def test_the_map_explains_the_class_that_the_patch_page_explains():
    study, image = BY_SLUG["patch_evidence"], load_sample("coffee")
    found = looked(study, image)
    assert found.models == families.DEFAULT_MAPS
    assert found.target == evidence.voted(list(found.logits))
    assert study.glance(found, image).tiles[0].caption == found.labels[found.target]


def swept(top1, sure):
    """A sweep of two networks over 3 x 3 shifts."""
    top1, sure = np.array(top1), np.array(sure)
    return sweep.Result(
        ("lite0", "lite0_blur5"), ("cat", "dog"), "", 1, "crop", 0, shift_offsets(1), sure, top1, sure,
        np.ones(top1.shape, bool), np.zeros(2), top1[:, 4], sure.max(1),
    )  # fmt: skip


def test_a_picture_that_holds_still_says_so_and_how_far_its_answer_sinks():
    still, sure = [[0] * 9, [0] * 9], [[0.9] * 8 + [0.4], [0.95] * 4 + [0.8] + [0.75] * 4]
    with spoken("en"):
        said = " ".join(shift_glance.shown(swept(still, sure), load_sample("cat")).finding.split())
    assert "holds still" in said
    assert "stays at all 8 places" in said
    assert "lite0 is 40% sure instead of 90%" in said
    assert "lite0 · blur 5 75% instead of 80%" in said
    with spoken("en"):
        said = shift_glance.shown(swept([[0] * 8 + [1], [0] * 9], sure), load_sample("cat")).finding
    assert "lite0 changes its answer at 1 of 8 places" in said
