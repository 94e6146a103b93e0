"""The spinal head's drawing: what is drawn and counted is the head that is built, at every setting of the sliders."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from core.figures import palette, theme
from core.models import heads
from core.models.heads import BACKBONES, HEADS, ORDERS, Shape
from core.studies.spinal import diagram
from core.studies.spinal.heads import Params, counts

SOME = settings(max_examples=12, deadline=None)
shapes = st.builds(
    lambda layers, split, width, order: Shape(width, layers, min(split, layers), order),
    st.integers(*heads.LAYER_LIMITS),
    st.integers(*heads.SPLIT_LIMITS),
    st.integers(*heads.WIDTH_LIMITS),
    st.sampled_from(list(ORDERS)),
)


def named(fig, beginning):
    return [shape for shape in fig.layout.shapes if (shape.name or "").startswith(beginning)]


def words(fig):
    """What is written on it, without markup."""
    return [re.sub(r"<[^>]*>", "", a.text.replace("<br>", " ")) for a in fig.layout.annotations if a.text]


def total(table, name):
    return sum(table[name])


# ---- counted -------------------------------------------------------------------------------------


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("order", ORDERS)
def test_the_tables_sums_are_the_heads(backbone, order):
    below = BACKBONES[backbone]
    for shape in (below.shape, Shape(7, 5, 3, order), Shape(1, 8, 8, order), Shape(512, 1, 1, order)):
        table = diagram.table(below.features, 10, shape, norm=below.norm)
        assert (total(table, "parameters"), total(table, "multiplications")) == counts(backbone, "spinal", shape, 10)


def test_the_small_cnns_head_by_hand():
    table = diagram.table(320, 10, Shape(8, 6))
    assert table["inputs"] == [160, *[168] * 5, 48]
    assert table["outputs"] == [*[8] * 6, 10]
    assert table["multiplications"] == [1280, *[1344] * 5, 480]
    assert table["parameters"] == [1288, *[1352] * 5, 490]
    assert table["sees"][:3] == ["part A", "part B and h1", "part A and h2"]
    assert table["sees"][-1] == "every layer"


@SOME
@given(st.integers(8, 400), st.integers(1, 20), shapes)
def test_inputs_are_the_part_and_the_layer_before(features, classes, shape):
    rows = diagram.layers(features, classes, shape)
    sizes = diagram.part_sizes(rows, shape)
    assert sum(sizes) == features
    assert max(sizes) - min(sizes) <= 1
    for i, (row, part) in enumerate(zip(rows, shape.parts, strict=False)):
        assert row.inputs == sizes[part] + (shape.width if i else 0)
    assert rows[-1].inputs == shape.layers * shape.width
    assert rows[-1].outputs == classes


def test_a_wider_head_costs_more_and_is_drawn_longer():
    widths = (1, 2, 8, 31, 128, 512)
    rows = [diagram.layers(64, 10, Shape(width, 4)) for width in widths]
    assert all(sum(r.parameters for r in a) < sum(r.parameters for r in b) for a, b in pairwise(rows))
    for layers in (4, 12):
        boxes = [named(diagram.figure(64, 10, Shape(width, layers)).figure, "layer ")[0] for width in widths]
        lengths = [b.x1 - b.x0 for b in boxes]
        assert all(a < b for a, b in pairwise(lengths))


@pytest.mark.parametrize(
    ("fc", "spinal", "says"),
    [
        (16_500, 8_480, "48.6 % fewer than"),
        (8_480, 8_480, "as many as"),
        (100, 150, "50.0 % more than"),
        (100, 1_234, "12.3 times"),
    ],
)
def test_the_finding_says_what_the_counts_say(fc, spinal, says):
    sizes = {"fc": (1, fc), "spinal": (1, spinal), "fc-matched": (1, 8_580)}
    sentence = diagram.finding("small CNN", 320, Shape(8, 6), sizes)
    assert f"{spinal:,} multiplications, {says} the fully connected" in sentence
    assert "takes 8,580." in sentence


def test_more_parts_than_features_is_one_clear_sentence():
    with pytest.raises(ValueError, match="no more parts than features, got 3 features") as error:
        diagram.figure(3, 10, Shape(8, 8, 8))
    assert "\n" not in str(error.value)


# ---- drawn ---------------------------------------------------------------------------------------


@SOME
@given(shapes, st.sampled_from(theme.THEMES))
def test_every_layer_is_a_box_that_wears_its_parts_colour_and_letter(shape, look):
    with theme.drawn(look):
        fig = diagram.figure(321, 10, shape).figure
    boxes, caps, parts = named(fig, "layer "), named(fig, "cap "), named(fig, "part ")
    assert len(boxes) == len(caps) == shape.layers
    assert len({part.fillcolor for part in parts}) == len(parts) == shape.split
    fills = [part.fillcolor for part in parts]
    for i, (box, cap, part) in enumerate(zip(boxes, caps, shape.parts, strict=True)):
        assert cap.name == f"cap {i + 1} {diagram.LETTERS[part]}"
        assert cap.fillcolor == box.line.color == fills[part]
    texts = words(fig)
    for letter in diagram.LETTERS[: shape.split]:
        seen = sum(diagram.LETTERS[part] == letter for part in shape.parts)
        assert texts.count(letter) == 1 + seen


@SOME
@given(shapes)
def test_the_drawing_is_wired_like_the_head(shape):
    fig = diagram.figure(321, 10, shape).figure
    rows = diagram.layers(321, 10, shape)
    taps = next(trace for trace in fig.data if trace.name == "taps")
    lanes = sorted(set(taps.x))
    assert [lanes.index(value) for value in taps.x] == list(shape.parts)
    arrows = [a for a in fig.layout.annotations if a.showarrow]
    assert len(arrows) == (shape.layers - 1) + shape.layers + 1  # before, to the read-out's strip, and out of it
    texts = words(fig)
    for row, part in zip(rows[1:-1], shape.parts[1:], strict=True):
        assert f"{diagram.part_sizes(rows, shape)[part]:,} + {shape.width}" in texts, row
    told = next(trace for trace in fig.data if trace.name == "hover").text
    for row, text in zip(rows, told, strict=False):
        assert f"{row.parameters:,} parameters, {row.multiplications:,} multiplications" in text


@SOME
@given(shapes)
def test_nothing_is_drawn_over_another_box_or_off_the_page(shape):
    fig = diagram.figure(321, 10, shape).figure
    x, y = sorted(fig.layout.xaxis.range), sorted(fig.layout.yaxis.range)
    for drawn in fig.layout.shapes:
        assert x[0] <= min(drawn.x0, drawn.x1) <= max(drawn.x0, drawn.x1) <= x[1]
        assert y[0] <= min(drawn.y0, drawn.y1) <= max(drawn.y0, drawn.y1) <= y[1]
    boxes = named(fig, "layer ") + named(fig, "cap ") + named(fig, "part ") + named(fig, "outputs")
    spans = [(sorted((b.x0, b.x1)), sorted((b.y0, b.y1))) for b in boxes]
    for i, (ax, ay) in enumerate(spans):
        for bx, by in spans[:i]:
            apart = min(ax[1], bx[1]) <= max(ax[0], bx[0]) + 1e-9 or min(ay[1], by[1]) <= max(ay[0], by[0]) + 1e-9
            assert apart


@pytest.mark.parametrize("layers", [1, 6, 7, 24])
def test_any_number_of_layers_runs_from_top_to_bottom_at_the_same_places_and_no_word_is_small(layers):
    few, many = (diagram.figure(320, 10, Shape(8, n, 1)).figure for n in (2, layers))
    first, last = named(many, "layer ")[0], named(many, "layer ")[-1]
    assert (first.x0, first.x1) == (last.x0, last.x1) == (named(few, "layer ")[0].x0, named(few, "layer ")[0].x1)
    assert [box.y0 for box in named(many, "layer ")] == sorted(box.y0 for box in named(many, "layer "))
    assert min(a.font.size for a in many.layout.annotations if a.text) >= 12


def test_colours_and_the_letters_on_them_can_be_read(dark):
    assert len(diagram.COLOURS) == len(diagram.LETTERS) == heads.SPLIT_LIMITS[1]
    shown = [diagram.part_colour(part) for part in range(len(diagram.COLOURS))]
    assert len(set(shown)) == len(shown)
    for part, colour in enumerate(shown):
        assert palette.contrast(colour, diagram.PAGE[dark]) >= diagram.CONTRAST
        assert palette.contrast(palette.on(colour), colour) >= diagram.READABLE
        ink = diagram.part_colour(part, diagram.READABLE)
        assert palette.contrast(ink, diagram.PAGE[dark]) >= diagram.READABLE
    assert math.isclose(palette.contrast("#000000", "#ffffff"), 21)


@SOME
@given(shapes)
def test_alt_text_names_the_order(shape):
    assume(shape.split > 1)
    text = diagram.alt(320, 10, shape)
    assert " ".join(diagram.LETTERS[part] for part in shape.parts) in text


# ---- on the page ---------------------------------------------------------------------------------


def script(backbone, width, layers, split, classes):
    from core.studies.spinal.heads import Params
    from pages.parts.spinal import diagram as spinal_diagram

    spinal_diagram.show(Params(backbone, width=width, layers=layers, split=split), classes)


def shown(backbone="small_cnn", width=0, layers=0, split=2, classes=10):
    return AppTest.from_function(script, default_timeout=180, args=(backbone, width, layers, split, classes)).run()


def test_three_counters_and_a_finding():
    app = shown()
    assert not app.exception
    assert [m.label for m in app.metric] == [f"{head} head, parameters" for head in ("FC", "Spinal", "FC matched")]
    assert [m.value for m in app.metric] == ["16,560", "8,538", "8,616"]
    assert [m.delta for m in app.metric][:2] == ["16,500 multiplications", "8,480 multiplications, −48.6 %"]
    assert any("8,480 multiplications, 48.6 % fewer than" in m.value for m in app.markdown)


@pytest.mark.parametrize(
    "setting",
    [("vgg5", 1, 1, 1, 2), ("cifar_vgg11", 512, 24, 8, 100), ("vgg5", 33, 7, 3, 10), ("small_cnn", 512, 3, 1, 1)],
)
def test_the_counters_follow_the_sliders(setting):
    backbone, width, layers, split, classes = setting
    app = shown(*setting)
    assert not app.exception
    assert not app.error
    shape = Params(backbone, width=width, layers=layers, split=split).shape
    for metric, head in zip(app.metric, HEADS, strict=True):
        parameters, multiplications = counts(backbone, head, shape, classes)
        assert metric.value == f"{parameters:,}"
        assert metric.delta.startswith(f"{multiplications:,} multiplications")
