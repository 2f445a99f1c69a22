"""Gates on whole arrays, and what the texts of their rows call, as NumPy.

An operand is a piece with a shape, or with something `fixed`: an axis, an index, a shape to be.
Sizes are asked of the arrays themselves, so that the code goes on for other sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.emitting.code import ATOM, PRODUCT, Piece
from backprop.emitting.writing import within
from backprop.gates.shapes import Axis, Shape, matmul, solutions

Written = Callable[..., Piece]  # a piece each of its operands, and one out


def shape_of(a: Piece) -> Shape:
    return a.shape or ()


def sides(axis: Piece, a: Piece) -> str:
    """All axes that are reduced, as a tuple."""
    return str(axis.fixed.of(shape_of(a)))


def opened(g: Piece, a: Piece, axis: Piece) -> Piece:
    """Something reduced, with an axis of 1 for each that `a` had."""
    fixed: Axis = axis.fixed
    if fixed.keep or fixed.axis is None or g.value is not None:
        return g
    gone = fixed.of(shape_of(a))
    places = ["None" if k in gone else ":" for k in range(len(shape_of(a)))]
    while places and places[-1] == ":":
        places.pop()
    return Piece(f"{within(g, ATOM)}[{', '.join(places)}]") if places else g


def call(name: str, count: int = 0, fixed: bool = False) -> Written:
    """A function of as many operands, all of them if 0; with `fixed` the last one is an axis."""

    def written(*operands: Piece) -> Piece:
        texts = [operand.text for operand in operands[: count or None]]
        if fixed:
            texts[-1:] = [operands[-1].fixed.text] if operands[-1].fixed.text else []
        return Piece(f"{name}({', '.join(texts)})")

    return written


def shaped(written: Written, rule: Callable[..., Shape]) -> Written:
    """The same, with the shape that comes out, if those that go in are known."""

    def found(*operands: Piece) -> Piece:
        known = all(operand.shape is not None for operand in operands)
        shape = rule(*map(shape_of, operands)) if known else None
        return written(*operands)._replace(shape=shape)

    return found


def method(name: str) -> Written:
    def written(a: Piece, axis: Piece) -> Piece:
        return Piece(f"{within(a, ATOM)}.{name}({axis.fixed.text})")

    return written


def product(a: Piece, b: Piece) -> Piece:
    """Matrices are not multiplied by numbers, and their product is not 0 where they are."""
    known = a.shape is not None and b.shape is not None
    shape = matmul(shape_of(a), shape_of(b)) if known else None
    return Piece(f"{within(a, PRODUCT)} @ {within(b, PRODUCT + 1)}", PRODUCT, shape=shape)


def transpose(a: Piece) -> Piece:
    return Piece(f"{within(a, ATOM)}.T", shape=a.shape and a.shape[::-1])


def swap(a: Piece) -> Piece:
    *stack, rows, columns = shape_of(a)
    return Piece(f"np.swapaxes({a.text}, -1, -2)", shape=(*stack, columns, rows))


def column(a: Piece) -> Piece:
    if a.value is not None:
        return a
    return Piece(f"{within(a, ATOM)}[..., None]", shape=(*shape_of(a), 1))


def row(a: Piece) -> Piece:
    *others, last = shape_of(a)
    return Piece(f"{within(a, ATOM)}[..., None, :]", shape=(*others, 1, last))


def spread(g: Piece, a: Piece, axis: Piece) -> Piece:
    small = opened(g, a, axis)
    if g.value == 1:
        return Piece(f"np.ones_like({a.text})", plain=small)
    return Piece(f"np.broadcast_to({small.text}, {a.text}.shape)", plain=small)


def count(a: Piece, axis: Piece) -> Piece:
    gone = axis.fixed.of(shape_of(a))
    if len(gone) == len(shape_of(a)):
        return Piece(f"{a.text}.size")
    text = " * ".join(f"{a.text}.shape[{k}]" for k in gone)
    return Piece(text or "1", PRODUCT if len(gone) > 1 else ATOM)


def mean(a: Piece, axis: Piece) -> Piece:
    """NumPy warns of the mean of nothing."""
    if all(shape_of(a)[k] for k in axis.fixed.of(shape_of(a))):
        return method("mean")(a, axis)
    return Piece(f"{method('sum')(a, axis).text} / {count(a, axis).text}", PRODUCT)


def total(a: Piece, axis: Piece) -> Piece:
    return method("sum")(a, axis._replace(fixed=Axis(axis.fixed.axis, keep=True)))


def centred(a: Piece, axis: Piece) -> Piece:
    return shares_of("centred", a, axis)._replace(shape=a.shape)


def shares_of(name: str, a: Piece, axis: Piece) -> Piece:
    """A function that keeps its axes."""
    return call(name, fixed=True)(a, axis._replace(fixed=Axis(axis.fixed.axis)))


def others(a: Piece, axis: Piece) -> Piece:
    return Piece(f"others({a.text}, {sides(axis, a)})")


def rest(g: Piece, axis: Piece) -> Piece:
    return Piece(f"rest({g.text}, {sides(axis, g)})")


def direction(a: Piece, out: Piece, axis: Piece) -> Piece:
    return Piece(f"direction({a.text}, {opened(out, a, axis).text})")


def shares(a: Piece, axis: Piece) -> Piece:
    return shares_of("softmax", a, axis)


def cumsum(a: Piece, axis: Piece) -> Piece:
    return Piece(f"np.cumsum({a.text}, axis={axis.fixed.one})")


def cumulated_back(g: Piece, axis: Piece) -> Piece:
    place = axis.fixed.one
    return Piece(f"np.flip(np.cumsum(np.flip({g.text}, {place}), axis={place}), {place})")


def undiag(g: Piece, a: Piece) -> Piece:
    return Piece(f"np.diag({g.text})" if len(shape_of(a)) == 1 else f"undiag({g.text}, {a.text})")


def outward(a: Piece, b: Piece) -> Piece:
    if len(shape_of(b)) == 1:
        return Piece(f"np.outer({a.text}, {b.text})")
    return product(a, transpose(b))


def joined(*parts: Piece) -> Piece:
    *arrays, axis = parts
    return Piece(f"np.concatenate(({texts(arrays)}), axis={axis.fixed.one})")


def texts(parts: Sequence[Piece]) -> str:
    """The inside of a tuple."""
    return ", ".join([part.text for part in parts]) + "," * (len(parts) == 1)


def reshape(a: Piece, shape: Piece) -> Piece:
    return Piece(f"{within(a, ATOM)}.reshape({', '.join(map(str, shape.fixed))})")


def indices(places: Sequence[Piece]) -> str:
    return ", ".join(map(index, places))


def index(place: Piece) -> str:
    fixed = place.fixed
    if isinstance(fixed, slice):
        ends = ["" if end is None else str(end) for end in (fixed.start, fixed.stop)]
        return ":".join([*ends, *([str(fixed.step)] if fixed.step is not None else [])])
    return f"whole({place.text})" if fixed is None else str(fixed)


def at_text(piece: Piece) -> str:
    """Where something is written, as an index of NumPy."""
    key = piece.fixed.key
    parts = key if isinstance(key, tuple) else (key,)
    return f"np.s_[{', '.join(map(place_text, parts))}]"


def place_text(part: Any) -> str:
    if isinstance(part, slice):
        ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
        return ":".join([*ends, *([str(part.step)] if part.step is not None else [])])
    if part is Ellipsis:
        return "..."
    return f"np.array({part.tolist()})" if np.ndim(part) else str(part)


def put(a: Piece, *values_and_places: Piece) -> Piece:
    """Values written one after the other: flat, if any of the places is."""
    places = values_and_places[1::2]
    if any(place.fixed.flat for place in places):
        fed = [flat_text(place, a) for place in places]
        name = "put_flat"
    else:
        fed, name = [*map(at_text, places)], "put"
    pairs = [text for value, at in zip(values_and_places[::2], fed, strict=True)
             for text in (value.text, at)]  # fmt: skip
    return Piece(f"{name}({', '.join([a.text, *pairs])})", shape=a.shape)


def flat_text(place: Piece, a: Piece) -> str:
    """A place as numbers of entries in one line."""
    numbers = np.arange(prod(shape_of(a))).reshape(shape_of(a))
    found = place.fixed.of(numbers)[place.fixed.key]
    return f"np.array({np.asarray(found).tolist()})"


def placed(g: Piece, at: Piece) -> Piece:
    return Piece(f"{within(g, ATOM)}[{at_text(at)}]", shape=shape_at(g, at))


def shape_at(a: Piece, at: Piece) -> Shape:
    """The shape of what is at places in an array."""
    return np.shape(at.fixed.of(np.empty(shape_of(a)))[at.fixed.key])


def unpermuted(g: Piece, axes: Piece) -> Piece:
    order = tuple(sorted(range(len(axes.fixed)), key=axes.fixed.__getitem__))
    return Piece(f"np.transpose({g.text}, {order})")


WRITTEN: dict[str, Written] = {
    **dict.fromkeys(("batched", "batchvec", "vecbatch", "matvec", "vecmat", "inner"), product),
    "matmul": product,
    "transpose": transpose,
    "reshape": reshape,
    "like": lambda g, a: Piece(f"{within(g, ATOM)}.reshape({a.text}.shape)"),
    "sum": method("sum"),
    "mean": mean,
    "amax": method("max"),
    "amin": method("min"),
    "prod": method("prod"),
    **{name: call(name, fixed=True) for name in ("norm", "logsumexp", "softmax", "log_softmax")},
    "cumsum": cumsum,
    "concatenate": joined,
    "stack": lambda *parts: Piece(f"np.stack(({texts(parts)}))"),
    "index": lambda a, *places: Piece(f"{within(a, ATOM)}[{indices(places)}]"),
    "put": put,
    "add_at": lambda a, b, at: Piece(f"add_at({a.text}, {b.text}, {at_text(at)})", shape=a.shape),
    "placed": placed,
    "permute": lambda a, axes: Piece(f"np.transpose({a.text}, {axes.fixed})"),
    "unpermuted": unpermuted,
    "outer": call("np.outer"),
    "trace": call("np.trace"),
    "diag": call("np.diag"),
    "det": call("np.linalg.det"),
    "logdet": lambda a: Piece(f"np.linalg.slogdet({a.text})[1]"),
    "inv": call("inv"),
    "solve": call("solve"),
    "dets": call("np.linalg.det"),
    "logdets": lambda a: Piece(f"np.linalg.slogdet({a.text})[1]"),
    "invs": shaped(call("inv"), lambda a: a),
    "solves": shaped(call("solve"), solutions),
    "cholesky": call("cholesky"),
    "svdvals": call("svdvals"),
    "svdvals_back": shaped(call("svdvals_back"), lambda g, a: a),
    "symmetric": call("symmetric"),
    "halved": shaped(call("halved"), lambda a: a),
    "cumprod": lambda a, axis: Piece(f"np.cumprod({a.text}, axis={axis.fixed.one})"),
    "cumprod_back": lambda g, a, axis: Piece(f"cumprod_back({g.text}, {a.text}, {axis.fixed.one})"),
    "sort": lambda a, axis: Piece(f"np.sort({a.text}, axis={axis.fixed.one})"),
    "argsort": lambda a, axis: Piece(
        f'np.argsort({a.text}, axis={axis.fixed.one}, kind="stable").astype(float)'
    ),
    "unsorted": lambda g, a, axis: Piece(f"unsorted({g.text}, {a.text}, {axis.fixed.one})"),
    "swap": swap,
    "column": column,
    "row": row,
    "spread": spread,
    "centred": centred,
    "count": count,
    "others": others,
    "rest": rest,
    "direction": direction,
    "total": total,
    "shares": shares,
    "cumulated_back": cumulated_back,
    "identity": lambda a: Piece(f"np.eye(*{a.text}.shape)"),
    "undiag": undiag,
    "cofactors": call("cofactors"),
    "outward": outward,
    "routed": call("routed"),
}


# Gates of any number of operands: the part of the gradient that belongs to one of them.


def piece(place: int, fed: Sequence[Piece], g: Piece) -> Piece:
    *arrays, axis = fed
    at = axis.fixed.one % len(shape_of(arrays[0]))
    start = sum(shape_of(array)[at] for array in arrays[:place])
    stop = start + shape_of(arrays[place])[at]
    return Piece(f"{within(g, ATOM)}[{':, ' * at}{start or ''}:{stop}]")


def entry(place: int, fed: Sequence[Piece], g: Piece) -> Piece:
    return Piece(f"{within(g, ATOM)}[{place}]")


def unput(place: int, fed: Sequence[Piece], g: Piece) -> Piece:
    """What goes back to the array, or to one of the values that were written."""
    a, places = fed[0], fed[2::2]
    flat = any(one.fixed.flat for one in places)
    texts = [flat_text(one, a) if flat else at_text(one) for one in places]
    ending = "_flat" if flat else ""
    if not place:
        return Piece(f"unwritten{ending}({', '.join([g.text, *texts])})")
    here = texts[(place - 1) // 2 :]
    shape = shape_at(a, places[(place - 1) // 2])
    return Piece(f"written{ending}({', '.join([g.text, *here])})", shape=shape)


def scattered(place: int, fed: Sequence[Piece], g: Piece) -> Piece:
    return Piece(f"scattered({g.text}, {fed[0].text}, np.s_[{indices(fed[1:])}])")


PARTS: dict[str, Callable[[int, Sequence[Piece], Piece], Piece]] = {
    "concatenate": piece,
    "stack": entry,
    "index": scattered,
    "put": unput,
}
