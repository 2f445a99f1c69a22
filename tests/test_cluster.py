"""backprop batch --cluster: the same bytes and bits as on one machine, whoever is lost meanwhile;
and what is said when there is no such cluster, or it can't do the work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from conftest import Batch

distributed: Any = pytest.importorskip("distributed")
polars: Any = pytest.importorskip("polars")

from backprop.batching import cluster as clusters  # noqa: E402
from backprop.batching import running, tasks  # noqa: E402

PROGRAM = "sin(x*y) + exp(z)/7"
SLOW = "+".join(f"sin(x*{k} + exp(-y*y))*log(z*z + {k + 1})" for k in range(60))
FILES, COUNT = 5, 400


def local(count: int) -> Any:
    return distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, dashboard_address=None, memory_limit=None
    )


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Two processes, each with a place of its own, like machines that share a disk."""
    with clusters.quiet(), local(2) as cluster:
        yield cluster.scheduler_address


def frame(seed: int, count: int = COUNT) -> Any:
    """Numbers of very different sizes, so that an order of summing shows."""
    random = Random(seed)
    columns = {name: [random.gauss(0, 1) for _ in range(count)] for name in "xy"}
    z = [random.choice([1, -1]) * 10 ** random.uniform(-9, 2) for _ in range(count)]
    labels = [random.choice("abcdefg") for _ in range(count)]
    return polars.DataFrame({**columns, "z": z, "label": labels})


def tables(suffix: str, count: int = COUNT, files: int = FILES) -> None:
    for number in range(files):
        table, path = frame(number, count), f"d{number}.{suffix}"
        if suffix == "parquet":
            table.write_parquet(path, row_group_size=100)
        elif suffix == "jsonl":
            table.write_ndjson(path)
        else:
            table.write_csv(path)


def parts(folder: str) -> list[Path]:
    return sorted(Path(folder).iterdir())


def joined(found: Sequence[Path]) -> bytes:
    """Parts as one file: the header is that of the first."""
    texts = [path.read_bytes() for path in found]
    header = texts[0].partition(b"\n")[0] + b"\n" if found[0].suffix == ".csv" else b""
    return header + b"".join(text.removeprefix(header) for text in texts)


def hidden() -> list[str]:
    return [name for name in os.listdir() if name.startswith(".")]


# The same as on one machine


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_parts_in_their_order_are_the_file_of_one_machine(
    suffix: str, batch: Batch, address: str
) -> None:
    tables(suffix)
    asked = [PROGRAM, "--data", f"d*.{suffix}", "--keep", "label", "--format", suffix]
    assert batch(*asked, "-o", f"one.{suffix}").code == 0
    said = batch(*asked, "-o", "many/", "--cluster", address)
    assert (said.code, said.out) == (0, "")
    assert said.err.startswith(f"{FILES * COUNT:,} rows in ")
    assert [path.name for path in parts("many")] == [
        f"part-{number:05}.{suffix}" for number in range(FILES)
    ]
    assert joined(parts("many")) == Path(f"one.{suffix}").read_bytes()
    assert hidden() == []


def test_a_parquet_file_is_several_tasks(batch: Batch, address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks, "ROWS", 150)
    tables("parquet", files=2)
    asked = [PROGRAM, "--data", "d*.parquet", "--keep", "label"]
    assert batch(*asked, "-o", "one.parquet").code == 0
    assert batch(*asked, "-o", "many", "--format", "parquet", "--cluster", address).code == 0
    found = parts("many")
    assert [polars.read_parquet(path).height for path in found] == [150, 150, 100] * 2
    assert polars.read_parquet(found).equals(polars.read_parquet("one.parquet"))


@pytest.mark.parametrize("more", [[], ["--by", "label"]])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_sums_are_bit_for_bit_the_same(
    reduction: str, more: list[str], batch: Batch, address: str
) -> None:
    tables("csv")
    asked = [PROGRAM, "--data", "d*.csv", "--reduce", reduction, *more]
    one = batch(*asked)
    many = batch(*asked, "--cluster", address)
    assert one.code == many.code == 0
    assert many.out == one.out != ""
    assert batch(*asked, "-o", "sums.csv", "--cluster", address).out == ""
    assert batch(*asked, "--format", "csv").out == Path("sums.csv").read_text("utf-8")


def test_rows_with_trouble_and_the_sample_are_the_same(batch: Batch, address: str) -> None:
    tables("csv")
    asked = ["log(x) + y", "--data", "d*.csv", "--on-error", "skip"]
    one = batch(*asked, "-o", "one.csv", "--summary", "one.json", check=True)
    many = batch(*asked, "-o", "many/", "--summary", "many.json", "--cluster", address, check=True)
    assert one.err.splitlines()[:-1] == many.err.splitlines()[:-1]
    assert one.err.splitlines()[-1].endswith("; 10 of them checked: agree")
    assert many.err.splitlines()[-1].endswith("; 10 of them checked: agree")
    assert joined(parts("many")) == Path("one.csv").read_bytes()


