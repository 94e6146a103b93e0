"""A drawn or photographed digit in MNIST's form: shape, size, place, light, and pictures that are no digit; and in the
form of scikit-learn's digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from core.data import named
from core.pictures.digit_form import BOX, CENTRE, COUNTED, SIDE, as_mnist, counted, in_form_of, loses_margin
from core.pictures.image import from_pixels
from core.pictures.preprocess import in_form
from tests.helpers.pictures import like_mnist

STROKES = {  # in hundredths of the picture
    "1": [(40, 25), (52, 15), (52, 85)],
    "7": [(28, 18), (72, 18), (45, 85)],
}


def drawn(points, *, side=280, pen=0.09, ink=0, paper=255, at=(0, 0), scale=1.0):
    """A polyline as grey (side, side): a drawing pad's picture."""
    canvas = Image.new("L", (side, side), paper)
    line = [(round(side * scale * x / 100) + at[0], round(side * scale * y / 100) + at[1]) for x, y in points]
    ImageDraw.Draw(canvas).line(line, fill=ink, width=max(1, round(side * scale * pen)), joint="curve")
    return np.asarray(canvas)


def form(grey):
    return as_mnist(from_pixels(np.ascontiguousarray(np.repeat(np.asarray(grey, np.uint8)[..., None], 3, -1))))


def centre_of_mass(picture):
    weights = picture.astype(float)
    grid = np.indices(picture.shape)
    return (grid * weights).sum((1, 2)) / weights.sum()


