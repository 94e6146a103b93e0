"""The pages that hold numbers and lists say what the records and the code say, and README stays short."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from core.studies import STUDIES
from core.terminal import app
from core.terminal.numbers import BETWEEN, FLOORS, pages

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
