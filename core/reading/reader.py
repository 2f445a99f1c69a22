"""A source, a unit and values in; the tree of a program out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import (
    LimitError,
    MissingValueError,
    UsageError,
    closest,
)
from backprop.language.syntax import HIDDEN, Tree
from backprop.reading.diagnostics import Lines, UnreadError, located
from backprop.reading.files import Files
from backprop.reading.imports import PRELUDE, Imports
from backprop.reading.layers import (
    Layer,
    constants_in,
    give_inputs,
    late_names,
    layer_of,
    own_parameters,
)
from backprop.reading.machine import Machine
from backprop.reading.memory import Array, Number
from backprop.reading.prelude import text_of
from backprop.reading.recorder import Recorder
from backprop.reading.source import (
    Source,
    function_named,
    is_class,
    no_unit,
    parameters,
    parsed,
)
from backprop.reading.statements import Leaving
from backprop.reading.values import (
    MISSING,
    Builtin,
    Defined,
    Instance,
    Module,
    Namespace,
    Scope,
    Unreadable,
    content,
    depends,
    described,
    is_numeric,
)


@dataclass(frozen=True, eq=False, repr=False)
class SourceTree(Tree):
    """A program that was read from Python: every node has its place in the source."""

    places: Sequence[tuple[int, int]] = ()

    @property
    def spans(self) -> Sequence[tuple[int, int]]:  # type: ignore[override]
        return self.places


class Found(NamedTuple):
    """What a unit came to: the tree, and everything that it returned or named."""

    tree: SourceTree
    result: Any
    names: Mapping[str, Any]
    reader: Reader


class Reader(Imports):
    """Reads one unit of a source."""

    def __init__(self, source: Source, seed: int = 0) -> None:
        lines = Lines(source.lines.text)  # to which imported files are added
        self.main = source.files.main or source.file
        super().__init__(Machine(Recorder(lines), seed), source.files, self.main)
        self.machine.old = source.old
        self.source = source
        self.given: dict[str, Any] = {}
        self.wanted: set[str] = set()  # names that become inputs with the values they have
        self.inputs: dict[str, Any] = {}  # the value of every input
        self.asked: dict[str, Any] = {"seed": seed}
        self.taken: Collection[str] = ()  # parameters of the function that is meant
        self.free: list[str] = []  # inputs of a script: names that it reads and never assigned
        self.attributes: dict[str, Any] = {}  # inputs that lie on an object, and the way to them
        self.late: dict[str, Layer] = {}  # attributes whose arrays will be inputs

    def input(self, name: str, value: Any) -> Any:
        """An input, which everything that is made of it depends on."""
        recorder = self.machine.recorder
        recorder.taken.add(name)
        recorder.emit([name])
        self.inputs[name] = value
        if np.ndim(value):
            return Array.new(np.array(value, dtype=float), name)
        return Number(float(value), name)

    def attribute_input(self, name: str, array: Array) -> None:
        """An array that lies on an object becomes an input."""
        self.machine.recorder.taken.add(name)
        self.inputs[name] = np.array(array.cells)
        array.memory.leaf, array.memory.name = name, name

    def missing(self, name: str) -> Any:
        if name in self.given:
            self.free.append(name)
            found = self.input(name, self.given[name])
            top = self.scope
            while top.outer is not None:
                top = top.outer
            top.names[name] = found
            return found
        if name in self.texts:
            return self.plain_value(name)
        if name in COMMON:
            self.machine.torch = self.machine.torch or COMMON[name].module == "torch"
            return COMMON[name]
        if self.given is not None and not self.source.unit:
            raise MissingValueError([name])
        raise UnreadError(f"the name {name} has no value here")

    def assign(self, target: ast.expr, value: Any) -> None:
        """In a script a value that was given stands in for the first assignment of its name."""
        if isinstance(target, ast.Name) and self.at_top(target.id) and target.id not in self.inputs:
            if content(value) is not value and target.id in {*self.given, *self.wanted}:
                inside = self.given.get(target.id, value.attributes["data"])
                value.attributes["data"] = self.input(target.id, inside)
            elif target.id in self.given:
                value = self.input(target.id, self.given[target.id])
            elif target.id in self.texts:
                value = self.plain_value(target.id)
            elif target.id in self.wanted:
                number = self.machine.numeric(value, target.id)
                if depends(number) and self.made_of(number) & self.wanted:
                    raise UsageError(f"{target.id} is computed, so nothing is differentiated by it")
                value = self.input(target.id, self.machine.worth(number))
        super().assign(target, value)

    def made_of(self, value: Any) -> set[str]:
        """The inputs that a number or an array is made of."""
        recorder = self.machine.recorder
        fed = {leaf: key[1:] for key, leaf in recorder.known.items()}
        found, waiting = set[str](), [self.machine.leaf(value)]
        while waiting:
            leaf = waiting.pop()
            if leaf not in found:
                found.add(leaf)
                waiting += fed.get(recorder.names.get(leaf, leaf), ())
        return found & self.inputs.keys()

    def at_top(self, name: str) -> bool:
        """Is a name of a script assigned, or one around the function that is meant?"""
        inside = self.scope.outer is not None or self.file != self.main
        return not inside and name not in self.taken and not is_class(self.source, self.source.unit)

    # Units.

    def top(self, nodes: Sequence[ast.stmt], wanted: str = "") -> None:
        """The statements of a file around its functions. What can't be read there matters only
        if something that it assigns is wanted."""
        meant = function_named(self.source, wanted) if wanted else None
        self.taken = dict(parameters(meant)) if meant else self.taken
        kinds = DEFINING if wanted else DEFINING[:4]
        for node in nodes:
            if isinstance(node, kinds) or (
                isinstance(node, (ast.Try, ast.If))
                and all(isinstance(one, kinds) for one in node.body)
            ):
                self.tolerant(node)

    def tolerant(self, node: ast.stmt) -> None:
        """Read a statement of the top. Where that fails, its names fail whoever wants them."""
        try:
            self.statement(node)
        except (UnreadError, MissingValueError) as problem:
            found = problem if isinstance(problem, UnreadError) else UnreadError(problem.message)
            found.node = found.node or node
            for name in stored(node):
                if name in self.given and name not in self.inputs:
                    self.scope.names[name] = self.input(name, self.given[name])
                else:
                    self.scope.names[name] = Unreadable(found)

    def script(self, result: str) -> None:
        """The statements of a file, up to the one that makes the result."""
        for node in upto(self.source.tree.body, result):
            self.tolerant(node)

    def function(self, node: ast.FunctionDef) -> Any:
        """Call a function whose parameters are the inputs."""
        names = dict(parameters(node))
        self.top(self.source.tree.body, node.name)
        found = self.scope.find(node.name)
        if not isinstance(found, Defined):
            found = Defined(node.name, node, self.scope, self.defaults_of(node.args))
        return self.invoke(found, [], self.fed_to([*names.items()]))

    def fed_to(self, rows: Sequence[tuple[str, str | None]]) -> dict[str, Any]:
        """The inputs that parameters are."""
        fed = self.arguments(dict(rows))
        lacking = [name for name, text in rows if text is None and name not in fed]
        if lacking:
            raise MissingValueError(lacking)
        return fed

    def arguments(self, names: Collection[str]) -> dict[str, Any]:
        """What parameters are given: inputs, and what is no number."""
        fed = {name: self.input(name, self.given[name]) for name in names if name in self.given}
        return fed | {name: self.plain_value(name) for name in self.texts if name in names}

    @property
    def texts(self) -> Mapping[str, str]:
        """Values that are no numbers, as expressions."""
        found: Mapping[str, str] = self.asked.get("texts", {})
        return found

    def plain_value(self, name: str) -> Any:
        """A value that is no number. Arrays in a dict are inputs, each under its key."""
        outer, self.scope = self.scope, Scope(dict(MAKING))
        try:
            found = self.value(ast.parse(self.texts[name], mode="eval").body)
        except UnreadError as problem:
            raise UsageError(f"the value of {name} can't be read: {problem.message}") from None
        finally:
            self.scope = outer
        waiting = [found]
        while waiting:
            here = waiting.pop()
            for key, value in here.items() if isinstance(here, dict) else ():
                if isinstance(value, dict):
                    waiting.append(value)
                elif isinstance(value, Array) and value.cells.dtype == float and (
                    isinstance(key, str) and key.isidentifier() and key not in self.inputs
                ):  # fmt: skip
                    here[key] = self.input(key, self.given.get(key, value.cells))
        return found

    def layer(self) -> Layer:
        """The object of a class, and its forward pass."""
        return layer_of(self, self.source, self.asked)

    def through(self, layer: Layer) -> Any:
        """The forward pass of an object. Weights that it makes itself are inputs as well."""
        one = layer.object
        rows = own_parameters(layer.forward)
        if not isinstance(one, Instance) or "late" in self.asked:
            self.late = dict.fromkeys(self.asked.get("late", ()), layer)
            return self.invoke(layer.forward, layer.first, self.fed_to(rows))
        before = dict(one.attributes)
        fed = self.fed_to(rows)
        returned = self.invoke(layer.forward, layer.first, fed)
        late = late_names(one, before)
        kept = {name: constants_in(one.attributes[name]) for name in late}
        if late:
            with suppress(UnreadError):
                self.invoke(layer.forward, layer.first, fed)
            raise MadeLateError([
                name for name in late if kept[name] == constants_in(one.attributes.get(name))
            ])  # fmt: skip
        return returned

    def set_attribute(self, holder: Any, name: str, value: Any) -> None:
        super().set_attribute(holder, name, value)
        layer = self.late.get(name)
        if layer is not None and holder is layer.object:
            del self.late[name]
            give_inputs(self, holder, {one for one, _ in own_parameters(layer.forward)}, name)

    def prelude(self, file: str, name: str) -> Any:
        """A class of PyTorch, which is read from a source of our own."""
        found = self.modules.get(f"{PRELUDE}{file}.py")
        if found is None:
            path = f"{PRELUDE}{file}.py"
            self.files.texts[path] = text_of(file)
            found = self.modules[path] = Module(path)
            self.take_in(found)
        return found.scope.names[name]


DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def stored(node: ast.stmt) -> list[str]:
    """The names that a statement assigns."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.partition(".")[0] for alias in node.names]
    return [
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    ]


