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
    editing.py     entries put in, left out, put around
    windows.py     windows, convolutions, pools
    scattering.py  entries written or added at chosen places
    missing.py     what passes over nan
    grids.py       indices and grids
    updating.py    x.at[i].set(v) of JAX
    layers.py      layers of networks
    in_place.py    methods that change their array
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
    editing,
    entrywise,
    grids,
    in_place,
    joining,
    layers,
    losses,
    making,
    missing,
    moving,
    ordering,
    products,
    randomness,
    reducing,
    scattering,
    shaping,
    truths,
    updating,
    windows,
)
from backprop.reading.library.calling import call
from backprop.reading.library.copying import astype
from backprop.reading.library.entrywise import mod
from backprop.reading.library.grids import BRACKETS, Walk, bracketed
from backprop.reading.library.products import product
from backprop.reading.library.shaping import ravel, swapaxes, transpose
from backprop.reading.library.table import FUNCTIONS, Pair
from backprop.reading.library.truths import truth_of

PARTS = (
    choosing, copying, cutting, editing, entrywise, grids, joining, layers, losses, making, missing,
    moving, ordering, products, randomness, reducing, scattering, shaping, truths, updating,
    windows,
)  # fmt: skip

__all__ = [
    "BRACKETS", "FUNCTIONS", "PARTS", "Pair", "Walk", "astype", "bracketed", "call", "in_place",
    "mod", "product", "ravel", "swapaxes", "transpose", "truth_of", "updating",
]  # fmt: skip
