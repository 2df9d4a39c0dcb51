"""The cost of outputs: of a check of those that are there, and of restoring others (K6, K9). Counted, not timed."""

import os
import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest

from kit.process import wait_until
from kit.repo import Repo
from kit.system.cost import Cost, count, needs_no_coverage, needs_strace

pytestmark = [needs_strace, needs_no_coverage, pytest.mark.timeout(120)]

JOBS = 6
HOOK = ".git/hooks/pre-push"


@pytest.fixture
def packages(repo: Repo) -> Repo:
    """Return a repository whose jobs have cached outputs: the last job needs the others, the first makes most files."""
    repo.write(".gitignore", "".join(f"out-{number}\n" for number in range(JOBS)))
    jobs: dict[str, Any] = {}
    for number in range(JOBS):
        numbers = "$(seq $(cat in))" if not number else "1"
        make = f"rm -rf out-{number}; mkdir out-{number}; for n in {numbers}; do echo $n >out-{number}/$n; done"
        jobs[f"job-{number}"] = {"run": make, "inputs": ["in"], "outputs": [f"out-{number}"], "cache": True}
    jobs[f"job-{JOBS - 1}"]["needs"] = [f"job-{number}" for number in range(JOBS - 1)]
    repo.hook("pre-push", **jobs)
    repo.install()
    return repo


def make(repo: Repo, files: int) -> None:
    repo.write("in", str(files))
    repo.call(HOOK, check=True)


def make_old(repo: Repo, files: int) -> None:
    """Make outputs, and run the hook once more when they are so old that their stats are relied on (K3)."""
    make(repo, files)
    newest = max(path.lstat().st_ctime for path in repo.path.glob("out-*/*"))
    wait_until(lambda: time.time() > newest + 2.1)
    repo.call(HOOK, check=True)


def remove_outputs(repo: Repo) -> None:
    for number in range(JOBS):
        shutil.rmtree(repo.path / f"out-{number}")


def calls_of_a_file(repo: Repo, prepare: "Callable[[Repo, int], None]") -> tuple[float, Cost]:
    """Return the system calls that each of many files costs, and what many cost in all."""
    costs = []
    for files in (5, 205):
        prepare(repo, files)
        costs.append(count(repo, HOOK))
        assert len(os.listdir(repo.path / "out-0")) == files and repo.read("out-0/3") == "3\n"
    return (costs[1].system_calls - costs[0].system_calls) / 200, costs[1]


def test_k9_a_restore_makes_few_calls_for_each_file_and_asks_git_once_for_many_jobs(packages: Repo) -> None:
    def prepare(repo: Repo, files: int) -> None:
        make(repo, files)
        remove_outputs(repo)

    calls, cost = calls_of_a_file(packages, prepare)
    assert calls < 5.5, "open, write, fchmod, utimensat, close"
    assert cost.git_calls == 2 + 2 + 2, (
        "for the inputs, for the jobs that need nothing, and for the one that needs them"
    )


def test_k6_outputs_that_are_as_they_were_are_not_opened(packages: Repo) -> None:
    calls, cost = calls_of_a_file(packages, make_old)
    assert calls < 1.2 and cost.git_calls == 2


def test_k6_a_change_of_one_file_of_many_is_seen(packages: Repo) -> None:
    make_old(packages, 50)
    assert "6 up to date" in packages.call(HOOK, check=True).stderr
    path = packages.path / "out-0/17"
    before = path.stat()
    path.write_text("71\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size
    packages.call(HOOK, check=True)
    assert path.read_text() == "17\n", "it was restored"
