"""What NumPy, PyTorch, JAX, SciPy and `math` do here: a function for every row of the table of
spellings. Arguments arrive by the names of that table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, pi, prod
from typing import Any

import numpy as np

from backprop.gates import GATES
from backprop.language.spellings import IGNORED, SAME_ARGUMENT, Spelling
from backprop.reading import indexing
from backprop.reading.budget import SUMS
from backprop.reading.contracting import einsum, tensordot
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.machine import ARRAY_STEPS, Machine, Told, truths
from backprop.reading.memory import Array, Number
from backprop.reading.values import MISSING, Namespace, depends, described, plain_number

SORTING = 10  # how much longer it takes to sort entries than to compute them
Function = Callable[..., Any]
FUNCTIONS: dict[str, Function] = {}


def known(function: Function) -> Function:
    FUNCTIONS[function.__name__.rstrip("_")] = function
    return function


def call(
    machine: Machine, spelling: Spelling, module: str, fed: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    """Call a function of the table."""
    given = bound(spelling, fed, named)
    around = machine.torch
    if module != ".":  # only of a method nobody knows whose it is
        machine.torch = module == "torch"
    try:
        return computed(machine, spelling.name, given)
    except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError) as problem:
        text = str(problem).partition("\n")[0][:100]
        raise UnreadError(f"{spelling.name} can't be computed of these: {text}") from None
    finally:
        machine.torch = around


def computed(machine: Machine, name: str, given: dict[str, Any]) -> Any:
    if machine.torch and name in ("var", "std") and "ddof" not in given:
        given["ddof"] = 1 if given.pop("unbiased", True) else 0
    if name in FUNCTIONS:
        return FUNCTIONS[name](machine, **given)
    return elementwise(machine, name, [*given.values()])


def bound(spelling: Spelling, fed: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by the names of the table; an error says what is not taken."""
    found: dict[str, Any] = {}
    names = [name for name, _ in spelling.parameters]
    for place, value in enumerate(fed):
        if place < len(names):
            name = names[place]
            if name in ("dtype", "out") and isinstance(value, bool):
                name = "keepdims"  # where PyTorch has it
            found[name] = value
        elif spelling.rest:
            found.setdefault(spelling.rest, []).append(value)
        else:
            raise UnreadError(f"{spelling.name} takes {len(names)} arguments, not {len(fed)}")
    for given, value in named.items():
        name = (
            given if given in names or given == spelling.rest else SAME_ARGUMENT.get(given, given)
        )
        if name in IGNORED:
            if name == "out" and value is not None:
                raise UnreadError("`out=` is not read", "assign the result instead")
            if name == "order" and value in ("F", "f"):
                if spelling.name not in ("reshape", "ravel"):
                    raise UnreadError(f"order='F' is not read for {spelling.name}")
                found["order"] = "F"
            continue
        if name == spelling.rest:
            found[name] = list(value) if isinstance(value, (tuple, list)) else [value]
        elif name in names or name in ("unbiased", "keepdims"):
            found[name] = value
        else:
            raise UnreadError(f"{spelling.name} takes no argument {given}")
    if spelling.rest:
        found.setdefault(spelling.rest, [])
    lacking = [name for name, optional in spelling.parameters if not optional and name not in found]
    if lacking:
        raise UnreadError(f"{spelling.name} needs the argument {lacking[0]}")
    return {name: value for name, value in found.items() if name not in ("dtype", "out")}


def elementwise(machine: Machine, name: str, operands: Sequence[Any]) -> Any:
    """A gate of this name, entry by entry."""
    fed = [machine.numeric(operand) for operand in operands]
    if name in ("add", "sub", "mul", "div", "pow", "lt", "le", "gt", "ge", "eq", "ne"):
        return machine.binary(name, *fed)
    if name not in GATES:
        raise UnreadError(f"the function {name} is not read yet")
    return machine.apply(name, *fed)


def composed(name: str, text: Callable[[Machine, Any], Any]) -> None:
    FUNCTIONS[name] = lambda machine, a: text(machine, machine.numeric(a))


composed("rsqrt", lambda m, a: m.apply("recip", m.apply("sqrt", a)))
composed("negation", lambda m, a: m.binary("eq", a, 0))


@known
def log(m: Machine, a: Any, base: Any = None) -> Any:
    found = m.apply("log", m.numeric(a))
    return found if base is None else m.apply("div", found, m.apply("log", m.numeric(base)))


@known
def round_(m: Machine, a: Any, decimals: Any = 0) -> Any:
    places = m.whole_number(decimals, "decimals")
    a = m.numeric(a)
    if not places:
        return m.apply("round", a)
    scale = 10.0**places
    return m.apply("div", m.apply("round", m.apply("mul", a, scale)), scale)


@known
def leaky_relu(m: Machine, a: Any, slope: Any = 0.01) -> Any:
    a = m.numeric(a)
    return m.apply("where", m.apply("gt", a, 0.0), a, m.apply("mul", slope, a))


@known
def elu(m: Machine, a: Any, alpha: Any = 1.0) -> Any:
    if plain_number(alpha) == 1:
        return m.apply("elu", m.numeric(a))
    below = m.apply("mul", alpha, m.apply("expm1", m.apply("min", m.numeric(a), 0.0)))
    return m.apply("where", m.apply("gt", m.numeric(a), 0.0), m.numeric(a), below)


@known
def gelu(m: Machine, a: Any, approximate: Any = "none") -> Any:
    a = m.numeric(a)
    if approximate in ("none", False):
        return m.apply("gelu", a)
    cube = m.apply("mul", 0.044715, m.apply("pow", a, 3.0))
    inner = m.apply("tanh", m.apply("mul", (2 / pi) ** 0.5, m.apply("add", a, cube)))
    return m.apply("mul", m.apply("mul", 0.5, a), m.apply("add", 1.0, inner))


