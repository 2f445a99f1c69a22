"""backprop batch and what is wrong: every mistake has its message, its exit code and nothing lost;
every bad row is counted once and named by its line; no number changes on its way in."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import polars
import pytest
from batch_troubles import CASES, CSV, Case, answers
from conftest import Batch, Command
from counts import cases

from backprop.batching import running
from backprop.cli.main import run
from backprop.errors import UsageError
from backprop.tables import parquet, streams
from backprop.tables.blocks import Wanted
from backprop.tables.formats import Kind
from backprop.tables.layout import Layout, MisquotedError
from backprop.tables.opening import Reading, open_table
from backprop.tables.writing import encoded

ANSWERS = answers()
Rows = dict[int, Any]


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", CASES)
def test_trouble_has_its_message_and_loses_nothing(
    name: str, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    case: Case = CASES[name]
    monkeypatch.chdir(tmp_path)
    Path("o.csv").write_text("old", "utf-8")
    Path("other.csv").write_text("x,z\n1,2\n", "utf-8")
    Path("folder").mkdir()
    Path(case.file).write_bytes(case.data)
    before = listing(tmp_path)
    code = run(["batch", *case.args, "--check-rows=0", "--quiet"])
    out, err = capfd.readouterr()
    assert (code, err, out) == (*ANSWERS[name], "")
    assert Path("o.csv").read_text("utf-8") == "old"
    assert Path(case.file).read_bytes() == case.data
    assert listing(tmp_path) == before


def test_every_case_has_an_answer_and_every_answer_a_case() -> None:
    assert [*ANSWERS] == [*CASES]


# What an independent reader finds, and what ours does.


def number(text: str) -> float | None:
    if text.strip().lower() in ("true", "false"):
        return float(text.strip().lower() == "true")
    try:
        return float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        return None


def read_by_python(data: bytes, used: Sequence[int], width: int, separator: str) -> Rows:
    """Lines of CSV, and the numbers of each; None if it has not all of them."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator)
    next(reader)
    found: Rows = {}
    line = reader.line_num + 1
    for record in reader:
        begin, line = line, reader.line_num + 1
        if not record or (len(record) == 1 and record[0].isspace()):
            continue
        numbers = [number(record[k].strip()) if k < len(record) else None for k in used]
        fits = len(record) <= width or (len(record) == width + 1 and not record[width].strip())
        found[begin] = numbers if fits and None not in numbers else None
    return found


def read_by_us(path: Path, names: Sequence[str], kept: str, reading: Reading) -> Rows:
    found: Rows = {}
    wanted = Wanted({name: name for name in names}, {kept: kept} if kept else {})
    with closing(open_table(str(path), reading)) as table:
        for block in table.blocks(wanted):
            for row, line in enumerate(block.lines):
                assert line not in found
                numbers = [float(block.numbers[name][row]) for name in names]
                found[line] = None if row in block.bad else numbers
            assert not kept or len(block.kept) == len(block.lines)
    return found


def bits(rows: Rows) -> Rows:
    """Numbers as their bits, of which nan has many."""
    return {
        line: numbers and [n == n and struct.pack("<d", n) for n in numbers]
        for line, numbers in rows.items()
    }


def any_float(random: Random) -> float:
    return float(struct.unpack("<d", random.randbytes(8))[0])


NUMERALS: Sequence[Callable[[Random], str]] = (
    lambda random: repr(any_float(random)),
    lambda random: str(random.randint(-(10**20), 10**20)),
    lambda random: f"{random.gauss(0, 1000):.17g}",
    lambda random: f"{random.random():.25f}",
    lambda random: f"{random.randint(0, 10**17)}E{random.randint(-330, 300)}",
    lambda random: repr(random.randint(0, 1000) * 5e-324),
    lambda random: f"{random.random():e}",
    lambda random: random.choice(["-0.0", "-0", ".5", "1.", "+7", "1e23", "9007199254740993"]),
)
AROUND: Sequence[str] = ("{}", "{}", "{}", "{}", '"{}"', " {}", "{} ", '" {} "')
SPOILED = (
    "abc",
    "",
    "  ",
    "1_0",
    "0x10",
    "true",
    "1.2.3",
    '"a\nb"',
    "--1",
    '"x""y"',
    "é",
    "1e",
    '"1 2"',
)
TEXTS = (
    "a",
    "",
    "x y",
    '"q,r;s"',
    '"l1\nl2"',
    '"say ""hi"""',
    "é",
    '"\r\n"',
    " pad ",
    "7",
    '"\n\n"',
)
COLUMNS = ("x", "y", "name", "z")


