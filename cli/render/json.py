"""One JSON object on one line, stage by stage, so that any number of stages needs little memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from json import JSONEncoder
from typing import Any

from backprop.answer.report import Report

encode = JSONEncoder(allow_nan=False, check_circular=False).encode


BATCH = 200  # stages encoded at once


def render(report: Report) -> Iterator[str]:
    """The pieces of the line; numbers are exact, arrays whole."""
    yield encode(report.head())[:-1] + ', "stages": ['
    stages = (report.stage_dict(computed) for computed in report.stages())
    separator = ""
    while batch := list(islice(stages, BATCH)):
        yield separator + encode(batch)[1:-1]
        separator = ", "
    yield "], " + encode(report.tail())[1:] + "\n"


def render_object(value: Any) -> str:
    return encode(value) + "\n"
