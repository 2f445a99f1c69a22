"""`%load_ext backprop`: the cell magic `%%backprop`, which reads its cell as a program or as Python
and shows what the options ask for. Nothing of a cell is run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from backprop.answer.evaluation import evaluate
from backprop.asking import check_claims
from backprop.checking.check import check
from backprop.comparing.compare import compare
from backprop.descending.descend import descend
from backprop.errors import BackpropError, UsageError
from backprop.explaining.explanation import explain
from backprop.notebook.options import Options, read_options
from backprop.reading.source import parsed
from backprop.reading.unit import Unit, is_plain

PYTHON = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.For, ast.While)


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext backprop` calls."""

    def cell(line: str, text: str) -> Any:
        try:
            return answer(line, text, shell.user_ns)
        except BackpropError as error:
            print(error.render())  # noqa: T201 - the output of a cell
            return None

    cell.__doc__ = HELP
    shell.register_magic_function(cell, "cell", "backprop")


HELP = """Value and gradient of the program in this cell, stage by stage.

    %%backprop --x=-2 --y=5 --z=-4 --check
    (x+y)*z

The cell is a program, or Python with a function: --function NAME, the last one if not given.
--NAME=VALUE is the value of a variable: a number, an expression of numbers, or the name of
something in the notebook. A variable without one has the notebook's value of its name.

--check          ask the three opinions
--explain        in words
--compare        symbolic against staged
--descend        minimise it; --lr, --steps, --method
--claim x=EXPR   is this the derivative?
--draw           the picture alone
--wrt a,b --ties RULE --gates KIND --upstream VALUE --seed N
--into NAME      the name that the answer gets in the notebook
"""


def answer(line: str, text: str, names: dict[str, Any]) -> Any:
    """What a cell with these options shows."""
    options = read_options(line)
    program, known = subject(options, text, names)
    values = {**known, **{name: value_of(word, names) for name, word in options.values.items()}}
    found = asked(options, program, values)
    if options.into:
        names[options.into] = found
    return found


def asked(options: Options, program: Any, values: Mapping[str, Any]) -> Any:
    how = options.program_options
    if options.claims:
        return check_claims(tree_at(program, values), options.claims, values)
    if options.does == "compare":
        return compare(tree_at(program, values), values)
    if options.does == "descend":
        wrt = how.get("wrt")
        return descend(tree_at(program, values), values, wrt=wrt, **options.choice)
    if options.does == "check":
        return check(program, values, **how)
    report = evaluate(program, values, **how)
    if options.does == "explain":
        return explain(report)
    if options.does == "draw":
        return Drawing(report)
    return report


class Drawing:
    """The circuit of a report alone."""

    def __init__(self, report: Any) -> None:
        self.report = report

    def __repr__(self) -> str:
        return f"<circuit {self.report.brief}>"

    def _repr_html_(self) -> str:
        from backprop.showing.html import only_pictures

        return only_pictures(self.report)


def subject(options: Options, text: str, names: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The program of a cell, and the values that the notebook has for its variables."""
    unit = python_in(text, options.function, names)
    if unit is not None:
        inputs = [name for name, default in unit.parameters if default is None]
        return unit, {n: names[n] for n in inputs if is_number(names.get(n))}
    from backprop.language.parser import parse

    tree = parse(text.strip("\n"))
    wanted = [name for name in tree.names if name not in tree.stored and name not in ("pi", "e")]
    return tree, {name: names[name] for name in wanted if is_number(names.get(name))}


def python_in(text: str, function: str, names: Mapping[str, Any]) -> Unit | None:
    """The unit of a cell in Python; None if it is a program in the language."""
    try:
        body = ast.parse(text).body
    except SyntaxError:
        body = []
    defined = [node.name for node in body if isinstance(node, ast.FunctionDef)]
    if not function and not any(isinstance(node, PYTHON) for node in body):
        return None
    if not function and not defined:
        raise UsageError("the cell has no function", hint="write a program, or a function")
    known = {name: value for name, value in names.items() if name[:1] != "_" and is_plain(value)}
    return Unit(parsed(text, "the cell", function or defined[-1]), known)


def tree_at(program: Any, values: Mapping[str, Any]) -> Any:
    """A program as a tree; Python is read at these values."""
    return program.at(dict(values))[0] if isinstance(program, Unit) else program


def value_of(word: str, names: Mapping[str, Any]) -> Any:
    """A value as it is written, or the notebook's of this name."""
    return names[word] if word.isidentifier() and is_number(names.get(word)) else word


def is_number(value: Any) -> bool:
    import numpy as np

    if isinstance(value, (bool, str)) or value is None:
        return False
    if isinstance(value, (int, float, np.number)):
        return True
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiu"
    return isinstance(value, (list, tuple)) and bool(value) and is_plain(value) and not any(
        isinstance(one, str) for one in value
    )  # fmt: skip
