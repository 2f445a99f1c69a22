"""The table of messages in cases/messages.txt: how it is read, and what a text is answered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import backprop
from backprop.errors import BackpropError
from backprop.language.printer import print_tree

TABLE = Path(__file__).parent / "cases" / "messages.txt"
CODE_POINT = re.compile(r"\{U\+([0-9A-F]{4,6})\}")
HEADER = """\
# What a text is answered, whole: a message, or the text as it was understood and the notes.
# A case is its name, the text, and the answer. Characters that don't show are {U+0009}.
"""


def decoded(text: str) -> str:
    return CODE_POINT.sub(lambda found: chr(int(found[1], 16)), text)


def cases() -> Iterator[tuple[str, str, str]]:
    """Name, text and answer of every case."""
    for section in TABLE.read_text("utf-8").split("\n## ")[1:]:
        title, *blocks = section.split("\n=== ")
        for block in blocks:
            name, _, rest = block.partition("\n")
            text, _, answered = rest.partition("\n---\n")
            yield f"{title.strip()}: {name}", decoded(text), answered.rstrip("\n")


def answer(text: str) -> str:
    try:
        program = backprop.parse(text)
    except BackpropError as error:
        return error.render()
    return "\n".join(
        [print_tree(program.tree), *(f"note: {note.message}" for note in program.notices)]
    )