def upto(body: Sequence[ast.stmt], result: str) -> Sequence[ast.stmt]:
    """The statements up to the last that assigns the result by itself, not in a loop; or up to
    the first that assigns it at all."""
    if not result:
        return body
    assigns = [k for k, node in enumerate(body) if result in stored(node)]
    plain = [k for k in assigns if isinstance(body[k], (ast.Assign, ast.AugAssign, ast.AnnAssign))]
    if not assigns:
        return body
    return body[: (plain[-1] if plain else assigns[0]) + 1]


class MadeLateError(Exception):
    """A forward pass has made weights of its object: once more, and these are inputs."""

    def __init__(self, late: Any) -> None:
        super().__init__()
        self.late = late


ABOUT_OBJECT = ("init", "before", "late")
MOST_NAMES = 1000
COMMON = {
    "np": Namespace("numpy"), "numpy": Namespace("numpy"), "torch": Namespace("torch"),
    "math": Namespace("math"), "F": Namespace("torch", ""), "jnp": Namespace("jax"),
    "jax": Namespace("jax"),
}  # fmt: skip


MAKING = {
    "randn": Builtin("random.randn", "numpy"), "rand": Builtin("random.rand", "numpy"),
    "zeros": Builtin("zeros", "numpy"), "ones": Builtin("ones", "numpy"),
    "eye": Builtin("eye", "numpy"),
}  # fmt: skip


