"""Snapshots of a test's repository, and what has to be true of them."""

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from dodo_hooks.core.errors import CheckoutError
from dodo_hooks.core.plan_parts import Share
from dodo_hooks.git.repo import Repo as Facts
from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.target import Target
from dodo_hooks.git.variables import without_local
from dodo_hooks.host.world import World
from dodo_hooks.snapshots.checkout import prepare, renew
from dodo_hooks.snapshots.model import Origin, Snapshot, environment_of
from dodo_hooks.snapshots.note import note_ended, read_note, write_note
from dodo_hooks.snapshots.pool import acquire
from kit.repo import Done, Repo

JOB = "test"


def facts_of(repo: Repo) -> Facts:
    return find_repo(without_local(repo.env), str(repo.path))


def origin_of(repo: Repo, **more: str) -> Origin:
    """Return the repository as the origin of an event. `more`: variables that git gave to its hook."""
    environ = {**repo.env, **more}
    return Origin(facts_of(repo), environ, World(environ, str(repo.path)).cache)


def target_of(repo: Repo, rev: str = "HEAD") -> Target:
    commit, tree = (repo.git("rev-parse", f"{rev}^{{{kind}}}").stdout.strip() for kind in ("commit", "tree"))
    return Target(commit, tree, commit)


def take(repo: Repo, limit: int = 1, job: str = JOB) -> Snapshot:
    snapshot = acquire(origin_of(repo), limit, job)
    assert snapshot is not None, "every snapshot is held"
    return snapshot


@contextmanager
def checked_out(
    repo: Repo,
    rev: str = "HEAD",
    job: str = JOB,
    *,
    shares: Sequence[str] = (),
    links: Sequence[str] = (),
    clean: bool = False,
    may_fetch: bool = False,
    succeeds: bool = True,
    environ: "dict[str, str] | None" = None,
    waits: bool = False,
    limit: int = 1,
) -> "Iterator[Job]":
    """Check out a commit in the first free snapshot; at the end the job has succeeded, or not, and releases it."""
    snapshot, origin, target = take(repo, limit, job), origin_of(repo, **environ or {}), target_of(repo, rev)
    if not waits:
        age(snapshot)
    try:
        both = [*map(Share, shares), *(Share(path, is_link=True) for path in links)]
        prepare(snapshot, origin, target, job, both, clean, may_fetch)
        yield Job(repo, snapshot, origin, target)
        note_ended(snapshot.paths, job, succeeds)
    finally:
        os.close(snapshot.lock)


def refused(match: str | None = None) -> AbstractContextManager[object]:
    """Expect that a snapshot cannot be made; the error has to match."""
    return pytest.raises(CheckoutError, match=match)


def age(snapshot: Snapshot, by_s: int = 3) -> None:
    """Make the last checkout older, so that the next need not wait for another second."""
    note = read_note(snapshot.paths)
    if note is not None and note.paths == snapshot.paths:
        write_note(note._replace(ended_ns=note.ended_ns - by_s * 10**9))


class Job:
    """A job in a snapshot."""

    def __init__(self, repo: Repo, snapshot: Snapshot, origin: Origin, target: Target) -> None:
        self.repo, self.snapshot, self.origin, self.target = repo, snapshot, origin, target
        self.tree = Path(snapshot.tree)

    def environment(self, more: "dict[str, str] | None" = None) -> dict[str, str]:
        environ = {**self.origin.environ, **(more or {})}
        return environment_of(environ, self.snapshot, self.origin, self.target)

    def run(self, command: str, more: "dict[str, str] | None" = None, *, check: bool = True) -> Done:
        """Run a shell command as a job does; `more`: variables that git gave to its hook."""
        done = subprocess.run(
            ["sh", "-ec", command], cwd=self.tree, env=self.environment(more), capture_output=True, text=True
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    def renew(self, job: str, *shares: str) -> None:
        """Let another job have the snapshot as it is."""
        renew(self.snapshot, self.origin, self.target, job, list(map(Share, shares)))

    def is_noted(self) -> bool:
        """Return whether the snapshot has a note about its last checkout."""
        return read_note(self.snapshot.paths) is not None

    def git(self, *args: str) -> str:
        done = subprocess.run(["git", *args], cwd=self.tree, env=self.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout


def commit(repo: Repo, message: str = "work", **files: str) -> str:
    """Commit these files, whose names have `__` for a slash, and return the id."""
    for name, content in files.items():
        repo.write(name.replace("__", "/"), content)
    repo.git("add", "--all")
    repo.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
    return repo.git("rev-parse", "HEAD").stdout.strip()


Files = dict[str, tuple[str, bytes]]


def files_below(top: Path, *besides: str) -> Files:
    """Return each path below a folder but `.git` with its kind, an executable's too, and its content."""
    found: Files = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [one for one in folders if one != ".git"]
        for name in (*names, *(one for one in folders if (Path(folder) / one).is_symlink())):
            path = Path(folder) / name
            relative = str(path.relative_to(top))
            if name == ".git" or relative in besides:
                continue
            if path.is_symlink():
                found[relative] = ("link", os.fsencode(os.readlink(path)))
            elif path.is_file():
                found[relative] = ("x" if path.stat().st_mode & 0o100 else "file", path.read_bytes())
            else:
                found[relative] = ("special", b"")
    return found


def archive_of(repo: Repo, rev: str = "HEAD") -> Files:
    """Return what `git archive` says that a commit holds."""
    data = subprocess.run(["git", "archive", rev], cwd=repo.path, env=repo.env, capture_output=True, check=True).stdout
    found: Files = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for one in archive:
            if one.issym():
                found[one.name] = ("link", os.fsencode(one.linkname))
            elif one.isfile():
                content = archive.extractfile(one)
                assert content is not None
                found[one.name] = ("x" if one.mode & 0o100 else "file", content.read())
    return found


def state_of(repo: Repo) -> dict[str, tuple[int, bytes]]:
    """Return every file of the user's worktree and repository but ours, with its time and its content.

    Git makes objects and shared indexes newer when it would write them again, also borrowed ones: pruning spares those.
    """
    places = {str(repo.path), facts_of(repo).common_dir}
    found = {}
    for place in places:
        for path in Path(place).rglob("*"):
            if "dodo-hooks" not in path.parts and not path.is_dir():
                status = path.lstat()
                content = os.fsencode(os.readlink(path)) if path.is_symlink() else b""
                content = path.read_bytes() if path.is_file() and not path.is_symlink() else content
                is_freshened = "objects" in path.parts or path.name.startswith("sharedindex.")
                found[str(path)] = (0 if is_freshened else status.st_mtime_ns, content)
    return found
