"""Arrays that a user gives: each is the right numbers, or one message, whatever the file holds."""

from __future__ import annotations

import io
import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

import backprop
from backprop.cli.variables import array_file
from backprop.errors import UsageError

Array = Any


def npy(array: Array, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=pickled)
    return stream.getvalue()


def npz(array: Array) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=array)
    return stream.getvalue()


def header(shape: str, kind: str = "'<f8'", version: int = 1) -> bytes:
    """A .npy file of no numbers, whose header says what one likes."""
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117)
    size = (len(text) + 1).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text + b"\n"


GRID = np.array([[1.0, 2.0], [3.0, 4.0]])

RIGHT: Mapping[str, tuple[bytes, Array]] = {
    "doubles.npy": (npy(GRID), GRID),
    "UPPER.NPY": (npy(GRID), GRID),
    "columns.npy": (npy(np.asfortranarray(GRID)), GRID),
    "view.npy": (npy(GRID.T[::-1]), GRID.T[::-1]),
    "foreign.npy": (npy(GRID.astype(">f8")), GRID),
    "short.npy": (npy(GRID.astype(">i2")), GRID),
    "single.npy": (npy(GRID.astype(np.float32)), GRID),
    "half.npy": (npy(GRID.astype(np.float16)), GRID),
    "long.npy": (npy(GRID.astype(np.longdouble)), GRID),
    "unsigned.npy": (npy(np.array([2**64 - 1], dtype=np.uint64)), [2.0**64]),
    "bool.npy": (npy(GRID > 2), [[0, 0], [1, 1]]),
    "number.npy": (npy(np.float64(3)), 3),
    "none.npy": (npy(np.zeros((0, 3))), np.zeros((0, 3))),
    "second.npy": (header("(2,)", version=2) + np.ones(2).tobytes(), [1, 1]),
    "commas.csv": (b"1,2\n3,4\n", GRID),
    "named.csv": (b"first,second\n1,2\n3,4\n", GRID),
    "marked.csv": (b"\xef\xbb\xbf1,2\n3,4\n", GRID),
    "marked and named.csv": (b"\xef\xbb\xbfa,b\n1,2\n3,4\n", GRID),
    "windows.csv": (b"1,2\r\n3,4\r\n", GRID),
    "mac.csv": (b"1,2\r3,4\r", GRID),
    "wide.csv": (b" 1 , 2\n\n 3 ,4", GRID),
    "quoted.csv": (b'"1","2"\n"3","4"\n', GRID),
    "column.csv": (b"x\n1\n2\n", [1, 2]),
    "row.csv": (b"1,2e0\n", [[1, 2]]),
    "lists.json": (b"[[1, 2], [3, 4]]", GRID),
    "marked.json": (b"\xef\xbb\xbf[1, 2]", [1, 2]),
    "booleans.json": (b"[true, false]", [1, 0]),
    "long.json": (b"[1" + b"0" * 30 + b", 2]", [1e30, 2]),
    "number.json": (b"3", 3),
    "nothing.json": (b"[]", []),
}
UNREAD = {
    "pickled.npy": (npy(np.array([{}, 1], dtype=object), True),
                    "it holds pickled objects, which are never loaded"),
    "bare pickle.npy": (pickle.dumps([1, 2]), "it is not an .npy file"),
    "true.npy": (header("(True,)") + bytes(8), "its header has an impossible axis"),
    "archive.npy": (npz(GRID), "it is not an .npy file"),
    "huge.npy": (header("(1250000000,)") + b"\0" * 64,
                 "its header asks for 1,250,000,000 entries, which it doesn't hold"),
    "below.npy": (header("(-1, 2)"), "its header has an impossible axis"),
    "far.npy": (header("(0, 1" + "0" * 30 + ")"), "its header has an impossible axis"),
    "code.npy": (header("__import__('os').abort()"), "its header is damaged"),
    "other.npy": (header("(2,)", version=9), "its version is not known"),
    "cut.npy": (npy(GRID)[:100], "EOF: reading array header, expected 118 bytes got 90"),
    "cut short.npy": (npy(GRID)[:-8], "EOF: reading array data, expected 32 bytes got 24"),
    "cut off.npy": (b"\x93NUMPY", "EOF: reading magic string, expected 8 bytes got 6"),
    "hello.npy": (b"hello", "it is not an .npy file"),
    "empty.npy": (b"", "it is not an .npy file"),
    "empty.csv": (b"", "it holds no row of numbers with commas between"),
    "names.csv": (b"a,b\n", "it holds no row of numbers with commas between"),
    "ragged.csv": (b"1,2\n3\n", "its rows have different lengths"),
    "words.csv": (b"1,2\n3,x\n", "line 2: x is no number"),
    "half named.csv": (b"a,2\n3,4\n", "line 1: a is no number"),
    "gap.csv": (b"1,2\n3,\n", "line 2: an empty cell is no number"),
    "lacking.csv": (b"1,NA\n", "line 1: NA is no number"),
    "semicolons.csv": (b"1;2\n3;4\n", "line 2: 3;4 is no number; semicolons part its cells"),
    "tabs.csv": (b"1\t2\n3\t4\n", "line 2: 3    4 is no number; tabs part its cells"),
    "open.json": (b"[1, 2", "Expecting ',' delimiter: line 1 column 6 (char 5)"),
    "two.json": (b"[1] [2]", "Extra data: line 1 column 5 (char 4)"),
    "empty.json": (b"", "Expecting value: line 1 column 1 (char 0)"),
}  # fmt: skip
REFUSED = {
    "a.npz": (npz(GRID), "the value of W: a.npz is not a file of .npy, .csv, .json"),
    "a.txt": (b"1", "the value of W: a.txt is not a file of .npy, .csv, .json"),
    "latin.csv": (b"\xe9,1\n", "the value of W: latin.csv is not UTF-8 text"),
    "wide.csv": ("1,2".encode("utf-16"), "the value of W: wide.csv is not UTF-8 text"),
    "deep.json": (b"[" * 100_000, "the value of W: deep.json is nested too deeply"),
    "seventy.json": (b"[" * 70 + b"1" + b"]" * 70, "the value of W is nested too deeply"),
    "complex.npy": (npy(np.array([1j])), "the value of W holds complex128 instead of numbers"),
    "rows.npy": (npy(np.array([(1, 2.0)], dtype="i8,f8")),
                 "the value of W holds [('f0', '<i8'), ('f1', '<f8')] instead of numbers"),
    "words.npy": (npy(np.array(["a"])), "the value of W holds <U1 instead of numbers"),
    "days.npy": (npy(np.array(["2020-01-01"], dtype="M8[D]")),
                 "the value of W holds datetime64[D] instead of numbers"),
    "nine.npy": (npy(np.ones((1,) * 9)),
                 "the value of W is 1x1x1x1x1x1x1x1x1: at most 8 axes and 50,000,000 entries are held"),
    "object.json": (b'{"a": 1}', "the value of W holds something other than numbers"),
    "null.json": (b"[1, null]", "the value of W holds something other than numbers"),
    "text.json": (b'["1"]', "the value of W holds <U1 instead of numbers"),
    "ragged.json": (b"[[1], [2, 3]]",
                    "the value of W is ragged: lists inside a list have different lengths"),
    "endless.json": (b"[1" + b"0" * 400 + b"]", "the value of W has an entry larger than any float"),
}  # fmt: skip


