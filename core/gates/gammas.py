"""The gamma function, its logarithm and what they pass back.

Near their roots lgamma and digamma are polynomials times what vanishes there. Large operands
have the asymptotic series; others are moved up to it, and negative ones reflected.
"""

from __future__ import annotations

from backprop.gates.polynomials import EACH, bernoulli, horner, place, polynomial
from backprop.gates.row import Gate
from backprop.gates.series import DIGAMMA, DIGAMMA_ROOT, LGAMMA, LGAMMA_3, LGAMMA_5, LGAMMA_DIP

WHOLE_BELOW = "(a <= 0)*(a == floor(a))"  # where the gamma function is infinite


def stirling(name: str) -> str:
    """What log(gamma(x)) is more than (x - 0.5)*log(x) - x + log(2*pi)/2, for x of 10 and more.
    The name is that of 1/x/x."""
    return horner([bernoulli(k, 2 * k * (2 * k - 1)) for k in EACH], name)


# In `y` a negative operand is reflected; `u` is from 1 to 2.
LOG = (
    "y = where(a > 0, a, 1 - a); u = where(y < 1, y + 1, where(y <= 2, y, y - 1)); "
    f"s = where(y <= 3, 2*u - 3, where(y < 5, {place(LGAMMA_3, 'y')}, {place(LGAMMA_5, 'y')})); "
    "v = 1/y/y; "
    "p = where(y <= 3, where(y < 1, y*(y - 1), where(y <= 2, (y - 1)*(y - 2), (y - 2)*(y - 3)))"
    f"*({polynomial(LGAMMA)}) + where(y < 1, -log(y), where(y <= 2, 0, log(u))), "
    f"where(y < 5, {polynomial(LGAMMA_3)}, where(y < 10, {polynomial(LGAMMA_5)}, "
    f"(y - 0.5)*(log(y) - 1) + (0.41893853320467274 + ({stirling('v')})/y)))); "
    f"d = {place(LGAMMA_DIP, 'a')}; "
    "where(a > 0, p, where((a > -2.75)*(a < -2.4375), "
    f"{horner(LGAMMA_DIP[1], 'd')}, -log(abs(sin(pi*(a - round(a))))/pi) - p))"
)
SUM = " + ".join(f"1/(y + {k})" if k else "1/y" for k in range(8))
DIGAMMA_TEXT = (
    "y = where(a > 0, a, 1 - a); u = where(y < 1, y + 1, y); s = 2*u - 3; "
    "x = where(y < 10, y + 8, y); v = 1/x/x; "
    f"p = where(y <= 2, ((u - {DIGAMMA_ROOT[0]!r}) - {DIGAMMA_ROOT[1]!r})*({polynomial(DIGAMMA)})"
    " - where(y < 1, 1/y, 0), "
    f"log(x) - 0.5/x - v*({horner([bernoulli(k, 2 * k) for k in EACH], 'v')})"
    f" - where(y < 10, {SUM}, 0)); "
    "r = a - round(a); "
    "where(a > 0, p, where((a < 0)*(r == 0), sqrt(a), p - pi/tan(pi*r)))"
)
SQUARES = " + ".join(f"1/(y + {k})/(y + {k})" if k else "1/y/y" for k in range(10))
TRIGAMMA = (
    "y = where(a > 0, a, 1 - a); x = where(y < 10, y + 10, y); v = 1/x/x; "
    f"p = where(y < 10, {SQUARES}, 0) + "
    f"(1/x + (v/2 + v/x*({horner([bernoulli(k) for k in EACH], 'v')}))); "
    "where(a > 0, p, (pi/sin(pi*(a - round(a))))**2 - p)"
)


def powers() -> str:
    """The sum of Bernoulli's numbers over 2k, times what p**k - q**k is, divided by p - q."""
    lines = ["h1 = 1; m1 = 1"]
    lines += [f"m{k} = m{k - 1}*q; h{k} = p*h{k - 1} + m{k}" for k in EACH[1:]]
    total = " + ".join(f"({bernoulli(k, 2 * k)!r})*h{k}" for k in EACH)
    return f"{'; '.join(lines)}; h = {total}; "


