"""The four noises: as strong as they say, decided by each picture's own seed, and nothing at level 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from core.pictures import noise
from core.pictures.samples import load_sample

GREY = np.full((6, 32, 32, 3), 0.5, np.float32)
SEEDS = list(range(6))


def random_pictures(count, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 8, 9, 3), np.uint8)


def test_the_papers_levels():
    levels = {kind: about.levels for kind, about in noise.KINDS.items()}
    np.testing.assert_allclose(levels["gaussian"], np.linspace(0.02, 0.20, 10))
    assert levels["shot"] == tuple(range(60, 0, -6))
    np.testing.assert_allclose(levels["speckle"], np.linspace(0.1, 0.6, 11))
    np.testing.assert_allclose(levels["impulse"], np.linspace(0.03, 0.27, 9))
    assert list(levels) == ["gaussian", "shot", "speckle", "impulse"]
    with pytest.raises(TypeError):
        noise.KINDS["rain"] = noise.KINDS["shot"]


def test_labels_read_well():
    assert noise.KINDS["gaussian"].label(0.1) == "σ = 0.1"
    assert noise.KINDS["shot"].label(60) == "n = 60 photons"
    assert {about.label(0) for about in noise.KINDS.values()} == {"clean"}


@pytest.mark.parametrize(
    ("kind", "level", "deviation"),
    [("gaussian", 0.04, 0.04), ("gaussian", 0.1, 0.1), ("speckle", 0.2, 0.1), ("shot", 60, (0.5 / 60) ** 0.5)],
)
def test_noise_has_the_stated_deviation(kind, level, deviation):
    found = noise.add(GREY, kind, level, SEEDS) - GREY
    count = found.size
    assert abs(found.mean()) < 5 * deviation / count**0.5
    assert found.std() == pytest.approx(deviation, rel=5 / (2 * count) ** 0.5)


def clipped_normal(value, sigma):
    """Mean and deviation of a value in [0, 1] with normal noise, once it is clipped: from the normal's two tails."""
    low, high = -value / sigma, (1 - value) / sigma
    between = norm.cdf(high) - norm.cdf(low)
    first = between * value + sigma * (norm.pdf(low) - norm.pdf(high)) + norm.sf(high)
    second = (
        between * (value**2 + sigma**2)
        + sigma * (value * norm.pdf(low) * 2 - value * norm.pdf(high) * 2)
        + sigma**2 * (low * norm.pdf(low) - high * norm.pdf(high))
        + norm.sf(high)
    )
    return first, (second - first**2) ** 0.5


@pytest.mark.parametrize("value", [0.0, 0.1, 0.5, 0.85, 1.0])
@pytest.mark.parametrize("sigma", [0.04, 0.2])
def test_what_arrives_is_what_clipping_leaves_of_sigma(value, sigma):
    clean = np.full((200, 200, 3), value, np.float32)
    found = noise.arrived(clean, noise.add(clean[None], "gaussian", sigma, [0])[0])
    mean, deviation = clipped_normal(value, sigma)
    margin = 5 * sigma / clean.size**0.5
    assert found.shift == pytest.approx(mean - value, abs=margin)
    assert found.deviation == pytest.approx(deviation, abs=margin)
    if value in (0, 1):  # half of the noise is cut away: sigma times the deviation of max(0, Z)
        assert deviation == pytest.approx(sigma * (1 / 2 - 1 / (2 * np.pi)) ** 0.5)
        assert abs(mean - value) == pytest.approx(sigma / (2 * np.pi) ** 0.5)


def test_less_noise_arrives_at_a_picture_than_sigma_says_and_dark_ones_grow_brighter():
    photograph = load_sample("cat").pixels / 255
    for dark, light in ((0.0, 0.3), (0.7, 1.0)):
        clean = (dark + (light - dark) * photograph).astype(np.float32)
        found = [noise.arrived(clean, noise.add(clean[None], "gaussian", s, [0])[0]) for s in (0.05, 0.1, 0.2)]
        assert all(one.deviation < s for one, s in zip(found, (0.05, 0.1, 0.2), strict=True))
        shifts = [one.shift if dark == 0 else -one.shift for one in found]
        assert 0 < shifts[0] < shifts[1] < shifts[2]


def test_nothing_arrives_of_no_noise_and_pictures_of_two_shapes_are_refused():
    clean = noise.unit(random_pictures(1))[0]
    assert noise.arrived(clean, clean) == noise.Arrived(0, 0)
    with pytest.raises(ValueError, match=r"^expected two pictures of one shape, got \(8, 9, 3\) and \(8, 8, 3\): give"):
        noise.arrived(clean, clean[:, 1:])


