"""A repository whose pushes require a job that runs in a snapshot, and a remote beside it."""

import json
from typing import Any

from kit.repo import Repo

NO_HOOKS = {"DODO_HOOKS": "0"}


def require(repo: Repo, run: str = "! grep -q bad file", **keys: object) -> None:
    """Make pushes require the job `test` of post-commit; `keys`: more of the job's. The commit has no verdict."""
    remote = repo.path.parent / "remote.git"
    repo.git("init", "-q", "--bare", str(remote))
    repo.git("remote", "add", "origin", str(remote))
    repo.hook("post-commit", background=True, test={"run": run, "workspace": "snapshot", **keys})
    repo.hook("pre-push")
    repo.hook_options("pre-push", requires=["post-commit:test"])
    repo.git("add", "hooks.dodo")
    commit(repo, "start")


def commit(repo: Repo, text: str, *, checked: bool = False) -> str:
    """Commit a file with this text, which is the subject too; return the commit. Without `checked` no hook fires."""
    repo.write("file", f"{text}\n")
    repo.git("add", "file")
    repo.git("commit", "-q", "-m", text, env={} if checked else NO_HOOKS)
    return repo.git("rev-parse", "HEAD").stdout.strip()


def states(repo: Repo, *revisions: str) -> "list[str]":
    """Return the states that `checks` shows, the newest commit first."""
    return [one["state"] for one in checks(repo, *revisions)]


def checks(repo: Repo, *words: str) -> "list[dict[str, Any]]":
    found: list[dict[str, Any]] = json.loads(repo.run("checks", "--format", "json", *words).stdout)
    return found
