"""A sixth study is one folder, one page and its name in STUDIES: everything else of the house finds it there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.base.prose import LANGUAGES
from core.pictures.image import png_bytes, thumbnail
from core.studies import STUDIES

ROOT = Path(__file__).parents[3]
TOY = ROOT / "tests" / "helpers" / "toy_study"
FINDING = "The toy sees a light of "


@pytest.fixture(scope="module")
def found(tmp_path_factory, cat):
    """What tests/helpers/toy_study/find.py sees in a copy of the house with the toy study."""
    house = tmp_path_factory.mktemp("house")
    for name in ("core", "pages"):
        shutil.copytree(ROOT / name, house / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", house)
    (house / ".streamlit").symlink_to(ROOT / ".streamlit")
    shutil.copytree(ROOT / "assets" / "words", house / "assets" / "words")
    for path in (ROOT / "assets").iterdir():
        if path.name != "words":
            (house / "assets" / path.name).symlink_to(path)
    for language in LANGUAGES:
        shutil.copy(TOY / "words" / f"{language}.md", house / "assets" / "words" / language / "toy_light.md")
    shutil.copytree(TOY / "room", house / "core" / "studies" / "toy", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(TOY / "page.py", house / "pages" / "toy_light.py")
    face = house / "core" / "studies" / "__init__.py"
    face.write_text(
        face.read_text().replace("spinal\n", "spinal, toy\n").replace("spinal.STUDY", "spinal.STUDY, toy.STUDY")
    )
    (house / "pictures").mkdir()
    (house / "pictures" / "a.png").write_bytes(png_bytes(thumbnail(cat, 32)))
    done = subprocess.run(
        [sys.executable, TOY / "find.py"],
        cwd=house,
        env={**os.environ, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_page_is_in_the_navigation_and_the_home_page_shows_it(found):
    assert found["page"][0] == "How bright is it?"
    assert any(said.startswith(FINDING) for said in found["page"])
    assert "**How bright is it?**" in found["home"]
    assert any(said.startswith(FINDING) for said in found["home"])
    assert [f"Open {study.title}" for study in STUDIES] + ["Open Toy light"] == [
        said for said in found["home"] if said.startswith("Open ")
    ]


def test_the_terminal_has_its_command_with_its_settings(found):
    assert "toy-light" in found["help"]
    assert found["limits"] == "expected 1 to 9 as the gain, got 10: choose one of them\n"
    assert found["command"] == f"{FINDING}{found['result']['light']:.2f}.\n"


def test_a_batch_writes_its_rows(found):
    [row] = found["rows"]
    assert (row["picture"], row["network"]) == ("a.png", "digits_cnn")
    assert 0 < row["light"] <= 4
    assert "right" not in row
    assert "1 rows" in found["batch"]


def test_its_claims_are_on_the_board(found):
    assert found["verdicts"]["toy-light"] == "reproduced in miniature"
    assert "1 claims: 1 reproduced in miniature." in found["claims"]
    assert len(found["verdicts"]) == sum(len(study.claims) for study in STUDIES) + 1


def test_the_matrix_of_networks_has_its_part_and_the_report_its_section(found):
    assert "  ● light\n" in found["networks"]
    assert any("How bright is it?" in line for line in found["printed"])
    assert any(FINDING in line for line in found["printed"])
