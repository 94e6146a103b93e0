"""The pages that hold numbers and lists say what the records and the code say, and README stays short."""

import re
import tomllib
from pathlib import Path
from statistics import median

import pytest
import typer

from core.studies import STUDIES
from core.terminal import app
from core.terminal.numbers import BETWEEN, FLOORS, pages
from tests.benchmarks import table as speed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAX_BYTES = 6_000
LINK = re.compile(r"\]\(([^)]+)\)")
WRITTEN = ("README.md", "assets/results/README.md", "core/README.md")


@pytest.fixture(scope="module")
def made():
    return {path.relative_to(ROOT).as_posix(): text for path, text in pages().items()}


@pytest.mark.parametrize("name", WRITTEN)
def test_a_page_is_what_the_records_and_the_code_say(made, name):
    assert made.keys() == set(WRITTEN)
    assert (ROOT / name).read_text(encoding="utf-8") == made[name], "run `receptive numbers`"


def test_readme_is_short_and_has_a_result_a_study():
    assert len(README.encode()) <= MAX_BYTES
    [told] = BETWEEN.findall(README)
    assert [line.split("**")[1] for line in told.splitlines() if line.startswith("- ")] == [s.title for s in STUDIES]
    assert all(f"**{study.title}**" in README.replace(told, "") for study in STUDIES)
    assert " ".join(FLOORS) in README.replace("\n", " ")


@pytest.mark.parametrize("name", [*WRITTEN, "core/EXAMPLES.md", "tests/benchmarks/README.md"])
def test_links_lead_to_files(name):
    page = ROOT / name
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (page.parent / link).is_file(), link


def test_every_command_of_readme_is_one():
    named = set(re.findall(r"receptive ([a-z][a-z-]*)", README))
    assert len(named) >= 8
    assert named <= set(typer.main.get_command(app).commands)


def test_the_commands_to_install_and_to_test_are_the_projects():
    about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"receptive-{about['version']}-py3-none-any.whl && receptive app" in README
    assert 'pip install -e ".[test]" && pytest' in README
    assert 'pip install -q -e ".[test]"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [speed.README, speed.FRONT], ids=["benchmarks", "front"])
def test_the_tables_of_speed_are_what_the_benchmarks_measured(path):
    [told] = speed.BETWEEN.findall(path.read_text(encoding="utf-8"))
    assert told == speed.tables()[path]


def test_every_row_of_speed_that_was_measured_has_pairs_and_a_line():
    assert set(speed.measured()) <= {row.key for row in speed.ROWS}
    for row in speed.shown():
        assert min(speed.ratios(row)) > 0
        assert f"| {row.what}" in speed.line(row)
        middle = median(speed.ratios(row))
        met = middle >= row.wanted if row.faster else middle <= row.wanted
        assert ("**missed**" in speed.line(row)) == (not met)
