"""Functions of arrays that are several gates: what they take, and what they are.

A row has a name and its arguments, with `?` after what may be left out and `*` before what takes
the rest. `program/array_functions.py` makes gates of them, `checking/arrays/functions.py` says
what they are by definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

T = TypeVar("T")

TABLE = """
einsum      | text *arrays | products of entries with the same letters, summed over the others
tensordot   | a b axes? | sums over the last axes of a and the first of b, 2 or as told
norm        | a ord? axis? keepdims? | the length; norms of other orders, 'inf', 'fro' and 'nuc' too
vector_norm | a ord? axis? keepdims? | the length of all entries in a line, or along an axis
matrix_norm | a ord? axis? keepdims? | the norm of matrices, those of the last two axes
moveaxis    | a source destination | an axis put elsewhere
swapaxes    | a axis1 axis2 | two axes in each other's place
expand_dims | a axis | an axis of 1 more
squeeze     | a axis? | without axes of 1
flip        | a axis? | the entries in reverse
roll        | a shift axis? | the entries moved on, the last ones to the front
take        | a indices axis? | the entries at these places
tril        | a k? | the part below the diagonal, 0 elsewhere
triu        | a k? | the part above the diagonal, 0 elsewhere
median      | a axis? keepdims? | the middle entry, or the mean of the middle two
one_hot     | a k | 1 at the place that an entry names, of k along a new last axis; 0 elsewhere
topk        | a k axis? | the k largest entries, the largest first
slogdet     | a | the sign of the determinant, and the logarithm of its size
solve_triangular | a b lower? | the solution of a triangular system
conv1d      | a w bias? stride? padding? | sums of products with a moving window
conv2d      | a w bias? stride? padding? | the same in two dimensions
max_pool1d  | a size stride? padding? | the largest entry of each window
max_pool2d  | a size stride? padding? | the same in two dimensions
avg_pool1d  | a size stride? padding? | the mean of each window
avg_pool2d  | a size stride? padding? | the same in two dimensions
layernorm   | a weight? bias? eps? | less its mean, divided by its deviation, along the last axis
attention   | q k v | softmax(q @ k.T/sqrt(d)) @ v, of every matrix of a stack
"""
ALIASES = {
    "layer_norm": "layernorm", "scaled_dot_product_attention": "attention", "inner1d": "inner",
    "mean_pool1d": "avg_pool1d", "mean_pool2d": "avg_pool2d", "unsqueeze": "expand_dims",
}  # fmt: skip
# Those of which an argument may be a text in quotes.
TEXTS = ("einsum", "norm", "vector_norm", "matrix_norm")


class Signature(NamedTuple):
    name: str
    takes: str
    parameters: tuple[str, ...]
    least: int  # so many have to be given
    rest: str  # the one that takes all further ones
    about: str

    @property
    def call(self) -> str:
        """How it is written: `roll(a, shift, axis?)`."""
        return f"{self.name}({', '.join(self.takes.split())})"


@cache
def functions() -> Mapping[str, Signature]:
    found = {}
    for line in TABLE.strip().splitlines():
        name, takes, about = (part.strip() for part in line.split("|"))
        words = takes.split()
        rest = next((word[1:] for word in words if word[0] == "*"), "")
        names = tuple([word.rstrip("?") for word in words if word[0] != "*"])
        least = sum(word[-1] != "?" for word in words)
        found[name] = Signature(name, takes, names, least, rest, about)
    return found


def signature(name: str) -> Signature | None:
    return functions().get(ALIASES.get(name, name))


def bound(row: Signature, given: Sequence[T], named: Mapping[str, T]) -> dict[str, list[T]] | None:
    """The arguments by name, those of `rest` a list; None if they are too many or too few."""
    found = {name: [one] for name, one in zip(row.parameters, given, strict=False)}
    further = [*given[len(row.parameters) :]]
    if (further and not row.rest) or {*named} & {*found} or {*named} - {*row.parameters}:
        return None
    found |= {name: [one] for name, one in named.items()}
    if row.rest:
        found[row.rest] = further
    needed = row.parameters[: row.least - bool(row.rest)]
    return found if {*needed} <= {*found} and (further or not row.rest) else None
