"""Arrays that a person wrote down, [[1, 0.33], [2, 1/3]]: every entry is a numeral."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backprop.claims.numerals import Numeral, numeral
from backprop.errors import UsageError


class Numerals(NamedTuple):
    """The entries in their order, and the shape of the array."""

    entries: tuple[Numeral, ...]
    shape: tuple[int, ...]

    @property
    def value(self) -> Any:
        return np.array([entry.value for entry in self.entries]).reshape(self.shape)[()]

    def fits(self, right: Any) -> bool:
        return self.shape == np.shape(right) and all(
            entry.fits(number)
            for entry, number in zip(self.entries, np.ravel(right).tolist(), strict=True)
        )

    def coarse(self, right: Any) -> bool:
        return any(
            entry.coarse(number)
            for entry, number in zip(self.entries, np.ravel(right).tolist(), strict=True)
        )


def numerals(name: str, text: str) -> Numerals:
    """The array of a text; commas or blanks part its entries, as they do where NumPy prints one."""
    if not text.lstrip().startswith("["):
        return Numerals((numeral(name, text),), ())
    sizes: list[set[int]] = []  # for every depth, how many items its lists have
    counts: list[int] = []  # of the lists that are open
    entries: list[Numeral] = []
    depths: set[int] = set()  # of the entries
    for piece in pieces(text):
        if piece == "[":
            if len(counts) == len(sizes):
                sizes.append(set())
            counts.append(0)
        elif piece == "]":
            if not counts:
                raise uneven(text)
            count = counts.pop()
            sizes[len(counts)].add(count)
            if counts:
                counts[-1] += 1
        elif not counts:
            raise uneven(text)
        else:
            entries.append(numeral(name, piece))
            counts[-1] += 1
            depths.add(len(counts))
    shape = tuple(next(iter(found)) for found in sizes if len(found) == 1)
    if counts or len(shape) < len(sizes) or not depths <= {len(sizes)}:
        raise uneven(text)
    return Numerals(tuple(entries), shape)


def pieces(text: str) -> list[str]:
    """Brackets and entries. Where there are no commas, blanks part the entries."""
    spaced = text.replace("[", " [ ").replace("]", " ] ")
    if "," not in text:
        return spaced.split()
    found: list[str] = []
    for item in spaced.replace("[", ",[,").replace("]", ",],").split(","):
        found += [item.strip()] * bool(item.strip())
    return found


def uneven(text: str) -> UsageError:
    return UsageError(f"{text[:40]} is no array: its brackets or its rows don't match")
