"""Why a line is wrong: the mistake that explains its numbers in all worlds, the likeliest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple

from backprop.arithmetic.precise import PRECISE
from backprop.errors import BackpropError
from backprop.gates import GATES
from backprop.grading.comparing import Mark, mark, near, same, turned
from backprop.grading.edits import PRODUCTS, Edit, Site, edits
from backprop.grading.evaluating import Evaluator
from backprop.grading.formulas import right_line
from backprop.grading.forward import Forward
from backprop.grading.matching import Claim, restricted, total
from backprop.grading.worlds import Series, Statement
from backprop.language.printer import print_node
from backprop.language.syntax import INFIX, WORDS, Item, Tree, children

NEAREST = 30  # variables that are tried in place of another
LARGEST = 1000  # denominator of a constant factor
ROUGH = 0.005  # how far a number that was typed in may be off
MATRIX_PRODUCTS = (*PRODUCTS, "matvec", "vecmat", "inner", "scale", "div", "outer")


class Diagnosis(NamedTuple):
    finding: str
    detail: str = ""
    fix: str = ""  # the right expression


@dataclass(frozen=True, eq=False)
class Case:
    """A wrong line and what it should come to."""

    forward: Forward
    evaluator: Evaluator
    written: Mapping[str, str]  # how the file writes the gradient of a variable
    claim: Claim
    goal: Series

    @property
    def names(self) -> dict[str, Series]:
        return self.evaluator.names

    @cached_property
    def target(self) -> Mark:
        return mark(self.goal)

    @cached_property
    def yours(self) -> Mark | None:
        return None if self.claim.series is None else mark(self.level(self.claim.series))

    def level(self, series: Series) -> Series:
        """Entries of an array side by side, if only some of them are meant."""
        if self.claim.entries is None:
            return series
        return restricted(series, self.claim.entries, self.claim.entries)

    @cached_property
    def statements(self) -> list[str]:
        return list(dict.fromkeys(use.statement for use in self.claim.wants))

    @cached_property
    def statement(self) -> Statement | None:
        """The statement that the line is about, if it is about one."""
        names = self.statements
        return self.forward.by_name.get(names[0]) if len(names) == 1 else None

    @cached_property
    def gates(self) -> list[str]:
        """The gates of that statement, known patterns closed into one."""
        if self.statement is None:
            return []
        program = self.statement.closed()
        return [program.gates[slot] for slot in program.stage_slots]

    @cached_property
    def operands(self) -> list[str]:
        return [] if self.statement is None else list(self.statement.program.inputs)

    @property
    def upstream(self) -> str:
        return self.written[self.statement.name] if self.statement else ""

    def formula(self) -> str:
        """The right line, derived from the table."""
        one = self.statement
        if one is None or self.claim.entries is not None:
            return ""
        if self.claim.variable not in one.program.inputs:
            return ""
        return right_line(one, self.claim.variable, self.upstream)

    def explains(self, code: Sequence[Item]) -> bool:
        """Does an expression come to what is right, in all worlds?"""
        assert self.claim.line.tree is not None
        tree = Tree(
            self.claim.line.tree.text, code, [0] * len(code), [(0, len(code))], {}, values=WORDS
        )
        try:
            for k, value in enumerate(self.evaluator.each(tree)):
                found = mark(self.level([value]))
                if found.shape != self.target.shape:
                    return False
                size = found.sizes[0] + self.target.sizes[k]
                if not near(self.turned(found.sums[0]), self.target.sums[k], size):
                    return False
        except (BackpropError, IndexError):
            return False
        return True

    def turned(self, number: Any) -> Any:
        return -number if self.claim.line.update == "-=" else number


def diagnose(case: Case) -> Diagnosis:
    """The first mistake that explains the numbers; `value` if none does."""
    for found in chain(simple(case), by_edits(case), others(case)):
        return found
    if case.yours is None:
        return Diagnosis("shape", str(case.claim.error), case.formula())
    if case.yours.shape != case.target.shape:
        return Diagnosis("shape", "", case.formula())
    return Diagnosis("value", "", case.formula())


def simple(case: Case) -> Iterator[Diagnosis]:
    """What the numbers alone tell."""
    yours, target = case.yours, case.target
    if yours is None or yours.shape != target.shape:
        return
    fix = case.formula()
    if same(yours, turned(target)):
        yield Diagnosis("sign", "whole", fix)
    one = case.statement
    tree = case.claim.line.tree
    if one and tree and not case.claim.mentions:
        code = [*tree.code, case.upstream, INFIX["*"]]
        if case.explains(code):
            yield Diagnosis("no-upstream", case.upstream, fix or text_of(code))
    if (factor := constant_factor(yours, target)) is not None:
        yield Diagnosis("constant-factor", factor, fix or without(tree, factor))
    if one and case.claim.entries is None:
        upstream = case.forward.gradients[one.name]
        if same(yours, mark(upstream)):
            yield Diagnosis("no-local", case.upstream, fix)
        yield from swapped(case, one.name, fix)
        output = [a * b for a, b in zip(case.forward.values[one.name], upstream, strict=True)]
        if len(case.gates) == 1 and same(yours, mark(output)):
            yield Diagnosis("function-itself", f"{case.gates[0]} {one.name}", fix)


def without(tree: Tree | None, factor: str) -> str:
    """An expression divided by a factor that is too much."""
    if tree is None or "." in factor or factor[0] == "-":
        return ""
    top, _, bottom = factor.partition("/")
    code: list[Item] = [*tree.code]
    code += [bottom, INFIX["*"]] if bottom else []
    code += [top, INFIX["/"]] if top != "1" else []
    return text_of(code)


def swapped(case: Case, statement: str, fix: str) -> Iterator[Diagnosis]:
    """What the same statement passes back to another of its operands."""
    assert case.yours is not None
    for other in case.operands:
        if other == case.claim.variable or (other, statement) not in case.forward.worlds[0].flows:
            continue
        parts = case.forward.uses(other, statement)
        whole = parts[0]
        for part in parts[1:]:
            whole = [a + b for a, b in zip(whole, part, strict=True)]
        if same(case.yours, mark(whole)):
            product = any(gate in MATRIX_PRODUCTS for gate in case.gates)
            finding = "swapped" if product else "other-gradient"
            yield Diagnosis(finding, f"{statement} {other}", fix)


def constant_factor(yours: Mark, target: Mark) -> str | None:
    """`1/2` if a number is half of what it should be, in all worlds."""
    ratios = [a / b for a, b in zip(yours.sums, target.sums, strict=True) if b]
    if not ratios or not ratios[0]:
        return None
    factor = ratios[0]
    scaled = target._replace(
        sums=tuple(factor * number for number in target.sums),
        sizes=tuple(abs(factor) * size for size in target.sizes),
    )
    if not same(yours, scaled):
        return None
    nice = Fraction(float(factor)).limit_denominator(LARGEST)
    if abs(float(nice) - float(factor)) < 1e-9 * abs(float(factor)):
        return str(nice)
    return f"{float(factor):.6g}" if len(ratios) > 1 else None


def by_edits(case: Case) -> Iterator[Diagnosis]:
    """The small change to the line that makes it right."""
    tree = case.claim.line.tree
    if tree is None:
        return
    near_by = [*case.operands, *filter(None, case.statements), *case.forward.variables]
    gradients = [case.written[name] for name in case.forward.variables]
    used = [name for name in tree.names if name in case.forward.values]
    values = list(dict.fromkeys([*near_by[: len(case.operands) + 1], *used, *near_by]))[:NEAREST]
    product = any(gate in MATRIX_PRODUCTS for gate in case.gates)
    site = Site(
        case.upstream, gradients, values,
        frozenset(case.operands if product else ()),
        case.gates[0] if len(case.gates) == 1 else "", case.forward.program.arrays,
    )  # fmt: skip
    for edit in edits(tree.code, site):
        if case.explains(edit.code):
            yield told(edit)


def told(edit: Edit) -> Diagnosis:
    return Diagnosis(edit.finding, edit.detail, text_of(edit.code))


def text_of(code: Sequence[Item]) -> str:
    return print_node(code, children(code), len(code) - 1)


def others(case: Case) -> Iterator[Diagnosis]:
    """The gradient of something else, another function's derivative, a number typed in."""
    yours, target = case.yours, case.target
    if yours is None or yours.shape != target.shape:
        return
    fix = case.formula()
    if case.claim.entries is None:
        for name, series in case.forward.gradients.items():
            if name != case.claim.variable and same(yours, mark(series)):
                yield Diagnosis("other-gradient", f" {name}", fix)
        for name, statement in case.forward.worlds[0].flows:
            for part in case.forward.uses(name, statement):
                if (name, statement) != (case.claim.variable, "") and same(yours, mark(part)):
                    yield Diagnosis("other-gradient", f"{statement} {name}", fix)
        yield from other_functions(case, fix)
    if len(yours.sums) > 1 and abs(yours.sums[0] - target.sums[0]) <= ROUGH * target.sizes[0]:
        yield Diagnosis("only-here", "", fix)


