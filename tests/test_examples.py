"""The page of examples: every section runs by itself and prints what it says."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "core" / "EXAMPLES.md"
TEXT = PAGE.read_text()
ASKED_FOR = (
    *("decode(", "engine.logits", "sweep.run", "patches.evidence", "coded.code", "linear_svm.fit"),
    *("multiplications", "user_network", "own_networks.Plug", "exact=True", "coverage.row", "write_html"),
)
FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def sections():
    """{heading: (its text, the line it begins at)} for every section that holds Python."""
    found, line = {}, 0
    for part in re.split(r"^(?=## )", TEXT, flags=re.MULTILINE):
        if "```python" in part:
            found[part.partition("\n")[0].removeprefix("## ")] = (part, line)
        line += part.count("\n")
    return found


SECTIONS = sections()


@pytest.mark.parametrize("heading", SECTIONS)
def test_a_section_prints_what_it_says(heading):
    text, line = SECTIONS[heading]
    examples = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, heading, str(PAGE), line)
    said = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(examples, out=said.append)
    assert runner.tries > 1
    assert not runner.failures, "".join(said)


def test_the_page_shows_what_researchers_ask_for():
    assert len(SECTIONS) >= 11
    for name in ASKED_FOR:
        assert name in TEXT, name


def test_plain_doctest_takes_the_page_as_it_is():
    """A fence right after an output would be taken for a part of it."""
    fenced = [example for block in FENCE.findall(TEXT) for example in doctest.DocTestParser().get_examples(block)]
    as_it_is = doctest.DocTestParser().get_examples(TEXT)
    assert [(e.source, e.want) for e in as_it_is] == [(e.source, e.want) for e in fenced]
    assert len(as_it_is) > 90


def test_outputs_depend_on_no_machine():
    wants = [example.want for example in doctest.DocTestParser().get_examples(TEXT)]
    assert not [want for want in wants if re.search(r"/(?:home|tmp|root|work)/|0x[0-9a-f]{6}|\d\.\d{4,}", want)]
    assert "doctest: +" not in TEXT  # nothing is skipped or left open


def test_a_wrong_output_is_noticed():
    wrong = doctest.DocTestParser().get_doctest(">>> 1 + 1\n3\n", {}, "wrong", None, 0)
    assert doctest.DocTestRunner(verbose=False).run(wrong, out=lambda said: None).failed == 1
