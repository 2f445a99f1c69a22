"""Text to tree and back: precedence, spelling, where every node stands, and how deep it may go."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

import pytest
from counting_calls import calls_of
from counts import cases
from trees import Shape, expressions, program_shape, programs, shape, subtrees

import backprop
from backprop.errors import LimitError
from backprop.language.parser import parse
from backprop.language.printer import print_tree
from backprop.language.syntax import ABSENT, NEW_AXIS, REST, Op, Tree
from backprop.language.tokens import MAX_TEXT

HALF = cases(200, 2500)
PLAIN = expressions(1, cases(400, 5000))
FANCY = expressions(2, HALF, fancy=True) + programs(3, HALF)

# What Python's own parser calls the operators, and what they are called here.
PYTHON = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.MatMult: "matmul",
    ast.Mod: "mod", ast.Pow: "pow", ast.USub: "neg", ast.UAdd: "pos", ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt",
    ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip


def python_shape(node: ast.expr | ast.slice | None) -> Shape:
    """The postfix order of Python's own tree."""
    match node:
        case None:
            return (ABSENT,)
        case ast.Name(name):
            return (name,)
        case ast.Constant(None):
            return (NEW_AXIS,)
        case ast.Constant(value) if value is ...:
            return (REST,)
        case ast.Constant(value):
            return (float(str(value)),)
        case ast.UnaryOp(ast.Not(), operand):
            return (1.0, *python_shape(operand), ("sub", 2, "not"))
        case ast.Compare(left, [_, _, *_]):
            pairs = zip([left, *node.comparators], node.ops, node.comparators, strict=False)
            return joined(
                [python_shape(ast.Compare(a, [op], [b])) for a, op, b in pairs],
                ("mul", 2, "chain"),
            )
        case ast.BoolOp(op, operands):
            word = ("mul", 2, "and") if isinstance(op, ast.And) else ("max", 2, "or")
            return joined([python_shape(operand) for operand in operands], word)
        case ast.IfExp(condition, yes, no):
            return (*listed([condition, yes, no]), ("where", 3, "choice"))
        case ast.UnaryOp(op, operand):
            return (*python_shape(operand), (PYTHON[type(op)], 1, "operator"))
        case ast.BinOp(left, op, right) | ast.Compare(left, [op], [right]):
            return (
                *python_shape(left),
                *python_shape(right),
                (PYTHON[type(op)], 2, "operator"),
            )
        case ast.Call(ast.Attribute(whole, "dot"), operands):
            return (*listed([whole, *operands]), ("dot", len(operands) + 1, "method"))
        case ast.Call(ast.Name(name), operands):
            return (*listed(operands), (name, len(operands), "call"))
        case ast.List(operands):
            return (*listed(operands), ("list", len(operands), "list"))
        case ast.Attribute(whole, name):
            return (*python_shape(whole), (name, 1, "attribute"))
        case ast.Slice(start, stop, step):
            return (*listed([start, stop, step]), ("slice", 3, "slice"))
        case ast.Subscript(whole, index):
            inside = index.elts if isinstance(index, ast.Tuple) else [index]
            return (*listed([whole, *inside]), ("index", len(inside) + 1, "index"))
    raise TypeError(ast.dump(node))


def joined(shapes: list[Shape], operator: tuple[str, int, str]) -> Shape:
    """Two by two, from the left."""
    first, *others = shapes
    return (*first, *(item for shape in others for item in (*shape, operator)))


def listed(nodes: list[ast.expr] | list[ast.expr | None]) -> Shape:
    return tuple(item for node in nodes for item in python_shape(node))


def python_tree(text: str) -> ast.expr:
    return ast.parse(f"({text}\n)", mode="eval").body


def test_precedence_is_pythons_on_random_expressions() -> None:
    wrong = [text for text in PLAIN if shape(parse(text).code) != python_shape(python_tree(text))]
    assert wrong == []


