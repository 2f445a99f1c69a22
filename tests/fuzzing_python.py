"""Sources that nobody would write: made by a grammar, or snippets whose tokens are deleted,
doubled, swapped and replaced."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from backprop.errors import BackpropError
from backprop.language.spellings import functions
from backprop.reading.reader import read
from backprop.reading.source import parsed, script_names

SNIPPETS = (
    """
def f(x, y):
    total = 0.0
    for i in range(3):
        total += x * i ** y
        if total > 4:
            break
    else:
        total -= 1
    return total, {"a": [total, x], 'b': (y,)}
""",
    """
def affine_forward(x, w, b):
    N = x.shape[0]
    out = x.reshape(N, -1) @ w + b
    cache = (x, w, b)
    return out, cache
def f(x, y):
    A = np.arange(12.0).reshape(3, 4) * x
    out, cache = affine_forward(A, np.ones((4, 2)), y)
    x, w, b = cache
    probs = np.exp(out - np.max(out, axis=1, keepdims=True))
    probs /= np.sum(probs, axis=1, keepdims=True)
    loss = -np.sum(np.log(probs[np.arange(3), [0, 1, 1]])) / 3
    dout = probs.copy()
    dout[np.arange(3), [0, 1, 1]] -= 1
    return loss
""",
    """
class Layer:
    scale = 2
    def __init__(self, n, *, bias=True):
        self.w = np.random.randn(n, n) * 0.1
        self.b = np.zeros(n) if bias else None
    def __call__(self, x):
        return np.tanh(x @ self.w + self.b) * self.scale
def f(x, y):
    layers = [Layer(3) for _ in range(2)]
    h = np.array([x, y, 1.0])
    for layer in layers:
        h = layer(h)
    return h.sum()
""",
    """
def f(x, y):
    H = np.zeros((5, 3))
    H[0, :] = x
    for t in range(1, 5):
        H[t] = np.tanh(H[t - 1] * y + t)
        H[t, H[t] > 0.9] *= 0.5
    d = {f"h{t}": H[t] for t in range(5)}
    d['%s' % 'a'] = H[-1][::-1]
    np.add.at(H, [0, 1, 1], 0.1)
    return sum(v.sum() for k, v in d.items()) if x > 0 else -y
""",
    """
import math
from math import sqrt as root
def g(n, acc=1.0, *args, **kw):
    if n <= 0:
        return acc
    return g(n - 1, acc * kw.get('by', 2.0), *args, **kw)
def f(x, y):
    try:
        z = math.sin(x) ** 2 + root(abs(y) + 1)
    except ValueError:
        z = 0.0
    finally:
        pass
    with np.errstate(all='ignore'):
        z /= 1 + x * x
    assert z is not None, "no"
    p, (q, *r) = x, (y, 1, 2)
    w = lambda a, b=2: a * b
    n = 0
    while True:
        n += 1
        if n > 3: break
        if n % 2: continue
        z = z + w(n) + g(n, by=1.5)
    return z + p + q + len(r) + max(p, q) + min([p, q])
""",
    """
def f(x, y):
    import torch
    import torch.nn.functional as F
    W = torch.ones(3, 2, requires_grad=True) * x
    with torch.no_grad():
        b = torch.zeros(2)
    h = F.relu(torch.tensor([[1.0, 2.0, 3.0]]) @ W + b + y)
    logits = h.view(-1, 2)
    m = logits.max(1, keepdim=True).values
    loss = F.cross_entropy(logits - m, torch.tensor([1]))
    loss.backward()
    global count
    count = 1
    del b
    return loss, h.permute(1, 0), (1 if x else 2), not y, ~3, x if y else -x
""",
    """
def f(x, y):
    a = [[i * j for j in range(3)] for i in range(3) if i != 1]
    s = {1, 2, 3} | {4}
    t = tuple(sorted(s, reverse=True))[1:]
    e = dict(zip('abc', enumerate([x, y, 3])))
    u = 'a,b'.split(',')[0].upper() + "c" * 2
    b = np.einsum('ij,jk->ik', np.array(a[:2]) * x, np.ones((3, 2)))
    c = np.concatenate([b, b.T[:2, :2]], axis=0).reshape(-1)[::2]
    v = np.where(c > 1, c, 0.5) + np.clip(c, 0, None) % 2 // 1
    return np.mean(v) + (e['a'][1] if 'a' in e else 0) + divmod(7, 2)[0] + (1 << 3) + int(u == 'Acc')
