"""Names as LaTeX sets them: theta is a letter, num upright, w0 and w_0 have an index."""

from __future__ import annotations

import re
from collections.abc import Mapping

from backprop.emitting.typesetting import LETTERS, escaped

PARTS = re.compile(r"([^\W\d_]+)(?:_?([0-9]+))?((?:_[^\W_]+)*)")
COMMANDS = {name for name in LETTERS.values() if name.isalpha()}


def symbols(names: Mapping[int, str]) -> dict[int, str]:
    """A symbol for every slot; where two names would look alike, the later is set as written."""
    found: dict[int, str] = {}
    taken: set[str] = set()
    for slot, name in names.items():
        symbol = typeset(name)
        if symbol in taken:
            symbol = plain(name)
        taken.add(symbol)
        found[slot] = symbol
    return found


def plain(name: str) -> str:
    return rf"\mathrm{{{spelled(name)}}}"


def spelled(name: str) -> str:
    """A name in letters that LaTeX has; others by their number."""
    known = [c if c.isascii() or c in LETTERS else f"u{ord(c):04x}" for c in name]
    return escaped("".join(known)).replace(r"\(", "").replace(r"\)", "{}")


def typeset(name: str) -> str:
    parts = PARTS.fullmatch(name)
    if not parts:
        return plain(name)
    head, number, rest = parts[1], parts[2], parts[3]
    below = [number] * bool(number) + [letters(word) for word in rest.split("_") if word]
    index = ",".join(below)
    if not index:
        return letters(head)
    return f"{letters(head)}_{index}" if len(index) == 1 else f"{letters(head)}_{{{index}}}"


def letters(word: str) -> str:
    """One letter slanted, a Greek one by its command, a word upright."""
    if word in LETTERS:
        return rf"\{LETTERS[word]}" if LETTERS[word].isalpha() else "o"
    if word in COMMANDS:
        return rf"\{word}"
    if (len(word) == 1 and word.isascii()) or word.isdigit():
        return word
    return plain(word)
