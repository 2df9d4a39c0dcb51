"""Builders for tests that hide unstaged changes and restore them."""

import os

from dodo_hooks.git.repo import find_repo
from dodo_hooks.git.unstaged.hide import HiddenChanges, hide_unstaged
from dodo_hooks.git.unstaged.stage_fixed import FixStager
from kit.commits.unstaged import fixed_text, snapshot, write
from kit.repo import Repo


def hide(repo: Repo, **more: str) -> HiddenChanges:
    environ = {**repo.env, **more}
    hidden = hide_unstaged(find_repo(environ, str(repo.path)), environ)
    assert hidden is not None
    return hidden


def stager_of(repo: Repo, hidden: HiddenChanges | None, *files: bytes) -> FixStager:
    """Return what stages the fixes of a job that is given these files."""
    return FixStager(repo.facts, repo.env, hidden, files)


def fix(repo: Repo, hidden: HiddenChanges, *names: bytes, content: str = fixed_text()) -> None:
    """Change these files as a job with `stage_fixed` does."""
    stager = stager_of(repo, hidden, *names)
    watch = stager.before(names)
    for name in names:
        write(repo, name, content)
    assert set(stager.after(watch).paths) == set(names)


def kept(repo: Repo) -> list[tuple[str, str]]:
    """Return path and text of all that is kept of refused commits, whenever that was."""
    found = snapshot(repo.path / ".git/dodo-hooks-kept").items()
    files = [(os.fsdecode(path), data.decode()) for path, (kind, _, data) in found if kind == "file"]
    return sorted((path.partition("/")[2], text) for path, text in files)


def abandon(hidden: HiddenChanges) -> None:
    """Leave the run as if its process had been killed."""
    os.close(hidden.lock)
