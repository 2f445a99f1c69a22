"""How a report moves: tangents of all stages, and second derivatives, where they are asked for.

Tangents take the branches of the answer, so that the tangent of the output is always the gradient
times the direction. Where the gradient has a kink, second derivatives differ from side to side:
the answer has those of its own branches, and a notice says both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite, prod
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.answer.values import number, unknown_variable
from backprop.engine.kinds import Values
from backprop.engine.numbers import Branches
from backprop.engine.sides import branches_along, creased
from backprop.engine.tangents import Second
from backprop.engine.ties.sides import near
from backprop.errors import UsageError
from backprop.program.program import Notice

MODES = ("reverse", "forward", "both")
EACH = ""  # the name of a direction that is none of an input alone
MOST_NUMBERS = 10_000_000  # in the tangents of all stages along all inputs
MOST_COLUMNS = 10_000  # of a Hessian
SMALL = 10  # columns of a Hessian whose eigenvalues are told
SINGULAR = 1e-12  # an eigenvalue that is smaller than this part of the largest is 0
TOLD = 4  # kinks of second order that are told

Direction = Mapping[str, Any]


class Wishes(NamedTuple):
    """What is asked for beside value and gradient. A direction is a text, `x=1,y=-0.5`, or a
    mapping; an input that it lacks stays."""

    mode: str = "reverse"
    along: Any = None
    jvp: Any = None
    hvp: Any = None
    hessian: bool = False

    @property
    def any(self) -> bool:
        return self != Wishes()


class Curvature(NamedTuple):
    """What a small Hessian is like."""

    kind: str
    eigenvalues: Sequence[float]
    newton: Mapping[str, Any] | None  # the step to where the gradient of the parabola is 0


class Motion(NamedTuple):
    mode: str = "reverse"
    along: Direction | None = None  # None: along each input by itself
    tangents: Mapping[str, Values] = {}  # by the input that moves, or along the direction
    jvp: tuple[Direction, Any] | None = None
    hvp: tuple[Direction, Mapping[str, Any]] | None = None
    hessian: Mapping[str, Mapping[str, Any]] | None = None
    curvature: Curvature | None = None

    def tangent(self, slot: int) -> Any:
        """How a slot moves; by the name of the input where there are several directions."""
        found = {name: plain(zero_if_still(values[slot])) for name, values in self.tangents.items()}
        return found.get(EACH) if EACH in found else found

    def to_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if self.along is not None:
            found["along"] = said(self.along)
        if self.jvp is not None:
            found["jvp"] = {"along": said(self.jvp[0]), "value": plain(self.jvp[1])}
        if self.hvp is not None:
            found["hvp"] = {"along": said(self.hvp[0]), "gradient": said(self.hvp[1])}
        if self.hessian is not None:
            found["hessian"] = {name: said(row) for name, row in self.hessian.items()}
        if self.curvature is not None:
            kind, eigenvalues, newton = self.curvature
            found["curvature"] = {
                "kind": kind, "eigenvalues": [plain(float(one)) for one in eigenvalues],
                "newton": None if newton is None else said(newton),
            }  # fmt: skip
        return found


def said(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}


def zero_if_still(tangent: Any) -> Any:
    return 0.0 if tangent is None else tangent


def moved(report: Report, wishes: Wishes) -> Report:
    """The report with what was asked for."""
    if wishes.mode not in MODES:
        raise UsageError(f"mode can be {', '.join(MODES)}, not {wishes.mode}")
    if wishes.along is not None and wishes.mode == "reverse":
        wishes = wishes._replace(mode="both")
    mover = Mover(report)
    found = Motion(wishes.mode)
    if wishes.mode != "reverse":
        found = mover.traced(found, wishes.along)
    if wishes.jvp is not None:
        way = mover.direction(wishes.jvp)
        found = found._replace(jvp=(way, mover.tangents(way)[report.program.output]))
    if wishes.hvp is not None:
        way = mover.direction(wishes.hvp)
        found = found._replace(hvp=(way, mover.rows(way)))
    if wishes.hessian:
        table = mover.hessian()
        found = found._replace(hessian=table, curvature=mover.curvature(table))
    notices = (*report.notices, *mover.notices())
    return replace(report, motion=found, notices=notices)


def cells(report: Report) -> Iterator[dict[str, Any]]:
    """Every second derivative by itself, for who judges them: `by` moves along a way."""
    bent = {one.name for one in report.resolved.kinks} if report.resolved else set()
    kinks = {notice.message for notice in report.notices if notice.kind == "kink"}
    for mover, row, way in ways_of(report):
        for name, value in row.items():
            said = f"d{report.program.output_name}/d{name} "
            kink = next((one for one in kinks if one.startswith(said) and (
                f"as {mover.partition('[')[0]} moves" in one or not mover)), "")  # fmt: skip
            if not kink and name in bent:
                kink = f"{said}has two slopes here, of which one was taken"
            for entry, found in entries(name, value):
                yield {"by": entry, "mover": mover, "way": way, "value": found, "kink": kink}


def ways_of(report: Report) -> Iterator[tuple[str, Mapping[str, Any], dict[str, float]]]:
    """What moves, how the gradient does, and the way as numbers by entry."""
    motion = report.motion
    if motion.hvp is not None:
        way, row = motion.hvp
        numbers = {e: x for name, part in way.items() for e, x in entries(name, part) if x}
        yield EACH, row, numbers
    for mover in report.wrt if motion.hessian is not None else ():
        shape = report.program.shapes[report.program.inputs[mover]]
        columns = {name: row[mover] for name, row in motion.hessian.items()}
        if not shape:
            yield mover, columns, {mover: 1.0}
            continue
        import numpy as np

        for index in np.ndindex(*shape):
            label = entry_name(mover, index)
            yield label, {n: block[(..., *index)] for n, block in columns.items()}, {label: 1.0}


def entries(name: str, value: Any) -> Iterator[tuple[str, float]]:
    """The numbers of an array by the names of its entries."""
    if not getattr(value, "ndim", 0):
        yield name, float(value)
        return
    import numpy as np

    for index in np.ndindex(*value.shape):
        yield entry_name(name, index), float(value[index])


def entry_name(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


class Mover:
    """Moves a report along directions, and keeps what it finds of kinks."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.program, self.kind = report.program, report.kind
        self.branches = Branches.of(report.branches)
        self.upstream = report.back.gradient(self.program.output)
        self.watch = self.kind.watch(self.program, report.wrt)
        self.bent = bool(self.watch.tied(report.values)) or bool(
            creased(self.program, report.values)
        )
        self.kinks: dict[tuple[str, str], str] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        return self.program.shapes[self.program.inputs[name]]

    def size(self, name: str) -> int:
        return prod(self.shape(name))

    # Directions.

    def direction(self, given: Any) -> dict[str, Any]:
        """How much every input moves."""
        parts = dict(pairs(given)) if isinstance(given, str) else given
        if not isinstance(parts, Mapping):
            raise UsageError("a direction is a text such as x=1,y=-0.5, or a dict by name")
        for name in parts:
            if name not in self.program.inputs:
                raise unknown_variable(name, self.program)
        return {
            name: self.part(name, parts[name]) if name in parts else self.still(name)
            for name in self.program.inputs
        }

    def still(self, name: str) -> Any:
        return self.filled(name, 0.0)

    def filled(self, name: str, number: float) -> Any:
        shape = self.shape(name)
        if not self.program.arrays:
            return number
        import numpy as np

        return np.full(shape, number)[()]

    def part(self, name: str, given: Any) -> Any:
        what = f"the direction of {name}"
        if not self.program.arrays:
            found = number(what.removeprefix("the value of "), given)
            if getattr(found, "ndim", 0):
                raise UsageError(f"{what} is an array, and {name} a number")
        else:
            import numpy as np

            from backprop.answer.array_values import checked, from_text

            shape = self.shape(name)
            if isinstance(given, str):
                drawn = f"randn({', '.join(map(str, shape))})" if shape else "1"
                text = {"ones": "1", "randn": drawn}.get(given.strip(), given)
                found = np.asarray(from_text(what, text, 0))
            else:
                found = checked(what, given)
            if found.shape not in ((), shape):
                from backprop.gates.shapes import words

                raise UsageError(f"{what} is {words(found.shape)}, and {name} {words(shape)}")
            found = np.array(np.broadcast_to(found, shape))[()]
        if not self.kind.finite(found):
            raise UsageError(f"{what} is not finite")
        return found

    # Tangents.

    def tangents(self, direction: Direction) -> Values:
        return self.kind.tangents(self.program, self.report.values, direction, self.branches)

    def traced(self, found: Motion, along: Any) -> Motion:
        """The tangents of all stages."""
        if along is not None:
            way = self.direction(along)
            return found._replace(along=way, tangents={EACH: self.tangents(way)})
        names = self.report.wrt
        count = len(names) * len(self.report.values)
        if count > MOST_NUMBERS:
            text = f"the tangents along {len(names):,} inputs would be {count:,} numbers"
            raise UsageError(text, hint=f"choose a direction: --along {names[0]}=1")
        return found._replace(tangents={
            name: self.tangents({name: self.filled(name, 1.0)}) for name in names
        })  # fmt: skip

    # Second derivatives.

    def second(self, direction: Direction, branches: Branches) -> Second:
        report = self.report
        return self.kind.second(
            self.program, report.values, direction, self.upstream, branches, report.wrt
        )

    def rows(self, direction: Direction, mover: str = EACH) -> dict[str, Any]:
        """How the gradient moves along a direction."""
        slots = self.program.inputs
        found = self.second(direction, self.branches)
        rows = {name: found.gradient(slots[name]) for name in self.report.wrt}
        if self.bent:
            self.compare_sides(direction, mover)
        return rows

    def compare_sides(self, direction: Direction, mover: str) -> None:
        """Keep in mind where the gradient moves otherwise on one side than on the other."""
        against = {name: -part for name, part in direction.items()}
        left, right = (
            self.second(way, branches_along(
                self.watch, self.report.values, way, self.branches, self.upstream))
            for way in (against, direction)
        )  # fmt: skip
        for name in self.report.wrt:
            slot = self.program.inputs[name]
            if not alike(left.gradients[slot], right.gradients[slot]):
                text = "jumps"
                if not self.program.arrays:
                    before, after = (one.gradients[slot] + 0.0 for one in (left, right))
                    text += f" from {before:.6g} to {after:.6g}"
            elif not alike(-left.moved[slot], right.moved[slot]):
                text = "has other slopes on either side" if self.program.arrays else (
                    f"has slope {0.0 - left.moved[slot]:.6g} on the left"
                    f" and {right.moved[slot] + 0.0:.6g} on the right"
                )  # fmt: skip
            else:
                continue
            self.kinks.setdefault((name, mover), text)

    def notices(self) -> Iterator[Notice]:
        output = self.program.output_name
        for (name, mover), text in [*self.kinks.items()][:TOLD]:
            way = f"as {mover} moves" if mover else "along the direction"
            yield Notice("kink", f"d{output}/d{name} {text} {way}: a kink of second order")
        more = len(self.kinks) - TOLD
        if more > 0:
            yield Notice("kink", f"and {more:,} more kinks of second order")

    def hessian(self) -> dict[str, dict[str, Any]]:
        names = self.report.wrt
        size = sum(map(self.size, names))
        if size > MOST_COLUMNS or size * size > MOST_NUMBERS:
            text = f"the Hessian would have {size:,} columns, and as many rows"
            raise UsageError(text, hint="--hvp gives its product with a direction")
        table: dict[str, dict[str, Any]] = {name: {} for name in names}
        for mover in names:
            for name, column in self.columns(mover).items():
                table[name][mover] = column
        return table

    def columns(self, mover: str) -> dict[str, Any]:
        """The blocks of the Hessian by one input."""
        if not self.program.arrays:
            return self.rows({mover: 1.0}, mover)
        import numpy as np

        shape = self.shape(mover)
        found = {name: np.zeros((*self.shape(name), *shape)) for name in self.report.wrt}
        for entry in np.ndindex(*shape):
            way = np.zeros(shape)
            way[entry] = 1.0
            for name, column in self.rows({mover: way[()]}, mover).items():
                found[name][(..., *entry)] = column
        return {name: block[()] for name, block in found.items()}

    def curvature(self, table: Mapping[str, Mapping[str, Any]]) -> Curvature | None:
        """Eigenvalues and Newton's step, if the Hessian is small and finite."""
        names = self.report.wrt
        sizes = [self.size(name) for name in names]
        if not 0 < sum(sizes) <= SMALL:
            return None
        import numpy as np

        whole = np.block([
            [np.reshape(table[a][b], (m, n)) for b, n in zip(names, sizes, strict=True)]
            for a, m in zip(names, sizes, strict=True)
        ])  # fmt: skip
        if not np.all(np.isfinite(whole)):
            return None
        gradient = np.concatenate([np.ravel(self.report.gradient[name]) for name in names])
        return curvature_of((whole + whole.T) / 2, gradient, self.shaped)

    def shaped(self, step: Any) -> dict[str, Any]:
        """A vector of all entries, by input."""
        found, start = {}, 0
        for name in self.report.wrt:
            part = step[start : start + self.size(name)].reshape(self.shape(name))
            found[name] = part if self.program.arrays else float(part)
            start += self.size(name)
        return found


