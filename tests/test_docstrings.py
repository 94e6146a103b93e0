"""`core` is documented as a library. Ruff's D rules (pyproject.toml) hold files and classes to a docstring, and all
docstrings to their form; here is what ruff cannot read: shapes of arrays, errors that leave a function, the papers.

Public is what has no leading underscore and is not nested in a function.
"""

import ast
import re
from pathlib import Path

import pytest

CORE = Path(__file__).parents[1] / "core"
SOURCES = {path.relative_to(CORE).as_posix(): path.read_text() for path in sorted(CORE.rglob("*.py"))}
SHORT = 3  # lines of a body that a name and types explain
ARRAYS = {"ndarray", "NDArray", "Tensor", "memmap"}
# (B, K), (n,), (2R+1, 3), (..., H, W), (B, k, H // 2, W // 2), float32 (h, w): sizes with commas. Words alone, as in
# (height, width), count where they have a dtype or a name in backticks before them: a plain bracket may hold words.
TERM = r"(?:\.\.\.|…|\d{0,3}[A-Za-z][\w'.]{0,18}|\d{1,3}\b)"
SIZE = rf"(?:{TERM}(?:\s*(?://|[-+*/·×^])?\s*{TERM})*)"
SIZES = rf"\s*{SIZE},(?:\s*{SIZE},)*\s*(?:{SIZE}\s*)?\)"
TELLING = r"(?=[^()]*(?:\b\d{0,3}[A-Z]|\b\d|\.\.\.|…|\b[b-z]\b|\w,\s*\)))"
REFERENCE = r"\b(?:(?:same|any|that|its|their|whose)\s+shapes?|scalars?|0-d)\b|\b(?:as|inverse\s+of)\s+`[\w.]+`"
SHAPE = re.compile(rf"\({TELLING}{SIZES}|(?:\b(?:u?int|float|bool)\d*|`)\s+\({SIZES}|{REFERENCE}")
ENDS = {"Exit", "AssertionError"}  # of a command; of a mistake in core itself
PAPERS = ("Zhang", "Brendel", "Dai et al.", "Xue", "Kabir", "Tan & Le")
OF_NO_PAPER = (
    "compiled",
    "__init__",
    "row",
    "compiled",
    "report",
    "measure",
    "counting",
    "heads",
    "two_answers",
    "command",
    "numbers",
    "glance",
    "live",
)  # a file's first word


def last_name(node):
    """`Tensor` of torch.Tensor, `ndarray` of np.ndarray[...], `Exit` of typer.Exit(1); "" for what has no name."""
    while isinstance(node, ast.Subscript | ast.Call):
        node = node.value if isinstance(node, ast.Subscript) else node.func
    return getattr(node, "attr", None) or getattr(node, "id", "")


def decorators(node):
    return {last_name(found) for found in node.decorator_list}


def public(source, kind):
    """(name, node, the class or module it stands in) of each public function or class; none of a Protocol."""
    module = ast.parse(source)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")]
    owners = [node for node in classes if "Protocol" not in map(last_name, node.bases)]
    for owner in (module, *owners):
        for node in owner.body:
            if isinstance(node, kind) and not node.name.startswith("_") and not decorators(node) & {"overload"}:
                yield f"{owner.name}.{node.name}" if owner is not module else node.name, node, owner


def doc(node):
    return ast.get_docstring(node) or ""


def holds_arrays(annotation):
    """Whether arrays are passed by it. Of functions (Callable) and state dicts the annotation says enough."""
    if last_name(annotation) in ("Callable", "type"):
        return False
    if isinstance(annotation, ast.expr) and re.search(r"(dict|Mapping)\[str, \S*Tensor\]$", ast.unparse(annotation)):
        return False
    return last_name(annotation) in ARRAYS or any(map(holds_arrays, ast.iter_child_nodes(annotation)))


def passes_arrays(function):
    return any(map(holds_arrays, filter(None, (function.args, function.returns))))


def without_docstring(source):
    """Functions that pass arrays or are longer than SHORT say what they are for."""
    for name, node, _ in public(source, ast.FunctionDef):
        long = node.body[-1].end_lineno - node.body[0].lineno >= SHORT
        if not doc(node) and (long or passes_arrays(node)):
            yield name


