"""The house: imports run down the floors, the first paint stays light, the tables agree, and nothing grows too big."""

import ast
import dataclasses
import functools
import graphlib
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from core.base.refuse import MAX_UPLOAD_MB
from core.models import list_models
from core.networks.published import TORCHVISION_ARCHS
from core.studies import STUDIES
from core.terminal.numbers import FLOORS
from tests.helpers.studies import question_module, room

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "torchvision", "captum", "sklearn", "skimage", "plotly")
MAX_LINES, MAX_FUNCTION, MAX_WEIGHTS = 400, 60, 80_000_000
MAX_LOCAL_IMPORTS = 60  # what is heavy comes late from core.base.heavy; what is left are our own networks' modules


def dotted(path):
    """core/studies/shift/sweep.py -> core.studies.shift.sweep"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def trees():
    """{module: its syntax tree} of the app; parsed by those who look, not by all who collect the tests."""
    files = [ROOT / "app.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    return {dotted(path): ast.parse(path.read_text(), str(path)) for path in files}


TESTS = sorted((ROOT / "tests").rglob("*.py"))


def imports(tree):
    """Every module that a file imports, within functions and TYPE_CHECKING too; of `from a import b` it is a.b where
    that is a module of this house, else a.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in trees() else node.module


@functools.cache
def edges():
    """(module, what it imports) of the app."""
    return sorted({(name, other) for name, tree in trees().items() for other in imports(tree) if other != name})


def inside():
    return [(name, other) for name, other in edges() if other in trees() and other != "core"]


