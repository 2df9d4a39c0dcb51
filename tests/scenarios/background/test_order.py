"""Ready jobs that have to wait for a slot start in the order of the longest way that is left (R6)."""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from kit.durations import add_durations, forget_durations, usual_durations
from kit.gate import Gate
from kit.process import wait_until
from kit.repo import Repo
from kit.system.cost import needs_no_coverage, needs_strace

# `first` ends when `last` has started, and `middle` fails where it starts before: in the order of the file it would.
JOBS: dict[str, Any] = {
    "first": "read _ <fifo",
    "middle": "test -e started",
    "last": {"run": "touch started; echo >fifo"},
    "behind": {"run": "true", "needs": ["last"]},
}


@pytest.fixture
def known(repo: Repo) -> Repo:
    """Return a repository in which it is known that `behind` takes long."""
    os.mkfifo(repo.path / "fifo")
    repo.hook("post-merge", true="true")
    repo.run("run", "post-merge", check=True)
    add_durations(repo, "post-commit", behind=60.0, first=1.0, middle=1.0)
    repo.settings(jobs=2)
    return repo


@pytest.mark.parametrize("background", [False, True])
def test_r6_a_job_before_a_long_one_starts_first(known: Repo, background: bool) -> None:
    known.hook("post-commit", background=background, **JOBS)
    known.git("commit", "-q", "--allow-empty", "-m", "work")
    assert set(known.finished("post-commit").statuses().values()) == {"completed"}


def test_r6_also_when_doit_runs_it(known: Repo) -> None:
    known.hook("post-commit", background=True, **JOBS)
    known.doit("run", "post-commit", check=True)
    assert set(known.finished("post-commit").statuses().values()) == {"completed"}


@pytest.mark.parametrize("why", ["nothing is known", "a priority"])
def test_r6_else_priorities_and_the_file_decide(known: Repo, why: str) -> None:
    if why == "nothing is known":
        forget_durations(known)
    last = {**JOBS["last"], "priority": 1 if why == "a priority" else 0}
    known.hook("post-commit", **{**JOBS, "middle": {"run": "test ! -e started"}, "last": last})
    known.git("commit", "-q", "--allow-empty", "-m", "work")
    assert set(known.finished("post-commit").statuses().values()) == {"completed"}


@pytest.mark.parametrize("background", [False, True])
def test_r6_successes_of_a_run_are_kept_for_the_next(repo: Repo, background: bool) -> None:
    repo.hook("post-commit", background=background, slow="sleep 0.6", bad="sleep 0.6; exit 1", short="true")
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    repo.finished("post-commit")
    kept = wait_until(lambda: usual_durations(repo, "post-commit"))  # written after the records are closed
    assert kept.keys() == {"slow", "short"} and 0.6 <= kept["slow"] < 60


@needs_strace
@needs_no_coverage
@pytest.mark.parametrize(("slots", "is_read"), [(1, False), (2, True), (3, False)])
def test_r6_durations_are_read_once_and_only_where_jobs_wait_for_each_other(
    repo: Repo, tmp_path: Path, slots: int, is_read: bool
) -> None:
    repo.settings(jobs=slots)
    repo.hook("post-merge", one="false", two="false", three="false")  # a success may be noted, which reads the file
    repo.install()
    log = tmp_path / "calls"
    repo.call("strace", "-f", "-qq", "-o", str(log), ".git/hooks/post-merge", "0")
    assert len(re.findall(r'"[^"]*/durations/', log.read_text(errors="replace"))) == is_read


@pytest.mark.parametrize("words", [("jobs",), ("jobs", "--status", "pending")])
def test_jobs_shows_how_long_a_run_will_take(repo: Repo, gate: Gate, words: "tuple[str, ...]") -> None:
    repo.hook("post-commit", background=True, slow=gate.command, next={"run": "true", "needs": ["slow"]})
    repo.git("commit", "-q", "--allow-empty", "-m", "work")
    gate.wait()
    repo.begun("post-commit").wait_for_status("slow", "running")
    assert "running\n" in repo.run(*words, check=True).stdout.replace("running   ", "")
    add_durations(repo, "post-commit", slow=7200.0, next=600.0)
    assert "running, about 2h" in repo.run(*words, check=True).stdout
    gate.open()
    repo.finished("post-commit")
    assert "about" not in repo.run("jobs", check=True).stdout
