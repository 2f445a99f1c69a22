"""What NumPy, PyTorch, JAX, SciPy and `math` do here: a function for every row of the table of
spellings. Arguments arrive by the names of that table; a row without a function here is a gate.

    table.py       the functions by name
    calling.py     a call: arguments bound to names, errors
    entrywise.py   entry by entry
    truths.py      masks, and questions about values
    reducing.py    along an axis
    ordering.py    where entries stand
    products.py    products, linear algebra
    shaping.py     the same entries in another shape
    joining.py     several arrays as one
    cutting.py     one array as several
    moving.py      entries at other places
    choosing.py    entries by their places
    making.py      new arrays
    copying.py     copies, types, sizes
    losses.py      losses of PyTorch
    randomness.py  random numbers
"""

from backprop.reading.library import (
    choosing,
    copying,
    cutting,
    entrywise,
    joining,
    losses,
    making,
    moving,
    ordering,
    products,
    randomness,
    reducing,
    shaping,
    truths,
)
from backprop.reading.library.calling import call
from backprop.reading.library.copying import astype
from backprop.reading.library.entrywise import mod
from backprop.reading.library.products import product
from backprop.reading.library.reducing import Pair
from backprop.reading.library.shaping import ravel, swapaxes, transpose
from backprop.reading.library.table import FUNCTIONS
from backprop.reading.library.truths import truth_of

PARTS = (
    choosing, copying, cutting, entrywise, joining, losses, making, moving, ordering, products,
    randomness, reducing, shaping, truths,
)  # fmt: skip

__all__ = [
    "FUNCTIONS", "PARTS", "Pair", "astype", "call", "mod", "product", "ravel", "swapaxes",
    "transpose", "truth_of",
]  # fmt: skip
