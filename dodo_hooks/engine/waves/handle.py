"""The runner's side of a wave process: fork it, send to it, clear up after it (R7, R20; HOT)."""

from dodo_hooks.engine.waves import wire
from dodo_hooks.engine.waves.job import command_lines
from dodo_hooks.engine.waves.wave import run_wave
from dodo_hooks.host import process
from dodo_hooks.host.posix import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dodo_hooks.engine.waves.job import Context


class WaveHandle:
    """The runner's view of a wave process."""

    __slots__ = ("batches", "broken", "commands", "dismissed", "held", "inbox", "pid", "running", "terminal_owner")

    def __init__(
        self, pid: int, commands: int, reports: int, held: "list[int]", terminal_owner: "int | None" = None
    ) -> None:
        self.pid = pid
        self.commands = commands
        self.inbox = wire.Inbox(reports)
        self.held = held  # not started
        self.running: dict[int, int] = {}  # job -> its process group, 0 until it is reported
        self.batches: dict[int, int] = {}  # job -> how many batches of its files have succeeded
        self.dismissed = False
        self.broken = ""
        self.terminal_owner = terminal_owner  # the group that had the terminal before an interactive job

    def send(self, kind: str, *numbers: int) -> bool:
        """Send a message; return False if the wave has died, which its other pipe will report."""
        try:
            os.write(self.commands, wire.line_of(kind, *numbers))
        except BrokenPipeError:
            return False
        return True

    def note_batch(self, number: int, context: "Context") -> int:
        """Count a batch of a running job that has succeeded, and return how many files have passed by now."""
        done = self.batches[number] = self.batches.get(number, 0) + 1
        job = context.hook.jobs[number]
        return sum(len(line) - len(job.execution.argv) for line in command_lines(context, job)[:done])

    def reap(self) -> None:
        """Clear up after a wave that is gone: close its pipes, kill its running jobs, reap it."""
        os.close(self.inbox.descriptor)
        os.close(self.commands)
        if self.terminal_owner is not None:
            from dodo_hooks.host.terminal import restore

            restore(self.terminal_owner)
        if self.running:
            # Before the wave is reaped: until then its id, which is its session's, belongs to nobody else.
            process.kill_session(self.pid)
            if not process.sees_sessions() or self.terminal_owner is not None:
                for group in filter(None, self.running.values()):
                    process.kill_group(group)
        process.reap(self.pid)


def fork_wave(
    context: "Context", jobs: "list[int]", keep: "Sequence[int]", terminal_owner: "int | None" = None
) -> WaveHandle:
    """Fork a wave that holds these jobs.

    `keep`: further descriptors that it inherits, such as its share of `alive` (R18). `terminal_owner`: the group that
    lends it the terminal; None: it has none.

    Raises:
        OSError: no process or no descriptor is left for it (R21).
    """
    commands_reader, commands = os.pipe()
    reports, reports_writer = os.pipe()
    try:
        pid = process.fork()
    except OSError:
        for descriptor in (commands_reader, commands, reports, reports_writer):
            os.close(descriptor)
        raise
    if not pid:
        run_wave(context, commands_reader, reports_writer, keep, terminal_owner is not None)
    os.close(commands_reader)
    os.close(reports_writer)
    return WaveHandle(pid, commands, reports, jobs, terminal_owner)
