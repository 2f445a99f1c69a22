"""The rules of the house: who imports whom, what is loaded when, and what never happens."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORE = sorted((ROOT / "core").rglob("*.py"))
CLI = sorted((ROOT / "cli").rglob("*.py"))
TEXT = "(x+y)*z"

# The rooms, ground first: a room imports only from itself and from rooms before it.
ROOMS = (
    "errors", "version", "workplace", "gates", "child", "language", "arithmetic", "program",
    "engine", "answer", "reading", "checking", "emitting", "explaining", "drawing", "tables", "kernel",
    "comparing", "claims", "improving", "grading", "batching", "descending", "asking", "testing", "showing",
    "notebook", "worker", "serving", "",
    "cli",
)  # fmt: skip


@cache
def nodes(path: Path) -> list[ast.AST]:
    return [*ast.walk(ast.parse(path.read_text("utf-8")))]


def imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def modules() -> dict[str, Path]:
    """Every file by its name without `backprop.`: the package itself is the empty name."""
    found = {}
    for top, files in (("", CORE), ("cli", CLI)):
        for path in files:
            parts = path.relative_to(ROOT / (top or "core")).with_suffix("").parts
            name = ".".join([*filter(None, [top]), *parts])
            found[name.removesuffix("__init__").removesuffix(".")] = path
    return found


MODULES = modules()


def arrows(path: Path) -> Iterator[str]:
    """The files of the house that a file imports, in functions and for type checking too."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            whole = [alias.name for alias in node.names if alias.name.startswith("backprop")]
            yield from (name.removeprefix("backprop").removeprefix(".") for name in whole)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("backprop"):
            room = (node.module or "").removeprefix("backprop").removeprefix(".")
            for alias in node.names:
                inside = f"{room}.{alias.name}".removeprefix(".")
                yield inside if inside in MODULES else room


@cache
def all_arrows() -> dict[str, list[str]]:
    return {name: [*dict.fromkeys(arrows(path))] for name, path in MODULES.items()}


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {name.partition(".")[0] for name in MODULES} - {"__main__", "schemas"}
    assert rooms == set(ROOMS)


def test_no_room_imports_from_one_above_it() -> None:
    upward = [
        f"{MODULES[name].relative_to(ROOT)} imports {MODULES[other].relative_to(ROOT)}"
        for name, others in all_arrows().items()
        for other in others
        if name != "__main__"  # which hands over to the command line
        and ROOMS.index(name.partition(".")[0]) < ROOMS.index(other.partition(".")[0])
    ]
    assert upward == []


def test_no_files_import_each_other() -> None:
    """Files that import nothing more of the house are taken away, until none is left."""
    left = {name: set(others) - {name} for name, others in all_arrows().items()}
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    assert [
        f"{MODULES[name].relative_to(ROOT)} imports {MODULES[other].relative_to(ROOT)}"
        for name, others in left.items()
        for other in sorted(others & left.keys())
    ] == []


def calls(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


def importing(paths: list[Path], *modules: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in paths
        for name in imports(path)
        if name.startswith(modules)
    ]


def test_core_imports_neither_click_nor_rich_nor_the_command_line() -> None:
    paths = [path for path in CORE if path.name != "__main__.py"]  # which hands over to it
    assert importing(paths, "click", "rich", "backprop.cli") == []


def test_only_the_checking_room_imports_sympy() -> None:
    paths = [path for path in CORE + CLI if path != ROOT / "core" / "checking" / "symbolic.py"]
    assert importing(paths, "sympy") == []


def test_python_code_is_made_and_run_in_one_place_only() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in CORE + CLI
        if {"eval", "exec", "compile", "__import__"} & set(calls(path))
    }
    assert users == {"core/arithmetic/system.py"}


def test_importing_backprop_loads_nothing_else() -> None:
    heavy = {"sympy", "numpy", "rich", "click", "mpmath", "dataclasses"}
    assert loaded_after("import backprop") & (heavy - loaded_after("pass")) == set()


def test_the_library_evaluates_without_heavy_modules() -> None:
    code = f"import backprop; backprop.evaluate({TEXT!r}, x=1, y=2, z=3)"
    assert loaded_after(code) & {"sympy", "numpy", "rich", "click", "mpmath"} == set()


def test_eval_without_check_loads_neither_sympy_nor_numpy_nor_rich() -> None:
    args = ["eval", TEXT, "--x=1", "--y=sqrt(2)", "--z=3", "--no-check", "--json"]
    code = f"from backprop.cli.main import run; run({args!r})"
    assert loaded_after(code) & {"sympy", "numpy", "rich", "mpmath"} == set()


def test_grading_loads_neither_sympy_nor_the_command_line() -> None:
    code = (
        "from backprop.grading.grade import forward_of, grade\n"
        "from backprop.language.parser import parse\n"
        f"found = grade(forward_of(parse({TEXT!r}), dict(x=1.0, y=2.0, z=3.0)), 'dq = q; dx = dq')\n"
        "assert found.wrong"
    )
    assert loaded_after(code) & {"sympy", "rich", "click"} == set()


def test_the_package_list_is_the_packages_on_disk() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    listed = project["tool"]["setuptools"]["packages"]
    homes = {"core": "backprop", "cli": "backprop.cli"}
    found = [
        ".".join([homes[top], *path.parent.relative_to(ROOT / top).parts])
        for top in homes
        for path in (ROOT / top).rglob("__init__.py")
    ]
    assert sorted(listed) == sorted(found)


def test_a_module_says_what_it_is() -> None:
    trees = [(path, nodes(path)[0]) for path in CORE + CLI]
    silent = [path for path, tree in trees if isinstance(tree, ast.Module) and tree.body and not ast.get_docstring(tree)]  # fmt: skip
    assert silent == []


def called(function: ast.FunctionDef, method: bool) -> set[str]:
    """What a function calls by bare name, or a method on itself."""
    targets = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    if method:
        return {
            target.attr
            for target in targets
            if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") == "self"
        }
    return {target.id for target in targets if isinstance(target, ast.Name)}


def recursive(path: Path) -> Iterator[str]:
    methods = {node for group in nodes(path) if isinstance(group, ast.ClassDef) for node in group.body}  # fmt: skip
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef) and node.name in called(node, node in methods):
            yield f"{path.relative_to(ROOT)}: {node.name}"


def test_no_function_in_core_calls_itself() -> None:
    """Recursion would end at Python's limit; trees, stages and brackets have none."""
    assert [found for path in CORE for found in recursive(path)] == []
