"""One JSON object on one line, stage by stage, so that any number of stages needs little memory."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONEncoder
from typing import Any

from backprop.report import Report

encode = JSONEncoder(allow_nan=False, separators=(", ", ": ")).encode


def render(report: Report, precision: int = 0) -> Iterator[str]:  # noqa: ARG001, always exact
    yield encode(report.head())[:-1]
    yield ', "stages": ['
    separator = ""
    for computed in report.stages():
        yield separator + encode(report.stage_dict(computed))
        separator = ", "
    yield "], "
    yield encode(report.tail())[1:]
    yield "\n"


def render_object(value: Any) -> str:
    return encode(value) + "\n"
