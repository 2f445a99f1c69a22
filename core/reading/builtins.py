"""Python's own functions, and what lists, dicts and texts can do."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.reading import library, texts
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.memory import Array, Number
from backprop.reading.values import (
    MISSING,
    Builtin,
    Caller,
    ClassOf,
    Defined,
    Instance,
    Method,
    Taken,
    TypeOf,
    depends,
    described,
    is_numeric,
    plain_number,
)

MOST = 1_000_000  # entries of what is made
PARTS = ("linalg", "random", "nn", "nn.functional", "functional", "special", "numpy", "scipy",
         "scipy.special", "add", "lax", "autograd", "core", "tree", "tree_util", "lib",
         "lib.stride_tricks", "cuda", "backends", "backends.mps", "init", "nn.init")  # fmt: skip
INSIDE = ("nn.functional", "functional", "special", "numpy", "scipy.special")  # names as outside
TYPES = frozenset[tuple[str, str]]()
TYPE_NAMES: Mapping[str, str] = {
    "float": "float", "float64": "float", "float32": "float", "float16": "float",
    "double": "float", "int": "int", "int64": "int", "int32": "int", "long": "int", "uint8": "int",
    "bool": "bool", "bool_": "bool", "ndarray": "array", "newaxis": "None", "str": "str",
    "list": "list", "tuple": "tuple", "dict": "dict", "set": "set", "Tensor": "array",
    "object": "object", "integer": "int", "floating": "float", "number": "number", "array": "array",
    "generic": "number", "FloatTensor": "array", "LongTensor": "array", "float_": "float",
    "int_": "int", "type": "type",
}  # fmt: skip
CONSTANTS: Mapping[str, float] = {
    "pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "Inf": math.inf,
    "infty": math.inf, "NaN": math.nan, "tau": math.tau, "NINF": -math.inf, "PINF": math.inf,
    "euler_gamma": 0.5772156649015329,
}  # fmt: skip
FUNCTIONS = frozenset(
    ["len", "range", "xrange", "zip", "enumerate", "reversed", "sum", "min", "max", "abs",
     "isinstance",
     "print", "sorted", "any", "all", "map", "filter", "divmod", "pow", "round", "hasattr",
     "getattr", "setattr", "iter", "next", "slice", "callable", "id", "repr",
     "format", "super", "issubclass"]
)  # fmt: skip


CONVERTING = frozenset(
    ["float", "int", "bool", "str", "list", "tuple", "dict", "set", "object", "type"]
)


def named(name: str) -> Any:
    """What a name means that the source doesn't define."""
    if name in FUNCTIONS:
        return Builtin(name, "python")
    if name in CONVERTING:
        return TypeOf(name)
    if name in ("Exception", "ValueError", "TypeError", "AssertionError", "RuntimeError",
                "NotImplementedError", "IndexError", "KeyError", "ZeroDivisionError",
                "StopIteration"):  # fmt: skip
        return TypeOf(name)
    return {"NotImplemented": None, "Ellipsis": Ellipsis, "__name__": "__main__"}.get(name, MISSING)


def constant_of(module: str, path: str) -> Any:
    if path == "random.manual_seed":
        return Builtin("generator", "same")
    if path == "newaxis":
        return None
    if module and path in CONSTANTS:
        return CONSTANTS[path]
    return MISSING


# Keys, entries, order.


KEYS = (str, int, float, bool, type(None), Defined, ClassOf, Instance, TypeOf, Builtin)


def key(value: Any) -> Any:
    """A value as the key of a dict."""
    value = plain_number(value)
    if isinstance(value, tuple):
        value = tuple([plain_number(part) for part in value])
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, tuple):
            waiting.extend(part)
        elif not isinstance(part, KEYS):
            raise UnreadError(f"{described(value)} can't be a key")
    return value


def entry(machine: Any, holder: Any, at: Any) -> Any:
    """`holder[at]` of lists, tuples, texts and dicts."""
    if isinstance(holder, dict):
        found = key(at)
        if found not in holder:
            made = getattr(holder, "made", None)
            if made is not None:
                holder[found] = made()
                return holder[found]
            raise UnreadError(f"the dict has no {found!r}")
        return holder[found]
    if not isinstance(holder, (list, tuple, str, range)):
        raise UnreadError(f"{described(holder)} has no entries")
    if isinstance(at, slice):
        ends = [None if end is None else machine.whole_number(end, "an end of a slice")
                for end in (at.start, at.stop, at.step)]  # fmt: skip
        if ends[2] == 0:
            raise UnreadError("the step of a slice can't be 0")
        found = machine.recorder.budget.made(holder[slice(*ends)])
        return list(found) if isinstance(found, range) else found
    place = machine.whole_number(at, "an index")
    if not -len(holder) <= place < len(holder):
        raise MisfitError(f"{described(holder)} of {len(holder)} entries has no entry {place}")
    return holder[place]


