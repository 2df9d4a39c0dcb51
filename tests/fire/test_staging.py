"""The jobs whose fixes are merged with unstaged changes: those that have done their work (G5)."""

import pytest

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome
from dodo_hooks.fire.guards.unstaged_guard import _has_done_its_work


@pytest.mark.parametrize(
    ("outcome", "is_good"),
    [
        (Outcome(statuses.COMPLETED, exit_code=0), True),
        (Outcome(statuses.UP_TO_DATE), True),
        (Outcome(statuses.FAILED, statuses.CHANGES, "changed files", 0), True),  # fail_on_changes
        (Outcome(statuses.FAILED, statuses.EXIT, "exit code 1", 1), False),
        (Outcome(statuses.FAILED, statuses.TIMEOUT, "it took too long", 0), False),
        (Outcome(statuses.FAILED, statuses.STAGING, "it could not be staged", 0), False),
        (Outcome(statuses.CANCELLED, statuses.USER, "cancelled", 0), False),
        (Outcome(statuses.CRASHED, statuses.WAVE_DIED), False),
    ],
)
def test_g5_a_job_that_exits_0_and_is_failed_for_its_changes_has_done_its_work(outcome: Outcome, is_good: bool) -> None:
    assert _has_done_its_work(outcome) == is_good
