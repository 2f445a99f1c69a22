"""The backward pass as code: a program and its steps in the words of another language.

    Program -> steps.Walk: lines of no language -> a Language: text of a file

A language is a module here and a row in LANGUAGES.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from backprop.arithmetic.system import TIES
from backprop.emitting.code import Wish
from backprop.emitting.language import Language
from backprop.errors import UsageError, closest
from backprop.gates import GATES
from backprop.program.program import CONSTANT, INPUT, Program

if TYPE_CHECKING:
    from backprop.answer.report import Report

LANGUAGES = {name: name for name in ("python", "numpy", "c", "javascript", "latex")}
ALIASES = {"py": "python", "np": "numpy", "js": "javascript", "tex": "latex"}


def language(name: str) -> Language:
    """The language of this name or alias."""
    known = [*LANGUAGES, *ALIASES]
    found = LANGUAGES.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        near = closest(name, known)
        raise UsageError(
            f"there is no language called {name[:40]}; languages are {', '.join(LANGUAGES)}",
            hint=f"did you mean {near}?" if near else "",
        )
    made = import_module(f"backprop.emitting.{found}").LANGUAGE
    assert isinstance(made, Language)
    return made


def emit(
    program: Program,
    lang: str,
    *,
    name: str | None = None,
    wrt: Iterable[str] | None = None,
    ties: str = "split",
    forward_only: bool = False,
    header: Sequence[str] = (),
    report: Report | None = None,
) -> str:
    """A file with one function that computes the program's value and gradient.

    `name` is what the function is called, the output's name if not given; `header` are lines
    of comment on top. LaTeX takes a report's numbers along. Code can't look around a tie, so
    `ties` is a convention, which the header tells.
    """
    if ties not in TIES:
        hint = "a file can't look around a tie as the other commands do"
        raise UsageError(f"ties can be {', '.join(TIES)} in code, not {ties}", hint=hint)
    target = language(lang)
    if program.arrays and not target.arrays:
        raise about_arrays(target)
    wanted = tuple(program.inputs) if wrt is None else tuple(wrt)
    told = () if forward_only else at_ties(program, ties)
    return target.write(program, Wish(name, wanted, ties, forward_only, (*header, *told), report))


def at_ties(program: Program, ties: str) -> tuple[str, ...]:
    """What the code takes as slopes where its gates have none of their own."""
    rows = [GATES[name] for name in dict.fromkeys(program.gates) if name not in (INPUT, CONSTANT)]
    parts = [TOLD[ties]] if any(row.ties for row in rows) else []
    parts += [
        f"{row.name}' = {row.kink.convention} at its kink"
        for row in rows
        if row.kink is not None and row.kink.what == "kink"
    ]
    return (f"At a tie: {', '.join(parts)}.",) if parts else ()


TOLD = {
    "split": "equal inputs of max and min share the gradient",
    "notes": "equal inputs of max and min each get the whole gradient",
    "first": "the first of equal inputs of max and min gets the gradient",
}


def about_arrays(target: Language) -> UsageError:
    return UsageError(
        f"this program is about arrays, and {target.title} is written of numbers only",
        hint="--lang numpy writes arrays",
    )
