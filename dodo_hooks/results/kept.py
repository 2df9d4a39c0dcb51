"""Kept results: one small file for each success of a job under a key (K6, K7; HOT).

    results/REPO/JOB/KEY             a success of a job without outputs: it holds in every worktree
                    /KEY-WORKTREE    of one with outputs, which lie in that worktree
                    /last[-WORKTREE] the facts of the newest success, for `dodo-hooks why`
                    /not-kept[-...]  why a later success was not kept
                    /KEY.failed      a failure of a job in a snapshot: a push is refused by it (V4)
                    /KEY.before      the newest such failure where the job has passed since
                    /passed          the files that have passed (K8), as digests of key and content

Files are replaced in one step and begin with a checksum, so that a damaged one is none. They need no lock: two writers
of one key write the same. The time of a file is that of its last use.
"""

import marshal

from dodo_hooks.core.digests import sha256_for
from dodo_hooks.core.errors import HooksError, StoreError
from dodo_hooks.core.job_key import digest_of
from dodo_hooks.core.named_tuple import Record
from dodo_hooks.host.files.atomic_files import replace_unlocked, unlink
from dodo_hooks.host.files.private_files import read_private
from dodo_hooks.host.posix import names_in, os
from dodo_hooks.host.world import wall_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from dodo_hooks.core.job_key import Facts
    from dodo_hooks.core.plan import Job
    from dodo_hooks.git.repo import Repo
    from dodo_hooks.results.contents import Stat

_FORMAT = 1
_CHECKSUM_BYTES = 32
_PRUNE_NS = 86_400 * 1_000_000_000
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")
_LONGEST_NAME = 40
_LAST = "last"
_NOT_KEPT = "not-kept"
_PASSED = "passed"
_FAILED = ".failed"
_BEFORE = ".before"
_MOST_PASSED = 50_000  # files of one job; the oldest go first
_PRUNED = "pruned"


class Output(Record):
    """An output as of the end of the job that made it."""

    path: str
    stamp: "Stat"  # of a file or link; () for a directory
    about: bytes  # mode and content id; b"" for a directory


class Success(Record):
    """A kept success."""

    ended_ns: int  # since 1970
    invocation: str  # of the run; "" where no run was recorded
    outputs: "tuple[Output, ...]" = ()
    manifest: str = ""  # the digest of the outputs of a job with `cache` (K9); "" where there is none


