"""What can be wrong with a table, or with what is asked of it; cases/batch.txt says what is
answered to each, whole."""

from __future__ import annotations

import bz2
import gzip
import lzma
from pathlib import Path
from typing import NamedTuple

ANSWERS = Path(__file__).parent / "cases" / "batch.txt"
HEADER = """\
# What `batch` answers to what it can't do: the name of a case of batch_troubles.py, the exit code,
# and the whole message.
"""
CSV = "x,y\n1,2\n3,4\n"
LINE = '{"x":1,"y":2}\n'
KEPT = '{"x":1,"y":2,"n":1}\n'
LONG = (CSV * 3000).encode()
TO = ("--data", "d.csv", "-o", "o.csv", "--force")


class Case(NamedTuple):
    """A file, and the words of a command that fails."""

    data: bytes
    args: tuple[str, ...]
    file: str


def table(data: str | bytes, *more: str, text: str = "x*y", file: str = "d.csv") -> Case:
    """Something is wrong with a file."""
    given = data if isinstance(data, bytes) else data.encode()
    return Case(given, (text, "--data", file, "-o", "o.csv", "--force", *more), file)


def asked(*words: str, text: str = "x*y") -> Case:
    """Something is wrong with the words, where a file is fine."""
    return Case(CSV.encode(), (text, *words), "d.csv")


def lines(data: str, *more: str) -> Case:
    return table(data, *more, file="d.jsonl")


def spoiled(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 255]) + data[-4:]


