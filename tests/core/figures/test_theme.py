"""Whose theme figures are drawn in: what is said around them, else the reader's, else light."""

from concurrent.futures import ThreadPoolExecutor

import plotly.graph_objects as go
import pytest

from core.figures import palette, theme


@pytest.fixture(autouse=True)
def reader(monkeypatch):
    """Nobody has said yet who is asked."""
    monkeypatch.setattr(theme, "_reader", [lambda: None])


def test_figures_are_light_unless_they_are_drawn_dark():
    assert not theme.dark()
    light = palette.style(go.Figure())
    with theme.drawn("dark"):
        assert theme.dark()
        dark = palette.style(go.Figure())
        with theme.drawn("light"):
            assert palette.text_colour() == light.layout.font.color
        assert palette.text_colour() == dark.layout.font.color != light.layout.font.color
    assert not theme.dark()


def test_the_theme_is_put_back_where_drawing_fails():
    with pytest.raises(ZeroDivisionError), theme.drawn("dark"):
        raise ZeroDivisionError
    assert not theme.dark()


def test_every_thread_asks_the_reader_and_what_is_said_in_one_stays_there():
    theme.follow(lambda: "dark")
    with theme.drawn("light"), ThreadPoolExecutor(1) as other:
        assert not theme.dark()
        assert other.submit(theme.dark).result()  # as a fragment that runs again by itself


def test_no_colour_of_a_signed_map_or_network_is_the_same_on_both_pages():
    def colours():
        return palette.signed_scale(), palette.network_colours([None, 3]), palette.accent(), palette.text_colour()

    light = colours()
    with theme.drawn("dark"):
        assert all(one != other for one, other in zip(light, colours(), strict=True))
