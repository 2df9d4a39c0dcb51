"""Every key of another tool that is known here is in the document about that tool."""

import re
from pathlib import Path

import pytest

from dodo_hooks.fire import environment
from dodo_hooks.loader.formats.daft import daft_file, daft_jobs
from dodo_hooks.loader.formats.lefthook import lefthook_file, lefthook_jobs

DOCS = Path(__file__).parents[3] / "docs"

KEYS = {
    "lefthook.md": [
        *lefthook_file._TOP_KEYS,
        *lefthook_file._HOOK_KEYS,
        *lefthook_jobs._JOB_KEYS,
        *lefthook_jobs._COMMAND_KEYS,
        *lefthook_jobs._GROUP_KEYS,
    ],
    "daft.md": [
        *daft_file._TOP_KEYS,
        *daft_file._LOG_KEYS,
        *daft_file._HOOK_KEYS,
        *daft_file._RENAMED_HOOKS,
        *daft_file._FIRED_BY_DAFT,
        *daft_jobs._JOB_KEYS,
        *daft_jobs._GROUP_KEYS,
        *(name for name, _ in environment.DAFT_VARIABLES),
        *(name for pairs in environment.DAFT_VARIABLES_OF_HOOKS.values() for name, _ in pairs),
        environment.DAFT_STAGE[0],
    ],
}


@pytest.mark.parametrize("document", KEYS)
def test_each_key_has_its_line_in_a_table(document: str) -> None:
    rows = [line for line in (DOCS / document).read_text().splitlines() if line.startswith("| ")]
    named = {key for row in rows for key in re.findall(r"`([^`]+)`", row)}
    assert sorted(set(KEYS[document]) - named) == []