def other_functions(case: Case, fix: str) -> Iterator[Diagnosis]:
    """The derivative of another function of one number at the same place."""
    one = case.statement
    if one is None or one.program.arrays or len(case.operands) != 1:
        return
    assert case.yours is not None
    inner, upstream = case.forward.values[case.operands[0]], case.forward.gradients[one.name]
    for name, gate in list(GATES.items()):
        if gate.operands != ("a",) or gate.array or not all(gate.partials):
            continue
        slope, value = PRECISE.local["notes"][name], PRECISE.value[name]
        series = [
            (slope(a, value(a))[0] or a * 0) * g for a, g in zip(inner, upstream, strict=True)
        ]
        if same(case.yours, mark(series)):
            yield Diagnosis("other-derivative", f"{'_'.join(case.gates)} {name}", fix)


def goal_of(forward: Forward, claim: Claim) -> Series:
    """What a wrong line should come to: the parts that it should hold."""
    if claim.variable == forward.output:
        return total(claim.wants)
    if all(use.mark.shape == claim.wants[0].mark.shape for use in claim.wants) and (
        claim.entries is None
    ):
        full = forward.uses(claim.variable, claim.wants[0].statement)[0]
        if mark(full).shape == claim.wants[0].mark.shape:
            return total(claim.wants)
    series = [
        part
        for statement in dict.fromkeys(use.statement for use in claim.wants)
        for part in forward.uses(claim.variable, statement)
    ]
    whole = series[0]
    for part in series[1:]:
        whole = [a + b for a, b in zip(whole, part, strict=True)]
    return whole if claim.entries is None else restricted(whole, claim.entries, None)
