"""The functions that an emitted program calls, and no others: supplied with the language, or
written from the table's texts where a gate or a slope is too long for a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from backprop.arithmetic.texts import formula
from backprop.emitting.code import Line, Piece
from backprop.emitting.language import Language
from backprop.emitting.writing import Writer
from backprop.gates import GATES
from backprop.gates.row import Gate

CALLED = re.compile(r"(?<![\w.])[A-Za-z_]\w*(?=\()")
REMARKS = re.compile(r"^ *(//|#|\"\"\").*", re.MULTILINE)


class Helpers:
    def __init__(self, language: Language) -> None:
        self.language = language
        self.writer = Writer(language)
        self.slopes: dict[str, tuple[Gate, int]] = {}

    def slope(self, gate: Gate, place: int, names: Mapping[str, Piece]) -> Piece:
        """A call of the function for this slope."""
        texts = gate.partial(place), gate.domain
        several = sum(map(bool, gate.partials)) > 1
        name = f"{gate.name}_slope_{gate.operands[place]}" if several else f"{gate.name}_slope"
        self.slopes[name] = gate, place
        fed = ", ".join([names[parameter].text for parameter in parameters(gate, texts)])
        return Piece(f"{name}({fed})")

    def code(self, name: str) -> str | None:
        """The definition of a function; None if the language has it itself."""
        if name in self.language.supplied:
            return self.language.supplied[name]
        if name in self.slopes:
            return self.slope_code(name, *self.slopes[name])
        gate = GATES.get(self.language.gates.get(name, name))
        return self.gate_code(gate, name) if gate and gate.value else None

    def gate_code(self, gate: Gate, name: str) -> str:
        about = gate.name
        if gate.formula:
            plain = gate.routes or gate.formula == gate.value
            exact = "" if plain else ", so that it is accurate everywhere"
            about = f"{gate.formula}{exact}."
        return self.written(name, gate.operands, gate.value, "", about)

    def slope_code(self, name: str, gate: Gate, place: int) -> str:
        text = gate.partial(place)
        about = f"The slope of {gate.name}"
        about += f" in {gate.operands[place]}" if name.count("_slope_") else ""
        about += "; nan outside its domain." if gate.domain else "."
        return self.written(name, parameters(gate, (text, gate.domain)), text, gate.domain, about)

    def written(
        self, name: str, operands: Iterable[str], text: str, domain: str, about: str
    ) -> str:
        names = {operand: Piece(operand) for operand in operands}
        assigned, answer = self.writer.body(text, names, split=True)
        if domain:
            answer = self.writer.inside(self.writer.condition(domain, names), answer)
        lines = [Line("let", name, text) for name, text in assigned]
        return self.language.function(name, [*names], lines, answer.text, about)

    def definitions(self, text: str) -> list[str]:
        """All functions that a text calls, each after those that it calls itself."""
        codes: dict[str, str] = {}
        found: list[str] = []
        waiting = sorted(called(text), reverse=True)
        while waiting:
            name = waiting[-1]
            if name not in codes:
                codes[name] = self.code(name) or ""
                waiting += sorted(called(codes[name]) - {*codes})
            elif waiting.pop() not in found:
                found.append(name)
        return [codes[name] for name in found if codes[name]]


def called(code: str) -> set[str]:
    """The functions that code calls, whatever its comments say."""
    return set(CALLED.findall(REMARKS.sub("", code)))


def parameters(gate: Gate, texts: Iterable[str]) -> list[str]:
    """The operands that these texts are about, in their order."""
    used = {item for text in texts if text for item in formula(text).code if isinstance(item, str)}
    return [name for name in (*gate.operands, "out") if name in used]
