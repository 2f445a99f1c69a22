"""The tasks of a run on a cluster: parts of the data, and what a worker does with one.

part -> a file of answers, or nothing but sums -> its tally, its sums, or its error, as plain data

A task may be done twice, when a worker is lost: what it writes it writes under a name of its own,
and renames it when it is whole. Nothing here knows Dask.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from backprop.batching.drafts import WriteError, draft
from backprop.batching.folders import TASK
from backprop.batching.job import Job
from backprop.batching.printing import printed
from backprop.batching.running import Part, Run, opened
from backprop.errors import BackpropError, UsageError
from backprop.tables.formats import Kind
from backprop.tables.opening import Reading, open_table
from backprop.tables.parquet import ParquetTable
from backprop.version import __version__
from backprop.workplace import Workplace

ROWS = 1 << 20  # of a Parquet file for a task: whole row groups, as most programs write them
VERSION = f"{__name__}:__version__"
TEXT = Kind("csv")

Result = dict[str, Any]


class ClusterError(UsageError):
    """A cluster that can't be used; what it has done is kept."""

    code = "cluster"


def parts_of(files: Sequence[str], reading: Reading) -> list[Part]:
    """What a task each is for. Paths are such that all machines find them."""
    found = []
    for number, path in enumerate(files):
        if not os.path.isfile(path):
            raise UsageError(f"{path} is not a regular file, and a cluster reads no other")
        whole = Part(number, os.path.abspath(path), path, size=os.path.getsize(path))
        table = open_table(path, reading)
        table.close()
        if isinstance(table, ParquetTable) and table.rows:
            rows = range(table.rows)
            slices = [rows[start : start + ROWS] for start in rows[::ROWS]]
            found += [whole._replace(first=part[0], rows=len(part)) for part in slices]
        else:
            found.append(whole)
    return found


def answered(part: Part, path: str | None, job: Job, kind: Kind, version: str) -> Result:
    """The task, on a worker: answers into a file, or into sums that are handed back. Errors are
    handed back too, since Dask would print them."""
    try:
        check_worker(part, path, version)
        run = written(job, part, path, kind) if path else added_up(job, part)
    except BackpropError as error:
        kept = isinstance(error, (ClusterError, WriteError))
        return {"error": error.message, "hint": error.hint, "code": error.exit_code, "kept": kept}
    worker = run.worker
    return {
        "tally": worker.tally.state(),
        "groups": worker.groups.state(),
        "engine": worker.engine,
        "note": run.note,
    }


def check_worker(part: Part, path: str | None, version: str) -> None:
    """Is this worker one that can do the task?"""
    who = f"the worker on {socket.gethostname()}"
    if version != __version__:
        raise unfit(who, __version__, version)
    folder = os.path.dirname(path) if path else ""
    hint = "a cluster needs files on storage that all its machines share"
    for place in filter(None, (part.path, folder)):
        if not os.path.exists(place):
            raise ClusterError(f"{who} can't see {place}", hint=hint)
    if any(map(os.path.islink, (folder, os.path.dirname(folder)))):
        raise ClusterError(f"{who} finds a link in place of {folder}")
    if os.path.getsize(part.path) != part.size:
        raise ClusterError(f"{who} sees another file as {part.path}", hint=hint)


def written(job: Job, part: Part, path: str, kind: Kind) -> Run:
    """The answers of a part, in a folder of its own until they are whole."""
    folder, name = os.path.split(path)
    with ExitStack() as stack:

        def held(name: str, outer: Workplace | None = None) -> Workplace:
            place = Workplace(name, outer)
            stack.callback(place.close)
            return place

        above, inside = os.path.split(os.path.dirname(folder))
        try:
            draft_folder = held(inside, held(above))
            parts = held(os.path.basename(folder), draft_folder)
            own = f"{TASK}{uuid.uuid4().hex}"
            draft_folder.inner(own).close()
            stack.callback(
                shutil.rmtree, draft_folder.at(own), True, dir_fd=draft_folder.handle
            )  # what is left there is removed
            here = held(own, draft_folder)
        except OSError as error:
            raise ClusterError(f"{folder} can't be written to: {error.strerror}") from None
        target = draft(os.path.join(here.path, name), kind)
        target.workplace = Workplace(own, draft_folder)
        run = Run(job, [part], target, silent, opened(part, job.reading))
        run()
        here.move(name, parts, name)
    return run


def added_up(job: Job, part: Part) -> Run:
    run = Run(job, [part], printed(TEXT, silent), silent, opened(part, job.reading))
    run.begin()
    run.go()
    return run


def silent(*_: object) -> None:
    pass


def unfit(who: str, found: object, wanted: str) -> ClusterError:
    what = f"has backprop {found}" if isinstance(found, str) else f"has no backprop: {shown(found)}"
    return ClusterError(
        f"{who} {what}; this is {wanted}",
        hint=f"pip install 'backprop-cli[cluster]=={wanted}' on all machines of the cluster",
    )


def shown(error: object) -> str:
    """An error of Dask's in a few words."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first[:200]}" if first else type(error).__name__