PRECEDENCE = {
    "-x**2": "-(x**2)",
    "2**-x": "2**(-x)",
    "2**-x**y": "2**(-(x**y))",
    "x**y**z": "x**(y**z)",
    "x^y^z": "x**(y**z)",
    "x**-y*z": "(x**(-y))*z",
    "-x*y": "(-x)*y",
    "--x": "-(-x)",
    "-+-x": "-(+(-x))",
    "x--y": "x-(-y)",
    "x-y-z": "(x-y)-z",
    "x/y/z": "(x/y)/z",
    "x/y*z": "(x/y)*z",
    "x@y*z": "(x@y)*z",
    "x*y@z": "(x*y)@z",
    "x+y*z": "x+(y*z)",
    "x+y<z*w": "(x+y)<(z*w)",
    "-x.T": "-(x.T)",
    "x.T**2": "(x.T)**2",
    "x**y.T": "x**(y.T)",
    "x**y[0]": "x**(y[0])",
    "-x[0]**2": "-((x[0])**2)",
    "2x": "2*x",
    "2x**2": "2*(x**2)",
    "-2x": "(-2)*x",
    "2x/y": "(2*x)/y",
    "x*2y": "(x*2)*y",
    "2(x+1)": "2*(x+1)",
    "2exp(x)": "2*exp(x)",
    "x²": "x**2",
    "-x²": "-(x**2)",
    "2x²": "2*(x**2)",
    "x²**y": "(x**2)**y",
    "x**y²": "x**(y**2)",
    "exp(x)²": "exp(x)**2",
}


@pytest.mark.parametrize(("text", "meaning"), PRECEDENCE.items(), ids=PRECEDENCE)
def test_operators_group_as_in_python(text: str, meaning: str) -> None:
    assert shape(parse(text).code) == shape(parse(meaning).code)


SPELLINGS = {
    "x − y – z": "x - y - z",
    "x × y · z ⋅ w ∗ v": "x*y*z*w*v",
    "x ÷ y": "x/y",
    "x^y": "x**y",
    "√(x)": "sqrt(x)",
    "√ (x)": "sqrt(x)",
    "2π": "2*pi",
    "x\u00a0+\u2003y": "x + y",
    "1e−3 + 1E–3": "1e-3 + 1E-3",
    "np.exp(x) + numpy.sin(x) + math.log(x)": "exp(x) + sin(x) + log(x)",
    "np.linalg.norm(x)": "norm(x)",
    "np.pi*math.e": "pi*e",
    "exp (x)": "exp(x)",
    "x # + y": "x",
    "x +\ny": "x + y",
    "x \\\n+ y": "x + y",
    "f(x) = x # (\r\nf(y)\r\n": "f(x) = x; f(y)",
    "y = (x # (\n+ 1\n); y": "y = x + 1\ny",
    ";; x ;": "x",
    "12 + .5 + 5. + 1e-3 + 1_000": "12.0 + 0.5 + 5 + 0.001 + 1000",
}  # fmt: skip


@pytest.mark.parametrize(("text", "plain"), SPELLINGS.items(), ids=SPELLINGS)
def test_spellings_have_one_meaning(text: str, plain: str) -> None:
    assert program_shape(parse(text)) == program_shape(parse(plain))


@pytest.mark.parametrize(
    "name", ["E", "I", "S", "N", "Q", "beta", "lambda", "re", "im", "exp", "for", "θ", "_", "dx"]
)
def test_any_name_is_a_variable(name: str) -> None:
    assert list(backprop.parse(f"{name}*3").inputs) == [name]


def test_a_number_is_the_float_that_it_spells() -> None:
    texts = ["12", ".5", "5.", "1e-3", "1_000", "0" * 400 + "1", "1" * 300, "1e-999", "0.1e1_0"]
    constants = [list(backprop.parse(text).constants.values()) for text in texts]
    assert constants == [[float(text)] for text in texts]


