"""Choices, comparisons and steps: gates that route their gradient or stop it."""

from backprop.gates.row import Gate, Kink

WIDE = (-100.0, 100.0)
ROUTER = "routes its whole gradient to the {} input; the others get nothing"
STEP = "is flat between its steps, so no gradient passes"


BOTH = "PyTorch and JAX give 0 too"
TIE = Kink("", "tie", "", "one-sided slopes are 0 and 1", "PyTorch and JAX give each of two 0.5",
           at="out", meets="another")  # fmt: skip
SWITCH = Kink("a == b", "switch", "0", "what depends on it may bend or jump here",
              gap="abs(a - b)", at="a", meets="another")  # fmt: skip
CHOICE = Kink("c == 0", "switch", "the second branch", "it takes the first branch on either side",
              gap="abs(c)", meets="0")  # fmt: skip


def comparison(name: str, symbol: str, label: bool = False) -> Gate:
    return Gate(name=name, symbol=symbol, form=f"a {symbol} b", parameters="a b",
                partials=("", ""), flow="is 1 or 0, so no gradient passes", routes=True,
                kink=SWITCH, label=label, samples=(WIDE, WIDE))  # fmt: skip


def step(name: str, where: str, gap: str, meets: str, *aliases: str) -> Gate:
    kink = Kink(where, "jump", "0", "0 on both sides, with a jump between", BOTH, gap,
                meets=meets)  # fmt: skip
    return Gate(name=name, parameters="a", partials=("",), flow=STEP, routes=True, kink=kink,
                aliases=aliases, samples=(WIDE,))  # fmt: skip


ROWS = (
    Gate(name="max", parameters="a ...", partials=("a >= out",), routes=True, ties=True,
         kink=TIE, flow=ROUTER.format("largest"), aliases=("maximum",), samples=(WIDE,)),
    Gate(name="min", parameters="a ...", partials=("a <= out",), routes=True, ties=True,
         kink=TIE, flow=ROUTER.format("smallest"), aliases=("minimum",), samples=(WIDE,)),
    Gate(name="where", parameters="c a b", partials=("", "c != 0", "c == 0"), routes=True,
         condition=True, kink=CHOICE,
         flow="routes its whole gradient to the branch it took; the condition gets nothing",
         samples=((-1.0, 1.0), WIDE, WIDE)),
    Gate(name="clip", parameters="a low high", routes=True,
         partials=("(a >= low)*(a <= high)", "(a < low)*(low <= high)", "max(a, low) > high"),
         flow="passes its gradient inside its bounds, ends included, else to the bound it is at",
         value="min(max(a, low), high)",
         formula="where(max(a, low) > high, high, where(a < low, low, a))",
         kink=Kink("(a == low) + (a == high)", "kink", "1", "0 outside, 1 inside",
                   "PyTorch gives 1, JAX 0.5", "min(abs(a - low), abs(a - high))",
                   at="a", meets="another"),
         aliases=("clamp",), samples=(WIDE, (-60.0, -50.0), (50.0, 60.0))),
    step("sign", "a == 0", "abs(a)", "0", "sgn"),
    step("floor", "a == floor(a)", "abs(a - round(a))", "out"),
    step("ceil", "a == ceil(a)", "abs(a - round(a))", "out"),
    step("round", "a - floor(a) == 0.5", "abs(a - floor(a) - 0.5)", ""),
    Gate(name="mod", symbol="%", form="a % b", parameters="a b",
         partials=("1", "-round((a - out)/b)"), formula="a - b*floor(a/b)", domain="b != 0",
         flow="hands its gradient to a unchanged; b gets -floor(a/b) times it",
         kink=Kink("out == 0", "jump", "1", "1 in a on both sides of a jump",
                   gap="min(abs(out), abs(b - out))", below="b"),
         samples=((-40.0, 40.0), (0.5, 9.0))),
    comparison("lt", "<"),
    comparison("le", "<="),
    comparison("gt", ">"),
    comparison("ge", ">="),
    comparison("eq", "==", label=True),
    comparison("ne", "!=", label=True),
)  # fmt: skip
