"""The program: `fire` goes to fire/, everything else to cli/ (HOT).

The one place that turns errors into a message and an exit code (R22).
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from dodo_hooks.host.world import World

_RUN_ERROR, _INTERRUPTED = 2, 130  # of core/errors.py; an import here would take longer than all else in this file


def launch(site: "Sequence[str]") -> None:
    """Run the command line for the launcher of a shim, and exit. Never returns.

    `site`: the directories of third-party packages, since the interpreter was started without them (-S).
    """
    sys.unraisablehook = _end_if_interrupted
    import gc

    gc.disable()  # a hook is over before there is garbage worth a pause
    try:
        from dodo_hooks.host.posix import os
        from dodo_hooks.host.world import expect_utf8, open_standard_descriptors
    except ImportError as error:
        sys.exit(_explain_import(error))
    open_standard_descriptors()
    if sys.stdout is None or sys.stderr is None:  # Python sets None for a closed descriptor
        sys.stdout, sys.stderr = sys.stdout or _stream(1), sys.stderr or _stream(2)
    expect_utf8()
    # `_exit` skips the interpreter's own cleanup: 1.4 ms for memory that ends with the process anyway.
    os._exit(main(sys.argv[1:], tuple(site)))


def run_cli() -> None:
    """Run the console script `dodo-hooks`, and exit. Never returns."""
    try:
        launch(())
    except KeyboardInterrupt:  # before `main` takes it, or at its end
        sys.exit(_INTERRUPTED)


def main(argv: "Sequence[str]", site: "tuple[str, ...]" = ()) -> int:
    """Run one command line, print its messages, and return its exit code."""
    try:
        from dodo_hooks.host.world import make_world

        return _dispatch(argv, make_world(site))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except ImportError as error:
        return _explain_import(error)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # as Python has it where a class is made
            return _INTERRUPTED
        return _explain(error)
    finally:
        _flush()


def _dispatch(argv: "Sequence[str]", world: "World") -> int:
    if argv and argv[0] == "fire":
        from dodo_hooks.fire.entry import fire

        return fire(world, list(argv[1:]))
    if list(argv) == ["status", "--short"]:  # before each prompt of a shell: click alone would take half of its time
        from dodo_hooks.cli.prompt_status import print_short_status

        return print_short_status(world)
    from dodo_hooks.cli.plain_command import run_plain

    code = run_plain(argv, world)
    if code is not None:
        return code
    import gc

    from dodo_hooks.host.world import reach_site

    gc.enable()  # `watch` may last for hours
    reach_site(world)
    from dodo_hooks.cli.root_command import run

    return run(argv, world)


def _explain(error: Exception) -> int:
    """Print a message for an error that a person can fix, a traceback for an unforeseen one; return the exit code."""
    from dodo_hooks.core.errors import ConfigError, HooksError
    from dodo_hooks.host.console import say

    if isinstance(error, ConfigError):
        from dodo_hooks.fire.report.diagnostic_text import print_diagnostics

        print_diagnostics(error.diagnostics, sys.stderr)
        return error.exit_code
    if isinstance(error, HooksError):
        say(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno in (5, 28):  # EIO, ENOSPC of our output; the store has its own errors
        say(f"cannot write: {error.strerror}")
        return _RUN_ERROR
    import traceback

    traceback.print_exception(type(error), error, error.__traceback__)
    return _RUN_ERROR


def _end_if_interrupted(unraisable: "sys.UnraisableHookArgs") -> None:
    """End the process at a Ctrl-C that came where nothing can be raised, such as in a callback of an import.

    Python would print it, and continue.
    """
    if unraisable.exc_type is KeyboardInterrupt:
        import posix

        posix._exit(_INTERRUPTED)
    sys.__unraisablehook__(unraisable)


def _explain_import(error: ImportError) -> int:
    """Print that a module is missing, without any that may be missing, too; return the exit code."""
    reason = f"its packages are incomplete, or are being replaced ({error})"
    print(f"dodo-hooks: {reason}: try again, or install dodo-hooks again", file=sys.stderr)
    return _RUN_ERROR


def _stream(descriptor: int) -> "TextIO":
    import io

    return io.TextIOWrapper(io.FileIO(descriptor, "w"), encoding="utf-8", errors="backslashreplace")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # closed by its reader
            pass
