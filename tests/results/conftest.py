"""The repository of the tests that restore outputs."""

import pytest

from kit.repo import Repo
from kit.results.outputs import ignore


@pytest.fixture
def ignored(repo: Repo) -> None:
    """Let git ignore the outputs."""
    ignore(repo)
