"""`core` is documented as a library: docstrings where they are needed, shapes of arrays, errors raised, the papers.

Read from the source, not imported. Public is what has no leading underscore and is not nested in a function.
"""

import ast
import fnmatch
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "core").rglob("*.py"))
STILL_EDITED: dict[str, str] = {}  # pattern of files -> why they are not held to these rules yet

SHORT = 3  # lines of a body that a name and types explain
ARRAYS = {"ndarray", "NDArray", "Tensor", "memmap"}
# (B, K), (n,), (2R+1, 3), (..., H, W), (B, k, H // 2, W // 2), float32 (h, w): sizes with commas. Words alone, as in
# (height, width), count where they have a dtype or a name in backticks before them: a plain bracket may hold words.
TERM = r"(?:\.\.\.|…|\d{0,3}[A-Za-z][\w'.]{0,18}|\d{1,3}\b)"
SIZE = rf"(?:{TERM}(?:\s*(?://|[-+*/·×^])?\s*{TERM})*)"
SIZES = rf"\s*{SIZE},(?:\s*{SIZE},)*\s*(?:{SIZE}\s*)?\)"
TELLING = r"(?=[^()]*(?:\b\d{0,3}[A-Z]|\b\d|\.\.\.|…|\b[b-z]\b|\w,\s*\)))"
SHAPE = re.compile(rf"\({TELLING}{SIZES}|(?:\b(?:u?int|float|bool)\d*|`)\s+\({SIZES}")
REFERENCE = re.compile(
    r"\b(?:same|any|that|its|their|whose)\s+shapes?\b|\b(?:as|inverse\s+of)\s+`[\w.]+`|\bscalars?\b|\b0-d\b"
)
ABOVE = {"KeyError": "LookupError", "IndexError": "LookupError", "FileNotFoundError": "OSError"}  # error -> its base
ENDS = {"Exit", "AssertionError"}  # of a command; of a mistake in core itself
PAPERS = ("Zhang", "Brendel", "Dai et al.", "Xue", "Kabir")
OF_NO_PAPER = {
    "core/models/__init__.py",
    "core/models/two_answers.py",
    "core/studies/__init__.py",
    "core/figures/palette.py",
}


# ---- what there is -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """A public function, method or class of a file; `owner`: the class of a method."""

    name: str
    node: ast.FunctionDef | ast.ClassDef
    owner: ast.ClassDef | None
    module: ast.Module

    @property
    def doc(self):
        """A class is documented by its own docstring and its constructor's."""
        parts = self.node.body if isinstance(self.node, ast.ClassDef) else []
        docs = [ast.get_docstring(n) for n in (self.node, *(p for p in parts if getattr(p, "name", "") == "__init__"))]
        return "\n".join(doc for doc in docs if doc)

    @property
    def is_function(self):
        return isinstance(self.node, ast.FunctionDef)


def public(module):
    for node in module.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield Item(node.name, node, None, module)
        if isinstance(node, ast.ClassDef) and "Protocol" not in map(last_name, node.bases):
            for child in node.body:
                if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                    yield Item(f"{node.name}.{child.name}", child, node, module)


def last_name(node):
    """`Tensor` of torch.Tensor, `ndarray` of np.ndarray[...], `Exit` of typer.Exit(1); "" for what has no name."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return getattr(node, "attr", None) or getattr(node, "id", "")


def decorators(node):
    return {last_name(found) for found in node.decorator_list}


def holds_arrays(annotation):
    """Whether arrays are passed by it. Of functions (Callable) and state dicts the annotation says enough."""
    if annotation is None or last_name(annotation) in ("Callable", "type"):
        return False
    if re.search(r"(?:dict|Mapping)\[str, (?:torch\.)?Tensor\]$", ast.unparse(annotation)):
        return False
    return last_name(annotation) in ARRAYS or any(map(holds_arrays, ast.iter_child_nodes(annotation)))


def passes_arrays(node):
    given = node.args
    each = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return any(holds_arrays(annotation) for annotation in (node.returns, *(arg.annotation for arg in each if arg)))


def lines_of_body(node):
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def tells_a_shape(text):
    return bool(SHAPE.search(text) or REFERENCE.search(text))


# ---- which errors leave a function ---------------------------------------------------------------


@functools.cache
def bases():
    """{error: the one it is a kind of}, core's own included."""
    found = dict(ABOVE)
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and node.bases and last_name(node.bases[0]).endswith("Error"):
                found[node.name] = last_name(node.bases[0])
    return found


def is_caught(error, handlers):
    kinds = {"Exception", "BaseException"}
    while error:
        kinds.add(error)
        error = bases().get(error)
    return any(kinds & names for names in handlers)


def names_of(handler):
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return {last_name(kind) if kind is not None else "Exception" for kind in kinds}


def escaping(node, item, seen=frozenset()):
    """Errors that leave a function: raised in it, or in the private functions of the file that it calls."""
    found = set()

    def walk(part, handlers):
        if isinstance(part, ast.Try):
            inner = [*handlers, set().union(*map(names_of, part.handlers))]
            for child in part.body:
                walk(child, inner)
            for child in (*part.handlers, *part.orelse, *part.finalbody):
                walk(child, handlers)
            return
        names = set()
        if isinstance(part, ast.Raise) and part.exc is not None:
            names = {last_name(part.exc)}
        elif isinstance(part, ast.Call):
            names = of_private(part.func, item, seen)
        # a lower-case name is a variable that holds an error
        found.update(name for name in names - ENDS if name[:1].isupper() and not is_caught(name, handlers))
        for child in ast.iter_child_nodes(part):
            walk(child, handlers)

    for child in node.body:
        walk(child, [])
    return found