def test_processes_of_this_machine_are_a_cluster_too(batch: Batch) -> None:
    tables("csv")
    asked = [PROGRAM, "--data", "d*.csv", "--reduce", "sum"]
    assert batch(*asked, "--cluster", "local").out == batch(*asked).out


# Whoever is lost


def begun(*args: str) -> subprocess.Popen[str]:
    """A run of its own that has some parts, and not all."""
    process = subprocess.Popen(
        [sys.executable, "-m", "backprop.cli", "batch", *args, "--check-rows", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not Path(".many.backprop-journal").exists():
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()
    return process


def test_a_worker_that_is_killed_changes_nothing(batch: Batch, address: str) -> None:
    tables("csv", 10_000, files=12)
    asked = [SLOW, "--data", "d*.csv", "--wrt", "x"]
    with clusters.quiet(), clusters.connected(address) as client:
        workers = client.run(os.getpid)
    process = begun(*asked, "-o", "many/", "--cluster", address)
    os.kill(next(iter(workers.values())), signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert err.startswith("120,000 rows in ")
    assert len(err.splitlines()) == 1
    assert batch(*asked, "-o", "one.csv").code == 0
    assert joined(parts("many")) == Path("one.csv").read_bytes()


def test_an_interrupted_run_goes_on_with_the_parts_that_are_there(
    batch: Batch, address: str
) -> None:
    tables("csv", 10_000, files=12)
    asked = [SLOW, "--data", "d*.csv", "--wrt", "x", "-o", "many/", "--cluster", address]
    process = begun(*asked)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "interrupted: the same command with --resume goes on with many/\n"
    assert sorted(hidden()) == [".many.backprop-draft", ".many.backprop-journal"]
    other = batch(*asked, "--resume", "--ties", "first")
    assert other.err.startswith("error: many/ was begun by another run")
    said = batch(*asked, "--resume")
    assert said.code == 0
    assert " of them by an earlier run, in " in said.err
    assert batch(*asked[:5], "-o", "one.csv").code == 0
    assert joined(parts("many")) == Path("one.csv").read_bytes()
    assert hidden() == []


@pytest.mark.parametrize("how", [["-o", "many/"], ["-o", "sums.csv", "--reduce", "sum"]])
def test_what_is_done_is_not_done_again(
    how: list[str], batch: Batch, address: str, monkeypatch: Any
) -> None:
    tables("csv")
    asked = [PROGRAM, "--data", "d*.csv", *how, "--cluster", address]

    def lost(run: Any, resumed: int) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(clusters.ClusterRun, "merged", lost)
        assert batch(*asked).code == 130
    monkeypatch.setattr(clusters, "answered", len)  # there is no task left
    said = batch(*asked, "--resume")
    assert said.code == 0
    assert f"{FILES * COUNT:,} rows, {FILES * COUNT:,} of them by an earlier run" in said.err
    if "--reduce" in how:
        assert (
            batch(*asked[:3], "--reduce", "sum", "--format", "csv").out
            == Path("sums.csv").read_text()
        )
    assert hidden() == []


# What is said


def test_the_first_row_in_the_order_of_the_data_ends_the_run(batch: Batch, address: str) -> None:
    """Though a later file is much sooner found to be bad."""
    tables("csv")
    frame(0, 50_000).write_csv("d0.csv")
    for number, row in ((0, 50_000), (1, 2)):
        lines = Path(f"d{number}.csv").read_text("utf-8").splitlines()
        lines[row] = "1,oops,2,a"
        Path(f"d{number}.csv").write_text("\n".join(lines), "utf-8")
    one = batch(SLOW, "--data", "d*.csv", "-o", "one.csv")
    many = batch(SLOW, "--data", "d*.csv", "-o", "many/", "--cluster", address)
    assert (many.code, many.err) == (one.code, one.err)
    assert 'd0.csv, line 50,001: y is "oops"' in many.err
    many = batch("log(x)", "--data", "d2.csv", "-o", "many/", "--cluster", address)
    assert many.code == 3
    assert not Path("many").exists()
    assert hidden() == []


MISFITS = [
    (["-o", "many.csv"], "a cluster writes a folder, a file for every part"),
    ([], "a cluster writes a folder, a file for every part"),
    (["-o", "d0.csv"], "a cluster writes a folder, a file for every part"),
    (["-o", "full"], "full is there already, and not empty"),
    (["-o", "no/such/"], "no/such/ can't be written: No such file or directory"),
    (["-o", "many/", "--data", "-"], "a cluster reads files, not standard input"),
    (["-o", "many/", "--engine", "auto"], "on a cluster all parts have one engine: numpy or native, not auto"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "message"), MISFITS, ids=[text for _, text in MISFITS])
def test_what_a_cluster_is_not_for(
    args: list[str], message: str, batch: Batch, address: str
) -> None:
    tables("csv", files=1)
    Path("full").mkdir()
    Path("full/of").write_text("something", "utf-8")
    said = batch(PROGRAM, "--data", "d0.csv", *args, "--cluster", address)
    assert (said.code, said.err.splitlines()[0]) == (2, f"error: {message}")
    assert sorted(os.listdir()) == ["d0.csv", "full"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:9", "nobody answers in 1 s"),
        ("http://there", "unknown address scheme 'http'"),
        ("there", "missing port number in address 'there'"),
    ],
)
def test_an_address_without_a_cluster(
    address: str, why: str, batch: Batch, monkeypatch: Any
) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 1)
    tables("csv", files=1)
    said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", address)
    assert said.code == 2
    assert said.err.startswith(f"error: there is no cluster at {address}: {why}")
    assert len(said.err.splitlines()) == 2
    assert os.listdir() == ["d0.csv"]


def test_a_worker_is_no_scheduler(batch: Batch, address: str) -> None:
    with clusters.quiet(), clusters.connected(address) as client:
        worker = next(iter(client.scheduler_info()["workers"]))
    tables("csv", files=1)
    said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", worker)
    why = f"error: there is no cluster at {worker}: it is the address of a worker"
    assert (said.code, said.err.splitlines()[0]) == (2, why)


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/only/here/d0.csv", "can't see /only/here/d0.csv"),
        (__file__, f"sees another file as {__file__}"),
    ],
)
def test_files_that_workers_do_not_see(
    path: str, why: str, batch: Batch, address: str, monkeypatch: Any
) -> None:
    part = running.Part(0, path, "d0.csv", size=1)
    monkeypatch.setattr(tasks, "parts_of", lambda files, reading: [part])
    monkeypatch.setattr(running, "changes", lambda path: (0, 0))
    tables("csv", files=1)
    said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", address)
    first, hint = said.err.splitlines()
    assert said.code == 2
    assert first.startswith("error: the worker on ")
    assert first.endswith(f" {why}")
    assert hint == "help: a cluster needs files on storage that all its machines share"
    assert os.listdir() == ["d0.csv"]


