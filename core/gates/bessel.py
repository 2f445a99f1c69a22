"""Bessel's modified functions, which von Mises' distribution has, without their exponential."""

from __future__ import annotations

from backprop.gates.polynomials import place, polynomial
from backprop.gates.row import Gate, Kink
from backprop.gates.series import (
    BESSEL0_0,
    BESSEL0_4,
    BESSEL0_12,
    BESSEL1_0,
    BESSEL1_4,
    BESSEL1_12,
    FALL_0,
    FALL_4,
    FALL_12,
    Series,
)

PLACES = (
    f"y = abs(a); s = where(y < 4, {place(BESSEL0_0, 'y')}, where(y < 12, "
    f"{place(BESSEL0_4, 'y')}, 24/y - 1)); "
)


def pieces(near: Series, middle: Series, far: Series, form: str = "{}") -> str:
    """The polynomials below 4, below 12 and beyond, where it is in 12/y."""
    first, second = (form.format(polynomial(series)) for series in (near, middle))
    return f"where(y < 4, {first}, where(y < 12, {second}, ({polynomial(far)})"


def kink(left: str, right: str) -> Kink:
    return Kink("a == 0", "kink", "0", f"{left} on the left, {right} on the right",
                "PyTorch and JAX give 0 too", "abs(a)", meets="0")  # fmt: skip


ROWS = (
    Gate(name="i0e", parameters="a", partials=("-sign(a)*bessel_fall(a)",),
         textbook=("i1e(a) - sign(a)*out",),
         value=f"{PLACES}{pieces(BESSEL0_0, BESSEL0_4, BESSEL0_12)}/sqrt(y)))",
         kink=kink("1", "-1"), flow="multiplies its gradient by how far i1e is below it",
         samples=((-30.0, 30.0),), ulps=(3.1, 7.5)),
    Gate(name="i1e", parameters="a",
         partials=("where(a == 0, 0.5, bessel_fall(a) - out/a)",),
         textbook=("i0e(a) - out*(sign(a) + 1/a)",),
         value=f"{PLACES}sign(a)*{pieces(BESSEL1_0, BESSEL1_4, BESSEL1_12, 'y*({})')}/sqrt(y)))",
         flow="multiplies its gradient by its slope, which i0e tells",
         samples=((-30.0, 30.0),), ulps=(20.0, 50.0)),
    Gate(name="bessel_fall", parameters="a",
         partials=("sign(a)*(where(a == 0, 0.5, i1e(a)/a) - 2*out)",),
         value=f"{PLACES}{pieces(FALL_0, FALL_4, FALL_12)}/(y*sqrt(y))))",
         kink=kink("1.5", "-1.5"),
         flow="multiplies its gradient by its slope, i1e(a)/a less twice its output",
         samples=((-30.0, 30.0),), ulps=(20.0, 1000.0)),
    Gate(name="i0", parameters="a", partials=("i1(a)",),
         value="exp(abs(a)/2)*i0e(a)*exp(abs(a)/2)", formula="i0e(a)*exp(abs(a))",
         flow="multiplies its gradient by i1 of its input",
         samples=((-30.0, 30.0),), ulps=(20.0, 50.0)),
    Gate(name="i1", parameters="a", partials=("where(a == 0, 0.5, i0(a) - out/a)",),
         value="exp(abs(a)/2)*i1e(a)*exp(abs(a)/2)", formula="i1e(a)*exp(abs(a))",
         flow="multiplies its gradient by i0 of its input, less its output over the input",
         samples=((-30.0, 30.0),), ulps=(4.1, 4.1)),
)  # fmt: skip
