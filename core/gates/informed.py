"""Logarithms next to what they vanish or cancel with: entropies, odds, products."""

from __future__ import annotations

from backprop.gates.row import Gate

POSITIVE = (0.01, 20.0)

ROWS = (
    Gate(name="xlogy", parameters="a b", partials=("log(b)", "where(a == 0, 0, a/b)"),
         textbook=("log(b)", "a/b"), value="where((a == 0)*(b == b), 0, a*log(b))",
         formula="a*log(b)", domain="(b >= 0) + (a == 0)",
         pole="(b == 0)*(a != 0)",
         flow="multiplies its gradient by the logarithm for a, by a/b for b; with a = 0 it is 0",
         samples=((-10.0, 10.0), POSITIVE), ulps=(1.7, 2.0)),
    Gate(name="xlog1py", parameters="a b", partials=("log1p(b)", "where(a == 0, 0, a/(1 + b))"),
         textbook=("log(1 + b)", "a/(1 + b)"), value="where((a == 0)*(b == b), 0, a*log1p(b))",
         formula="a*log(1 + b)", domain="(b >= -1) + (a == 0)",
         pole="(b == -1)*(a != 0)",
         flow="multiplies its gradient by log(1 + b) for a, by a/(1 + b) for b",
         samples=((-10.0, 10.0), (-0.9, 20.0)), ulps=(1.7, 2.0)),
    Gate(name="entr", parameters="a", partials=("-log(a) - 1",),
         value="where(a > 0, -a*log(a), where(a == 0, 0, log(0*a)))", pole="a < 0",
         formula="where(a == 0, 0, -a*log(a))",
         flow="multiplies its gradient by minus the logarithm of its input, less one",
         samples=(POSITIVE,), ulps=(2.0, 2.0)),
    Gate(name="logit", parameters="a", partials=("1/(a*(1 - a))",),
         value="where(abs(a - 0.5) < 0.25, 2*atanh(2*a - 1), log(a/(1 - a)))",
         formula="log(a/(1 - a))", opens=True, closes=("log(a/(1 - a))", "log(a) - log(1 - a)"),
         domain="(a >= 0)*(a <= 1)", pole="(a == 0) + (a == 1)",
         flow="divides its gradient by its input times one minus its input",
         samples=((0.001, 0.999),), ulps=(2.5, 2.5)),
    Gate(name="log1mexp", parameters="a", partials=("1/expm1(a)",),
         value="where(a < log(2), log(-expm1(-a)), log1p(-exp(-a)))",
         formula="log(1 - exp(-a))", opens=True, closes=("log(1 - exp(-a))",),
         domain="a >= 0", pole="a == 0",
         flow="divides its gradient by exp of its input, less one",
         samples=((0.01, 30.0),), ulps=(2.5, 2.5)),
)  # fmt: skip
