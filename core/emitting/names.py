"""Identifiers: the user's own names where the target language allows them, else like them.

Only these go into code, so nothing that a user wrote can mean anything there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

from backprop.emitting.language import Language
from backprop.errors import UsageError
from backprop.gates import scalars
from backprop.language.characters import GREEK_NAMES
from backprop.program.program import Program

PLAIN = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
SLOPE = re.compile(r"_slope(_|$)")  # functions are called so
GREEK = {chr(code): name for code, name in enumerate(GREEK_NAMES, ord("α"))}


class Names:
    """Hands out identifiers, none of them twice."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.closed = language.reserved | scalars().keys() | language.supplied.keys()
        self.forbidden = re.compile(language.forbidden)
        self.used: set[str] = set()

    def allowed(self, name: str) -> bool:
        return (
            name not in self.closed
            and not self.forbidden.fullmatch(name)
            and not SLOPE.search(name)
        )

    def take(self, candidates: Iterable[str]) -> str:
        found = next(filter(self.free, candidates))
        self.used.add(found)
        return found

    def spelled(self, name: str) -> str:
        """A user's name in letters that the language takes."""
        if name.isascii() or self.language.unicode:
            return name
        return "".join(c if c.isascii() else GREEK.get(c) or f"_u{ord(c):04x}" for c in name)

    def variables(self, program: Program) -> dict[int, str]:
        """An identifier for every input and stage; who can keep a name comes first."""
        labels = {s: n for s, n in enumerate(program.labels) if s not in program.constants}
        found = {}
        for slot, label in labels.items():
            if self.spelled(label) == label and self.allowed(label):
                found[slot] = self.take([label])
        for slot, label in labels.items():
            if slot not in found:
                found[slot] = self.take(alike(self.spelled(label)))
        return found

    def gradient(self, label: str) -> str:
        """`dx` for the gradient of x, as in the notes."""
        name = self.spelled(label)
        return self.take([f"d{name}"] if self.free(f"d{name}") else alike(f"d_{name}"))

    def free(self, name: str) -> bool:
        return name not in self.used and self.allowed(name)

    def function(self, wanted: str | None, output: str) -> str:
        """What the function is called: as asked for, or like the output."""
        if wanted is None:
            names = alike(self.spelled(output))
            return next(n for n in names if self.allowed(n) and n not in self.language.taken)
        plain = PLAIN.fullmatch(wanted)
        if not plain or not self.allowed(wanted) or wanted in self.language.taken:
            raise UsageError(
                f"a function of {self.language.title} can't be called {wanted[:40]}",
                hint="a name has letters, digits and _, and is not a word of the language",
            )
        return wanted


def alike(name: str) -> Iterator[str]:
    """The name, then others like it; at last such as no language has a use for."""
    yield name
    yield f"{name}_"
    plain = f"v{name.replace('_', '')}"
    yield plain
    for number in count(2):
        yield f"{plain}_{number}"
