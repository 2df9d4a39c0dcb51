"""The lines about a hook of pre-commit are those that pre-commit prints (P8)."""

import pytest

from dodo_hooks.core import statuses
from dodo_hooks.core.plan import ANYTHING, Changes
from dodo_hooks.core.plan_parts import Conduct
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.engine.hook_lines import MODIFIED, hook_columns, hook_lines
from dodo_hooks.engine.job_line import Look
from engine.graphs import make_job

CONDUCT = Conduct(ANYTHING, ANYTHING, is_judged_by_diff=True)
ID = "- hook id: trailing-whitespace"


@pytest.mark.parametrize(
    ("outcome", "end", "below"),
    [
        (Outcome(statuses.COMPLETED, exit_code=0), "Passed", []),
        (Outcome(statuses.FAILED, statuses.EXIT, "exit code 3", 3), "Failed", [ID, "- exit code: 3"]),
        (Outcome(statuses.FAILED, statuses.CHANGES, MODIFIED, 0), "Failed", [ID, f"- {MODIFIED}"]),
        (
            Outcome(statuses.FAILED, statuses.CHANGES, f"exit code 1; {MODIFIED}", 1),
            "Failed",
            [ID, "- exit code: 1", f"- {MODIFIED}"],
        ),
        (Outcome(statuses.FAILED, statuses.SIGNAL, "ended by SIGKILL", signal=9), "Failed", [ID, "- exit code: -9"]),
        (Outcome(statuses.FAILED, statuses.TIMEOUT, "timed out", 1), "Failed", [ID, "- exit code: 1", "- timed out"]),
        (Outcome(statuses.SKIPPED, statuses.CONDITION, "no matching staged files"), "(no files to check)Skipped", []),
        (Outcome(statuses.SKIPPED, statuses.SELECTION, "SKIP"), "Skipped", []),
    ],
)
def test_p8_a_hook_has_the_lines_that_people_know(outcome: Outcome, end: str, below: list[str]) -> None:
    job = make_job(0, name="trailing-whitespace", label="trim trailing whitespace", changes=Changes(conduct=CONDUCT))
    line, *rest = hook_lines(job, hook_columns([job]), outcome, 0.1, Look())
    assert line == f"trim trailing whitespace{'.' * (79 - len('trim trailing whitespace') - len(end))}{end}"
    assert rest == below


def test_p8_a_verbose_hook_tells_its_duration() -> None:
    job = make_job(0, name="x", changes=Changes(conduct=CONDUCT._replace(is_verbose=True)))
    lines = hook_lines(job, 80, Outcome(statuses.COMPLETED, exit_code=0), 0.123, Look())
    assert lines[1:] == ["- hook id: x", "- duration: 0.12s"]