def delimited(random: Random, separator: str, width: int, wild: float) -> bytes:
    """A table with numbers of all kinds, quoted newlines and blank lines, and some of it wrong."""
    rows = [separator.join(COLUMNS[:width])]
    for _ in range(random.randint(0, 25)):
        fields = []
        for name in COLUMNS[:width]:
            if name == "name":
                fields.append(random.choice(TEXTS))
            elif random.random() < wild:
                fields.append(random.choice(SPOILED))
            else:
                fields.append(random.choice(AROUND).format(random.choice(NUMERALS)(random)))
        if random.random() < wild:
            fields += random.choice([[""], ["9"], ["x"], ["", "8"]])
        if random.random() < wild and len(fields) > 1:
            fields.pop()
        rows.append(random.choice(["", "  "]) if random.random() < wild else separator.join(fields))
    text = random.choice(["\n", "\r\n"]).join(rows) + random.choice(["", "\n", "\n\n"])
    return random.choice(["", "\ufeff"]).encode() + text.encode()


@pytest.mark.parametrize("wild", [0, 0.06])
def test_csv_is_read_as_python_reads_it(wild: float, tmp_path: Path, monkeypatch: Any) -> None:
    for seed in range(cases(80, 250)):
        random = Random(seed)
        separator, width = random.choice(",;\t"), random.randint(1, 4)
        data = delimited(random, separator, width, wild)
        used = [k for k in range(width) if COLUMNS[k] != "name"]
        monkeypatch.setattr(streams, "PIECE", random.choice([200, 500, 1 << 20]))
        path = tmp_path / "d.csv"
        path.write_bytes(data)
        kept = "name" if width > 2 else ""
        mine = read_by_us(path, [COLUMNS[k] for k in used], kept, Reading(None, separator))
        right = read_by_python(data, used, width, separator)
        assert (seed, bits(mine)) == (seed, bits(right))


VALUES: Sequence[Callable[[Random], str]] = (
    lambda random: json.dumps(any_float(random)),
    lambda random: str(random.randint(-(10**25), 10**25)),
    lambda random: f"{random.gauss(0, 1000):.17g}",
    lambda random: f"{random.random():.25e}",
    lambda random: repr(random.randint(0, 1000) * 5e-324),
    lambda random: (
        f"{random.randint(0, 9)}.{random.randint(0, 10**20)}e{random.randint(-330, 300)}"
    ),
    lambda random: random.choice(["-0.0", "-0", "1E+5", "9007199254740993"]),
)
MISFITS = ('"1.5"', "true", "null", "[1]", '{"x":1}', "abc", "1.", ".5", "01", '""', "NaN", '"Infinity"',
           "1e999", "9" * 400, '"\\ud800"', '"x"')  # fmt: skip
MALFORMED = (
    "", "  ", "[1,2]", "5", "null", "{", '{"x":1}}', '{"x":1} x', '{"x":1,"x":2,"y":1}', "{}", "[" * 3000,
    '{"z":{"x":1},"x":5,"y":6,"name":"x"}', '{"\\u0078":3,"y":4}', '\t{"y" : 1 , "x" : 2}\r',
    '{"x":1,"y":1,"name":"a","e":1e999}', '{"x":1,"y":1,"name":1e5,"e":NaN}',
)  # fmt: skip
KEPT = (
    ('"a"', '"é"', '"x"'),
    ("1", "2"),
    ('"a"', "1", "1.5", "null", "true", "[1, 2]", "1e5", "-0.0"),
)


def json_lines(random: Random, wild: float) -> bytes:
    rows, kept = ['{"x":1,"y":2,"name":null}'], random.choice(KEPT)
    for _ in range(random.randint(1, 25)):
        if random.random() < wild:
            rows.append(random.choice(MALFORMED))
            continue
        pairs = [f'"name":{random.choice(kept)}']
        for name in "xy":
            value = (
                random.choice(MISFITS) if random.random() < wild else random.choice(VALUES)(random)
            )
            pairs += [f'"{name}":{value}'] if random.random() > wild / 3 else []
        random.shuffle(pairs)
        rows.append("{" + ", ".join(pairs) + "}")
    return random.choice(["\n", "\r\n"]).join(rows).encode() + random.choice([b"", b"\n", b"\n\n"])


