"""Fixtures that several tests of this folder use."""

from pathlib import Path

import pytest

from kit.hook_files.layers import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes files by their names: `write({"hooks.dodo": "..."})`."""

    def write(files: dict[str, str]) -> None:
        for name, content in files.items():
            path = tmp_path / "top" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return write
