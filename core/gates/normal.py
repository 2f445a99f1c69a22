"""The normal distribution and the error functions without their bell: exact in both tails."""

from __future__ import annotations

from backprop.gates.polynomials import horner, nested, place, polynomial
from backprop.gates.row import Gate
from backprop.gates.series import (
    ERFCX_0,
    ERFCX_2,
    ERFINV,
    IERFCX_0,
    IERFCX_2,
    TAIL_1,
    TAIL_2,
    TAIL_4,
    TAIL_9,
    Series,
)


def chosen(name: str, pieces: list[tuple[str, Series]]) -> tuple[str, str]:
    """Where a number is in the interval of the first series whose condition holds, and that
    series; the last one has no condition."""
    *others, (_, last) = pieces
    where, text = place(last, name), polynomial(last)
    for condition, series in reversed(others):
        where = f"where({condition}, {place(series, name)}, {where})"
        text = f"where({condition}, {polynomial(series)}, {text})"
    return where, text


AT, SCALED = chosen("y", [("y < 2", ERFCX_0), ("", ERFCX_2)])
# erfcx(y) is 1/sqrt(pi)/(y + 1/2/(y + 2/2/(y + 3/2/(y + ...)))).
FRACTION = nested("y", 16, "{0}/2")
ERFCX = (
    f"y = abs(a); s = {AT}; t = min(y, 30); h = round(t*64)/64; "
    f"p = where(y < 5, {SCALED}, 0.5641895835477563/({FRACTION})); "
    "where(a < 0, 2*exp(h*h)*exp((t - h)*(t + h)) - p, p)"
)
AT_ONE, INTEGRAL = chosen("a", [("a < 2", IERFCX_0), ("", IERFCX_2)])
# The ratio of the next integral to this one: 1/(2*a + 2*(n + 1)/(2*a + 2*(n + 2)/(2*a + ...))).
IERFCX = (
    f"s = {AT_ONE}; y = max(a, 5); "
    "where(a < 0, 0.5641895835477563 - a*erfcx(a), "
    f"where(a < 5, {INTEGRAL}, erfcx(a)/({nested('2*y', 16, '2*(1 + {0})')})))"
)
NEXT = nested("2*a", 80, "2*(2 + {0})")
TAIL_AT, TAIL = chosen("z", [("z < 2", TAIL_1), ("z < 4", TAIL_2), ("z < 9", TAIL_4), ("", TAIL_9)])
NEAR_AT, NEAR = place(ERFINV, "w"), horner(ERFINV[1], "r")

# The bell curve exp(-a*a/2), whose square is split into that of a multiple of 1/64 and a rest.
BELL = "c = max(min(a, 40), -40); h = round(c*64)/64; bell = exp(-h*h/2)*exp((h - c)*(h + c)/2); "
DENSITY = "bell/sqrt(2*pi)"