def of_private(called, item, seen):
    name = last_name(called)
    if not name.startswith("_") or name in seen:
        return set()
    where = item.owner.body if item.owner is not None and isinstance(called, ast.Attribute) else item.module.body
    target = next((part for part in where if isinstance(part, ast.FunctionDef) and part.name == name), None)
    return escaping(target, item, seen | {name}) if target is not None else set()


def raised(item):
    if item.is_function:
        return escaping(item.node, item)
    made = [part for part in item.node.body if getattr(part, "name", "") in ("__init__", "__post_init__")]
    inside = Item(item.name, item.node, item.node, item.module)
    return set().union(*(escaping(part, inside) for part in made))


# ---- the rules: each gives what breaks it --------------------------------------------------------


def without_docstring(source):
    """Classes, and functions that pass arrays or are longer than SHORT, say what they are for."""
    for item in public(ast.parse(source)):
        needed = not item.is_function or passes_arrays(item.node) or lines_of_body(item.node) > SHORT
        if needed and not item.doc and "overload" not in decorators(item.node):
            yield item.name


def without_shape(source):
    """Functions that take or give arrays say a shape, or whose shape it is."""
    for item in public(ast.parse(source)):
        if item.is_function and passes_arrays(item.node) and item.doc and not tells_a_shape(item.doc):
            yield item.name


def fields_without_shape(source):
    """Array fields of dataclasses: the class's docstring names them with a shape, or the comment beside tells it."""
    lines = source.splitlines()
    for item in public(ast.parse(source)):
        if item.is_function or "dataclass" not in decorators(item.node):
            continue
        for part in item.node.body:
            if isinstance(part, ast.AnnAssign) and holds_arrays(part.annotation):
                named = re.search(rf"`{part.target.id}(?:\[\w+\])?`", item.doc) and tells_a_shape(item.doc)
                if not named and not tells_a_shape(lines[part.lineno - 1].partition("#")[2]):
                    yield f"{item.name}.{part.target.id}"


def without_errors(source):
    """Functions name the errors that they raise, themselves or through a private function of the file.

    A command's docstring is its help: core.terminal.studies says what goes wrong in all of them.
    """
    for item in public(ast.parse(source)):
        if "command" in decorators(item.node):
            continue
        yield from (f"{item.name}: {e}" for e in sorted(raised(item)) if not re.search(rf"\b{e}\b", item.doc))


RULES = (without_docstring, without_shape, fields_without_shape, without_errors)


def below_root(path):
    return path.relative_to(ROOT).as_posix()


HELD = [path for path in FILES if not any(fnmatch.fnmatch(below_root(path), pattern) for pattern in STILL_EDITED)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_core_is_documented(rule):
    assert len(HELD) > 100
    assert [f"{below_root(path)}: {what}" for path in HELD for what in rule(path.read_text())] == []


def test_every_file_says_what_it_is_for():
    assert [below_root(p) for p in FILES if p.stat().st_size and not ast.get_docstring(ast.parse(p.read_text()))] == []


@pytest.mark.parametrize("part", ["models", "studies"])
def test_models_and_studies_name_their_paper(part):
    for path in (ROOT / "core" / part).glob("*.py"):
        if below_root(path) not in OF_NO_PAPER:
            words = " ".join(ast.get_docstring(ast.parse(path.read_text())).split())
            assert any(name in words for name in PAPERS), path


def test_the_list_of_exceptions_is_of_files_that_are_there():
    for pattern in STILL_EDITED:
        assert any(fnmatch.fnmatch(below_root(path), pattern) for path in FILES), pattern


# ---- the rules themselves ------------------------------------------------------------------------

BROKEN = '''
"""A module."""
class Bare:
    pass

@dataclass(frozen=True)
class Result:
    """`known` (N,); the other is not told."""
    known: np.ndarray
    unknown: np.ndarray  # of the network
    beside: np.ndarray  # (N, 2)

def turned(pixels: np.ndarray) -> np.ndarray: return pixels

def long(count: int) -> int:
    a = 1
    b = 2
    c = 3
    return a + b + c + count

def said(x: Sequence[Tensor]) -> int:
    """Its size (Zhang, ICML 2019), as a whole, see §3."""
    return len(x)

def refuses(count: int) -> int:
    """At least one."""
    return _checked(count)

def told(count: int) -> int:
    """At least one. Raises ValueError for less."""
    return _checked(count)

def handles(count: int) -> int:
    """At least one."""
    try:
        return _checked(count)
    except (TypeError, ValueError):
        return 1

def _checked(count: int) -> int:
    if count < 1:
        raise ValueError("expected more")
    return count
'''


def test_each_rule_finds_what_breaks_it():
    assert [list(rule(BROKEN)) for rule in RULES] == [
        ["Bare", "turned", "long"],
        ["said"],
        ["Result.unknown"],
        ["refuses: ValueError"],
    ]


@pytest.mark.parametrize(
    "text",
    ["(B, K)", "(n,)", "(2R+1, 3)", "(..., H, W)", "(B, n C, H', W')", "(B, k, H // 2, W // 2)", "bool (size, size)",
     "`values` (seeds, changes)", "(size + 2 reach, size + 2 reach, 3)", "(N, spec.features)", "of the same shape",
     "pictures as `counts` takes them", "the inverse of `normalise`"],
)  # fmt: skip
def test_a_shape_is_recognised(text):
    assert tells_a_shape(f"Something {text} there.")


@pytest.mark.parametrize(
    "text",
    ["(dy, dx)", "(Zhang, ICML 2019)", "(Brendel & Bethge 2019, §3)", "(so, as said)", "(a number, or a word)", "(N)",
     "as a whole", "as before"],
)  # fmt: skip
def test_other_brackets_are_no_shape(text):
    assert not tells_a_shape(f"Something {text} there.")
