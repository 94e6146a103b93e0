"""Why spinal heads: the paper's savings from the networks themselves, and a spinal network equal to a plain one."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from torch import nn

from core.figures import theme
from core.models.spinal import equal_to
from core.studies.spinal import regression, why
from core.studies.spinal import why_figures as figures

SOME = settings(max_examples=15, deadline=None)
toys = st.builds(why.Toy, st.integers(*why.UNIT_LIMITS), st.integers(*why.WIDTH_LIMITS), st.integers(*why.SPLIT_LIMITS))


# ---- what is saved -------------------------------------------------------------------------------


def test_the_papers_savings_are_counted_from_the_networks():
    table = why.savings()
    assert table["multiplications, FC"] == (16_500, 136_192, 18_915_328, 21_700)
    assert table["multiplications, spinal"] == (8_480, 119_808, 1_331_200, 14_000)
    assert table["saved, %"] == (48.6, 12.0, 93.0, 35.5)
    assert table["parameters, FC"][-1] == 22_001


def test_the_published_regression_leaves_two_layers_dead():
    every, live = regression.counts("published")
    dead = 2 * ((4 + 50) * 50 + 50)  # two layers that see half of eight inputs and fifty units
    assert (live, every) == (8_801, 14_301)
    assert every - live == dead


# ---- the construction ----------------------------------------------------------------------------


@SOME
@given(
    st.integers(1, 13), st.integers(1, 9), st.integers(1, 4), st.integers(2, 7), st.integers(1, 13), st.integers(0, 99)
)
def test_a_spinal_network_equals_any_plain_one(features, units, outputs, width, split, seed):
    split = min(split, features)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        inner, outer = nn.Linear(features, units).double(), nn.Linear(units, outputs).double()
        x = torch.randn(16, features, dtype=torch.double)
    for layer in (inner, outer):  # the head keeps single precision: give it numbers that are no longer
        for parameter in layer.parameters():
            parameter.data = parameter.data.float().double()
    twin = equal_to(inner, outer, width, split).double()
    assert torch.allclose(twin(x), outer(inner(x).relu()), rtol=1e-12, atol=1e-12)


@SOME
@given(toys)
def test_both_curves_are_one_at_every_setting(toy):
    twins = why.run(toy)
    assert twins.difference < 1e-11
    assert np.abs(twins.plain).max() < 10
    assert (twins.bends[:-1] < twins.bends[1:]).all()
    assert (np.abs(twins.bends) <= why.REACH).all()


@SOME
@given(toys)
def test_layers_are_what_their_weights_say(toy):
    twins, at_once = why.run(toy), toy.width // 2
    groups = -(-toy.units // at_once)
    assert twins.layers == groups * toy.split
    assert twins.held.sum() == toy.units
    assert twins.held.max() <= at_once
    last = twins.part == toy.split - 1
    assert ((twins.held > 0) == last).all()
    assert (twins.carried[last] == 0).all()
    assert (twins.carried.reshape(groups, toy.split)[:, :-1] == twins.held[last][:, None]).all()
    assert (twins.linked == (twins.part > 0)).all()  # nothing is handed from group to group


def test_more_hidden_units_come_closer_to_the_goal():
    errors = [why.run(why.Toy(units)).error for units in (1, 4, 12, 24)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1


def test_the_plain_networks_bends_are_where_its_slope_changes():
    twins = why.run(why.Toy(5))
    slope = np.diff(twins.plain) / np.diff(twins.t)
    turns = twins.t[1:-1][np.abs(np.diff(slope)) > 1e-6]
    step = twins.t[1] - twins.t[0]
    assert all(np.abs(turns - bend).min() <= step for bend in twins.bends)
    assert all(np.abs(twins.bends - turn).min() <= step for turn in turns)


@pytest.mark.parametrize("sizes", [(0, 4, 2), (25, 4, 2), (8, 1, 2), (8, 17, 2), (8, 4, 0), (8, 4, 9), (-3, 4, 2)])
def test_sizes_beyond_the_limits_are_one_clear_sentence(sizes):
    with pytest.raises(ValueError, match=r"^expected \d+ to \d+ [a-z ]+, got -?\d+: choose one of them$"):
        why.Toy(*sizes)


def test_a_width_that_cannot_carry_a_sum_is_refused():
    with pytest.raises(ValueError, match="expected a width of 2 or more"):
        equal_to(nn.Linear(4, 3), nn.Linear(3, 1), 1)


def test_the_finding_counts_what_is_drawn():
    sentence = why.finding(why.run(why.Toy(8, 4, 2)))
    assert "so 8 hidden units need 8 layers: 4 to carry sums, 4 to hold hidden units." in sentence
    assert "305 parameters against 81" in sentence
    assert "so 1 hidden unit needs 1 layer:" in why.finding(why.run(why.Toy(1, 2, 1)))


@SOME
@given(toys, st.sampled_from(theme.THEMES))
def test_every_layer_and_both_outputs_are_drawn(toy, look):
    twins = why.run(toy)
    with theme.drawn(look):
        wiring, fig = figures.wiring(twins).figure, figures.curves(twins).figure
    assert sum(len(trace.x) for trace in wiring.data) == twins.layers
    assert len({(x, y) for trace in wiring.data for x, y in zip(trace.x, trace.y, strict=True)}) == twins.layers
    assert len(wiring.layout.shapes) == int(twins.linked.sum())
    assert len({trace.marker.symbol for trace in wiring.data}) == 2
    curves = {trace.name: trace for trace in fig.data}
    assert np.array_equal(curves["plain"].y, twins.plain)
    assert np.array_equal(curves["spinal, set by hand"].y, twins.spinal)
    table = figures.wiring_table(twins)
    assert sum(table["hidden units held"]) == toy.units
    assert {len(column) for column in table.values()} == {twins.layers}
    assert len({len(column) for column in figures.curve_table(twins).values()}) == 1


# ---- on the page ---------------------------------------------------------------------------------


def script():
    from pages.parts.spinal import why as spinal_why

    spinal_why.show()


def test_the_part_stands_and_follows_its_sliders():
    app = AppTest.from_function(script, default_timeout=180).run()
    assert not app.exception
    assert [h.value for h in app.header] == ["Why"]
    assert len(app.latex) == 3
    assert any("8,801 of its 14,301 parameters are live" in c.value for c in app.caption)
    assert app.dataframe[0].value["multiplications, spinal"].tolist() == [8_480, 119_808, 1_331_200, 14_000]
    assert any("8 hidden units need 8 layers" in m.value for m in app.markdown)
    app.slider(key="spinal-toy-units").set_value(24)
    app.slider(key="spinal-toy-width").set_value(2)
    app.slider(key="spinal-toy-split").set_value(8).run()
    assert not app.exception
    assert any("24 hidden units need 192 layers" in m.value for m in app.markdown)
    for key in ("spinal-twins table", "spinal-wiring table"):
        app.session_state[key] = True
    app.run()
    assert not app.exception
    assert len(app.dataframe) == 3
