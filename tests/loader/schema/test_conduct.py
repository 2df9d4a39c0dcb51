"""`reads` and `writes`: what a job does to tracked files, and what is wrong with the keys (P6)."""

from pathlib import Path

import pytest

from dodo_hooks.core.plan import ANYTHING, GIVEN, NOTHING
from dodo_hooks.core.plan_parts import Conduct
from dodo_hooks.loader.compile.job_conduct import conduct_of
from dodo_hooks.loader.schema.job_models import JobBody
from kit.hook_files.broken import errors_in, hook
from kit.hook_files.plans import hook_of

JOBS = """
jobs:
  - {name: types, run: mypy, reads: true}
  - {name: format, run: 'black {staged_files}', writes: given}
  - {name: both, run: 'x {staged_files}', reads: false}
  - {name: other, run: x}
"""


def test_p6_a_job_declares_what_it_does(tmp_path: Path) -> None:
    found = hook_of(tmp_path, JOBS)
    assert [job.changes.conduct for job in found.jobs] == [
        Conduct(ANYTHING, NOTHING),
        Conduct(GIVEN, GIVEN),
        Conduct(ANYTHING, ANYTHING),
        None,
    ]


def test_p6_what_is_declared_wins_over_what_is_known_and_is_not_learned() -> None:
    known = Conduct(ANYTHING, ANYTHING, is_judged_by_diff=True, identity="x")
    declared = conduct_of(JobBody(reads=True), known)
    assert declared == known._replace(writes=NOTHING, identity="")


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ("reads: true, writes: given", '"reads" and "writes" cannot be combined'),
        ("reads: true, stage_fixed: true", '"reads: true" and "stage_fixed" cannot be combined'),
        ("run: x, writes: given", '"writes: given" needs a list of files'),
        ("writes: all", "expected given"),
    ],
)
def test_p6_keys_that_contradict_each_other_are_errors(tmp_path: Path, keys: str, error: str) -> None:
    run = "" if "run:" in keys else "run: 'x {staged_files}', "
    found = errors_in(tmp_path, hook(f"jobs: [{{name: one, {run}{keys}}}]"))
    assert [one for one in found if error in str(one)], found