@pytest.mark.parametrize("name", RIGHT)
def test_an_array_in_a_file_is_its_numbers(tmp_path: Path, name: str) -> None:
    data, expected = RIGHT[name]
    (tmp_path / name).write_bytes(data)
    found = array_file("W", f"@{tmp_path / name}")
    assert (found.dtype, found.flags.c_contiguous) == (np.float64, True)
    np.testing.assert_array_equal(
        found, expected, strict=isinstance(expected, np.ndarray) and expected.dtype == float
    )


@pytest.mark.parametrize("name", [*UNREAD, *REFUSED])
def test_a_file_that_holds_no_array_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    data, said = UNREAD[name] if name in UNREAD else REFUSED[name]
    expected = f"the value of W: {name} can't be read: {said}" if name in UNREAD else said
    (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        array_file("W", f"@{name}")
    assert caught.value.render() == f"error: {expected}"


class Payload:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_a_pickle_is_never_run(command: Command, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    data = npy(np.array([Payload(mark)], dtype=object), True)
    (tmp_path / "w.npy").write_bytes(data)
    done = command("eval", "sum(W)", "--W=@w.npy", cwd=tmp_path)
    assert (done.returncode, mark.exists()) == (2, False)
    assert done.stderr == (
        "error: the value of W: w.npy can't be read: it holds pickled objects, which are never loaded\n"
    )
    np.load(io.BytesIO(data), allow_pickle=True)
    assert mark.exists()  # it would have made one


def test_a_file_that_claims_ten_gigabytes_takes_no_memory(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "w.npy").write_bytes(header("(1250000000,)"))
    tracemalloc.start()
    with pytest.raises(UsageError):
        array_file("W", f"@{tmp_path / 'w.npy'}")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 100_000_000  # what is read of any file is bounded by 64 MiB


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "there is no file name after @"),
        ("folder.npy", "folder.npy is a directory"),
        ("pipe.npy", "pipe.npy is not a regular file"),
        ("missing.npy", "missing.npy can't be read: No such file or directory"),
        ("circle.npy", "circle.npy can't be read: Too many levels of symbolic links"),
        ("zero.npy", "zero.npy is not a regular file"),
    ],
)
def test_what_is_no_file_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkdir("folder.npy")
    os.mkfifo("pipe.npy")
    os.symlink("circle.npy", "circle.npy")
    os.symlink("/dev/zero", "zero.npy")
    with pytest.raises(UsageError) as caught:
        array_file("W", f"@{name}")
    assert caught.value.message == said


