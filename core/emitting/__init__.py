"""The backward pass as code: a program and its steps in the words of another language.

    Program -> steps.Walk: lines of no language -> a Language: text of a file

A language is a module here and a row in LANGUAGES.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module

from backprop.emitting.language import Language
from backprop.errors import UsageError, closest
from backprop.program import Program

LANGUAGES = {"python": "python", "c": "c", "javascript": "javascript"}
ALIASES = {"py": "python", "js": "javascript"}


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
) -> str:
    """A file with one function that computes the program's value and gradient.

    `name` is what the function is called, the output's name if not given; `header` are lines
    of comment on top.
    """
    from backprop.emitting.steps import Walk

    target = language(lang)
    if program.shapes is not None:
        raise about_arrays()
    wanted = tuple(program.inputs) if wrt is None else tuple(wrt)
    return Walk(program, target, ties, wanted).file(name, forward_only, header)


def about_arrays() -> UsageError:
    return UsageError(
        "this program is about arrays, and code is written of numbers only, as yet",
        hint="write the entries out: w0*x0 + w1*x1",
    )
