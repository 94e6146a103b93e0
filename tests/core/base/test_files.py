"""Files are whole or not at all, wherever they are written; a cell of text is never a formula."""

import ast
import base64
import csv
import io
import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base import files
from core.figures import blocks

ROOT = Path(__file__).parents[3]
LIKE_FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠x",
    "-",
    "=",
    "+49 30",
]


@pytest.mark.parametrize("text", LIKE_FORMULAS)
def test_what_looks_like_a_formula_is_written_as_text(text):
    [names, row] = csv.reader(io.StringIO(files.csv_text({text: [text]}), newline=""))
    assert names == row == [f"'{text}"]


@pytest.mark.parametrize("value", ["-0.5", "+1", "-1e-3", "-.5", "3.", "cat", "", "'", "a=1", " =1", "−1", "1+1"])
def test_numbers_and_other_words_stay_as_they_are(value):
    assert list(csv.reader(io.StringIO(files.csv_text({"x": [value]}), newline="")))[1:] == [[value] if value else [""]]
    assert files.no_formulas({"x": [value]}) == {"x": [value]}


def test_numbers_stay_numbers():
    columns = {"a": [-0.5, 3, -2], "b": [np.float64(-0.5), np.int64(-3), None]}
    assert files.csv_text(columns) == "a,b\r\n-0.5,-0.5\r\n3,-3\r\n-2,\r\n"
    assert files.no_formulas(columns) == columns


@given(st.text())
def test_no_text_ever_begins_like_a_formula(text):
    [[cell]] = list(csv.reader(io.StringIO(files.csv_text({"x": [text]}), newline="")))[1:] or [[""]]
    assert not cell.startswith(files.FORMULAS) or files.NUMBER.fullmatch(cell)
    assert cell.removeprefix("'") == text.removeprefix("'").encode(errors="backslashreplace").decode()


def test_every_csv_of_ours_goes_that_way(tmp_path):
    files.write_text(tmp_path / "x.csv", files.csv_text({"name": ["=1+1.png"], "reason": ["@broken"]}))
    assert (tmp_path / "x.csv").read_bytes() == b"name,reason\r\n'=1+1.png,'@broken\r\n"
    address = blocks.csv_address({"=x": ["+a", -0.5]})
    assert base64.b64decode(address.partition(",")[2]) == b"'=x\r\n'+a\r\n-0.5\r\n"
    writers = [p for p in sources() if re.search(r"csv\.writer|DictWriter|to_csv", p.read_text())]
    assert [p.name for p in writers] == ["files.py"]
    tables = [
        p for p in sources() if re.search(r"\.(dataframe|data_editor|table)\(", p.read_text()) and "pages" in str(p)
    ]
    assert {p.name for p in tables if "st.dataframe(" in p.read_text()} == {"charts.py"}


def sources():
    return [ROOT / "app.py", *sorted((ROOT / "core").rglob("*.py")), *sorted((ROOT / "pages").rglob("*.py"))]


# ---- whole or not at all -------------------------------------------------------------------------


def written(tmp_path):
    return sorted(p.name for p in tmp_path.iterdir())


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path):
    path = tmp_path / "out.json"
    files.write_json(path, {"old": 1})

    def half(fresh):
        fresh.write_text('{"new": ')
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        files.whole(path, half)
    assert json.loads(path.read_text()) == {"old": 1}
    assert written(tmp_path) == ["out.json"]


def test_a_folder_that_is_missing_is_made_and_a_long_name_fits(tmp_path):
    path = tmp_path / "new" / ("x" * 250 + ".json")
    files.write_json(path, [1])
    assert json.loads(path.read_text()) == [1]


def test_a_link_stays_a_link_and_a_device_a_device(tmp_path):
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    files.write_json(link, {"new": 1})
    assert link.is_symlink()
    assert json.loads(real.read_text()) == {"new": 1}
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    files.write_json(tmp_path / "pipe", {"new": 1}, indent=None)
    assert os.read(reader, 100) == b'{"new": 1}\n'
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


def killed(monkeypatch):
    """As if the process ended while the bytes of a picture were written."""
    real = Path.write_bytes

    def write_bytes(path, data):
        real(path, data[: len(data) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "write_bytes", write_bytes)


def test_a_png_goes_through_the_same_door(tmp_path, monkeypatch):
    from core.pictures.image import write_png

    path = tmp_path / "maps" / "map.png"
    write_png(path, np.zeros((4, 4, 3), np.uint8))
    before = path.read_bytes()
    killed(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        write_png(path, np.ones((64, 64, 3), np.uint8))
    assert path.read_bytes() == before
    assert written(path.parent) == ["map.png"]


def test_weights_go_through_the_same_door(tmp_path, monkeypatch):
    import torch

    from core.networks.weights import write_state

    path = tmp_path / "net.safetensors"
    write_state(path, {"a": torch.ones(3)}, {})
    before = path.read_bytes()
    killed(monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        write_state(path, {"a": torch.ones(300)}, {})
    assert path.read_bytes() == before
    assert written(tmp_path) == ["net.safetensors"]


APART = {  # what writes files in other ways, and why
    "core/base/files.py": "the door itself",
    "core/networks/download.py": "goes on with what has arrived",
    "core/base/jobs.py": "the error stream of another process",
}


def test_nothing_writes_a_file_by_another_way():
    """Any new write_text, write_bytes or open(..., "w") stands in a function that is given to `whole`."""
    found = set()
    for path in sources():
        name = path.relative_to(ROOT).as_posix()
        for call in (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)):
            if not isinstance(call.func, ast.Attribute):
                continue
            modes = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            opened = call.func.attr == "open" and any(re.fullmatch(r"[wax]b?\+?", mode) for mode in modes)
            elsewhere = call.func.attr in ("write_text", "write_bytes") and ast.unparse(call.func.value) != "fresh"
            if opened or elsewhere or ast.unparse(call.func) == "os.replace":
                found.add(name)
    assert found <= set(APART)


def test_only_changed_code_makes_a_commit_another(tmp_path, monkeypatch):
    code, measured = tmp_path / "core.py", tmp_path / "assets" / "record.json"
    measured.parent.mkdir()

    def git(*words):
        return subprocess.run(["git", *words], cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    git("init")
    monkeypatch.setattr(files, "ROOT", tmp_path)
    assert files.commit() == "unknown"  # none yet
    for path in (code, measured):
        path.write_text("1")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-m", "Begin")
    stands = git("rev-parse", "--short=12", "HEAD")
    assert files.commit() == stands
    measured.write_text("2")
    assert files.commit() == stands
    code.write_text("2")
    assert files.commit() == f"{stands}-dirty"
