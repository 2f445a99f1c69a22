"""A run on a Dask cluster: what a Run is on one machine.

job + parts -> tasks -> tallies, sums and parts of a folder -> one Outcome

This is the only file that imports Dask.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import uuid
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from backprop.batching.drafts import State, WriteError
from backprop.batching.folders import FolderDraft
from backprop.batching.groups import Groups
from backprop.batching.job import Job
from backprop.batching.running import Outcome, Part, Target, Tell, identity, overflows, summed
from backprop.batching.tally import Tally
from backprop.batching.tasks import VERSION, ClusterError, Result, answered, shown, unfit
from backprop.errors import UsageError
from backprop.version import __version__

try:
    import dask
    import distributed
except ImportError:
    raise UsageError(
        "a cluster is reached by Dask, which is not installed",
        hint="pip install 'backprop-cli[cluster]'",
    ) from None

LOCAL = "local"  # the address of a cluster of processes on this machine
PATIENCE = 10  # seconds for a cluster to answer
ALONE = 60  # seconds without any worker
RESUME = "--resume goes on with what is done"


class ClusterRun:
    """What a Run is on one machine."""

    def __init__(
        self, job: Job, parts: Sequence[Part], target: Target, tell: Tell, address: str
    ) -> None:
        self.job = job
        self.parts = parts
        self.target = target
        self.tell = tell
        self.address = address
        self.identity = identity(job, parts)
        if isinstance(target, FolderDraft):
            target.run = self.identity
        self.done: dict[int, Result] = {}
        self.failed: dict[int, Result] = {}
        self.rows = 0  # of what is done

    def __call__(self, state: State | None = None) -> Outcome:
        with quiet(), connected(self.address) as client:
            check_workers(client)
            check_versions(client)
            self.target.open(state)
            try:
                self.restore(state)
                resumed = self.rows
                self.go(client)
                outcome = self.merged(resumed)
                self.target.finish()
            except (KeyboardInterrupt, ClusterError, WriteError, BrokenPipeError, MemoryError):
                self.leave()
                raise
            except BaseException:
                self.target.discard()
                raise
        return outcome

    def restore(self, state: State | None) -> None:
        """Parts that an earlier run has done, if they are there."""
        self.done = {int(k): found for k, found in state["parts"].items()} if state else {}
        if isinstance(self.target, FolderDraft):
            there = self.target.part
            self.done = {k: found for k, found in self.done.items() if os.path.isfile(there(k))}
        self.rows = sum(found["tally"]["rows"] for found in self.done.values())

    def leave(self) -> None:
        """What is done is for a later run."""
        if self.done:
            self.save()
            self.target.close()
        else:
            self.target.discard()

    def save(self) -> None:
        self.target.save({"run": self.identity, "parts": self.done})

    def go(self, client: Any) -> None:
        """Have all parts done that are not yet, or all up to the first that fails."""
        waiting = [k for k in range(len(self.parts)) if k not in self.done]
        paths = [self.target.part(k) if isinstance(self.target, FolderDraft) else None
                 for k in waiting]  # fmt: skip
        run = uuid.uuid4().hex
        futures = client.map(
            answered, [self.parts[k] for k in waiting], paths, job=self.job, version=__version__,
            kind=self.target.kind, key=[f"backprop-{run}-{k}" for k in waiting],
        )  # fmt: skip
        by_place = dict(zip(waiting, futures, strict=True))
        try:
            for k, found in self.results(client, by_place):
                if "error" in found:
                    self.failed[k] = found
                    client.cancel([future for place, future in by_place.items() if place > k])
                    continue
                self.check_engine(found)
                self.done[k] = found
                self.rows += found["tally"]["rows"]
                self.tell(self.rows, len(self.done) / len(self.parts))
                if self.target.is_due():
                    self.save()
        except (OSError, CancelledError):
            raise ClusterError("the connection to the cluster is lost", hint=RESUME) from None
        except BaseException:
            client.cancel(futures)
            raise
        if self.failed:
            raise error_of(self.failed[min(self.failed)])

    def check_engine(self, found: Result) -> None:
        """All parts are of one engine, as those of one machine are."""
        other = next(iter(self.done.values()), found)
        if other["engine"] != found["engine"]:
            why = max(other["note"], found["note"])
            raise UsageError(
                f"the engine is not there on all machines: {why}", hint="--engine numpy"
            )

    def results(self, client: Any, futures: dict[int, Any]) -> Iterator[tuple[int, Result]]:
        """Places and results as they come, of no part behind one that failed."""
        ready: SimpleQueue[int] = SimpleQueue()
        for k, future in futures.items():
            future.add_done_callback(lambda _, k=k: ready.put(k))
        left, seen = set(futures), monotonic()
        while left:
            try:
                k = ready.get(timeout=1)
            except Empty:
                seen = monotonic() if client.scheduler_info()["workers"] else seen
                if monotonic() > seen + ALONE:
                    raise ClusterError(f"the cluster has had no worker for {ALONE} s") from None
                continue
            if k in left:
                left.remove(k)
                yield k, self.result(k, futures.pop(k))
                if self.failed:
                    left = {place for place in left if place < min(self.failed)}

    def result(self, k: int, future: Any) -> Result:
        if future.status == "finished":
            return dict(future.result())
        name = self.parts[k].name
        if future.status == "cancelled":
            raise CancelledError
        error = future.exception()
        if isinstance(error, distributed.KilledWorker):
            raise ClusterError(f"several workers died, one after the other, at {name}", hint=RESUME)
        raise ClusterError(f"the cluster fails at {name}: {shown(error)}", hint=RESUME)

    def merged(self, resumed: int) -> Outcome:
        """All parts as one, in the order of the data."""
        found = [self.done[k] for k in range(len(self.parts))]
        overflow = False
        tally, groups = Tally(self.job.sample), Groups.like(found[0]["groups"])
        for one in found:
            tally.merge(Tally.restored(one["tally"]))
            groups.merge(Groups.restored(one["groups"]))
        if self.job.reduce is not None:
            sums = summed(self.job, tally, groups)
            overflow = overflows(sums, self.job.reduced_names)
            self.target.write(sums)
        return Outcome(tally, found[0]["engine"], found[0]["note"], resumed, overflow)


@contextmanager
def connected(address: str) -> Iterator[Any]:
    """A client of a cluster that is there, or of one that is there as long as the client."""
    with ExitStack() as stack:
        if address == LOCAL:
            address = stack.enter_context(local_cluster()).scheduler_address
        try:
            asyncio.run(greet(address))
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except Exception as error:  # whatever comes of talking to what is no scheduler
            why = str(error) or f"nobody answers in {PATIENCE} s"
            if isinstance(error, MemoryError):  # of the size that a greeting seems to have
                why = "what answers is no Dask scheduler"
            raise ClusterError(
                f"there is no cluster at {address or 'an empty address'}: {why}",
                hint="--cluster tcp://HOST:8786 is one that runs, --cluster local needs none",
            ) from None
        yield stack.enter_context(client)


async def greet(address: str) -> None:
    """Is a scheduler there? A Client that finds none takes longer, and says it in many lines."""
    arguments = distributed.Security().get_connection_args("client")
    async with distributed.rpc(address, PATIENCE, connection_args=arguments) as there:
        found = await asyncio.wait_for(there.identity(), PATIENCE)
    if found["type"] != "Scheduler":
        raise ValueError(f"it is the address of a {found['type'].lower()}")


def local_cluster() -> Any:
    with without_ctrl_c():
        return distributed.LocalCluster(
            threads_per_worker=1, memory_limit=None, dashboard_address=None,
            silence_logs=logging.CRITICAL,
        )  # fmt: skip


@contextmanager
def without_ctrl_c() -> Iterator[None]:
    """Threads and processes that begin here never see Ctrl-C: it waits for the main thread."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # or it would begin here, and let Ctrl-C through again
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def check_workers(client: Any) -> None:
    """Is there anybody who works?"""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise ClusterError(
            f"the cluster has no worker, after {PATIENCE} s", hint="dask worker ADDRESS begins one"
        ) from None


def check_versions(client: Any) -> None:
    """Can the scheduler and the workers of this moment do a task? Later ones say it themselves,
    and those that die meanwhile need not."""
    try:
        found = {"the scheduler": client.run_on_scheduler(resolve_name, VERSION)}
    except Exception as error:  # whatever importing this package raises there
        found = {"the scheduler": error}
    workers = client.run(resolve_name, VERSION, on_error="return")
    for who, version in {**found, **workers}.items():
        if version != __version__ and not isinstance(version, OSError):
            raise unfit(who, version, __version__)


def error_of(found: Result) -> UsageError:
    """An error that a task has handed back."""
    error = (ClusterError if found["kept"] else UsageError)(found["error"], hint=found["hint"])
    error.exit_code = found["code"]
    return error


@contextmanager
def quiet() -> Iterator[None]:
    """Without what Dask says on stderr, here and in processes that begin meanwhile."""
    level = logging.root.manager.disable
    environ = "distributed.nanny.pre-spawn-environ"
    silent_env = {
        f"{environ}.DASK_LOGGING__DISTRIBUTED": "critical",
        f"{environ}.PYTHONWARNINGS": "ignore",
    }
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), dask.config.set(silent_env):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
