"""The writer of an invocation: makes it, and keeps its records while it runs (R18, R19; HOT).

The holder of `lock` is the only writer: the foreground process, and then the coordinator, which inherits the descriptor
by the fork. Locks are released by closing, never by LOCK_UN, which would release them for both.
"""

from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock

from dodo_hooks.core.errors import StoreError
from dodo_hooks.core.plan import MAX_LOG_BYTES, as_argument
from dodo_hooks.core.statuses import COMPLETED
from dodo_hooks.host.files.atomic_files import make_private_directory, replace_file, try_unlink, write_file
from dodo_hooks.host.files.file_locks import is_disk_full, is_locked, lock
from dodo_hooks.host.posix import names_in, os, read_file
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store import layout, records
from dodo_hooks.store.log import close_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dodo_hooks.core.plan import Hook
    from dodo_hooks.core.statuses import Outcome


MOST_ALIVE = 20  # invocations of one hook in one repository (R12)
MOST_WAITING = 200  # the same, counting also those that only wait for a concurrency group
NO_LOCK = -1
_WORTH_NOTING_S = 0.5  # of a run: what its jobs took in all
_CLOCK_DIGITS = 16  # of microseconds until the year 2286; what is longer is no clock of ours


class InvocationWriter:
    """The records of one invocation. Changes are kept in memory until `flush`, so that one write can hold several."""

    def __init__(self, repository_dir: str, identity: str, hook: "Hook", constant: bytes) -> None:
        self.directory = directory = layout.invocation_dir(repository_dir, identity)
        self.identity = identity
        self.hook = hook
        self.jobs = [records.JobState(layout.job_dir(directory, job.directory)) for job in hook.jobs]
        self.coordinator: int | None = None
        self.error: str | None = None
        self.max_log_bytes = MAX_LOG_BYTES
        self.files: dict[int, tuple[bytes, ...]] = {}  # the file list of each job that has one
        self.stdin = b""  # the hook's standard input, from git
        self.lock = NO_LOCK
        self.alive = NO_LOCK
        self._names = [job.name for job in hook.jobs]
        self._constant = constant
        self._marker = layout.live_marker(repository_dir, identity, hook.name)
        self._changed: set[int] = set()
        self._is_written = False  # every record, under the dot-name
        self._has_room = False  # for the ends of the jobs, in `lock` (store/reserve.py)
        self._temporary = layout.unfinished_dir(repository_dir, identity)

    def started(self, number: int, pid: int, wave: int, at_ns: int) -> None:
        """Note the start of a job's process."""
        state = self.jobs[number]
        state.pid, state.wave, state.started_ns = pid, wave, at_ns
        self._changed.add(number)

    def ended(self, number: int, outcome: "Outcome", at_ns: int, duration_s: "float | None" = None) -> None:
        """Note the outcome of a job that has ended, or will never run."""
        state = self.jobs[number]
        state.outcome, state.finished_ns, state.duration_s = outcome, at_ns, duration_s
        if state.started_ns is not None:
            most_bytes = self.hook.jobs[number].report.max_log_bytes or self.max_log_bytes
            state.log_bytes, state.log_left_out = close_log(state.log, most_bytes)
            if self.hook.jobs[number].report.is_silent and outcome.status == COMPLETED:
                try_unlink(state.log)
                state.log_left_out = state.log_bytes
        self._changed.add(number)

    def flush(self, *, starts: bool = True) -> None:
        """Write the records that have changed since the last call; without `starts`, only those of ended jobs.

        Raises:
            StoreError: a record cannot be written; it stays changed, for the next call. On a full disk the ends of jobs
                are written into the room that was reserved for them.
        """
        try:
            for number in sorted(self._changed):
                state = self.jobs[number]
                if state.outcome is None and not starts:
                    continue
                record = records.job_record(self.hook.jobs[number], state, self._names)
                replace_file(layout.meta_file(state.directory), record)
                self._changed.discard(number)
        except StoreError as error:
            from dodo_hooks.store import reserve

            if self._has_room and reserve.is_full(error):
                for number in self._changed:
                    if self.jobs[number].outcome is not None:
                        reserve.put_job(self.lock, number, self.jobs[number], self._names)
            raise

    def note(self, coordinator: "int | None" = None, error: "str | None" = None) -> None:
        """Write the coordinator's process id, or an error of the whole run, into the invocation's own record."""
        self.coordinator = coordinator or self.coordinator
        self.error = error or self.error
        self._write_invocation(None, None)

    def finish(self, exit_code: int) -> None:
        """Close the invocation, in which every job has ended, and release both locks.

        The waves' share of `alive` is their own.

        Raises:
            StoreError: a record cannot be written. If the locks were released nevertheless (`has_locks`), the disk is
                full and the ends are in the room that was reserved for them.
        """
        at_ns = wall_ns()
        try:
            self.flush()
            self._write_invocation(at_ns, exit_code)
        except StoreError as error:
            from dodo_hooks.store import reserve

            if self._has_room and reserve.is_full(error):
                self.error = self.error or f"no space left on the disk of {self.directory}"
                if reserve.put_invocation(self.lock, self.coordinator, at_ns, exit_code, self.error):
                    self.release()  # the marker stays: the next repair makes records of the slots
            raise
        try_unlink(self._marker)  # one that stays does no harm: readers see that its invocation has ended
        self.release()

    def note_durations(self) -> None:
        """Keep how long the jobs took, as advice for the next runs; of a run for whose end nobody waits, nothing."""
        taken_s = {
            job.name: state.duration_s
            for job, state in zip(self.hook.jobs, self.jobs, strict=True)
            if state.duration_s is not None and state.outcome is not None and state.outcome.status == COMPLETED
        }
        if sum(taken_s.values()) >= _WORTH_NOTING_S:
            from dodo_hooks.store.durations import add_durations

            add_durations(layout.repository_of(self.directory), self.hook.name, taken_s)

    def release(self) -> None:
        """Release the locks. To readers, the writer of an unfinished record has died from now on."""
        for descriptor in (self.lock, self.alive):
            if descriptor != NO_LOCK:
                os.close(descriptor)
        self.lock = self.alive = NO_LOCK

    @property
    def has_locks(self) -> bool:
        """True if both locks are held.

        False where the file system of the store has no flock: a dead writer looks like a living one there.
        """
        return self.lock != NO_LOCK and self.alive != NO_LOCK

    def outcomes(self) -> "dict[int, Outcome]":
        """Return the outcomes that are decided so far, by the job's number."""
        return {number: state.outcome for number, state in enumerate(self.jobs) if state.outcome is not None}

    def _write_invocation(self, finished_ns: "int | None", exit_code: "int | None") -> None:
        tail = records.invocation_tail(self.coordinator, finished_ns, exit_code, self.error)
        replace_file(layout.invocation_file(self.directory), self._constant + tail)

    def reserve(self) -> None:
        """Make the directory under its dot-name, and take both locks (R18, R19)."""
        from dodo_hooks.store.reserve import take_room

        temporary = self._temporary
        os.mkdir(temporary, 0o700)
        if os.access(self.directory, os.F_OK):
            os.rmdir(temporary)
            raise FileExistsError(self.directory)
        self.lock = _lock(layout.lock_file(temporary), LOCK_EX)
        self.alive = _lock(layout.alive_file(temporary), LOCK_SH)
        self._has_room = self.lock != NO_LOCK and take_room(self.lock, len(self.jobs))

    def write_records(self) -> None:
        """Write every record under the dot-name; `publish` does it otherwise.

        Raises:
            StoreError: a record cannot be written; nothing is left.
        """
        try:
            self._write_all(self._temporary)
        except OSError as error:
            self.abandon()
            raise _unwritable(self.hook.name, self.directory, error) from error
        self._is_written = True
        self._changed.clear()

    def publish(self) -> None:
        """Rename the directory, with every record in it, to its visible name (R19).

        Raises:
            StoreError: a record cannot be written; nothing is visible, and nothing is left.
        """
        if not self._is_written:
            self.write_records()
        try:
            write_file(self._marker, b"")
            os.rename(self._temporary, self.directory)
        except OSError as error:
            self.abandon()
            raise _unwritable(self.hook.name, self.directory, error) from error

    def narrow_files(self, number: int, files: "tuple[bytes, ...]") -> None:
        """Give a job a shorter list, before it starts (K8)."""
        self.files[number] = files
        try:
            if os.access(self.directory, os.F_OK):  # it is published already
                replace_file(layout.files_file(self.jobs[number].directory), _names(files))
        except StoreError:  # the file keeps the whole list, which is as good and takes longer
            pass

    def abandon(self) -> None:
        """Delete an invocation that was not published."""
        try_unlink(self._marker)
        for path in (layout.lock_file(self._temporary), layout.alive_file(self._temporary)):
            try_unlink(path)
        try:
            os.rmdir(self._temporary)
        except OSError:  # records were written already
            from shutil import rmtree

            rmtree(self._temporary, ignore_errors=True)
        self.release()

    def _write_all(self, temporary: str) -> None:
        write_file(layout.invocation_file(temporary), self._constant + records.invocation_tail(None, None, None, None))
        if any(job.execution.use_stdin for job in self.hook.jobs):
            write_file(layout.stdin_file(temporary), self.stdin)
        os.mkdir(f"{temporary}/jobs", 0o700)
        for job, state in zip(self.hook.jobs, self.jobs, strict=True):
            directory = layout.job_dir(temporary, job.directory)
            os.mkdir(directory, 0o700)
            write_file(layout.meta_file(directory), records.job_record(job, state, self._names))
            if job.number in self.files:
                write_file(layout.files_file(directory), _names(self.files[job.number]))


