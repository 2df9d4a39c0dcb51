"""The repository of the tests that restore outputs."""

import pytest

from kit.outputs import ignore
from kit.repo import Repo


@pytest.fixture
def ignored(repo: Repo) -> None:
    """Let git ignore the outputs."""
    ignore(repo)