""",
)
HEAD = "import numpy as np\n"
WORDS = (
    "x", "y", "np", "f", "g", "0", "1", "-1", "2.5", "1e400", "10**10", "10**400", "'a'", "''", "None", "True", "...", "[]",
    "()", "{}", "[x]", "(x, y)", "{'a': x}", "{1, 2}", "lambda: x", "lambda a, *b, **c: a", "np.array", "np.zeros", "np.sum",
    "np.random.randn", "len", "range", "range(3)", "dict", "list", "str", "int", "float", "type", "zip", "map", "max", "min", "sum",
    "sorted", "abs", "round", "getattr", "hasattr", "isinstance", "iter", "next", "slice", "slice(1)", "print", "self", "math", "torch",
    "__name__", "object", "Exception", "np.nan", "np.inf", "np.pi", "np.newaxis", "np.float64", "np.linalg", "1j", "b'a'", "f'{x}'",
    "'{}'", "'%d'", "x.shape", "np.arange(6).reshape(2, 3)", "np.ones((2, 2)) * x", "np.zeros(0)", "np.zeros((0, 3))", "np.eye(2)", "x > 0",
    "[x, [y]]", "[[1, 2], [3]]", "float('nan')", "(1, [2])", "{(1, 2): 3}", "np.array([True, False])", "np.arange(3)", "1 << 70", "2**63",
)  # fmt: skip
OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "@", "<<", ">>", "&", "|", "^", "<", ">", "==", "!=", "<=", ">=", "is",
             "is not", "in", "not in", "and", "or", ",", ":=", "if", ".", "=", "+=", "*=", "@=", "//=", ":")  # fmt: skip
FUNCTIONS = (
    "np.sum", "np.mean", "np.max", "np.min", "np.exp", "np.log", "np.where", "np.clip", "np.dot", "np.matmul", "np.outer", "np.einsum",
    "np.reshape", "np.transpose", "np.concatenate", "np.stack", "np.split", "np.tile", "np.repeat", "np.pad", "np.roll", "np.flip", "np.take",
    "np.zeros", "np.ones", "np.full", "np.eye", "np.arange", "np.linspace", "np.array", "np.asarray", "np.argmax", "np.argsort", "np.sort",
    "np.cumsum", "np.var", "np.std", "np.linalg.norm", "np.linalg.inv", "np.linalg.det", "np.linalg.solve", "np.trace", "np.diag", "np.tril",
    "np.add.at", "np.random.randn", "np.random.choice", "np.random.randint", "np.random.permutation", "np.random.normal", "np.random.binomial",
    "np.meshgrid", "np.squeeze", "np.expand_dims", "np.moveaxis", "np.swapaxes", "np.broadcast_to", "np.maximum", "np.mod", "np.tensordot",
    "np.nonzero", "np.any", "np.all", "np.isnan", "np.allclose", "np.round", "np.take_along_axis", "np.hstack", "np.vstack", "np.ravel",
    "torch.max", "torch.gather", "torch.nn.functional.one_hot", "torch.nn.functional.cross_entropy", "torch.cat", "torch.zeros", "torch.tensor",
    "len", "range", "zip", "enumerate", "reversed", "sum", "min", "max", "abs", "isinstance", "sorted", "any", "all", "map", "filter", "divmod", "pow",
    "round", "hasattr", "getattr", "setattr", "iter", "next", "slice", "callable", "id", "repr", "format", "float", "int", "bool", "str", "list",
    "tuple", "dict", "set", "type", "math.log", "math.sqrt", "math.factorial", "f", "g", "x", "np", "print", "open", "eval", "exec", "__import__",
)  # fmt: skip
METHODS = (
    "append", "extend", "insert", "pop", "index", "reverse", "copy", "clear", "count", "sort", "get", "keys", "values", "items", "update",
    "setdefault", "add", "union", "format", "join", "lower", "upper", "strip", "split", "startswith", "replace", "find", "sum", "mean", "max",
    "min", "reshape", "view", "T", "shape", "ndim", "size", "dtype", "transpose", "permute", "dot", "argmax", "item", "tolist", "astype", "clip",
    "flatten", "ravel", "squeeze", "unsqueeze", "expand", "repeat", "gather", "masked_fill", "detach", "backward", "grad", "__class__", "to",
    "real", "flat", "at", "var", "std", "norm", "softmax", "cumsum", "any", "all", "split", "chunk", "flip", "take", "long", "float", "mT",
)  # fmt: skip
PREFIX = {"numpy": "np", "torch": "torch", "jax": "jnp", "scipy": "special", "math": "math", "random": "random"}  # fmt: skip
SPELLED = tuple(sorted(f"{PREFIX[home]}.{name}" for home, name in functions() if home in PREFIX))
SPELLED_METHODS = tuple(sorted(name for home, name in functions() if home == "."))
KEYWORDS = (
    "axis",
    "keepdims",
    "dtype",
    "shape",
    "key",
    "reverse",
    "default",
    "start",
    "order",
    "p",
    "size",
    "dim",
    "out",
    "ddof",
    "mode",
    "decimals",
    "k",
)


def one_of(random: Random, ways: Sequence[Callable[[], str]]) -> str:
    return random.choice(ways)()


class Grammar:
    """Sources of a grammar of statements."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def expression(self, depth: int = 0) -> str:
        r = self.random
        if depth > 3 or r.random() < 0.3:
            return r.choice(WORDS)
        e = self.expression
        d = depth + 1
        return one_of(r, [
            lambda: f"({e(d)} {r.choice(OPERATORS[:26])} {e(d)})", lambda: f"{r.choice(FUNCTIONS)}({self.arguments(d)})",
            lambda: f"{r.choice(FUNCTIONS)}({self.arguments(d)})", lambda: f"({e(d)}).{r.choice(METHODS)}({self.arguments(d)})",
            lambda: f"({e(d)}).{r.choice(METHODS)}", lambda: f"({e(d)})[{self.key(d)}]", lambda: f"[{e(d)}, {e(d)}]", lambda: f"({e(d)},)",
            lambda: f"{{{e(d)}: {e(d)}}}", lambda: f"{{{e(d)}, {e(d)}}}", lambda: f"({e(d)} if {e(d)} else {e(d)})", lambda: f"(not {e(d)})", lambda: f"(-{e(d)})",
            lambda: f"(~{e(d)})", lambda: f"[{e(d)} for z in {e(d)} if {e(d)}]", lambda: f"{{z: {e(d)} for z in {e(d)}}}", lambda: f"(lambda z=1: {e(d)})({self.arguments(d)})",
            lambda: f"f'{{{r.choice(['x', 'y', 'n'])}:{r.choice(['', 'd', '.3f', '>9', 's', '99999'])}}}'", lambda: f"[*{e(d)}]", lambda: f"(z := {e(d)})",
            lambda: f"sum(z for z in {e(d)})", lambda: f"{{**{e(d)}}}",
        ])  # fmt: skip

    def arguments(self, depth: int) -> str:
        r = self.random
        parts = [self.expression(depth) for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3]))]
        if r.random() < 0.25:
            parts.append(f"{r.choice(KEYWORDS)}={self.expression(depth)}")
        if r.random() < 0.06:
            parts.append(r.choice(["*", "**"]) + self.expression(depth))
        return ", ".join(parts)

    def key(self, depth: int) -> str:
        e = self.expression
        return one_of(self.random, [
            lambda: e(depth), lambda: f"{e(depth)}:{e(depth)}", lambda: f"::{e(depth)}", lambda: f"{e(depth)}, {e(depth)}", lambda: "...", lambda: f"None, {e(depth)}", lambda: ":",
        ])  # fmt: skip

    def target(self) -> str:
        r = self.random
        return r.choice(
            [
                "x",
                "y",
                "a",
                "b",
                f"a[{self.key(2)}]",
                f"x[{self.key(2)}]",
                "a, b",
                "*a, b",
                "a.b",
                "x.shape",
                "(a, (b, x))",
                f"b[{self.key(2)}]",
            ]
        )

    def statement(self, indent: str, depth: int = 0) -> str:
        r, e = self.random, self.expression
        inner = indent + "    "
        if depth < 3 and r.random() < 0.35:
            body = "".join(self.statement(inner, depth + 1) for _ in range(r.randrange(1, 3)))
            head = r.choice([
                f"for {r.choice(['z', 'a, b', 'x[0]'])} in {e()}:", f"if {e()}:", f"while {e()}:", "try:", f"with {e()}:",
                f"def {r.choice('fgh')}({r.choice(['', 'z', 'z, w=1', '*z', '**z', 'z, /, w', '*, z=2'])}):",
                f"class {r.choice('AB')}({r.choice(['', 'A', e(2)])}):",
            ])  # fmt: skip
            if head == "try:":
                body += f"{indent}{r.choice(['finally:', 'except:', 'except Exception as e:', 'except (ValueError, x):'])}\n{inner}pass\n"
            return f"{indent}{head}\n{body}"
        return indent + r.choice([
            f"{self.target()} = {e()}", f"{self.target()} = {e()}", f"{r.choice(['x', 'a', 'a[0]', 'a.b'])} {r.choice(['+=', '-=', '*=', '/=', '@=', '//=', '%=', '**=', '|='])} {e()}",
            e(), f"return {e()}", "break", "continue", "pass", f"assert {e()}", f"raise {e()}", f"del {r.choice(['x', 'a', 'a[0]', 'x[1:]', 'a.b'])}", "global x", "nonlocal y",
            "import torch", "from math import *", "import numpy.random as npr", "from . import a", "yield x", "await x", f"print({e()})", f"a: int = {e()}", "import os.path",
        ]) + "\n"  # fmt: skip

    def source(self) -> str:
        lines = "".join(self.statement("    ") for _ in range(self.random.randrange(1, 6)))
        return f"{HEAD}def f(x, y):\n    a, b, n = [1.0, x], {{'k': y}}, 2\n{lines}    return {self.expression()}\n"