STEPS = " + ".join(f"b/(c + {k})/(a + {k})" for k in range(10))
RISE = (
    "c = a + b; x = where(a < 10, a + 10, a); z = x + b; p = 1/x/x; q = 1/z/z; "
    f"{powers()}"
    f"where((a > 0)*(b >= 0), where(a < 10, {STEPS}, 0) + "
    "(log1p(b/x) + (b/x/z/2 + b*(1/x + 1/z)/x/z*h)), sqrt(-1))"
)
BETA = (
    "x = min(a, b); y = max(a, b); t = x + y; u = 1/x/x; v = 1/y/y; w = 1/t/t; "
    f"far = ({stirling('v')})/y - ({stirling('w')})/t; "
    "where((a > 0)*(b > 0), where(y < 10, lgamma(x) + lgamma(y) - lgamma(t), where(x < 10, "
    "lgamma(x) - ((y - 0.5)*log1p(x/y) + x*(log(t) - 1) - far), "
    "(x - 0.5)*log(x/t) - y*log1p(x/y) - log(y)/2 + "
    f"(0.9189385332046728 + (({stirling('u')})/x + far)))), sqrt(-1))"
)

ROWS = (
    Gate(name="lgamma", parameters="a", partials=("digamma(a)",),
         flow="multiplies its gradient by digamma of its input",
         value=LOG, pole=WHOLE_BELOW, aliases=("gammaln", "loggamma"),
         samples=((-8.0, 40.0),), ulps=(20.0, 20.0)),
    Gate(name="gamma", parameters="a", partials=("out*digamma(a)",), pole="a == 0",
         domain="(a >= 0) + (a != floor(a))",
         flow="multiplies its gradient by its output times digamma of its input",
         samples=((-8.0, 40.0),), ulps=(6.0, 20.0)),
    Gate(name="digamma", parameters="a", partials=("trigamma(a)",), value=DIGAMMA_TEXT,
         domain="(a >= 0) + (a != floor(a))", pole="a == 0",
         flow="multiplies its gradient by trigamma of its input", aliases=("psi",),
         samples=((-8.0, 40.0),), ulps=(16.5, 3.7)),
    Gate(name="trigamma", parameters="a", partials=("polygamma(2, a)",), value=TRIGAMMA,
         pole=WHOLE_BELOW, flow="multiplies its gradient by polygamma(2, a)",
         samples=((-8.0, 40.0),), ulps=(4.1, 18.0)),
    Gate(name="polygamma", parameters="n a", partials=("", "polygamma(n + 1, a)"),
         domain="(n >= 0)*(n <= 1000)*(n == floor(n))", pole="(a <= 0)*(a == floor(a))*(n == 1)",
         flow="multiplies its gradient by the next polygamma; the order gets none",
         samples=((0.0, 6.0), (-8.0, 40.0)), ulps=(20.0, 20.0)),
    Gate(name="lbeta", parameters="a b", partials=("-digamma_rise(a, b)", "-digamma_rise(b, a)"),
         textbook=("digamma(a) - digamma(a + b)", "digamma(b) - digamma(a + b)"),
         value=BETA, domain="(a > 0)*(b > 0)", formula="lgamma(a) + lgamma(b) - lgamma(a + b)",
         opens=True, flow="multiplies its gradient by how much digamma falls from a + b",
         aliases=("betaln",), samples=((0.1, 30.0), (0.1, 30.0)), ulps=(20.0, 20.0)),
    Gate(name="digamma_rise", parameters="a b", domain="(a > 0)*(b >= 0)",
         partials=("trigamma(a + b) - trigamma(a)", "trigamma(a + b)"),
         value=RISE,
         flow="multiplies its gradient by how much trigamma rises",
         samples=((0.1, 30.0), (0.1, 30.0)), ulps=(20.0, 50.0)),
)  # fmt: skip
