"""The table of messages in cases/messages.txt: how it is read, what a text is answered, and, as a
script, every answer replaced by what it is now: PYTHONPATH=tests python -m tests.messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import backprop
from backprop.errors import BackpropError
from backprop.language.printer import print_tree

TABLE = Path(__file__).parent / "cases" / "messages.txt"
CODE_POINT = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


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


def renewed(block: str) -> str:
    """A case, and perhaps the title after it, with the answer that its text has now."""
    case, *title = block.split("\n## ")
    head, _, before = case.partition("\n---\n")
    text = head.partition("\n")[2]
    end = before[len(before.rstrip("\n")) :]
    return "\n## ".join([f"{head}\n---\n{answer(decoded(text))}{end}", *title])


if __name__ == "__main__":
    first, *blocks = TABLE.read_text("utf-8").split("\n=== ")
    TABLE.write_text("\n=== ".join([first, *map(renewed, blocks)]), "utf-8")