def tokens(text: str) -> list[str]:
    """Words and the white space between them."""
    found, place = [], 0
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        stop = starts[token.end[0] - 1] + token.end[1]
        if start > place:
            found.append(text[place:start])
        if stop > start:
            found.append(text[start:stop])
        place = max(place, stop)
    return found


def mutated(random: Random) -> str:
    """A snippet with a few mistakes."""
    words = tokens(HEAD + random.choice(SNIPPETS))
    for _ in range(random.choice([1, 1, 2, 3, 6])):
        k = random.randrange(len(words))
        match random.randrange(6):
            case 0:
                del words[k]
            case 1:
                words.insert(k, words[k])
            case 2:
                other = random.randrange(len(words))
                words[k], words[other] = words[other], words[k]
            case 3:
                words[k] = random.choice(WORDS)
            case 4:
                words[k] = random.choice(OPERATORS)
            case _:
                words.insert(
                    k,
                    random.choice(
                        [
                            *WORDS,
                            *OPERATORS,
                            "(",
                            ")",
                            "[",
                            "]",
                            "{",
                            "}",
                            "\n",
                            "\t",
                            "\0",
                            "é",
                            "'",
                            '"',
                            "\\",
                            "#",
                        ]
                    ),
                )
        words = words or ["x"]
    return "".join(words)


