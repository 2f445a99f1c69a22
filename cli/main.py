"""The process: arguments in, exit code out, and the one place where errors end.

Nothing heavy is imported before the boundary stands, so that Ctrl-C never shows a traceback.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
import warnings

from backprop.cli.saying import discard_output
from backprop.cli.saying import say as say  # for whoever looks for it here

TYPE_CHECKING = False  # typing itself is slow to load
if TYPE_CHECKING:
    from click import Group

    from backprop.child.process import Child

CHECKING = ("eval", "check", "compare", "batch")
# What makes a check unlikely.
UNCHECKED = {"--no-check", "-h", "--help", "--shape", "--backward", "--check-rows"}
CTRL_C = 130
CLOSED_PIPE = 141
MOST = 400  # characters that a report has of an error
PANIC = "PanicException"  # what Rust's libraries raise, which is no Exception
COMPLETING = "_BACKPROP_COMPLETE"  # the environment variable with which a shell asks
TRACEBACK = "BACKPROP_TRACEBACK"  # the environment variable that shows where a defect is


def main() -> None:
    gc.disable()  # one answer makes no cycles worth collecting, and may make millions of tuples
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # they are for developers, and stderr is for users
    code = run(sys.argv[1:])
    gc.freeze()  # nor is there anything to collect at the end
    sys.exit(code)


def run(args: list[str]) -> int:
    child = None
    try:
        child = early_child(args)
        code = answer(args, child)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = CTRL_C
    except BrokenPipeError:
        discard_output()
        code = CLOSED_PIPE
    except MemoryError:
        code = out_of_memory(args)
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        code = lost_output(error) if is_about_output(error) else report(error, args)
    finally:
        if child:
            child.close()
    return code


def early_child(args: list[str]) -> Child | None:
    """A process for a check, begun before anything else: what it loads takes longest of all."""
    checks = len(args) > 1 and args[0] in CHECKING
    if not checks or UNCHECKED & {arg.partition("=")[0] for arg in args}:
        return None
    from backprop.child.process import Child

    return Child()


def answer(args: list[str], child: Child | None) -> int:
    """Run a command; what a user can get wrong ends here."""
    from click.exceptions import Abort, ClickException, Exit

    from backprop.cli.commands import group
    from backprop.errors import BackpropError

    try:
        return invoke(group, args, child)
    except BackpropError as error:
        from backprop.cli.failures import fail, of_backprop

        return fail(of_backprop(error), args)
    except Exit as done:
        return done.exit_code
    except Abort:
        return CTRL_C
    except ClickException as error:
        from backprop.cli.failures import fail, of_click

        return fail(of_click(error), args)


def invoke(group: object, args: list[str], child: Child | None) -> int:
    from click import Group

    assert isinstance(group, Group)
    if COMPLETING in os.environ:
        return complete(group, args)
    with group.make_context("backprop", args or ["--help"], obj=child) as context:
        return int(group.invoke(context) or 0)


def complete(group: Group, args: list[str]) -> int:
    """Answer a shell that completes a command line; it shows no errors."""
    try:
        from backprop.cli.completion import register

        register()
        group.main(args, prog_name="backprop", complete_var=COMPLETING)
    except Exception:  # whatever it is, it doesn't belong in a prompt
        return 1
    return 0


def is_about_output(error: BaseException) -> bool:
    """Does it come from writing to standard output? All other files have a name."""
    failures = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)
    return isinstance(error, OSError) and error.filename is None and error.errno in failures


def lost_output(error: BaseException) -> int:
    discard_output()
    return say(f"error: the answer can't be written: {getattr(error, 'strerror', None) or error}")


def out_of_memory(args: list[str]) -> int:
    from backprop.cli.failures import MEMORY, Failure, fail

    return fail(Failure(MEMORY, "this needs more memory than there is"), args)


def report(error: BaseException, args: list[str]) -> int:
    """Ask for a report of what should never happen, in one line."""
    import traceback

    from backprop.cli.failures import DEFECT, Failure, fail

    if os.environ.get(TRACEBACK):
        say("".join(traceback.format_exception(error)).rstrip())
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = " ".join(f"{type(error).__name__}: {error}"[:MOST].split())
    place = f"{os.path.basename(last.filename)}, line {last.lineno}"
    message = (
        f"this is a defect of backprop, please report it: {what} ({place}); "
        f"{TRACEBACK}=1 shows the traceback"
    )
    return fail(Failure(DEFECT, message), args)


if __name__ == "__main__":
    main()