def _names(files: "tuple[bytes, ...]") -> bytes:
    return b"".join(as_argument(file) + b"\0" for file in files)


def reserve_invocation(state_dir: str, repository: str, hook: "Hook", facts: records.Facts) -> InvocationWriter:
    """Make an invocation up to its locks, without its records, which `publish` writes: every job is `pending` then.

    The invocation has its id and its directory, which nobody sees before it is published, so that a wave can start up
    while the records are written.

    Raises:
        StoreError: the store cannot be written, or 20 invocations of this hook are alive here (R12, R21).
    """
    repository_dir = layout.repository_dir(state_dir, repository)
    try:
        now_ns = wall_ns()
        identity = _next_identity(repository_dir, facts.repository or facts.worktree, now_ns)
        _check_run_limit(repository_dir, hook.name)
        constant = records.invocation_constant(identity, hook, facts, now_ns)
        writer = InvocationWriter(repository_dir, identity, hook, constant)
        try:
            writer.reserve()
        except FileNotFoundError:  # the first of its day
            make_private_directory(writer.directory.rpartition("/")[0])
            make_private_directory(layout.live_dir(repository_dir))
            writer.reserve()
        except FileExistsError:  # another has drawn the same id, where the clock file cannot be locked
            return reserve_invocation(state_dir, repository, hook, facts)
        return writer
    except OSError as error:
        raise _unwritable(hook.name, repository_dir, error) from error


