"""The child process: reads requests, one JSON a line, and answers each as far as it gets.

It loads SymPy while its parent still reads the program. It never outlives the parent: it ends
with its input, has its memory and time bounded, and leaves Ctrl-C to the parent.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from importlib import import_module
from queue import SimpleQueue
from typing import Any

MEMORY = 3 * 2**30
SPARE = 10  # seconds beyond its time after which a child is ended from outside
LONG = 600


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    bound()
    requests: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=listen, args=(requests,), daemon=True).start()
    threading.Thread(target=load, daemon=True).start()
    while True:
        answer(json.loads(requests.get()))


def load() -> None:
    """Load SymPy, an eighth faster if nobody looks for garbage meanwhile: what it makes, stays."""
    gc.disable()
    import_module("backprop.checking.symbolic")
    gc.freeze()
    gc.enable()


def write(found: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def unheard(found: dict[str, Any]) -> None:
    """What came of a rehearsal."""


def bound() -> None:
    """Ask the system to end this process if it takes too much; not every system can."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def bound_time(seconds: float) -> None:
    """The same for processor time: a long multiplication doesn't hear that its parent has died."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime + seconds) + SPARE
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def listen(requests: SimpleQueue[str]) -> None:
    """Pass requests on; the end of input is the end of the parent."""
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def answer(request: dict[str, Any]) -> None:
    tell = unheard if request.get("rehearsal") else write
    bound_time(request.get("timeout", LONG))
    try:
        if "compare" in request:
            from backprop.comparing import swell

            for found in swell.answer(request):
                write(found)
        elif "prove" in request:
            from backprop.claims import equations

            for found in equations.answer(request["prove"]):
                write(found)
        else:
            from backprop.checking import examine

            examine.answer(request, tell)
    except MemoryError:
        tell({"failed": "it needed more memory than it may have"})
    except Exception as error:  # whatever SymPy may raise; the parent says it
        tell({"failed": f"{type(error).__name__}: {str(error)[:200]}"})


if __name__ == "__main__":
    main()
