"""The question at the terminal whether to accept hook files, and the lines shown with it (section 8; HOT)."""

from dodo_hooks.core.plan import COMMAND, RUN_SUCCEEDS
from dodo_hooks.host.posix import open_terminal, os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dodo_hooks.core.plan import Hook, Job
    from dodo_hooks.core.plan_parts import Condition
    from dodo_hooks.host.world import World

_STDERR = 2
_LONGEST = 100  # bytes of an answer


def can_ask(world: "World") -> bool:
    """Return whether a person can answer: git runs in the foreground of a terminal, and stderr is a terminal."""
    if world.is_ci or world.environ.get("GIT_TERMINAL_PROMPT") == "0":
        return False
    if "DODO_INVOCATION" in world.environ or not os.isatty(_STDERR):
        return False
    try:
        terminal = open_terminal()
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()  # else we would be stopped, and git with us
    except OSError:
        return False
    finally:
        os.close(terminal)


def ask(lines: "Sequence[str]", question: str) -> str:
    """Show the lines at the terminal and return the line that is typed after that; "" where there is none.

    Input that was typed before the question appeared is discarded.
    """
    import termios

    from dodo_hooks.core.text.terminal_text import escape
    from dodo_hooks.host.posix import write_all

    text = "".join(f"{escape(line)}\n" for line in lines)
    try:
        terminal = open_terminal()
    except OSError:
        return ""
    try:
        write_all(terminal, text.encode("utf-8", "replace"))
        termios.tcflush(terminal, termios.TCIFLUSH)
        write_all(terminal, question.encode())
        return _read_line(terminal)
    except (OSError, termios.error):
        return ""
    finally:
        os.close(terminal)


def _read_line(terminal: int) -> str:
    """Return one line of input in lower case; "" for a line without an end, or longer than any answer."""
    typed = b""
    while not typed.endswith((b"\n", b"\r")):  # a program may have left the terminal without translation
        piece = os.read(terminal, _LONGEST)
        typed += piece
        if not piece or len(typed) > _LONGEST:
            return ""
    return typed.decode("utf-8", "replace").strip().lower()


def commands_of(hook: "Hook") -> "Iterator[str]":
    """Yield the commands that a firing of the hook may start, a line for each line of a command."""
    for check in hook.checks:
        for condition in check.conditions:
            yield from _lines("only, skip", "", _asked_by(condition))
    for job in hook.jobs:
        if job.selection.files is not None and job.selection.files.source == COMMAND:
            yield from _lines(f"files of {job.name}", "", (job.selection.files.command,))
        yield from _lines(job.name, _around(job), (job.execution.command,))


def _asked_by(condition: "Condition") -> "Iterator[str]":
    if condition.kind == RUN_SUCCEEDS:
        yield condition.value
    for part in condition.parts:
        yield from _asked_by(part)


def _around(job: "Job") -> str:
    """Return the parts that change the meaning of a command: its variables, and a shell other than sh."""
    words = [f"{name}={value}" for name, value in job.execution.env]
    is_as_written = job.execution.argv[0] == "sh" or job.execution.command.split()[:1] == [job.execution.argv[0]]
    return " ".join(words if is_as_written else [*words, f"({job.execution.argv[0]})"])


def _lines(name: str, around: str, commands: "Iterator[str] | tuple[str, ...]") -> "Iterator[str]":
    for command in commands:
        first, *rest = f"{around} {command}".strip().split("\n")
        yield f"  {name}: {first}"
        yield from (f"    {line}" for line in rest)


def difference(before: "Mapping[str, bytes]", after: "Mapping[str, bytes]") -> "list[str]":
    """Return the changes as the lines of a unified diff."""
    from difflib import unified_diff

    lines: list[str] = []
    for path in sorted({*before, *after}):
        old, new = (_text(files.get(path, b"")) for files in (before, after))
        if old != new or (path in before) != (path in after):
            if old[-1] == new[-1] == "":  # both end with a newline: it is no line of its own
                old, new = old[:-1], new[:-1]
            names = (f"a/{path}" if path in before else "/dev/null", f"b/{path}" if path in after else "/dev/null")
            diff = list(unified_diff(old, new, *names, lineterm=""))
            lines += diff or [f"--- {names[0]}", f"+++ {names[1]}"]  # an empty file
    return lines


def _text(content: bytes) -> "list[str]":
    """Return the lines of the content, split at newlines only. Other line breaks are shown escaped."""
    return content.decode("utf-8", "surrogateescape").split("\n")
