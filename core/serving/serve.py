"""Serving until Ctrl-C: the server, and the process that answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from backprop.errors import UsageError
from backprop.serving.content import files
from backprop.serving.crew import PATIENCE, Crew
from backprop.serving.server import HOST, File, Server

NUMBER = re.compile(r"-?[\d.]+(e[-+]?\d+)?", re.IGNORECASE)


@contextmanager
def started(
    text: str,
    unit: str = "",
    values: Mapping[str, Any] | None = None,
    *,
    port: int = 0,
    patience: float = PATIENCE,
) -> Iterator[Server]:
    """A server that listens; who gets it lets it serve."""
    content = files(text, unit, {name: given(value) for name, value in (values or {}).items()})
    crew = Crew(patience)
    try:
        with listening(port, content, crew) as server:
            yield server
    finally:
        crew.close()


def listening(port: int, content: Mapping[str, File], crew: Crew) -> Server:
    try:
        return Server(port, content, crew.ask)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"{HOST}:{port} can't be listened to: {reason}", hint="--port 0") from None


def play(
    text: str, unit: str, values: Mapping[str, Any], port: int, tell: Callable[[str], None]
) -> None:
    """Serve until somebody interrupts; `tell` gets the address."""
    with started(text, unit, values, port=port) as server:
        tell(server.address)
        server.serve_forever(poll_interval=0.2)


def given(value: Any) -> Any:
    """A value as the page has it: a number, or a text."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else value
    return json.dumps(value) if isinstance(value, list) else value