def entries(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple, str, set, range)):
        if len(value) > MOST:
            raise UnreadError(f"more than {MOST:,} entries can't be looped over")
        return list(value)
    if isinstance(value, dict):
        return list(value)
    if isinstance(value, Taken):
        return value.rest()
    raise UnreadError(f"{described(value)} can't be looped over")


def is_same(machine: Any, one: Any, other: Any) -> bool:
    """Are two values equal? Where an input decides, that is a guard."""
    one, other = plain_number(one), plain_number(other)
    if depends(one) or depends(other):
        return bool(machine.truth(machine.binary("eq", other, one)))
    return ordered("eq", one, other)


def contains(machine: Any, holder: Any, value: Any) -> bool:
    if isinstance(holder, (dict, set)):
        return key(value) in holder
    if isinstance(holder, str) and isinstance(value, str):
        return value in holder
    if isinstance(holder, Taken):
        while holder.more:
            if is_same(machine, holder.take(), value):
                return True
        return False
    if isinstance(holder, (list, tuple, range)):
        return any(is_same(machine, one, value) for one in holder)
    if isinstance(holder, Array):
        try:
            return bool(np.any(np.equal(holder.cells, machine.worth(value))))
        except ValueError:
            both = f"{described(value)} and the entries of {described(holder)}"
            raise UnreadError(f"{both} don't fit together") from None
    raise UnreadError(f"{described(holder)} has no entries to look through")


def ordered(name: str, a: Any, b: Any) -> bool:
    """A comparison of what is no array."""
    if name in ("eq", "ne"):
        same = equal(a, b)
        return same if name == "eq" else not same
    comparable = (is_numeric(a) and is_numeric(b)) or (
        a.__class__ is b.__class__ and isinstance(a, (str, tuple, list, set))
    )
    if not comparable:
        raise UnreadError(f"{described(a)} and {described(b)} have no order")
    try:
        return bool(library_order(name, a, b))
    except TypeError:
        raise UnreadError(f"{described(a)} and {described(b)} have no order") from None


def library_order(name: str, a: Any, b: Any) -> Any:
    return {"lt": lambda: a < b, "le": lambda: a <= b, "gt": lambda: a > b, "ge": lambda: a >= b}[
        name
    ]()


def equal(a: Any, b: Any) -> bool:
    simple = (str, int, float, bool, type(None), tuple, list, set)
    if isinstance(a, simple) and isinstance(b, simple):
        try:
            return bool(a == b)
        except (ValueError, RecursionError):
            return False
    if isinstance(a, TypeOf) or isinstance(b, TypeOf):
        return bool(getattr(a, "name", a) == getattr(b, "name", b))
    return a is b


def of_sets(name: str, a: Any, b: Any) -> Any:
    if isinstance(a, dict):
        if name != "either":
            raise UnreadError("dicts can't be combined like this")
        return a | b
    return {"either": a | b, "both": a & b, "sub": a - b}[name]


# Functions.


