"""One job: its environment, its output, its start (HOT)."""

from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.plan import FILES_VARIABLE, MAX_LOG_BYTES, NO_FILES
from dodo_hooks.host.posix import open_terminal, os
from dodo_hooks.host.process import spawn
from dodo_hooks.store import layout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dodo_hooks.core.plan import Hook, Job
    from dodo_hooks.core.plan_parts import Patch
    from dodo_hooks.engine.protocols import Workspace

TO_FILE = "file"  # output goes straight into the log: a job that outlives its run can keep writing (R16)
TO_PIPE = "pipe"  # output passes through the wave, so that the runner can show it (R23)
TO_TERMINAL = "terminal"  # the same through a pseudo-terminal, so that commands keep their colours

# A pager waits for ever at a terminal without input; `git diff` starts one for more than a screen.
_NO_PAGERS = {"GIT_PAGER": "cat", "PAGER": "cat"}
_NO_CHANGES: "Mapping[str, str]" = {}
_NO_WORKSPACES: "Mapping[int, Workspace]" = {}

CLOSED = -1


class Context(Record):
    """The settings that all jobs of one phase share."""

    hook: "Hook"
    top: str  # of the working tree
    environ: "Mapping[str, str]"  # of every job of the phase
    invocation_dir: str
    output: str  # TO_FILE, TO_PIPE or TO_TERMINAL
    grace_s: float  # between SIGTERM and SIGKILL (R14)
    nice: int  # of a job without a `nice` of its own (R13)
    is_background: bool
    max_log_bytes: int = MAX_LOG_BYTES
    ancestors: "tuple[str, ...]" = ()  # the runs inside of which this one was fired
    window: bytes = b""  # the terminal's size, as TIOCGWINSZ gives it
    files: "Mapping[int, tuple[bytes, ...]] | None" = None  # the list of each job that is about files (G4)
    has_tty: bool = False  # an interactive job can have the terminal; else it runs as any other, without input
    workspaces: "Mapping[int, Workspace]" = _NO_WORKSPACES  # of the jobs that do not run in the working tree (S1)


class StartError(Exception):
    """The error of a job that cannot be started: the exit code that a shell would give, and the reason."""

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason


def log_path(context: Context, job: "Job") -> str:
    return layout.log_file(layout.job_dir(context.invocation_dir, job.directory))


def nice_of(context: Context, job: "Job") -> int:
    """Return the niceness to add for a job: its own, else that of its phase."""
    return context.nice if job.execution.nice is None else job.execution.nice


def has_the_terminal(context: Context, job: "Job") -> bool:
    return job.execution.interactive and context.has_tty


def max_log_of(context: Context, job: "Job") -> int:
    """Return the limit of the job's log in bytes of the disk."""
    return context.max_log_bytes if job.report.max_log_bytes is None else job.report.max_log_bytes


class NoTerminal(OSError):
    """The error of a missing pseudo-terminal: /dev/pts is not mounted, or all are taken."""


class Started:
    """A job's process, its output, and its further batches."""

    __slots__ = ("batches", "no_terminal", "output", "pid", "refusal", "writer")

    def __init__(
        self, process: "tuple[int, int]", output: "int | None", writer: int, batches: "list[tuple[str | bytes, ...]]"
    ) -> None:
        self.pid, self.refusal = process  # `refusal`: for `read_refusal`, if the process prepares a workspace first
        self.output = output  # the end to read its output from; None where the output goes straight to the file
        self.writer = writer  # the end to write to; kept open for the batches
        self.batches = batches  # the command lines that follow, one after the other (C6)
        self.no_terminal = 0  # the errno of a missing pseudo-terminal: the output goes through a pipe then


def start(context: Context, job: "Job", processes: int = 1) -> Started:
    """Start a job's command. The caller closes `output` and, by `close_writer`, `writer`.

    `processes`: over up to so many its list is split.

    Raises:
        StartError: the job cannot be started, or must not be.
    """
    if job.execution.refused:
        raise StartError(126, job.execution.refused)
    batches, no_terminal = command_lines(context, job, processes), 0
    try:
        try:
            reader, writer = _open_output(context, job)
        except NoTerminal as error:
            no_terminal = error.errno or 0
            reader, writer = os.pipe()
    except OSError as error:
        raise StartError(126, f"cannot open its output: {error.strerror}") from error
    try:
        if processes > 1 and len(batches) > 1:
            pid, batches = _spawn_side_by_side(context, job, batches, processes, writer), []
            started = Started((pid, CLOSED), reader, writer, batches)
        else:
            started = Started(_spawn_first(context, job, batches.pop(0), writer), reader, writer, batches)
    except StartError:
        for descriptor in (reader, writer):
            if descriptor is not None:
                os.close(descriptor)
        raise
    started.no_terminal = no_terminal
    if not batches:
        close_writer(started)
    return started


def start_next_batch(context: Context, job: "Job", started: Started) -> None:
    """Start the next batch of files, after the one before has succeeded.

    Raises:
        StartError: the batch cannot be started.
    """
    started.pid = _spawn(context, job, started.batches.pop(0), started.writer)
    if not started.batches:
        close_writer(started)


def close_writer(started: Started) -> None:
    if started.writer != CLOSED:
        os.close(started.writer)
        started.writer = CLOSED


