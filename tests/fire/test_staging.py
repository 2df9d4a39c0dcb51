"""Which job has done its work, so that what it wrote is merged with what is unstaged (G5)."""

import pytest

from dodo_hooks.core import status
from dodo_hooks.core.status import Outcome
from dodo_hooks.fire.staging import _has_done_its_work


@pytest.mark.parametrize(
    ("outcome", "is_good"),
    [
        (Outcome(status.COMPLETED, exit_code=0), True),
        (Outcome(status.UP_TO_DATE), True),
        (Outcome(status.FAILED, status.CHANGES, "it changed files", 0), True),  # fail_on_changes
        (Outcome(status.FAILED, status.EXIT, "exit code 1", 1), False),
        (Outcome(status.FAILED, status.TIMEOUT, "it took too long", 0), False),
        (Outcome(status.FAILED, status.STAGING, "it could not be staged", 0), False),
        (Outcome(status.CANCELLED, status.USER, "cancelled", 0), False),
        (Outcome(status.CRASHED, status.WAVE_DIED), False),
    ],
)
def test_g5_a_job_that_exits_0_and_is_failed_for_its_changes_has_done_its_work(outcome: Outcome, is_good: bool) -> None:
    assert _has_done_its_work(outcome) == is_good
