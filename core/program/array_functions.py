"""Functions of arrays, made of the gates of the table while a program is staged.

Whatever only moves entries is one gate that takes them by their numbers, or that orders axes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, prod
from typing import Any

import numpy as np

from backprop.gates.shapes import MismatchError, words
from backprop.program.contracting import einsum_steps, tensordot_text
from backprop.program.making import Maker, Shape

# Orders of axes and entries.


def moveaxis(m: Maker) -> int:
    a = m.array()
    lists = [[one] if isinstance(one, int) else [*one]
             for one in (m.several("source"), m.several("destination"))]  # fmt: skip
    if len(lists[0]) != len(lists[1]):
        m.fail("moveaxis wants as many destinations as sources")
    sources, targets = ([m.at(a, axis) for axis in one] for one in lists)
    order = [axis for axis in range(len(m.shape(a))) if axis not in sources]
    for target, source in sorted(zip(targets, sources, strict=True)):
        order.insert(target, source)
    return m.permuted(a, order)


def swapaxes(m: Maker) -> int:
    a = m.array()
    order = [*range(len(m.shape(a)))]
    first, second = m.axis(a, "axis1"), m.axis(a, "axis2")
    order[first], order[second] = order[second], order[first]
    return m.permuted(a, order)


def expand_dims(m: Maker) -> int:
    a = m.array()
    shape, place = [*m.shape(a)], m.whole("axis", 0)
    if not -len(shape) - 1 <= place <= len(shape):
        m.fail(f"{m.called(a)} has no place for an axis {place}")
    shape.insert(place % (len(shape) + 1), 1)
    return m.reshaped(a, shape)


def squeeze(m: Maker) -> int:
    a = m.array()
    axes = m.several("axis")
    gone = None if axes is None else {
        m.at(a, one) for one in ((axes,) if isinstance(axes, int) else axes)
    }  # fmt: skip
    sides = enumerate(m.shape(a))
    return m.reshaped(a, [n for k, n in sides if n != 1 or (gone is not None and k not in gone)])


def flip(m: Maker) -> int:
    a = m.array()
    axes = m.several("axis", tuple(range(len(m.shape(a)))))
    for axis in (axes,) if isinstance(axes, int) else axes:
        place = m.at(a, axis)
        a = m.taken(a, place, np.arange(m.shape(a)[place])[::-1])
    return a


def roll(m: Maker) -> int:
    a = m.array()
    shape = m.shape(a)
    shifts = m.several("shift")
    if not m.has("axis"):
        flat = m.reshaped(a, (prod(shape),))
        return m.reshaped(m.taken(flat, 0, np.roll(np.arange(prod(shape)), shifts)), shape)
    axes = m.several("axis")
    pairs = zip(*[(one,) if isinstance(one, int) else one for one in (shifts, axes)], strict=False)
    for shift, axis in pairs:
        place = m.at(a, axis)
        a = m.taken(a, place, np.roll(np.arange(shape[place]), shift))
    return a


def take(m: Maker) -> int:
    a, places = m.array(), m.array("indices")
    if not m.has("axis"):
        a, place = m.reshaped(a, (prod(m.shape(a)),)), 0
    else:
        place = m.axis(a)
    if isinstance(m.stager.constants.get(places), float):
        places = m.fixed(m.whole("indices", 0), m.stager.literals[places])
    before = [m.fixed(slice(None), ":") for _ in range(place)]
    return m.gate("index", a, *before, places)


def triangle(m: Maker, function: Callable[..., Any]) -> int:
    a = m.array()
    if len(m.shape(a)) < 2:
        m.fail(f"{m.name} wants a matrix, and {m.called(a)} is {words(m.shape(a))}")
    keep = function(np.ones(m.shape(a)[-2:]), m.whole("k", 0))
    return m.gate("where", m.array_of(keep), a, m.number(0.0))


# Sums of products.


def einsum(m: Maker) -> int:
    text = m.text("text")
    if text is None:
        m.fail("einsum begins with a text such as 'ij,jk->ik'")
    return contracted(m, text, [m.stager.settled(slot) for slot in m.given["arrays"]])


def contracted(m: Maker, text: str, slots: list[int]) -> int:
    try:
        return einsum_steps(m, text, slots)
    except MismatchError as misfit:
        m.fail(str(misfit))


def tensordot(m: Maker) -> int:
    a, b = m.array("a"), m.array("b")
    axes: Any = 2
    if m.has("axes"):
        listed = m.stager.listed(m.given["axes"][0])
        axes = m.whole("axes", 2) if listed is None else [m.stager.axes(one) for one in listed]
    text = tensordot_text(len(m.shape(a)), len(m.shape(b)), axes)
    if text is None:
        m.fail("tensordot wants a number of axes, or a pair of axes or lists of them")
    return contracted(m, text, [a, b])


# Norms and what is in the middle.


def norm(m: Maker) -> int:
    axes = m.several("axis")
    if not m.has("ord"):
        return m.reduced("norm", m.array(), axes, bool(m.whole("keepdims", 0)))
    if axes is None and len(m.shape(m.array())) == 2:
        axes = (0, 1)
    return of_matrix(m, axes) if isinstance(axes, tuple) else of_line(m, axes)


def vector_norm(m: Maker) -> int:
    """Of all entries in a line, if no axis is given."""
    return of_line(m, m.several("axis"))


def matrix_norm(m: Maker) -> int:
    return of_matrix(m, m.several("axis", (-2, -1)))


def order_of(m: Maker, default: Any) -> Any:
    order: Any = m.constant("ord", default)
    if order is None:
        m.fail("the order of a norm is a number that is known beforehand, 'fro' or 'inf'")
    if order not in ("fro", "nuc", "inf", "-inf") and not isinstance(order, float):
        m.fail(f"the norm '{order}' is not read", "'fro', 'nuc', 'inf', '-inf' and numbers are")
    return {"inf": inf, "-inf": -inf}.get(order, order)


def of_line(m: Maker, axes: Any) -> int:
    a, keep, order = m.array(), bool(m.whole("keepdims", 0)), order_of(m, 2.0)
    if order == "nuc":
        m.fail("the norm 'nuc' is one of matrices")
    if order in (2.0, "fro"):
        return m.reduced("norm", a, axes, keep)
    size = m.gate("abs", a)
    if abs(order) == inf:
        return m.reduced("amax" if order > 0 else "amin", size, axes, keep)
    if order == 0:
        return m.reduced("sum", m.gate("ne", a, m.number(0.0)), axes, keep)
    if order == 1:
        return m.reduced("sum", size, axes, keep)
    powers = m.gate("pow", size, m.number(order))
    return m.gate("pow", m.reduced("sum", powers, axes, keep), m.number(1 / order))


def of_matrix(m: Maker, axes: Any) -> int:
    a, keep, order = m.array(), bool(m.whole("keepdims", 0)), order_of(m, "fro")
    shape = m.shape(a)
    pair = [m.at(a, axis) for axis in (axes if isinstance(axes, tuple) else (axes,))]
    if len({*pair}) != 2:
        m.fail("the norm of a matrix is along two axes")
    if order == "fro":
        return m.reduced("norm", a, tuple(pair), keep)
    if order in ("nuc", 2.0, -2.0):
        others = [axis for axis in range(len(shape)) if axis not in pair]
        sizes = m.gate("svdvals", m.permuted(a, [*others, *pair]))
        found = m.reduced({"nuc": "sum", 2.0: "amax", -2.0: "amin"}[order], sizes, -1)
    elif abs(order) in (1.0, inf):
        first, second = pair if abs(order) == 1 else pair[::-1]
        sums = m.reduced("sum", m.gate("abs", a), first, keep=True)
        found = m.reduced("amax" if order > 0 else "amin", sums, second, keep=True)
    else:
        m.fail(f"a matrix has no norm {order:g}", "1, 2, 'inf', 'fro' and 'nuc' are read")
    sides = [1 if axis in pair else n for axis, n in enumerate(shape)]
    return m.reshaped(found, sides if keep else [n for k, n in enumerate(shape) if k not in pair])


def median(m: Maker) -> int:
    a = m.array()
    shape, keep = m.shape(a), bool(m.whole("keepdims", 0))
    place = m.axis(a) if m.has("axis") else 0
    line = a if m.has("axis") else m.reshaped(a, (prod(shape),))
    count = m.shape(line)[place]
    if not count:
        m.fail("nothing has no median")
    rank = m.reduced("sort", line, place)
    middle = m.taken(rank, place, [(count - 1) // 2, count // 2][: 2 - count % 2])
    found = m.reduced("mean", middle, place, keep=keep and m.has("axis"))
    return m.reshaped(found, (1,) * len(shape)) if keep and not m.has("axis") else found


def topk(m: Maker) -> int:
    a, many = m.array(), m.whole("k", 1)
    place = m.axis(a)
    count = m.shape(a)[place]
    if not 1 <= many <= count:
        m.fail(f"there are {count} entries, of which topk can't take {many}")
    return m.taken(m.reduced("sort", a, place), place, np.arange(count)[::-1][:many])


def one_hot(m: Maker) -> int:
    a, count = m.array(), m.whole("k", 0)
    if count < 1:
        m.fail(f"one_hot has 1 place or more, not {count}")
    return m.gate("eq", m.reshaped(a, (*m.shape(a), 1)), m.array_of(np.arange(count)))


# Matrices.


def slogdet(m: Maker) -> int:
    a = m.array()
    stacks = len(m.shape(a)) > 2
    size = m.gate("logdets" if stacks else "logdet", a)
    return m.gate("stack", m.gate("sign", m.gate("dets" if stacks else "det", a)), size)


def solve_triangular(m: Maker) -> int:
    a, b = m.array("a"), m.array("b")
    if len(m.shape(a)) < 2:
        m.fail(f"{m.called(a)} is {words(m.shape(a))}, and solve_triangular wants a matrix")
    keep = (np.tril if m.whole("lower", 0) else np.triu)(np.ones(m.shape(a)[-2:]))
    half = m.gate("where", m.array_of(keep), a, m.number(0.0))
    stacks = len(m.shape(a)) > 2 or len(m.shape(b)) > 2
    return m.gate("solves" if stacks else "solve", half, b)


# Windows.


def windows(
    m: Maker, a: int, size: Shape, stride: Shape, padding: Shape, filling: float = 0.0
) -> tuple[int, Shape, Shape]:
    """An array whose last axes are the windows, in a line, and their entries; the axes before
    those that windows move along; and how many there are in each direction."""
    count = len(size)
    shape = m.shape(a)
    refused = f"no window of {words(size)} fits into {m.called(a)}, which is {words(shape)}"
    if len(shape) < count or min(*stride, *size) < 1 or min(padding) < 0:
        m.fail(refused)
    before, sides = shape[: len(shape) - count], shape[len(shape) - count :]
    counts = tuple(
        (side + 2 * pad - width) // step + 1
        for side, width, step, pad in zip(sides, size, stride, padding, strict=True)
    )
    if min(counts) < 1:
        m.fail(refused)
    flat = m.reshaped(a, (*before, prod(sides)))
    if any(padding):
        nothing = m.array_of(np.full((*before, 1), filling))
        flat = m.joined([flat, nothing], len(before))
    return m.taken(flat, len(before), numbers(sides, size, stride, padding, counts)), before, counts


def numbers(sides: Shape, size: Shape, stride: Shape, padding: Shape, counts: Shape) -> Any:
    """For every window the numbers of its entries; beyond the edge, that of a further one."""
    padded = np.pad(
        np.arange(prod(sides)).reshape(sides), [(pad, pad) for pad in padding],
        constant_values=prod(sides),
    )  # fmt: skip
    starts = np.indices(counts).reshape(len(size), -1).T * np.array(stride)
    offsets = np.indices(size).reshape(len(size), -1).T
    places = starts[:, None, :] + offsets[None, :, :]
    return padded[tuple(np.moveaxis(places, -1, 0))]


def convolution(m: Maker, count: int) -> int:
    """Every window times the weights: (N, C, ...) with (O, C, ...), or without N, or without C."""
    a, w = m.array("a"), m.array("w")
    size = m.shape(w)[len(m.shape(w)) - count :]
    plain = len(m.shape(w)) == count
    if len(m.shape(w)) not in (count, count + 2) or (plain and len(m.shape(a)) != count):
        m.fail(f"{m.name} wants weights with {count} axes for an array with as many, or with"
               f" {count + 2}: outputs, inputs, and those of a window")  # fmt: skip
    if plain:
        a, w = m.reshaped(a, (1, *m.shape(a))), m.reshaped(w, (1, 1, *size))
    if len(m.shape(a)) not in (count + 1, count + 2) or m.shape(a)[-count - 1] != m.shape(w)[1]:
        m.fail(f"{m.called(a)} is {words(m.shape(a))}, and the weights are {words(m.shape(w))}:"
               f" the {m.shape(w)[1]} has to be the axis before those of a window")  # fmt: skip
    stride, padding = m.pair("stride", count, 1), m.pair("padding", count, 0)
    found, before, counts = windows(m, a, size, stride, padding)
    rows = m.reshaped(w, (m.shape(w)[0], prod(m.shape(w)[1:])))
    letters = "n"[: len(before) - 1]
    columns = m.permuted(found, [*range(len(before) - 1), len(before), len(before) - 1,
                                 len(before) + 1])  # fmt: skip
    flat = m.reshaped(columns, (*m.shape(columns)[:-2], m.shape(rows)[1]))
    made = contracted(m, f"{letters}pk,ok->{letters}op", [flat, rows])
    if m.has("bias"):
        bias = m.array("bias")
        made = m.gate("add", made, m.reshaped(bias, (m.shape(rows)[0], 1)))
    return m.reshaped(made, counts if plain else (*before[:-1], m.shape(rows)[0], *counts))


def pooled(m: Maker, gate: str, count: int) -> int:
    a = m.array()
    size = m.pair("size", count, 1)
    stride, padding = m.pair("stride", count, size), m.pair("padding", count, 0)
    if any(2 * pad > side for pad, side in zip(padding, size, strict=True)):
        m.fail(f"the padding of {m.name} is at most half of the size")
    filling = -inf if gate == "amax" else 0.0
    found, before, counts = windows(m, a, size, stride, padding, filling)
    return m.reshaped(m.reduced(gate, found, -1), (*before, *counts))


# Layers.


def layernorm(m: Maker) -> int:
    a = m.array()
    eps = m.given["eps"][0] if m.has("eps") else m.number(1e-5)
    spread = m.gate("add", m.reduced("var", a, -1, keep=True), eps)
    centred = m.gate("sub", a, m.reduced("mean", a, -1, keep=True))
    found = m.gate("div", centred, m.gate("sqrt", spread))
    if m.has("weight"):
        found = m.gate("mul", found, m.array("weight"))
    return m.gate("add", found, m.array("bias")) if m.has("bias") else found


def attention(m: Maker) -> int:
    q, k, v = (m.array(name) for name in "qkv")
    axes = [len(m.shape(slot)) for slot in (q, k, v)]
    if min(axes) < 2:
        m.fail("attention wants three matrices, or stacks of them")
    order = [*range(axes[1] - 2), axes[1] - 1, axes[1] - 2]
    scores = m.stager.product((q, m.permuted(k, order)), dot=False)
    scaled = m.gate("mul", scores, m.number(m.shape(q)[-1] ** -0.5))
    return m.stager.product((m.reduced("softmax", scaled, -1), v), dot=False)


FUNCTIONS: dict[str, Callable[[Maker], int]] = {
    "einsum": einsum,
    "tensordot": tensordot,
    "norm": norm,
    "vector_norm": vector_norm,
    "matrix_norm": matrix_norm,
    "moveaxis": moveaxis,
    "swapaxes": swapaxes,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "flip": flip,
    "roll": roll,
    "take": take,
    "tril": lambda m: triangle(m, np.tril),
    "triu": lambda m: triangle(m, np.triu),
    "median": median,
    "one_hot": one_hot,
    "topk": topk,
    "slogdet": slogdet,
    "solve_triangular": solve_triangular,
    "conv1d": lambda m: convolution(m, 1),
    "conv2d": lambda m: convolution(m, 2),
    "max_pool1d": lambda m: pooled(m, "amax", 1),
    "max_pool2d": lambda m: pooled(m, "amax", 2),
    "avg_pool1d": lambda m: pooled(m, "mean", 1),
    "avg_pool2d": lambda m: pooled(m, "mean", 2),
    "layernorm": layernorm,
    "attention": attention,
}
