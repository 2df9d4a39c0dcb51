"""The jobs that may have written to a hidden path are named as far as they are known (G5)."""

import os
from pathlib import Path

import pytest

from dodo_hooks.git.unstaged.job_writes import KILLED, Writers

PATHS = (b"one", b"two", b"untouched")


@pytest.fixture
def writers(tmp_path: Path) -> Writers:
    for path in PATHS:
        (tmp_path / os.fsdecode(path)).write_text("hidden\n")
    return Writers(str(tmp_path), PATHS)


def test_g5_a_path_was_written_by_a_job_that_ran_then(writers: Writers, tmp_path: Path) -> None:
    writers.started(0, "fmt")
    (tmp_path / "one").write_text("by fmt\n")
    writers.ended(0, is_good=True)
    writers.started(1, "lint")
    writers.started(2, "types")
    (tmp_path / "two").write_text("by one of them\n")
    writers.ended(1, is_good=False)
    writers.ended(2, is_good=True)
    ending = writers.ending(has_succeeded=True)
    assert ending.describe_writer(b"one") == "changed by job fmt, or while it ran"
    assert ending.describe_writer(b"two") == "changed by one of the jobs lint, types, or while they ran"
    assert ending.describe_writer(b"untouched") == "changed by another program while the hook ran"
    assert [ending.can_merge(path) for path in PATHS] == [True, False, False]


def test_g5_where_all_jobs_succeeded_everything_is_merged(writers: Writers, tmp_path: Path) -> None:
    writers.started(0, "fmt")
    writers.ended(0, is_good=True)
    writers.ended(1, is_good=False)  # it never started
    (tmp_path / "one").write_text("by an editor\n")
    ending = writers.ending(has_succeeded=True)
    assert ending.describe_writer(b"one") == "changed by another program while the hook ran"
    assert all(ending.can_merge(path) for path in PATHS)
    assert not any(writers.ending(has_succeeded=False).can_merge(path) for path in PATHS)


def test_g5_a_fix_that_is_staged_is_nobodys_any_more(writers: Writers, tmp_path: Path) -> None:
    writers.started(0, "fmt")
    (tmp_path / "one").write_text("fixed\n")
    writers.ended(0, is_good=True)
    writers.staged([b"one"])
    writers.started(1, "late")
    (tmp_path / "one").write_text("written over\n")
    writers.ended(1, is_good=True)
    assert writers.ending(has_succeeded=True).describe_writer(b"one") == "changed by job late, or while it ran"


def test_g5_of_a_killed_run_nothing_is_known() -> None:
    assert not KILLED.can_merge(b"one") and "was killed" in KILLED.describe_writer(b"one")
