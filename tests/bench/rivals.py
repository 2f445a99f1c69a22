"""The tool and its peers behind one call: text and point in, value and gradient out.

Each peer reads the text with Python's own parser, as its users would, walks that tree once and
differentiates what the walk built. Loading one imports its library, or raises ImportError.
"""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Point = Mapping[str, float]
Answer = tuple[float, dict[str, float]]
Contender = Callable[[str, Point], Answer]

OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
CALLS = ("sin", "cos", "exp", "log", "tanh", "sqrt")


def walk(text: str, names: dict[str, Any], calls: Mapping[str, Callable[[Any], Any]]) -> Any:
    """What the last statement of `text` is, computed with `names` and `calls`."""
    result = None
    for statement in ast.parse(text).body:
        assert isinstance(statement, ast.Assign | ast.Expr)
        result = value(statement.value, names, calls)
        if isinstance(statement, ast.Assign):
            assert isinstance(statement.targets[0], ast.Name)
            names[statement.targets[0].id] = result
    return result


def value(root: ast.expr, names: dict[str, Any], calls: Mapping[str, Callable[[Any], Any]]) -> Any:
    """One expression, without recursion, so that a peer ends only where it does itself."""
    waiting: list[Any] = [root]
    nodes: list[Any] = []
    while waiting:  # every node before its operands, the last operand first
        node = waiting.pop()
        nodes.append(node)
        if node.__class__ is ast.BinOp:
            waiting += node.left, node.right
        elif node.__class__ is ast.Call:
            waiting.append(node.args[0])
        elif node.__class__ is ast.UnaryOp:
            waiting.append(node.operand)
    stack: list[Any] = []
    for node in reversed(nodes):
        kind = node.__class__
        if kind is ast.Name:
            stack.append(names[node.id])
        elif kind is ast.Constant:
            stack.append(node.value)
        elif kind is ast.BinOp:
            right = stack.pop()
            stack[-1] = OPERATIONS[node.op.__class__](stack[-1], right)
        elif kind is ast.Call:
            stack[-1] = calls[node.func.id](stack[-1])
        else:
            stack[-1] = -stack[-1]
    return stack[-1]


def backprop() -> Contender:
    from backprop import evaluate

    def answer(text: str, point: Point) -> Answer:
        report = evaluate(text, point)
        return report.value, report.gradient

    return answer


class Value:
    """A number that remembers how it was made, after micrograd, with the gates it lacks."""

    def __init__(self, data: float, children: tuple[Value, ...] = ()) -> None:
        self.data = data
        self.grad = 0.0
        self._prev = set(children)
        self._backward: Callable[[], None] = lambda: None

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def _backward() -> None:
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def _backward() -> None:
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, other: float) -> Value:
        out = Value(self.data**other, (self,))

        def _backward() -> None:
            self.grad += (other * self.data ** (other - 1)) * out.grad

        out._backward = _backward
        return out

    def unary(self, data: float, slope: float) -> Value:
        out = Value(data, (self,))

        def _backward() -> None:
            self.grad += slope * out.grad

        out._backward = _backward
        return out

    def __neg__(self) -> Value:
        return self * -1

    def __radd__(self, other: float) -> Value:
        return self + other

    def __sub__(self, other: Value | float) -> Value:
        return self + (-other)

    def __rsub__(self, other: float) -> Value:
        return other + (-self)

    def __rmul__(self, other: float) -> Value:
        return self * other

    def __truediv__(self, other: Value | float) -> Value:
        return self * other**-1

    def __rtruediv__(self, other: float) -> Value:
        return other * self**-1

    def backward(self) -> None:
        """The original's topological order, without its recursion, which ends at 1,000."""
        order: list[Value] = []
        visited: set[Value] = set()
        waiting = [(self, False)]
        while waiting:
            node, done = waiting.pop()
            if done:
                order.append(node)
            elif node not in visited:
                visited.add(node)
                waiting.append((node, True))
                waiting.extend([(child, False) for child in node._prev])
        self.grad = 1.0
        for node in reversed(order):
            node._backward()


def micrograd() -> Contender:
    def tanh(a: Value) -> Value:
        out = math.tanh(a.data)
        return a.unary(out, 1 - out * out)

    def sqrt(a: Value) -> Value:
        out = math.sqrt(a.data)
        return a.unary(out, 0.5 / out)

    def exp(a: Value) -> Value:
        out = math.exp(a.data)
        return a.unary(out, out)

    calls: dict[str, Callable[[Value], Value]] = {
        "sin": lambda a: a.unary(math.sin(a.data), math.cos(a.data)),
        "cos": lambda a: a.unary(math.cos(a.data), -math.sin(a.data)),
        "log": lambda a: a.unary(math.log(a.data), 1 / a.data),
        "exp": exp,
        "tanh": tanh,
        "sqrt": sqrt,
    }

    def answer(text: str, point: Point) -> Answer:
        inputs = {name: Value(number) for name, number in point.items()}
        out = walk(text, dict(inputs), calls)
        out.backward()
        return out.data, {name: leaf.grad for name, leaf in inputs.items()}

    return answer


def autograd() -> Contender:
    library = import_module("autograd")
    numpy = import_module("autograd.numpy")
    calls = {name: getattr(numpy, name) for name in CALLS}

    def answer(text: str, point: Point) -> Answer:
        def computed(*numbers: Any) -> Any:
            return walk(text, dict(zip(point, numbers, strict=True)), calls)

        found = library.value_and_grad(computed, argnum=tuple(range(len(point))))
        out, slopes = found(*point.values())
        return float(out), dict(zip(point, map(float, slopes), strict=True))

    return answer


def torch() -> Contender:
    library = import_module("torch")
    library.set_num_threads(1)
    calls = {name: getattr(library, name) for name in CALLS}

    def answer(text: str, point: Point) -> Answer:
        inputs = {
            name: library.tensor(number, dtype=library.float64, requires_grad=True)
            for name, number in point.items()
        }
        out = walk(text, dict(inputs), calls)
        out.backward()
        return out.item(), {name: leaf.grad.item() for name, leaf in inputs.items()}

    return answer


def casadi() -> Contender:
    library = import_module("casadi")
    calls = {name: getattr(library, name) for name in CALLS}

    def answer(text: str, point: Point) -> Answer:
        names = {name: library.SX.sym(name) for name in point}
        inputs = library.vertcat(*names.values())
        out = walk(text, dict(names), calls)
        both = library.Function("both", [inputs], [out, library.gradient(out, inputs)])
        computed, slopes = both(list(point.values()))
        numbers = map(float, slopes.full().ravel())
        return float(computed), dict(zip(point, numbers, strict=True))

    return answer


def sympy() -> Contender:
    library = import_module("sympy")
    cache = import_module("sympy.core.cache")
    warnings.simplefilter("ignore")

    def answer(text: str, point: Point) -> Answer:
        cache.clear_cache()
        symbols = {name: library.Symbol(name, real=True) for name in point}
        names: dict[str, Any] = dict(symbols)
        out = None
        for statement in text.split("\n"):
            target, _, right = statement.rpartition(" = ")
            names[target] = out = library.sympify(right, locals=names)
        formulas = [out, *(library.diff(out, symbol) for symbol in symbols.values())]
        compute = library.lambdify(list(symbols.values()), formulas, modules="math", cse=True)
        computed, *slopes = compute(*point.values())
        return float(computed), dict(zip(point, map(float, slopes), strict=True))

    return answer


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "backprop": backprop,
    "micrograd-style": micrograd,
    "autograd": autograd,
    "torch": torch,
    "CasADi": casadi,
    "SymPy": sympy,
}