class KeptResults:
    """The kept results of one repository, as one of its worktrees sees them."""

    def __init__(self, directory: str, repo: "Repo") -> None:
        """Name the results. `directory`: store.layout.results_dir."""
        self.directory = directory
        self._common_dir = repo.common_dir
        self.worktree = digest_of(repo.git_dir.removeprefix(repo.common_dir))[:16]

    def own_file(self, kind: str) -> str:
        """Return a file of the worktree: see store/layout.py."""
        return f"{self.directory}/{kind}-{self.worktree}"

    def find(self, job: "Job", key: str) -> "Success | None":
        """Return the kept success under this key; None where there is none, or none that can be read (K12)."""
        path = self._path(job, key)
        success = self._read_success(path)
        if success is not None:
            try:
                os.utime(path)
            except OSError:  # a store that cannot be written is still read
                pass
        return success

    def _read_success(self, path: str) -> "Success | None":
        fields = read_checked(path)
        if not isinstance(fields, tuple) or len(fields) != len(Success._fields):  # the facts are a mapping
            return None
        success = Success._make(fields)
        return success._replace(outputs=tuple(map(Output._make, success.outputs)))

    def keep(self, job: "Job", key: str, success: Success, facts: "Facts") -> None:
        """Keep a success, and the facts that it rests on.

        Raises:
            StoreError: it cannot be written.
        """
        # The facts come first: where we are killed in between, `why` compares with a run that has not been kept.
        write_checked(self._path(job, _LAST), plain(facts))
        write_checked(self._path(job, key), plain(success))
        unlink(self._path(job, _NOT_KEPT))
        if job.workspace:
            try:
                os.rename(self._path(job, key + _FAILED), self._path(job, key + _BEFORE))
            except OSError:  # it has not failed, or what is known of that cannot be kept
                unlink(self._path(job, key + _FAILED))
        self._prune_if_due()

    def keep_failure(self, job: "Job", key: str, failure: Success) -> None:
        """Keep the failure of a job in a snapshot, and remove the success under its key.

        Raises:
            StoreError: one of them cannot be done.
        """
        self.drop(job, key)
        write_checked(self._path(job, key + _FAILED), plain(failure))

    def failure(self, job: "Job", key: str) -> "Success | None":
        """Return when a job in a snapshot failed under this key, and in which run; None where it did not."""
        return self._read_success(self._path(job, key + _FAILED))

    def failure_before(self, job: "Job", key: str) -> "Success | None":
        """Return when a job in a snapshot that has passed under this key had failed; None where it had not."""
        return self._read_success(self._path(job, key + _BEFORE))

    def passed(self, job: "Job") -> "dict[str, None]":
        """Return the digests of the files that have passed, the newest last."""
        digests = read_checked(self._path(job, _PASSED))
        return dict.fromkeys(digests if isinstance(digests, tuple) else ())

    def keep_passed(self, job: "Job", passed: "list[str]", failed: "list[str]") -> None:
        """Add digests of files that have passed, and remove those of files that have not. Raises StoreError.

        Of two runs that do so at one moment the later one counts, and the files of the other one are checked again.
        """
        digests = self.passed(job)
        for digest in (*failed, *passed):
            digests.pop(digest, None)
        digests.update(dict.fromkeys(passed))
        write_checked(self._path(job, _PASSED), tuple(digests)[-_MOST_PASSED:])

    def note_not_kept(self, job: "Job", why: str) -> None:
        """Note why a success is not kept, for `dodo-hooks why`."""
        try:
            write_checked(self._path(job, _NOT_KEPT), why)
        except StoreError:
            pass

    def why_not_kept(self, job: "Job") -> str:
        """Return why the newest success was not kept; "" where it was, or none is known."""
        why = read_checked(self._path(job, _NOT_KEPT))
        return why if isinstance(why, str) else ""

    def drop(self, job: "Job", key: str) -> None:
        """Remove the success under a key: the job has failed with it.

        Raises:
            StoreError: it cannot be removed.
        """
        try:
            unlink(self._path(job, key))
        except OSError as error:
            raise StoreError(f"cannot remove {self._path(job, key)}: {error.strerror}") from error

    def drop_made(self, job: "Job") -> None:
        """Remove the successes that rest on a folder in this worktree: the job is about to change it.

        Of a folder only its existence is known. After another run, or a part of one, it is not what they have made.

        Raises:
            StoreError: one cannot be removed.
        """
        directory = self.job_dir(job.name)
        try:
            for name in os.listdir(directory) if job.results.outputs else ():
                key, _, worktree = name.partition("-")
                success = self._read_success(f"{directory}/{name}") if worktree == self.worktree else None
                is_sure = success is None or success.manifest or all(output.about for output in success.outputs)
                if not is_sure:
                    self.drop(job, key)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(f"cannot read {directory}: {error.strerror}") from error

    def keys(self, name: str) -> "list[str]":
        """Return the keys under which a job has succeeded."""
        keys = [entry.partition("-")[0] for entry in names_in(self.job_dir(name))]
        return [key for key in keys if len(key) == 2 * _CHECKSUM_BYTES]

    def forget(self, name: str) -> None:
        """Remove all results of a job, of all keys and worktrees.

        Raises:
            StoreError: one of them cannot be removed.
        """
        directory = self.job_dir(name)
        try:
            for entry in os.listdir(directory):
                os.unlink(f"{directory}/{entry}")
        except FileNotFoundError:
            pass
        except OSError as error:
            raise StoreError(f"cannot remove the results of {name}: {error.strerror}") from error

    def last_facts(self, job: "Job") -> "dict[str, Any] | None":
        """Return the facts of the newest kept success; None where there is none."""
        fields = read_checked(self._path(job, _LAST))
        return fields if isinstance(fields, dict) else None

    def job_dir(self, name: str) -> str:
        safe = "".join(character if character in _SAFE else "-" for character in name[:_LONGEST_NAME])
        return f"{self.directory}/{safe}-{digest_of(name)[:16]}"

    def _path(self, job: "Job", key: str) -> str:
        return f"{self.job_dir(job.name)}/{key}" + (f"-{self.worktree}" if job.results.outputs else "")

    def _prune_if_due(self) -> None:
        stamp = f"{self.directory}/{_PRUNED}"
        try:
            if 0 <= wall_ns() - os.stat(stamp).st_mtime_ns < _PRUNE_NS:
                return
        except OSError:
            pass
        from dodo_hooks.results.prune_results import prune_results
        from dodo_hooks.store.cache_dirs import note_repository

        try:
            os.close(os.open(stamp, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK, 0o600))
            os.utime(stamp)
            note_repository(self.directory, self._common_dir)
            prune_results(self.directory)
        except (OSError, StoreError):  # another prunes at this moment, or the next one will
            pass


class PassedFiles:
    """The files of a job that judges each file by itself: which have passed, and which are left (K8)."""

    def __init__(self, job: "Job", kept: "KeptResults", key: str, listed: "Mapping[bytes, bytes]") -> None:
        """Look the files up. `key`: of the job without its list; `listed`: each file, with mode and content id."""
        self._job, self._kept = job, kept
        # A file that is gone has no id, so it never counts as passed.
        self._digests = {path: digest_of((key, path, about)) for path, about in listed.items() if about}
        passed = kept.passed(job)
        self.left = [path for path in listed if self._digests.get(path, "") not in passed]

    def keep(self, paths: "Iterable[bytes]", failed: "Iterable[bytes]" = ()) -> None:
        """Keep the files that passed now; drop those that did not. Raises StoreError."""
        self._kept.keep_passed(self._job, self._of(paths), self._of(failed))

    def _of(self, paths: "Iterable[bytes]") -> "list[str]":
        return [self._digests[path] for path in paths if path in self._digests]


def write_checked(path: str, value: "Any") -> None:
    """Write plain values with a checksum, and make the directory. Raises StoreError."""
    data = marshal.dumps((_FORMAT, value))
    replace_unlocked(path, sha256_for(len(data))(data).digest() + data)


def read_checked(path: str) -> "Any":
    """Return what a file holds; None where it is not there, damaged, or of another version."""
    try:
        content = read_private(path)
        if sha256_for(len(content))(content[_CHECKSUM_BYTES:]).digest() != content[:_CHECKSUM_BYTES]:
            return None
        made_by, value = marshal.loads(content[_CHECKSUM_BYTES:])
    except (OSError, ValueError, EOFError, TypeError, HooksError):
        return None
    return value if made_by == _FORMAT else None


def plain(value: "Any") -> "Any":
    """Turn records into tuples and mappings into dictionaries, at every depth: so they come back from a file."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return {name: plain(item) for name, item in value.items()} if hasattr(value, "items") else value