@known
def mod(m: Machine, a: Any, b: Any) -> Any:
    a, b = m.numeric(a), m.numeric(b)
    if not depends(a) and not depends(b):
        return remainder(a, b)
    return m.apply("mod", a, b)


@known
def fmod(m: Machine, a: Any, b: Any) -> Any:
    """The remainder with the sign of the first, as in C."""
    a, b = m.numeric(a), m.numeric(b)
    size = m.apply("abs", b)
    below = m.apply("neg", m.apply("mod", m.apply("neg", a), size))
    return m.apply("where", m.apply("lt", a, 0.0), below, m.apply("mod", a, size))


@known
def trunc(m: Machine, a: Any) -> Any:
    a = m.numeric(a)
    return m.binary("mul", m.apply("sign", a), m.apply("floor", m.apply("abs", a)))


def remainder(a: Any, b: Any) -> Any:
    x, y = (one.cells if isinstance(one, Array) else one for one in (a, b))
    try:
        with np.errstate(all="ignore"):
            found = x % y if isinstance(x, int) and isinstance(y, int) else np.mod(x, y)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as problem:
        raise UnreadError(f"this can't be computed: {str(problem)[:100]}") from None
    return Array.new(found) if np.ndim(found) else plain_number(found)


@known
def maximum(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("max", m.numeric(a), m.numeric(b))


@known
def minimum(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("min", m.numeric(a), m.numeric(b))


def truth_of(m: Machine, a: Any) -> Any:
    """A mask as 1 and 0; what is no mask yet becomes one."""
    a = m.numeric(a)
    is_mask = isinstance(a, bool) or (isinstance(a, Array) and a.cells.dtype == bool)
    return a if is_mask else m.binary("ne", a, 0)


@known
def both(m: Machine, a: Any, b: Any) -> Any:
    return truths(m.apply("mul", truth_of(m, a), truth_of(m, b)))


@known
def either(m: Machine, a: Any, b: Any) -> Any:
    return truths(m.apply("max", truth_of(m, a), truth_of(m, b)))


@known
def unlike(m: Machine, a: Any, b: Any) -> Any:
    return m.binary("ne", truth_of(m, a), truth_of(m, b))


@known
def where(m: Machine, c: Any, a: Any = MISSING, b: Any = MISSING) -> Any:
    if a is MISSING:
        return nonzero(m, c)
    return m.apply("where", m.numeric(c), m.numeric(a), m.numeric(b))


@known
def clip(m: Machine, a: Any, **ends: Any) -> Any:
    """The ends are called min and max."""
    found = m.numeric(a)
    low, high = (
        None if end is None else m.numeric(end) for end in (ends.get("min"), ends.get("max"))
    )
    if low is not None and high is not None:
        return m.apply("clip", found, low, high)
    if low is not None:
        found = m.apply("max", found, low)
    return found if high is None else m.apply("min", found, high)


@known
def nan_to_num(m: Machine, a: Any) -> Any:
    return m.apply("where", m.apply("eq", m.numeric(a), m.numeric(a)), m.numeric(a), 0.0)


def tested(name: str, test: Callable[[Any], Any]) -> None:
    """A question about values, which these answer once and for all."""

    def function(m: Machine, a: Any) -> Any:
        value = m.worth(m.numeric(a))
        found = test(value)
        return Array.new(found) if np.ndim(found) else bool(found)

    FUNCTIONS[name] = function


tested("isnan", np.isnan)
tested("isinf", np.isinf)
tested("isfinite", np.isfinite)


@known
def allclose(m: Machine, a: Any, b: Any) -> Any:
    return bool(np.allclose(m.worth(m.numeric(a)), m.worth(m.numeric(b))))


# Along an axis.


def reduction(name: str) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return m.reduce(name, a, axis, keepdims)

    FUNCTIONS[name] = function


for _name in ("sum", "prod"):
    reduction(_name)


@known
def mean(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return m.reduce("mean", a, axis, keepdims)


def extreme(name: str, pairwise: str, place: str) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        if isinstance(axis, Array) or (isinstance(axis, Number) and not isinstance(a, list)):
            return m.apply(pairwise, m.numeric(a), axis)  # torch.max(a, b)
        found = m.reduce(name, a, axis, keepdims)
        if m.torch and axis is not None:
            return Pair(found, chosen(m, a, axis, keepdims, place))
        return found

    FUNCTIONS[name] = function


class Pair(tuple[Any, Any]):
    """What PyTorch's max along an axis gives: the values, and where they stand."""

    def __new__(cls, values: Any, indices: Any) -> Pair:
        return super().__new__(cls, (values, indices))


extreme("amax", "max", "argmax")
extreme("amin", "min", "argmin")


def spread_out(m: Machine, name: str, a: Any, axis: Any, keepdims: Any, ddof: Any) -> Any:
    array = m.array(a)
    found = m.reduce(name, array, axis, keepdims)
    less = plain_number(ddof)
    if not less:
        return found
    axes = m.axis(axis)
    sides = array.shape if axes is None else [
        array.shape[k] for k in (axes if isinstance(axes, tuple) else (axes,))
    ]  # fmt: skip
    count = prod(sides)
    factor = count / (count - less) if count != less else inf
    return m.apply("mul", found, factor if name == "var" else factor**0.5)


@known
def var(m: Machine, a: Any, axis: Any = None, keepdims: Any = False, ddof: Any = 0,
        unbiased: Any = None) -> Any:  # fmt: skip
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    return spread_out(m, "var", a, axis, keepdims, ddof if unbiased is None else int(unbiased))


@known
def std(m: Machine, a: Any, axis: Any = None, keepdims: Any = False, ddof: Any = 0,
        unbiased: Any = None) -> Any:  # fmt: skip
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    return spread_out(m, "std", a, axis, keepdims, ddof if unbiased is None else int(unbiased))


@known
def norm(m: Machine, a: Any, p: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    array, order = m.array(a), plain_number(p)
    matrix = len(array.shape) == 2 and axis is None
    if order is None or order == "fro" or (order == 2 and not matrix):
        return m.reduce("norm", array, axis, keepdims)
    size = m.apply("abs", array)
    if matrix and order in (1, inf, -1, -inf):
        along, order = (0, abs(order)) if abs(order) == 1 else (1, order)
        sums = m.reduce("sum", size, along)
        return m.reduce("amax" if order > 0 else "amin", sums)
    if matrix and not m.torch:
        raise UnreadError(f"the norm {order} of a matrix is not read")
    if order == inf:
        return m.reduce("amax", size, axis, keepdims)
    if order == -inf:
        return m.reduce("amin", size, axis, keepdims)
    if order == 1:
        return m.reduce("sum", size, axis, keepdims)
    if order == 0:
        return m.reduce("sum", m.binary("ne", array, 0), axis, keepdims)
    return m.apply("pow", m.reduce("sum", m.apply("pow", size, order), axis, keepdims), 1 / order)


@known
def logsumexp(m: Machine, a: Any, axis: Any = None, b: Any = None, keepdims: Any = False) -> Any:
    if b is not None:
        raise UnreadError("the weights of logsumexp are not read")
    return m.reduce("logsumexp", a, axis, keepdims)


@known
def softmax(m: Machine, a: Any, axis: Any = -1) -> Any:
    return m.reduce("softmax", a, axis)


@known
def log_softmax(m: Machine, a: Any, axis: Any = -1) -> Any:
    return m.reduce("log_softmax", a, axis)


@known
def cumsum(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None and len(array.shape) != 1:
        array, axis = m.reshaped(array, (-1,)), 0
    return m.reduce("cumsum", array, 0 if axis is None else axis)


@known
def cumprod(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None and len(array.shape) != 1:
        array, axis = m.reshaped(array, (-1,)), 0
    return m.reduce("cumprod", array, 0 if axis is None else axis)


def quantified(name: str, gate: str, constant: Callable[..., Any]) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        mask = truth_of(m, m.array(a))
        if not isinstance(mask, Array):
            return mask
        if not mask.depends:
            found = constant(mask.cells, axis=m.axis(axis), keepdims=bool(keepdims))
            return Array.new(found) if np.ndim(found) else bool(found)
        return truths(m.reduce(gate, mask, axis, keepdims))

    FUNCTIONS[name] = function


quantified("any", "amax", np.any)
quantified("all", "amin", np.all)


def chosen(m: Machine, a: Any, axis: Any, keepdims: Any, name: str) -> Any:
    """Where the largest or smallest entry stands: whole numbers, which values decide."""
    array = m.array(a)
    along = m.axis(axis)
    if isinstance(along, tuple) or not array.cells.size:
        raise UnreadError(f"{name} works along one axis of an array with entries")
    m.recorder.budget.compute(array.cells.size)
    found = getattr(np, name)(array.cells, axis=along, keepdims=bool(keepdims))
    if array.depends:
        m.guard(array.read(m.recorder), f"{name} {along}", np.asarray(found))
    return Array.new(found) if np.ndim(found) else int(found)


@known
def argmax(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return chosen(m, a, axis, keepdims, "argmax")


@known
def argmin(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return chosen(m, a, axis, keepdims, "argmin")


@known
def argsort(m: Machine, a: Any, axis: Any = -1) -> Any:
    array = m.array(a)
    along = m.axis(axis)
    if isinstance(along, tuple):
        raise UnreadError("argsort works along one axis")
    m.recorder.budget.compute(SORTING * array.cells.size)
    found = np.argsort(array.cells, axis=along, kind="stable")
    if array.depends:
        m.guard(array.read(m.recorder), f"argsort {along}", found)
    return Array.new(found)


@known
def sort(m: Machine, a: Any, axis: Any = -1) -> Any:
    return take_along_axis(m, a, argsort(m, a, axis), axis)


@known
def count_nonzero(m: Machine, a: Any, axis: Any = None) -> Any:
    return m.reduce("sum", truth_of(m, m.array(a)), axis)


@known
def nonzero(m: Machine, a: Any) -> Any:
    return tuple(indexing.mask_places(m, m.array(truth_of(m, m.array(a)))))


# Products.


def product(m: Machine, a: Any, b: Any) -> Any:
    """`a @ b`."""
    left, right = m.array(a), m.array(b)
    ranks = tuple(min(3, len(one.shape)) for one in (left, right))
    if 0 in ranks:
        raise UnreadError("@ wants arrays, and one of these is a number", "write * instead")
    if not left.depends and not right.depends:
        m.recorder.budget.compute(left.cells.size * right.shape[-1] / SUMS)
        try:
            found = left.cells @ right.cells
        except ValueError:
            raise UnreadError(
                f"{described(left)} @ {described(right)}: inner sides differ"
            ) from None
        return Array.new(found) if np.ndim(found) else found.item()
    return m.apply(PRODUCTS.get((ranks[0], ranks[1]), "matmul"), left, right)


PRODUCTS = {
    (2, 2): "matmul", (2, 1): "matvec", (1, 2): "vecmat", (1, 1): "inner",
    (3, 3): "batched", (3, 2): "batched", (2, 3): "batched", (3, 1): "batchvec", (1, 3): "vecbatch",
}  # fmt: skip


@known
def matmul(m: Machine, a: Any, b: Any) -> Any:
    return product(m, a, b)


@known
def dot(m: Machine, a: Any, b: Any) -> Any:
    left, right = m.numeric(a), m.numeric(b)
    if not np.ndim(m.worth(left)) or not np.ndim(m.worth(right)):
        return m.binary("mul", left, right)
    if len(m.array(right).shape) < 3:
        return contracted_last(m, m.array(left), m.array(right))
    return tensordot(m, left, right, ((-1,), (-2,)))


def contracted_last(m: Machine, left: Array, right: Array) -> Any:
    """dot of an array with a vector or a matrix: of stacks, all rows at once."""
    if len(left.shape) < 3:
        return product(m, left, right)
    rows = m.reshaped(left, (-1, left.shape[-1]))
    found = m.array(product(m, rows, right))
    return m.reshaped(found, (*left.shape[:-1], *right.shape[1:]))


@known
def vdot(m: Machine, a: Any, b: Any) -> Any:
    return product(m, m.reshaped(a, (-1,)), m.reshaped(b, (-1,)))


@known
def inner(m: Machine, a: Any, b: Any) -> Any:
    return tensordot(m, a, b, ((-1,), (-1,)))


@known
def outer(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("outer", m.reshaped(a, (-1,)), m.reshaped(b, (-1,)))


@known
def addmm(m: Machine, c: Any, a: Any, b: Any) -> Any:
    return m.binary("add", c, product(m, a, b))


@known
def slogdet(m: Machine, a: Any) -> Any:
    array = m.array(a)
    sign = float(np.linalg.slogdet(array.cells)[0]) if array.shape else 1.0
    found = m.apply("logdet", array)
    return found if m.torch else (sign, found)


for _name in ("trace", "det", "inv", "solve", "diag", "cholesky"):
    FUNCTIONS[_name] = lambda m, a, b=MISSING, _name=_name: m.apply(
        _name, m.array(a), *([] if b is MISSING else [m.array(b)])
    )


@known
def diagonal(m: Machine, a: Any) -> Any:
    array = m.array(a)
    places = np.arange(min(array.shape[:2]))
    return indexing.taken(m, array, (Array.new(places), Array.new(places)))


FUNCTIONS["tensordot"] = lambda m, a, b, axes=2: tensordot(m, a, b, axes)
FUNCTIONS["einsum"] = lambda m, text, arrays: einsum(m, text, arrays)


# Shapes.


@known
def reshape(m: Machine, a: Any, shape: Sequence[Any], order: str = "C") -> Any:
    if order == "C":
        return m.reshaped(a, m.shape(shape))
    turned = m.reshaped(transpose(m, a, []), m.shape(shape)[::-1])
    return transpose(m, turned, [])


@known
def ravel(m: Machine, a: Any, order: str = "C") -> Any:
    """All entries in a line: a view of what lies in order in memory, a copy of anything else."""
    array = m.array(a) if order == "C" else transpose(m, a, [])
    line = (array.cells.size,)
    return array.view(m.recorder, "reshape", (line,), lambda cells: cells.ravel())


@known
def flatten(m: Machine, a: Any, start: Any = 0, stop: Any = -1) -> Any:
    array = m.array(a)
    first, last = m.whole_number(start, "an axis"), m.whole_number(stop, "an axis")
    count = max(1, len(array.shape))
    first, last = first % count, last % count
    middle = prod(array.shape[first : last + 1])
    shape = (*array.shape[:first], middle, *array.shape[last + 1 :])
    return copied(m, m.reshaped(array, shape))


@known
def transpose(m: Machine, a: Any, axes: Sequence[Any]) -> Any:
    array = m.array(a)
    if not axes or axes == [None]:
        return m.permuted(array, tuple(range(len(array.shape)))[::-1])
    named = m.shape(axes)
    if len(named) == 2 and (m.torch or len(array.shape) > 2):
        return swapaxes(m, array, *named)
    return m.permuted(array, named)


@known
def swapaxes(m: Machine, a: Any, axis1: Any, axis2: Any) -> Any:
    array = m.array(a)
    order = list(range(len(array.shape)))
    first, second = m.whole_number(axis1, "an axis"), m.whole_number(axis2, "an axis")
    try:
        order[first], order[second] = order[second], order[first]
    except IndexError:
        raise UnreadError(f"{described(array)} has no axes {first} and {second}") from None
    return m.permuted(array, tuple(order))


@known
def t(m: Machine, a: Any) -> Any:
    return transpose(m, a, [])


@known
def moveaxis(m: Machine, a: Any, source: Any, destination: Any) -> Any:
    array = m.array(a)
    sources, targets = (
        [axis] if isinstance(axis := m.axis(one), int) else list(axis or ())
        for one in (source, destination)
    )
    try:
        order = np.moveaxis(np.empty((0,) * len(array.shape)), sources, targets).ndim
        marks = np.moveaxis(np.empty(tuple(range(2, 2 + len(array.shape)))), sources, targets)
    except (ValueError, np.exceptions.AxisError):
        raise UnreadError(f"{described(array)} has no such axes") from None
    del order
    return m.permuted(array, tuple([side - 2 for side in marks.shape]))


@known
def squeeze(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    axes = m.axis(axis)
    count = len(array.shape)
    chosen_axes = None if axes is None else {
        one % count for one in (axes if isinstance(axes, tuple) else (axes,)) if count
    }  # fmt: skip
    shape = [
        side
        for place, side in enumerate(array.shape)
        if side != 1 or (chosen_axes is not None and place not in chosen_axes)
    ]
    return m.reshaped(array, tuple(shape))


@known
def expand_dims(m: Machine, a: Any, axis: Any) -> Any:
    array = m.array(a)
    axes = m.axis(axis)
    wanted = axes if isinstance(axes, tuple) else (axes or 0,)
    count = len(array.shape) + len(wanted)
    places = {one % count for one in wanted}
    sides = iter(array.shape)
    return m.reshaped(array, tuple([1 if k in places else next(sides) for k in range(count)]))


@known
def broadcast_to(m: Machine, a: Any, shape: Sequence[Any]) -> Any:
    array, wanted = m.array(a), list(m.shape(shape))
    extra = len(wanted) - len(array.shape)
    m.recorder.budget.room(tuple(map(abs, wanted)))
    for place, side in enumerate(array.shape):
        if wanted[extra + place] == -1:
            wanted[extra + place] = side
    return m.binary("add", array, Array.new(np.zeros(wanted, dtype=array.cells.dtype)))


@known
def expand_as(m: Machine, a: Any, b: Any) -> Any:
    return broadcast_to(m, a, list(m.array(b).shape))


@known
def view_as(m: Machine, a: Any, b: Any) -> Any:
    return m.reshaped(a, m.array(b).shape)


@known
def tile(m: Machine, a: Any, times: Sequence[Any]) -> Any:
    array, counts = m.array(a), list(m.shape(times))
    missing = len(counts) - len(array.shape)
    array = m.reshaped(array, ((1,) * missing + array.shape) if missing > 0 else array.shape)
    counts = [1] * -missing + counts
    for axis, (count, side) in enumerate(zip(counts, array.shape, strict=True)):
        m.recorder.budget.room((max(0, count) * side,))
        if count != 1:
            array = along(m, array, axis, np.tile(np.arange(side), count))
    return array


def along(m: Machine, array: Array, axis: int, places: Any) -> Array:
    """The entries at these places of one axis."""
    axis %= max(1, len(array.shape))
    key = (*[slice(None)] * axis, Array.new(np.asarray(places)))
    found = indexing.taken(m, array, key)
    assert isinstance(found, Array)
    return found


@known
def repeat(m: Machine, a: Any, times: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    place = m.whole_number(axis, "an axis")
    counts = m.numeric(times)
    number = counts.cells.astype(int) if isinstance(counts, Array) else m.whole_number(
        counts, "how often"
    )  # fmt: skip
    m.recorder.budget.room(
        (abs(int(np.sum(number))) * (1 if np.ndim(number) else array.cells.size),)
    )
    return along(m, array, place, np.repeat(np.arange(array.shape[place]), number))


def parts_in(m: Machine, arrays: Any) -> list[Any]:
    if isinstance(arrays, Array):
        m.step(arrays.shape[0] if arrays.shape else 1)
        return [indexing.taken(m, arrays, (k,)) for k in range(arrays.shape[0])]
    if not isinstance(arrays, (list, tuple)):
        raise UnreadError(f"{described(arrays)} is no list of arrays")
    return list(arrays)


@known
def concatenate(m: Machine, arrays: Any, axis: Any = 0) -> Any:
    parts = [m.array(part) for part in parts_in(m, arrays)]
    if axis is None:
        parts, axis = [m.reshaped(part, (-1,)) for part in parts], 0
    if not parts:
        raise UnreadError("there is nothing to join")
    place = m.whole_number(axis, "an axis")
    if not any(map(depends, parts)):
        m.recorder.budget.room((sum(part.cells.size for part in parts),))
        try:
            return Array.new(np.concatenate([part.cells for part in parts], axis=place))
        except ValueError as problem:
            raise MisfitError(f"these don't fit together: {problem}") from None
    from backprop.gates.shapes import Axis

    return m.apply("concatenate", *parts, Told(Axis(place)))


@known
def stack(m: Machine, arrays: Any, axis: Any = 0) -> Any:
    found = m.stacked(parts_in(m, arrays))
    place = m.whole_number(axis, "an axis")
    return found if place == 0 else moveaxis(m, found, 0, place)


@known
def hstack(m: Machine, arrays: Any) -> Any:
    parts = [at_least(m, part, 1) for part in parts_in(m, arrays)]
    return concatenate(m, parts, 0 if len(parts[0].shape) == 1 else 1)


@known
def vstack(m: Machine, arrays: Any) -> Any:
    return concatenate(m, [at_least(m, part, 2) for part in parts_in(m, arrays)], 0)


@known
def column_stack(m: Machine, arrays: Any) -> Any:
    parts = [m.array(part) for part in parts_in(m, arrays)]
    columns = [p if len(p.shape) > 1 else m.reshaped(p, (-1, 1)) for p in parts]
    return concatenate(m, columns, 1)


def at_least(m: Machine, a: Any, axes: int) -> Array:
    """An array with axes of 1 in front, until it has so many."""
    array = m.array(a)
    missing = axes - len(array.shape)
    return array if missing <= 0 else m.reshaped(array, (1,) * missing + array.shape)


def several(m: Machine, arrays: Sequence[Any], axes: int) -> Any:
    found = [at_least(m, array, axes) for array in arrays]
    return found[0] if len(found) == 1 else found


@known
def atleast_1d(m: Machine, arrays: Sequence[Any]) -> Any:
    return several(m, arrays, 1)


@known
def atleast_2d(m: Machine, arrays: Sequence[Any]) -> Any:
    return several(m, arrays, 2)


def pieces(m: Machine, a: Any, ends: Sequence[int], axis: int) -> list[Any]:
    array = m.array(a)
    axis %= max(1, len(array.shape))
    starts = [0, *ends]
    return [
        indexing.taken(m, array, (*[slice(None)] * axis, slice(start, stop)))
        for start, stop in zip(starts, [*ends, array.shape[axis]], strict=True)
    ]


@known
def split(m: Machine, a: Any, parts: Any, axis: Any = 0) -> Any:
    place = m.whole_number(axis, "an axis")
    size = m.array(a).shape[place]
    asked = plain_number(parts)
    if isinstance(asked, (list, tuple, Array)):
        numbers = list(m.shape([asked]))
        ends = list(np.cumsum(numbers)[:-1]) if m.torch else numbers
    else:
        count = m.whole_number(asked, "how many parts")
        if m.torch:
            ends = list(range(count, size, max(1, count)))
        else:
            sizes = [len(one) for one in np.array_split(np.arange(size), max(1, count))]
            ends = list(np.cumsum(sizes)[:-1])
    return pieces(m, a, [int(end) for end in ends], place)


@known
def hsplit(m: Machine, a: Any, parts: Any) -> Any:
    return split(m, a, parts, 1 if len(m.array(a).shape) > 1 else 0)


@known
def vsplit(m: Machine, a: Any, parts: Any) -> Any:
    return split(m, a, parts, 0)


@known
def sliding_window_view(m: Machine, a: Any, shape: Any, axis: Any = None) -> Any:
    """Every window, by the numbers of its entries."""
    array = m.array(a)
    numbers = np.arange(array.cells.size).reshape(array.shape)
    try:
        places = np.lib.stride_tricks.sliding_window_view(numbers, m.shape([shape]), m.axis(axis))
    except ValueError as problem:
        raise UnreadError(f"there are no such windows: {problem}") from None
    m.recorder.budget.room(places.shape)
    return indexing.taken(m, m.reshaped(array, (-1,)), (Array.new(places.copy()),))


@known
def chunk(m: Machine, a: Any, parts: Any, axis: Any = 0) -> Any:
    place = m.whole_number(axis, "an axis")
    size = m.array(a).shape[place]
    each = -(-size // max(1, m.whole_number(parts, "how many parts")))
    return tuple(pieces(m, a, list(range(each, size, max(1, each))), place))


@known
def unbind(m: Machine, a: Any, axis: Any = 0) -> Any:
    array, place = m.array(a), m.whole_number(axis, "an axis")
    place %= max(1, len(array.shape))
    key = (slice(None),) * place
    return tuple([indexing.taken(m, array, (*key, k)) for k in range(array.shape[place])])


@known
def flip(m: Machine, a: Any, axis: Any = None) -> Any:
    array, axes = m.array(a), m.axis(axis)
    count = len(array.shape)
    places = range(count) if axes is None else [
        one % count for one in (axes if isinstance(axes, tuple) else (axes,))
    ]  # fmt: skip
    key = tuple([slice(None, None, -1) if k in places else slice(None) for k in range(count)])
    return indexing.taken(m, array, key)


@known
def fliplr(m: Machine, a: Any) -> Any:
    return flip(m, a, 1)


@known
def flipud(m: Machine, a: Any) -> Any:
    return flip(m, a, 0)


@known
def roll(m: Machine, a: Any, shift: Any, axis: Any = None) -> Any:
    array = m.array(a)
    shape = array.shape
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    shifts, axes = (
        [one] if isinstance(one, int) else list(one or ()) for one in (m.axis(shift), m.axis(axis))
    )
    for step, place in zip(shifts, axes, strict=True):
        array = along(m, array, place, np.roll(np.arange(array.shape[place]), step))
    return m.reshaped(array, shape)


@known
def pad(m: Machine, a: Any, width: Any, mode: Any = "constant", value: Any = 0) -> Any:
    if mode not in ("constant",):
        raise UnreadError(f"padding with {mode} is not read")
    array = m.array(a)
    count = len(array.shape)
    wide = plain_number(width)
    if (
        m.torch
        and isinstance(wide, (list, tuple))
        and not any(isinstance(one, (list, tuple)) for one in wide)
    ):
        flat = list(m.shape([wide]))
        pairs = [(0, 0)] * (count - len(flat) // 2) + list(zip(flat[::2], flat[1::2], strict=True))[
            ::-1
        ]
    else:
        cells = np.array([m.worth(m.numeric(wide))]).astype(int)[0]
        pairs = [tuple(map(int, one)) for one in np.broadcast_to(cells, (count, 2))]  # type: ignore[misc]
    shape = [side + sum(pair) for side, pair in zip(array.shape, pairs, strict=True)]
    found = Array.new(np.full(shape, m.worth(m.numeric(value)), dtype=float))
    inside = tuple([
        slice(before, before + side)
        for side, (before, _) in zip(array.shape, pairs, strict=True)
    ])  # fmt: skip
    indexing.put(m, found, inside, array)
    return found


def triangle(name: str, function: Callable[..., Any]) -> None:
    def triangular(m: Machine, a: Any, k: Any = 0) -> Any:
        array = m.array(a)
        keep = function(np.ones(array.shape[-2:], dtype=bool), m.whole_number(k, "k"))
        if not array.depends:
            return Array.new(np.where(keep, array.cells, 0))
        return m.apply("where", Array.new(keep), array, 0.0)

    FUNCTIONS[name] = triangular


triangle("tril", np.tril)
triangle("triu", np.triu)


# Choosing entries.


@known
def take(m: Machine, a: Any, indices: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
    return indexing.taken(m, array, (*[slice(None)] * place, m.numeric(indices)))


@known
def index_select(m: Machine, a: Any, axis: Any, indices: Any) -> Any:
    return take(m, a, indices, axis)


@known
def take_along_axis(m: Machine, a: Any, indices: Any, axis: Any = -1) -> Any:
    array, places = m.array(a), m.array(indices)
    count = len(array.shape)
    along_axis = m.whole_number(axis, "an axis") % max(1, count)
    grids = np.indices(places.shape, sparse=True)
    key = [Array.new(grid) for grid in grids]
    key[along_axis] = places
    return indexing.taken(m, array, tuple(key))


@known
def gather(m: Machine, a: Any, axis: Any, indices: Any) -> Any:
    return take_along_axis(m, a, indices, axis)


@known
def masked_fill(m: Machine, a: Any, mask: Any, value: Any) -> Any:
    return m.apply("where", m.numeric(mask), m.numeric(value), m.numeric(a))


@known
def add_at(m: Machine, a: Any, indices: Any, b: Any) -> Any:
    if not isinstance(a, Array):
        raise UnreadError(f"np.add.at wants an array, not {described(a)}")
    indexing.add_at(m, a, indices, b)


# New arrays.


def made(m: Machine, values: Any) -> Any:
    return Array.new(values) if np.ndim(values) else values


def filled(name: str, function: Callable[..., Any]) -> None:
    def create(m: Machine, shape: Sequence[Any]) -> Any:
        sides = m.shape(shape)
        if any(side < 0 for side in sides):
            raise UnreadError(f"an array of {sides} is not made")
        m.recorder.budget.room(sides)
        return Array.new(function(sides))

    FUNCTIONS[name] = create


filled("zeros", np.zeros)
filled("empty", np.zeros)
filled("ones", np.ones)


@known
def full(m: Machine, shape: Any, value: Any) -> Any:
    blank = FUNCTIONS["zeros"](m, [shape] if not isinstance(shape, (list, tuple)) else shape)
    return m.binary("add", blank, value)


@known
def eye(m: Machine, rows: Any, columns: Any = None) -> Any:
    sides = m.shape([rows] if columns is None else [rows, columns])
    FUNCTIONS["zeros"](m, list(sides) * (2 if columns is None else 1))
    return Array.new(np.eye(sides[0], sides[-1]))


@known
def zeros_like(m: Machine, a: Any) -> Any:
    return made(m, np.zeros(m.array(a).shape)[()])


@known
def ones_like(m: Machine, a: Any) -> Any:
    return made(m, np.ones(m.array(a).shape)[()])


@known
def full_like(m: Machine, a: Any, value: Any) -> Any:
    return m.binary("add", zeros_like(m, a), value)


@known
def array(m: Machine, a: Any = 0.0) -> Any:
    found = m.numeric(a)
    return copied(m, found) if isinstance(found, Array) else found


@known
def whole(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    if isinstance(found, Array) and not found.depends:
        return Array.new(found.cells.astype(int))
    return found if isinstance(found, Array) else m.whole_number(found, "this")


@known
def arange(m: Machine, start: Any, stop: Any = None, step: Any = 1) -> Any:
    ends = [0, start, step] if stop is None else [start, stop, step]
    numbers = [
        m.whole_number(end, "an end of arange") if isinstance(end, Number) else plain_number(end)
        for end in ends
    ]
    if not numbers[2] or not abs((numbers[1] - numbers[0]) / numbers[2]) <= 10_000_000:
        raise UnreadError("this arange is too long, or has no step")
    m.recorder.budget.room((int(abs((numbers[1] - numbers[0]) / numbers[2])),))
    return Array.new(np.arange(*numbers))


@known
def linspace(m: Machine, start: Any, stop: Any, num: Any = 50) -> Any:
    count = m.whole_number(num, "how many")
    FUNCTIONS["zeros"](m, [count])
    if depends(start) or depends(stop):
        steps = Array.new(np.linspace(0.0, 1.0, count))
        width = m.binary("sub", stop, start)
        return m.binary("add", start, m.binary("mul", width, steps))
    return Array.new(np.linspace(m.worth(start), m.worth(stop), count))


@known
def meshgrid(m: Machine, arrays: Sequence[Any]) -> Any:
    parts = [m.array(part) for part in arrays]
    if any(map(depends, parts)):
        raise UnreadError("meshgrid of inputs is not read")
    for _ in parts:
        m.recorder.budget.room(tuple([part.cells.size for part in parts]))
    return [Array.new(one.copy()) for one in np.meshgrid(*[part.cells for part in parts])]


@known
def one_hot(m: Machine, a: Any, count: Any = -1) -> Any:
    labels = m.array(a)
    if labels.depends:
        leaf = labels.read(m.recorder)
        m.whole.add(leaf)
        m.guard(leaf, "whole", labels.cells.astype(int))
    places = labels.cells.astype(int)
    size = m.whole_number(count, "how many classes")
    size = int(places.max(initial=-1)) + 1 if size < 0 else size
    if places.size and (places.min() < 0 or places.max() >= size):
        raise UnreadError(f"there is no class {places.max()} among {size}")
    m.recorder.budget.room((size, size))
    m.recorder.budget.room((*places.shape, size))
    return Array.new(np.eye(size)[places])


# Copies and types.


def copied(m: Machine, a: Any) -> Any:
    if not isinstance(a, Array):
        return a
    return Array.new(a.cells.copy(), a.read(m.recorder) if a.depends else None)


@known
def copy(m: Machine, a: Any) -> Any:
    return copied(m, m.numeric(a))


@known
def same(m: Machine, a: Any, more: Any = ()) -> Any:
    """An array as it is: whoever writes into one writes into both."""
    del more
    return m.numeric(a)


@known
def contiguous(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    in_order = not isinstance(found, Array) or found.cells.flags.c_contiguous
    return found if in_order else copied(m, found)


@known
def floats(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    return astype(m, found) if isinstance(found, Array) and found.cells.dtype != float else found


@known
def astype(m: Machine, a: Any, dtype: Any = None) -> Any:
    found = m.numeric(a)
    kind = getattr(dtype, "name", dtype)
    if isinstance(found, Array) and not found.depends and kind in ("int", "bool"):
        return Array.new(found.cells.astype(int if kind == "int" else bool))
    if kind == "bool":
        return truth_of(m, found)
    if isinstance(found, Array):
        return Array.new(
            found.cells.astype(float), found.read(m.recorder) if found.depends else None
        )
    return found


@known
def detach(m: Machine, a: Any) -> Any:
    """A constant, whatever it was made of."""
    found = m.numeric(a)
    if isinstance(found, Array):
        return Array.new(found.cells.copy())
    return found.value if isinstance(found, Number) else found


@known
def item(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    if not isinstance(found, Array):
        return found
    if found.cells.size == 1:
        return m.element(found)
    if not found.depends:
        m.recorder.budget.make(found.cells.size)
        return found.cells.tolist()
    m.step(ARRAY_STEPS * found.cells.size)
    flat = m.reshaped(found, (-1,))
    level: list[Any] = [flat.element(m.recorder, (k,)) for k in range(found.cells.size)]
    for size in found.shape[:0:-1]:
        level = [level[k : k + size] for k in range(0, len(level), max(1, size))]
    return level


@known
def shape_of(m: Machine, a: Any) -> Any:
    return m.array(a).shape


@known
def ndim_of(m: Machine, a: Any) -> Any:
    return len(m.array(a).shape)


@known
def size_of(m: Machine, a: Any, axis: Any = None) -> Any:
    found = m.array(a)
    return found.cells.size if axis is None else found.shape[m.whole_number(axis, "an axis")]


@known
def isscalar(m: Machine, a: Any) -> Any:
    del m
    return not isinstance(a, (Array, list, tuple, dict))


@known
def finfo(m: Machine, a: Any = None) -> Any:
    from backprop.reading.values import Instance

    del m, a
    found = np.finfo(float)
    names = {"eps": float(found.eps), "max": float(found.max), "min": float(found.min),
             "tiny": float(found.tiny)}  # fmt: skip
    return Instance("finfo", dict(names))


# Losses of PyTorch.


def averaged(m: Machine, each: Any, reduction: Any) -> Any:
    if reduction == "none":
        return each
    return m.reduce("sum" if reduction == "sum" else "mean", each)


@known
def mse_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    return averaged(m, m.apply("square", m.binary("sub", m.numeric(a), m.numeric(b))), reduction)


@known
def cross_entropy(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    scores = m.array(a)
    axis = 1 if len(scores.shape) > 1 else 0
    return nll_loss(m, m.reduce("log_softmax", scores, axis), b, reduction)


@known
def nll_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    logs, targets = m.array(a), m.numeric(b)
    if isinstance(targets, Array) and targets.shape == logs.shape and len(logs.shape) > 1:
        each = m.apply("neg", m.reduce("sum", m.binary("mul", logs, targets), 1))
        return averaged(m, each, reduction)
    if len(logs.shape) == 1:
        return m.apply("neg", indexing.taken(m, logs, (targets,)))
    rows = Array.new(np.arange(logs.shape[0]))
    return averaged(m, m.apply("neg", indexing.taken(m, logs, (rows, targets))), reduction)


@known
def binary_cross_entropy(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    p, y = m.numeric(a), m.numeric(b)
    yes = m.binary("mul", y, m.apply("log", p))
    rest = m.apply("log", m.binary("sub", 1, p))
    no = m.binary("mul", m.binary("sub", 1, y), rest)
    return averaged(m, m.apply("neg", m.binary("add", yes, no)), reduction)


@known
def bce_with_logits(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    z, y = m.numeric(a), m.numeric(b)
    return averaged(m, m.binary("sub", m.apply("softplus", z), m.binary("mul", z, y)), reduction)


# Random numbers: constants, from the seed.


def drawn(name: str, draw: Callable[[Any, tuple[int, ...]], Any]) -> None:
    def function(m: Machine, shape: Sequence[Any]) -> Any:
        sides = m.shape(shape)
        FUNCTIONS["zeros"](m, list(sides))
        return made(m, draw(m.random, sides))

    FUNCTIONS[name] = function


drawn("randn", lambda random, sides: random.standard_normal(sides))
drawn("rand", lambda random, sides: random.random(sides))


def sides_of(m: Machine, shape: Any) -> tuple[int, ...]:
    sides = () if shape is None else m.shape([shape])
    FUNCTIONS["zeros"](m, list(sides))
    return sides


@known
def normal(m: Machine, loc: Any = 0.0, scale: Any = 1.0, shape: Any = None) -> Any:
    noise = made(m, m.random.standard_normal(sides_of(m, shape)))
    return m.binary("add", loc, m.binary("mul", scale, noise))


@known
def uniform(m: Machine, low: Any = 0.0, high: Any = 1.0, shape: Any = None) -> Any:
    noise = made(m, m.random.random(sides_of(m, shape)))
    return m.binary("add", low, m.binary("mul", m.binary("sub", high, low), noise))


@known
def randint(m: Machine, low: Any, high: Any = None, shape: Any = None) -> Any:
    if isinstance(high, (tuple, list)):
        high, shape = None, high
    first, last = (0, low) if high is None else (low, high)
    ends = [m.whole_number(end, "an end of randint") for end in (first, last)]
    if ends[0] >= ends[1]:
        raise UnreadError("there is no whole number between these ends")
    if not -(2**62) < ends[0] < ends[1] < 2**62:
        raise UnreadError("these ends are too large")
    return made(m, m.random.integers(ends[0], ends[1], sides_of(m, shape)))


@known
def choice(m: Machine, a: Any, shape: Any = None, replace: Any = True, p: Any = None) -> Any:
    many = m.numeric(a)
    pool: Any = many.cells if isinstance(many, Array) else m.whole_number(many, "how many")
    weights = None if p is None else m.worth(m.numeric(p))
    try:
        found = m.random.choice(pool, sides_of(m, shape) or None, bool(replace), weights)
    except ValueError as problem:
        raise UnreadError(f"nothing can be chosen: {problem}") from None
    return made(m, found) if np.ndim(found) else np.asarray(found).item()


@known
def permutation(m: Machine, a: Any) -> Any:
    many = m.numeric(a)
    if isinstance(many, Array):
        return along(m, many, 0, m.random.permutation(many.shape[0]))
    return Array.new(m.random.permutation(m.whole_number(many, "how many")))


@known
def binomial(m: Machine, count: Any, p: Any, shape: Any = None) -> Any:
    times, part = m.whole_number(count, "how often"), float(m.worth(m.numeric(p)))
    return made(m, m.random.binomial(times, min(1.0, max(0.0, part)), sides_of(m, shape)))


@known
def seed(m: Machine, a: Any = None) -> Any:
    """Seeds of the source are not taken: --seed is."""
    del m, a


@known
def generator(m: Machine, a: Any = None) -> Any:
    """An object that draws random numbers: as --seed says, like all others."""
    del m, a
    return Namespace("numpy", "random")


@known
def randn_like(m: Machine, a: Any) -> Any:
    return FUNCTIONS["randn"](m, list(m.array(a).shape))


@known
def rand_like(m: Machine, a: Any) -> Any:
    return FUNCTIONS["rand"](m, list(m.array(a).shape))