def command_lines(context: Context, job: "Job", processes: int = 1) -> "list[tuple[str | bytes, ...]]":
    if job.execution.files_at == NO_FILES:
        return [job.execution.argv]
    from dodo_hooks.engine.waves.batches import batches_of

    files = (context.files or {}).get(job.number, ())
    return batches_of(job, files, environment_of(context, job), processes)


def _spawn_side_by_side(
    context: Context, job: "Job", lines: "list[tuple[str | bytes, ...]]", most: int, writer: int
) -> int:
    from dodo_hooks.host.parallel_process import spawn_side_by_side

    directory = directory_of(context, job)
    try:
        os.chdir(directory)
        folder = layout.job_dir(context.invocation_dir, job.directory)
        return spawn_side_by_side(lines, most, environment_of(context, job), writer, _stdin_of(context, job), folder)
    except OSError as error:
        raise StartError(126, f"cannot start a process in {directory}: {error.strerror}") from error


def _spawn_first(context: Context, job: "Job", argv: "tuple[str | bytes, ...]", writer: int) -> "tuple[int, int]":
    """Start the first command of a job; of one in a workspace, as a process that makes the workspace ready before."""
    workspace = context.workspaces.get(job.number)
    if workspace is None:
        return _spawn(context, job, argv, writer), CLOSED
    from dodo_hooks.host.prepared_process import spawn_prepared

    stdin = _stdin_of(context, job)
    try:
        return spawn_prepared(
            workspace.prepare, argv, environment_of(context, job), directory_of(context, job), writer, stdin
        )
    except OSError as error:
        raise StartError(126, f"cannot start a process: {error.strerror}") from error


def _stdin_of(context: Context, job: "Job") -> str:
    return layout.stdin_file(context.invocation_dir) if job.execution.use_stdin else "/dev/null"  # G3


def _spawn(context: Context, job: "Job", argv: "tuple[str | bytes, ...]", writer: int) -> int:
    directory = directory_of(context, job)
    try:
        os.chdir(directory)
    except OSError as error:
        raise StartError(126, f"cannot enter its root {directory}: {error.strerror}") from error
    try:
        if has_the_terminal(context, job):
            from dodo_hooks.host.terminal import spawn_in_front

            return spawn_in_front(argv, environment_of(context, job), writer)
        return spawn(argv, environment_of(context, job), writer, _stdin_of(context, job))
    except FileNotFoundError as error:
        raise StartError(127, f"{job.execution.argv[0]}: command not found") from error
    except OSError as error:
        raise StartError(126, f"{job.execution.argv[0]}: {error.strerror}") from error


def directory_of(context: Context, job: "Job") -> str:
    workspace = context.workspaces.get(job.number)
    top = context.top if workspace is None else workspace.top
    return f"{top}/{job.execution.root}" if job.execution.root else top


def environment_of(context: Context, job: "Job") -> "dict[str, str]":
    """Return the job's environment: the phase's, PWD as a shell would set it, `env` of the hook file, DODO_JOB."""
    pagers = _NO_PAGERS if context.output == TO_TERMINAL and not has_the_terminal(context, job) else _NO_CHANGES
    directory = {"PWD": directory_of(context, job)}
    workspace = context.workspaces.get(job.number)
    phase = context.environ if workspace is None else workspace.environ(context.environ)
    patch = job.execution.patch
    patched = apply_patch(patch, phase) if patch else phase
    environ = {**patched, **pagers, **directory, **dict(job.execution.env), "DODO_JOB": job.name}
    if job.selection.files is not None:
        environ[FILES_VARIABLE] = layout.files_file(layout.job_dir(context.invocation_dir, job.directory))
    if job.changes.conduct is not None:
        environ["GIT_OPTIONAL_LOCKS"] = "0"  # a mere `git status` would lock the index for the jobs beside it (P6)
    return environ


def apply_patch(patch: "Patch", environ: "Mapping[str, str]") -> "dict[str, str]":
    """Return the environment with the changes of a job's patch; each sees the variables as they were before all."""
    result = dict(environ)
    for name, parts in patch:
        if parts is None:
            result.pop(name, None)
        else:
            values = (part if isinstance(part, str) else environ.get(part[0], part[1]) for part in parts)
            result[name] = "".join(values)
    return result


def _open_output(context: Context, job: "Job") -> "tuple[int | None, int]":
    """Open the ends where the output is read, and where the job writes.

    The log is made in any case, before the job is started: an existing log proves that the job was begun, even if the
    runner was killed before it could record that (store/orphans.py).
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    if context.output == TO_FILE:
        return None, os.open(log_path(context, job), flags, 0o600)
    try:
        os.close(os.open(log_path(context, job), flags, 0o600))
    except OSError:  # the job runs all the same; if it prints something, the wave reports that the log is not written
        pass
    if has_the_terminal(context, job):  # its output is not kept
        return None, open_terminal()
    return os.pipe() if context.output == TO_PIPE else _open_terminal(context.window)


def _open_terminal(window: bytes) -> "tuple[int, int]":
    """Open a pseudo-terminal for output only. No job gets it as controlling terminal, since jobs lead no session.

    Output processing is off: a newline stays one byte, so the log has the command's own bytes (termios(3), OPOST).
    """
    import termios
    from fcntl import ioctl

    try:
        master, slave = os.openpty()
    except OSError as error:
        raise NoTerminal(error.errno, error.strerror) from error
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    if window:
        ioctl(slave, termios.TIOCSWINSZ, window)
    return master, slave