def curvature_of(matrix: Any, gradient: Any, shaped: Any) -> Curvature:
    import numpy as np

    values = np.linalg.eigvalsh(matrix)
    largest = float(np.max(np.abs(values)))
    signs = {float(np.sign(one)) for one in values if abs(one) > SINGULAR * largest}
    singular = any(abs(one) <= SINGULAR * largest for one in values)
    kinds = {
        (): "zero", (1.0,): "positive", (-1.0,): "negative", (-1.0, 1.0): "indefinite",
    }  # fmt: skip
    kind = kinds[tuple(sorted(signs))]
    if kind in ("positive", "negative"):
        kind += " semidefinite" if singular else " definite"
    elif singular and kind != "zero":
        kind += ", singular"
    newton = None
    if not singular and np.all(np.isfinite(gradient)):
        newton = shaped(-np.linalg.solve(matrix, gradient))
    return Curvature(kind, values.tolist(), newton)


def alike(left: Any, right: Any) -> bool:
    """Are two numbers one, rounding aside, or two arrays entry by entry?"""
    if not getattr(left, "ndim", 0) and not getattr(right, "ndim", 0):
        a, b = float(left), float(right)
        return near(a, b) or (isfinite(a) and isfinite(b) and abs(a - b) < 1e-12)
    import numpy as np

    return bool(np.allclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True))


def pairs(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a direction: names and texts of values, parted by commas outside brackets."""
    depth, start = 0, 0
    for place, char in enumerate(f"{text},"):
        depth += (char in "([{") - (char in ")]}")
        if char == "," and not depth:
            name, equals, value = text[start:place].partition("=")
            if not equals or not name.strip():
                raise UsageError(f"a direction is written x=1,y=-0.5, not {text}")
            yield name.strip(), value.strip()
            start = place + 1
