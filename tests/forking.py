"""Commands and checks in processes that are forked from one which has loaded everything, so that
the suite doesn't load SymPy two thousand times. What begins afresh is tested by `fresh=True`.

    python tests/forking.py SOCKET            serves until its standard input ends
    SOCKET=... python -IS tests/forking.py    is the command, as a script for PATH
"""

from __future__ import annotations

import array
import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any

VARIABLE = "BACKPROP_TEST_FORKER"  # the environment variable with the socket
LONGEST = 1 << 22  # bytes of a request
PATIENCE = 120  # seconds in which the server has to be there
THREADED = ("distributed", "dask", "pyarrow")


# Who asks.


def connected(path: str) -> socket.socket:
    """A line to the server, which may still be loading."""
    end = time.monotonic() + PATIENCE
    while True:
        line = socket.socket(socket.AF_UNIX)
        try:
            line.connect(path)
            return line
        except (FileNotFoundError, ConnectionRefusedError):
            line.close()
            if time.monotonic() > end:
                raise
        time.sleep(0.02)


class Forked:
    """A process, with the parts of subprocess.Popen that are used of one."""

    def __init__(self, request: dict[str, Any], files: list[int]) -> None:
        self.line = connected(os.environ[VARIABLE])
        data = json.dumps(request).encode("utf-8", "surrogateescape") + b"\n"
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
        sent = self.line.sendmsg([data], rights)
        self.line.sendall(data[sent:])
        self.reader = self.line.makefile("r")
        self.pid = int(self.reader.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self.line], [], [], 0)[0]:
            self.end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self.line], [], [], timeout)[0]:
                raise TimeoutError(f"not done after {timeout} s")
            self.end()
        assert self.returncode is not None
        return self.returncode

    def end(self) -> None:
        self.returncode = int(self.reader.readline() or -9)
        self.reader.close()
        self.line.close()

    def kill(self) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class ForkedWorker(Forked):
    """In the place of subprocess.Popen, where the process that checks is begun."""

    def __init__(self, command: list[str], **pipes: Any) -> None:
        del command, pipes
        ours, theirs = os.pipe(), os.pipe()
        nothing = os.open(os.devnull, os.O_WRONLY)
        super().__init__({"worker": True}, [ours[0], theirs[1], nothing])
        for one in (ours[0], theirs[1], nothing):
            os.close(one)
        self.stdin = os.fdopen(ours[1], "wb")
        self.stdout = os.fdopen(theirs[0], "rb")


class InsteadOfSubprocess:
    """What backprop.child.process sees as the module subprocess."""

    PIPE = DEVNULL = -1
    Popen = ForkedWorker


def use_forked_workers() -> None:
    import backprop.child.process as child

    vars(child)["subprocess"] = InsteadOfSubprocess


# Who serves.


def serve(path: str) -> None:
    load()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    waiting: dict[int, socket.socket] = {}
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        sources: list[Any] = [listener, reading, 0]
        ready, _, _ = select.select(sources, [], [])
        if 0 in ready:
            return
        if reading in ready:
            os.read(reading, 4096)
            reap(waiting)
        if listener in ready:
            begin(listener, waiting)


def load() -> None:
    """Everything but what has threads of its own, and what needs that."""
    import gc
    import importlib
    import pkgutil

    import backprop
    from backprop.errors import UsageError

    gc.disable()
    for name in ("sympy", "mpmath", "numpy", "polars", "click", "rich.console", "rich.table"):
        importlib.import_module(name)
    vars(sys)["modules"] |= dict.fromkeys(THREADED)
    for found in pkgutil.walk_packages(backprop.__path__, "backprop.", lambda _: None):
        if not found.name.endswith("__main__"):
            with suppress(ImportError, UsageError):  # so says what needs them
                importlib.import_module(found.name)
    for name in THREADED:
        del sys.modules[name]
    gc.freeze()
    gc.enable()


def reap(waiting: dict[int, socket.socket]) -> None:
    while waiting:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        line = waiting.pop(pid)
        with suppress(OSError):  # who asked has gone
            line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        line.close()


def begin(listener: socket.socket, waiting: dict[int, socket.socket]) -> None:
    line, _ = listener.accept()
    data, ancillary, _, _ = line.recvmsg(LONGEST, socket.CMSG_LEN(64))
    files = array.array("i")
    for _, _, content in ancillary:
        files.frombytes(content[: len(content) - len(content) % files.itemsize])
    while not data.endswith(b"\n"):
        data += line.recv(LONGEST)
    pid = os.fork()
    if not pid:
        try:
            become(json.loads(data.decode("utf-8", "surrogateescape")), files.tolist())
        finally:
            os._exit(70)
    line.sendall(f"{pid}\n".encode())
    waiting[pid] = line
    for one in files:
        os.close(one)


def become(request: dict[str, Any], files: list[int]) -> None:
    """What was asked for, in this process, which ends with it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for place, one in enumerate(files):
        os.dup2(one, place)
    os.closerange(3, 256)
    if request.get("worker"):
        open_streams({})
        from backprop import worker

        worker.main()
        return
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    open_streams(request["env"])
    sys.argv = ["backprop", *request["args"]]
    use_forked_workers()
    from backprop.cli.main import main

    code: Any = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    finish(code if isinstance(code, int) else 0 if code is None else 1)


def open_streams(env: dict[str, str]) -> None:
    """Standard streams as Python opens them."""
    encoding = env.get("PYTHONIOENCODING", "utf-8").partition(":")[0] or "utf-8"
    sys.stdin = open(0, encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding=encoding, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding=encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]


def finish(code: int) -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def script(path: str = "") -> str:
    """The command as a file of the name backprop."""
    return os.path.join(os.path.dirname(path or os.environ[VARIABLE]), "backprop")


def server() -> str:
    """Begin to serve beside this process; the socket."""
    import atexit
    import shutil
    import subprocess
    import tempfile

    path = os.path.join(tempfile.mkdtemp(prefix="forker"), "socket")
    process = subprocess.Popen([sys.executable, __file__, path], stdin=subprocess.PIPE)
    with open(script(path), "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec "{sys.executable}" -IS "{os.path.abspath(__file__)}" "$@"\n')
    os.chmod(script(path), 0o755)

    def end() -> None:
        process.kill()
        process.wait()
        shutil.rmtree(os.path.dirname(path))

    atexit.register(end)
    return path


def main() -> None:
    if VARIABLE not in os.environ or (len(sys.argv) == 2 and sys.argv[1].endswith("socket")):
        serve(sys.argv[1])
        return
    request = {"args": sys.argv[1:], "env": dict(os.environ), "cwd": os.getcwd()}
    process = Forked(request, [0, 1, 2])
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:
            os.kill(process.pid, signal.SIGINT)
            time.sleep(0.01)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
