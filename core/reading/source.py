"""A source and the unit in it that is meant: a function, a script, a notebook."""

from __future__ import annotations

import ast
import builtins
import io
import json
import re
import tokenize
from functools import lru_cache
from typing import Any, NamedTuple

from backprop.errors import LimitError, UsageError, closest, listed
from backprop.reading.diagnostics import Lines, ast_of
from backprop.reading.files import Files

UNIT = re.compile(r"^(?P<file>.+?\.(?:py|ipynb))(?::(?P<name>[A-Za-z_][\w.]*))?$")
ASKING = re.compile(r"\?{0,2}[\w.]+\?{1,2}")  # help on a name, in a notebook
MOST = 4 << 20  # bytes of a source
SHOWN = 40  # characters of a default that help shows
BUILT_IN = frozenset([*dir(builtins), "np", "numpy", "torch", "math", "plt", "F", "jnp", "jax"])


class Source(NamedTuple):
    """A text of Python, parsed, and the name of the unit that is meant; empty for all of it."""

    file: str
    unit: str
    lines: Lines
    tree: ast.Module
    files: Files = Files()  # that it may import
    old: bool = False  # is it Python 2?


def unit_of(word: str) -> tuple[str, str] | None:
    """The file and the unit that a word names; None if it is something else."""
    found = UNIT.match(word) if "\n" not in word else None
    return (found["file"], found["name"] or "") if found else None


def decoded(data: bytes, file: str) -> str:
    """The text of a source file, in the encoding that it says."""
    if len(data) > MOST:
        raise LimitError(f"{file} is larger than {MOST >> 20} MiB")
    if file.endswith(".ipynb"):
        return cells(data, file)
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        b"#".decode(encoding)  # an error of encodings in which a letter takes several bytes
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, UnicodeDecodeError, LookupError):
        raise UsageError(f"{file} is no text in the encoding that it says") from None


def cells(data: bytes, file: str) -> str:
    """The code of a notebook, cell after cell, without magics."""
    try:
        book = json.loads(data)
        found = [cell for cell in book["cells"] if cell.get("cell_type") == "code"]
        texts = ["".join(cell["source"]) for cell in found]
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
        raise UsageError(f"{file} is no notebook") from None
    return "\n".join("\n".join(map(without_magic, text.split("\n"))) for text in texts) + "\n"


def without_magic(line: str) -> str:
    """A line that only a notebook reads becomes a blank one that keeps its indentation."""
    bare = line.lstrip()
    if bare[:1] in ("%", "!") or ASKING.fullmatch(bare):
        return line[: len(line) - len(bare)] + "pass"
    return line


def parsed(text: str, file: str = "", unit: str = "", files: Files | None = None) -> Source:
    """A source as its syntax tree. What Python itself can't parse is an error with its place."""
    tree, old = ast_of(text)
    return Source(file, unit, Lines(text), tree, files or Files(), old)


def function_named(source: Source, name: str) -> ast.FunctionDef | None:
    found = (node for node in reversed(functions_in(source.tree)) if node.name == name)
    return next(found, None)


@lru_cache(maxsize=8)
def functions_in(tree: ast.Module) -> list[ast.FunctionDef]:
    """All functions of a file, nested ones too; a grading asks for them again and again."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def is_class(source: Source, unit: str) -> bool:
    """Does a unit name a class of the file, or a method of one?"""
    name, _, method = unit.partition(".")
    return name in classes_in(source) or bool(method)


def classes_in(source: Source) -> list[str]:
    """The classes that a source defines at its top."""
    return [node.name for node in source.tree.body if isinstance(node, ast.ClassDef)]


def no_unit(source: Source) -> UsageError:
    """No function or class is called like the unit."""
    names = [*names_in(source), *classes_in(source)]
    near = closest(source.unit, names)
    hint = f"did you mean {near}?" if near else f"it has {listed(names) or 'none'}"
    return UsageError(f"{source.file} has no function or class {source.unit}", hint=hint)


def names_in(source: Source) -> list[str]:
    """The functions that a source defines at its top."""
    return [node.name for node in source.tree.body if isinstance(node, ast.FunctionDef)]


def script_names(source: Source) -> list[tuple[str, str | None]]:
    """The names that a script reads before it assigns them, and those that it assigns first to
    an expression of constants, with the text of that."""
    assigned: dict[str, str | None] = {}
    free: dict[str, None] = {}
    for node in source.tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
            names = [a.asname or a.name.partition(".")[0] for a in getattr(node, "names", ())]
            assigned |= dict.fromkeys(names or [getattr(node, "name", "")])
            continue
        for name in names_read(node):
            if name not in assigned and name not in BUILT_IN:
                free.setdefault(name)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = written(node.value)
            assigned.setdefault(node.targets[0].id, text if len(text) <= SHOWN else "its own value")
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                assigned.setdefault(inner.id, "its own value")
    known = [(name, text) for name, text in assigned.items() if text is not None]
    return [*((name, None) for name in free), *known]


def written(node: ast.expr) -> str:
    """An expression as it may be written; three dots for one that is too deep."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return "..."


def names_read(node: ast.stmt) -> list[str]:
    """The names that a statement reads, but for those of its own comprehensions and lambdas."""
    own = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name)
        and isinstance(inner.ctx, ast.Store)
        and not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign))
    } | {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    targets = {
        inner.id
        for part in ast.walk(node)
        if isinstance(part, ast.comprehension)
        for inner in ast.walk(part.target)
        if isinstance(inner, ast.Name)
    }
    found = [
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    ]
    return [name for name in dict.fromkeys(found) if name not in own | targets]


def parameters(node: ast.FunctionDef) -> list[tuple[str, Any]]:
    """The parameters of a function and the text of their defaults; None where there is none."""
    spec = node.args
    positional = [*spec.posonlyargs, *spec.args]
    defaults = [None] * (len(positional) - len(spec.defaults)) + [
        written(default) for default in spec.defaults
    ]
    found = [(a.arg, d) for a, d in zip(positional, defaults, strict=True)]
    for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        found.append((argument.arg, None if default is None else written(default)))
    return found
