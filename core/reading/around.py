"""The names around a function that it uses and its file assigns: weights, sizes, settings. They
have values of their own, and may be given others."""

from __future__ import annotations

import ast

from backprop.reading.source import SHOWN, Source, written

OWN = "its own value"


def around(source: Source, node: ast.FunctionDef) -> list[tuple[str, str]]:
    """Names at the top of a file that a function reads, or a function that it calls, each with
    what is assigned to it as it is written."""
    assigned = top_names(source)
    functions = {one.name: one for one in source.tree.body if isinstance(one, ast.FunctionDef)}
    found: dict[str, str] = {}
    seen, waiting = {node.name}, [node]
    while waiting:
        for name in outer_names(waiting.pop()):
            if name in assigned:
                found.setdefault(name, assigned[name])
            elif name in functions and name not in seen:
                seen.add(name)
                waiting.append(functions[name])
    return list(found.items())


def top_names(source: Source) -> dict[str, str]:
    """What the file assigns at its top, with the text of it."""
    found: dict[str, str] = {}
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            text = written(node.value)
            found[node.targets[0].id] = text if len(text) <= SHOWN else OWN
        elif isinstance(node, ast.Assign):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    found[inner.id] = OWN
    return found


def outer_names(node: ast.FunctionDef) -> list[str]:
    """The names that a function reads and neither takes nor assigns."""
    inside = list(ast.walk(node))
    own = {one.arg for one in inside if isinstance(one, ast.arg)} | {
        one.id for one in inside if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
    }
    shared = {name for one in inside if isinstance(one, ast.Global) for name in one.names}
    return [
        one.id
        for one in inside
        if isinstance(one, ast.Name)
        and isinstance(one.ctx, ast.Load)
        and (one.id not in own or one.id in shared)
    ]
