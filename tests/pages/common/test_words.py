"""Words of others reach Markdown through one door. What Chromium makes of it: browser/test_words_in_chromium.py."""

import ast
from pathlib import Path
from unicodedata import bidirectional

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.base.quote import MARKS, unturned
from core.figures.palette import verbatim
from pages.parts.common.provenance import again
from pages.parts.common.words import PART, code, link, plain, stressed
from tests.helpers import markdown_sinks
from tests.helpers.hostile import FLAT, NAME, RAW_HTML, WORDS

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def test_no_text_of_others_goes_into_markdown_as_it_came():
    """Every argument of every Streamlit call that obeys Markdown, on every page."""
    parsed = markdown_sinks.trees([path for path in PAGES if path.name != "words.py"])
    made = set().union(*(markdown_sinks.makers(path, tree) for path, tree in parsed.items()))
    assert [line for path, tree in parsed.items() for line in markdown_sinks.unsafe(path, tree, made)] == []


@pytest.mark.parametrize(
    "line",
    [
        "st.markdown(title)",
        "st.markdown(f'**{title}**')",
        "st.markdown('a' + title)",
        "st.caption(card.provenance)",
        "left.button(title, key='x')",
        "st.button('x', help=title)",
        "st.error(str(error))",
        "st.metric('x', title)",
        "st.image(pixels, caption=title)",
        "st.image(pixels, title)",
        "bar.progress(0.5, f'{title}: {0.5:.0%}')",
        "bound(st.segmented_control, 'x', titles, key='x')",
        "bound(st.toggle, title, key='x')",
        "st.pills('x', titles)",
        "st.expander(title)",
        "st.markdown(', '.join(titles))",
        "st.markdown('- {}'.format(title))",
        "st.markdown(f'{title:>9}')",
        "st.badge('x')",
        "said = title\nst.markdown(said)",
        "for said in titles:\n    st.markdown(said)",
        "def f(said):\n    st.markdown(said)",
        "def f() -> Markdown:\n    return title",
        "st.write(title)",
        "st.caption(section('shift_sweep', 'adversary', most=3, label=title))",
    ],
)
def test_the_reader_of_the_pages_sees_what_goes_without(line):
    assert list(markdown_sinks.unsafe(Path("page.py"), ast.parse(line), set()))


@pytest.mark.parametrize(
    "line",
    [
        "st.markdown('**a** $x$')",
        "st.markdown(f'**{plain(title)}** {n:,} {p:.1%} {a:+.2f} {b:g} {c:d}')",
        "st.markdown(TEXT)",
        "st.caption(claims.RULE + HELP[name])",
        "said = plain(title)\nst.markdown(said if x else 'y')",
        "st.pills('x', titles, format_func=plain)",
        "def f() -> Markdown:\n    return plain(title)\nst.markdown(f())",
        "st.selectbox('x', titles)",
        "from core import figures\nfigures.table(title)",
        "for formula in FORMULAE:\n    st.latex(formula)",
        "st.caption(section('shift_sweep', 'adversary', most=params.most, label=plain(title)))",
    ],
)
def test_the_reader_of_the_pages_lets_pass_what_is_ours(line):
    assert list(markdown_sinks.unsafe(Path("page.py"), ast.parse(line), set())) == []


def test_words_without_signs_stay_readable():
    for words in ("photo BagNet-33", "cat (0.51): 95 % of 1,024 pictures", "λ = 0.2 · 猫, é", "0.25", "a_b & c"):
        assert plain(words) == words
    assert plain("") == ""
    assert plain(ValueError("expected 3")) == "expected 3"


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(st.sampled_from("\\`*_{}[]<>()#+-.!|~$:&@^=\"'/;1a \n\t")))
@example(NAME)
def test_a_reader_of_commonmark_finds_the_words_and_nothing_else(words):
    markdown_it = pytest.importorskip("markdown_it")
    parsed = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"says {plain(words)}")
    assert [token.type for token in parsed] == ["paragraph_open", "inline", "paragraph_close"]
    children = parsed[1].children
    assert {child.type for child in children} <= {"text", "text_special", "softbreak"}
    shown = "".join(child.content for child in children).replace(PART, "")
    known = unturned(words.replace(PART, "").replace("\0", "\ufffd").encode(errors="backslashreplace").decode())
    assert shown.split() == f"says {known}".split()


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(":/w.@+-<>=~abc19_ ")))
def test_nothing_is_left_that_streamlit_looks_for_in_finished_text(words):
    for piece in plain(words).replace("\\", "").split(PART):
        for sought in ("http://", "www.", "->", "<-", "--", ">=", "<=", "~=", "a@b"):
            assert sought not in piece


