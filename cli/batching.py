"""What `batch` does: options -> a job, files and a target; a run; what there is to say of it."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

import click

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import check_finite, checked_wrt, number, unknown_variable
from backprop.batching.choosing import where_of
from backprop.batching.columns import Columns, vectors_for
from backprop.batching.drafts import draft
from backprop.batching.folders import FolderDraft
from backprop.batching.job import REDUCTIONS, Job, check_columns, columns_for, pairs_of
from backprop.batching.judging import Verdict, judged, rehearse
from backprop.batching.printing import printed
from backprop.batching.running import Outcome, Part, Run, Target
from backprop.child.process import Child
from backprop.cli.commands.eval import NO_ANSWER
from backprop.cli.files import write_whole
from backprop.cli.output import print_bytes
from backprop.cli.progress import Progress, clear
from backprop.cli.render.batch import counted, rate, spent, summary_dict
from backprop.cli.render.json import render_object
from backprop.cli.rows import reading_of
from backprop.cli.saying import say
from backprop.cli.tables import named
from backprop.cli.variables import Question
from backprop.errors import UsageError, closest
from backprop.gates.shapes import words
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.tables.blocks import Table
from backprop.tables.formats import Kind, checked_format, named_kind, target_kind
from backprop.tables.opening import Reading, files_of, open_table
from backprop.tables.streams import is_pipe

WRONG = 1


def batch(asked: Question, **options: Any) -> int:
    refuse_misfits(options)
    files = files_of(options["data"])
    refuse_places(files, options["file"], options["summary"])
    reading = reading_of(options)
    first = open_table(files[0], reading)
    try:
        job = job_of(asked, first, reading, options)
        target = target_of(options)
        for path in files[1:]:
            check_file(job, path)
        code = carried_out(job, files, first, target, asked, options)
    finally:
        first.close()
    return code


def carried_out(
    job: Job, files: Sequence[str], first: Table, target: Target, asked: Question,
    options: Mapping[str, Any],
) -> int:  # fmt: skip
    progress = Progress()
    run = run_of(job, files, first, target, progress, options)
    child = (asked.child or Child()) if job.sample else None
    begun = monotonic()
    try:
        if child is not None:
            rehearse(job, child, options["timeout"])
        state = target.saved(run.identity) if options["resume"] else None
        try:
            outcome = run(state)
        except KeyboardInterrupt:
            progress.end()
            if target.resumable:
                say(f"interrupted: the same command with --resume goes on with {options['file']}")
            raise
        finally:
            progress.end()
        seconds = monotonic() - begun
        verdict = None
        if child is not None:
            verdict = judged(job, outcome.tally.sample, child, options["timeout"])
    finally:
        if child is not None:
            child.close()
    return told(job, outcome, verdict, seconds, options)


def run_of(
    job: Job, files: Sequence[str], first: Table, target: Target, progress: Progress,
    options: Mapping[str, Any],
) -> Any:  # fmt: skip
    """A run on this machine, or on many."""
    if options["cluster"] is None:
        parts = [Part(number, path, path) for number, path in enumerate(files)]
        return Run(job, parts, target, teller(progress), first)
    from backprop.batching.cluster import ClusterRun
    from backprop.batching.tasks import parts_of

    parts = parts_of(files, job.reading)
    return ClusterRun(job, parts, target, teller(progress, len(parts)), options["cluster"])


def refuse_misfits(options: Mapping[str, Any]) -> None:
    if options["resume"] and (options["file"] in (None, "-") or any(map(is_pipe, options["data"]))):
        raise click.UsageError("--resume goes on with a file: give -o FILE, and no standard input")
    if options["reduce"] is not None:
        check_reductions(options["reduce"])
    if options["limit"] is not None and options["cluster"] is not None:
        raise click.UsageError("--limit counts rows in their order, and a cluster has none")
    if options["by"] is not None and options["reduce"] is None:
        raise click.UsageError("--by goes with --reduce")
    if options["reduce"] and options["keep"] is not None:
        raise click.UsageError("--keep copies columns of rows, and --reduce has none; see --by")
    if options["reduce"] and options["on_error"] == "null":
        raise click.UsageError("with --reduce there are no rows for null; use --on-error skip")
    if options["reduce"] and options["allow_nonfinite"]:
        raise click.UsageError("only finite numbers can be summed: --allow-nonfinite is for rows")
    if options["only"] and options["wrt"] is not None:
        raise click.UsageError("--only value leaves out the gradient that --wrt asks for")
    if options["cluster"] is not None:
        refuse_misfits_of_clusters(options)


def check_reductions(text: str) -> None:
    """Are these ways to make one answer of many rows?"""
    asked = text.split(",")
    for how in asked:
        if how not in REDUCTIONS:
            near = closest(how, list(REDUCTIONS))
            raise UsageError(
                f"--reduce can be {', '.join(REDUCTIONS)} or several, not {how or 'nothing'}",
                hint=f"did you mean {near}?" if near else "",
            )
    if len({*asked}) < len(asked):
        raise UsageError("--reduce names a reduction twice")


def refuse_misfits_of_clusters(options: Mapping[str, Any]) -> None:
    if "-" in options["data"]:
        raise click.UsageError("a cluster reads files, not standard input")
    if options["engine"] == "auto":
        raise click.UsageError("on a cluster all parts have one engine: numpy or native, not auto")
    file = options["file"]
    if options["reduce"] is None and (file in (None, "-") or is_file(file)):
        raise UsageError(
            "a cluster writes a folder, a file for every part",
            hint="-o answers/ --format csv, or --reduce for sums of all rows",
        )


def is_file(path: str) -> bool:
    """Is it named as a file, or one already?"""
    named = named_kind(path) is not None and not path.endswith("/")
    return named or os.path.isfile(path)


def refuse_places(files: Sequence[str], file: str | None, summary: str | None) -> None:
    """Would a file be written that is read, or written twice? Better now than at the end."""
    read = [os.path.realpath(path) for path in files if path != "-"]
    written = [path for path in (file, summary) if path is not None and path != "-"]
    for path in written:
        if os.path.realpath(path) in read:
            raise UsageError(f"{path} is read: it can't be written at the same time")
    if len(written) > 1 and len(set(map(os.path.realpath, written))) < len(written):
        raise UsageError(f"-o and --summary are the same file: {file}")
    if summary is not None and not os.path.isdir(os.path.dirname(os.path.realpath(summary))):
        raise UsageError(f"{summary} can't be written: there is no such folder")


def job_of(asked: Question, table: Table, reading: Reading, options: Mapping[str, Any]) -> Job:
    """The program, and where its variables are found."""
    mapped = pairs_of(options["mapped"], "--map")
    program, fixed, columns = placed(asked, table, mapped, options)
    for notice in program.notices:
        say(f"warning: {notice.message}")
    wrt = () if options["only"] else wanted(program, options["wrt"])
    job = Job(
        asked.tree.text, asked.tree.output or None, options["gates"], not options["no_share"],
        options["ties"], fixed, columns.numbers, kept_of(options["keep"], table), wrt,
        options["on_error"], options["allow_nonfinite"], options["engine"], options["threads"],
        options["fast_trigonometry"], options["reduce"], groups_of(options["by"], table),
        options["check_rows"], options["seed"], reading, source_of(asked, fixed),
        columns.vectors, columns.texts,
        where_in(options["where"], mapped, table), options["limit"],
    )  # fmt: skip
    check_columns(job.wanted, table)
    check_names(job)
    return job


def where_in(
    text: str | None, mapped: Mapping[str, str], table: Table
) -> tuple[str, Mapping[str, str]] | None:
    """A condition, and where its variables stand."""
    return None if text is None else (text, where_of(text, mapped, table).columns)


def groups_of(by: str | None, table: Table) -> tuple[str, ...] | None:
    """The columns to group by. A comma may be part of a name."""
    if by is None or by in table.columns:
        return None if by is None else (by,)
    return tuple(name.strip() for name in by.split(","))


def source_of(asked: Question, fixed: Mapping[str, float]) -> dict[str, Any] | None:
    """What is read of Python source, and the point of its first row; None of a text."""
    if not asked.tree.source:
        return None
    first = {name: value if isinstance(value, float) else value.tolist()
             for name, value in asked.first.items()}  # fmt: skip
    return {**asked.tree.source, "point": {**fixed, **first}}


def wanted(program: Program, wrt: str | None) -> tuple[str, ...]:
    if wrt is None:
        return program.variables
    return checked_wrt(program, [name.strip() for name in wrt.split(",")])


def placed(
    asked: Question, table: Table, mapped: Mapping[str, str], options: Mapping[str, Any]
) -> tuple[Program, dict[str, Any], Columns]:
    """The program, what is the same in every row, and where everything else stands."""
    arrays = arrays_in(asked.values, options["seed"])
    vectors = vectors_for(asked.tree.names, asked.values, mapped, table)
    shapes = {name: array.shape for name, array in arrays.items()}
    shapes |= {name: vector.shape for name, vector in vectors.items()}
    given = [*asked.values, *named(asked.tree, table, mapped)]
    program = stage(asked.tree, given, options["gates"], not options["no_share"], shapes)
    if program.shapes[program.output]:
        raise UsageError(
            f"the output is {words(program.shapes[program.output])}, and a row has one number",
            hint="sum(...) or mean(...) around it",
        )
    fixed = fixed_of(asked, program, arrays, allow_nonfinite=options["allow_nonfinite"])
    return program, fixed, columns_for(program, fixed, mapped, table, vectors)


def fixed_of(
    asked: Question, program: Program, arrays: Mapping[str, Any], *, allow_nonfinite: bool
) -> dict[str, Any]:
    """Variables with the same value in every row."""
    found: dict[str, Any] = {}
    for name, value in asked.values.items():
        if name not in program.inputs:
            if name in asked.spare:
                continue
            raise unknown_variable(name, program)
        known = arrays.get(name)
        found[name] = float(number(name, value)) if known is None else known.tolist()
        if not allow_nonfinite:
            check_finite(name, found[name] if known is None else known)
    return found


def kept_of(keep: str | None, table: Table) -> dict[str, str]:
    if keep is None:
        return {}
    if keep.strip() == "*":
        return {name: name for name in table.columns}
    return pairs_of([part.strip() for part in keep.split(",")], "--keep")


def check_names(job: Job) -> None:
    """Would two columns of the answers be called the same?"""
    own = {*job.reduced_names, "rows"} if job.reduce else {*job.names}
    if len({*job.groups}) < len(job.groups):
        raise UsageError("--by names a column twice")
    for name, column in ({one: one for one in job.groups} if job.groups else job.kept).items():
        if name in own:
            what = "--by" if job.groups else "--keep"
            hint = "" if job.groups else f"--keep old_{name}={column} gives it another name"
            raise UsageError(f"{what} {name} has the name of a column of the answers", hint=hint)


def check_file(job: Job, path: str) -> None:
    """Has a later file what the first one has? Better now than when it is its turn."""
    if not is_pipe(path):
        table = open_table(path, job.reading)
        try:
            check_columns(job.wanted, table)
        finally:
            table.close()


def print_rows(data: bytes) -> None:
    clear()
    print_bytes(data)


def target_of(options: Mapping[str, Any]) -> Target:
    asked = options["kind"] and checked_format(options["kind"])
    if options["file"] in (None, "-"):
        if asked == "parquet" and sys.stdout is not None and sys.stdout.isatty():
            raise UsageError("Parquet is not for a terminal", hint="-o FILE.parquet")
        return printed(Kind(asked or "jsonl"), print_rows)
    if os.path.isfile(options["file"]) and not (options["force"] or options["resume"]):
        raise UsageError(f"{options['file']} is there already", hint="--force replaces it")
    if options["cluster"] is not None and options["reduce"] is None:
        return FolderDraft(options["file"], Kind(asked or "csv"))
    return draft(options["file"], target_kind(options["file"], asked))


def teller(progress: Progress, tasks: int = 0) -> Any:
    """Who shows at a terminal how far a run has come, and how many of its tasks are done."""
    begun = monotonic()
    first: list[float] = []

    def tell(rows: int, share: float) -> None:
        if not first:
            first.append(share)
        if progress.is_due:
            seconds = monotonic() - begun
            left = seconds * (1 - share) / (share - first[0]) if share > first[0] else math.nan
            more = f", {share:.0%}, {spent(left)} left" if left == left else ""
            done = f"{round(share * tasks):,} of {tasks:,} tasks, " if tasks else ""
            progress.say(f"{done}{counted(rows)}, {rate(rows, seconds)}{more}")

    return tell


def told(
    job: Job, outcome: Outcome, verdict: Verdict | None, seconds: float, options: Mapping[str, Any]
) -> int:
    """Say what there is to say on stderr; the exit code."""
    from backprop.cli.render.batch import lines

    if options["summary"] is not None:
        found = summary_dict(job, outcome, verdict, seconds, options["file"])
        write_whole(options["summary"], render_object(found))
    wrong = verdict is not None and verdict.worst == "differ"
    for line in lines(job, outcome, verdict, seconds, quiet=options["quiet"]):
        say(line)
    return WRONG if wrong else NO_ANSWER if outcome.overflow else 0