def without_shape(source):
    """Functions that take or give arrays say a shape, or whose shape it is; for array fields of dataclasses, the
    class's docstring names them with a shape, or the comment beside tells it.
    """
    for name, node, _ in public(source, ast.FunctionDef):
        if doc(node) and passes_arrays(node) and not SHAPE.search(doc(node)):
            yield name
    for name, node, _ in public(source, ast.ClassDef):
        for field in node.body if "dataclass" in decorators(node) else ():
            if isinstance(field, ast.AnnAssign) and holds_arrays(field.annotation):
                named = f"`{field.target.id}" in doc(node) and SHAPE.search(doc(node))
                beside = source.splitlines()[field.lineno - 1].partition("#")[2]
                if not named and not SHAPE.search(beside):
                    yield f"{name}.{field.target.id}"


def raised(node, owner, seen=frozenset()):
    """Errors raised in a function, or in the private functions beside it that it calls, but for those in a `try` that
    catches some.
    """
    if isinstance(node, ast.Try) and node.handlers:
        node = ast.Module([*node.handlers, *node.orelse, *node.finalbody])
    if isinstance(node, ast.Raise) and last_name(node.exc)[:1].isupper():  # a small letter: a variable with an error
        yield last_name(node.exc)
    called = last_name(node) if isinstance(node, ast.Call) else ""
    for other in owner.body if called.startswith("_") and called not in seen else ():
        if isinstance(other, ast.FunctionDef) and other.name == called:
            yield from raised(other, owner, seen | {called})
    for child in ast.iter_child_nodes(node):
        yield from raised(child, owner, seen)


def without_errors(source):
    """Functions name the errors that they raise, and classes those of their making; a command's docstring is its help,
    and says nothing of them.
    """
    for name, node, owner in public(source, ast.FunctionDef | ast.ClassDef):
        parts = [node] if isinstance(node, ast.FunctionDef) else [p for p in node.body if is_making(p)]
        found = {error for part in parts for error in raised(part, node if part is not node else owner)} - ENDS
        told = "\n".join(map(doc, {node, *parts})) if "command" not in decorators(node) else " ".join(found)
        yield from (f"{name}: {error}" for error in sorted(found) if not re.search(rf"\b{error}\b", told))


def is_making(node):
    return isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__post_init__")


RULES = (without_docstring, without_shape, without_errors)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_core_is_documented(rule):
    assert [f"{place}: {what}" for place, source in SOURCES.items() for what in rule(source)] == []


def test_models_and_studies_name_their_paper():
    told = {place: " ".join(doc(ast.parse(source)).split()) for place, source in SOURCES.items()}
    due = [p for p in told if p.startswith("models/") or (p.startswith("studies/") and p.count("/") == 2)]
    due = [p for p in due if not p.rpartition("/")[2].startswith(OF_NO_PAPER)]
    assert len(due) > 50
    assert [p for p in due if not any(name in told[p] for name in PAPERS)] == []


BROKEN = '''
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

class Made:
    """At least one."""
    def __post_init__(self) -> None:
        raise ValueError("expected more")

def _checked(count: int) -> int:
    if count < 1:
        raise ValueError("expected more")
    return count
'''


def test_each_rule_finds_what_breaks_it():
    found = [list(rule(BROKEN)) for rule in RULES]
    assert found == [["turned", "long"], ["said", "Result.unknown"], ["refuses: ValueError", "Made: ValueError"]]


@pytest.mark.parametrize(
    "text",
    ["(B, K)", "(n,)", "(2R+1, 3)", "(..., H, W)", "(B, n C, H', W')", "(B, k, H // 2, W // 2)", "bool (size, size)",
     "`values` (seeds, changes)", "(size + 2 reach, size + 2 reach, 3)", "(N, spec.features)", "of the same shape",
     "pictures as `counts` takes them", "the inverse of `normalise`"],
)  # fmt: skip
def test_a_shape_is_recognised(text):
    assert SHAPE.search(f"Something {text} there.")


@pytest.mark.parametrize(
    "text",
    ["(dy, dx)", "(Zhang, ICML 2019)", "(Brendel & Bethge 2019, §3)", "(so, as said)", "(a number, or a word)", "(N)",
     "as a whole", "as before"],
)  # fmt: skip
def test_other_brackets_are_no_shape(text):
    assert not SHAPE.search(f"Something {text} there.")
