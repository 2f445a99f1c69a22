"""One line below a table of stages: the value, or a derivative."""

from __future__ import annotations

from typing import NamedTuple

CERTAIN = ("agree", "unchecked")  # verdicts that one line below the answers says


class Answer(NamedTuple):
    """The value or one derivative, with what a check has found of it."""

    name: str
    number: str
    formula: str = ""  # what SymPy has for it
    doubt: str = ""
    exact: str = ""

    @property
    def line(self) -> str:
        parts = [self.name, *filter(None, [self.formula]), self.number]
        exact = f", exactly {self.exact}" if self.exact else ""
        return " = ".join(parts) + exact + (f" ({self.doubt})" if self.doubt else "")