def call(reader: Caller, function: Builtin, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
    name = function.name
    found = CALLS.get(name)
    if found is None:
        raise UnreadError(f"the function {name} of Python can't be read")
    first = [] if function.bound is None else [function.bound]
    try:
        return counted(reader, found(reader, *first, *fed, **named))
    except (TypeError, ValueError, IndexError, OverflowError):
        raise UnreadError(f"{name} is not called like this") from None


def counted(reader: Caller, made: Any) -> Any:
    """What a function of Python makes, counted."""
    budget = reader.machine.recorder.budget
    budget.made(made.values if isinstance(made, Taken) else made)
    return made


def size(reader: Caller, value: Any) -> int:
    if isinstance(value, Array):
        if not value.shape:
            raise UnreadError("a number has no length")
        return value.shape[0]
    if isinstance(value, (list, tuple, dict, set, str, range)):
        return len(value)
    if isinstance(value, Instance):
        return int(reader.call(reader.attribute(value, "__len__"), [], {}))
    raise UnreadError(f"{described(value)} has no length")


def ranged(reader: Caller, *ends: Any) -> Any:
    numbers = [reader.machine.whole_number(end, "an end of range") for end in ends]
    if not 1 <= len(numbers) <= 3 or (len(numbers) == 3 and numbers[2] == 0):
        raise UnreadError("range takes one to three whole numbers, and its step isn't 0")
    found = range(*numbers)
    if len(found) > MOST:
        raise UnreadError(f"a range of {len(found):,} is too long to loop over")
    return found


def zipped(reader: Caller, *values: Any, strict: Any = False) -> Taken:
    """What goes side by side, one after the other: an iterator may be there twice."""
    sources = [one if isinstance(one, Taken) else Taken(reader.entries(one)) for one in values]
    rows: list[tuple[Any, ...]] = []
    row: list[Any] = []
    while sources:
        row = []
        for source in sources:
            if not source.more:
                break
            row.append(source.take())
        if len(row) < len(sources):
            break
        rows.append(tuple(row))
    if strict is True and (row or any(source.more for source in sources)):
        raise UnreadError("what goes side by side is not equally long")
    return Taken(rows)


def enumerated(reader: Caller, values: Any, start: Any = 0) -> Taken:
    first = reader.machine.whole_number(start, "the start")
    return Taken(list(enumerate(reader.entries(values), first)))


def backwards(reader: Caller, values: Any) -> Taken:
    return Taken(reader.entries(values)[::-1])


def total(reader: Caller, values: Any, start: Any = 0) -> Any:
    found = start
    for value in reader.entries(values):
        reader.machine.step(2)
        found = reader.binary("add", found, value)
    return found


def extreme(gate: str, better: str) -> Callable[..., Any]:
    def function(reader: Caller, *values: Any, key: Any = None, default: Any = MISSING) -> Any:
        several = list(values) if len(values) > 1 else reader.entries(values[0])
        if not several:
            if default is not MISSING:
                return default
            raise UnreadError("there is nothing to choose from")
        if key is None and all(map(is_numeric, several)) and any(map(depends, several)):
            return reader.machine.apply(gate, *several) if len(several) > 1 else several[0]
        best = several[0]
        for one in several[1:]:
            a, b = (one, best) if key is None else (
                reader.call(key, [one], {}), reader.call(key, [best], {})
            )  # fmt: skip
            if reader.machine_truth(reader.compared_by(better, a, b)):
                best = one
        return best

    return function


def size_of_number(reader: Caller, value: Any) -> Any:
    value = plain_number(value)
    if isinstance(value, (int, float)):
        return abs(value)
    return reader.machine.apply("abs", reader.machine.numeric(value))


def is_instance(reader: Caller, value: Any, kinds: Any) -> bool:
    if isinstance(value, Instance):
        several = kinds if isinstance(kinds, tuple) else (kinds,)
        return any(reader.is_of(value, kind) for kind in several)
    names = [
        getattr(kind, "name", None) for kind in (kinds if isinstance(kinds, tuple) else (kinds,))
    ]
    return any(is_kind(value, name) for name in names)


def is_kind(value: Any, name: Any) -> bool:
    match name:
        case "int":
            return isinstance(value, int)
        case "float" | "number":
            return isinstance(value, (float, Number)) or (
                name == "number" and isinstance(value, int)
            )
        case "array":
            return isinstance(value, Array)
        case "object":
            return True
        case "None":
            return value is None
    types = {"bool": bool, "str": str, "list": list, "tuple": tuple, "dict": dict, "set": set}
    return name in types and isinstance(value, types[name])


def sorted_(reader: Caller, values: Any, *, key: Any = None, reverse: Any = False) -> list[Any]:
    several = reader.entries(values)
    keys = several if key is None else [reader.call(key, [one], {}) for one in several]
    if any(map(depends, keys)):
        raise UnreadError("an order that values decide can't be read")
    try:
        order = sorted(range(len(several)), key=lambda k: keys[k], reverse=bool(reverse))
    except TypeError:
        raise UnreadError("these have no order") from None
    return [several[k] for k in order]


def any_(reader: Caller, values: Any) -> bool:
    return any(reader.machine_truth(value) for value in reader.entries(values))


def all_(reader: Caller, values: Any) -> bool:
    return all(reader.machine_truth(value) for value in reader.entries(values))


def mapped(reader: Caller, function: Any, *values: Any) -> Taken:
    rows = zipped(reader, *values).rest()
    return Taken([reader.call(function, list(row), {}) for row in rows])


def filtered(reader: Caller, function: Any, values: Any) -> Taken:
    return Taken([
        one
        for one in reader.entries(values)
        if reader.machine_truth(one if function is None else reader.call(function, [one], {}))
    ])  # fmt: skip


def power(reader: Caller, a: Any, b: Any) -> Any:
    return reader.binary("pow", a, b)


def rounded(reader: Caller, value: Any, digits: Any = None) -> Any:
    value = plain_number(value)
    if isinstance(value, (int, float)):
        places = None if digits is None else reader.machine.whole_number(digits, "digits")
        return round(value, places) if math.isfinite(value) else value
    return library.FUNCTIONS["round"](reader.machine, value, 0 if digits is None else digits)


def has_attribute(reader: Caller, value: Any, name: str) -> bool:
    try:
        reader.attribute(value, name)
    except UnreadError:
        return False
    return True


def get_attribute(reader: Caller, value: Any, name: str, default: Any = MISSING) -> Any:
    if not isinstance(name, str):
        raise UnreadError("getattr needs a name")
    if default is not MISSING and not has_attribute(reader, value, name):
        return default
    return reader.attribute(value, name)


def set_attribute(reader: Caller, value: Any, name: Any, new: Any) -> None:
    del reader
    if not isinstance(value, Instance) or not isinstance(name, str):
        raise UnreadError(f"{described(value)} gets no attributes")
    value.attributes[name] = new


def iterated(reader: Caller, values: Any) -> Taken:
    return values if isinstance(values, Taken) else Taken(reader.entries(values))


def following(reader: Caller, values: Any, default: Any = MISSING) -> Any:
    del reader
    if not isinstance(values, Taken):
        raise UnreadError(f"{described(values)} has no next entry", "write next(iter(...))")
    if values.more:
        return values.take()
    if default is MISSING:
        raise UnreadError("there is no next entry")
    return default


def divided(reader: Caller, a: Any, b: Any) -> tuple[Any, Any]:
    return reader.binary("floordiv", a, b), reader.binary("mod", a, b)


def mapped_over(reader: Caller, function: Any, tree: Any, *others: Any) -> Any:
    """jax.tree.map: over the entries of a list, a tuple or a dict, or a single array."""
    if isinstance(tree, dict):
        rows = {name: [tree[name], *(one[name] for one in others)] for name in tree}
        return {name: reader.call(function, row, {}) for name, row in rows.items()}
    if isinstance(tree, (list, tuple)):
        found = [reader.call(function, list(row), {}) for row in zip(tree, *others, strict=True)]
        return found if isinstance(tree, list) else tuple(found)
    return reader.call(function, [tree, *others], {})


def is_subclass(reader: Caller, kind: Any, others: Any) -> bool:
    del reader
    several = others if isinstance(others, tuple) else (others,)
    if isinstance(kind, ClassOf):
        return any(one in kind.order for one in several)
    return any(getattr(one, "name", one) == getattr(kind, "name", kind) for one in several)


def is_callable(reader: Caller, value: Any) -> bool:
    if isinstance(value, Instance):
        return value.of is not None and value.of.find("__call__") is not MISSING
    return isinstance(value, (Defined, Builtin, Method, ClassOf))


def copied(reader: Caller, value: Any) -> Any:
    """copy.copy: what is inside is the same."""
    match value:
        case Array():
            return library.FUNCTIONS["copy"](reader.machine, value)
        case Instance():
            return Instance(value.kind, dict(value.attributes), value.of)
        case list() | dict() | set():
            return value.copy()
    return value


def deeply_copied(reader: Caller, value: Any) -> Any:
    """copy.deepcopy: what is inside is copied too, and what is the same stays the same."""
    known: dict[int, Any] = {}
    waiting: list[Any] = []

    def new(one: Any) -> Any:
        if isinstance(one, tuple):
            return tuple([new_part(part) for part in one])
        return new_part(one)

    def new_part(one: Any) -> Any:
        if id(one) not in known:
            known[id(one)] = copied(reader, one)
            if isinstance(one, (list, dict, Instance)):
                waiting.append(known[id(one)])
        return known[id(one)]

    found = new(value)
    while waiting:
        here = waiting.pop()
        reader.machine.step()
        if isinstance(here, list):
            here[:] = [new(one) for one in here]
        else:
            inside = here.attributes if isinstance(here, Instance) else here
            for name, one in inside.items():
                inside[name] = new(one)
    return found


CALLS: Mapping[str, Callable[..., Any]] = {
    "len": size, "range": ranged, "xrange": ranged, "zip": zipped,
    "enumerate": enumerated, "reversed": backwards,
    "sum": total, "min": extreme("min", "lt"), "max": extreme("max", "gt"), "abs": size_of_number,
    "isinstance": is_instance, "print": lambda reader, *values, **more: None, "sorted": sorted_,
    "any": any_, "all": all_, "map": mapped, "filter": filtered, "divmod": divided, "pow": power,
    "round": rounded, "hasattr": has_attribute, "getattr": get_attribute, "setattr": set_attribute,
    "iter": iterated, "next": following, "slice": lambda reader, *ends: slice(*ends),
    "issubclass": is_subclass, "callable": is_callable,
    "super": lambda reader, *fed: reader.above(*fed),
    "nothing": lambda reader, *fed, **named: None,
    "tree.map": mapped_over, "copy.copy": copied, "copy.deepcopy": deeply_copied,
    "id": lambda reader, value: id(value),
    "repr": lambda reader, value: texts.shown(value, "", "r"),
    "format": lambda reader, value, form="": texts.shown(value, form),
}  # fmt: skip


def pairs_in(reader: Caller, fed: Sequence[Any]) -> list[list[Any]]:
    """What a dict is made of."""
    found = [reader.entries(pair) for pair in (reader.entries(fed[0]) if fed else [])]
    if any(len(pair) != 2 for pair in found):
        raise UnreadError("a dict is made of pairs")
    return found


def converted(reader: Caller, name: str, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
    """float(x), list(x), dict(a=1), ValueError("...")."""
    machine = reader.machine
    if name == "dict":
        found = dict(fed[0]) if fed and isinstance(fed[0], dict) else {
            key(first): second for first, second in pairs_in(reader, fed)
        }  # fmt: skip
        return found | dict(named)
    if name.endswith(("Error", "Exception")) or name == "StopIteration":
        return Instance(name)
    if not fed:
        return {"list": [], "tuple": (), "set": set(), "str": "", "float": 0.0, "int": 0,
                "bool": False}.get(name, Instance(name))  # fmt: skip
    value = plain_number(fed[0])
    if isinstance(value, Instance) and value.of is not None:
        if name == "type":
            return value.of
        special = value.of.find(f"__{name}__")
        if isinstance(special, Defined):
            return reader.call(Method(special, value), [], {})
    match name:
        case "list":
            return reader.entries(value)
        case "tuple":
            return tuple(reader.entries(value))
        case "set":
            return {key(one) for one in reader.entries(value)}
        case "str":
            return texts.shown(value)
        case "bool":
            return reader.machine_truth(value)
        case "type":
            return TypeOf(type_name(value))
        case "array":
            return library.FUNCTIONS["array"](machine, value)
    if isinstance(value, str):
        try:
            return float(value) if name == "float" else int(value)
        except ValueError:
            raise UnreadError(f"{value[:20]!r} is not a number") from None
    if isinstance(value, Array):
        value = value if value.cells.size != 1 else machine.element(value)
        if isinstance(value, Array):
            return library.astype(machine, value, name)
    if not is_numeric(value) or name not in ("float", "int"):
        raise UnreadError(f"{described(value)} is not a number")
    if name == "float":
        return value if isinstance(value, Number) else float(machine.worth(value))
    if isinstance(value, Number):
        cut = int(value.value) if math.isfinite(value.value) else 0
        if float(value.value).is_integer():
            return machine.whole_number(value, "this")
        machine.guard(value.leaf, "cut", cut)
        return cut
    try:
        return int(value)
    except (OverflowError, ValueError):
        raise UnreadError("this is not a whole number") from None


def type_name(value: Any) -> str:
    if isinstance(value, Array):
        return "array"
    if isinstance(value, (float, Number)):
        return "float"
    return "None" if value is None else value.__class__.__name__


# Methods of lists, dicts and texts.


def method(machine: Any, holder: Any, name: str) -> Any:
    for kind, methods in METHODS.items():
        if isinstance(holder, kind) and name in methods:
            return Builtin(f"{kind.__name__}.{name}", "python", holder)
    del machine
    return None


def grown(holder: Any) -> None:
    if len(holder) > MOST:
        raise UnreadError(f"more than {MOST:,} entries are not held")


def append(_: Caller, holder: list[Any], value: Any) -> None:
    holder.append(value)
    grown(holder)


def extend(reader: Caller, holder: list[Any], values: Any) -> None:
    holder.extend(reader.entries(values))
    grown(holder)


def insert(reader: Caller, holder: list[Any], place: Any, value: Any) -> None:
    holder.insert(reader.machine.whole_number(place, "a place"), value)
    grown(holder)


def pop(reader: Caller, holder: Any, *fed: Any) -> Any:
    if isinstance(holder, dict):
        found = key(fed[0]) if fed else None
        if found in holder:
            return holder.pop(found)
        if len(fed) > 1:
            return fed[1]
        raise UnreadError(f"the dict has no {found!r}")
    place = reader.machine.whole_number(fed[0], "a place") if fed else -1
    if not -len(holder) <= place < len(holder):
        raise MisfitError(f"a list of {len(holder)} entries has no entry {place}")
    return holder.pop(place)


def index(reader: Caller, holder: Any, value: Any) -> int:
    del reader
    for place, one in enumerate(holder):
        if ordered("eq", one, value):
            return place
    raise UnreadError("the entry is not in the list")


def reverse(_: Caller, holder: list[Any]) -> None:
    holder.reverse()


def sort(reader: Caller, holder: list[Any], **how: Any) -> None:
    holder[:] = sorted_(reader, holder, **how)


def remove(reader: Caller, holder: list[Any], value: Any) -> None:
    holder.pop(index(reader, holder, value))


def get(_: Caller, holder: dict[Any, Any], name: Any, default: Any = None) -> Any:
    return holder.get(key(name), default)


def update(reader: Caller, holder: dict[Any, Any], *fed: Any, **named: Any) -> None:
    for one in fed:
        holder.update(converted(reader, "dict", [one], {}))
    holder.update(named)
    grown(holder)


def set_default(_: Caller, holder: dict[Any, Any], name: Any, default: Any = None) -> Any:
    return holder.setdefault(key(name), default)


def add(_: Caller, holder: set[Any], value: Any) -> None:
    holder.add(key(value))
    grown(holder)


def text(function: Callable[..., Any]) -> Callable[..., Any]:
    def method_of_text(_: Caller, holder: str, *fed: Any, **named: Any) -> Any:
        del named
        if not all(isinstance(one, (str, int, type(None), tuple)) for one in fed):
            return holder
        try:
            return function(holder, *fed)
        except (TypeError, ValueError):
            raise UnreadError("this method of a text is not called like this") from None

    return method_of_text


def joined(reader: Caller, holder: str, values: Any) -> str:
    parts = [part if isinstance(part, str) else "..." for part in reader.entries(values)]
    return texts.joined(parts, holder)


METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    list: {
        "append": append, "extend": extend, "insert": insert, "pop": pop, "index": index,
        "reverse": reverse, "sort": sort, "remove": remove, "copy": lambda _, holder: list(holder),
        "clear": lambda _, holder: holder.clear(),
        "count": lambda _, holder, value: sum(ordered("eq", one, value) for one in holder),
    },
    tuple: {"index": index,
            "count": lambda _, holder, value: sum(ordered("eq", one, value) for one in holder)},
    dict: {
        "get": get, "keys": lambda _, holder: list(holder),
        "values": lambda _, holder: list(holder.values()),
        "items": lambda _, holder: list(holder.items()), "update": update, "pop": pop,
        "setdefault": set_default, "iteritems": lambda _, holder: list(holder.items()),
        "itervalues": lambda _, holder: list(holder.values()),
        "iterkeys": lambda _, holder: list(holder),
        "has_key": lambda _, holder, name: key(name) in holder,
        "copy": lambda _, holder: dict(holder),
        "clear": lambda _, holder: holder.clear(),
    },
    set: {"add": add, "union": lambda _, holder, other: holder | set(other)},
    str: {
        "format": lambda _, holder, *fed, **named: texts.braces(holder, fed, named),
        "join": joined,
        "lower": text(str.lower), "upper": text(str.upper), "strip": text(str.strip),
        "split": text(str.split), "startswith": text(str.startswith),
        "endswith": text(str.endswith), "replace": text(texts.replaced), "find": text(str.find),
    },
}  # fmt: skip

CALLS = {
    **CALLS,
    **{
        f"{kind.__name__}.{name}": function
        for kind, methods in METHODS.items()
        for name, function in methods.items()
    },
}