def of(name, *packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def python(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# ---- imports run one way -------------------------------------------------------------------------


def floor(name):
    """The floors, then core.cache and the other files right below core, the pages, and app.py."""
    top, *rest = name.split(".")
    if top != "core":
        return len(FLOORS) + 1 + (top == "app")
    return FLOORS.index(rest[0]) if rest[0] in FLOORS else len(FLOORS)


def test_imports_run_down_the_floors():
    assert {floor(name) for name in trees() if name != "core"} == set(range(len(FLOORS) + 3))
    assert [(name, other) for name, other in inside() if floor(name) < floor(other)] == []


def test_imports_run_in_no_circle():
    order = graphlib.TopologicalSorter()
    for name, other in inside():
        order.add(name, other)
    order.prepare()  # raises CycleError, which names the circle


def room_of(name, package):
    """core.studies.shift.sweep, core.studies -> shift; None outside, and for a file right below the package."""
    inside = name.removeprefix(f"{package}.")
    first = inside.partition(".")[0]
    return first if inside != name and (ROOT / package.replace(".", "/") / first).is_dir() else None


def test_rooms_do_not_know_each_other():
    rooms = [(name, other, room_of(name, "core.studies"), room_of(other, "core.studies")) for name, other in inside()]
    assert [(name, other) for name, other, own, its in rooms if own and its and own != its] == []
    assert len({own for _, _, own, _ in rooms if own}) == len(STUDIES)


def test_in_a_room_only_what_measures_trains():
    assert [
        (name, other)
        for name, other in inside()
        if room_of(name, "core.studies") and of(other, "core.training")
        if not name.split(".")[3].startswith("measure")
    ] == []


def test_a_page_knows_only_its_own_parts_and_the_common_ones():
    own = {f"pages.{study.slug}": room(study) for study in STUDIES} | {
        f"pages.{name}": name for name in ("home", "networks", "claims")
    }
    for name, other in inside():
        its = room_of(other, "pages.parts")
        if not of(other, "pages") or its == "common" or name == "app":
            continue
        here = own.get(name) or room_of(name, "pages.parts")
        assert its is not None, f"{name}: a page is imported by app.py alone, got {other}"
        assert here in (its, "home"), f"{name} imports {other}"


def test_core_knows_no_streamlit():
    assert {name for name, other in edges() if of(name, "core") and of(other, "streamlit")} == {"core.cache"}
    names = [name for name in trees() if of(name, "core") and name not in ("core.cache", "core.__main__")]
    python(  # nor does what it imports from others
        "import sys; sys.modules['streamlit'] = None\n"
        f"from importlib import import_module\nfor name in {names!r}: import_module(name)"
    )


def test_pictures_have_one_door():
    formats = "core.pictures.formats"
    assert {name for name, other in edges() if of(other, formats) and not of(name, formats)} == {"core.pictures.image"}
    for name, other in inside():
        if of(name, formats, "core.pictures.image"):
            assert of(other, formats, "core.base"), name


def test_the_first_paint_imports_nothing_heavy():
    names = ["core.studies.first_look", "core.networks.packaged", "core.networks.weights", "core.models",
             "core.pictures.preprocess", "core.data.named", "core.figures.blocks",
             *(f"core.studies.{room(study)}" for study in STUDIES)]  # fmt: skip
    loaded = python(
        f"import sys; from importlib import import_module\nfor name in {names!r}: import_module(name)\n"
        "from core import networks; from core.pictures import samples; networks.cards(); samples.load_sample('cat')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded == "[]"


def test_laziness_is_decided_in_one_place():
    """Files say at their top what they need; only what defines a network of torch is imported where it is needed."""
    local = {
        (name, node)
        for name, tree in trees().items()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert 0 < len(local) <= MAX_LOCAL_IMPORTS
    names = [name for name in trees() if of(name, "pages.parts")]
    loaded = python(
        f"import sys; from importlib import import_module\nfor name in {names!r}: import_module(name)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded in ("[]", "['plotly']")  # which Streamlit itself may import (1.67 does)


# ---- the tables agree ----------------------------------------------------------------------------


def test_studies_rooms_and_pages_agree():
    slugs = [study.slug for study in STUDIES]
    assert len(set(slugs)) == len(slugs)
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")}
    assert pages - {"__init__", "home", "networks", "claims", "in_class"} == set(slugs)
    rooms = {path.parent.name for path in (ROOT / "core" / "studies").glob("*/__init__.py")}
    assert {room(study) for study in STUDIES} == rooms
    parts = {path.parent.name for path in (ROOT / "pages" / "parts").glob("*/__init__.py")}
    assert parts == rooms | {"common", "home", "networks", "claims"}


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_every_study_has_the_same_four_names(study):
    module = question_module(study)
    for name in ("Params", "Result"):
        assert dataclasses.is_dataclass(getattr(module, name))
        assert getattr(module, name).__dataclass_params__.frozen
    assert callable(module.run)
    assert callable(import_module(f"core.studies.{room(study)}").figure)
    assert module.__doc__.splitlines()[0] == study.question
    assert study.link.startswith("https://")
    assert all((study.slug, study.title, study.question, study.paper, study.icon))


def test_published_architectures_are_in_the_registry():
    known = set(list_models())
    for arch in TORCHVISION_ARCHS:
        assert {arch, *(f"{arch}_blur{k}" for k in range(1, 8))} <= known


def test_usage_statistics_are_off_and_uploads_limited():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["maxUploadSize"] == MAX_UPLOAD_MB


# ---- nothing grows too big -----------------------------------------------------------------------


def test_files_and_functions_stay_small():
    sources = [ROOT / "app.py", *(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py"), *TESTS]
    assert [path for path in sources if path.read_text().count("\n") > MAX_LINES] == []
    assert [
        f"{name}.{node.name}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno + 1 > MAX_FUNCTION
    ] == []


def test_no_test_asks_for_a_conftest_by_its_bare_name():
    """Two folders have one: which is found depends on what else is collected."""
    assert [path for path in TESTS if "conftest" in imports(ast.parse(path.read_text()))] == []


def test_shipped_weights_stay_below_80_megabytes():
    sizes = [path.stat().st_size for path in (ROOT / "assets" / "weights").rglob("*") if path.is_file()]
    assert 0 < sum(sizes) < MAX_WEIGHTS


def test_only_data_is_shipped():
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".png", ".md"}