def extent(picture):
    rows, columns = (np.flatnonzero(picture.any(axis)) for axis in (1, 0))
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def far(one, other):
    """Mean absolute difference in grey levels, the better of all neighbours: a rounding may move one by a pixel."""
    moved = [np.roll(other[0, :, :, 0].astype(int), (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return min(np.abs(one[0, :, :, 0] - each).mean() for each in moved)


strokes = st.lists(st.tuples(st.integers(15, 85), st.integers(15, 85)), min_size=2, max_size=6, unique=True).filter(
    lambda points: max(np.ptp(np.array(points), 0)) >= 30
)


@settings(max_examples=40, deadline=None)
@given(points=strokes, side=st.integers(40, 320))
def test_any_stroke_becomes_a_picture_of_mnist_s_form(points, side):
    picture = form(drawn(points, side=side))
    assert picture.shape == (1, SIDE, SIDE, 1)
    assert picture.dtype == np.uint8
    assert picture.max() == 255
    inner = picture[0, :, :, 0]
    assert BOX - 1 <= max(extent(inner)) <= BOX  # a faint last row may round to black
    mass = centre_of_mass(inner)
    for axis in (0, 1):
        seen = np.flatnonzero(inner.any(1 - axis))
        at_the_edge = seen[0] == 0 or seen[-1] == SIDE - 1  # all of the ink stays in the picture
        assert abs(mass[axis] - CENTRE) <= 1 or at_the_edge


@settings(max_examples=30, deadline=None)
@given(points=strokes, ink=st.integers(0, 90), paper=st.integers(160, 255))
def test_ink_on_paper_and_its_negative_are_the_same(points, ink, paper):
    grey = drawn(points, side=120, ink=ink, paper=paper)
    np.testing.assert_allclose(form(grey).astype(int), form(255 - grey), atol=2)
    assert far(form(grey), form(drawn(points, side=120))) < 2  # and no contrast is another picture


@settings(max_examples=30, deadline=None)
@given(points=strokes, dy=st.integers(-10, 60), dx=st.integers(-10, 60))
def test_where_the_digit_stands_does_not_matter(points, dy, dx):
    at_home = form(drawn(points, side=200, scale=0.6))
    assert far(at_home, form(drawn(points, side=200, scale=0.6, at=(dx, dy)))) < 1


@settings(max_examples=20, deadline=None)
@given(points=strokes, scale=st.floats(0.4, 1.0))
def test_how_large_the_digit_is_does_not_matter(points, scale):
    assert far(form(drawn(points)), form(drawn(points, scale=scale))) < 14  # two different strokes are 40 apart


@pytest.mark.parametrize("digit", STROKES)
def test_a_digit_by_hand_keeps_its_shape(digit):
    picture = form(drawn(STROKES[digit]))[0, :, :, 0]
    height, width = extent(picture)
    across, down = np.ptp(np.array(STROKES[digit]), 0)
    assert height == BOX
    assert width == pytest.approx(BOX * (across + 9) / (down + 9), abs=3)  # the pen is 9 wide
    top, bottom = (np.flatnonzero(rows.any(0)) for rows in (picture[:9], picture[-9:]))
    assert len(top) >= len(bottom)  # both are wider above


def photograph(digit, light, seed=0):
    """Ink that takes 70 % of the light away, on paper in uneven light, with noise."""
    covered = 1 - drawn(STROKES[digit], side=300, scale=0.6, at=(60, 40), pen=0.07) / 255
    y, x = np.mgrid[-1:1:300j, -1:1:300j]
    noise = np.random.default_rng(seed).normal(0, 6, covered.shape)
    return np.clip((210 + light(y, x)) * (1 - 0.7 * covered) + noise, 0, 255)


@pytest.mark.parametrize(
    "light",
    [lambda y, x: 0, lambda y, x: 60 * x - 30 * y, lambda y, x: -60 * (x * x + y * y), lambda y, x: -45 * (x + y > 1)],
    ids=["even", "slope", "dark corners", "a shadow's edge"],
)
@pytest.mark.parametrize("digit", STROKES)
def test_uneven_light_is_taken_away(digit, light):
    wanted = form(drawn(STROKES[digit], side=300, pen=0.07))
    assert far(wanted, form(photograph(digit, light))) < 8


def test_dust_is_no_ink():
    clean = drawn(STROKES["7"])
    dusty = clean.copy()
    dusty[5:8, 5:8] = dusty[260:263, 20:24] = dusty[100:102, 270:273] = 0
    np.testing.assert_array_equal(form(dusty), form(clean))


def test_a_picture_of_that_form_stays_as_it_is():
    once = form(drawn(STROKES["7"]))
    again = form(once[0, :, :, 0])
    assert np.abs(once.astype(int) - again).mean() < 2


def test_small_digits_are_bright_on_black_whichever_way_they_come():
    pixels = named.load("digits", split="test").pixels[:60, :, :, 0]
    for grey in pixels:
        picture = form(grey)[0, :, :, 0]
        rim = np.concatenate([picture[:2].ravel(), picture[-2:].ravel(), picture[:, :2].ravel()])
        assert rim.max() == 0
        assert BOX - 1 <= max(extent(picture)) <= BOX
        np.testing.assert_allclose(form(255 - grey).astype(int)[0, :, :, 0], picture, atol=2)


# ---- pictures that are no digit ------------------------------------------------------------------

NOISE = np.random.default_rng(1).integers(0, 256, (90, 70))
SPOT = np.where(np.indices((60, 60)).sum(0) == 60, 255, 0)


def one_pixel():
    grey = np.zeros((50, 50))
    grey[20, 30] = 255
    return grey


@pytest.mark.parametrize(
    "grey",
    [np.zeros((1, 1)), np.full((40, 40), 255), np.zeros((300, 200)), np.full((3, 999), 128), np.eye(50) * 4],
    ids=["one pixel", "white", "black", "grey", "too faint"],
)
def test_a_flat_picture_is_black(grey):
    assert not form(grey).any()


@pytest.mark.parametrize(
    "grey",
    [
        NOISE,
        NOISE[:1],
        NOISE[:, :1],
        NOISE[:2, :2],
        NOISE[:3, :3],
        np.resize(NOISE, (1, 1000)),
        np.resize(NOISE, (1000, 1)),
        np.resize(NOISE, (2, 3000)),
        one_pixel(),
        SPOT,
        np.tile([[0, 255], [255, 0]], (20, 20)),
        np.repeat([[0, 255]], 40, 0).repeat(20, 1),
        255 * np.pad(np.ones((38, 38)), 1),
    ],
    ids=lambda grey: "x".join(map(str, grey.shape)),
)
def test_whatever_comes_there_is_a_picture(grey):
    picture = form(grey)
    assert picture.shape == (1, SIDE, SIDE, 1)
    assert picture.dtype == np.uint8


def test_one_bright_pixel_is_a_block_in_the_middle():
    picture = form(one_pixel())[0, :, :, 0]
    assert extent(picture) == (BOX, BOX)
    assert centre_of_mass(picture) == pytest.approx((CENTRE, CENTRE), abs=1)


def test_a_photograph_of_a_cat_gives_something(cat):
    assert as_mnist(cat).any()


def test_large_photographs_take_no_longer():
    grey = np.asarray(Image.fromarray(drawn(STROKES["7"])).resize((3000, 3000)))
    assert far(form(grey), form(drawn(STROKES["7"]))) < 3


# ---- scikit-learn's form -------------------------------------------------------------------------


def test_scikit_learn_s_digits_fill_all_rows_and_mostly_six_columns():
    ink = named.load("digits", split="train").pixels[..., 0] > 0
    assert ink.any(2).all()  # the form that `counted` gives is theirs
    columns = ink.any(1).sum(1)
    assert np.median(columns) == 6
    assert (columns == COUNTED).mean() < 0.01


@settings(max_examples=40, deadline=None)
@given(points=strokes, top=st.integers(0, 30), left=st.integers(0, 30))
def test_a_counted_digit_has_no_margin_and_does_not_know_what_margin_it_had(points, top, left):
    picture = form(drawn(points))
    found = counted(picture)
    assert found.shape == (1, COUNTED, COUNTED, 1)
    assert found.dtype == np.uint8
    moved = counted(np.pad(picture, ((0, 0), (top, left), (left, top), (0, 0))))
    np.testing.assert_array_equal(found, moved)
    np.testing.assert_array_equal(np.unique(found), np.intersect1d(found, np.rint(255 * np.arange(17) / 16)))
    height, width = extent(picture[0, :, :, 0] >= 128)
    rows, columns = extent(found[0, :, :, 0])
    if height >= width / 2.5:
        assert rows == COUNTED
    assert columns <= 6


def test_a_slender_one_is_not_stretched_to_a_bar():
    one = np.zeros((1, 28, 28, 1), np.uint8)
    one[:, 4:24, 13:15] = 255
    found = counted(one)[0, :, :, 0]
    assert extent(found) == (COUNTED, 2)
    assert (found[:, 3:5] >= 64).all()


def test_black_stays_black_and_digits_of_8_px_stay():
    assert not counted(np.zeros((2, 28, 28, 1), np.uint8)).any()
    assert counted(np.zeros((0, 28, 28, 1), np.uint8)).shape == (0, COUNTED, COUNTED, 1)
    own = named.load("digits", split="test").pixels
    assert counted(own) is own


def test_a_drawing_among_digits_lies_beside_digits_of_its_kind():
    train, test = named.load("digits", split="train"), named.load("digits", split="test")
    some = np.flatnonzero(np.arange(len(test)) % 5 == 0)
    drawings = [from_pixels(255 - np.pad(p, ((9, 9), (9, 9), (0, 0))).repeat(3, -1)) for p in like_mnist(test)[some]]
    drawn_well = [i for i, image in enumerate(drawings) if loses_margin(image, 8, 1, True)]
    assert len(drawn_well) > 0.9 * len(some)

    def share(form):
        queries = np.concatenate([form(drawings[i], 8, 1, True) for i in drawn_well]).reshape(-1, 1, 64)
        away = np.abs(queries.astype(int) - train.pixels.reshape(1, -1, 64)).sum(-1)
        return (train.labels[away.argmin(1)] == test.labels[some][drawn_well]).mean()

    assert share(in_form_of) > 0.85
    assert share(in_form) < 0.5


def test_only_drawings_among_scikit_learn_s_digits_are_cut():
    pad = from_pixels(np.repeat(drawn(STROKES["7"])[..., None], 3, -1))
    noise = from_pixels(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    assert loses_margin(pad, 8, 1, True)
    for image, size, channels in ((pad, 28, 1), (pad, 8, 3), (noise, 8, 1)):
        assert not loses_margin(image, size, channels, True)
        np.testing.assert_array_equal(
            in_form_of(image, size, channels, True), in_form(image, size, channels, bright_on_dark=True)
        )
    tiny = from_pixels(named.load("digits", split="test").pixels[0].repeat(3, -1))
    np.testing.assert_array_equal(in_form_of(tiny, 8, 1, True), in_form(tiny, 8, 1, bright_on_dark=True))
