"""The networks' cards: those that disagree come first, and how often they are right is one number where it is one."""

from __future__ import annotations

from core.networks import packaged
from core.overview.said import Said
from pages.parts.networks.cards import others_first, right

CARDS = list(packaged.cards().values())[:4]


def says(label):
    return Said(((label, 0.6), ("other", 0.1)))


def test_the_networks_that_say_another_thing_come_first_in_their_order():
    answers = [says("cat"), says("dog"), says("cat"), Said(problem="its file is damaged")]
    assert others_first(CARDS, answers) == [(CARDS[i], answers[i]) for i in (1, 0, 2, 3)]


def test_nothing_moves_until_all_have_answered():
    answers = [says("cat"), says("dog"), says("cat"), None]
    assert [card for card, _ in others_first(CARDS, answers)] == CARDS


def test_one_number_is_said_where_the_range_rounds_to_one():
    assert right([0.9921, 0.9934]).endswith("right in 99% of all cases.")
    assert right([0.53, 0.89]).endswith("right in 53% to 89% of all cases.")