def test_workers_with_another_version(batch: Batch, tmp_path: Path, monkeypatch: Any) -> None:
    module = tmp_path / "other" / "backprop" / "batching" / "tasks.py"
    module.parent.mkdir(parents=True)
    for name in (module.parent.parent / "__init__.py", module.parent / "__init__.py", module):
        name.write_text('__version__ = "0.0.1"\n', "utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "other"), *sys.path])
    tables("csv", files=1)
    with clusters.quiet(), local(1) as cluster:
        address = cluster.scheduler_address
        said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", address)
    assert said.code == 2
    assert said.err.splitlines()[0].endswith(" has backprop 0.0.1; this is 0.1.0")
    assert not Path("many").exists()


def test_a_cluster_without_the_package(batch: Batch, address: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(clusters, "VERSION", "nothing_here:__version__")
    tables("csv", files=1)
    said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", address)
    why = "No module named 'nothing_here'; this is 0.1.0"
    assert said.code == 2
    assert said.err.splitlines()[0] == (
        f"error: the scheduler has no backprop: ModuleNotFoundError: {why}"
    )


def test_a_cluster_without_workers(batch: Batch, monkeypatch: Any) -> None:
    monkeypatch.setattr(clusters, "PATIENCE", 3)
    tables("csv", files=1)
    with clusters.quiet(), local(0) as cluster:
        address = cluster.scheduler_address
        said = batch(PROGRAM, "--data", "d0.csv", "-o", "many/", "--cluster", address)
    message = "error: the cluster has no worker, after 3 s\nhelp: dask worker ADDRESS begins one\n"
    assert (said.code, said.err) == (2, message)
    assert os.listdir() == ["d0.csv"]


def test_dask_is_asked_for_only_by_those_who_want_it(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("x\n1\n", "utf-8")
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "from backprop.cli.main import run\n"
        "asked = ['batch', 'x*x', '--data', 'd.csv', '--check-rows', '0', '--quiet']\n"
        "print(run(asked), run([*asked, '-o', 'many/', '--cluster', 'local']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.splitlines() == ['{"value":1.0,"dx":2.0}', "0 2"]
    assert done.stderr == (
        "error: a cluster is reached by Dask, which is not installed\n"
        "help: pip install 'backprop-cli[cluster]'\n"
    )
