"""What figures are drawn with, held against numbers worked out by hand."""

import math

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from core.base.intervals import mean_interval
from core.figures import kit


def test_a_band_goes_along_its_upper_end_and_back_along_its_lower_one():
    fig = go.Figure()
    kit.band(fig, [1, 2, 5], np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.6, 0.9]), "#112233", legendgroup="a")
    (area,) = fig.data
    assert list(area.x) == [1, 2, 5, 5, 2, 1]
    assert list(area.y) == [0.4, 0.6, 0.9, 0.3, 0.2, 0.1]
    assert (area.fill, area.mode, area.hoverinfo, area.showlegend) == ("toself", "none", "skip", False)


def test_whiskers_end_at_the_interval():
    values, low, high = np.array([5.0, 7.0]), np.array([4.0, 6.5]), np.array([8.0, 7.25])
    bars = kit.whiskers(values, low, high, thickness=1)
    np.testing.assert_allclose(values + bars["array"], high)
    np.testing.assert_allclose(values - bars["arrayminus"], low)
    assert bars["thickness"] == 1
    assert not bars["symmetric"]


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_every_seed_that_is_known_is_drawn_left_of_their_mean(count):
    values = np.linspace(90, 95, count)
    values = np.insert(values, 1, math.nan)  # the second seed is still to come
    fig = go.Figure()
    kit.seeds_with_interval(fig, 2, values, "a head", ("#0072B2", "circle"))
    seeds, mean = fig.data
    assert list(seeds.y) == list(values[~np.isnan(values)])
    assert list(seeds.customdata) == [0, *range(2, count + 1)]
    assert all(1.5 < x < mean.x[0] < 2.5 for x in seeds.x)
    assert len(set(seeds.x)) == count
    middle, half = mean_interval(values)
    assert mean.y[0] == middle
    assert mean.error_y.array[0] == (0 if count < 3 else half)


def test_no_mean_is_drawn_of_no_seed():
    fig = go.Figure()
    kit.seeds_with_interval(fig, 0, np.full(3, math.nan), "a head", ("#0072B2", "circle"))
    assert len(fig.data) == 1
    assert len(fig.data[0].y) == 0


def test_labels_at_the_ends_of_lines_stay_apart_and_in_order():
    assert kit.apart([50.0, 51.0, 20.0, 50.5], gap=5) == [50.0, 60.0, 20.0, 55.0]
    steps = np.diff(kit.apart([0.1, 0.1, 0.12, 0.5], gap=0.055))
    assert steps.min() >= 0.055 - 1e-9
    fig = go.Figure()
    kit.end_labels(fig, [(1.0, "one", "#111111"), (1.5, "two", "#222222")], 2, x=9, font={"size": 12})
    assert [(a.text, a.x, a.y, a.font.color, a.font.size) for a in fig.layout.annotations] == [
        ("one", 9, 1.0, "#111111", 12),
        ("two", 9, 3.0, "#222222", 12),
    ]


def test_panels_of_pixels_are_square_and_begin_at_the_top_left():
    fig = make_subplots(1, 2)
    kit.pixel_panels(fig, 10, 20, 2)
    assert fig.layout.xaxis2.range == (-0.5, 19.5)
    assert fig.layout.yaxis2.range == (9.5, -0.5)
    assert (fig.layout.yaxis.scaleanchor, fig.layout.yaxis2.scaleanchor) == ("x", "x2")


def test_a_frame_lies_around_its_place_in_its_panel():
    fig = make_subplots(1, 2)
    kit.frame(fig, 7, 3, 4, {"color": "#D55E00"}, 1)
    (square,) = fig.layout.shapes
    assert (square.x0, square.x1, square.y0, square.y1) == (5, 9, 1, 5)
    assert (square.xref, square.yref) == ("x2", "y2")
