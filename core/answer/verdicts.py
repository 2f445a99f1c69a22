"""What came of a check, as plain data: made where the opinions are, read by every renderer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

METHODS = ("precise", "numeric", "symbolic")
NAMES = {
    "precise": "the engine at many digits",
    "numeric": "a numeric difference",
    "symbolic": "SymPy",
}
TIMEOUT = 10.0  # seconds that a check may take
VERDICTS = ("agree", "rounding", "kink", "overflow", "undefined", "unchecked", "differ")


class Judged(NamedTuple):
    """One number under judgement: the output's value, or one derivative."""

    verdict: str
    digits: int | None = None  # right decimal digits of the float
    exact: Any = None  # digits as text; nested lists of them for an array
    left: str | None = None  # slopes on both sides, where they differ
    right: str | None = None
    reason: str = ""

    @property
    def exact_text(self) -> str:
        return "" if self.exact is None else str(self.exact).replace("'", "")


class Method(NamedTuple):
    """An opinion: whether it was reached, in what time, and the numbers it came to."""

    state: str  # done, late or failed
    seconds: float | None = None
    value: str | None = None
    gradient: Mapping[str, Any] = {}
    reason: str = ""  # why it failed


class Remark(NamedTuple):
    """Something worth saying about one stage."""

    kind: str
    stage: str
    message: str


class Bent(NamedTuple):
    """One second derivative under judgement: how the slope by one input moves along a way."""

    by: str
    mover: str  # the input that moves; empty if the way is a direction
    verdict: str
    digits: int | None = None
    exact: str | None = None
    reason: str = ""


class Check(NamedTuple):
    """What independent opinions say of the gradient. Never "agree" without having looked."""

    verdict: str = "unchecked"
    reason: str = "no independent check was run"
    value: Judged | None = None
    inputs: Mapping[str, Judged] = {}
    methods: Mapping[str, Method] = {}
    formula: Mapping[str, str] = {}
    latex: Mapping[str, str] = {}
    remarks: Sequence[Remark] = ()
    exact_digits: int = 0  # asked for, to be shown
    second: Sequence[Bent] = ()  # of the second derivatives that were asked for
    stages: Sequence[Sequence[int]] = ()  # digits of value and gradient, for every stage

    def to_dict(self) -> dict[str, Any]:
        """The JSON of a report's check; what is about stages stands with these."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "value": self.value and self.value._asdict(),
            "inputs": {name: judged._asdict() for name, judged in self.inputs.items()},
            "methods": {name: method._asdict() for name, method in self.methods.items()},
            "formula": dict(self.formula),
            "latex": dict(self.latex),
            "remarks": [remark._asdict() for remark in self.remarks],
            **({"second": [one._asdict() for one in self.second]} if self.second else {}),
        }

    def sent(self) -> dict[str, Any]:
        """Everything, to be read again by `received`."""
        return {**self.to_dict(), "exact_digits": self.exact_digits, "stages": self.stages}


UNCHECKED = Check()


def received(data: Mapping[str, Any]) -> Check:
    value = data["value"]
    return Check(
        **{
            **data,
            "value": value and Judged(**value),
            "inputs": {name: Judged(**judged) for name, judged in data["inputs"].items()},
            "methods": {name: Method(**method) for name, method in data["methods"].items()},
            "remarks": [Remark(**remark) for remark in data["remarks"]],
            "second": [Bent(**one) for one in data.get("second", ())],
        }
    )


def worst(verdicts: Sequence[str]) -> str:
    return max(verdicts, key=VERDICTS.index, default="unchecked")
