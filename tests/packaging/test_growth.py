"""Twice the jobs cost twice as much at most: in what is counted, not by the clock, so also on a busy machine."""

import cProfile
import json
import os
import re
import sys
from collections.abc import Mapping
from itertools import pairwise

import pytest

from kit.hook_files.plans import load_from
from kit.repo import Repo
from kit.system.cost import Cost, count, needs_no_coverage, needs_strace

pytestmark = pytest.mark.timeout(60)  # strace is slow, and slower where others trace

# How many jobs the largest hook has. GROWTH_JOBS=10000 looks further, and needs a hook file that may be that large.
MOST = int(os.environ.get("GROWTH_JOBS", "150"))
CALLS = 600  # for one job of a file
SIZES = (MOST // 9, MOST // 3, MOST)
STEEPER = 1.3  # a third size on the same line has the slope of the first two; on a parabola it has three times that
NOISE = {"calls": 0, "system_calls": 60, "processes": 5, "git_calls": 0, "bytes_written": 0}


def write_hook(repo: Repo, size: int, job: str) -> None:
    """Write a hook of so many jobs, each but the first of ten with a need."""
    lines = [f"    - {{name: job-{n}, {job}, needs: [{f'job-{n - 1}' if n % 10 else ''}]}}\n" for n in range(size)]
    repo.file("".join(["hooks:\n  pre-commit:\n    jobs:\n", *lines]))


def expect_linear(measured: Mapping[int, Mapping[str, int]], steeper: float = STEEPER) -> None:
    """Fail if a count grows by more from the second size to the third than its growth up to there allows."""
    small, middle, large = measured
    for name in measured[small]:
        at = [measured[size][name] for size in measured]
        first, second = ((b - a) / (n - m) for (a, b), (m, n) in zip(pairwise(at), pairwise(measured), strict=True))
        allowed = max(first, 0) * steeper * (large - middle) + NOISE[name]
        assert second * (large - middle) <= allowed, f"{name} of {small}, {middle} and {large} jobs: {at}"


def calls(cost: Cost) -> dict[str, int]:
    return {name: spent for name, spent in cost._asdict().items() if name != "modules"}


def test_loading_grows_with_the_jobs(repo: Repo) -> None:
    """Count the calls of functions, Python's and C's."""
    measured: dict[int, dict[str, int]] = {}
    for size in (1, *SIZES):  # the first does what is done once
        write_hook(repo, size, 'run: "true", glob: "*.py"')
        profile = cProfile.Profile()
        profile.runcall(load_from, repo.path)
        measured[size] = {"calls": sum(entry.callcount for entry in profile.getstats())}
    del measured[1]
    expect_linear(measured)


def test_loading_a_job_takes_few_calls_and_what_jobs_share_is_read_once(repo: Repo) -> None:
    """The calls are those of a job that has a glob and a placeholder, and of each other one a need."""
    totals: list[int] = []
    for size in (1, MOST // 3, MOST):
        write_hook(repo, size, 'run: "ruff check {staged_files}", glob: "*.py"')
        profile = cProfile.Profile()
        profile.runcall(load_from, repo.path)
        totals.append(sum(entry.callcount for entry in profile.getstats()))
    print(totals)
    assert (totals[2] - totals[1]) / (MOST - MOST // 3) < CALLS
    called = {getattr(one.code, "co_name", ""): one.callcount for one in profile.getstats()}
    assert called["_command_of"] == 1
    assert not {"deepcopy", "_path_matcher"} & called.keys()


@needs_strace
@needs_no_coverage
def test_compiling_a_plan_running_nothing_and_listing_grow_with_the_jobs(repo: Repo) -> None:
    write_hook(repo, 1, 'run: "true", glob: "*.py"')
    repo.install()
    write_hook(repo, 2, 'run: "true", glob: "*.py"')
    repo.call(".git/hooks/pre-commit", check=True)  # compiles, and writes what is written once
    ways: dict[str, dict[int, Mapping[str, int]]] = {"compile": {}, "nothing": {}, "list": {}}
    for size in SIZES:
        write_hook(repo, size, 'run: "true", glob: "*.py"')
        ways["compile"][size] = calls(count(repo, ".git/hooks/pre-commit"))
        ways["nothing"][size] = calls(count(repo, ".git/hooks/pre-commit"))
        ways["list"][size] = calls(count(repo, sys.executable, "-m", "dodo_hooks", "list"))
    for measured in ways.values():
        expect_linear(measured)


@needs_strace
@needs_no_coverage
def test_running_grows_with_the_jobs(repo: Repo) -> None:
    write_hook(repo, 1, 'run: "true"')
    repo.install()
    measured: dict[int, Mapping[str, int]] = {}
    for size in (6, 12, 30):
        write_hook(repo, size, 'run: "true"')
        repo.run("list", check=True)  # compiles the plan
        measured[size] = calls(count(repo, ".git/hooks/pre-commit"))
    expect_linear(measured, 2)  # which jobs share a wave, and which events a wake-up, is chance


@needs_strace
def test_jobs_that_run_at_once_are_reported_and_checked_in_few_calls(repo: Repo) -> None:
    """Those that begin at one moment are one report, and at an end only the job that has ended is checked."""
    jobs = [{"run": f"sleep {0.3 + number / 50}"} for number in range(30)]  # they end one by one
    repo.write("hooks.dodo", json.dumps({"jobs": len(jobs), "hooks": {"pre-commit": {"jobs": jobs}}}))
    strace = ("strace", "-f", "-o", "calls", "-e", "trace=waitid,wait4,write")
    repo.call(*strace, sys.executable, "-m", "dodo_hooks", "run", "pre-commit", check=True)
    made = repo.read("calls")
    assert 0 < len(re.findall(r'write\(\d+, "S \d', made)) < len(jobs)
    assert len(jobs) < made.count("wait") < 12 * len(jobs)  # those of shells, too


SCHEDULING_CALLS = """
import cProfile
import json
from dodo_hooks.core import schedule
from dodo_hooks.main import main

profile = cProfile.Profile()
assert profile.runcall(main, ["run", "pre-commit"]) == 0
print(sum(entry.callcount for entry in profile.getstats() if schedule.__file__ in str(entry.code)))
"""


def test_scheduling_grows_with_the_jobs(repo: Repo) -> None:
    """All jobs are ready at once; each end must not cost a check of all of them."""
    measured: dict[int, dict[str, int]] = {}
    for size in (10, 20, 40):
        repo.write("hooks.dodo", json.dumps({"hooks": {"pre-commit": {"jobs": [{"run": "true"}] * size}}}))
        printed = repo.call(sys.executable, "-c", SCHEDULING_CALLS, check=True).stdout
        measured[size] = {"calls": int(printed.splitlines()[-1])}
    expect_linear(measured)
