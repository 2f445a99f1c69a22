"""One request examined: methods as they come, then the verdict, then SymPy's formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from mpmath import mp

from backprop.answer.report import Report
from backprop.answer.verdicts import Check, Remark
from backprop.checking.checker import request as requested
from backprop.checking.levels import GIVES_UP, Examiner
from backprop.checking.numeric import close
from backprop.checking.opinions import Subject
from backprop.checking.ties import at_ties
from backprop.checking.verdict import Judge
from backprop.engine.numbers import uncollected
from backprop.language.ending import ending
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

SMALL = 30  # stages of a program that SymPy differentiates whole
READABLE = 2_000  # characters of a formula that are still shown


def tree_of(request: Mapping[str, Any]) -> Tree:
    """The program that is asked about, which ends with the output that was chosen."""
    if source := request.get("source"):
        from backprop.checking.arrays.subject import point_of
        from backprop.reading.reader import read_again

        return read_again(Tree(request["text"], [], [], [], {}, source=source), point_of(request))
    tree = parse(request["text"])
    return ending(tree, request["output"]) if request.get("output") else tree


def subject_of(request: Mapping[str, Any]) -> Subject:
    tree = tree_of(request)
    if request["arrays"]:
        from backprop.checking.arrays.subject import array_subject

        return array_subject(tree, request)
    program = stage(tree, request["given"], request["gates"], request["share"])
    return Subject(
        tree, program, request["point"], request["wrt"], gates=request["gates"],
        value=request["value"], gradient=request["gradient"],
        **at_ties(program, request["point"], request["wrt"], request["ties"], request["direction"]),
    )  # fmt: skip


Write = Callable[[dict[str, Any]], None]


@uncollected()
def answer(request: Mapping[str, Any], write: Write) -> None:
    """Write what is found, piece by piece, as dictionaries that JSON can carry."""
    if request["wide"]:
        write({"check": examine_wide(request).sent(), "more": False})
        return
    subject = subject_of(request)
    seconds: dict[str, float] = {}

    def tell(method: str, took: float) -> None:
        seconds[method] = seconds.get(method, 0.0) + took
        write({"method": method, "seconds": round(took, 4)})

    methods = request["methods"]
    examiner = Examiner(subject, methods, request["digits"] and request["digits"] + 15, tell)
    judge = judge_of(subject, examiner.conclude(), methods, seconds, request["digits"])
    check = with_second(subject, judge.check(), request)
    more = "symbolic" in methods and request["formula"] and fits(subject.program)
    write({"check": check.sent(), "more": more})
    if more:
        with suppress(*GIVES_UP):  # SymPy may fail at the whole where it does not at the stages
            check = with_formula(judge, check)
        write({"check": check.sent(), "more": False})


def with_second(subject: Subject, check: Check, request: Mapping[str, Any]) -> Check:
    """The check with what is to be said of second derivatives. One that differs is the verdict."""
    if not request.get("second"):
        return check
    from backprop.checking.second import judged

    found = list(judged(subject, request["second"], request["methods"]))
    wrong = [one for one in found if one.verdict == "differ"]
    if wrong:
        check = check._replace(verdict="differ", reason=f"second derivatives: {wrong[0].reason}")
    return check._replace(second=found)


def examine(subject: Subject, methods: Sequence[str], digits: int = 0) -> Check:
    """The same in this process, without a bound: for tests, campaigns and small shapes."""
    seconds: dict[str, float] = {}

    def tell(method: str, took: float) -> None:
        seconds[method] = seconds.get(method, 0.0) + took

    examiner = Examiner(subject, methods, digits, tell)
    return judge_of(subject, examiner.conclude(), methods, seconds, digits).check()


def examine_wide(request: Mapping[str, Any]) -> Check:
    """The check of arrays that are too large to be opened up."""
    from backprop.checking.arrays.wide import check_wide

    def checked(report: Report) -> Check:
        small = requested(report, request["methods"], 0, formula=False)
        return examine(subject_of(small), request["methods"])

    return check_wide(tree_of(request), request, checked)


def judge_of(subject: Subject, *found: Any) -> Judge:
    """Who judges numbers, or who judges arrays."""
    if subject.parts == "inputs":
        return Judge(subject, *found)
    from backprop.checking.arrays.judge import ArrayJudge

    return ArrayJudge(subject, *found)


def fits(program: Program) -> bool:
    """Is a program small enough for SymPy to see it whole?"""
    return 0 < program.size <= SMALL and len(program.tree.code) <= 4 * SMALL


def with_formula(judge: Judge, check: Check) -> Check:
    """The check with SymPy's derivative of the whole expression, which it also looks at."""
    from backprop.checking.symbolic import latex_of, real_valued, text_of, whole

    subject = judge.subject
    found = whole(subject.walked, list(subject.program.inputs))
    formulas = found.gradient(subject.wrt)
    texts = {
        name: text_of(found, formula) for name, formula in formulas.items() if real_valued(formula)
    }
    short = {name: text for name, text in texts.items() if len(text) <= READABLE}
    check = check._replace(
        formula=short, latex={name: latex_of(found, formulas[name]) for name in short}
    )
    if subject.gates != "written":
        return check  # fine and fused have rounded constants that the expression has not
    with mp.workdps(judge.look.precise.digits):
        for name, formula in formulas.items():
            if judge.verdicts[name] in ("kink", "undefined", "differ") or judge.ties:
                continue
            number, exact = found.at(formula, subject.point), judge.exact(name)
            if (
                mp.isfinite(exact)
                and mp.isfinite(number)
                and not close(exact, number, room=judge.room(name))
            ):
                confirmed = "numeric" in judge.opinion_on(name)[0].heard
                check = parted(
                    check, name, judge.input_of(name), mp.nstr(number, 17), confirmed=confirmed
                )
    return check


def parted(check: Check, name: str, source: str, number: str, *, confirmed: bool) -> Check:
    """SymPy's derivative of the whole expression is another than what it said stage by stage.
    If a difference on the tree has confirmed the stages, that is only worth a remark."""
    text = f"SymPy's derivative of the whole expression by {name} is {number} here"
    check = check._replace(remarks=[*check.remarks, Remark("symbolic", "", text)])
    if confirmed:
        return check
    judged = check.inputs[source]._replace(verdict="differ", reason=text)
    inputs = {**check.inputs, source: judged}
    return check._replace(inputs=inputs, verdict="differ", reason=text)
