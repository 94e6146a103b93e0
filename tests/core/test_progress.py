"""Whoever is told a progress hears it rise to the whole, and what it raises stops the work at once."""

import ast
from pathlib import Path

import pytest

from core.base.worker import Stopped, each, part
from core.compute import attributions, lambda_sweep, neighbours
from core.networks import engine
from core.studies.random import retrieval
from tests.helpers import progress_studies, progress_table

ROOT = Path(__file__).parents[2]
TABLE = progress_table.CORE | progress_studies.STUDIES
GIVE_BACK = ("patch.wall.run", "random.retrieval.run", "shift.dataset.run", "sparse.dataset.run")  # what is done so far
AT_ONCE = (  # of a single step
    *(f"compute.attributions.attribution:{method}" for method in ("random", "saliency", "Grad-CAM", "DeepLIFT")),
    *("random.look.balanced", "random.look.run", "random.answers.run", "random.answers.told"),
    *("patch.gist.object_box", "overview.first_look.answer", "overview.said.of_network"),
    *(
        "patch.methods.answer",
        "patch.evidence.coarse",
        "compute.placing.of",
        "compute.spaces.pixels",
        "random.maps.vectors:pixels",
    ),
)
MEASURED = ("training", "reproduce", "measure")  # minutes to hours each: their loops tell, and are told in turn
OTHERWISE = {  # function -> why it is not in the table
    "base.resume.in_parts": "tests/core/training/test_training.py",
    "base.worker.each": "below",
    "base.worker.part": "below",
    "compute.coded.code": "through sparse.codes.run",
    "compute.coded.objectives": "through sparse.codes.descend",
    "compute.linear_svm.solve": "through compute.linear_svm.fit",
    "cache.known": "hands it to the call, or has the answer",
    "data.named.both": "through data.named.read_folder",
    "data.named.load": "through data.named.read_folder: the other sets come in one piece",
    "networks.download.download": "counts bytes, of which the whole may be unknown",
    "random.attack.counter": "gives a function that tells it",
    "patch.scramble.answers": "through patch.scramble.run",
    "patch.glance.run": "through patch.evidence.run",
    "shift.glance.run": "through shift.sweep.run",
    "spinal.glance.run": "through spinal.photographs.answer and spinal.answers.run",
    "random.glance.run": "through random.glance.among_photographs and among_digits",
    "overview.said.of_card": "through overview.said.of_network",
    "spinal.photographs.asked": "through spinal.photographs.look",
    "report.page.make": "through report.page.finished",
    "asked.refuse": "does nothing but raise",
}


def listening():
    """Public functions of core, but for those of the long measurements, that are told a progress: core/studies/ and
    the file's place without it, shift.sweep.run.
    """
    for path in sorted((ROOT / "core").rglob("*.py")):
        place = ".".join(path.relative_to(ROOT / "core").with_suffix("").parts)
        place = place.removeprefix("studies.").removesuffix(".__init__")
        if any(part.startswith(MEASURED) for part in place.split(".")):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and "progress" in names(node):
                yield f"{place}.{node.name}"


def names(node):
    return [argument.arg for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]


def test_every_function_that_is_told_a_progress_is_in_the_table():
    held = {name.partition(":")[0] for name in TABLE}
    assert held | set(OTHERWISE) == set(listening())
    assert not held & set(OTHERWISE)


def deaf(tree):
    """Functions and lambdas with an argument `progress` that they never look at."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.Lambda) and "progress" in names(node):
            body = node.body if isinstance(node.body, list) else [node.body]
            if not any(isinstance(n, ast.Name) and n.id == "progress" for part in body for n in ast.walk(part)):
                yield getattr(node, "name", f"lambda in line {node.lineno}")


def test_nobody_is_deaf():
    files = [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    assert [(path, which) for path in files for which in deaf(ast.parse(path.read_text()))] == []


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    """Batches so small that little work has several."""
    monkeypatch.setattr(engine, "PIXELS_PER_BATCH", 2 * 32 * 32)
    monkeypatch.setattr(attributions, "PIXELS_PER_BATCH", 2 * 64 * 64)
    monkeypatch.setattr(lambda_sweep, "BLOCK", 2)
    monkeypatch.setattr(neighbours, "QUERIES_AT_ONCE", 16)
    monkeypatch.setattr(retrieval, "CHUNK", 8)


@pytest.mark.parametrize("name", TABLE)
def test_progress_rises_to_the_whole_and_stops_the_work(name):
    work, calls = TABLE[name], []
    work(lambda done, total: calls.append((done, total)))
    assert all(0 <= done <= total for done, total in calls), calls
    shares = [done / total if total else 0.0 for done, total in calls]
    assert shares == sorted(shares), calls
    assert calls[-1][0] == calls[-1][1] > 0, calls
    assert name in AT_ONCE or shares[0] < 1, calls
    for last in sorted({0, len(calls) // 2, len(calls) - 1}):
        stopped_at(last, work, name in GIVE_BACK)


def stopped_at(last, work, gives_back):
    """The work is stopped at its call `last`, and nothing is told after it."""
    told = []

    def stop(done, total):
        told.append((done, total))
        if len(told) > last:
            raise Stopped

    if gives_back:
        assert work(stop) is not None
    else:
        with pytest.raises(Stopped):
            work(stop)
    assert len(told) == last + 1


def test_a_part_is_told_as_that_of_the_whole():
    calls = []
    for i, total in enumerate((2, 5)):
        for done in range(total + 1):
            part(lambda done, total: calls.append(done / total), i, 2)(done, total)
    assert calls == pytest.approx([0, 0.25, 0.5, *(0.5 + 0.1 * i for i in range(6))])


def test_each_tells_before_every_item_and_at_the_end():
    calls = []
    assert list(each("abc", lambda *at: calls.append(at))) == ["a", "b", "c"]
    assert calls == [(0, 3), (1, 3), (2, 3), (3, 3)]
