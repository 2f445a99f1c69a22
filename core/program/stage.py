"""Tree in, Program out: of numbers or of arrays, written, fine or fused."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stager import ArraysNeededError, Stager


def stage_numbers(tree: Tree, given: Collection[str], fine: bool, share: bool) -> Program | None:
    """A program of single numbers; None if it turns out to need arrays."""
    try:
        return Stager(tree, given, fine, share).program()
    except ArraysNeededError:
        return None


def stage(
    tree: Tree,
    given: Collection[str] = (),
    gates: str = "written",
    share: bool = True,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    seed: Sequence[int] = (),
) -> Program:
    """The staged program of a tree. `given` are names with a value, which `e` and `pi` may be,
    `shapes` those of values that are arrays; `seed` is for its random constants."""
    fine = gates == "fine"
    program = None if shapes else stage_numbers(tree, given, fine, share)
    if program is None:
        from backprop.program.array_stager import stage_arrays

        program = stage_arrays(tree, given, fine, share, shapes or {}, seed)
    if gates == "fused":
        from backprop.program.fusing import fuse

        return fuse(program)
    return program
