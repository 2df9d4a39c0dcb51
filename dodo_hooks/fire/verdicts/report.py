"""The report of a push about the verdicts that it waits for, or is refused by (V4)."""

from __future__ import annotations

from collections.abc import Sequence

from dodo_hooks.core.statuses import RUNNING
from dodo_hooks.core.text.terminal_text import escape, knows_escapes, shell_word
from dodo_hooks.fire.verdicts.check import Check
from dodo_hooks.git.repo import find_repo
from dodo_hooks.host.console import print_error_text, say
from dodo_hooks.host.posix import os, read_file
from dodo_hooks.host.priority import restore_io_class
from dodo_hooks.host.world import local_time, monotonic_s, wall_ns
from dodo_hooks.results.verdicts.verdicts import Verdict
from dodo_hooks.store import layout
from dodo_hooks.store.read_records import JobRecord, ignore, unix_s
from dodo_hooks.store.reader import list_invocations, read_invocation, read_jobs

LOG_LINES = 20
_HISTORY = 50  # invocations of the hook that the usual time is taken from
_ENOUGH = 5
_EVERY_S = 60.0  # a line without a terminal
_CLEAR = "\r\x1b[K"
_STDERR = 2


def print_refusal(check: Check, verdict: Verdict) -> int:
    """Report that a job has failed on a commit, with the end of its log; return the exit code of the push."""
    failure, job = verdict.success, check.hook.jobs[verdict.job].name
    assert failure is not None  # as of every failure that is kept
    say(f"push refused: {check.title(verdict.job)} failed at {local_time(failure.ended_ns)}")
    record = find_job(check, failure.invocation, job)
    for line in _last_lines(record) if record is not None else ():
        print_error_text(f"  {line}\n")
    retry = f"run `dodo-hooks retry {shell_word(f'{job}@{failure.invocation}')}`"
    say(f"{how_to_check(check, check.target.name[:12]) or retry} and push again")
    return 1


def how_to_check(check: Check, words: str) -> str:
    """Return a clause with the command that checks these commits again.

    "": there is none, since the job applies to the pushed branch alone, of which the command knows nothing.
    """
    if check.is_of_pushed_branch():
        return ""
    world = check.firing.world
    where = "" if find_repo(world.environ, world.cwd).top else " in a working tree"
    return f"run `dodo-hooks checks --run {words}`{where}"


class Waiting:
    """The line about a run that a push waits for."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._is_terminal = os.isatty(_STDERR) and knows_escapes(check.firing.world.environ)
        self._next_s = 0.0
        self._usual: str | None = None
        self._has_line = False

    def show(self, verdict: Verdict) -> None:
        """Show the run and its time: each second on a terminal, elsewhere at once and each minute."""
        if monotonic_s() < self._next_s or verdict.run is None:
            return
        self._next_s = monotonic_s() + (1 if self._is_terminal else _EVERY_S)
        if self._usual is None:
            self._usual = _usual_time(self._check, verdict.run.hook, verdict.run.job)
        record = find_job(self._check, verdict.run.invocation, verdict.run.job)
        if record is not None and record.status == RUNNING and record.pid is not None:
            restore_io_class(record.pid)
        text = f"waiting for {self._check.title(verdict.job)}{_time_so_far(record)}{self._usual}"
        if self._is_terminal:
            print_error_text(f"{_CLEAR}dodo-hooks: {escape(text)}")
            self._has_line = True
        else:
            say(text)

    def end(self) -> None:
        """Remove the line."""
        if self._has_line:
            print_error_text(_CLEAR)
            self._has_line = False

    def stop_waiting(self, verdict: Verdict, words: Sequence[str]) -> int:
        """Report that the time to wait is over; return the exit code of the push. `words`: its arguments."""
        self.end()
        command = " ".join(("dodo-hooks push", *map(shell_word, words)))
        say(
            f"push refused: {self._check.title(verdict.job)} is still running; `{command}` waits for it and then pushes"
        )
        return 1


def find_job(check: Check, invocation: str, job: str) -> JobRecord | None:
    """Return the record of a job; None where it is gone."""
    record = read_invocation(layout.invocation_dir(check.verdicts.repository_dir, invocation), ignore)
    jobs = () if record is None else read_jobs(record, ignore)
    return next((one for one in jobs if one.name == job), None)


def _last_lines(record: JobRecord) -> list[str]:
    try:
        log = read_file(layout.log_file(record.directory))
    except OSError:
        return []
    return [escape(line, "\t") for line in log.decode("utf-8", "replace").splitlines()[-LOG_LINES:]]


def _time_so_far(record: JobRecord | None) -> str:
    if record is None or record.started_at is None:
        return ""
    return f", running for {max(wall_ns() / 1e9 - unix_s(record.started_at), 0):.0f} s"


def _usual_time(check: Check, hook: str, job: str) -> str:
    """Return how long the job takes as a rule; "" where it has not run yet."""
    times: list[float] = []
    for count, invocation in enumerate(list_invocations(check.verdicts.repository_dir, hook=hook, report=ignore)):
        jobs = read_jobs(invocation, ignore)
        times += [one.duration_s for one in jobs if one.name == job and one.exit_code == 0 and one.duration_s]
        if count >= _HISTORY or len(times) >= _ENOUGH:
            break
    return f" (usually {sorted(times)[len(times) // 2]:.0f} s)" if times else ""
