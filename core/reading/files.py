"""The files beside a source that it may import: where a module is looked for, and its text."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from os.path import dirname, join, normpath, pardir, relpath

from backprop.errors import BackpropError, LimitError
from backprop.reading.diagnostics import ast_of

MOST = 200  # files
Look = Callable[[str], str | None]  # the text of a file; None if there is none


def nowhere(path: str) -> None:
    """No file is looked for."""
    del path


class Files:
    """Texts by the paths of their files, those that were read and those that can be."""

    def __init__(
        self, roots: Sequence[str] = (), texts: Mapping[str, str] | None = None,
        look: Look = nowhere, main: str = "",
    ) -> None:  # fmt: skip
        self.roots = list(roots)  # the folders that modules are looked for in
        self.texts = dict(texts or {})
        self.look = look
        self.trees: dict[tuple[str, int], ast.Module] = {}
        self.main = main  # the file that imports them

    def find(self, module: str, level: int, file: str) -> str | None:
        """The path of a module, as a file imports it; None if there is no such file."""
        for folder in self.folders(level, file):
            base = normpath(join(folder, *module.split(".")))
            for path in (f"{base}.py", join(base, "__init__.py")):
                if self.has(path):
                    return path
        return None

    def shown(self, path: str) -> str:
        """A path as it is shown: from here, if that is shorter."""
        near = relpath(path)
        return path if near.startswith(pardir) else near

    def tree(self, path: str, shift: int) -> ast.Module:
        """The syntax tree of a file, whose lines are so many further down."""
        if (path, shift) not in self.trees:
            try:
                tree, _ = ast_of(self.texts[path])
            except BackpropError as error:
                error.origin = error.origin or self.shown(path)
                raise
            self.trees[path, shift] = ast.increment_lineno(tree, shift)
        return self.trees[path, shift]

    def folders(self, level: int, file: str) -> Iterator[str]:
        """Where a module may be, the likeliest first. `level` counts the dots before it."""
        here = dirname(file)
        if level:
            yield join(here, *[pardir] * (level - 1))
            return
        yield here
        yield from self.roots

    def has(self, path: str) -> bool:
        if path in self.texts:
            return True
        found = self.look(path)
        if found is None:
            return False
        if len(self.texts) >= MOST:
            raise LimitError(f"the source imports more than {MOST} files")
        self.texts[path] = found
        return True