@pytest.fixture(scope="module")
def round_trips() -> list[tuple[Tree, str, Tree]]:
    """Trees of random texts, how they are printed, and the trees of that."""
    trees = [parse(text) for text in PLAIN[:HALF] + FANCY]
    printed = [print_tree(tree) for tree in trees]
    return list(zip(trees, printed, map(parse, printed), strict=True))


RoundTrips = list[tuple[Tree, str, Tree]]


def test_what_is_printed_is_read_as_the_same_tree(round_trips: RoundTrips) -> None:
    wrong = [
        tree.text for tree, _, back in round_trips if program_shape(back) != program_shape(tree)
    ]
    assert wrong == []


def test_what_is_printed_is_printed_the_same_again(round_trips: RoundTrips) -> None:
    assert [text for _, text, back in round_trips if print_tree(back) != text] == []


PRINTED = {
    "((x+y))*z": "(x + y) * z",
    "x-(y-z)": "x - (y - z)",
    "(x-y)-z": "x - y - z",
    "(x**y)**z": "(x**y)**z",
    "x**(y**z)": "x**y**z",
    "(-x)**2": "(-x)**2",
    "-(x**2)": "-x**2",
    "2**(-x)": "2**-x",
    "-(x*y)": "-(x * y)",
    "(x<y)*(y<z)": "(x < y) * (y < z)",
    "(x<y)<z": "(x < y) < z",
    "2x²": "2 * x**2",
    "(2).T": "(2).T",
    "(x)[(1):(2):(3),:]": "x[1:2:3, :]",
    "[x,(y)].dot(z)": "[x, y].dot(z)",
    "a=x;f(p,q)=p;(-a)": "a = x\nf(p, q) = p\n-a",
    "a=x;+a": "a = x\n+a",
}


@pytest.mark.parametrize(("text", "printed"), PRINTED.items(), ids=PRINTED)
def test_a_tree_is_printed_with_the_fewest_brackets(text: str, printed: str) -> None:
    assert print_tree(parse(text)) == printed


EXCERPTS = {
    "(x + y) * z": ["x", "y", "x + y", "z", "(x + y) * z"],
    "((x)) - (((y)))": ["x", "y", "((x)) - (((y)))"],
    "-(x)**(-y)": ["x", "y", "-y", "(x)**(-y)", "-(x)**(-y)"],
    "exp( (x) )": ["x", "exp( (x) )"],
    "max((x), y + (z))": ["x", "y", "z", "y + (z)", "max((x), y + (z))"],
    "f() + []": ["f()", "[]", "f() + []"],
    "2x": ["2", "x", "2x"],
    "2(x+1)": ["2", "x", "1", "x+1", "2(x+1)"],
    "(x)²": ["x", "²", "(x)²"],
    "√(x)−y": ["x", "√(x)", "y", "√(x)−y"],
    "np.pi*np.exp(x)": ["np.pi", "x", "np.exp(x)", "np.pi*np.exp(x)"],
    "(x).T.dot((y))": ["x", "(x).T", "y", "(x).T.dot((y))"],
    "[x, (y)]": ["x", "y", "[x, (y)]"],
    "(x)[(y)]": ["x", "y", "(x)[(y)]"],
    "x[(1):(2)]": ["x", "1", "2", ")", "(1):(2)", "x[(1):(2)]"],
    "x[:, ::(2)]": ["x", ":", ":", ":", ":", ":", ":", "2", "::(2)", "x[:, ::(2)]"],
    "x[y:(z):]": ["x", "y", "z", ":", "y:(z):", "x[y:(z):]"],
    "(x # (\n+ y)*z": ["x", "y", "x # (\n+ y", "z", "(x # (\n+ y)*z"],
    "a = (x\n + y); a": ["x", "y", "x\n + y", "a = (x\n + y)", "a"],
    "f(p) = 2*p\nf((x))": ["2", "p", "2*p", "x", "f((x))"],
}


@pytest.mark.parametrize(("text", "excerpts"), EXCERPTS.items(), ids=EXCERPTS)
def test_every_node_knows_its_text(text: str, excerpts: list[str]) -> None:
    tree = parse(text)
    assert [tree.excerpt(node) for node in range(len(tree.code))] == excerpts


