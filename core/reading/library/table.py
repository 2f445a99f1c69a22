"""The table of what is read: a function for every row of the table of spellings, under its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SORTING = 10  # how much longer it takes to sort entries than to compute them


Function = Callable[..., Any]


FUNCTIONS: dict[str, Function] = {}


def known(function: Function) -> Function:
    FUNCTIONS[function.__name__.rstrip("_")] = function
    return function


class Pair(tuple[Any, Any]):
    """What PyTorch's max along an axis gives: the values, and where they stand."""

    def __new__(cls, values: Any, indices: Any) -> Pair:
        return super().__new__(cls, (values, indices))
