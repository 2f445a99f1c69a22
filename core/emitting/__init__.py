"""The backward pass as code: a program and its steps in the words of another language.

    Program -> steps.Walk: lines of no language -> a Language: text of a file

A language is a module here and a row in LANGUAGES.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from backprop.emitting.language import Language, Wish
from backprop.errors import UsageError, closest
from backprop.program import Program

if TYPE_CHECKING:
    from backprop.report import Report

LANGUAGES = {name: name for name in ("python", "numpy", "c", "javascript", "latex")}
ALIASES = {"py": "python", "np": "numpy", "js": "javascript", "tex": "latex"}


def language(name: str) -> Language:
    """The language of this name or alias."""
    known = [*LANGUAGES, *ALIASES]
    found = LANGUAGES.get(ALIASES.get(name.lower(), name.lower()))
    if found is None:
        near = closest(name, known)
        raise UsageError(
            f"no code is written in {name[:40]}; languages are {', '.join(LANGUAGES)}",
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
    ties: str = "notes",
    forward_only: bool = False,
    header: Sequence[str] = (),
    report: Report | None = None,
) -> str:
    """A file with one function that computes the program's value and gradient.

    `name` is what the function is called, the output's name if not given; `header` are lines
    of comment on top. LaTeX takes a report's numbers along.
    """
    target = language(lang)
    if program.shapes is not None and not target.arrays:
        raise about_arrays(target)
    wanted = tuple(program.inputs) if wrt is None else tuple(wrt)
    return target.write(program, Wish(name, wanted, ties, forward_only, header, report))


def about_arrays(target: Language) -> UsageError:
    return UsageError(
        f"this program is about arrays, and {target.title} is written of numbers only",
        hint="--lang numpy writes arrays",
    )
