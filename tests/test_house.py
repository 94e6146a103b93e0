"""The house: imports run one way, the first paint stays light, the tables agree, and nothing grows too big."""

import ast
import dataclasses
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

ROOT = Path(__file__).parents[1]
CORE = sorted((ROOT / "core").rglob("*.py"))
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
HEAVY = ("torch", "torchvision", "captum", "sklearn", "skimage", "plotly")
MAX_LINES, MAX_FUNCTION, MAX_WEIGHTS = 400, 60, 40_000_000


def dotted(path):
    """core/studies/shift/sweep.py -> core.studies.shift.sweep"""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path):
    """Every module that a file imports, within functions and TYPE_CHECKING too; `from a import b` gives a and a.b."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def reaches(path, *packages):
    """The imports of a file that are one of `packages` or lie inside one."""
    return {name for name in imports(path) if any(name == p or name.startswith(f"{p}.") for p in packages)}


def python(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# ---- imports run one way -------------------------------------------------------------------------


def test_core_does_not_need_streamlit():
    names = [dotted(path) for path in CORE if path.name not in ("cache.py", "__main__.py")]
    assert len(names) > 15
    python(
        "import sys; sys.modules['streamlit'] = None\n"
        f"from importlib import import_module\nfor name in {names!r}: import_module(name)"
    )


@pytest.mark.parametrize("path", CORE, ids=dotted)
def test_core_knows_no_pages(path):
    assert not reaches(path, "pages", "app")
    if path.name != "cache.py":
        assert not reaches(path, "streamlit", "core.cache")


BELOW = {  # part of core -> what it must not know
    "models": (
        "core.studies",
        "core.networks.engine",
        "core.networks.packaged",
        "core.networks.weights",
        "core.training",
        "core.data.named",
    ),
    "studies": ("core.training",),
    "engine.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.data.named",
        "core.networks.weights",
    ),
    "preprocess.py": ("core.studies", "core.networks.packaged", "core.training", "core.models", "core.networks.engine"),
    "download.py": ("core",),
    "corruptions.py": ("core",),
    "weights.py": ("core.studies", "core.networks.packaged", "core.training", "core.models", "core.networks.engine"),
    "datasets.py": ("core.studies", "core.networks.packaged", "core.training", "core.models", "core.networks.engine"),
    "half_rules.py": ("core.studies", "core.networks.packaged", "core.training", "core.models", "core.networks.engine"),
    "picture_copies.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.models",
        "core.networks.engine",
    ),
    "picture_files.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.models",
        "core.networks.engine",
    ),
    "picture_halves.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.models",
        "core.networks.engine",
    ),
    "picture_listing.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.models",
        "core.networks.engine",
    ),
    "folder_words.py": ("core",),
    "zip_names.py": ("core",),
    "torchvision_data.py": (
        "core.studies",
        "core.networks.packaged",
        "core.training",
        "core.models",
        "core.networks.engine",
    ),
    "networks.py": ("core.studies", "core.training"),
}


@pytest.mark.parametrize("part", BELOW)
def test_imports_run_one_way(part):
    paths = [path for path in CORE if path.relative_to(ROOT / "core").parts[0] == part]
    assert paths
    for path in paths:
        assert not reaches(path, *BELOW[part]), path


@pytest.mark.parametrize("path", [*CORE, *PAGES], ids=dotted)
def test_pictures_have_one_door(path):
    door = path == ROOT / "core" / "image.py"
    if door or path.parent == ROOT / "core" / "formats":
        assert reaches(path, "core") <= reaches(path, "core.pictures.formats")
    else:
        assert not reaches(path, "core.pictures.formats")


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_studies_do_not_know_each_other(study):
    own = study.slug.split("_")[0]
    others = {other.slug.split("_")[0] for other in STUDIES} - {own}
    for path in (ROOT / "core" / "studies").glob(f"{own}_*.py"):
        for name in reaches(path, "core.studies"):
            assert name.removeprefix("core.studies.").split("_")[0] not in others, path


@pytest.mark.parametrize(
    "names",
    [
        (
            "core.studies",
            "core.networks.packaged",
            "core.pictures.samples",
            "core.pictures.image",
            "core.models",
            "core.networks.weights",
        ),
        ("core.studies.shift.sweep", "core.studies.shift.dataset", "core.pictures.preprocess", "core.data.named"),
    ],
    ids=["home page", "shift study"],
)
def test_the_first_paint_imports_nothing_heavy(names):
    loaded = python(
        f"import sys; from importlib import import_module\nfor name in {names!r}: import_module(name)\n"
        "from core import networks, samples; networks.cards(); samples.load_sample('cat')\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert loaded == "[]"


# ---- the tables agree ----------------------------------------------------------------------------


def test_studies_files_and_pages_agree():
    slugs = [study.slug for study in STUDIES]
    assert len(set(slugs)) == len(slugs)
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")} - {"__init__", "home", "networks"}
    assert pages == set(slugs)
    families = {slug.split("_")[0] for slug in slugs}
    files = {path.stem for path in (ROOT / "core" / "studies").glob("*.py")} - {"__init__", "palette"}
    assert set(slugs) <= files
    assert {name.split("_")[0] for name in files} == families


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.slug)
def test_every_study_has_the_same_four_names(study):
    module = import_module(f"core.studies.{study.slug}")
    for name in ("Params", "Result"):
        assert dataclasses.is_dataclass(getattr(module, name))
        assert getattr(module, name).__dataclass_params__.frozen
    assert callable(module.run)
    assert callable(module.figure)
    assert module.__doc__.splitlines()[0] == study.question
    assert study.link.startswith("https://")
    assert all(dataclasses.astuple(study))


def test_published_architectures_are_in_the_registry():
    known = set(list_models())
    for arch in TORCHVISION_ARCHS:
        assert {arch, *(f"{arch}_blur{k}" for k in range(1, 8))} <= known


def test_usage_statistics_are_off_and_uploads_limited():
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["maxUploadSize"] == MAX_UPLOAD_MB


# ---- nothing grows too big -----------------------------------------------------------------------


@pytest.mark.parametrize("path", [*CORE, *PAGES], ids=dotted)
def test_files_and_functions_stay_small(path):
    text = path.read_text()
    assert text.count("\n") <= MAX_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= MAX_FUNCTION, node.name


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=dotted)
def test_test_files_stay_small(path):
    assert path.read_text().count("\n") <= MAX_LINES


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=dotted)
def test_no_test_asks_for_a_conftest_by_its_bare_name(path):
    """Two folders have one: which is found depends on what else is collected."""
    assert not reaches(path, "conftest")


def test_shipped_weights_stay_below_40_megabytes():
    sizes = [path.stat().st_size for path in (ROOT / "assets" / "weights").iterdir()]
    assert 0 < sum(sizes) < MAX_WEIGHTS


def test_only_data_is_shipped():
    files = [path for path in (ROOT / "assets").rglob("*") if path.is_file()]
    assert files
    assert {path.suffix for path in files} <= {".safetensors", ".json", ".png", ".md"}
