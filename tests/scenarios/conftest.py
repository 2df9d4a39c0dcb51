"""Fixtures that several tests of this folder use."""

import pytest

from kit.commits.committing import commit_files
from kit.commits.fixing import fix_job
from kit.repo import Repo


@pytest.fixture
def fixing(repo: Repo) -> Repo:
    """Return a repository with such a hook and a few committed files."""
    commit_files(repo)
    repo.hook("pre-commit", fix=fix_job(repo.path.parent))
    repo.git("add", "hooks.dodo")
    repo.git("commit", "-qm", "hooks", "--no-verify")
    return repo