def test_speckle_is_a_factor_and_shot_noise_comes_in_photons():
    half, quarter = (noise.add(GREY * share, "speckle", 0.2, SEEDS) - GREY * share for share in (1, 0.5))
    np.testing.assert_allclose(quarter, half / 2, atol=1e-6)
    photons = noise.add(GREY, "shot", 12, SEEDS) * 12
    np.testing.assert_allclose(photons, photons.round(), atol=1e-5)
    assert (noise.add(np.zeros_like(GREY), "shot", 12, SEEDS) == 0).all()


@pytest.mark.parametrize("level", noise.KINDS["impulse"].levels)
def test_impulse_replaces_the_stated_share_by_black_and_white(level):
    found = noise.add(GREY, "impulse", level, SEEDS)
    hit = found != 0.5
    margin = 5 * (level * (1 - level) / found.size) ** 0.5
    assert hit.mean() == pytest.approx(level, abs=margin)
    assert set(np.unique(found[hit])) == {0, 1}
    assert found[hit].mean() == pytest.approx(0.5, abs=5 * 0.5 / hit.sum() ** 0.5)


@pytest.mark.parametrize("kind", noise.KINDS)
def test_each_picture_follows_its_own_seed_alone(kind):
    pixels, level = random_pictures(5), noise.KINDS[kind].levels[3]
    seeds = [7, 8, 9, 8, 11]
    whole = noise.add(pixels, kind, level, seeds)
    one_by_one = [noise.add(pixels[i : i + 1], kind, level, seeds[i : i + 1])[0] for i in range(5)]
    np.testing.assert_array_equal(whole, one_by_one)
    np.testing.assert_array_equal(noise.add(pixels[::-1], kind, level, seeds[::-1]), whole[::-1])
    same = np.repeat(pixels[:1], 2, axis=0)
    assert not np.array_equal(*noise.add(same, kind, level, [1, 2]))
    assert np.array_equal(*noise.add(same, kind, level, [2, 2]))


@given(
    kind=st.sampled_from(list(noise.KINDS)),
    strength=st.integers(0, 8),
    seed=st.integers(0, 2**40),
    as_float=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_noisy_pixels_are_pixels_and_bytes_are_read_as_they_are(kind, strength, seed, as_float):
    bytes_ = random_pictures(2, seed % 1000)
    pixels = bytes_ / 255 if as_float else bytes_
    found = noise.add(pixels, kind, noise.KINDS[kind].levels[strength], [seed, seed + 1])
    assert found.dtype == np.float32
    assert found.shape == pixels.shape
    assert found.min() >= 0
    assert found.max() <= 1
    np.testing.assert_allclose(found, noise.add(bytes_, kind, noise.KINDS[kind].levels[strength], [seed, seed + 1]))


@pytest.mark.parametrize(("kind", "level"), [("none", 0), ("none", 3), *((kind, 0) for kind in noise.KINDS)])
def test_no_noise_gives_the_clean_picture(kind, level):
    pixels = random_pictures(3)
    np.testing.assert_array_equal(noise.add(pixels, kind, level, [0, 1, 2]), pixels.astype(np.float32) / 255)
    assert noise.add(pixels[:0], kind, level, []).shape == (0, 8, 9, 3)


def test_the_picture_given_is_not_changed():
    pixels = np.full((1, 4, 4, 3), 0.5, np.float32)
    noise.add(pixels, "impulse", 1.0, [0])
    assert (pixels == 0.5).all()


@pytest.mark.parametrize(
    ("pixels", "kind", "level", "seeds", "message"),
    [
        (GREY, "rain", 0.1, SEEDS, r"^expected a noise of \['none', 'gaussian'.*, got 'rain'"),
        (GREY, "gaussian", -0.1, SEEDS, r"^expected a level from 0 to 1e\+12 for gaussian noise, got -0.1"),
        (GREY, "gaussian", float("nan"), SEEDS, r"^expected a level from 0 .* got nan"),
        (GREY, "impulse", 1.5, SEEDS, r"^expected a level from 0 to 1 for impulse noise, got 1.5"),
        (GREY, "gaussian", 0.1, [0], r"^expected a seed for each of 6 pictures, got 1"),
        (GREY * 3, "gaussian", 0.1, SEEDS, r"^expected uint8, or floats in \[0, 1\]"),
        (GREY.astype(np.int64), "gaussian", 0.1, SEEDS, r"^expected uint8, or floats in \[0, 1\], got int64"),
        (GREY[0], "gaussian", 0.1, SEEDS, r"^expected pictures \(B, H, W, 3\), got \(32, 32, 3\)"),
    ],
)
def test_what_makes_no_sense_is_refused(pixels, kind, level, seeds, message):
    with pytest.raises(ValueError, match=message):
        noise.add(pixels, kind, level, seeds)
