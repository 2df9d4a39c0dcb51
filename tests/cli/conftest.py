import os
from collections.abc import Iterator

import pytest

from dodo_hooks.store.identity import repository_id
from kit.history import History
from kit.repo import Repo


@pytest.fixture
def history(repo: Repo) -> Iterator[History]:
    """Return the history of `repo`."""
    history = History(repo.state, repository_id(os.path.realpath(repo.path / ".git")), os.path.realpath(repo.path))
    yield history
    history.close()
