"""Reading what a user names: regular files and standard input only, and never without bound."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stdout, suppress
from typing import Any, BinaryIO

from backprop.cli.output import FileOutput
from backprop.cli.saying import say
from backprop.errors import UsageError
from backprop.workplace import Workplace

MAX_BYTES = 64 * 1024 * 1024


def read_text(source: str) -> str:
    """The text of a file, or of standard input if `source` is a dash."""
    name = "standard input" if source == "-" else source
    data = read_bytes(source)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{name} is not UTF-8 text: byte {data[error.start]:#04x} on line {line}"
        raise UsageError(message) from None


def read_bytes(source: str) -> bytes:
    """What a file holds, or standard input, if it isn't too much."""
    data = read_stdin() if source == "-" else read_file(source)
    if len(data) > MAX_BYTES:
        name = "standard input" if source == "-" else source
        raise UsageError(f"{name} is larger than {MAX_BYTES:,} bytes")
    return data


def read_stdin() -> bytes:
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("there is no standard input to read")
    if sys.stdin.isatty():
        say("reading from the terminal; Ctrl-D on a line of its own ends it")
    return sys.stdin.buffer.read(MAX_BYTES + 1)


def read_file(path: str) -> bytes:
    if not path:
        raise UsageError("there is no file name after @")
    try:
        if os.path.isdir(path):
            raise UsageError(f"{path} is a directory")
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path} is not a regular file")
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} can't be read: {reason}") from None


def read_point(source: str, *, plain: bool = False) -> dict[str, Any]:
    """The point of `--at`: a JSON object, or the file that holds one; or arrays in an .npz. With
    `plain` values may be anything that JSON has."""
    import json

    from backprop.reading.given import entries, is_plain_number

    if source.endswith(".npz"):
        from backprop.answer.array_files import point_from

        return point_from(source, read_bytes(source.removeprefix("@")))
    inline = source.lstrip().startswith("{")
    name = "--at" if inline else f"--at {source}"
    text = source if inline else read_text(source.removeprefix("@"))
    try:
        point = json.loads(text, object_pairs_hook=unique, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        hint = 'a point looks like this: {"x": -2, "y": 5}'
        at = (error.pos, error.pos + 1)
        raise UsageError(
            f"this is not JSON: {error.msg.lower()}", text=text, span=at, origin=name, hint=hint
        ) from None
    except RecursionError:
        raise UsageError(f"{name}: the JSON is nested too deeply") from None
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from None
    if not isinstance(point, dict):
        raise UsageError(
            f"{name}: a point is a JSON object of names and values", hint='such as {"x": -2}'
        )
    for variable, value in point.items():
        if not is_text(variable):
            raise UsageError(
                f"{name}: {json.dumps(variable)} is not a name: it holds half a character"
            )
        if (
            not plain
            and not isinstance(value, str)
            and not all(map(is_plain_number, entries(value)))
        ):
            raise UsageError(f"{name}: the value of {variable} is not a number")
    return point


def is_text(name: str) -> bool:
    """JSON can also spell half of a surrogate pair."""
    return name.encode("utf-8", "replace").decode("utf-8") == name


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(n for n in names if names.count(n) > 1)} is given twice")
    return found


def refuse_constant(text: str) -> float:
    raise ValueError(f'{text} is not JSON; write it as a string: "{text}"')


def write_whole(path: str, content: str | bytes) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as file:
        file.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def whole_file(path: str) -> Iterator[BinaryIO]:
    """A file that is there when all is written: under another name first, then renamed."""
    place = os.path.realpath(path)
    folder, name = os.path.split(place)
    try:
        if os.path.isdir(place):
            raise UsageError(f"{path} is a directory")
        if os.path.exists(place) and not os.path.isfile(place):
            raise UsageError(f"{path} is not a regular file")
        with (
            closing(Workplace(folder)) as here,
            here.replacing(name, f".{name}.{os.urandom(8).hex()}.tmp") as file,
        ):
            yield file
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{path} can't be written: {reason}") from None


class DiscardError(BaseException):
    """Leave a file unwritten."""


@contextmanager
def answer_in(path: str) -> Iterator[None]:
    """Let a file take what is printed, if nothing fails on the way."""
    failed: Exception | None = None
    try:
        with whole_file(path) as file:
            stream = FileOutput(file, "utf-8", newline="\n")
            try:
                with redirect_stdout(stream):
                    yield
                    stream.flush()
            except (OSError, ValueError) as error:
                if isinstance(error, OSError) and error.filename is None:
                    raise  # the disk may be full
                failed = error
                raise DiscardError from None
            finally:
                with suppress(OSError):
                    stream.detach()
    except DiscardError:
        assert failed is not None
        raise failed from None