def test_the_text_of_every_node_is_read_as_that_node() -> None:
    wrong = []
    for text in PLAIN[: HALF // 4] + FANCY[: HALF // 6] + FANCY[-HALF // 6 :]:
        tree = parse(text)
        for node, code in enumerate(subtrees(tree.code)):
            item, excerpt = tree.code[node], tree.excerpt(node)
            if item in (ABSENT, NEW_AXIS, REST) or excerpt in ("²", "³", "not"):
                continue
            if isinstance(item, Op) and item.kind == "slice":
                continue
            if shape(parse(excerpt).code) != shape(code):
                wrong.append((text, excerpt))
    assert wrong == []


DEEP, WIDE = cases(20_000, 100_000), cases(5_000, 20_000)
LARGE: dict[str, Callable[[], str]] = {
    "nested brackets": lambda: "(" * DEEP + "x" + ")" * DEEP,
    "a sum to the left": lambda: "+".join(["x"] * DEEP),
    "a sum to the right": lambda: "x+(" * DEEP + "x" + ")" * DEEP,
    "calls": lambda: "sin(" * WIDE + "x" + ")" * WIDE,
    "calls of two": lambda: "max(x," * WIDE + "x" + ")" * WIDE,
    "signs": lambda: "-" * DEEP + "x",
    "powers": lambda: "x^" * DEEP + "x",
    "powers of negatives": lambda: "x**-" * WIDE + "x",
    "squares": lambda: "(" * WIDE + "x" + ")²" * WIDE,
    "products without a sign": lambda: "2(" * WIDE + "x" + ")" * WIDE,
    "comparisons": lambda: "(" * WIDE + "x" + "<y)" * WIDE,
    "statements": lambda: "a0 = x\n" + "".join(f"a{i + 1} = a{i} + x\n" for i in range(WIDE)),
    "functions": lambda: "f0(p) = p\n"
    + "".join(f"f{i + 1}(p) = f{i}(p) + 1\n" for i in range(WIDE)) + f"f{WIDE}(x)",
}  # fmt: skip
LARGE_ARRAYS: dict[str, Callable[[], str]] = {
    "lists": lambda: "[" * WIDE + "x" + "]" * WIDE,
    "a long list": lambda: "[" + ",".join(["x"] * WIDE) + "]",
    "indices": lambda: "x[" * WIDE + "0" + "]" * WIDE,
    "indices in a row": lambda: "x" + "[0]" * WIDE,
    "slices": lambda: "x[:" * WIDE + "0" + "]" * WIDE,
    "attributes": lambda: "x" + ".T" * WIDE,
    "methods": lambda: "x.dot(" * WIDE + "x" + ")" * WIDE,
}


@pytest.mark.parametrize("write", (LARGE | LARGE_ARRAYS).values(), ids=LARGE | LARGE_ARRAYS)
def test_no_depth_is_too_deep_to_read_and_print(write: Callable[[], str]) -> None:
    tree = parse(write())
    assert len(tree.spans) == len(tree.code)
    assert program_shape(parse(print_tree(tree))) == program_shape(tree)


@pytest.mark.parametrize("write", LARGE.values(), ids=LARGE)
def test_no_depth_is_too_deep_to_stage(write: Callable[[], str]) -> None:
    assert list(backprop.parse(write()).inputs) in (["x"], ["x", "y"])


def test_reading_takes_work_in_proportion_to_the_text() -> None:
    short, long = (calls_of(partial(parse, "(2x+sin(x))*" * terms + "x")) for terms in (500, 5_000))
    assert long < 10.5 * short


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(LimitError) as refused:
        parse("x" + " " * MAX_TEXT)
    assert refused.value.render() == (
        "error: the text has 16,777,217 characters; at most 16,777,216 are read"
    )


def test_a_text_at_the_limit_is_read() -> None:
    assert parse(" " * (MAX_TEXT - 1) + "x").code == ["x"]
