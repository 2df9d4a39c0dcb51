"""The durations of jobs, which are advice: read, added to, and never a reason for an error."""

import os
from pathlib import Path

import pytest

from dodo_hooks.core.statuses import COMPLETED, EXIT, FAILED, UP_TO_DATE, Outcome
from dodo_hooks.host.world import wall_ns
from dodo_hooks.store.durations import add_durations, usual_durations
from dodo_hooks.store.layout import durations_file
from dodo_hooks.store.writer import InvocationWriter
from engine.graphs import make_hook

DONE = Outcome(COMPLETED, exit_code=0)


def repository_dir(tmp_path: Path) -> str:
    return str(tmp_path / "jobs/repo")


def test_the_median_of_the_last_five_counts(tmp_path: Path) -> None:
    where = repository_dir(tmp_path)
    assert usual_durations(where, "pre-commit") == {}
    for duration_s in (90.0, 1.0, 2.0, 3.0, 60.0, 5.0):
        add_durations(where, "pre-commit", {"a \udc80/:é": duration_s, "b": 7.0})
    add_durations(where, "a task/🚀", {"b": 1.0})
    assert usual_durations(where, "pre-commit") == {"a \udc80/:é": 3.0, "b": 7.0}
    assert usual_durations(where, "a task/🚀") == {"b": 1.0}


def test_successes_count_of_runs_that_take_a_while(tmp_path: Path) -> None:
    where = repository_dir(tmp_path)

    def run(*ends: "tuple[Outcome, float | None]") -> None:
        writer = InvocationWriter(where, "20261124-075500-123456", make_hook([()] * len(ends)), b"")
        for number, (outcome, duration_s) in enumerate(ends):
            writer.ended(number, outcome, wall_ns(), duration_s)
        writer.note_durations()

    run((DONE, 0.2), (DONE, 0.29))
    run((Outcome(FAILED, EXIT, exit_code=1), 9.0), (Outcome(UP_TO_DATE), None))
    assert usual_durations(where, "post-commit") == {}
    run((DONE, 0.2), (DONE, 0.31), (Outcome(FAILED, EXIT, exit_code=1), 9.0), (Outcome(UP_TO_DATE), None))
    assert usual_durations(where, "post-commit") == {"job 0*": 0.2, "job 1*": 0.31}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\xff\xfe",
        b"a",
        b"a\t",
        b"a\tnan",
        b"a\tinf",
        b"a\t-1",
        b"a\t1e99",
        b"a\t1 x",
        b"\t\t\t",
        b"9" * (1 << 21),
    ],
)
def test_damaged_content_is_ignored(tmp_path: Path, content: bytes) -> None:
    where = repository_dir(tmp_path)
    add_durations(where, "pre-commit", {"a": 1.0})
    path = Path(durations_file(where, "pre-commit"))
    path.write_bytes(content + b"\nb\t2.5\n" if len(content) < 100 else content)
    assert "a" not in usual_durations(where, "pre-commit")
    add_durations(where, "pre-commit", {"c": 3.0})
    assert usual_durations(where, "pre-commit") == ({"b": 2.5, "c": 3.0} if len(content) < 100 else {"c": 3.0})


def test_what_cannot_be_read_or_written_is_left_out(tmp_path: Path) -> None:
    where = repository_dir(tmp_path)
    path = Path(durations_file(where, "pre-commit"))
    path.parent.mkdir(parents=True)
    os.mkfifo(path)  # nobody waits for a writer
    assert usual_durations(where, "pre-commit") == {}
    path.unlink()
    path.mkdir()
    add_durations(where, "pre-commit", {"a": 1.0})
    assert usual_durations(where, "pre-commit") == {} and os.listdir(path.parent) == [path.name]
