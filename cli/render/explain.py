"""An explanation as text for a terminal, as Markdown, and as JSON."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from textwrap import wrap

from backprop.answer.plain import plain
from backprop.cli.render.forms import code, escaped
from backprop.errors import visible
from backprop.explaining.explanation import SCHEMA, Explanation
from backprop.explaining.sentences import Told

WIDE = 100  # columns at most, and where nobody's terminal sets a width
NARROW = 30


def width() -> int:
    columns = shutil.get_terminal_size((WIDE, 24)).columns if sys.stdout.isatty() else WIDE
    return max(NARROW, min(WIDE, columns))


def folded(
    text: str, columns: int | None, first: str = "", rest: str | None = None
) -> Iterator[str]:
    """A paragraph in lines of so many columns, the later ones indented. Without columns it is one
    line."""
    later = " " * len(first) if rest is None else rest
    if columns is None:
        yield f"{first}{visible(text)}\n"
        return
    lines = wrap(
        visible(text), columns, initial_indent=first, subsequent_indent=later,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    yield from (f"{line}\n" for line in lines)


def render_text(found: Explanation) -> Iterator[str]:
    yield from paragraphs(found, width())


def render_plain(found: Explanation) -> Iterator[str]:
    """The same, and a paragraph is one line."""
    yield from paragraphs(found, None)


def paragraphs(found: Explanation, columns: int | None) -> Iterator[str]:
    yield from folded(found.title, columns, rest="  ")
    if found.stages:
        yield "\nForward\n"
    for told in found.stages:
        yield from folded(told.forward, columns, f"{number(told):>6} ")
    if found.stages:
        yield "\nBackward\n"
    for told in reversed(found.stages):
        yield from folded(
            f"{told.name} = {told.code}. {told.gradient}", columns, f"{number(told):>6} "
        )
        if told.passes:
            yield from folded(told.rule, columns, " " * 7)
        for line in told.passes:
            yield from folded(line, columns, " " * 9, " " * 13)
        for remark in told.remarks:
            yield from folded(f"Note: {remark}.", columns, " " * 7)
    if found.meanings:
        yield "\nWhat the gradient says\n"
    for meaning in found.meanings:
        yield from folded(f"{meaning.sum}. {meaning.words}".rstrip(), columns, "  ", "    ")
    if found.notes:
        yield "\n"
    for note in found.notes:
        yield from folded(f"note: {note}", columns, rest="  ")


def number(told: Told) -> str:
    return f"({told.id})"


def render_markdown(found: Explanation) -> Iterator[str]:
    yield f"## {escaped(found.title)}\n\n### Forward\n\n"
    for told in found.stages:
        yield f"{told.id}. {code(told.forward)}\n"
    yield "\n### Backward\n"
    for told in reversed(found.stages):
        yield f"\n**({told.id})** {code(f'{told.name} = {told.code}')}. {escaped(told.gradient)}"
        yield f" {escaped(told.rule)}\n\n" if told.passes else "\n\n"
        for line in told.passes:
            yield f"- {code(line)}\n"
        for remark in told.remarks:
            yield f"- Note: {escaped(remark)}.\n"
    if found.meanings:
        yield "\n### What the gradient says\n\n"
    for meaning in found.meanings:
        yield f"- {escaped(f'{meaning.sum}. {meaning.words}'.rstrip())}\n"
    for note in found.notes:
        yield f"\n> {escaped(note)}\n"


def render_json(found: Explanation) -> Iterator[str]:
    yield json.dumps(
        {
            "schema": SCHEMA,
            "title": found.title,
            "output": found.output,
            "value": plain(found.value),
            "stages": [told._asdict() for told in found.stages],
            "meanings": [
                {
                    "input": meaning.name,
                    "gradient": plain(meaning.gradient),
                    "paths": [
                        {"through": name, "share": plain(share)} for name, share in meaning.paths
                    ],
                    "sum": meaning.sum,
                    "nudge": meaning.nudge and {
                        "entry": meaning.nudge.name,
                        "step": meaning.nudge.step,
                        "predicted": plain(meaning.nudge.predicted),
                        "actual": plain(meaning.nudge.actual),
                    },
                    "words": meaning.words,
                }
                for meaning in found.meanings
            ],
            "notes": list(found.notes),
        },
        allow_nan=False,
    ) + "\n"  # fmt: skip


FORMS = {"plain": render_plain, "markdown": render_markdown, "json": render_json}
