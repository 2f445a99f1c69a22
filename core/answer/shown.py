"""What every answer has in common: it prints itself as a table, a notebook shows it as HTML, it
has a line of its own, and it is no truth value."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from backprop.errors import UsageError


class Shown:
    """An answer. Who can draw is handed in, since the rooms that draw come later."""

    viewer: ClassVar[Any] = None  # has text(answer), html(answer), svg(answer)
    what: ClassVar[str] = "answer"
    asks: ClassVar[str] = "its verdict"

    @property
    def brief(self) -> str:
        """One line."""
        return self.what

    def __repr__(self) -> str:
        return f"<{self.what} {' '.join(self.brief.split())}>"

    def __str__(self) -> str:
        return str(self.viewer.text(self)) if self.viewer else repr(self)

    def _repr_html_(self) -> str | None:
        """What a notebook shows."""
        return self.viewer.html(self) if self.viewer else None

    def __bool__(self) -> NoReturn:
        raise UsageError(f"a {self.what} is neither true nor false", hint=f"ask for {self.asks}")
