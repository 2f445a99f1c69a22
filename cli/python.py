"""PROGRAM as Python source: FILE.py:NAME, FILE.py, FILE.ipynb."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import number
from backprop.cli.files import read_bytes
from backprop.errors import UsageError

if TYPE_CHECKING:
    from backprop.reading.files import Files
    from backprop.reading.unit import Unit

NAMES_A_SOURCE = r"\.(?:py|ipynb)(?::|$)"


def unit_named(word: str, root: str = "") -> Unit | None:
    """The unit that a word names; None if it is a text in the language. `root` is a folder beside
    its own in which imports are looked for."""
    found = file_and_unit(word)
    if found is None:
        return None
    from backprop.reading.source import decoded, parsed
    from backprop.reading.unit import Unit

    file, unit = found
    text = decoded(read_bytes(file), file)
    return Unit(parsed(text, file, unit, files_beside(file, root)))


def files_beside(file: str, root: str) -> Files:
    """The files that a source may import: those beside it, in its package and under a root."""
    from backprop.reading.files import Files
    from backprop.reading.source import decoded

    main = os.path.abspath(file)
    own = package = os.path.dirname(main)
    while os.path.isfile(os.path.join(package, "__init__.py")):
        package = os.path.dirname(package)
    if root and not os.path.isdir(root):
        raise UsageError(f"--root {root} is no folder")
    roots = list(dict.fromkeys([package, *([os.path.abspath(root)] if root else [])]))
    known = [os.path.realpath(folder) for folder in (own, *roots)]

    def look(path: str) -> str | None:
        """The text of a file in one of the folders. A link that leads out of them is none."""
        real = os.path.realpath(path)
        inside = any(os.path.commonpath([folder, real]) == folder for folder in known)
        if not inside or not os.path.isfile(real):
            return None
        return decoded(read_bytes(real), path)

    return Files(roots, look=look, main=main)


def file_and_unit(word: str) -> tuple[str, str] | None:
    """The file and the name in FILE.py:NAME; None if a word is something else."""
    if not (".py" in word or ".ipynb" in word) or not re.search(NAMES_A_SOURCE, word):
        return None
    from backprop.reading.source import unit_of

    return unit_of(word)


def split_values(
    parameters: Sequence[tuple[str, str | None]], values: Mapping[str, Any], seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values that are numbers and arrays, and the others as expressions of Python."""
    from backprop.reading.given import numeric, split

    asked = numeric(lambda name, value: numbers_of({name: value}, seed))
    return split(parameters, values, asked)


def numbers_of(values: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Values as numbers and arrays."""
    arrays = arrays_in(values, seed)
    return {
        name: arrays[name] if name in arrays else number(name, value)
        for name, value in values.items()
    }
