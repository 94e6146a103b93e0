"""The hero's words: its headline says the counts that its rows show, whatever the pictures are of."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.studies.random.nearby import Nearby
from pages.parts.random.nearest import Scene, data, said

CLASSES = ("ant", "bass", "crab", "emu")
SPACES = ("pixels", "random", "trained")
rows = st.lists(st.integers(0, len(CLASSES) - 1), min_size=6, max_size=6)


def scene(*kinds):
    """Rows of nearest pictures whose kinds are these; row k of the gallery is of kind k % 4."""
    near = np.array([[label + 4 * i for i, label in enumerate(row)] for row in kinds])
    spaces, count = SPACES[: len(near)], len(near)
    ranks = np.tile(np.arange(1, 7)[None, :, None], (count, 1, count))
    few = near[1:2], np.zeros((1, 6)), ranks[1:2]
    found = Nearby(spaces, near, np.zeros((count, 6)), ranks, np.array([9]), *few, 1.0)
    return Scene(found, np.arange(24) % 4, CLASSES, "mine", "", lambda shown: dict.fromkeys(shown, ""))


def counts(words):
    """The numbers that a line says of kinds."""
    in_words = {"none": 0, "no two": 1, "all": 1}
    return [in_words[word] if word in in_words else int(word) for word in re.findall(r"none|no two|all|\d+", words)]


@given(st.lists(rows, min_size=2, max_size=3))
def test_the_headline_says_what_the_rows_show(kinds):
    """In the order that it speaks in: the last space first; the rows' tallies say the same."""
    made = scene(*kinds)
    told = data(made)
    tallies = [counts(row["tally"])[0] for row in reversed(told["rows"])]
    headline = said(made)
    assert counts(headline)[0] == 6  # of so many
    assert counts(headline)[1:] == tallies
    for row, near in zip(told["rows"], kinds, strict=True):
        marked = [card["same"] for card in row["cards"]]
        if made.kind is None:
            assert not any(marked)
            assert counts(row["tally"])[0] == max(near.count(kind) for kind in near)
        else:
            assert marked == [kind == made.kind.label for kind in near]
            assert counts(row["tally"])[0] == sum(marked)
    assert bool(told["legend"]) == (made.kind is not None)


def test_rows_that_agree_where_the_trained_network_does_not_are_told():
    words = " ".join(said(scene([0, 0, 0, 0, 0, 1], [2, 2, 2, 0, 1, 3], [0, 0, 1, 1, 2, 3])).split())
    assert words == (
        "No kind stands out to a trained network: of the 6 pictures nearest to yours it finds 2 of one kind (**ant**). "
        "A network that has learned nothing finds 3 of one kind (**crab**), bare pixels 5 of one kind (**ant**)."
    )


@pytest.mark.parametrize(("space", "other"), [(0, "the trained network"), (1, "bare pixels"), (2, "bare pixels")])
def test_a_picture_tells_its_place_in_one_line(space, other):
    cards = data(scene([0] * 6, [1] * 6, [2] * 6))["rows"][space]["cards"]
    here = ("bare pixels", "random features", "the trained network")[space]
    assert cards[0]["place"] == f"nearest of 24 to {here}; for {other} it is number 1"
    assert cards[1]["place"] == f"number 2 of 24 for {here}; for {other} it is number 2"