TURNED = "\u202e\u2067gpj\u2069.\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2068exe"
WRITTEN = r"\u202e\u2067gpj\u2069.\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u2066\u2068exe"
LETTERS = "قطة, חתול, می\N{ZERO WIDTH NON-JOINER}خواهم"


def test_marks_that_turn_the_words_around_them_are_written_out():
    assert plain(TURNED) == WRITTEN.replace("\\", "\\\\")
    assert code(TURNED) == f"`{WRITTEN}`"
    assert verbatim(TURNED) == WRITTEN
    kinds = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    turning = {chr(i) for i in range(0x110000) if bidirectional(chr(i)) in kinds}
    assert turning | {"\u061c", "\u200e", "\u200f"} == {*MARKS}


def test_letters_that_are_written_from_the_right_stay():
    assert plain(LETTERS) == code(LETTERS).strip("`") == verbatim(LETTERS) == LETTERS


def test_code_and_links_hold_what_they_are_given():
    assert code("receptive claims") == "`receptive claims`"
    assert code("a `b` ``c``") == "``` a `b` ``c`` ```"
    assert "\n" not in code("a\n\n# b")
    assert link("A [b](c)", "https://host.invalid/a b)") == ("[A \\[b\\](c)](<https://host.invalid/a%20b%29>)")
    assert again({"command": "receptive measure-random x", "date": "2025-01-01", "commit": "abc"}) == (
        "Measure again: `receptive measure random:x` (2025-01-01, commit abc)."
    )


def test_some_of_the_words_can_be_stressed_and_stay_words():
    assert stressed("the patch says a (1.0)", "a") == "the patch says&#32;**a**&#32;(1.0)"
    assert stressed("cnn from 2, svm from 4", "cnn", "svm") == "**cnn**&#32;from 2,&#32;**svm**&#32;from 4"
    assert stressed("says *x*", "*x*") == "says&#32;**\\*x\\***"
    assert stressed("Layers: 6", "Width:") == plain("Layers: 6")


# ---- figures -------------------------------------------------------------------------------------


def test_words_in_a_figure_stay_words():
    assert verbatim("photo BagNet-33, a & b, 95 %") == "photo BagNet-33, a & b, 95 %"
    assert verbatim("<b>a</b> &lt;i> %{x}") == "&lt;b>a&lt;/b> &amp;lt;i> %&#123;x}"


def every_string(figure: go.Figure):
    rest = [figure.to_plotly_json()]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            rest += value.values()
        elif isinstance(value, list | tuple | np.ndarray):
            rest += list(value)


def test_figures_of_classes_that_nobody_can_draw_on_a_page_without_a_lasso():
    from core.studies.random import maps, maps_figures
    from core.studies.shift.dataset import Summary
    from core.studies.shift.figures import corruption_plot, scatter

    found = maps.SpaceMap("pixels", np.random.default_rng(0).normal(size=(20, 2)), 0.5, 64, 5.0)
    labels, rows = np.arange(20) % 2, np.arange(20)
    result = maps.Result("x", 20, 5.0, "auto", 0, 100, 3, 1, 0, "digits_cnn", (FLAT, NAME), rows, labels, (found,))
    drawn = [maps_figures.mix_figure(result, range(20)).figure, maps_figures.map_figure(result, "pixels")]
    kinds = {"blur": [(0.5, 0.1)] * 3}
    summary = Summary("x", 10, 2, 0.5, (0.4, 0.6), 0.5, (0.4, 0.6), 0.1, 0.5, kinds)
    drawn += [scatter([summary], [NAME], [None]).figure, corruption_plot([summary], [NAME], [None], flips=False).figure]
    for figure in drawn:
        strings = list(every_string(figure))
        assert any("&lt;b>BOO" in one for one in strings)
        assert not [one for one in strings if any(raw in one for raw in RAW_HTML)]


@pytest.mark.parametrize("word", WORDS)
def test_verbatim_leaves_no_tag_and_no_template(word):
    assert "<" not in verbatim(word)
    assert "%{" not in verbatim(word)
