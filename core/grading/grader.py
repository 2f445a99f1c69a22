"""The lines of one file, one after the other: which are about a gradient, and what they come to."""

from __future__ import annotations

import time

from backprop.errors import BackpropError, LanguageError, LimitError, ShapeError
from backprop.grading.comparing import mark, same
from backprop.grading.evaluating import (
    UnknownNameError,
    shortened,
)
from backprop.grading.file import PATIENCE, GradedFile
from backprop.grading.matching import Claim, number
from backprop.grading.reading import Line, lines
from backprop.grading.results import UNREADABLE, WRONG, Graded
from backprop.grading.settling import settle
from backprop.grading.targets import accumulated, entries_of, grown, renewed
from backprop.grading.totals import totals_of
from backprop.grading.worlds import Series


class Grader(GradedFile):
    """Reads and judges one file."""

    def run(self) -> None:
        sizes = {
            name: getattr(series[0], "shape", ()) for name, series in self.evaluator.names.items()
        }
        for line in lines(self.text, sizes):
            if time.monotonic() > self.deadline:
                message = f"the lines up to here took {PATIENCE:g} s, so the file is not graded"
                raise LimitError(message, text=self.text, span=line.span)
            self.look_at(line)
        settle(self)
        self.found.totals = totals_of(self.own, self.forward, set(self.claims))

    # One line after the other.

    def look_at(self, line: Line) -> None:
        if line.error or line.tree is None:
            self.unreadable(line, line.error or LimitError("this is not read"))
            return
        if line.target in self.gradients:
            self.gradient_line(line)
        elif line.target in self.forward.values and not line.subscript:
            self.forward_line(line)
        else:
            self.helper_line(line)

    def unreadable(self, line: Line, error: BackpropError) -> None:
        self.tried.add(self.gradients.get(self.own.lose(line), ""))
        row = Graded(line.number, line.code, UNREADABLE, "unreadable", error=error)
        if isinstance(error, UnknownNameError):
            row.finding = "unknown-name"
        elif isinstance(error, LimitError):
            row.finding = "too-large"
        if not error.span or error.text != self.text:
            span = error.span or (0, line.span[1] - line.place)
            start = line.place + span[0] if line.tree else line.span[0]
            stop = line.place + span[1] if line.tree else line.span[1]
            error = type(error)(
                error.message, text=self.text, span=(start, stop), hint=error.hint
            )  # fmt: skip
        row.error, row.column = error, error.column
        row.hint = error.message + (f"; {error.hint}" if error.hint else "")
        self.found.lines.append(row)

    def gradient_line(self, line: Line) -> None:
        variable = self.gradients[line.target]
        self.written[variable] = line.target
        if self.forward.free and variable == self.forward.output:
            return  # the gradient to begin with is the user's to choose
        try:
            entries = entries_of(line, self.forward, variable)
            line = accumulated(line)
            series, line, error = self.series_of(line, variable)
            if series and entries and getattr(series[0], "size", 1) not in (1, len(entries)):
                message = f"{len(entries)} entries are assigned {series[0].size}"
                series, error = None, ShapeError(message)
        except BackpropError as problem:
            self.unreadable(line, problem)
            self.running[variable] = None
            return
        self.own.run(line, entries)
        claim = Claim(line, variable, series, self.mentions(line) - {variable}, entries, error)
        self.run_on(claim)
        row = Graded(line.number, line.code)
        self.rows.append((row, claim))
        self.found.lines.append(row)
        self.claims.setdefault(variable, []).append(claim)

    def series_of(
        self, line: Line, variable: str
    ) -> tuple[Series | None, Line, BackpropError | None]:
        """What a line comes to. One that changes what its name has been so far stands for all
        lines before it; shapes that don't fit are a mistake like others."""
        names, changed = self.evaluator.names, renewed(line)
        if changed and (before := self.running.get(variable)) is not None:
            line, names = changed, {**names, line.target: before}
            self.claims[variable] = []
        assert line.tree is not None
        try:
            series = self.evaluator.series(line.tree, names)
        except ShapeError as error:
            return None, line, error
        stretches = line.update != "=" or variable not in self.forward.program.inputs
        if stretches and not line.subscript:
            series = widened(series, self.forward.values[variable])
        return [-value for value in series] if line.update == "-=" else series, line, None

    def run_on(self, claim: Claim) -> None:
        """What the name is after this line, other gradients being right."""
        before = self.running.get(claim.variable)
        found = claim.series if claim.entries is None else None
        if claim.line.update != "=" and found is not None:
            fits = before is not None and mark(before).shape == mark(found).shape
            found = [a + b for a, b in zip(before or [], found, strict=True)] if fits else None
        self.running[claim.variable] = found

    def forward_line(self, line: Line) -> None:
        """A line of the forward pass that was pasted along: an input's is right at the point."""
        assert line.tree is not None
        try:
            series = self.evaluator.series(line.tree)
        except BackpropError as error:
            self.unreadable(line, error)
            return
        right = self.forward.values[line.target]
        if line.target in self.forward.program.inputs:
            series, right = series[:1], right[:1]
        row = Graded(line.number, line.code)
        row.yours, row.expected = number(series[0]), number(right[0])
        if line.update != "=" or not same(mark(series), mark(right)):
            row.verdict, row.finding = WRONG, "forward"
            row.hint = f"the program computes {line.target} in another way"
        self.found.lines.append(row)

    def helper_line(self, line: Line) -> None:
        """A name of the user's own: its value is used as it is."""
        assert line.tree is not None
        begins = line.update != "=" and line.target not in self.helpers
        try:
            if line.subscript:
                message = f"{shortened(line.target)} is the gradient of nothing in the program"
                raise LanguageError(message, text=self.text, span=line.span)
            new = line._replace(update="=") if begins else grown(line)
            assert new.tree is not None
            series = self.evaluator.series(new.tree)
        except BackpropError as error:
            self.unreadable(line, error)
            return
        self.evaluator.names[line.target] = series
        self.own.run(new, None)
        claim = Claim(new, line.target, series, self.mentions(new), finding="not-started" * begins)
        self.helpers[line.target] = new
        self.rows.append((Graded(line.number, line.code), claim))


def widened(series: Series, like: Series) -> Series:
    """An array, or a number, that NumPy would stretch to the shape of the variable."""
    shape, wanted = getattr(series[0], "shape", ()), getattr(like[0], "shape", ())
    if shape == wanted or len(shape) > len(wanted):
        return series
    if any(size not in (1, other) for size, other in zip(shape[::-1], wanted[::-1], strict=False)):
        return series
    import numpy as np

    return [np.broadcast_to(np.asarray(value), wanted) for value in series]
