"""What a line did, and what it should do, in the words of a kind teacher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from backprop.errors import closest
from backprop.explaining.shapes import fitting
from backprop.grading.diagnosis import Diagnosis
from backprop.grading.formulas import right_line
from backprop.grading.forward import Forward
from backprop.grading.matching import Claim

LONGEST = 90  # characters of a right line that is spelled out


class Words:
    """Hints about the lines of one file, in the names that it uses."""

    def __init__(self, forward: Forward, written: Mapping[str, str], helpers: list[str]) -> None:
        self.forward = forward
        self.written = written
        self.helpers = helpers

    def told(self, claim: Claim, found: Diagnosis) -> str:
        """The hint for a line: what is wrong, and the right line if it is known."""
        tell: Callable[[Claim, Diagnosis], str] = getattr(
            self, found.finding.replace("-", "_"), self.value
        )
        said = tell(claim, found)
        if found.fix and len(found.fix) <= LONGEST:
            update = "+=" if claim.line.update == "+=" else claim.line.update
            fix = f"-({found.fix})" if update == "-=" and " " in found.fix else found.fix
            said += f": {claim.line.target}{claim.line.subscript} {update} {fix}"
        return said

    def upstream(self, claim: Claim) -> str:
        """The gradient that arrives at the statement that the line is about."""
        names = dict.fromkeys(use.statement for use in claim.wants)
        return " and ".join(self.written.get(name, name) for name in names)

    def through(self, claim: Claim) -> str:
        names = [name for name in dict.fromkeys(use.statement for use in claim.wants) if name]
        return f" through {' and '.join(names)}" if names else ""

    # The number is wrong.

    def sign(self, claim: Claim, found: Diagnosis) -> str:
        return "the sign is turned" if found.detail == "whole" else "a sign in it is turned"

    def constant_factor(self, claim: Claim, found: Diagnosis) -> str:
        top, _, bottom = found.detail.partition("/")
        if top in ("1", "-1") and bottom:
            sign = "-" if top == "-1" else ""
            return f"the factor {sign}{bottom} is missing"
        return f"this is {found.detail} times what it should be"

    def no_upstream(self, claim: Claim, found: Diagnosis) -> str:
        return f"this is the local derivative alone; multiply by {found.detail}, which arrives here"

    def other_upstream(self, claim: Claim, found: Diagnosis) -> str:
        right = self.upstream(claim)
        return f"{found.detail} belongs to another stage; {right} is what arrives here"

    def upstream_twice(self, claim: Claim, found: Diagnosis) -> str:
        return f"{found.detail} is multiplied in twice"

    def no_local(self, claim: Claim, found: Diagnosis) -> str:
        return f"{found.detail} alone is handed on; the local derivative is forgotten"

    def missing_factor(self, claim: Claim, found: Diagnosis) -> str:
        return f"the factor {found.detail} is missing"

    def extra_factor(self, claim: Claim, found: Diagnosis) -> str:
        factor = "a factor" if found.detail == "..." else f"the factor {found.detail}"
        return f"{factor} is too much"

    def swapped(self, claim: Claim, found: Diagnosis) -> str:
        return f"the factors are swapped: {claim.variable} gets the value of the other one"

    def wrong_value(self, claim: Claim, found: Diagnosis) -> str:
        yours, right = found.detail.split()
        return f"the local derivative is taken at {yours}; it belongs at {right}"

    def wrong_index(self, claim: Claim, found: Diagnosis) -> str:
        yours, right = found.detail.split()
        return f"entry {yours} is taken; it belongs at entry {right}"

    def function_itself(self, claim: Claim, found: Diagnosis) -> str:
        return f"this multiplies by {found.detail.split()[0]} itself, not by its derivative"

    def other_derivative(self, claim: Claim, found: Diagnosis) -> str:
        yours, _, right = found.detail.partition(" ")
        if found.fix and right.lstrip("-") in found.fix:
            return f"{yours} is not the derivative here, {right} is"
        return f"this is the derivative of {right}"

    def power_rule(self, claim: Claim, found: Diagnosis) -> str:
        yours, right = found.detail.split()
        return f"the exponent is {yours}; by the power rule it is {right}"

    def no_square(self, claim: Claim, found: Diagnosis) -> str:
        what = "" if found.detail == "..." else f" of {found.detail}"
        return f"the square{what} is missing"

    def other_gradient(self, claim: Claim, found: Diagnosis) -> str:
        statement, _, name = found.detail.partition(" ")
        if statement:
            return f"this is what {statement} passes back to {name}, not to {claim.variable}"
        return f"this is the gradient of {name}, not that of {claim.variable}"

    def transpose(self, claim: Claim, found: Diagnosis) -> str:
        return f"a transpose is missing or too much{self.dimensions(claim)}"

    def product_order(self, claim: Claim, found: Diagnosis) -> str:
        return f"the factors stand in the wrong order{self.dimensions(claim)}"

    def dimensions(self, claim: Claim) -> str:
        """The shapes that decide, as in the notes."""
        from backprop.gates.shapes import words

        names = list(dict.fromkeys(use.statement for use in claim.wants))
        one = self.forward.by_name.get(names[0]) if len(names) == 1 else None
        if one is None or len(one.program.inputs) != 2 or claim.variable not in one.program.inputs:
            return ""
        other = next(name for name in one.program.inputs if name != claim.variable)
        shape = {name: self.forward.values[name][0].shape for name in (claim.variable, other)}
        upstream, came = self.upstream(claim), self.forward.values[one.name][0].shape
        if any(len(side) != 2 for side in (*shape.values(), came)):
            return ""
        fits = list(fitting(upstream, came, other, shape[other], shape[claim.variable]))
        if len(fits) != 1:
            return ""
        target = claim.line.target
        return (
            f": {target} has to be {words(shape[claim.variable])}, and of {upstream},"
            f" {words(came)}, and {other}, {words(shape[other])}, only this fits"
        )

    def not_summed(self, claim: Claim, found: Diagnosis) -> str:
        axis = f" ({found.detail})" if found.detail else ""
        return f"{claim.variable} was broadcast, so its gradient is a sum over the others{axis}"

    def axis(self, claim: Claim, found: Diagnosis) -> str:
        return f"the sum runs along the wrong axis; it is axis {found.detail}"

    def shape(self, claim: Claim, found: Diagnosis) -> str:
        from backprop.gates.shapes import words

        like = claim.goal or self.forward.values[claim.variable]
        wanted = getattr(like[0], "shape", ())
        said = f"{claim.line.target} has to be {words(wanted)}, as {claim.variable} is"
        if claim.series is not None:
            return f"this is {words(getattr(claim.series[0], 'shape', ()))}; {said}"
        return f"{claim.error}; {said}" if claim.error else said

    def only_here(self, claim: Claim, found: Diagnosis) -> str:
        return "right at this point alone, wrong at others"

    def value(self, claim: Claim, found: Diagnosis) -> str:
        return f"this is not what comes back to {claim.variable}{self.through(claim)}"

    # The number is right, its place is not.

    def overwrites(self, claim: Claim, found: Diagnosis) -> str:
        target = f"{claim.line.target}{claim.line.subscript}"
        return (
            f"= throws away what {target} was; {claim.variable} is used more than once and"
            f" gradients add up: write {target} += ..."
        )

    def not_started(self, claim: Claim, found: Diagnosis) -> str:
        return f"{claim.line.target} has no value yet that += could add to: write ="

    def counted_twice(self, claim: Claim, found: Diagnosis) -> str:
        return "this part has been added before; it counts twice"

    def extra(self, claim: Claim, found: Diagnosis) -> str:
        return f"no use of {claim.variable} is left that would pass this back"

    def too_early(self, claim: Claim, found: Diagnosis) -> str:
        name = self.written[claim.late]
        return f"{name} is not complete here: a later line gives or adds to it. Move this line down"

    def superseded(self, claim: Claim, found: Diagnosis) -> str:
        return "a later = starts anew, so this line does nothing"

    def adds_nothing(self, claim: Claim, found: Diagnosis) -> str:
        return "this adds 0"

    # What no line holds.

    def missing(self, variable: str, statement: str) -> str:
        one = self.forward.by_name[statement]
        text = right_line(one, variable, self.written[statement])
        ending = f": {self.written[variable]} += {text}" if text else ""
        return f"{variable} is used in {statement} as well, and that use passes back too{ending}"

    def never(self, variable: str, statements: Sequence[str]) -> str:
        wanted = self.written[variable]
        near = closest(wanted, self.helpers)
        hint = f"; did you mean it by {near}?" if near else ""
        return f"no line gives {wanted}, what comes back through {' and '.join(statements)}{hint}"