def of_line(line: bytes) -> list[float] | None:
    """x and y, if they are numbers there and each is given once."""
    pairs: list[tuple[str, Any]] = []

    def keep(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs[:] = found
        return dict(found)

    try:
        record = json.loads(line.decode("utf-8"), object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None
    names = [name for name, _ in pairs]
    if not isinstance(record, dict) or any(names.count(name) != 1 for name in "xy"):
        return None
    found = []
    for value in (record["x"], record["y"]):
        if not (isinstance(value, (int, float)) or value == "Infinity"):
            return None
        try:
            found.append(float(value))
        except OverflowError:
            found.append(float("inf"))
    return found


@pytest.mark.parametrize("wild", [0, 0.1])
def test_json_lines_are_read_as_python_reads_them_in_pieces_of_any_size(
    wild: float, tmp_path: Path, monkeypatch: Any
) -> None:
    path = tmp_path / "d.jsonl"
    for seed in range(cases(30, 100)):
        data = json_lines(Random(seed), wild)
        path.write_bytes(data)
        right = {k: of_line(line) for k, line in enumerate(data.split(b"\n"), 1) if line.strip()}
        kept = []
        for size in (64, 300, 1 << 20):
            monkeypatch.setattr(streams, "PIECE", size)
            assert (seed, bits(read_by_us(path, "xy", "", Reading()))) == (seed, bits(right))
            with closing(open_table(str(path))) as table:
                blocks = [*table.blocks(Wanted({}, {"name": "name"}))]
            kept.append([value for block in blocks for value in block.kept["name"].to_list()])
        assert all(map(repr(kept[0]).__eq__, map(repr, kept)))


def test_parquet_is_read_bit_for_bit(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "d.parquet"
    for seed in range(60):
        random = Random(seed)
        monkeypatch.setattr(parquet, "ROWS", random.choice([1, 3, 1000]))
        rows = range(random.randint(0, 30))
        x = [None if random.random() < 0.1 else any_float(random) for _ in rows]
        y = [None if random.random() < 0.1 else random.randint(-(2**63), 2**63 - 1) for _ in rows]
        table = polars.DataFrame({"x": x, "y": y}, {"x": polars.Float64, "y": polars.Int64})
        table.write_parquet(path, row_group_size=7)
        right: Rows = {
            k: None if a is None or b is None else [a, float(b)]
            for k, (a, b) in enumerate(zip(x, y, strict=True), 1)
        }
        assert bits(read_by_us(path, "xy", "", Reading())) == bits(right)


# What is counted.


def planted(random: Random) -> tuple[str, dict[int, str]]:
    """A table of log(x), and what is wrong with which line of it."""
    rows, line, wrong = ["x,n"], 2, {}
    for _ in range(random.randint(30, 60)):
        note = random.choice(["", "a", '"two\nlines"', '"say ""so"""'])
        text = random.choice(["1.5", "1.5", "1.5", "2", "0.25", "-1", "q", "nan", ""])
        if text in ("-1", "q", "nan", ""):
            wrong[line] = "nonfinite" if text == "-1" else "unreadable"
        rows.append(f"{text},{note}")
        line += rows[-1].count("\n") + 1
        if random.random() < 0.1:
            rows.append("")
            line += 1
    return "\n".join(rows) + "\n", wrong


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("how", ["skip", "null", "fail"])
def test_every_bad_row_is_counted_once_and_named(
    how: str, seed: int, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(streams, "PIECE", 150)
    text, wrong = planted(Random(seed))
    Path("d.csv").write_text(text, "utf-8", newline="")
    words = [
        "batch",
        "log(x)",
        "--data=d.csv",
        "-o",
        "o.csv",
        "--keep=n",
        "--check-rows=0",
        "--quiet",
    ]
    code = run([*words, f"--on-error={how}", "--summary=s.json"])
    said = capfd.readouterr().err
    if how == "fail":
        first = min(wrong)
        assert code == (3 if wrong[first] == "nonfinite" else 2)
        assert said.startswith(f"error: d.csv, line {first}: ")
        return
    records = [record for record in csv.reader(io.StringIO(text)) if record][1:]
    summary = json.loads(Path("s.json").read_text("utf-8"))
    counts = {kind: [*wrong.values()].count(kind) for kind in ("unreadable", "nonfinite")}
    assert {kind: summary[kind] for kind in counts} == counts
    assert summary["rows"] == len(records) == summary["answered"] + len(wrong)
    named = [int(one["where"].removeprefix("d.csv, line ")) for one in summary["troubles"]]
    assert named == sorted(wrong)[:10]
    with open("o.csv", encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    bad = [row for row, (x, _) in enumerate(records) if x in ("-1", "q", "nan", "")]
    if how == "null":
        assert [k for k, row in enumerate(written) if row["value"] == ""] == bad
        assert [row["n"] for row in written] == [note for _, note in records]
    else:
        left = [note for k, (_, note) in enumerate(records) if k not in bad]
        assert [row["n"] for row in written] == left


# Quotes.


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ('1,"\n2,"3"\n', 1, "a quote stands within a field"),
        ('1,2\n3,"4', 1, "a quote is never closed"),
        ('a"b\n', 0, "a quote stands within a field"),
        ('"a"b\n', 0, "a quote stands within a field"),
        ('"a\n\nb"c\n', 2, "a quote stands within a field"),
        ('"a" ,b\n', 0, "a quote stands within a field"),
    ],
)
def test_a_quote_that_is_out_of_place_is_found(text: str, line: int, reason: str) -> None:
    with pytest.raises(MisquotedError) as error:
        Layout(text.encode(), ",")
    assert (error.value.line, error.value.reason) == (line, reason)


def test_quotes_where_they_belong_make_records() -> None:
    layout = Layout(b'"a,\n""b""",c\r\n"",""\n\n"""",1', ",")
    assert (layout.lines, layout.fields.tolist(), layout.full()) == (
        [0, 2, 3, 4],
        [2, 2, 1, 2],
        [0, 1, 3],
    )


def test_a_long_run_of_quoted_lines_takes_no_quadratic_time(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes(b'x,y\n1,"2\n' + b'"4","5"\n' * 300_000)
    with pytest.raises(UsageError, match="line 3: a quote stands within a field"):
        read_by_us(tmp_path / "d.csv", "xy", "", Reading())


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"x" * 9_000_000, "d.csv: line 1 is longer than 4,194,304 bytes"),
        (b'"x\n' * 1_500_001, "d.csv, line 2: a quote stands within a field"),
        (b"x,y\n1,2\n" + b"3" * 3_000_000, "d.csv: line 3 has no end"),
    ],
)
def test_lines_without_end_are_refused(
    data: bytes, message: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(streams, "LONGEST", 2 << 20)
    monkeypatch.setattr(streams, "PIECE", 1 << 18)
    Path("d.csv").write_bytes(data)
    with pytest.raises(UsageError) as error:
        read_by_us(Path("d.csv"), "xy", "", Reading())
    assert error.value.message == message


# What a column of Parquet may hold.

HELD: Mapping[str, tuple[Any, str]] = {
    "dates": (polars.Series(["2020-01-01"]).str.to_date(), "Date"),
    "lists": (polars.Series([[1]]), "List(Int64)"),
    "lists of text": (polars.Series([["a"]]), "List(String)"),
    "structs": (polars.Series([{"a": 1}]), "Struct({'a': Int64})"),
    "text": (polars.Series(["1"]), "String"),
    "bytes": (polars.Series([b"\xff"]), "Binary"),
}


@pytest.mark.parametrize("name", [name for name in HELD if name not in ("lists", "text")])
def test_what_is_no_number_is_no_variable(
    name: str, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    held, kind = HELD[name]
    polars.DataFrame({"x": held}).write_parquet("d.parquet")
    code = run(["batch", "x", "--data=d.parquet", "-o", "o.csv", "--check-rows=0"])
    message = f"error: d.parquet: the column x holds {kind}, not numbers\n"
    assert (code, capfd.readouterr().err) == (2, message)
    assert listing(tmp_path) == ["d.parquet"]


def test_parquet_has_one_type_for_a_kept_column(
    tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("x,id\n1,7\n", "utf-8")
    polars.DataFrame({"x": [2.0], "id": [8]}).write_parquet("b.parquet")
    words = ["batch", "x", "--data=a.csv", "--data=b.parquet", "--keep=id", "--check-rows=0"]
    message = (
        "error: the column id holds String at first and then Int64, and Parquet has one type for "
        "all rows\nhelp: --format csv or --format jsonl can hold both\n"
    )
    code = run([*words, "-o", "o.parquet"])
    assert (code, capfd.readouterr().err) == (2, message)
    assert listing(tmp_path) == ["a.csv", "b.parquet"]
    assert run([*words, "--format=csv", "--quiet"]) == 0
    assert capfd.readouterr().out == "id,value,dx\n7,1.0,1.0\n8,2.0,1.0\n"


@pytest.mark.parametrize("name", ["lists", "structs", "bytes"])
def test_what_makes_no_groups_is_refused(
    name: str, tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    held, kind = HELD[name]
    polars.DataFrame({"x": [1.0], "g": held}).write_parquet("d.parquet")
    code = run(["batch", "x", "--data=d.parquet", "--reduce=sum", "--by=g", "--check-rows=0"])
    assert (code, capfd.readouterr().err) == (2, f"error: rows can't be grouped by {kind}\n")


@pytest.mark.parametrize(
    ("name", "format_"),
    [("lists", "csv"), ("structs", "tsv"), ("bytes", "csv"), ("bytes", "jsonl")],
)
def test_what_text_cannot_hold_is_refused(name: str, format_: str) -> None:
    held, kind = HELD[name]
    with pytest.raises(UsageError) as error:
        encoded(polars.DataFrame({"n": held}), Kind(format_), first=True)
    message = f"error: the column n holds {kind}, which can't be written as {format_}"
    assert error.value.render() == f"{message}\nhelp: --format parquet can hold it"


# Processes.


@pytest.fixture(scope="module")
def big(tmp_path_factory: Any) -> Path:
    """A table whose answers are larger than what a pipe or a small disk takes."""
    path = Path(tmp_path_factory.mktemp("big")) / "d.csv"
    path.write_text("x,y\n" + "".join(f"{k},{k}.5\n" for k in range(30_000)), "utf-8")
    return path


def begun(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "backprop.cli", "batch", "x*y", "--check-rows=0", *words],
        stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_has_enough_ends_the_run(big: Path, unbuffered: str) -> None:
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    with begun("--data", str(big), stdout=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'{"value":0.0,"dx":0.5,"dy":0.0}\n'
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 141)


@pytest.mark.parametrize(
    ("redirection", "message"),
    [
        (">&-", b"error: the answer can't be written: standard output is closed\n"),
        (">/dev/full", b"error: the answer can't be written: No space left on device\n"),
        ("<&- --data -", b"error: there is no standard input to read\n"),
    ],
)
def test_closed_streams_are_said(big: Path, redirection: str, message: bytes) -> None:
    data = "" if "--data" in redirection else f"--data {big}"
    script = f"{sys.executable} -m backprop.cli batch 'x*y' --check-rows=0 {data} {redirection}"
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, message)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "parquet"])
def test_a_full_disk_leaves_the_file_that_was_there(big: Path, suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"o.{suffix}").write_text("old", "utf-8")
    words = f"batch 'x*y' --check-rows=0 --data {big} -o o.{suffix} --force"
    script = f"ulimit -f 100; exec {sys.executable} -m backprop.cli {words}"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: o.{suffix} can't be written: ".encode())
    assert done.stderr.count(b"\n") == 1
    assert b"File too large" in done.stderr
    assert listing(tmp_path) == [f"o.{suffix}"]
    assert (tmp_path / f"o.{suffix}").read_text("utf-8") == "old"


def feed(path: Path, data: bytes) -> threading.Thread:
    thread = threading.Thread(target=path.write_bytes, args=(data,), daemon=True)
    thread.start()
    return thread


def test_pipes_are_read_once_and_whole(tmp_path: Path, monkeypatch: Any, capfd: Any) -> None:
    monkeypatch.chdir(tmp_path)
    threads = []
    for name in ("one", "two"):
        os.mkfifo(name)
        threads.append(feed(Path(name), CSV.encode() + b"5,6\n" * 100_000))
    code = run(["batch", "x*y", "--data=one", "--data=two", "--reduce=sum", "--check-rows=0"])
    assert code == 0
    assert json.loads(capfd.readouterr().out)["rows"] == 200_004
    for thread in threads:
        thread.join()


def test_polars_that_is_not_there_is_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "polars.py").write_text("raise ImportError", "utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = command("batch", "x*y", "--data", "d.csv", PYTHONPATH=path)
    message = "error: tables are read and written by Polars, which is not installed\nhelp: pip install 'backprop-cli[batch]'\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 2)


def random_tables() -> Iterator[bytes]:
    """What nobody would call a table."""
    random = Random(5)
    for _ in range(150):
        data = bytearray(
            random.choice([CSV.encode() * 20, b'{"x":1,"y":2}\n' * 30, b'"a","b"\n1,2\n' * 9])
        )
        for _ in range(random.randint(1, 30)):
            data[random.randrange(len(data))] = random.choice(b'",\n\r\0\xff{}[]:1ex')
        yield bytes(data)


def test_garbled_text_never_ends_in_anything_but_a_message(tmp_path: Path, capfd: Any) -> None:
    for data in random_tables():
        path = tmp_path / "d"
        path.write_bytes(data)
        code = run(["batch", "x*y", "--data", str(path), "--check-rows=0", "--on-error=skip"])
        said = capfd.readouterr().err
        assert code == 0 or (code == 2 and said.startswith("error: "))
        assert "panicked" not in said


@pytest.mark.parametrize("key", [float("nan"), float("inf")])
def test_a_group_may_be_called_inf(key: float, batch: Batch) -> None:
    polars.DataFrame({"g": [key, 1.0], "x": [1.0, 2.0]}).write_parquet("g.parquet")
    said = batch("x", "--data", "g.parquet", "--reduce", "sum", "--by", "g")
    assert (said.code, [row["value"] for row in said.rows]) == (0, [1.0, 2.0])
    assert "error" not in said.err


def test_an_input_that_is_removed_is_told(batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("d.csv").write_text(CSV, "utf-8")

    def gone(self: Any, state: Any = None) -> None:
        del state
        Path("d.csv").unlink()
        running.changes(self.parts[0].path)

    monkeypatch.setattr(running.Run, "go", gone)
    said = batch("x*y", "--data", "d.csv")
    assert (said.code, said.err) == (2, "error: d.csv can't be read: No such file or directory\n")


@pytest.mark.parametrize(
    "command", [["batch", "x*y", "--check-rows=0"], ["descend", "x*y*w", "--w=0"]]
)
def test_a_closed_standard_input_is_no_matter(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text(CSV, "utf-8")
    words = " ".join(f"'{word}'" for word in [*command, "--data", "d.csv"])
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m backprop.cli {words} <&-"], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr.count("error") == done.returncode // 3
    assert "Traceback" not in done.stderr
    assert done.stdout


def test_half_a_character_is_no_kept_value(batch: Batch) -> None:
    lines = ['{"x":1,"n":"\\ud83d\\ude00"}', '{"x":2,"n":"a\\ud83d"}', '{"x":3,"n":"b"}']
    Path("d.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    said = batch("x", "--data", "d.jsonl", "--keep", "n", "--on-error", "skip")
    assert [row["n"] for row in said.rows] == ["\U0001f600", "b"]
    assert "d.jsonl, line 2: n is half a character, which is no text\n" in said.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_that_nobody_writes_to_is_told(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PATIENCE", 0.1)
    os.mkfifo("p")
    said = batch("x", "--data", "p")
    message = "error: p is a pipe, and nobody has written to it for 0.1 s\n"
    assert (said.code, said.err) == (2, message)


@pytest.mark.parametrize("how", ["cut off", "replaced", "removed"])
def test_parquet_that_changes_while_it_is_read_is_told(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parquet, "ROWS", 1000)
    for name, rows in (("d.parquet", 50_000), ("other.parquet", 1)):
        polars.DataFrame({"x": [k * 1.1 for k in range(rows)]}).write_parquet(name)
    with closing(open_table("d.parquet")) as table:
        blocks = table.blocks(Wanted({"x": "x"}, {}))
        next(blocks)
        if how == "cut off":
            os.truncate("d.parquet", 5000)
        elif how == "replaced":
            os.replace("other.parquet", "d.parquet")
        else:
            Path("d.parquet").unlink()
        with pytest.raises(UsageError, match=r"^d\.parquet was changed while it was read$"):
            next(blocks)
    assert capfd.readouterr().err == ""


def test_a_panic_of_polars_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    polars.DataFrame({"x": [1.0]}).write_parquet("d.parquet")

    def panic() -> None:
        raise polars.exceptions.PanicException("assertion failed")

    with closing(parquet.ParquetTable("d.parquet")) as table, pytest.raises(UsageError) as caught:
        table.asked(panic)
    assert caught.value.message == "d.parquet can't be read as Parquet: assertion failed"
