"""Files of another user, which only root can make."""

import os
from pathlib import Path

import pytest

from kit.repo import Repo

NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to another user, which root alone may do")


def give_away(path: Path, user: int = NOBODY) -> None:
    """Let the path, and all below it, belong to another user."""
    os.chown(path, user, user, follow_symlinks=False)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder, name), user, user, follow_symlinks=False)


def allow(repo: Repo, *directories: str) -> None:
    """Add exceptions to the global configuration of the test's own HOME."""
    for directory in directories or (str(repo.path),):
        repo.call("git", "config", "--global", "--add", "safe.directory", directory, check=True)


def plant_traps(repo: Repo, marker: Path) -> None:
    """Let the repository's own configuration name programs: one for each kind that a git command may start."""
    trap = repo.write("trap", f"#!/bin/sh\necho \"$0 $*\" >>'{marker}'\ncat\n")
    trap.chmod(0o755)
    repo.write(".git/info/attributes", "* filter=trap diff=trap\n")
    for key in ("core.fsmonitor", "filter.trap.smudge", "filter.trap.clean", "diff.trap.command", "core.pager"):
        repo.git("config", key, str(trap))
