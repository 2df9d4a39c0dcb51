"""A repository whose pushes require a job in a snapshot."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kit.repo import Done, Repo

SNAPSHOT = {"workspace": "snapshot"}
UNSEEN = {"DODO_HOOKS": "0"}


def add_remote(repo: Repo, tmp_path: Path) -> None:
    """Add the remote `origin`, which is empty."""
    repo.git("init", "-q", "--bare", str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))


def require(repo: Repo, options: Mapping[str, Any] | None = None, **jobs: Mapping[str, Any]) -> None:
    """Add jobs in snapshots to `post-commit`, and have pushes require the one named `test`.

    `options`: further keys of `pre-push`.
    """
    repo.hook("post-commit", background=True, **{name: {**job, **SNAPSHOT} for name, job in jobs.items()})
    repo.hook("pre-push")
    repo.hook_options("pre-push", requires=["post-commit:test"], **(options or {}))
    repo.git("add", "hooks.dodo")


def commit(repo: Repo, text: str = "text\n", name: str = "file", *, is_seen: bool = True) -> str:
    """Commit a file with this text; return the commit. Unless `is_seen`, no hook of ours is fired."""
    repo.write(name, text)
    repo.git("add", name)
    repo.git("commit", "-q", "-m", f"change {name}", env=None if is_seen else UNSEEN)
    return repo.git("rev-parse", "HEAD").stdout.strip()


def push(repo: Repo, ref: str = "main", env: Mapping[str, str] | None = None) -> Done:
    return repo.git("push", "-q", "origin", ref, check=False, env=env)


def count(counter: Path) -> int:
    """Return how many words jobs have written to a file."""
    return len(counter.read_text().split()) if counter.exists() else 0
