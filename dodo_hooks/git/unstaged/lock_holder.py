"""The process that has unstaged changes hidden in a working tree, for those who wait for it or print it (G5).

The lock says that somebody does. Its file names the pid that took it, which is a hint: the lock outlives its holder in
the jobs of a hook that was killed.
"""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable
from fcntl import LOCK_SH

from dodo_hooks.core.errors import GitError
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.core.text.terminal_text import escape
from dodo_hooks.git.event import HIDDEN_LOCK, JOURNAL, RESTAGED
from dodo_hooks.host.files.file_locks import try_lock
from dodo_hooks.host.process_facts import ProcessFacts, facts_of, holders_of

_QUIET_S = 1.0  # most hooks are over by then
_POLL_S = 0.02
_MOST_CHARACTERS = 100  # of a command
_LONGEST_PID = 10
_DAY_S = 86400


class Holder(Record):
    """A process that holds the lock."""

    process: ProcessFacts | None  # None: the system does not say who it is
    since_s: float  # seconds since the epoch

    @property
    def sentence(self) -> str:
        """The sentence about the process, what it has done and since when."""
        since = _clock(self.since_s)
        if self.process is None:
            return f"another process has hidden unstaged changes here since {since}"
        command = escape(self.process.command)
        if len(command) > _MOST_CHARACTERS:
            command = f"{command[:_MOST_CHARACTERS]}..."
        state = ", which is stopped," if self.process.is_stopped else ""
        return f"pid {self.process.pid} ({command}){state} has hidden unstaged changes here since {since}"

    @property
    def condition(self) -> str:
        """The condition under which a waiting process continues."""
        if self.process is not None and self.process.is_stopped:
            return f"it is resumed (`fg` in its terminal, or `kill -CONT {self.process.pid}`) and ends"
        return "it ends"


def wait_for_lock(git_dir: str, descriptor: int, how: int, report: Callable[[str], None]) -> None:
    """Take the lock as soon as possible.

    After a second, report the holder; again where the holder changes.

    Raises:
        OSError: there can be no lock.
    """
    next_s, reported = time.monotonic() + _QUIET_S, ""
    while not try_lock(descriptor, how):
        if time.monotonic() >= next_s:
            holder = _holder(git_dir, descriptor)
            sentence = f"waiting: {holder.sentence}; continues when {holder.condition}"
            if sentence != reported:
                report(sentence)
            reported, next_s = sentence, time.monotonic() + _QUIET_S
        time.sleep(_POLL_S)


def find_holder(git_dir: str) -> Holder | None:
    """Return who holds the lock of this working tree exclusively; None: nobody. Make no file.

    Raises:
        OSError: the lock cannot be opened.
    """
    try:
        descriptor = os.open(f"{git_dir}/{HIDDEN_LOCK}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if try_lock(descriptor, LOCK_SH) else _holder(git_dir, descriptor)
    finally:
        os.close(descriptor)


def recorded_pid(git_dir: str) -> int | None:
    """Return the pid that took the lock last, and has not released it. A hint: the file may say anything."""
    try:
        descriptor = os.open(f"{git_dir}/{HIDDEN_LOCK}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        words = os.pread(descriptor, _LONGEST_PID, 0).split()
    except OSError:  # it is a pipe
        words = []
    os.close(descriptor)
    return int(words[0]) if words and words[0].isdigit() and len(words[0]) < 10 else None


def _holder(git_dir: str, descriptor: int) -> Holder:
    """Return the process that took the lock, as long as it lives, else one that has inherited it."""
    taken_s, pid = os.fstat(descriptor).st_mtime, recorded_pid(git_dir)
    holders = holders_of(descriptor)
    if pid is not None and (pid in holders or not holders) and (process := facts_of(pid)):
        return Holder(process, taken_s)
    for one in holders:
        if process := facts_of(one):
            return Holder(process, process.started_s or taken_s)
    return Holder(None, taken_s)


def _clock(seconds: float) -> str:
    is_recent = time.time() - seconds < _DAY_S
    return time.strftime("%H:%M:%S" if is_recent else "%Y-%m-%d %H:%M", time.localtime(seconds))


def unreadable(git_dir: str) -> GitError:
    """Return the error for a journal or notes of ours that belong to another user, and that we may not read."""
    paths = [f"{git_dir}/{name}" for name in (JOURNAL.partition("/")[0], HIDDEN_LOCK, RESTAGED)]
    ours = " ".join(shlex.quote(path) for path in paths if os.path.lexists(path))
    return GitError(
        f"{paths[0]} holds unstaged changes that another user's commit has hidden, and you may not read them;"
        f" run `sudo chown -R {os.geteuid()}:{os.getegid()} {ours}`, then `dodo-hooks status` to restore them"
    )
