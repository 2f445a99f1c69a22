"""Rows of text in pieces of one kind, which a terminal may show in colours of their own."""

from __future__ import annotations

from typing import NamedTuple


class Piece(NamedTuple):
    """Characters of one kind: value, gradient, name, gate, or empty for wires."""

    text: str
    kind: str = ""


Row = list[Piece]


def trimmed(row: Row) -> Row:
    """A row without the blanks at its end."""
    text = "".join(piece.text for piece in row)
    spare = len(text) - len(text.rstrip())
    while spare and row:
        last = row.pop()
        kept = last.text[: max(0, len(last.text) - spare)]
        spare -= len(last.text) - len(kept)
        if kept:
            row.append(Piece(kept, last.kind))
    return row