def _unwritable(hook: str, directory: str, error: OSError) -> StoreError:
    fix = "free some space" if is_disk_full(error) else "set XDG_STATE_HOME to a directory that you can write to"
    return StoreError(f"cannot write the record of {hook} below {directory}: {error.strerror}; {fix}")


def _next_identity(repository_dir: str, repository: str, now_ns: int) -> str:
    """Return an id that is later than all before it, also when the clock was set back (section 7)."""
    path = layout.clock_file(repository_dir)
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        _make_repository(repository_dir, repository)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # Without locks two runs may draw one id; the second then finds its directory taken, and draws again.
        lock(descriptor, LOCK_EX)
        last = os.read(descriptor, 32)
        now_us = now_ns // 1000
        if last.isdigit() and len(last) <= _CLOCK_DIGITS:
            now_us = max(now_us, int(last) + 1)
        os.pwrite(descriptor, b"%d" % now_us, 0)
    finally:
        os.close(descriptor)
    return _identity(now_us)


def _identity(at_us: int) -> str:
    import time

    seconds, rest_us = divmod(at_us, 1_000_000)
    return "{:04d}{:02d}{:02d}-{:02d}{:02d}{:02d}-{:06d}".format(*time.gmtime(seconds)[:6], rest_us)


def _check_run_limit(repository_dir: str, hook: str) -> None:
    """Stop a hook that fires itself, whatever the environment says (R12)."""
    suffix = f".{hook}"
    try:
        markers = [name for name in os.listdir(layout.live_dir(repository_dir)) if name.endswith(suffix)]
    except FileNotFoundError:  # it is empty most of the time, and some programs remove empty folders
        make_private_directory(layout.live_dir(repository_dir))
        return
    if len(markers) < MOST_ALIVE:
        return
    tickets = _tickets(repository_dir)
    alive = waiting = 0
    for name in markers:
        identity = name[: -len(suffix)]
        directory = layout.invocation_dir(repository_dir, identity)
        if is_locked(layout.lock_file(directory), if_unknown=False):
            only_waits = identity in tickets and not _has_running_jobs(directory)
            waiting += only_waits
            alive += not only_waits
    if alive >= MOST_ALIVE or alive + waiting >= MOST_WAITING:
        raise StoreError(
            f"too many runs of {hook} in this repository ({alive + waiting}); "
            f"list them with `dodo-hooks jobs --hook {hook}`"
        )


def _tickets(repository_dir: str) -> "set[str]":
    """Return the invocations with a job that waits for its concurrency group (engine/groups.py)."""
    names = names_in(layout.waiting_dir(layout.groups_dir(repository_dir)))
    return {name.split(".")[1] for name in names if name.count(".") > 1}


def _has_running_jobs(directory: str) -> bool:
    try:
        jobs = [f"{directory}/jobs/{name}" for name in os.listdir(f"{directory}/jobs")]
        # Within a text of the record the quotes would have backslashes before them.
        return any(b', "status": "running"' in read_file(layout.meta_file(job)) for job in jobs)
    except OSError:  # the run has just ended, or is being pruned
        return False


def _make_repository(repository_dir: str, path: str) -> None:
    make_private_directory(layout.live_dir(repository_dir))
    write_file(layout.repository_file(repository_dir), f'{{"schema": 1, "path": {records.quote(path)}}}\n'.encode())


def _lock(path: str, how: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        flock(descriptor, how | LOCK_NB)
    except OSError:  # some network file systems have no locks: nothing is detached there (R18)
        os.close(descriptor)
        return NO_LOCK
    return descriptor
