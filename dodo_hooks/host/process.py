"""Starting, watching and ending processes (HOT): the one module that forks, spawns and signals.

Who may signal whom follows from how process ids are reused. An id stays taken until the parent has reaped the process,
so only the parent may signal it, and only before it reaps (R14). A process group keeps its id while any member lives.

The end of another process is noticed in a form that poll(2) can wait for: Linux has pidfd_open(2). Elsewhere the caller
polls with a timeout and calls `getppid` (R17).
"""

import select
import sys

from dodo_hooks.host.posix import os, signal, try_read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Actions = Sequence[tuple[object, ...]]

IS_LINUX = sys.platform.startswith("linux")
# Listed once per process: what a job starts with is the default action of each of these (R14).
DEFAULTED = frozenset(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}


def fork() -> int:
    """Fork with every signal blocked in the child, until it calls `take_signals` for itself.

    A signal that came between the fork and that call would be written into the parent's wake-up pipe.

    Raises:
        OSError: the process table is full (R21).
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        pid = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        raise
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return pid


def share_work(work: "Callable[[int], int]", count: int) -> "list[int]":
    """Call `work` with each number below `count`, and return its results, which are exit codes.

    Each call but the first is made in a process of its own. That has all signals blocked, so `work` has to end soon
    after its parent. A result is negative where a signal has ended the process.
    """
    children: list[int] = []
    try:
        for number in range(1, count):
            try:
                pid = fork()
            except OSError:  # the process table is full (R21)
                break
            if not pid:
                code = 1
                try:
                    code = work(number)
                finally:
                    os._exit(code)
            children.append(pid)
        results = [work(number) for number in (0, *range(len(children) + 1, count))]
    finally:
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
    return [*results, *codes]


def spawn(argv: "tuple[str | bytes, ...]", environ: "Mapping[str, str]", output: int, stdin: str = "/dev/null") -> int:
    """Start `argv` as the leader of a new process group (R14).

    The process reads from the file `stdin`, and has `output` for both its outputs. The command is searched in the PATH
    of `environ`, as execvp(3) would, and a script without a `#!` line is given to sh. It starts in the current
    directory: whoever calls has a single thread and may change it before.

    Returns:
        The process id, which is also the id of the group.

    Raises:
        OSError: it cannot be started.
    """
    actions: Actions = [
        (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, output, 1),
        (os.POSIX_SPAWN_DUP2, output, 2),
    ]

    return spawn_with(actions, argv, environ, leads=True)


def spawn_with(
    actions: "Actions", argv: "tuple[str | bytes, ...]", environ: "Mapping[str, str]", *, leads: bool
) -> int:
    """Do the same with these actions of posix_spawn(3). `leads`: the process is the leader of a new process group."""

    def start(path: str, words: "tuple[str | bytes, ...]") -> int:
        if not leads:
            return os.posix_spawn(path, words, environ, file_actions=actions, setsigmask=(), setsigdef=DEFAULTED)
        return os.posix_spawn(
            path, words, environ, file_actions=actions, setpgroup=0, setsigmask=(), setsigdef=DEFAULTED
        )

    return start_program(argv, environ, start)


def start_program(
    argv: "tuple[str | bytes, ...]",
    environ: "Mapping[str, str]",
    start: "Callable[[str, tuple[str | bytes, ...]], int]",
) -> int:
    """Search the program in PATH as execvp(3) would, and return what `start` returns for its file and its words.

    Raises:
        OSError: it cannot be started.
    """
    failure: OSError = FileNotFoundError(2, "No such file or directory")
    for path in candidates(str(argv[0]), environ):
        try:
            return start(path, argv)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError as error:  # continue the search, as execvp does, but remember that it was there
            failure = error
        except OSError as error:
            if error.errno != 8:  # ENOEXEC
                raise
            return start("/bin/sh", ("sh", path, *argv[1:]))
    raise failure


def candidates(command: str, environ: "Mapping[str, str]") -> "list[str]":
    """Return the files that a command may be, in the order in which execvp(3) would try them.

    Only those that are there: to find out by trying costs half a millisecond for each folder in PATH.
    """
    if "/" in command:
        return [command]
    if command == "sh":
        return ["/bin/sh"]  # the POSIX shell, whatever a job's PATH holds
    path = environ.get("PATH") or "/bin:/usr/bin"
    found = [f"{directory or '.'}/{command}" for directory in path.split(":")]
    return [file for file in found if os.access(file, os.F_OK)]


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group whose leader we have not reaped; a group that is gone is no error."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers EPERM for a group of zombies
        pass


def terminate_group(group: int) -> None:
    """Send SIGTERM, and SIGCONT so that a stopped process can take it (R14)."""
    signal_group(group, signal.SIGTERM)
    resume_group(group)


def resume_group(group: int) -> None:
    """Send SIGCONT."""
    signal_group(group, signal.SIGCONT)


def kill_group(group: int) -> None:
    """Send SIGKILL."""
    signal_group(group, signal.SIGKILL)


def wait_status(pid: int) -> "tuple[int | None, int | None] | None":
    """Reap a child: (exit code, None) or (None, signal); None while it is running."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        return None
    if os.WIFSIGNALED(status):
        return None, os.WTERMSIG(status)
    return os.WEXITSTATUS(status), None


def has_ended(pid: int) -> bool:
    """Return whether a child has ended, without reaping it (waitid(2), WNOWAIT).

    Its id, and so its group's, stays ours.
    """
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    return _has_ended_by_kqueue(pid)


