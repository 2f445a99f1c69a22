"""A report in a format of fewer bits, with what that costs: digits, overflow, underflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf, isfinite, isinf, log2, log10
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.engine.kinds import kind_of, resolve
from backprop.engine.lower import Lower
from backprop.program.program import Notice, Program

SHOWN = 4  # stages that are named for each thing that may happen to them
LOST = 1.0  # digits that a stage has to lose to be named
STATES = ("overflow", "pole", "nan", "underflow", "subnormal")
GONE = STATES[:4]  # no digit is left
KINDS = {"nan": "undefined", "": "digits"} | {s: s for s in STATES if s != "nan"}


class Kept(NamedTuple):
    """Right digits of a number, or of the worst entry of an array, and what became of it."""

    digits: float
    state: str = ""
    exact: float = 0.0  # the number it should be, where it is no number of the format
    entries: int = 0  # of an array, in this state


@dataclass(frozen=True)
class Lowered:
    """What a report in fewer bits is held against, and what every slot keeps."""

    base: Report  # in floats
    how: Lower
    values: Sequence[Kept]
    gradients: Sequence[Kept]
    scales: tuple[int, int] | None  # powers of 2 between which a loss scale works, if any may

    def least(self, wrt: Sequence[str]) -> float:
        """The fewest digits of value and gradient."""
        program = self.base.program
        kept = [self.values[program.output]]
        return min(one.digits for one in [*kept, *(self.gradients[program.inputs[n]] for n in wrt)])

    def to_dict(self) -> dict[str, Any]:
        how = self.how
        return {
            "dtype": how.format.name,
            "accumulate": (how.wide or how.format).name,
            "loss_scale": plain(float(how.scale)),
            "digits": round(how.format.digits, 2),
            "exact": {
                "value": plain(self.base.value),
                "gradient": {name: plain(one) for name, one in self.base.gradient.items()},
            },
            "loss_scales": None if self.scales is None else [*self.scales],
        }

    def stage(self, slot: int) -> dict[str, Any]:
        return {"value": told(self.values[slot]), "gradient": told(self.gradients[slot])}


def told(kept: Kept) -> dict[str, Any]:
    return {"digits": round(kept.digits, 1), "state": kept.state or None}


def lowered(
    report: Report, dtype: str, accumulate: str | None = None, loss_scale: float = 1.0
) -> Report:
    """The same program at the same point in fewer bits. Every stage is held against floats."""
    how = Lower.of(dtype, accumulate, loss_scale)
    program = report.program
    values = forward(program, report.point, how)
    kind = kind_of(program)
    upstream = report.back.gradient(program.output)
    with kind.quietly():
        resolved = resolve(kind.watch(program, report.wrt), values, report.ties, upstream)
    back = backward(program, values, resolved.branches, upstream, how)
    base = report
    every = base.every
    judge = Judge(how)
    slots = range(len(program.gates))
    kept_values = [judge.kept(values[k], base.values[k]) for k in slots]
    kept_slopes = [judge.kept(back.gradient(k), every.gradient(k), how.scale) for k in slots]
    found = Lowered(base, how, kept_values, kept_slopes, scales(program, every, report.wrt, how))
    notices = [*base.notices, *Teller(program, found, values, back).notices(report.wrt)]
    return replace(
        report, values=values, back=back, resolved=resolved._replace(back=back), lowered=found,
        notices=tuple(notices),
    )  # fmt: skip


def forward(program: Program, point: Mapping[str, Any], how: Lower) -> Any:
    if program.arrays:
        from backprop.engine.lower_arrays import forward_lower as of_arrays

        return of_arrays(program, point, how)
    from backprop.engine.lower import forward_lower

    return forward_lower(program, point, how)


def backward(program: Program, values: Any, branches: Any, upstream: Any, how: Lower) -> Any:
    if program.arrays:
        from backprop.engine.lower_arrays import backward_lower as of_arrays

        return of_arrays(program, values, branches, None, upstream, how)
    from backprop.engine.lower import backward_lower

    return backward_lower(program, values, branches, None, how)


def entries(value: Any) -> list[float]:
    """The numbers of a value."""
    if isinstance(value, float) or not hasattr(value, "ravel"):
        return [float(value)] if isinstance(value, (int, float)) else []
    found: list[float] = value.astype(float).ravel().tolist()
    return found


class Judge:
    """Says what a format made of numbers."""

    def __init__(self, how: Lower) -> None:
        self.format = how.format

    def kept(self, number: Any, exact: Any, scale: float = 1.0) -> Kept:
        """What is left of a number, or of the entries of an array."""
        pairs = zip(entries(number), entries(exact), strict=False)
        found = [self.one(a, b, scale) for a, b in pairs]
        if not found:
            return Kept(self.format.digits)
        worst = min(found, key=lambda one: (rank(one.state), one.digits))
        return worst._replace(entries=sum(one.state == worst.state for one in found))

    def one(self, number: float, exact: float, scale: float) -> Kept:
        full, target = self.format.digits, self.format
        if number == exact or (number != number and exact != exact):
            return Kept(full)
        if number != number:
            return Kept(0.0, "nan", exact)
        if isinf(number):
            beyond = isinf(target.rounded(exact * scale))
            return Kept(0.0, "overflow" if beyond else "pole", exact)
        if not isfinite(exact):
            return Kept(0.0, "", exact)
        if number == 0:
            return Kept(0.0, "underflow", exact)
        part = abs(number - exact) / abs(exact) if exact else inf
        digits = max(0.0, min(full, -log10(part))) if part else full
        small = abs(number) * scale < target.tiny
        return Kept(digits, "subnormal" if small and digits < full - LOST / 2 else "", exact)


def rank(state: str) -> int:
    return STATES.index(state) if state in STATES else len(STATES)


class Teller:
    """Names the stages at which digits go, and why."""

    def __init__(self, program: Program, found: Lowered, values: Any, back: Any) -> None:
        self.program = program
        self.found = found
        self.values = values
        self.back = back
        self.format = found.how.format
        self.full = self.format.digits

    def notices(self, wrt: Sequence[str]) -> Iterator[Notice]:
        yield Notice("dtype", self.summary(wrt))
        yield from few(self.literals(), "literals")
        yield from self.grouped(self.forward(), "value")
        yield from self.grouped(self.backward(), "gradient")
        yield from self.scaling(wrt)

    def summary(self, wrt: Sequence[str]) -> str:
        """`float16 keeps 3.1 of 3.3 digits of f, 2.0 of df/dx`."""
        program, found = self.program, self.found
        output = program.output_name
        parts = [(output, found.values[program.output])]
        parts += [(f"d{output}/d{n}", found.gradients[program.inputs[n]]) for n in wrt[:SHOWN]]
        said = [f"{self.amount(kept)} of {name}" for name, kept in parts]
        return f"{self.format.name} keeps, of {self.full:.1f} digits, {', '.join(said)}"

    def amount(self, kept: Kept) -> str:
        return "none" if kept.digits < 0.05 else f"{kept.digits:.1f}"

    def literals(self) -> Iterator[Notice]:
        for slot, value in self.program.used_constants:
            kept = self.found.values[slot]
            if kept.state and entries(value):
                text = self.program.literals[slot]
                target = self.format
                became = {
                    "underflow": f"is 0 in {target.name}, whose least number is {target.least:.2g}",
                    "overflow": f"is infinite in {target.name}, which ends at {target.largest:.6g}",
                }.get(kept.state, f"is subnormal in {target.name}")
                yield Notice(KINDS[kept.state], f"the literal {text} {became}")

    def code(self, slot: int) -> str:
        number = self.program.stage_slots.index(slot) + 1
        return f"{self.program.labels[slot]} = {self.program.stage(slot, number).code}"

    def forward(self) -> Iterator[tuple[str, int, str]]:
        """State, slot and sentence of every stage whose value suffers here."""
        kept = self.found.values
        for slot, _, operands in self.program.forward_steps():
            own, fed = kept[slot], [kept[operand] for operand in operands]
            before = min(one.digits for one in fed)
            if own.state in GONE:
                turned = own.state in ("nan", "pole") and not any(f.state == own.state for f in fed)
                if turned or not any(one.state in GONE for one in fed):
                    yield own.state, slot, self.sentence(self.code(slot), slot, own, fed)
            elif own.state or before - own.digits >= LOST:
                yield own.state, slot, self.sentence(self.code(slot), slot, own, fed)

    def sentence(
        self, code: str, slot: int, kept: Kept, fed: Sequence[Kept], forward: bool = True
    ) -> str:
        some = self.some(slot, kept)
        target = self.format
        match kept.state:
            case "nan" | "pole":
                became = "NaN" if kept.state == "nan" else "infinite"
                text = f"{code} is {became}{some}, where floats have {kept.exact:.4g}"
                return f"{text}{self.since(slot) if forward else ''}"
            case "overflow":
                return (
                    f"{code} overflows{some}: it is {kept.exact:.4g}, and {target.name} ends at "
                    f"{target.largest:.6g}"
                )
            case "underflow":
                return (
                    f"{code} becomes 0{some}: it is {kept.exact:.2g}, and the least number of "
                    f"{target.name} is {target.least:.2g}"
                )
            case "subnormal":
                left = f"{kept.digits:.1f} of {self.full:.1f} digits are left"
                return f"{code} is subnormal{some}: {left}"
        before = min(one.digits for one in fed)
        return f"{code} loses digits: of {before:.1f} right ones {kept.digits:.1f} are left"

    def since(self, slot: int) -> str:
        """What a stage is fed, where that tells why it has no finite value."""
        program = self.program
        fed = [one for one in program.operands[slot] if one not in program.constants]
        if program.arrays or not fed or isfinite(self.values[slot]):
            return ""
        said = [f"{program.labels[one]} is {self.values[one]:.6g}" for one in fed]
        return f"; {' and '.join(said)}"

    def some(self, slot: int, kept: Kept) -> str:
        if not self.program.arrays or not self.program.shapes[slot]:
            return ""
        return f" in {kept.entries} of its entries" if kept.entries > 1 else " in an entry"

    def backward(self) -> Iterator[tuple[str, int, str]]:
        """The same of gradients; one that only inherits is passed over."""
        kept, labels = self.found.gradients, self.program.labels
        sources: dict[int, list[int]] = {}
        for slot, _, operands in self.program.backward_steps():
            for place, operand in enumerate(operands):
                if self.back.flow(slot, place) is not None:
                    sources.setdefault(operand, []).append(slot)
        for slot, through in sources.items():
            own = kept[slot]
            if slot in self.program.constants:
                continue
            fed = [kept[one] for one in through]
            inherited = any(one.state in GONE for one in fed)
            before = min(one.digits for one in fed)
            if own.state in GONE and inherited:
                continue
            lost = before - own.digits >= LOST and len(through) > 1
            if own.state or (lost and not self.cancels(slot, through)):
                name = f"d{labels[slot]}, which comes back through {labels[through[0]]},"
                yield own.state, slot, self.sentence(name, slot, own, fed, forward=False)

    def cancels(self, slot: int, through: Sequence[int]) -> bool:
        """Is a gradient next to nothing beside the parts that it adds up?"""
        every, operands = self.found.base.every, self.program.operands
        parts = [
            size
            for one in through
            for place, operand in enumerate(operands[one])
            if operand == slot
            for size in sizes_of(every.flow(one, place))
        ]
        sizes = sizes_of(every.gradient(slot))
        return max(sizes, default=0.0) <= 2.0**-self.format.bits * max(parts, default=0.0)

    def grouped(self, found: Iterator[tuple[str, int, str]], what: str) -> Iterator[Notice]:
        """A few of each kind, the worst kind first."""
        kinds: dict[str, list[tuple[int, str]]] = {}
        for state, slot, text in found:
            kinds.setdefault(state, []).append((slot, text))
        for state in sorted(kinds, key=rank):
            rows = kinds[state]
            for slot, text in rows[:SHOWN]:
                yield Notice(KINDS[state], text, self.program.labels[slot])
            if len(rows) > SHOWN:
                more = f"and {len(rows) - SHOWN} more stages, whose {what} suffers in the same way"
                yield Notice(KINDS[state], more)

    def scaling(self, wrt: Sequence[str]) -> Iterator[Notice]:
        """What loss scales would work, where one is needed or was given."""
        found = self.found
        spoiled = any(kept.state in GONE[:3] for kept in found.values)
        suffers = any(kept.state for kept in found.gradients) and not spoiled
        if found.scales is None or not (suffers or found.how.scale != 1):
            return
        low, high = found.scales
        if low > high:
            text = f"no loss scale works: it needs at least 2^{low} and at most 2^{high}"
        elif low <= 0 <= high and found.how.scale == 1:
            return
        else:
            text = f"a loss scale from 2^{low} to 2^{high} keeps every gradient"
        yield Notice("loss-scale", text)


def few(found: Iterator[Notice], what: str) -> Iterator[Notice]:
    rows = [*found]
    yield from rows[:SHOWN]
    if len(rows) > SHOWN:
        yield Notice(rows[0].kind, f"and {len(rows) - SHOWN} more {what}")


def scales(program: Program, every: Any, wrt: Sequence[str], how: Lower) -> tuple[int, int] | None:
    """Between which powers of 2 a loss scale keeps every gradient normal that matters: what is
    nothing beside the sum that it is part of doesn't."""
    least, most = inf, 0.0
    part = 2.0**-how.format.bits
    matters = [False] * len(program.gates)
    for name in wrt:
        matters[program.inputs[name]] = True
    for slot, _, operands in program.forward_steps():
        for place, operand in enumerate(operands):
            if not matters[operand]:
                continue
            message = every.flow(slot, place)
            sizes = sizes_of(message)
            total = max(sizes_of(every.gradient(operand)), default=0.0)
            heard = [size for size in sizes if size >= part * total]
            if heard:
                matters[slot] = True
                least, most = min(least, *heard), max(most, *heard)
    for slot, wanted in enumerate(matters):
        if wanted:
            sizes = sizes_of(every.gradient(slot))
            top = max(sizes, default=0.0)
            heard = [size for size in sizes if size >= part * top]
            if heard:
                least, most = min(least, *heard), max(most, *heard)
    if not most or not isfinite(most):
        return None
    return ceil(log2(how.format.tiny / least)), floor(log2(how.format.largest / most))


def sizes_of(value: Any) -> list[float]:
    return [] if value is None else [abs(one) for one in entries(value) if one and isfinite(one)]
