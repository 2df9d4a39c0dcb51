"""The statuses of a job and their causes (R2, R3, section 7; HOT: plain strings, since `enum` costs 5 ms)."""

from dodo_hooks.core.named_tuple import Record

PENDING = "pending"
RUNNING = "running"
COMPLETED = "completed"
UP_TO_DATE = "up-to-date"
FAILED = "failed"
CANCELLED = "cancelled"
SKIPPED = "skipped"
CRASHED = "crashed"

STATUSES = (PENDING, RUNNING, COMPLETED, UP_TO_DATE, FAILED, CANCELLED, SKIPPED, CRASHED)
ENDED = frozenset(STATUSES) - {PENDING, RUNNING}

# Causes. Of `skipped`:
NEED = "need"  # a need was not satisfied (R3)
FAIL_FAST = "fail-fast"  # another job failed and the hook says fail_fast (R5); also of `cancelled`
GATE = "gate"  # the foreground phase of a gate failed, so git stops and the background is not begun (R8)
CONDITION = "condition"  # the job does not apply here (C7): the one cause of `skipped` that satisfies a need
SELECTION = "selection"  # left out on the command line or by DODO_HOOKS_SKIP
NOT_SELECTED = "not selected"  # the reason of a job that was left out because another one was asked for
IGNORED = "ignored"  # `doit ignore`
NO_EVENT = "no-event"  # it is about the data of an event, and was run without one (section 5)
NESTED = "nested"  # the hook fired inside a job (R12)
REPLAY = "replay"  # git replays commits, and the background phase is begun once, at the end (R12)
ERROR = "error"  # the run itself could not continue: the invocation's record has the error
# Of `skipped`, `cancelled` and `failed`:
TIMEOUT = "timeout"  # of the job: failed; of the hook: failed or, for what still waited, skipped (R15)
INTERRUPTED = "interrupted"  # a signal ended the run (R17)
# Of `cancelled` and of what it skips:
USER = "user"  # `dodo-hooks jobs cancel`
# Of `cancelled` and, for what still waited, of `skipped`:
VANISHED = "worktree-gone"  # the working tree was removed under it (G2)
# Of `skipped`, `cancelled` and `failed`:
CONCURRENCY = "concurrency"  # its concurrency group was taken, or another run replaced it (section 7)
# Of `failed`:
EXIT = "exit"  # a non-zero exit status
SIGNAL = "signal"  # ended by a signal that was not ours
FROM_OUTSIDE = (1, 2, 9, 15)  # SIGHUP, SIGINT, SIGKILL, SIGTERM: a shutdown, a lack of memory, a person; no verdict
SPAWN = "spawn"  # the command could not be started: exit code 126 or 127
STAGING = "staging"  # what it fixed could not be staged (G6)
CHANGES = "changes"  # it changed files, and that is to fail (fail_on_changes)
DEPENDENCIES = "dependencies"  # doit could not check whether the job is up to date
# Of `crashed`:
WAVE_DIED = "wave-died"  # its wave process died under it (R7)
CHECKOUT = "checkout"  # its snapshot could not be made, or that or its commit was removed under it: no verdict (S4, V4)
WRITER_DIED = "writer-died"  # the process that kept the records died (R18)


class Outcome(Record):
    """The end of one job. A failed job is a value, not an exception."""

    status: str  # one of ENDED
    cause: "str | None" = None  # one of the causes above; None for completed
    reason: "str | None" = None  # one sentence for people
    exit_code: "int | None" = None
    signal: "int | None" = None
    need: "int | None" = None  # the job whose outcome stopped this one; with cause NEED
    root_cause: "int | None" = None  # the job that began the cascade; with cause NEED


def satisfies(outcome: Outcome) -> bool:
    """Return whether a job that needs this one may run (R2)."""
    return outcome.status in (COMPLETED, UP_TO_DATE) or (outcome.status == SKIPPED and outcome.cause == CONDITION)


def exit_code_of(outcomes: "list[Outcome]") -> int:
    """Return 0 when every job succeeded or was skipped without a failure, else 1 (R22).

    Jobs that a failure skipped add nothing, since the failure itself counts.
    """
    return int(any(outcome.status in (FAILED, CRASHED, CANCELLED) for outcome in outcomes))


def outcome_of(exit_code: "int | None", signal: "int | None") -> Outcome:
    """Return the outcome of a job that ended by itself."""
    if exit_code == 0:
        return Outcome(COMPLETED, exit_code=0)
    if signal is not None:
        return Outcome(FAILED, SIGNAL, f"ended by {signal_name(signal)}", signal=signal)
    return Outcome(FAILED, EXIT, f"exit code {exit_code}", exit_code)


def signal_name(number: int) -> str:
    """Return the name of a signal, such as `SIGKILL`; `signal 63` where it has none, or not the same one everywhere.

    The module with all names takes 5 ms to import.
    """
    return _SIGNALS.get(number, f"signal {number}")


def interrupted_by(number: int) -> str:
    """Return the reason of a run that a signal ended (R17)."""
    return f"interrupted ({_INTERRUPTIONS.get(number) or signal_name(number)})"


# The numbers that POSIX gives to kill(1), and those that Linux and macOS share.
_SIGNALS = {
    **{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 8: "SIGFPE", 9: "SIGKILL"},
    **{11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM"},
}
_INTERRUPTIONS = {2: "Ctrl-C"}
