"""The functions of neurons: sigmoids, rectifiers and their smooth relatives."""

from backprop.gates.row import Gate, Kink

# The normal distribution in gelu: x = -a/sqrt(2) is rounded, and erfc would turn that into many
# ulps in the tail, so what was lost, d = (a*a/2 - x*x)/(2*x), is put back. The squares are split
# into exact ones of multiples of 1/64 and small rests. So is the one in the bell curve.
NORMAL = (
    "x = -a*sqrt(0.5); h = round(a*64)/64; g = round(x*64)/64; "
    "d = where(a == 0, 0, (h*h/2 - g*g + (a - h)*(a + h)/2 - (x - g)*(x + g))/(2*x)); "
    "tail = erfc(x)/2 - d*exp(-x*x)/sqrt(pi); "
)
BELL = "bell = exp(-h*h/2)*exp((h - a)*(h + a)/2)/sqrt(2*pi); "

ROWS = (
    Gate(name="sigmoid", symbol="σ", parameters="a", partials=("out*sigmoid(-a)",),
         textbook=("out*(1 - out)",),
         flow="multiplies its gradient by out*(1 - out), which is tiny when it is saturated",
         value="t = exp(-abs(a)); where(a >= 0, 1/(1 + t), t - t*t/(1 + t))",
         formula="1/(1 + exp(-a))", opens=True,
         closes=("1/(1 + exp(-a))", "exp(a)/(1 + exp(a))", "1/(1 + exp(a)) => sigmoid(-a)"),
         aliases=("logistic", "σ", "expit"), samples=((-30.0, 30.0),), ulps=(1.6, 2.9)),
    Gate(name="logsigmoid", parameters="a", partials=("sigmoid(-a)",),
         textbook=("1 - sigmoid(a)",),
         flow="multiplies its gradient by sigmoid(-a)",
         value="min(a, 0) - log1p(exp(-abs(a)))", formula="log(1/(1 + exp(-a)))", opens=True,
         closes=("log(sigmoid(a))", "-softplus(-a)"),
         samples=((-30.0, 30.0),), ulps=(1.5, 1.6)),
    Gate(name="softplus", parameters="a", partials=("sigmoid(a)",),
         flow="multiplies its gradient by sigmoid(a)",
         value="max(a, 0) + log1p(exp(-abs(a)))", formula="log(1 + exp(a))", opens=True,
         closes=("log(1 + exp(a))", "log1p(exp(a))"),
         samples=((-30.0, 30.0),), ulps=(1.4, 1.7)),
    Gate(name="logaddexp", parameters="a b", partials=("sigmoid(a - b)", "sigmoid(b - a)"),
         textbook=("exp(a - out)", "exp(b - out)"),
         flow="shares its gradient between its inputs by their part of the sum",
         value="where(a == b, a + log(2), max(a, b) + log1p(exp(-abs(a - b))))",
         formula="log(exp(a) + exp(b))", opens=True, closes=("log(exp(a) + exp(b))",),
         samples=((-20.0, 20.0), (-20.0, 20.0)), ulps=(0.9, 32.9)),
    Gate(name="relu", parameters="a", partials=("a > 0",), routes=True,
         flow="passes its gradient where its input is positive, else stops it",
         value="where(a <= 0, 0, a)", formula="where(a > 0, a, 0)", opens=True,
         kink=Kink("a == 0", "kink", "0", "0 on the left, 1 on the right",
                   "PyTorch and JAX give 0 too, but 0.5 for maximum(0, x)", "abs(a)", meets="0"),
         ulps=(0.5, 0.0)),
    Gate(name="leaky_relu", parameters="a", partials=("where(a > 0, 1, 0.01)",),
         flow="passes its gradient where its input is positive, else a hundredth of it",
         value="where(a > 0, a, 0.01*a)", formula="where(a > 0, a, 0.01*a)", opens=True,
         kink=Kink("a == 0", "kink", "0.01", "0.01 on the left, 1 on the right",
                   "PyTorch gives 0.01 too, JAX 1", "abs(a)", meets="0"),
         ulps=(0.7, 0.5)),
    Gate(name="elu", parameters="a", partials=("where(a > 0, 1, exp(a))",),
         flow="passes its gradient where its input is positive, else exp(a) of it",
         value="where(a > 0, a, expm1(a))", formula="where(a > 0, a, exp(a) - 1)", opens=True,
         ulps=(0.8, 0.6)),
    Gate(name="silu", parameters="a",
         partials=("sigmoid(a)*(1 + a*sigmoid(-a))",),
         textbook=("sigmoid(a)*(1 + a*(1 - sigmoid(a)))",),
         flow="multiplies its gradient by s + a*s*(1 - s), s = sigmoid(a)",
         value="a*sigmoid(a)", formula="a/(1 + exp(-a))", opens=True,
         closes=("a*sigmoid(a)", "a/(1 + exp(-a))"),
         aliases=("swish",), samples=((-20.0, 20.0),), ulps=(2.1, 6.7)),
    Gate(name="gelu", parameters="a",
         partials=(NORMAL + BELL + "where(abs(a) < 1e4, tail + a*bell, where(a > 0, 1, 0*a))",),
         textbook=("erfc(-a/sqrt(2))/2 + a*exp(-a**2/2)/sqrt(2*pi)",),
         flow="multiplies its gradient by the normal distribution plus a times its density",
         value=NORMAL + "where(abs(a) < 1e4, a*tail, where(a > 0, a, 0*a))",
         formula="a*erfc(-a/sqrt(2))/2", opens=True,
         closes=("0.5*a*(1 + erf(a/sqrt(2)))", "a*0.5*(1 + erf(a/sqrt(2)))",
                 "a*(1 + erf(a/sqrt(2)))/2", "a*erfc(-a/sqrt(2))/2"),
         samples=((-12.0, 12.0),), ulps=(3.0, 7.8)),
)  # fmt: skip