def called(random: Random) -> str:
    """A single call, or an index, of values that may or may not be for it."""
    made = Grammar(random)
    names = random.choice((FUNCTIONS, METHODS, SPELLED, SPELLED, SPELLED_METHODS))
    function = random.choice(names)
    if names in (METHODS, SPELLED_METHODS):
        function = f"{random.choice(WORDS)}.{function}"
    line = one_of(random, [
        lambda: f"return {function}({made.arguments(4)})", lambda: f"return {function}({made.arguments(3)})",
        lambda: f"return {random.choice(WORDS)}[{made.key(4)}]", lambda: f"a = {random.choice(WORDS)}; a[{made.key(4)}] = {made.expression(4)}; return a",
        lambda: f"a = {random.choice(WORDS)}; a {random.choice(['+=', '*=', '@=', '%=', '//=', '**='])} {made.expression(4)}; return a",
        lambda: f"return {random.choice(WORDS)} {random.choice(OPERATORS[:26])} {random.choice(WORDS)}",
    ])  # fmt: skip
    more = "import jax.numpy as jnp\nfrom scipy import special\nimport torch, math, random\n"
    return f"{HEAD}{more}def g(*z, **w): return z\ndef f(x, y):\n    {line}\n"


def source(seed: str) -> str:
    random = Random(seed)
    ways = [called, called, mutated, lambda random: Grammar(random).source()]
    return one_of(random, [partial(way, random) for way in ways])


def ending(text: str, unit: str) -> str | None:
    """What is said when a source is read; None if it can be."""
    try:
        found = parsed(text, "a.py", unit)
        script_names(found)
        read(found, {"x": 1.5, "y": 0.5})
    except BackpropError as error:
        return error.render()
    return None