ROWS = (
    Gate(name="erfcx", parameters="a", partials=("-2*ierfcx(a)",),
         textbook=("2*a*out - 2/sqrt(pi)",), value=ERFCX, formula="exp(a**2)*erfc(a)",
         opens=True, flow="multiplies its gradient by minus twice ierfcx of its input",
         closes=("exp(a**2)*erfc(a)",), samples=((-5.0, 30.0),), ulps=(2.5, 4.0)),
    Gate(name="ierfcx", parameters="a",
         partials=(f"where(a < 5, 2*a*out - erfcx(a), -2*out*2/({NEXT}))",),
         textbook=("2*a*out - erfcx(a)",), value=IERFCX,
         formula="1/sqrt(pi) - a*exp(a**2)*erfc(a)", opens=True,
         flow="multiplies its gradient by 2*a*out - erfcx(a)",
         samples=((-5.0, 30.0),), ulps=(20.0, 100.0)),
    Gate(name="erfinv", parameters="a", domain="abs(a) <= 1", pole="abs(a) == 1",
         partials=("where(abs(a) == 1, abs(out), sqrt(pi)/2*erfcx(abs(out))/(1 - abs(a)))",),
         textbook=("sqrt(pi)/2*exp(out**2)",),
         value=f"y = abs(a); w = a*a; r = {NEAR_AT}; z = sqrt(-log(1 - y)); s = {TAIL_AT}; "
               f"where(y <= 0.75, a*({NEAR}), where(y == 1, a/(1 - y), sign(a)*{TAIL}))",
         flow="divides its gradient by the slope of erf at its output",
         samples=((-0.999, 0.999),), ulps=(2.5, 3.7)),
    Gate(name="erfcinv", parameters="a", domain="(a >= 0)*(a <= 2)", pole="(a == 0) + (a == 2)",
         partials=("where((a == 0) + (a == 2), -abs(out), "
                   "-sqrt(pi)/2*erfcx(abs(out))/min(a, 2 - a))",),
         textbook=("-sqrt(pi)/2*exp(out**2)",),
         value=f"m = min(a, 2 - a); y = 1 - a; w = y*y; r = {NEAR_AT}; z = sqrt(-log(m)); "
               f"s = {TAIL_AT}; "
               f"where(abs(y) <= 0.75, y*({NEAR}), where(m == 0, y/m, sign(y)*{TAIL}))",
         flow="divides its gradient by the slope of erfc at its output",
         samples=((0.01, 1.99),), ulps=(2.6, 4.0)),
    Gate(name="ndtr", parameters="a", partials=(BELL + DENSITY,),
         textbook=("exp(-a**2/2)/sqrt(2*pi)",),
         value=f"{BELL}t = bell*erfcx(abs(c)*sqrt(0.5))/2; where(a < 0, t, 1 - t)",
         formula="erfc(-a/sqrt(2))/2", opens=True,
         closes=("(1 + erf(a/sqrt(2)))/2", "0.5*(1 + erf(a/sqrt(2)))", "erfc(-a/sqrt(2))/2"),
         flow="multiplies its gradient by the density of the normal distribution",
         samples=((-12.0, 9.0),), ulps=(20.0, 50.0)),
    Gate(name="log_ndtr", parameters="a",
         partials=(f"{BELL}where(a < 0, sqrt(2/pi)/erfcx(-a*sqrt(0.5)), "
                   f"{DENSITY}/(1 - bell*erfcx(abs(c)*sqrt(0.5))/2))",),
         textbook=("exp(-a**2/2 - out)/sqrt(2*pi)",),
         value=f"{BELL}p = erfcx(abs(a)*sqrt(0.5))/2; "
               "where(a < -1, log(p) - a*a/2, where(a < 0, log(bell*p), log1p(-bell*p)))",
         formula="log(erfc(-a/sqrt(2))/2)", closes=("log(ndtr(a))",), opens=True,
         flow="multiplies its gradient by the density divided by the distribution",
         samples=((-30.0, 9.0),), ulps=(3.0, 3.4)),
    Gate(name="ndtri", parameters="a", domain="(a >= 0)*(a <= 1)", pole="(a == 0) + (a == 1)",
         partials=("where((a == 0) + (a == 1), abs(out), sqrt(pi/2)*where(a < 0.5, "
                   "erfcx(-out*sqrt(0.5))/a, erfcx(out*sqrt(0.5))/(1 - a)))",),
         textbook=("sqrt(2*pi)*exp(out**2/2)",),
         value=f"m = min(a, 1 - a); y = 2*a - 1; w = y*y; r = {NEAR_AT}; z = sqrt(-log(2*m)); "
               f"s = {TAIL_AT}; where(abs(y) <= 0.75, sqrt(2)*y*({NEAR}), "
               f"where(m == 0, y/m, sign(y)*sqrt(2)*{TAIL}))",
         flow="divides its gradient by the density at its output",
         samples=((0.001, 0.999),), ulps=(3.0, 5.7)),
)  # fmt: skip