COLUMNS = {
    "another name": table("a,b\n1,2\n"),
    "another case": table("X,y\n1,2\n"),
    "a near name": table(CSV, text="x*yy"),
    "a near name with a space": table("x,my y\n1,2\n", text="x*my_y"),
    "a mapped column that is not there": table(CSV, "--map", "x=q"),
    "a mapped name that is no variable": table(CSV, "--map", "q=x"),
    "a kept column that is not there": table(CSV, "--keep", "q"),
    "a group that is not there": table(CSV, "--reduce", "sum", "--by", "q"),
    "two columns of a name": table("x,x,y\n1,2,3\n"),
    "two columns without a name": table("x,y,,\n1,2,3,4\n", "--keep", "*"),
    "ten thousand columns": table(",".join(f"c{k}" for k in range(10_000)) + "\n", text="q*c3"),
    "a kept column called value": table("x,y,value\n1,2,3\n", "--keep", "value"),
    "a group called rows": table("x,y,rows\n1,2,3\n", "--reduce", "sum", "--by", "rows"),
    "a header of numbers": table("1,2\n3,4\n"),
    "no header asked for": table(CSV, "--no-header"),
    "semicolons": table("x;y\n1;2\n"),
    "semicolons and a name that is near the line": table(
        "x;my weight\n1;2\n", "--map", "y=my weight", text="y"
    ),
    "tabs in CSV": table("x\ty\n1\t2\n"),
    "bars": table("x|y\n1|2\n"),
    "spaces": table("x y\n1 2\n"),
    "an output that is an array": table(CSV, text="[x, y]"),
}
FILES = {
    "an empty file": table(""),
    "only a newline": table("\n"),
    "a blank line first": table("\nx,y\n1,2\n"),
    "UTF-16": table(b"\xff\xfe" + CSV.encode("utf-16-le")),
    "UTF-16 without a mark": table(CSV.encode("utf-16-le")),
    "zeros": table(b"\0" * 1000),
    "Latin-1 in a header": table(b"x,y,\xe9\n1,2,3\n"),
    "a workbook": table(b"PK\3\4\x14\0\6\0\x08\0\0\0!\0\xdf\n", file="d.xlsx"),
    "lines that end with a carriage return": table(CSV.replace("\n", "\r")),
    "a carriage return in a header": table("x\r,y\n1,2\n"),
    "no Parquet": table(CSV, file="d.parquet"),
    "half a bz2 file": table(bz2.compress(LONG)[:50], file="d.csv.bz2"),
    "half a xz file": table(lzma.compress(LONG)[:80], file="d.csv.xz"),
    "half a gz file": table(gzip.compress(LONG, mtime=0)[:60], file="d.csv.gz"),
    "a gz file with other bytes": table(spoiled(gzip.compress(LONG, mtime=0)), file="d.csv.gz"),
    "garbage after a gz file": table(gzip.compress(LONG, mtime=0) + b"garbage", file="d.csv.gz"),
    "an empty gz file": table(gzip.compress(b"", mtime=0), file="d.csv.gz"),
}
ROWS = {
    "text in a column of numbers": table("x,y\n1,abc\n"),
    "long text": table(f"x,y\n1,{'ab' * 40}\n"),
    "too many fields": table("x,y\n1,2,3\n"),
    "too many fields behind an empty one": table("x,y\n1,2,,3\n"),
    "too few fields": table("x,y\n1\n"),
    "Latin-1 in a kept column": table(b"x,y,n\n1,2,caf\xe9\n", "--keep", "n"),
    "Latin-1 in a number": table(b"x,y\n1,2\xe9\n"),
    "a zero byte in a number": table(b"x,y\n1,2\0\n"),
    "a quote that is never closed": table('x,y\n1,2\n3,"4\n5,6\n'),
    "a quote in a header that is never closed": table('"x,y\n1,2\n'),
    "a quote within a field": table('x,y\n1,2\n5",4\n'),
    "a quote within a quoted field": table('x,y\n"1"2,3\n'),
    "a quote alone": table('x,y\n1,"\n2,"3"\n'),
    "the line after a quoted newline": table('n,x,y\n"a\nb",1,2\n"c\n\nd",q,2\n'),
    "the line after blank lines": table("x,y\n\n1,2\n\n\nq,4\n\n"),
    "an empty field in quotes": table('x\n1\n""\n', text="x"),
    "a huge whole number": table("x\n1" + "0" * 400 + "\n", text="x"),
    "no finite answer": table("x\n1\n-1\n", text="log(x)"),
    "no finite gradient": table("x\n1\n0\n", text="sqrt(x)"),
    "no row to sum": table("x,y\n", "--reduce", "sum"),
    "no good row to sum": table("x,y\nq,1\n", "--reduce", "sum", "--on-error", "skip"),
}
NUMBERS = {
    f"{text} as a number": table(f"x\n1\n{text}\n", text="x")
    for text in (
        "1 000", "1,5", '"1,5"', "1_000", "0x10", "inf", "-Infinity", "nan", "1e999", "NULL",
        "-", "\N{ARABIC-INDIC DIGIT THREE}",
    )
}  # fmt: skip
JSON = {
    "a missing key in JSON": lines(LINE + '{"x":1}\n'),
    "a null in JSON": lines(LINE + '{"x":1,"y":null}\n'),
    "text in JSON": lines(LINE + '{"x":1,"y":"2"}\n'),
    "a list in JSON": lines(LINE + '{"x":1,"y":[2]}\n'),
    "NaN in JSON": lines(LINE + '{"x":1,"y":NaN}\n'),
    "1e999 in JSON": lines(LINE + '{"x":1,"y":1e999}\n'),
    "an array for an object": lines(LINE + "[1,2]\n"),
    "half an object": lines(LINE + '{"x":1,\n'),
    "a key twice": lines(LINE + '{"x":1,"y":2,"x":3}\n'),
    "a key twice, once in disguise": lines(LINE + '{"x":1,"y":2,"\\u0078":3}\n'),
    "deep nesting": lines(LINE + '{"x":' + "[" * 10_000 + "\n"),
    "an array of objects": lines('[{"x":1,"y":2}]\n'),
    "an array over many lines": table('[\n{"x":1,"y":2},\n{"x":3,"y":4}\n]\n', file="d.json"),
    "an empty object": lines("{}\n"),
    "blank lines only": lines("\n\n"),
    "no key x": lines('{"z":1,"y":2}\n'),
    "a kept column that changes its type": lines(
        KEPT * 60_000 + '{"x":1,"y":2,"n":"a"}\n', "--keep", "n"
    ),
}
PLACES = {
    "no such file": asked("--data", "none.csv"),
    "no file for a pattern": asked("--data", "*.tsv"),
    "a folder": asked("--data", "folder/"),
    "a device": asked("--data", "/dev/zero"),
    "no name": asked("--data", ""),
    "standard input twice": asked("--data", "-", "--data", "-"),
    "a second file without a column": asked("--data", "d.csv", "--data", "other.csv", *TO[2:]),
    "the file that is read": asked("--data", "d.csv", "-o", "./d.csv"),
    "a pattern with the file that is written": asked("--data", "?.csv", *TO[2:]),
    "a summary in place of the answers": asked(*TO, "--summary", "o.csv"),
    "a summary in no folder": asked(*TO, "--summary", "none/s.json"),
    "a name without a suffix": asked("--data", "d.csv", "-o", "out"),
    "an unknown suffix": asked("--data", "d.csv", "-o", "out.txt"),
    "compressed Parquet": asked("--data", "d.csv", "-o", "x.parquet.gz"),
    "no folder to write to": asked("--data", "d.csv", "-o", "none/o.csv"),
    "no folder to write Parquet to": asked("--data", "d.csv", "-o", "none/o.parquet"),
    "a folder to write to": asked("--data", "d.csv", "-o", "folder", "--format", "csv"),
    "a device to write to": asked("--data", "d.csv", "-o", "/dev/full", "--format", "csv"),
}
OPTIONS = {
    "an unknown format": asked(*TO, "--format", "xml"),
    "a near format": asked(*TO, "--format", "jsonlines"),
    "an unknown source": asked(*TO, "--from", "xls"),
    "CSV as JSON": asked(*TO, "--from", "jsonl"),
    "two separators": asked(*TO, "--separator", ";;"),
    "a quote as separator": asked(*TO, "--separator", '"'),
    "a digit as separator": asked(*TO, "--separator", "0"),
    "JSON with a separator": asked(*TO, "--separator", ";", "--from", "jsonl"),
    "resume without a file": asked("--data", "d.csv", "--resume"),
    "resume with standard input": asked("--data", "-", "-o", "o.csv", "--resume"),
    "by without reduce": asked(*TO, "--by", "x"),
    "reduce and keep": asked(*TO, "--reduce", "sum", "--keep", "x"),
    "reduce and null": asked(*TO, "--reduce", "sum", "--on-error", "null"),
    "reduce and inf": asked(*TO, "--reduce", "sum", "--allow-nonfinite"),
    "only and wrt": asked(*TO, "--only", "value", "--wrt", "x"),
    "wrt of no variable": asked(*TO, "--wrt", "q"),
    "keep without a column": asked(*TO, "--keep", "a="),
    "keep twice": asked(*TO, "--keep", "x,x"),
    "map without a column": asked(*TO, "--map", "x="),
    "map twice": asked(*TO, "--map", "x=y", "--map", "x=x"),
    "a value and a column": asked(*TO, "--map", "x=y", "--x=1"),
    "an array": asked(*TO, "--x=[1,2]"),
    "a value that is nan": asked(*TO, "--x=nan"),
}
CASES = {**COLUMNS, **FILES, **ROWS, **NUMBERS, **JSON, **PLACES, **OPTIONS}


def answers() -> dict[str, tuple[int, str]]:
    """The exit code and the message of every case."""
    found = {}
    for block in ANSWERS.read_text("utf-8").split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        code, _, message = rest.partition("\n---\n")
        found[name] = int(code), message.rstrip("\n") + "\n"
    return found
