"""Plans of a few jobs, made without a file."""

from dodo_hooks.core.plan import BACKGROUND, FOREGROUND, Execution, Hook, Job, Order, Plan
from kit.changed_job import changed_job


def make_job(number: int, name: str, *, needs: tuple[int, ...] = (), phase: str = FOREGROUND, **fields: object) -> Job:
    job = Job(
        number=number,
        name=name,
        directory=f"{number}-job",
        execution=Execution("true", ("true",)),
        order=Order(needs=needs),
        phase=phase,
        declared_background=phase == BACKGROUND,
        record=b"{",
    )
    return changed_job(job, **fields)


def make_hook(name: str, *jobs: Job) -> Hook:
    return Hook(name=name, jobs=jobs, order=tuple(job.number for job in jobs), fail_fast=False, timeout_s=None)


def make_plan(*hooks: Hook) -> Plan:
    return Plan(file="/nowhere/hooks.dodo", slots=None, hooks=hooks)
