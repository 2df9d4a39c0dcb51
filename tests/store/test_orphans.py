"""The outcomes of the jobs of a dead writer, for any graph and any moment of its death."""

from hypothesis import given
from hypothesis import strategies as st

from dodo_hooks.core import statuses
from dodo_hooks.core.statuses import Outcome, satisfies
from dodo_hooks.store.orphans import close_orphans
from dodo_hooks.store.read_records import JobRecord

ANY = JobRecord(
    directory="",
    name="",
    hook="post-commit",
    phase="background",
    declared_background=True,
    command="true",
    root="",
    needs=(),
    after=(),
    tags=(),
    env=(),
    status=statuses.PENDING,
    cause=None,
    reason=None,
    need=None,
    root_cause=None,
    pid=None,
    wave=None,
    started_at=None,
    finished_at=None,
    duration_s=None,
    exit_code=None,
    signal=None,
    log_bytes=0,
    log_left_out=0,
    description="",
    argv=(),
    timeout_s=None,
    nice=None,
    priority=0,
    groups=(),
)
# How a job can stand when its writer dies, with the cause.
STANDINGS = [
    (statuses.PENDING, None),
    (statuses.PENDING, None),
    (statuses.RUNNING, None),
    (statuses.COMPLETED, None),
    (statuses.FAILED, statuses.EXIT),
    (statuses.SKIPPED, statuses.CONDITION),
]


@st.composite
def graphs(draw: st.DrawFn) -> list[JobRecord]:
    """Draw jobs that need earlier ones, in any order of their numbers; some needs have no readable record."""
    count = draw(st.integers(0, 8))
    jobs: list[JobRecord] = []
    for number in range(count):
        needs = draw(st.lists(st.integers(-1, number - 1), unique=True, max_size=3)) if number else []
        standing, cause = draw(st.sampled_from(STANDINGS))
        jobs.append(ANY._replace(name=str(number), needs=tuple(map(str, needs)), status=standing, cause=cause))
    return draw(st.permutations(jobs))


@given(graphs())
def test_r18_r3_every_open_job_gets_the_outcome_that_its_needs_call_for(jobs: list[JobRecord]) -> None:
    result = close_orphans(jobs)
    by_name = {job.name: job for job in result}
    assert [job.name for job in result] == [job.name for job in jobs]
    for before, after in zip(jobs, result, strict=True):
        assert after.has_ended
        if before.has_ended:
            assert after == before
        elif before.status == statuses.RUNNING:
            assert (after.status, after.cause) == (statuses.CRASHED, statuses.WRITER_DIED)
        elif _is_stopped(before, by_name):
            assert (after.status, after.cause) == (statuses.SKIPPED, statuses.NEED)
            assert after.need in before.needs
            assert after.root_cause is not None
            assert by_name[after.root_cause].status in (statuses.FAILED, statuses.CRASHED)
        else:
            assert (after.status, after.cause, after.need) == (statuses.SKIPPED, statuses.WRITER_DIED, None)
    assert close_orphans(result) == result


def _is_stopped(job: JobRecord, by_name: dict[str, JobRecord]) -> bool:
    """Return whether a need failed, or is itself stopped by one; a need that merely never ran stops no job."""
    needs = [by_name[name] for name in job.needs if name in by_name]
    return any(_failed(need) or (need.cause == statuses.NEED) for need in needs)


def _failed(job: JobRecord) -> bool:
    return job.status != statuses.SKIPPED and not satisfies(Outcome(job.status, job.cause))


def test_r18_needs_that_go_in_a_circle_end_too() -> None:
    """No plan has them, but a damaged record may."""
    circle = [ANY._replace(name="a", needs=("b",), status=statuses.RUNNING), ANY._replace(name="b", needs=("a",))]
    assert [job.status for job in close_orphans(circle)] == [statuses.CRASHED, statuses.SKIPPED]


def test_r18_what_ended_first_is_the_root_cause() -> None:
    jobs = [
        ANY._replace(name="ran", status=statuses.RUNNING),
        ANY._replace(name="lost", status=statuses.FAILED, cause=statuses.EXIT),
        ANY._replace(name="both", needs=("ran", "lost")),
    ]
    assert close_orphans(jobs)[2].root_cause == "lost"


def test_r18_that_a_need_never_ran_is_nobodys_failure_also_after_half_a_repair() -> None:
    jobs = [
        ANY._replace(name="written", status=statuses.SKIPPED, cause=statuses.WRITER_DIED),
        ANY._replace(name="not yet", needs=("written",)),
    ]
    assert [job.cause for job in close_orphans(jobs)] == [statuses.WRITER_DIED, statuses.WRITER_DIED]
