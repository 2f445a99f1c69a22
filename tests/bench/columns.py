"""The kernel's peers: a text in, and out comes a function of columns that gives the value and all
gradients, or ImportError. Each is used the way that its makers say is fastest for many rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from importlib import import_module
from random import Random
from typing import Any

from rivals import CALLS, walk

Array = Any
Columns = dict[str, Array]
Asked = Callable[[], Sequence[Array]]


def polynomial(steps: int, seed: int) -> str:
    random = Random(seed)
    text = f"{random.uniform(-1, 1):.3f}"
    for k in range(steps):
        sign, number = random.choice("+-"), random.uniform(0.1, 1)
        text = f"({text}*{'xyzuv'[k % 5]}{sign}{number:.3f}*{'xyzuv'[(7 * k + 1) % 5]})"
    return text


TEXTS = {
    "A": "(x+y)*z",
    "B": "1/(1+exp(-(w0*x0+w1*x1+w2)))",
    "C": "(x+1/(1+exp(-y)))/(1/(1+exp(-x))+(x+y)**2)",
    "D": "log(x1)+x1*x2-sin(x2)",
    "E": "sin(x*y)*exp(-(x-z)**2)+log(1+x**2+z**2)*tanh(y*z-x)"
    "+cos(x+y)*sqrt(1+y**2)/(1+exp(-(x*z)))+exp(-(x*x+y*y)/2)*sin(3*z)"
    "+tanh(x)*tanh(y)*cos(z*z)-log(2+cos(x*z))*sqrt(2+sin(y))+exp(sin(x)-cos(z))/(2+tanh(x*y*z))",
    "F": polynomial(66, 3),
}


def ours(text: str, columns: Columns, threads: int, engine: str, fast: bool = False) -> Asked:
    import numpy as np

    from backprop import parse
    from backprop.kernel import compiled

    kernel = compiled(parse(text), engine=engine, threads=threads, fast_trigonometry=fast)
    if kernel.note:
        raise ImportError(kernel.note)
    value, gradients = kernel(columns)
    out = [np.asarray(value), *gradients.values()]

    def asked() -> Sequence[Array]:
        kernel(columns, out)
        return [out[0], *(gradients[name] for name in columns)]

    return asked


def numpy_engine(text: str, columns: Columns, threads: int) -> Asked:
    return ours(text, columns, threads, "numpy")


def numpy_fast(text: str, columns: Columns, threads: int) -> Asked:
    return ours(text, columns, threads, "numpy", fast=True)


def native_engine(text: str, columns: Columns, threads: int) -> Asked:
    return ours(text, columns, threads, "native")


def jax(text: str, columns: Columns, _threads: int) -> Asked:
    library = import_module("jax")
    library.config.update("jax_enable_x64", True)
    numpy = library.numpy
    calls = {name: getattr(numpy, name) for name in CALLS}
    given = [numpy.asarray(column) for column in columns.values()]

    def one(*numbers: Any) -> Any:
        return walk(text, dict(zip(columns, numbers, strict=True)), calls)

    both = library.jit(library.vmap(library.value_and_grad(one, tuple(range(len(given))))))

    def asked() -> Sequence[Array]:
        value, slopes = library.block_until_ready(both(*given))
        return [value, *slopes]

    return asked


def torch_parts(text: str, columns: Columns, threads: int) -> tuple[Any, Any, list[Any]]:
    library = import_module("torch")
    library.set_num_threads(threads)
    calls = {name: getattr(library, name) for name in CALLS}

    def computed(*numbers: Any) -> Any:
        return walk(text, dict(zip(columns, numbers, strict=True)), calls)

    return library, computed, [library.from_numpy(column) for column in columns.values()]


def torch(text: str, columns: Columns, threads: int) -> Asked:
    library, computed, given = torch_parts(text, columns, threads)
    for column in given:
        column.requires_grad_(True)

    def asked() -> Sequence[Array]:
        value = computed(*given)
        slopes = library.autograd.grad(value, given, library.ones_like(value))
        return [value.detach().numpy(), *[slope.numpy() for slope in slopes]]

    return asked


def torch_compiled(text: str, columns: Columns, threads: int) -> Asked:
    library, _, given = torch_parts(text, columns, threads)
    source = f"def computed({', '.join(columns)}):\n    return {text}"
    scope = {name: getattr(library, name) for name in CALLS}
    exec(source, scope)  # noqa: S102 - it can't trace through the walk

    def both(*numbers: Any) -> Any:
        value, pull = library.func.vjp(scope["computed"], *numbers)
        return value, *pull(library.ones_like(value))

    made = library.compile(both)
    made(*given)
    return lambda: [column.numpy() for column in made(*given)]


def autograd(text: str, columns: Columns, _threads: int) -> Asked:
    library = import_module("autograd")
    numpy = import_module("autograd.numpy")
    calls = {name: getattr(numpy, name) for name in CALLS}

    def computed(*numbers: Any) -> Any:
        return walk(text, dict(zip(columns, numbers, strict=True)), calls)

    record = library.make_vjp(computed, tuple(range(len(columns))))

    def asked() -> Sequence[Array]:
        pull, value = record(*columns.values())
        return [value, *pull(numpy.ones(len(value)))]

    return asked


def symbolic(text: str, names: Sequence[str]) -> tuple[Any, list[Any], list[Any]]:
    """SymPy, its symbols, and the value and its derivatives."""
    library = import_module("sympy")
    calls = {name: getattr(library, name) for name in CALLS}
    symbols = [library.Symbol(name, real=True) for name in names]
    value = walk(text, dict(zip(names, symbols, strict=True)), calls)
    return library, symbols, [value, *[value.diff(symbol) for symbol in symbols]]


def sympy(text: str, columns: Columns, _threads: int) -> Asked:
    library, symbols, results = symbolic(text, [*columns])
    made = library.lambdify(symbols, results, "numpy", cse=True)
    return lambda: made(*columns.values())


def casadi(text: str, columns: Columns, _threads: int) -> Asked:
    library = import_module("casadi")
    calls = {name: getattr(library, name) for name in CALLS}
    symbols = {name: library.SX.sym(name) for name in columns}
    value = walk(text, dict(symbols), calls)
    slopes = [library.gradient(value, symbol) for symbol in symbols.values()]
    made = library.Function("both", [*symbols.values()], [value, *slopes])
    many = made.map(len(next(iter(columns.values()))))
    given = [library.DM(column).T for column in columns.values()]
    return lambda: [row.full()[0] for row in many(*given)]


def numba(text: str, columns: Columns, threads: int) -> Asked:
    """The native engine's operations as a loop in Python, since numba has no derivatives."""
    library = import_module("numba")
    import numpy as np

    scope = {"math": math, "prange": library.prange}
    exec(loop(text, [*columns]), scope)  # noqa: S102 - a text that this benchmark made
    made = library.njit(scope["rows"], parallel=threads > 1, error_model="numpy")
    library.set_num_threads(threads)
    out = [np.empty(len(column)) for column in (next(iter(columns.values())), *columns.values())]

    def asked() -> Sequence[Array]:
        made(*columns.values(), *out)
        return out

    asked()
    return asked


