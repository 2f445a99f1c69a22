"""Which lines a wrong result is due to, and what would repair it.

A line is a candidate if its value is no part of any gradient though what it uses is right, if it
changes nothing, throws something away, is incomplete, changes the scale, or stands in the wrong
place. Slips are undone on a candidate, one after the other, and the whole pass is read again:
what makes the results right is the mistake.
"""

from __future__ import annotations

import ast
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import BackpropError, listed
from backprop.grading.backward import Pass, Reading
from backprop.grading.changing import (
    Change,
    blocks_of,
    moved_down,
    parsed_line,
    statement_changes,
    with_value,
)
from backprop.grading.diagonal import WORDS, is_diagonal
from backprop.grading.judging import SOUND, UNSOUND, ZERO, Judgement, spread
from backprop.grading.pairing import Pair, pairs
from backprop.grading.probing import Probe, Probed, WhatIf, alike_everywhere
from backprop.grading.slips import Repair, text
from backprop.grading.supposing import Supposed, supposed
from backprop.grading.targets import Series
from backprop.grading.tracing import Event

PATIENCE = 8.0  # seconds of work for a file
SOMETIMES = 10  # repairs, after which the time is looked at
MOST_BLAMED = 8
CANDIDATES = 10
TRIED = 14  # repairs of a line that are tried on the whole pass, of those that make the line right
ADDING = ("missing-factor", "inverted", "term", "function")  # less likely than what takes away
LIKELY = 0.45  # of a repair that adds something, such as a sign
PAIRING = 6.0  # seconds of work for two lines at once
MOST_PAIRS = 4
SUPPOSING = 3.0  # and for the line that most follows from
BLIND = 60  # and of those where nothing says what the line should be


class Blame(NamedTuple):
    """A line that is wrong."""

    line: int
    finding: str
    words: str
    fix: str  # the line without the mistake, if one was tried
    event: Event
    goal: Series | None  # what the line should come to


class Candidate(NamedTuple):
    rank: int
    event: Event


CALLED = re.compile(r"(?<![.\w])([a-z]\w*)\(")  # a function by its bare name


@dataclass
class Trial:
    """A change that was tried."""

    change: Change
    candidate: Candidate
    level: int  # 2: every result that it reaches is right; 1: the line is what its name says
    judged: Judgement
    likely: float = 0.0  # of two that make as much right, which makes more sense?

    @property
    def score(self) -> float:
        return self.judged.score() + self.likely

    @property
    def perfect(self) -> bool:
        """Is every line right then?"""
        return self.judged.perfect

    def mends(self, event: Event) -> bool:
        """Is a line that wasn't what its name says mended?"""
        return self.candidate.event is event or line_is_right(self.judged, event)


