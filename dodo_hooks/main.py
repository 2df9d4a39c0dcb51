"""The program: `fire` goes to fire/, everything else to cli/ (HOT).

The one place that turns errors into a message and an exit code (R22).
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TextIO

    from dodo_hooks.host.world import World

INTERRUPTED = 130
_RUN_ERROR = 2


def launch(site: "Sequence[str]") -> None:
    """What the launcher of a shim calls: run the command line, and leave. Never returns.

    `site`: where third-party packages lie, since the interpreter was started without them (-S).
    """
    import gc

    gc.disable()  # a hook is over before there is garbage worth a pause
    from dodo_hooks.host.posix import os

    # `_exit` leaves out the interpreter's own end, 1.4 ms of taking apart what the process takes with it anyway.
    os._exit(_with_standard_descriptors(lambda: main(sys.argv[1:], tuple(site))))


def run_cli() -> None:
    """The console script `dodo-hooks`."""
    sys.exit(_with_standard_descriptors(lambda: main(sys.argv[1:])))


def main(argv: "Sequence[str]", site: "tuple[str, ...]" = ()) -> int:
    """Run one command line; returns the exit code, with everything said that there was to say."""
    try:
        from dodo_hooks.host.world import make_world

        return _dispatch(argv, make_world(site))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
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
    from dodo_hooks.host.world import reach_site

    reach_site(world)
    from dodo_hooks.cli.root_command import run

    return run(argv, world)


def _explain(error: Exception) -> int:
    """A message for what a person can mend; a traceback for what we did not foresee."""
    from dodo_hooks.core.errors import ConfigError, HooksError
    from dodo_hooks.host.console import say

    if isinstance(error, ConfigError):
        from dodo_hooks.fire.report.diagnostics import print_diagnostics

        print_diagnostics(error, sys.stderr)
        return error.exit_code
    if isinstance(error, HooksError):
        say(str(error))
        return error.exit_code
    if isinstance(error, OSError) and error.errno in (5, 28):  # EIO, ENOSPC: of what we print; the store says its own
        say(f"cannot write: {error.strerror}")
        return _RUN_ERROR
    import traceback

    traceback.print_exception(type(error), error, error.__traceback__)
    return _RUN_ERROR


def _with_standard_descriptors(run: "Callable[[], int]") -> int:
    """Descriptors 0 to 2 are open, whoever started us with one of them closed (R14)."""
    from dodo_hooks.host.world import open_standard_descriptors

    open_standard_descriptors()
    if sys.stdout is None or sys.stderr is None:  # what Python makes of a closed descriptor
        sys.stdout, sys.stderr = sys.stdout or _stream(1), sys.stderr or _stream(2)
    return run()


def _stream(descriptor: int) -> "TextIO":
    import io

    return io.TextIOWrapper(io.FileIO(descriptor, "w"), encoding="utf-8", errors="backslashreplace")


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # closed by whoever read it
            pass
