from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.history import History


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    """Yield an empty history of one repository."""
    history = History(tmp_path / "state")
    yield history
    history.close()
