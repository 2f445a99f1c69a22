"""The process that answers: a question a line comes in, an answer a line goes out.

It is replaced when it hangs, so nothing that a page asks can stop the server. Once it has loaded
what it needs, it opens no file but those of Python and of this tool, and writes none.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from backprop.errors import BackpropError
from backprop.serving.questions import answer
from backprop.worker import bound

HERE = Path(__file__).parent.parent  # its files may be links, one by one
ROOTS = (sys.prefix, sys.base_prefix, str(HERE), str(Path(__file__).resolve().parent.parent))
OWN = tuple(os.path.realpath(root) for root in (*ROOTS, *sys.path) if os.path.isdir(root))
SYSTEM = ("/proc/", "/sys/", "/dev/null", "/etc/ld.so", "/lib", "/usr/lib")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bound()
    rehearse()
    sys.addaudithook(guard)
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(safely(json.loads(line))) + "\n")
        sys.stdout.flush()
        gc.collect()  # while nobody waits


def safely(question: dict[str, Any]) -> dict[str, Any]:
    """An answer whatever happens: what nobody thought of is told in a line."""
    try:
        return answer(question)
    except MemoryError:
        return {"error": "error: this needs more memory than the page may have"}
    except RecursionError:
        return {"error": "error: this is nested too deeply for the page"}
    except Exception as error:
        kind = "refused" if isinstance(error, PermissionError) else "a defect of backprop"
        return {"error": f"error: {kind}: {type(error).__name__}: {str(error)[:200]}"}


def rehearse() -> None:
    """Load what answers need before somebody waits for it."""
    for question in (
        {"ask": "program", "text": "sum((W@x)**2)", "values": {"W": "[[1,2],[3,4]]", "x": "[1,2]"}},
        {"ask": "program", "text": "(x+y)*z"},
        {"ask": "explanation", "text": "x*y"},
        {"ask": "code", "text": "x*y"},
        {"ask": "page", "text": "x*y"},
        {"ask": "program", "text": "def f(x):\n    return x * x"},
    ):
        try:
            answer(question)
        except BackpropError:
            continue


def guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse files that are no part of Python or of this tool, and all writing."""
    if event != "open" or not isinstance(arguments[0], (str, bytes, os.PathLike)):
        return
    path = os.path.realpath(os.fsdecode(arguments[0]))
    mode, flags = arguments[1], arguments[2]
    writes = not set("wax+").isdisjoint(mode or "") or bool((flags or 0) & WRITING)
    if path != os.devnull and (writes or not path.startswith((*OWN, *SYSTEM))):
        raise PermissionError("a page opens no file")


if __name__ == "__main__":
    main()
