"""The measuring itself: a run that did not do its work must not count."""

import re
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.measure import Contender, NotDoneError, measure, ratio
from benchmarks.report import QUIET, caveats
from kit.repo import Repo

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "script",
    [
        "echo job-0",
        "echo job-0; echo 'job-1 (skip)'",
        "echo job-0; echo 'job-1  no matching files'",
        "echo job-0 job-1; exit 1",
    ],
)
def test_a_run_in_which_a_job_was_left_out_or_failed_is_an_error(repo: Repo, script: str) -> None:
    with pytest.raises(NotDoneError, match="one: exit code"):
        Contender("one", ["sh", "-c", script], repo, jobs=2).run()


def test_contenders_take_turns(repo: Repo) -> None:
    argv = (
        "sh",
        "-c",
        'echo "$0" >>turns; echo job-0 job-1',
    )
    samples = measure([[Contender(name, [*argv, name], repo, jobs=2) for name in "abc"]], rounds=3)
    assert repo.read("turns").split() == [*"abc", *"abc", *"bca", *"cab"]  # the first three are not timed
    assert {name: len(taken) for name, taken in samples.items()} == {"a": 3, "b": 3, "c": 3}


def test_a_ratio_is_that_of_each_round() -> None:
    assert ratio([1, 20, 300], [1, 10, 100]) == 2


def test_each_case_has_its_row_in_the_readme_and_in_the_results() -> None:
    for file in ("README.md", "benchmarks/RESULTS.md"):
        text = (ROOT / file).read_text()
        assert [case.name for case in CASES if f"| {case.title} | " not in text] == [], file


def test_the_figures_say_why_they_are_worse_than_they_need_be() -> None:
    assert caveats(0.1, is_optimised=True) == []
    for file in ("README.md", "benchmarks/RESULTS.md"):
        text = (ROOT / file).read_text()
        load = re.search(r"^- .*, load ([0-9.]+) at the start", text, re.MULTILINE)
        assert load is not None and (float(load[1]) < QUIET or caveats(float(load[1]), is_optimised=True)[0] in text)