FILES = ("columns.npy", "named.csv", "lists.json")


@pytest.mark.parametrize("name", FILES)
def test_a_file_by_the_command(command: Command, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(RIGHT[name][0])
    done = command("eval", "sum(W @ [1, -1])", f"--W=@{name}", "--json", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["inputs"], found["gradient"]) == (
        {"W": [[1, 2], [3, 4]]},
        {"W": [[1, -1], [1, -1]]},
    )


def test_a_damaged_file_by_the_command(command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.npy").write_bytes(UNREAD["code.npy"][0])
    done = command("eval", "sum(W)", "--W=@w.npy", cwd=tmp_path)
    said = "error: the value of W: w.npy can't be read: its header is damaged\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


@pytest.mark.parametrize("data", [b"[1, NaN]", b"[1, Infinity]", b"[1, 1e999]"])
def test_what_is_not_finite_needs_leave(command: Command, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "w.json").write_bytes(data)
    args = ("eval", "W[0]**2", "--W=@w.json")
    refused, let = command(*args, cwd=tmp_path), command(*args, "--allow-nonfinite", cwd=tmp_path)
    assert (refused.returncode, let.returncode) == (2, 0)
    assert refused.stderr.endswith(
        "not a finite number\nhelp: --allow-nonfinite lets infinite and undefined inputs through\n"
    )


def test_a_long_float_beyond_float64_is_infinite_and_nothing_else_is_said() -> None:
    with pytest.raises(UsageError) as caught:
        backprop.evaluate("sum(v)", v=np.array([1, np.longdouble("1e4000")]))
    assert caught.value.message == "the value of v has an entry inf, not a finite number"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3]], "the value of v is ragged: lists inside a list have different lengths"),
        ([np.ones(2), np.ones(3)],
         "the value of v is ragged: lists inside a list have different lengths"),
        (["a"], "the value of v holds <U1 instead of numbers"),
        ([1, "a"], "the value of v holds <U21 instead of numbers"),
        ([b"1"], "the value of v holds |S1 instead of numbers"),
        ([None], "the value of v holds something other than numbers"),
        (np.array([1, {}], dtype=object), "the value of v holds something other than numbers"),
        ([1j], "the value of v holds complex128 instead of numbers"),
        (np.zeros(2, dtype="i8,f8"),
         "the value of v holds [('f0', '<i8'), ('f1', '<f8')] instead of numbers"),
        ([1, float("nan")], "the value of v has an entry nan, not a finite number"),
        ([1, float("-inf")], "the value of v has an entry -inf, not a finite number"),
        ([10**400], "the value of v has an entry larger than any float"),
        ({1: 2}, "the value of v is not a number: {1: 2}"),
        ("[1, [2]]", "1 is a number, [2] is a vector of 1: the entries of a list have to have one shape"),
        ("[1, 'a']", "text in quotes can't be used here"),
        ("[1, y]", "y is not a number"),
        ("[]", "an empty list has no numbers; zeros(0) makes a vector of none"),
    ],
)  # fmt: skip
def test_a_value_that_is_no_array_of_numbers_is_refused(given: Any, message: str) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate("sum(v)", v=given)
    assert caught.value.message == message


@pytest.mark.parametrize(
    "given", [(1, 2), range(1, 3), [True, 2], np.array([1, 2], dtype=object), np.array([1, 9, 2])[::2],
              [np.float32(1), 2], "[1, 2]", "1 + arange(2)"], ids=repr,
)  # fmt: skip
def test_values_come_in_many_forms(given: Any) -> None:
    report = backprop.evaluate("v @ v", v=given)
    assert (report.value, list(report.gradient["v"])) == (5, [2, 4])