def loop(text: str, names: Sequence[str]) -> str:
    """Python that computes value and all gradients row by row."""
    from backprop import parse
    from backprop.kernel.plan import planned
    from backprop.language.syntax import SYMBOL

    forms = {name: f"{{}} {symbol} {{}}" for name, symbol in SYMBOL.items()}
    forms |= {"neg": "-{}", "abs": "abs({})", "select": "{1} if {0} else {2}"}
    program = parse(text)
    plan = planned(program, names)
    known = {}
    lines = []
    for number, (name, operands, value) in enumerate(plan.operations):
        if not operands:
            given = [*program.inputs][int(value)] if name == "input" else ""
            known[number] = f"{given}[row]" if given else f"({value!r})"
    for number in plan.order:
        name, operands, _ = plan.operations[number]
        form = forms.get(name) or f"math.{name}({', '.join(['{}'] * len(operands))})"
        known[number] = f"t{number}"
        lines.append(f"t{number} = {form.format(*[known[operand] for operand in operands])}")
    lines += [f"out{place}[row] = {known[number]}" for place, number in enumerate(plan.results)]
    outs = [f"out{place}" for place, _ in enumerate(plan.results)]
    head = f"def rows({', '.join([*names, *outs])}):\n    for row in prange(len(out0)):"
    return "\n        ".join([head, *lines])


CONTENDERS: dict[str, Callable[[str, Columns, int], Asked]] = {
    "NumPy engine": numpy_engine,
    "NumPy engine, fast trigonometry": numpy_fast,
    "native engine": native_engine,
    "JAX": jax,
    "torch eager": torch,
    "torch.compile": torch_compiled,
    "autograd": autograd,
    "SymPy lambdify": sympy,
    "CasADi map": casadi,
    "numba": numba,
}
