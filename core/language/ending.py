"""Tree in, Tree out: the same program with another of its statements as the last, and only
what that one needs before it. Text and spans stay as they are."""

from __future__ import annotations

from collections.abc import Iterable

from backprop.errors import UsageError, closest
from backprop.language.syntax import Function, Item, Tree
from backprop.language.tokens import is_name

SHOWN = 12  # statements that an error lists

Run = tuple[int, int]


def ending(tree: Tree, output: str) -> Tree:
    """The program whose result is the statement called `output`."""
    named = {run: name for run in tree.body if (name := tree.name_of(run))}
    last = tree.body[-1]
    named.setdefault(last, tree.free_name)
    if output not in named.values():
        raise unknown_output(tree, output, list(named.values()))
    needed, functions = needs(tree, named, output)
    body = [run for run in tree.body if named.get(run) in needed]
    return kept(tree, body, functions, output)


def variables(tree: Tree) -> list[str]:
    """The names that statements use and none of them gives: the inputs without a value."""
    inside = inner_needs(tree)
    names = used(tree, (item for run in tree.body for item in tree.code[slice(*run)]), inside)[0]
    return [name for name in tree.names if name in names - tree.stored]


def unneeded(tree: Tree) -> list[str]:
    """The names that may have a value although a part of the program doesn't use them."""
    return [name for name in tree.names if name not in tree.stored]


def unknown_output(tree: Tree, output: str, names: list[str]) -> UsageError:
    some = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    if output in tree.names:
        message = f"{output} is an input, and an output is computed"
        return UsageError(message, hint=f"the statements are {some}")
    near = closest(output, names)
    hint = f"did you mean {near}?" if near else "only what has a name in the text can be the output"
    message = f"there is no statement called {output or 'nothing'}; the program has {some}"
    return UsageError(message, hint=hint)


def needs(tree: Tree, named: dict[Run, str], output: str) -> tuple[set[str], set[str]]:
    """The statements and the functions that lead to `output`."""
    inside = inner_needs(tree)
    leads: dict[str, set[str]] = {}
    calls: dict[str, set[str]] = {}
    for run, name in named.items():
        uses, called = used(tree, tree.code[slice(*run)], inside)
        leads.setdefault(name, set()).update(uses)
        calls.setdefault(name, set()).update(called)
    needed: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting.pop()
        if name not in needed and name in leads:
            needed.add(name)
            waiting += leads[name]
    return needed, set().union(*(calls[name] for name in needed))


Inside = dict[str, tuple[set[str], set[str]]]


def inner_needs(tree: Tree) -> Inside:
    """What the bodies of functions use of the program, and which functions they call."""
    found: Inside = {}
    for function in sorted(tree.functions.values(), key=lambda function: function.start):
        names, called = used(tree, tree.code[function.start : function.stop], found)
        found[function.name] = names - {*function.parameters}, called | {function.name}
    return found


def used(tree: Tree, code: Iterable[Item], inside: Inside) -> tuple[set[str], set[str]]:
    names: set[str] = set()
    called: set[str] = set()
    for item in code:
        if isinstance(item, str):
            if is_name(item):
                names.add(item)
        elif item.kind == "call" and item.name in tree.functions:
            within = inside.get(item.name, (set(), {item.name}))
            names |= within[0]
            called |= within[1]
    return names, called


def kept(tree: Tree, body: list[Run], functions: set[str], output: str) -> Tree:
    """The tree of these statements and functions alone."""
    bodies = [tree.functions[name] for name in functions]
    pieces: list[tuple[Run, Function | None]] = [(run, None) for run in body]
    pieces += [((function.start, function.stop), function) for function in bodies]
    code: list[Item] = []
    at: list[int] = []
    runs: list[Run] = []
    left: dict[str, Function] = {}
    for (start, stop), function in sorted(pieces, key=lambda piece: piece[0]):
        place = (len(code), len(code) + stop - start)
        code += tree.code[start:stop]
        at += tree.at[start:stop]
        if function:
            left[function.name] = function._replace(start=place[0], stop=place[1])
        else:
            runs.append(place)
    return Tree(tree.text, code, at, runs, left, output, tree.values)
