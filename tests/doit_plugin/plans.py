"""Plans of a few jobs, made without a file."""

from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Hook, Job, Plan


def make_job(number: int, name: str, *, needs: tuple[int, ...] = (), phase: str = FOREGROUND, **fields: object) -> Job:
    job = Job(
        number=number,
        name=name,
        description="",
        command="true",
        argv=("true",),
        root="",
        env=(),
        tags=(),
        needs=needs,
        after=(),
        dependents=(),
        followers=(),
        phase=phase,
        declared_background=phase == BACKGROUND,
        timeout_s=None,
        nice=None,
        priority=0,
        directory=f"{number}-job",
        record=b"{",
    )
    return job._replace(**fields)  # type: ignore[arg-type]


def make_hook(name: str, *jobs: Job) -> Hook:
    return Hook(name=name, jobs=jobs, order=tuple(job.number for job in jobs), fail_fast=False, timeout_s=None)


def make_plan(*hooks: Hook) -> Plan:
    return Plan(file="/nowhere/hooks.dodo", slots=None, hooks=hooks)