def ended_child() -> "int | None":
    """Return the id of a child that has ended, without reaping it; None: none has; 0: the system does not say which.

    Until it is reaped, the same one is returned again.

    Raises:
        ChildProcessError: there is no child.
    """
    if not hasattr(os, "waitid"):
        return 0
    info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return None if info is None else info.si_pid


def was_killed(pid: int) -> bool:
    """Return whether a child has ended by a signal, without reaping it; False where the system does not say before."""
    if not hasattr(os, "waitid"):
        return False
    info = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return info is not None and info.si_code in (os.CLD_KILLED, os.CLD_DUMPED)


def _has_ended_by_kqueue(pid: int) -> bool:
    """Return whether a child has ended, on macOS, whose Python has no waitid before 3.13.

    kqueue(2) reports an end, or has no such process.
    """
    queue = select.kqueue()  # type: ignore[attr-defined,unused-ignore]
    try:
        event = select.kevent(  # type: ignore[attr-defined,unused-ignore]
            pid,
            filter=select.KQ_FILTER_PROC,  # type: ignore[attr-defined,unused-ignore]
            flags=select.KQ_EV_ADD | select.KQ_EV_ONESHOT,  # type: ignore[attr-defined,unused-ignore]
            fflags=select.KQ_NOTE_EXIT,  # type: ignore[attr-defined,unused-ignore]
        )
        return bool(queue.control([event], 1, 0))
    except ProcessLookupError:
        return True
    finally:
        queue.close()


def has_process_table() -> bool:
    """Return whether the system shows us other processes: on Linux, whether /proc is mounted."""
    return not IS_LINUX or os.access("/proc/self/stat", os.R_OK)


def sees_sessions() -> bool:
    """Return whether `kill_session` finds every process of a session here."""
    return IS_LINUX and has_process_table()


def group_has_others(group: int) -> bool:
    """Return whether a process group has living members besides its leader, which has ended and is not yet reaped.

    True where nobody can know (Linux without /proc): the caller waits for the grace period, and nobody is missed.
    """
    if IS_LINUX:
        return not has_process_table() or any(fields[2] == group and fields[0] != "Z" for _, fields in _processes())
    try:
        os.killpg(group, 0)  # macOS does not count zombies: EPERM when nobody else is left
        return True
    except OSError:
        return False


def kill_session(session: int) -> None:
    """Send SIGKILL to every process of a session (Linux with /proc; elsewhere they are not known, and nothing is done).

    The search is repeated until no new one is found: a process may be forking meanwhile.
    """
    _kill_all(lambda pid, its_session: its_session == session)


def kill_marked(marks: "tuple[bytes, ...]") -> None:
    """Send SIGKILL to every process that was started with all of these variables, each `NAME=VALUE`.

    Linux alone shows them, in proc_pid_environ(5), and only those of our own processes. The search is repeated until
    no new one is found.
    """
    _kill_all(
        lambda pid, _: pid != os.getpid() and set(try_read(f"/proc/{pid}/environ").split(b"\0")).issuperset(marks)
    )


def _kill_all(is_meant: "Callable[[int, int], bool]") -> None:
    """Send SIGKILL to every living process that is meant, by its id and its session, until no new one is found."""
    killed: set[int] = set()
    while IS_LINUX:
        found = {pid for pid, fields in _processes() if fields[0] != "Z" and is_meant(pid, fields[3])}
        if found <= killed:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        killed |= found


def is_ancestor(pid: int) -> bool:
    """Return whether this process descends from that one, as far as all in between are alive.

    (On Linux; elsewhere only the parent is known.)
    """
    parents = {one: fields[1] for one, fields in _processes()} if IS_LINUX else {}
    one = os.getppid()
    while one > 1 and one != pid:
        one = parents.pop(one, 0)  # popped: a number that has come anew must not lead us round in a circle
    return one == pid


def _processes() -> "list[tuple[int, tuple[str, int, int, int]]]":
    """Return (pid, (state, parent, group, session)) of each process, from /proc/PID/stat (proc_pid_stat(5))."""
    found = []
    for name in os.listdir("/proc") if has_process_table() else ():
        if not name.isdigit():
            continue
        try:
            descriptor = os.open(f"/proc/{name}/stat", os.O_RDONLY)
        except OSError:  # it ended meanwhile
            continue
        try:
            text = os.read(descriptor, 1024)
        except OSError:
            continue
        finally:
            os.close(descriptor)
        # The command's name is in parentheses and may hold anything, also parentheses: the last one ends it.
        fields = text[text.rfind(b")") + 2 :].split()
        if len(fields) > 3:
            found.append((int(name), (fields[0].decode(), int(fields[1]), int(fields[2]), int(fields[3]))))
    return found


def reap(pid: int) -> None:
    """Wait for a child that is about to end, or has; one that was reaped already is no error."""
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass


POLL_PARENT_S = 1.0  # how often getppid is called where there is no pidfd


def watch_parent(parent: int) -> "int | None":
    """Return a descriptor that becomes readable when the parent ends; None where the system has none.

    Raises:
        ProcessLookupError: it has ended already.
    """
    if os.getppid() != parent:
        raise ProcessLookupError
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(parent)
    except ProcessLookupError:
        raise
    except OSError:  # an old kernel, or a sandbox that refuses the call
        return None


def parent_is_gone(parent: int) -> bool:
    return os.getppid() != parent
