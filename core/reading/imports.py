"""Imports: of NumPy and its like, whose functions are known, and of files beside the source."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from backprop.language.spellings import functions
from backprop.reading import builtins
from backprop.reading.diagnostics import UnreadError
from backprop.reading.files import Files
from backprop.reading.machine import IMPORT_STEPS, Machine
from backprop.reading.objects import Objects
from backprop.reading.values import (
    MISSING,
    Builtin,
    Module,
    Namespace,
    Scope,
    TypeOf,
    Unknown,
    Unreadable,
)

MODULES: Mapping[str, str] = {
    "numpy": "numpy", "torch": "torch", "jax": "jax", "scipy": "scipy", "math": "math",
    "cupy": "numpy", "autograd": "numpy", "random": "random",
}  # fmt: skip
PRELUDE = "<"  # before the paths of sources of our own
PRELUDES = {
    "Function": "autograd",
    **dict.fromkeys(
        [
            "Parameter",
            "Module",
            "Linear",
            "Conv1d",
            "Conv2d",
            "MaxPool1d",
            "MaxPool2d",
            "AvgPool1d",
            "AvgPool2d",
            "Embedding",
            "LayerNorm",
            "BatchNorm1d",
            "Dropout",
            "Identity",
            "Flatten",
            "ReLU",
            "LeakyReLU",
            "ELU",
            "Sigmoid",
            "Tanh",
            "Softplus",
            "SiLU",
            "Softmax",
            "LogSoftmax",
            "MSELoss",
            "CrossEntropyLoss",
            "Sequential",
            "ModuleList",
        ],
        "nn",
    ),
}  # of PyTorch, and our source of them
COPYING = ("copy", "deepcopy")


class Imports(Objects):
    """Reads imports. A file is read once, with its imports, functions, classes and constants."""

    def __init__(self, machine: Machine, files: Files, file: str) -> None:
        super().__init__(machine)
        self.files = files
        self.file = file  # the one that is being read
        self.modules: dict[str, Module] = {}

    def top(self, nodes: Sequence[ast.stmt], wanted: str = "") -> None:
        raise NotImplementedError

    def do_Import(self, node: ast.Import) -> None:  # noqa: N802
        for alias in node.names:
            self.machine.step(IMPORT_STEPS)
            top = alias.name.partition(".")[0]
            found = self.imported(alias.name)
            if alias.asname:
                self.scope.names[alias.asname] = found
            elif isinstance(found, Module) and top != alias.name:
                self.within(alias.name, found)
            else:
                self.scope.names[top] = self.imported(top) if top != alias.name else found

    def within(self, path: str, module: Module) -> None:
        """`import a.b.c`: the name a, which has b, which has c."""
        top, *rest = path.split(".")
        here = self.scope.names.get(top)
        if not isinstance(here, Module):
            here = self.scope.names[top] = self.imported(top)
        for name in rest[:-1]:
            if not isinstance(here, Module):
                return
            here = here.scope.names.setdefault(name, Module(name))
        if isinstance(here, Module):
            here.scope.names[rest[-1]] = module

    def do_ImportFrom(self, node: ast.ImportFrom) -> None:  # noqa: N802
        module = node.module or ""
        for alias in node.names:
            self.machine.step(IMPORT_STEPS)
            if alias.name == "*":
                self.star(module, node.level)
                continue
            found = self.imported_from(module, alias.name, node.level)
            self.scope.names[alias.asname or alias.name] = found

    def learned(self, tree: ast.Module) -> None:
        """A file is about to be read."""

    def star(self, module: str, level: int) -> None:
        """from module import *"""
        if not level and module in ("math", "numpy"):
            self.machine.step(len(functions()))
            for home, name in functions():
                if home == module and "." not in name:
                    self.scope.names.setdefault(name, Builtin(name, module))
            return
        found = self.file_named(module, level)
        if found is not None:
            names = found.scope.names
            self.machine.step(len(names))
            self.scope.names |= {name: names[name] for name in names if name[:1] != "_"}

    def imported(self, path: str) -> Any:
        top, _, rest = path.partition(".")
        module = MODULES.get(top)
        if module is None and path == "copy":
            return Module(path, Scope({n: Builtin(f"copy.{n}", "python") for n in COPYING}))
        if module is None:
            return self.file_named(path, 0) or Unknown(path)
        self.machine.torch = self.machine.torch or module == "torch"
        return Namespace(module, "" if rest in builtins.INSIDE else rest)

    def imported_from(self, module: str, name: str, level: int) -> Any:
        if not level and module.partition(".")[0] in MODULES:
            home = self.imported(module)
            return self.of_namespace(home, name)
        found = self.file_named(module, level) if module else None
        if found is not None and name in found.scope.names:
            return found.scope.names[name]
        inside = self.file_named(f"{module}.{name}" if module else name, level)
        if inside is not None:
            return inside
        if found is not None:
            return Unreadable(UnreadError(f"{found.file} has no {name}"))
        if module == "collections" and name in ("defaultdict", "OrderedDict"):
            return TypeOf("dict")
        if module == "copy" and name in COPYING:
            return Builtin(f"copy.{name}", "python")
        if module == "builtins" and builtins.named(name) is not MISSING:
            return builtins.named(name)
        return Unknown(f"{module}.{name}" if module else name)

    def of_namespace(self, holder: Namespace, name: str) -> Any:
        found = super().of_namespace(holder, name)
        if holder.module == "jax" and name in ("map", "tree_map"):
            return Builtin("tree.map", "python")
        home = PRELUDES.get(name) if isinstance(found, Unknown) else None
        return self.prelude(home, name) if home and holder.module == "torch" else found

    def prelude(self, file: str, name: str) -> Any:
        raise NotImplementedError

    # Files.

    def file_named(self, module: str, level: int) -> Module | None:
        """The file that an import means, read; None if there is none."""
        if self.file[:1] == PRELUDE:
            return None
        path = self.files.find(module, level, self.file)
        if path is None or path == self.files.main:
            return None
        if path not in self.modules:
            self.modules[path] = Module(path)
            self.take_in(self.modules[path])
        return self.modules[path]

    def take_in(self, module: Module) -> None:
        """Read a file: what it imports, defines and assigns. Its calls are not run."""
        text = self.files.texts[module.file]
        recorder = self.machine.recorder
        tree = self.files.tree(module.file, recorder.lines.add(text, self.files.shown(module.file)))
        outer, file, frames, classes = self.scope, self.file, self.frames, self.classes
        near = recorder.near
        if recorder.node is not None and not recorder.lines.is_imported(recorder.node):
            recorder.near = recorder.node
        self.scope, self.file, self.frames, self.classes = Scope(), module.file, [], []
        module.scope = self.scope
        self.learned(tree)
        try:
            self.top(tree.body, "*")
        finally:
            self.scope, self.file, self.frames, self.classes = outer, file, frames, classes
            recorder.near = near