class Blaming:
    def __init__(self, reading: Reading, first: Pass) -> None:
        self.reading = reading
        self.found = first
        self.judged = Judgement(first)
        self.deadline = time.process_time() + PATIENCE
        imported = first.tracer.files.trees.values()
        self.blocks = {
            key: block for tree in (reading.text.source.tree, *imported)
            for key, block in blocks_of(tree).items()
        }  # fmt: skip
        self.undo: list[Change] = []

    def run(self) -> list[Blame]:
        blamed: list[Blame] = []
        try:
            while self.judged.wrong and len(blamed) < MOST_BLAMED:
                next_ = self.next(blamed)
                if next_ is None:
                    break
                blamed.append(next_)
                if self.late and not next_.fix:
                    break  # what follows would be guessed
        finally:
            for change in reversed(self.undo):
                change.block[:] = change.after
        return blamed

    @property
    def late(self) -> bool:
        return time.process_time() > self.deadline

    def next(self, blamed: Sequence[Blame]) -> Blame | None:
        """The line to blame now; the pass goes on without its mistake."""
        lines = {one.line for one in blamed}
        candidates = [one for one in self.candidates() if one.event.line not in lines]
        if not candidates:
            return None
        promised = next((one.event for one in candidates if one.rank == 2), None)
        if promised is not None and self.judged.wanted(promised) is None:
            promised = None
        best: Trial | None = None
        own: Trial | None = None  # what makes the likeliest line right, though not the results
        stray: Trial | None = None  # what makes the results right, though not a line by its name
        ordered = self.explaining(candidates)[:CANDIDATES]
        rounds = [(one, False) for one in ordered]
        rounds += [(one, True) for one in sorted(ordered, key=lambda one: one.event.number)]
        for candidate, blind in rounds:
            if self.late or (blind and (best is not None or own is not None)):
                break
            for trial in self.trials(candidate, second=best is not None, blind=blind):
                if promised is not None and not trial.mends(promised):
                    if trial.level == 2 and (stray is None or trial.score > stray.score):
                        stray = trial
                    continue
                if trial.level == 2 and (best is None or trial.score > best.score):
                    best = trial
                elif trial.level == 1 and candidate is candidates[0] and own is None:
                    own = trial
            if best is not None and best.perfect and best.likely >= LIKELY and self.settled(best):
                break
        if best is not None and stray is not None and stray.score > best.score:
            behind = self.behind(best.candidate.event)
            best = stray if stray.candidate.event in behind else best
        chosen = best or own
        likely = None if chosen else self.supposed(candidates)
        if chosen is None and (likely is None or not likely.all):
            chosen = self.paired(ordered) or stray
        return self.unrepaired(candidates, likely) if chosen is None else self.repaired(chosen)

    def supposed(self, candidates: Sequence[Candidate]) -> Supposed | None:
        """The line from which most would follow, of those that explain all that is wrong, or else
        of all."""
        until = time.process_time() + SUPPOSING
        wrong = set(self.judged.wrong)
        way = [one.event for one in self.explaining(candidates)]
        way = [one for one in way if wrong <= {*self.judged.reaches(one)}] or way
        return supposed(self.judged, way[:CANDIDATES], lambda: time.process_time() > until)

    def paired(self, candidates: Sequence[Candidate]) -> Trial | None:
        """The first of two lines which are right together, and neither alone."""
        until = time.process_time() + PAIRING
        by_event = {id(one.event): one for one in candidates if id(one.event.node) in self.blocks}
        found = pairs(
            self.reading, self.found, [one.event for one in by_event.values()],
            lambda: time.process_time() > until,
        )  # fmt: skip
        best: Trial | None = None
        for pair in islice(found, MOST_PAIRS):
            trial = self.both(pair, by_event[id(pair.event)])
            if trial is not None and (best is None or trial.score > best.score):
                best = trial
        return best

    def both(self, pair: Pair, candidate: Candidate) -> Trial | None:
        """Two repairs, tried on the whole pass."""
        block, other = (self.blocks[id(one.node)] for one in (pair.event, pair.other))
        kept, kept_other = list(block), list(other)
        change = self.change(pair.repair, pair.event.node, block)
        try:
            block[:] = change.after
            other[:] = self.change(pair.with_repair, pair.other.node, other).after
            again = self.reading.read()
        except BackpropError:
            return None
        finally:
            other[:] = kept_other
            block[:] = kept
        judged = Judgement(again)
        if judged.wrong or failures(again) > failures(self.found):
            return None
        return Trial(change, candidate, 2, judged)

    def explaining(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """First those that alone may be why all results are wrong that are; last what is no
        gradient, and what begins with zeros."""
        judged, wrong = self.judged, set(self.judged.wrong)

        def order(one: Candidate) -> tuple[bool, bool]:
            number = one.event.number
            plain = number not in judged.alike or judged.statuses[number].kind == ZERO
            return not wrong <= {*judged.reaches(one.event)}, one.rank == 8 and plain

        likely = [one for one in candidates if one.rank == 1]
        return likely + sorted((one for one in candidates if one.rank > 1), key=order)

    def settled(self, trial: Trial) -> bool:
        """Is there no line before it that could be the mistake as well?"""
        judged = self.judged
        return all(
            one.number in judged.alike or judged.known(one)
            for one in self.behind(trial.candidate.event)
        )

    def repaired(self, trial: Trial) -> Blame:
        change, event = trial.change, trial.candidate.event
        undo = change._replace(after=list(change.block))
        change.block[:] = change.after
        self.undo.append(undo)
        self.found = self.reading.read()
        self.judged = Judgement(self.found)
        goal = None
        for one in self.found.events:
            if one.line == event.line and one.target == event.target:
                goal = self.judged.value(one)
                break
        return Blame(event.line, change.finding, change.words, change.fix, event, goal)

    def unrepaired(self, candidates: Sequence[Candidate], likely: Supposed | None) -> Blame:
        """No repair is known: the line from which most would follow, or the first candidate, and
        what its name promises in its place."""
        ranked = [one.event for one in candidates if one.rank <= 7] or [candidates[0].event]
        wrong = set(self.judged.wrong)
        ranked = [one for one in ranked if wrong <= {*self.judged.reaches(one)}] or ranked
        promised = (one for one in ranked if one.name in self.found.names or one.problem)
        event = likely.event if likely else next(promised, ranked[0])
        wanted = self.judged.wanted(event)
        target = None if wanted is None else self.found.targets.whole.get(wanted)
        status = self.judged.statuses[event.number]
        finding, words = self.named(event, status)
        goal = None
        last = self.last_writes().get(event.name)
        if (target is not None and event.update == "=" and not event.shape and last is event) or (
            target is not None and last is event and not event.shape
        ):
            goal = target.series
        goal = likely.goal if likely else goal
        before = set(self.judged.wrong)
        if (
            goal is not None
            and event.problem is None
            and not event.alias
            and event.leaf in self.found.replay.made
        ):
            shape = np.shape(self.found.replay.series(event.leaf)[0])
            if np.size(goal[0]) == int(np.prod(shape)):
                other = [np.reshape(value, shape)[()] for value in goal]
                self.found.replay.run({**self.found.replay.changed, event.leaf: other})
                self.judged = Judgement(self.found)
        if set(self.judged.wrong) == before:
            events = [one for one in self.found.events if event.lacks and one.lacks == event.lacks]
            reached = {
                name for one in events or [event] for name in self.judged.reaches(one)
            } or before
            self.judged.wrong = [name for name in self.judged.wrong if name not in reached]
        return Blame(event.line, finding, words, "", event, goal)

    def named(self, event: Event, status: Any) -> tuple[str, str]:
        labels = self.found.forward.program.labels
        if event.lacks:
            whose = self.found.names.get(event.lacks)
            if whose is None or event.lacks in self.reading.given_names:
                return "too-early", f"{event.lacks} has no value here; it gets one later"
            return "missing-line", f"no line computes {event.lacks}, the gradient of {whose}"
        if event.problem is not None:
            return "shapes", event.problem.message
        if status.match is not None and status.match.target.through and status.own:
            stages = list(self.judged.found.targets.parts.get(status.match.target.slot, ()))
            lacking = [
                stage for part in stages for stage in part.through
                if stage not in status.match.target.through
            ]  # fmt: skip
            variable = self.found.names.get(event.name, event.name)
            named = list(dict.fromkeys(map(self.next_name, lacking)))
            through = f" in {listed(named)}" if named else " elsewhere"
            return "missing-part", f"{variable} is also used{through}, and that gradient is missing"
        if status.match is not None and not status.own and self.judged.wanted(event) is not None:
            label = labels[status.match.target.slot]
            if label in self.found.forward.slots and status.match.factor == 1 and status.whole:
                variable = self.found.names[event.name]
                return "other-gradient", f"this is the gradient of {label}, not that of {variable}"
        if status.match is not None and status.match.factor != 1 and status.own:
            return "scale", f"this is {status.match.factor:.6g} times what it should be"
        if any(is_diagonal(self.found, name) for name in self.judged.reaches(event)):
            return "diagonal", WORDS
        off = set(self.judged.off_by(self.judged.reaches(event)) or ())
        if len(off) == 1:
            return "scale", f"this is {off.pop():.6g} times what it should be"
        return "value", ""

    def next_name(self, slot: int) -> str:
        """The stage that the author named which a stage is part of."""
        program = self.found.forward.program
        named = set(program.names.values())
        while slot not in named and slot != program.output:
            slot = next((k for k, _, fed in program.forward_steps() if slot in fed), program.output)
        return program.labels[slot]

    # Candidates.

    def candidates(self) -> list[Candidate]:
        """Where a mistake may be, the likeliest first, one for each line."""
        judged = self.judged
        way = judged.way(judged.wrong)
        found: list[Candidate] = []
        found += [Candidate(1, event) for event in way if self.idle(event)]
        found += [Candidate(2, event) for event in self.alone(way)]
        bad: set[int] = set()
        helpers: list[Event] = []
        for event in way:
            status = judged.statuses[event.number]
            tainted = any(one.number in bad for one in judged.inputs[event.number])
            if event.problem is not None:
                found.append(Candidate(2, event))
                bad.add(event.number)
                continue
            if event.number in judged.twice:
                found.append(Candidate(2, event))
                bad.add(event.number)
            if self.broken_promise(event) and not tainted and event.number in judged.alike:
                found.append(Candidate(2, event))
                bad.add(event.number)
                continue
            if event.number in judged.finished:
                continue
            if status.kind != UNSOUND or (event.number not in judged.alike):
                if status.kind == UNSOUND and tainted:
                    bad.add(event.number)
                continue
            if not tainted:
                found.append(Candidate(2, event))
                helpers += [
                    one for one in self.behind(event) if one.number not in judged.alike
                ]  # fmt: skip
            bad.add(event.number)
        found += [Candidate(2, event) for event in helpers]
        found += [Candidate(3, event) for event in self.discarding()]
        found += [Candidate(4, event) for event in self.incomplete(way)]
        found += [Candidate(5, event) for event in self.scaling(way)]
        found += [
            Candidate(6, event) for event in way
            if judged.statuses[event.number].kind == SOUND and judged.wanted(event) is not None
            and not (judged.statuses[event.number].own and judged.fits(event))
        ]  # fmt: skip
        lasts = [self.last_of(name) for name in judged.wrong]
        found += [Candidate(7, event) for event in lasts if event is not None]
        found += [Candidate(8, event) for event in way if event.number not in judged.alike]
        found += [Candidate(8, event) for event in way]
        seen: set[int] = set()
        chosen = []
        for one in found:
            name = one.event.name
            last = one.rank == 8 and name[:1] in ("d", "g") and not self.right(one.event)
            if one.event.line not in seen and (one.rank == 3 or last or not self.safe(one.event)):
                seen.add(one.event.line)
                chosen.append(one)
        return chosen

    def alone(self, way: Sequence[Event]) -> Iterator[Event]:
        """The first line of which all results would be right if it were what its name says, or
        that on the scale of what it uses."""
        judged = self.judged
        lines = Counter(event.line for event in self.found.events)
        for event in way:
            status, variable = judged.statuses[event.number], self.found.names.get(event.name, "")
            slot = judged.slots.get(variable, -1) if event.function == self.found.main else -1
            target = self.found.targets.whole.get(slot)
            once = lines[event.line] == 1 and not (event.shape or event.masked or event.problem)
            again = event.update != "=" or judged.continues(event)
            if target is None or not once or again or event.number in judged.finished:
                continue
            if status.exact and status.own and status.whole:
                continue
            fed = [judged.statuses[one.number].match for one in judged.inputs[event.number]]
            factors = {1.0, *(abs(match.factor) for match in fed if match is not None)}
            trial = WhatIf(judged, event)
            if set(trial.wrong) != set(judged.wrong):
                continue
            shape = np.shape(trial.now[0])
            if np.size(target.series[0]) != int(np.prod(shape)):
                continue
            for factor in sorted(factors)[:3]:
                series = [factor * np.reshape(value, shape)[()] for value in target.series]
                if not all(map(np.allclose, series, trial.now)) and trial.becomes(series):
                    yield event
                    return

    def broken_promise(self, event: Event) -> bool:
        """Is a line the gradient of something else than its name says?"""
        status = self.judged.statuses[event.number]
        wanted = self.judged.wanted(event)
        if wanted is None or status.kind != SOUND or status.own:
            return False
        return event.number not in self.judged.finished and event.shape == ()

    def safe(self, event: Event) -> bool:
        """A line that is right for its own name is never blamed, nor one that gives a value of the
        forward pass."""
        if event.number not in self.judged.alike and self.judged.known(event):
            return True
        return self.right(event)

    def right(self, event: Event) -> bool:
        """Is a line right for its own name?"""
        status = self.judged.statuses[event.number]
        return status.exact and status.own and status.whole and event.update == "="

    def behind(self, event: Event) -> list[Event]:
        """The events that an event is made of, but for those that are right."""
        found, waiting = [], list(self.judged.inputs[event.number])
        while waiting:
            one = waiting.pop()
            if one not in found and not one.role:
                found.append(one)
                waiting += self.judged.inputs[one.number]
        return found

    def idle(self, event: Event) -> bool:
        """Does a write change nothing at all points?"""
        if not event.masked or not event.before:
            return False
        before = self.found.replay.series(event.before)
        after = self.found.replay.series(event.leaf)
        return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))

    def discarding(self) -> Iterator[Event]:
        """A `=` that throws away a part which nothing else uses."""
        judged = self.judged
        used = {leaf for _, *leaves in judged.found.replay.made.values() for leaf in leaves}
        results = {one.leaf for one in judged.found.found.values()}
        for event in self.found.events:
            before = judged.marks.get(event.before)
            if event.update != "=" or before is None or event.before in used | results:
                continue
            status = judged.statuses[before.number]
            if status.kind == SOUND and before.line != event.line:
                yield event
            elif status.kind == SOUND and before.line == event.line:
                yield event  # in a loop

    def last_writes(self) -> dict[str, Event]:
        found: dict[str, Event] = {}
        for event in self.found.events:
            status = self.judged.statuses[event.number]
            if not event.role and status.kind != ZERO:
                found[event.name] = event
        return found

    def incomplete(self, way: Sequence[Event]) -> Iterator[Event]:
        """The last write to a name of which a part is missing."""
        lasts = set(self.last_writes().values())
        for event in way:
            status = self.judged.statuses[event.number]
            partly = status.kind == SOUND and status.own and not status.whole
            if event in lasts and partly and not self.judged.ends_well(event):
                yield event

    def scaling(self, way: Sequence[Event]) -> Iterator[Event]:
        """The lines that change the scale, the last first."""
        for event in reversed(way):
            status = self.judged.statuses[event.number]
            if status.match is None or status.match.factor == 1:
                continue
            fed = [self.judged.statuses[one.number] for one in self.judged.inputs[event.number]]
            if all(one.match is None or one.match.factor != status.match.factor for one in fed):
                yield event

    def last_of(self, variable: str) -> Event | None:
        leaf = self.found.found[variable].leaf
        direct = self.judged.marks.get(leaf)
        if direct is not None:
            return direct
        reached = self.found.replay.reached(leaf)
        return next((one for one in reversed(self.found.events) if one.leaf in reached), None)

    # Trials.

    def trials(self, candidate: Candidate, *, second: bool, blind: bool) -> Iterator[Trial]:
        """What makes a line right. `second`: another line is known that may be the mistake;
        `blind`: the repairs of which nothing says that they make it right."""
        node = candidate.event.node
        if id(node) not in self.blocks:
            return
        block = self.blocks[id(node)]
        wrong = set(self.judged.reaches(candidate.event)) or set(self.judged.wrong)
        before = set(self.judged.wrong)
        for change, local in self.changes(candidate.event, block, second=second, blind=blind):
            if self.late:
                return
            trial = self.tried(change, candidate, wrong, before, local=local)
            if trial is not None:
                yield trial
                if trial.level == 2:
                    return

    def tried(
        self,
        change: Change,
        candidate: Candidate,
        wrong: set[str],
        before: set[str],
        *,
        local: bool,
    ) -> Trial | None:
        kept = list(change.block)
        change.block[:] = change.after
        try:
            again = self.reading.read()
        except BackpropError:
            return None
        finally:
            change.block[:] = kept
        if failures(again) > failures(self.found):
            return None
        judged = Judgement(again)
        after = set(judged.wrong)
        if after - before:
            return None
        if wrong and wrong <= judged.fine:
            return Trial(change, candidate, 2, judged, self.likely(change, candidate))
        event = candidate.event
        promised = self.judged.wanted(event) is not None
        if (
            local
            and promised
            and line_is_right(judged, event)
            and not line_is_right(self.judged, event)
        ):
            return Trial(change, candidate, 1, judged)
        return None

    def likely(self, change: Change, candidate: Candidate) -> float:
        """Of two repairs that make as much right, the one that makes more sense."""
        if change.finding != "name":
            if change.finding in ADDING:
                return 0.4
            return LIKELY if pieces(ast.parse(change.fix)) > pieces(candidate.event.node) else 0.5
        wanted = self.judged.wanted(candidate.event)
        forward = self.found.forward
        consumers = {
            stage
            for part in self.found.targets.parts.get(wanted or 0, ())
            for stage in part.through
        }
        labels = {forward.program.labels[stage] for stage in consumers}
        used = {one.id for one in ast.walk(ast.parse(change.fix)) if isinstance(one, ast.Name)}
        return 0.25 if any(self.found.names.get(name) in labels for name in used) else 0.0

    def changes(
        self, event: Event, block: list[ast.stmt], *, second: bool, blind: bool
    ) -> Iterator[tuple[Change, bool]]:
        """What might have been meant by a line; with each whether it makes the line right."""
        if blind:
            if not event.lacks:
                yield from self.blindly(event, block)
            return
        if event.lacks:
            yield from ((one, False) for one in self.given_before(event, block))
            yield from ((one, False) for one in moved_down(event, block))
            return
        yield from ((one, False) for one in statement_changes(event, block))
        yield from ((one, False) for one in self.added_parts(event, block))
        node = event.node
        probed = self.probed(event)
        for repair in probed.mending[:TRIED]:
            yield self.change(repair, node, block), False
        for repair in probed.right[:TRIED]:
            yield self.change(repair, node, block), True
        for repair in probed.likely[: 0 if second else TRIED]:
            yield self.change(repair, node, block), False
        yield from ((one, True) for one in self.by_the_table(event, block))
        if [one.node for one in self.found.events].count(event.node) == 1:
            yield from ((one, False) for one in self.rescaled(event, block, probed.numbers))

    def rescaled(
        self, event: Event, block: list[ast.stmt], numbers: Mapping[str, Series]
    ) -> Iterator[Change]:
        """One more line, that multiplies or divides by a number: a mean that is a sum."""
        assigned = isinstance(event.node, (ast.Assign, ast.AugAssign))
        if not assigned or self.last_writes().get(event.name) is not event:
            return
        target = ast.parse(event.target, mode="eval").body
        if event.after and isinstance(target, ast.Subscript):
            target = target.value
        trial = WhatIf(self.judged, event, whole=True)
        now = trial.now
        added = (
            self.found.replay.series(event.part) if event.update == "+=" and event.part else None
        )
        place = [one is event.node for one in block].index(True)
        for name, series in numbers.items():
            value = np.array(series, float)
            for operation, factor, words in (
                ("/=", 1 / value, f"{name} times"), ("*=", value, f"1/{name} of"),
            ):  # fmt: skip
                line = parsed_line(f"{text(target)} {operation} {name}", event.node)
                assert line is not None
                if trial.becomes([a * b for a, b in zip(now, factor, strict=True)]):
                    after = [*block[: place + 1], line, *block[place + 1 :]]
                    words = f"this is {words} what it should be; write after it"
                    yield Change("missing-factor", words, text(line), block, after)
                elif added is not None and trial.becomes(
                    [(a - c) * b + c for a, b, c in zip(now, factor, added, strict=True)]
                ):
                    after = [*block[:place], line, *block[place:]]
                    words = f"what this adds to is {words} what it should be; write before it"
                    yield Change("missing-factor", words, text(line), block, after)

    def blindly(self, event: Event, block: list[ast.stmt]) -> Iterator[tuple[Change, bool]]:
        """Repairs of which only the whole pass says what they do, the simple ones first."""
        probed = self.probed(event)
        others = sorted(probed.others, key=lambda one: one.finding in (*ADDING, "name"))
        for repair in others[: 8 if probed.right else BLIND]:
            yield self.change(repair, event.node, block), False

    def given_before(self, event: Event, block: list[ast.stmt]) -> Iterator[Change]:
        """The line that gives what this one lacks."""
        name = event.lacks
        variable = self.found.names.get(name)
        if variable is None or name in self.reading.given_names:
            return
        place = [one is event.node for one in block].index(True)
        slot = self.judged.slots[variable]
        uses = self.found.targets.parts.get(slot, ())
        stages = [part.through[0] for part in uses]
        written = [next(self.formulas(stage, slot), "") for stage in dict.fromkeys(stages)]
        if slot == self.found.forward.program.output:
            written = ["1.0"]
        if not written or not all(written) or any(name in one.split() for one in written):
            return
        line = parsed_line(f"{name} = {' + '.join(written)}", event.node)
        if line is not None:
            words = f"no line computes {name}, the gradient of {variable}; write before this"
            yield Change(
                "missing-line", words, text(line), block, [*block[:place], line, *block[place:]]
            )

    def by_the_table(self, event: Event, block: list[ast.stmt]) -> Iterator[Change]:
        """The line as the table of gates has it, in the file's names."""
        judged = self.judged
        wanted = judged.wanted(event)
        if wanted is None or event.shape or not isinstance(event.node, (ast.Assign, ast.AugAssign)):
            return
        place = [one is event.node for one in block].index(True)
        taken = self.taken(event)
        parts = [
            one for one in self.found.targets.parts.get(wanted, ()) if one.through[0] not in taken
        ]
        for part in parts:
            for written in self.formulas(part.through[0], wanted):
                sign = "-=" if event.update == "-=" else event.update
                line = parsed_line(f"{event.target} {sign} {written}", event.node)
                if line is None or text(line) == text(event.node):
                    continue
                stage = self.found.forward.program.stage(part.through[0], 0)
                words = f"the gradient through {stage.name} = {stage.code} is"
                yield Change(
                    "formula", words, text(line), block, [*block[:place], line, *block[place + 1 :]]
                )

    def added_parts(self, event: Event, block: list[ast.stmt]) -> Iterator[Change]:
        """What a variable lacks, as another line: from the table of gates, in the file's names."""
        judged, _forward = self.judged, self.found.forward
        wanted, status = judged.wanted(event), judged.statuses[event.number]
        if wanted is None or status.kind != SOUND or event.shape:
            return
        variable = self.found.names[event.name]
        held = self.taken(event) | set(status.match.target.through if status.match else ())
        place = [one is event.node for one in block].index(True)
        for part in self.found.targets.parts.get(wanted, ()):
            stage = part.through[0]
            if stage in held:
                continue
            for written in self.formulas(stage, wanted):
                line = parsed_line(f"{event.target} += {written}", event.node)
                if line is None:
                    continue
                name = self.next_name(stage)
                words = f"{variable} is also used in {name}, and that gradient is missing"
                after = [*block[: place + 1], line, *block[place + 1 :]]
                yield Change("missing-part", words, text(line), block, after)

    def formulas(self, slot: int, operand: int) -> Iterator[str]:
        """What a stage passes back to an operand, as a text in the names of the file."""
        program = self.found.forward.program
        stage = next(program.stages_of([slot]), None) if hasattr(program, "stages_of") else None
        stage = stage or program.stage(slot, 0)
        label = program.labels[slot]
        gradient = next(
            (e.name for e in self.found.events if self.found.names.get(e.name) == label),
            f"d{label}",
        )
        for place, one in enumerate(stage.operands):
            if one != operand:
                continue
            pulled = stage.pull(place)
            if slot == program.output and not self.names_in_file & {gradient}:
                yield pulled.replace(f"d{stage.name} * ", "").replace(f"d{stage.name}", "1.0")
                continue
            yield self.in_python(re.sub(rf"\bd{re.escape(stage.name)}\b", gradient, pulled))

    def in_python(self, written: str) -> str:
        """Functions with the module before them that the file takes them from."""
        if not self.reading.python:
            return written
        names = self.names_in_file
        module = next((one for one in ("np", "numpy", "torch", "jnp") if one in names), "np")
        if module == "torch":
            written = written.replace("axis=", "dim=").replace("keepdims=", "keepdim=")
        return CALLED.sub(
            lambda found: found[0] if found[1] in names else f"{module}.{found[0]}", written
        )

    @cached_property
    def names_in_file(self) -> frozenset[str]:
        tree = self.reading.text.source.tree
        return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))

    def change(self, repair: Repair, node: ast.stmt, block: list[ast.stmt]) -> Change:
        after = [with_value(one, repair.node) if one is node else one for one in block]
        made = after[[one is node for one in block].index(True)]
        return Change(repair.finding, repair.words, text(made), block, after)

    def probed(self, event: Event) -> Probed:
        """Repairs of a line's expression, by what their values say of them."""
        probe = Probe(event, self.reading.names)
        try:
            again = self.reading.read(probe)
        except BackpropError:
            return Probed([], [], [], [], {})
        judged = Judgement(again)
        passes = [
            one for one in again.events if one.node is event.node and one.target == event.target
        ]
        mending, own, alike = [], [], []
        likely: list[Repair] = []
        others: list[Repair] = []
        numbers = {name: again.replay.series(leaf) for name, leaf in probe.numbers.items()}
        now = [again.replay.series(one.part or one.leaf) for one in passes]
        wanted = judged.wanted(event)
        taken = self.taken(event)
        single = len(passes) == 1 and not (passes[0].masked or passes[0].after or passes[0].alias)
        if single and passes[0].problem is not None:
            single = passes[0].name not in again.tracer.nothings
        trial = WhatIf(judged, passes[0]) if single else None
        for number, (repair, leaves) in enumerate(probe.values.items()):
            series = [again.replay.series(leaf) for leaf in leaves]
            if all(alike_everywhere(a, b) for a, b in zip(series, now, strict=False)):
                continue
            if trial is not None and trial.mends(series[0]):
                mending.append(probe.repairs[repair])
                continue
            if number % SOMETIMES == 0 and self.late:
                break
            kinds = []
            for one, found in zip(passes, series, strict=False):
                if one.update in ("+=", "-=") and not one.shape:
                    whole = again.replay.series(one.leaf)
                    found = [spread(a, np.shape(b)) for a, b in zip(found, whole, strict=True)]
                signed = [-np.asarray(v) for v in found] if one.update == "-=" else found
                keyed = one if one.key is not None else None
                kinds.append(judged.of(signed, keyed, judged.namesakes(one), narrow=True))
                if not kinds[-1].exact:
                    break
            if not kinds:
                continue
            if all(kind.exact and kind.own and not taken & set(kind.through) for kind in kinds):
                own.append(probe.repairs[repair])
            elif all(kind.exact for kind in kinds) and wanted is None:
                alike.append(probe.repairs[repair])
            elif trial is None:
                (likely if kinds[0].exact else others).append(probe.repairs[repair])
        if own and wanted is not None and not event.shape:
            likely, others = [], []
        if mending and mending[0].finding == "sign":
            signs = [one for one in mending if one.finding == "sign"]
            mending.sort(key=min(signs, key=lambda one: pieces(one.node)).__ne__)
        return Probed(mending, own + alike, likely, others, numbers)

    def taken(self, event: Event) -> set[int]:
        """The stages whose parts other lines for the same variable hold."""
        wanted = self.judged.namesakes(event)
        found: set[int] = set()
        for one in self.found.events:
            status = self.judged.statuses[one.number]
            if one.line != event.line and status.exact and status.own and status.slot in wanted:
                found |= set(status.through)
        return found


def failures(found: Pass) -> int:
    """How many lines have no value."""
    return len(found.tracer.troubles) + sum(event.problem is not None for event in found.events)


def pieces(node: ast.AST) -> int:
    """How much a line is made of."""
    return sum(isinstance(one, ast.expr) for one in ast.walk(node))


def line_is_right(judged: Judgement, event: Event) -> bool:
    """Is a line what its name says, in every turn of a loop?"""
    same_line = [
        one for one in judged.found.events if one.line == event.line and one.name == event.name
    ]
    if len(same_line) == 1 and same_line[0].update == "=" and not same_line[0].shape:
        alone = sum(one.name == event.name for one in judged.found.events) == 1
        if (
            alone
            and judged.wanted(event) is not None
            and not judged.statuses[same_line[0].number].whole
        ):
            return False
    return bool(same_line) and all(
        judged.fits(one) or one.number in judged.finished for one in same_line
    )
