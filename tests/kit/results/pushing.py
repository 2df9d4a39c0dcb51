"""A repository whose pushes require a job in a snapshot."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.repo import Done, Repo

SNAPSHOT = {"workspace": "snapshot"}
UNSEEN = {"DODO_HOOKS": "0"}
PASSES_UNLESS_BAD = "! grep -q bad file"


def add_remote(repo: Repo) -> None:
    """Add the remote `origin`, which is empty, beside the repository."""
    remote = str(repo.path.parent / "remote.git")
    repo.git("init", "-q", "--bare", remote)
    repo.git("remote", "add", "origin", remote)


def require(repo: Repo, options: Mapping[str, Any] | None = None, **jobs: str | Mapping[str, Any]) -> None:
    """Add jobs in snapshots to `post-commit`, and have pushes require the one named `test`.

    `options`: further keys of `pre-push`. Each job is its command or a map of its keys. Without jobs, the test fails on
    a file with the word "bad".
    """
    jobs = jobs or {"test": PASSES_UNLESS_BAD}
    made = {name: {**({"run": job} if isinstance(job, str) else job), **SNAPSHOT} for name, job in jobs.items()}
    repo.hook("post-commit", background=True, **made)
    repo.hook("pre-push")
    repo.hook_options("pre-push", requires=["post-commit:test"], **(options or {}))
    repo.git("add", "hooks.dodo")


def commit(repo: Repo, text: str = "text", name: str = "file", *, is_seen: bool = True) -> str:
    """Commit a file with this line, which is the subject too; return the commit. Unless `is_seen`, no hook fires."""
    repo.write(name, f"{text}\n")
    repo.git("add", name)
    repo.git("commit", "-q", "-m", text[:50], env=None if is_seen else UNSEEN)
    return repo.git("rev-parse", "HEAD").stdout.strip()


def push(repo: Repo, *refs: str, env: Mapping[str, str] | None = None) -> Done:
    return repo.git("push", "-q", "origin", *(refs or ("main",)), check=False, env=env)


def pushed(repo: Repo) -> "list[str]":
    """Return the refs of the remote."""
    return [line.split("\t")[1] for line in repo.git("ls-remote", "--refs", "origin").stdout.splitlines()]


def count(counter: Path) -> int:
    """Return how many words jobs have written to a file."""
    return len(counter.read_text().split()) if counter.exists() else 0


def states(repo: Repo, *revisions: str) -> "list[str]":
    """Return the states that `checks` shows, the newest commit first."""
    return [one["state"] for one in checks(repo, *revisions)]


def checks(repo: Repo, *words: str) -> "list[dict[str, Any]]":
    found: list[dict[str, Any]] = json.loads(repo.run("checks", "--format", "json", *words).stdout)
    return found
