"""The table of what other languages have and this one doesn't, with what to write instead.

A row is a message and a hint. OPERATORS stand after an operand, LEADING before one, WORDS in
either place, UNKNOWN where a function is called.
"""

from __future__ import annotations

Row = tuple[str, str]

BOTH = "write a > 0 and b > 0; of arrays, entry by entry, (a > 0)*(b > 0)"
EITHER = "write a > 0 or b > 0; of arrays, entry by entry, maximum(a > 0, b > 0)"
NEITHER = "write not (a > 0); of arrays, entry by entry, a <= 0"
ABSOLUTE = "write |x| as abs(x)"
CHOICE = "write a if c else b, or where(c, a, b)"
DEFINE = "define a function with f(x) = expression"
LAST = "the last statement is the output: write the expression alone"
LOOP = "write the terms out, or one statement a step"
GATES = "leave it out: exp, log, sin and all the others are there already"

OPERATORS: dict[str, Row] = {
    "//": ("the whole-number division // can't be used here", "write a // b as floor(a/b)"),
    "!": ("a factorial can't be used here", "write it as a product: 1*2*3"),
    "&": ("& can't be used here", BOTH),
    "&&": ("&& can't be used here", BOTH),
    "|": ("| can't be used here", ABSOLUTE),
    "||": ("|| can't be used here", EITHER),
    ":=": (":= can't be used here", "write name = expression, in a statement of its own"),
    "->": ("-> can't be used here", DEFINE),
    "=": ("= stands inside an expression", "write == to compare"),
    ":": ("a colon can't be used here", "it only stands in a slice such as x[0:2]"),
    "{": ("curly brackets can't be used here", "group with round brackets: ( )"),
    "}": ("curly brackets can't be used here", "group with round brackets: ( )"),
    "$": ("$ can't be used here", "write the expression alone, without LaTeX"),
    "~": ("~ can't be used here", NEITHER),
    "?": ("? can't be used here", "write c ? a : b as a if c else b"),
    "`": ("a backquote can't be used here", "write the expression alone"),
    "<<": ("shifts of bits can't be used here", "write x << n as x*2**n"),
    ">>": ("shifts of bits can't be used here", "write x >> n as floor(x/2**n)"),
}
LEADING: dict[str, Row] = {
    token: row for token, row in OPERATORS.items() if token not in ("=", ":", "//")
} | {
    "if": ("`if` stands between two values", CHOICE),
    "!": ("! can't be used here", NEITHER),
    "||": ("|| can't be used here", "write |x| as abs(x), the length of (a, b) as hypot(a, b)"),
}  # fmt: skip

# Two tokens that were meant as one operator.
MEANT: dict[str, str] = {
    "===": "write == to compare", "!==": "write != to compare", "<>": "write != to compare",
    "==": "write == without a space", "<=": "write <= without a space", "=<": "write <=",
    ">=": "write >= without a space", "=>": "write >=", "**": "write ** without a space",
    "***": "write ** for a power", "^^": "write ** for a power",
    ",)": "leave the last comma out", ",]": "leave the last comma out",
}  # fmt: skip

WORDS: dict[str, Row] = {
    "not": ("`not` stands before a condition", NEITHER),
    "for": ("loops can't be used here", LOOP),
    "while": ("loops can't be used here", LOOP),
    "in": ("`in` can't be used here", LOOP),
    "is": ("`is` can't be used here", "write == to compare"),
    "lambda": ("`lambda` can't be used here", DEFINE),
    "def": ("`def` can't be used here", DEFINE),
    "return": ("`return` can't be used here", LAST),
    "print": ("`print` can't be used here", LAST),
    "import": ("`import` can't be used here", GATES),
    "from": ("`import` can't be used here", GATES),
}

# What Python has for values that are none or only two: they are no variables.
NO_NAMES: dict[str, Row] = {
    "None": ("`None` can't be used here", "it stands in an index, x[:, None], and in axis=None"),
    "True": ("`True` can't be used here", "write 1"),
    "False": ("`False` can't be used here", "write 0"),
}

INDICES = "an index is made of numbers, slices, None and ..., such as x[..., 0]"

UNKNOWN: dict[str, str] = {
    "sec": "write 1/cos(x)", "csc": "write 1/sin(x)", "cot": "write 1/tan(x)",
    "sech": "write 1/cosh(x)", "csch": "write 1/sinh(x)", "coth": "write 1/tanh(x)",
    "root": "write x**(1/n)", "heaviside": "write x >= 0", "step": "write x >= 0",
    "factorial": "write it as a product: 1*2*3", "sum": "write the sum out: a + b + c",
    "norm": "write the length of (a, b) as hypot(a, b)", "range": LOOP,
    "grad": "the gradient comes by itself: write the function alone",
    "diff": "the gradient comes by itself: write the function alone",
}  # fmt: skip

LATEX: dict[str, str] = {
    "frac": "write \\frac{a}{b} as a/b", "sqrt": "write \\sqrt{x} as sqrt(x)",
    "cdot": "write *", "times": "write *", "div": "write /", "left": "write round brackets: ( )",
    "right": "write round brackets: ( )", "sigma": "write sigmoid(x), or sigma for a variable",
    "sum": "write the sum out: a + b + c", "partial": "write the function alone",
    "leq": "write <=", "le": "write <=", "geq": "write >=", "ge": "write >=", "neq": "write !=",
}  # fmt: skip