def read(
    source: Source,
    values: Mapping[str, Any],
    *,
    result: str = "",
    seed: int = 0,
    wanted: Collection[str] = (),
    known: Mapping[str, Any] | None = None,
    held_already: bool = False,
    making: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Found:
    """Read a unit at a point. `result` names what is the result, if it isn't what is returned;
    `wanted` are names of a script to differentiate by, at the values that it gives them; `making`
    says how the object of a class is made, `texts` are values that are no numbers."""
    plain = {name: value if held_already else sent(value) for name, value in (known or {}).items()}

    def fresh(late: Any) -> Reader:
        reader = Reader(source, seed)
        reader.given, reader.wanted = dict(values), set(wanted)
        reader.asked |= {"result": result, "known": plain, "texts": dict(texts or {})}
        reader.asked |= making or {}
        reader.asked |= {"late": late} if late is not None else {}
        reader.scope.names |= {name: held(value) for name, value in plain.items()}
        return reader

    reader = fresh(None)
    try:
        try:
            returned, names = unit(reader)
        except MadeLateError as found:
            reader = fresh(found.late)
            returned, names = unit(reader)
        chosen = chosen_result(reader, returned, names, result)
        tree = finished(reader, chosen)
        for name in [name for name in reader.attributes if name not in tree.names]:
            del reader.inputs[name]  # the forward pass makes no use of it
        return Found(tree, returned, names, reader)
    except UnreadError as problem:
        recorder = reader.machine.recorder
        raise located(problem, recorder.lines, recorder.node) from None
    except Leaving as leaving:
        raise UsageError(f"{leaving.how} stands outside of a loop or function") from None
    except RecursionError:
        raise LimitError("this source is nested too deeply to be read") from None
    except MemoryError:
        raise LimitError("this source needs too much memory to be read") from None


def sent(value: Any) -> Any:
    """A plain value as JSON carries it to another process."""
    if isinstance(value, np.ndarray):
        return {"array": value.tolist()}
    return value.item() if isinstance(value, np.number) else value


def held(value: Any) -> Any:
    """A value that was sent, as the reader holds it."""
    return Array.new(np.array(value["array"])) if isinstance(value, dict) else value


def unit(reader: Reader) -> tuple[Any, Mapping[str, Any]]:
    source = reader.source
    if not source.unit:
        reader.script(str(reader.asked["result"]))
        return MISSING, reader.scope.names
    node = function_named(source, source.unit)
    if is_class(source, source.unit):
        layer = reader.layer()
        returned = reader.through(layer)
        return returned, object_names(layer)
    if node is None:
        raise no_unit(source)
    scopes: dict[str, Any] = {}
    returned = reader.function(node)
    return returned, scopes


def object_names(layer: Layer) -> dict[str, Any]:
    """What an object has, by the names that --result may say: out, self.out, state.h"""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", layer.object)]
    while waiting and len(found) < MOST_NAMES:
        path, one = waiting.pop(0)
        if not isinstance(one, Instance) or path.count(".") > 2:
            continue
        for name, value in one.attributes.items():
            if is_numeric(value):
                found[path + name] = found[f"self.{path}{name}"] = value
            else:
                waiting.append((f"{path}{name}.", value))
    return found


def chosen_result(reader: Reader, returned: Any, names: Mapping[str, Any], result: str) -> Any:
    """The number or array that the program is about."""
    if result:
        recorder = reader.machine.recorder
        if result in names and isinstance(names[result], Unreadable):
            raise names[result].problem
        if result in names:
            return content(names[result])
        if isinstance(returned, dict) and result in returned:
            return returned[result]
        versions = [name for name in recorder.names if name == result or is_version(name, result)]
        if versions:
            return Number(0.0, recorder.names[versions[-1]])
        near = closest(result, list(recorder.names))
        raise UsageError(
            f"there is nothing called {result}", hint=f"did you mean {near}?" if near else ""
        )
    if returned is MISSING:
        given = {*reader.free, *reader.inputs}
        last = [name for name, value in names.items()
                if depends(content(value)) and name not in given]  # fmt: skip
        if not last:
            raise nothing_depends(reader, names)
        return content(names[last[-1]])
    returned = content(returned)
    while isinstance(returned, (tuple, list)) and returned:
        returned = next((one for one in returned if depends(one)), returned[0])
        if not isinstance(returned, (tuple, list)):
            break
    if isinstance(returned, dict):
        returned = next((one for one in returned.values() if depends(one)), None)
    if returned is None:
        raise UsageError(
            "the function returns nothing", hint="--result NAME says which value it is"
        )
    return returned


def nothing_depends(reader: Reader, names: Mapping[str, Any]) -> UsageError | UnreadError:
    unread = [value.problem for value in names.values() if isinstance(value, Unreadable)]
    if unread:
        return unread[0]
    numbers = [name for name, value in names.items() if is_numeric(content(value))]
    hint = f"--wrt {','.join(numbers[:3])} differentiates by what the script assigns"
    return UsageError("nothing in this script depends on an input", hint=hint if numbers else "")


def is_version(name: str, of: str) -> bool:
    """Is a name the later version of another: `x_2` of `x`?"""
    return name.startswith(f"{of}_") and name[len(of) + 1 :].isdecimal()


def finished(reader: Reader, result: Any) -> SourceTree:
    """The tree of everything that was recorded, which ends with the result."""
    machine = reader.machine
    recorder = machine.recorder
    if isinstance(result, list):
        result = machine.numeric(result)
    if not isinstance(result, (Number, Array, int, float)):
        raise UsageError(f"the result is {described(result)}, not a number or an array")
    leaf = machine.leaf(result)
    recorder.emit([leaf])
    whole = [name for name in machine.whole if name[0] != HIDDEN]
    source = reader.source
    return SourceTree(
        source.lines.text, recorder.code, [], recorder.body, {}, "", recorder.fixed, whole,
        {"file": source.file, "unit": source.unit, **reader.asked, **imported(source)},
        recorder.guards,
        recorder.spans,
    )  # fmt: skip


def imported(source: Source) -> dict[str, Any]:
    """The files that a source has imported."""
    texts = {path: text for path, text in source.files.texts.items() if path[:1] != PRELUDE}
    files = source.files
    return {"roots": list(files.roots), "files": texts, "main": files.main} if texts else {}


def source_again(tree: Tree) -> Source:
    """The source that a tree was read from, with the files that it imported."""
    asked = tree.source
    files = Files(asked.get("roots", ()), asked.get("files"), main=asked.get("main", ""))
    return parsed(tree.text, asked["file"], asked["unit"], files)


def read_again(tree: Tree, values: Mapping[str, Any]) -> Tree:
    """The tree of the same unit at other values, where its guards may not hold."""
    asked = tree.source
    making = {name: asked[name] for name in ABOUT_OBJECT if name in asked}
    found = read(
        source_again(tree), values, result=asked["result"], seed=asked["seed"],
        known=asked["known"], held_already=True, making=making, texts=asked["texts"],
    )  # fmt: skip
    return found.tree
