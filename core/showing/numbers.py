"""Numbers for people: few digits, plain zeros, one spelling everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.showing.digits import digits

if TYPE_CHECKING:
    from backprop.showing.selection import Selection

MILLION = 1e6  # whole numbers below it are spelled out


class View(NamedTuple):
    """How an answer is shown: significant digits, arrays in full, shapes beside the numbers."""

    precision: int = 6
    full: bool = False
    shapes: bool = False
    width: int = 0  # columns of an array's rows before they are folded; 0 in a table
    selection: Selection | None = None  # which stages, if not all

    def short(self, number: Any) -> str:
        return short(number, self.precision, self.full)

    def block(self, number: Any) -> str:
        """The same on as many lines as are good to read."""
        if not number.ndim:
            return self.short(number)
        from backprop.showing.arrays import block

        return block(number, self.precision, self.full, self.width)


def short(number: Any, precision: int, full: bool = False) -> str:
    """A number with `precision` significant digits; of a large array what it is like, unless it
    is wanted in full."""
    if getattr(number, "ndim", 0):
        from backprop.showing.arrays import described

        return described(number, precision, full)
    return digits(number, precision)


def optional(number: Any, view: View) -> str:
    """A slope or flow; 0 where no message passes."""
    return "0" if number is None else view.short(number)


def spoken(number: Any, precision: int) -> str:
    """A number as a sentence has it: 3000, not 3e+03."""
    if isinstance(number, float) and abs(number) < MILLION:
        if number.is_integer():
            return f"{number:.0f}" if number else "0"
        if abs(number) >= 10**precision:
            return f"{number:.0f}"
    return short(number, precision)
