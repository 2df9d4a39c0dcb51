import pytest

from kit.repo import Repo
from kit.results.pushing import add_remote


@pytest.fixture
def pushing(repo: Repo) -> Repo:
    """Return a repository with a remote."""
    add_remote(repo)
    return repo
