"""Reads the pages' source for text that reaches Streamlit's Markdown without having gone through
pages/parts/common/words.py.

What may stand in Markdown: literals, numbers by their format, constants in capitals, what `plain`, `stressed`, `code`
and `link` made, functions that say they give Markdown, whose own returns are read alike, and sections of
assets/words/ whose holes are filled with such alone.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from core.base.prose import holes, sections

SINKS = {  # what obeys Markdown in Streamlit 1.67: arguments by place, and by name
    "markdown": ((0,), ("body", "help")),
    "caption": ((0,), ("body", "help")),
    "info": ((0,), ("body", "title")),
    "warning": ((0,), ("body", "title")),
    "error": ((0,), ("body", "title")),
    "success": ((0,), ("body", "title")),
    "title": ((0,), ("body", "help")),
    "header": ((0,), ("body", "help")),
    "subheader": ((0,), ("body", "help")),
    "metric": ((0, 1, 2), ("label", "value", "delta", "help")),
    "image": ((1,), ("caption",)),
    "progress": ((1,), ("text",)),
    "spinner": ((0,), ("text",)),
    "status": ((0,), ("label",)),
    "toast": ((0,), ("body",)),
    "write": ((0,), ()),
    "table": ((0,), ("data",)),
    "latex": ((0,), ("body", "help")),
    "html": ((0,), ("body",)),
    "page_link": ((1,), ("label", "help")),
    "link_button": ((0,), ("label", "help")),
    "button": ((0,), ("label", "help")),
    "download_button": ((0,), ("label", "help")),
    "toggle": ((0,), ("label", "help")),
    "checkbox": ((0,), ("label", "help")),
    "expander": ((0,), ("label",)),
    "popover": ((0,), ("label", "help")),
    "dialog": ((0,), ("title",)),
    "tabs": ((0,), ("tabs",)),
    "radio": ((0, 1), ("label", "options", "captions", "help")),
    "segmented_control": ((0, 1), ("label", "options", "help")),
    "pills": ((0, 1), ("label", "options", "help")),
    "select_slider": ((0, 1), ("label", "options", "help")),
    "selectbox": ((0,), ("label", "help")),  # its options are text, and so are a multiselect's
    "multiselect": ((0,), ("label", "help")),
    "slider": ((0,), ("label", "help")),
    "number_input": ((0,), ("label", "help")),
    "text_input": ((0,), ("label", "help")),
    "text_area": ((0,), ("label", "help")),
    "file_uploader": ((0,), ("label", "help")),
    "camera_input": ((0,), ("label", "help")),
}
SAFE = {"plain", "stressed", "escaped", "code", "link", "again", "len", "int", "float", "round"}
NUMBER = re.compile(r"[+]?(,|,?(\.\d+)?[%efgd])")


def trees(paths: list[Path]) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in paths}


def makers(path: Path, tree: ast.Module) -> set[str]:
    """The functions of a module that say they give Markdown, as others call them."""
    found = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and ast.unparse(node.returns) in ("Markdown", "Markdown | None")
    }
    return found | {f"{path.stem}.{name}" for name in found}


def unsafe(path: Path, tree: ast.Module, others: set[str]) -> Iterator[str]:
    """Where text may reach Markdown as it came; `others`: functions of other modules that give Markdown."""
    imported = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    ours = {alias.asname or alias.name for node in imported for alias in node.names}
    made = makers(path, tree) | {name for name in others if "." in name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "badge":
            yield f"{path.name}:{node.lineno}: st.badge puts backslashes before brackets itself"
    for scope in [tree, *(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))]:
        reader = Reader(scope, made)
        for node in own(scope):
            read = shown(node, ours) if isinstance(node, ast.Call) else []
            if isinstance(node, ast.Return) and node.value is not None and getattr(scope, "name", "") in made:
                read = [node.value]
            for value in read:
                if not reader.safe(value):
                    yield f"{path.name}:{value.lineno}: {ast.unparse(value)[:90]}"


def own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function or module without those of functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from own(child)


def shown(call: ast.Call, ours: set[str]) -> list[ast.expr]:
    """The arguments of a call that Streamlit reads as Markdown; `ours` are modules, whose functions are no widgets."""
    function, arguments = call.func, call.args
    if isinstance(function, ast.Name) and function.id == "bound":
        function, arguments = arguments[0], arguments[1:]
    if isinstance(function, ast.Name) and function.id == "folder_field":
        return [call.args[1], *(k.value for k in call.keywords if k.arg == "help")]
    if not isinstance(function, ast.Attribute) or function.attr not in SINKS:
        return []
    if isinstance(function.value, ast.Name) and function.value.id in ours:
        return []
    places, names = SINKS[function.attr]
    drawn = [k for k in call.keywords if k.arg == "format_func" and is_plain(k.value)]
    options = {1, "options"} if drawn else set()
    found = [arguments[i] for i in places if i < len(arguments) and i not in options]
    return found + [k.value for k in call.keywords if k.arg in names and k.arg not in options]


def is_plain(function: ast.expr) -> bool:
    """Whether options go through `plain` on their way to the page."""
    made = function.body.func if isinstance(function, ast.Lambda) and isinstance(function.body, ast.Call) else function
    return ast.unparse(made) == "plain"


class Reader:
    """Tells which expressions of one scope may stand in Markdown."""

    def __init__(self, scope: ast.AST, made: set[str]) -> None:
        self.made = SAFE | made
        self.given: dict[str, list[ast.expr]] = {}
        self.typed: set[str] = set()
        for node in own(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self.note(target, node.value)
            elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and self.constant(node.iter):
                self.typed.add(node.target.id)
            elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
                self.note(node.target, node.value)
        for argument in getattr(getattr(scope, "args", None), "args", []):
            if argument.annotation is not None and ast.unparse(argument.annotation) == "Markdown":
                self.typed.add(argument.arg)

    def note(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)
            return
        match target, value:
            case ast.Tuple(elts=ones), ast.Tuple(elts=its) if len(ones) == len(its):
                for one, its_value in zip(ones, its, strict=True):
                    self.note(one, its_value)
            case ast.Tuple(elts=ones) | ast.List(elts=ones), ast.GeneratorExp(elt=each) | ast.ListComp(elt=each):
                for one in ones:
                    self.note(one, each)
            case (
                ast.Tuple(elts=ones) | ast.List(elts=ones),
                ast.Call(func=ast.Name(id="map"), args=[ast.Name() as made, _]),
            ):
                for one in ones:
                    self.note(one, ast.Call(func=made, args=[], keywords=[]))

    def safe(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values=values):
                return all(self.safe(value) for value in values)
            case ast.FormattedValue(value=value, format_spec=spec):
                return self.safe(value) or (spec is not None and bool(NUMBER.fullmatch(ast.unparse(spec)[2:-1])))
            case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, op=ast.Add(), right=other):
                return self.safe(one) and self.safe(other)
            case ast.BoolOp(values=values) | ast.List(elts=values) | ast.Tuple(elts=values):
                return all(self.safe(value) for value in values)
            case ast.GeneratorExp(elt=value) | ast.ListComp(elt=value) | ast.Starred(value=value):
                return self.safe(value)
            case ast.Name(id=name):
                return self.known(name)
            case ast.Attribute(value=value, attr=name):
                return name.isupper() or self.constant(value)
            case ast.Subscript(value=value):
                return self.constant(value)
            case ast.Call():
                return self.gives(node)
        return False

    def constant(self, node: ast.expr) -> bool:
        """An attribute or an entry of a constant in capitals."""
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name.isupper():
                return True
            case ast.Attribute(value=value) | ast.Subscript(value=value):
                return self.constant(value)
        return False

    def known(self, name: str) -> bool:
        if name.isupper() or name in self.typed:
            return True
        values = self.given.pop(name, [])  # a name that is given to itself is not read again
        found = bool(values) and all(self.safe(value) for value in values)
        self.given[name] = values
        return found

    def filled(self, keyword: ast.keyword) -> list[tuple[str, ast.expr]]:
        """(hole, value) of one keyword; of `**name` those of the dict that the name was given in this scope."""
        if keyword.arg is not None:
            return [(keyword.arg, keyword.value)]
        values = self.given.get(keyword.value.id, []) if isinstance(keyword.value, ast.Name) else [keyword.value]
        found: list[tuple[str, ast.expr]] = []
        for value in values:
            match value:
                case ast.Dict(keys=keys, values=its):
                    found += [(str(getattr(k, "value", "")), v) for k, v in zip(keys, its, strict=True)]
                case ast.DictComp(value=one):
                    found.append(("", one))
                case ast.Call(func=ast.Name(id="dict"), args=[], keywords=named):
                    found += [(str(k.arg), k.value) for k in named]
                case _:
                    found.append(("", value))
        return found or [("", keyword.value)]

    def gives(self, call: ast.Call) -> bool:
        name = ast.unparse(call.func)
        match call:
            case ast.Call(func=ast.Name(id="Markdown" | "list"), args=[value]):
                return self.safe(value)
            case ast.Call(func=ast.Name(id="listed"), args=[parts]):
                return self.safe(parts)
            case ast.Call(func=ast.Attribute(value=text, attr="join"), args=[parts]):
                return self.safe(text) and self.safe(parts)
            case ast.Call(
                func=ast.Name(id="section"), args=[ast.Constant(slug), ast.Constant(heading)], keywords=named
            ):
                formats = holes(sections(slug)[heading])
                given = [pair for k in named for pair in self.filled(k)]
                return all(self.safe(v) or bool(NUMBER.fullmatch(formats.get(name, ""))) for name, v in given)
            case ast.Call(func=ast.Attribute(value=text, attr="format"), args=parts, keywords=named):
                return self.safe(text) and all(map(self.safe, [*parts, *(k.value for k in named)]))
        return name in self.made
